//go:build race

package faults

// slower is how many times as long an answer may take: the race detector makes everything slow.
const slower = 5
