// Package sinktest is what every kind of bucket must pass to be a sink, and what such tests need: rows, readers that
// share no code with the writers, and buckets that fail on demand. Only tests import it.
package sinktest
