package state

import (
	"os"
	"os/user"
	"strings"
)

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "unknown"
}

func hostName() string {
	if host, err := os.Hostname(); err == nil {
		return host
	}
	return "unknown"
}

// machineFiles hold what tells machines apart. The second one changes at each start: a lock from before is that of a dead
// run, and then found to be so by waiting.
var machineFiles = []string{"/etc/machine-id", "/proc/sys/kernel/random/boot_id"}

// machineID is a hash that no other machine has, or "" where the system doesn't tell. The host's name is part of it, since
// containers may share the rest.
func machineID(host string) string {
	for _, file := range machineFiles {
		content, err := os.ReadFile(file)
		id := strings.TrimSpace(string(content))
		if err == nil && id != "" && id != "uninitialized" {
			return hexSum([]byte(host + "\n" + id))[:2*shortHash]
		}
	}
	return ""
}
