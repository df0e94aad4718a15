// Package logsim simulates the Logs API: the tool-execution list and detail, the usage counts, authentication, the
// organisation's rate limit, and everything about them that the API's documentation leaves open.
//
// A [Server] is an http.Handler. Every undocumented behaviour is a switch in [Options], every fault has a trigger, and
// all of it follows from one seed, so that a failing test can be run again. [Server.Truth] says what a right reader
// must have seen at the end.
//
// Records are not stored. A project keeps eight bytes a record, its timestamp; everything else is derived from the seed
// and the record's position when it is asked for, so that projects of several million records cost little memory.
package logsim
