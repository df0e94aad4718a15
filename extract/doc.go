// Package extract brings log records out of the Logs API: a client with one retry layer, a governor that paces every
// request of an organisation, time windows that walk their own cursor chains at the same time, and a pool that fetches
// details.
//
// # Parts
//
// A Client speaks for one project. Clients of one organisation share a Governor, since the rate limit is the
// organisation's, and a Transport. An Extractor holds the bounds of the whole process: windows walking at once, details
// in flight, bytes in flight. Extractor.Walk reads one interval of one project and hands its records to a Receiver.
//
// # What a walk promises
//
// Every record that the API shows from beginning to end of the walk, and whose timestamp lies in the interval, reaches
// the Receiver at least once, whatever the order of the entries, the inclusiveness of time_range.to and the lifetime of
// cursors. A record may arrive more than once where a chain had to be restarted and its memory of ids has been spent;
// log_id is the identity to deduplicate by. Batches come in no particular order.
//
// What the API's documentation leaves open (order, inclusiveness, cursors) is never assumed, only observed.
//
// # Journal
//
// A walk tells its Journal what must not be fetched again: pages with their entries, details as they are settled, and where
// each window's chain is. From that, a later walk resumes: chains continue at their cursors, or from the last safe
// timestamp where those have expired, and details that were listed and not settled are fetched beside it.
//
// # Failures
//
// classify.go decides what an answer means: try again, try again at a named time, never for this request, or never for
// this client. backoff.go decides when. Nothing else retries.
package extract
