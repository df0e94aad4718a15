// Package sinks writes rows as files into a bucket, partition by partition.
//
// A Sink is one bucket URL with one file format. A PartitionWriter encodes the rows of one partition into files of a
// staging folder, begins a new file when one has reached its size, and on Close checks each file, uploads them under
// deterministic keys and removes what the partition had before:
//
//	tool_execution/dt=2026-04-17/part-00000.parquet
//	tool_execution/dt=2026-04-17/part-00001.parquet
//
// Nothing reaches the bucket before Close, and writing the same rows again gives the same keys. sinks is the only
// package that touches buckets; other rooms keep their objects through the Sink's WriteObject, ReadObject, List and
// Delete.
//
// Failed requests are repeated by the stores' own clients, and by nothing here.
package sinks
