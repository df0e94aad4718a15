//go:build !race

package faults

// slower is how many times as long an answer may take.
const slower = 1
