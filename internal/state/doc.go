// Package state is what a pipeline has exported so far: numbered commits that each carry the hash of the one before, a
// manifest a partition version, checkpoints that keep loading cheap, notes about replacements under way, and a lock. It
// keeps them as objects of one bucket below one prefix; docs/FORMAT.md describes every one of them.
//
// Nothing here is ever overwritten but notes and the lock's sign of life. What was committed is found unchanged or is
// reported as an *UnusableError.
package state
