// Azurite, which ends with the process that holds the other end of its input, however that one ends.
process.stdin.on("end", () => process.exit()).resume();
require("azurite/dist/src/blob/main.js");
