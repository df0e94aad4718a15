// Package window is the arithmetic of time that an export is planned with: half-open UTC intervals, and the hour, day
// and month partitions they fall into.
//
// Everything here is pure. Nothing reads a clock, and nothing imports another package of this module. All functions and
// methods may be called concurrently.
package window
