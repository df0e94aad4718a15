// Reads a line of NDJSON without losing what a JavaScript number or object would lose: the text of every member stays as it is.

// members returns the line's members in their order, each with the text of its value.
export function members(line) {
  const out = new Map();
  for (let at = 1; line[at] !== undefined && line[at] !== '}'; ) {
    const colon = valueEnd(line, at);
    const end = valueEnd(line, colon + 1);
    out.set(JSON.parse(line.slice(at, colon)), line.slice(colon + 1, end));
    at = end + 1;
  }
  return out;
}

// valueEnd is the place after the value that begins at a place.
function valueEnd(line, at) {
  for (let depth = 0; ; at++) {
    if (at >= line.length) throw new Error(`a line ends within a value: ${line.slice(0, 200)}`);
    const c = line[at];
    if (c === '"') {
      for (at++; line[at] !== '"'; at++) if (line[at] === '\\') at++;
    } else if (c === '{' || c === '[') depth++;
    else if ((c === '}' || c === ']') && depth-- === 0) return at;
    else if ((c === ',' || c === ':') && depth === 0) return at;
  }
}

// micros is an RFC 3339 time in UTC with six digits of a second as µs since 1970.
export function micros(text) {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(text)) throw new Error(`not a time with µs in UTC: ${text}`);
  return BigInt(Date.parse(`${text.slice(0, 19)}Z`)) * 1000n + BigInt(text.slice(20, 26));
}

// billionths is a plain decimal times 10^9.
export function billionths(text) {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text);
  return BigInt(sign + whole + fraction.padEnd(9, '0'));
}
