package state

// Lasting says whether an object of a state, by its key below the prefix, is written once and never changed or removed: what a
// retention is for. Notes, locks, signs of life, probes and the last run's end are overwritten or removed by every run.
func Lasting(key string) bool {
	switch kindOf(key) {
	case CommitObject, CheckpointObject, ManifestObject, SignatureObject:
		return true
	default:
		return false
	}
}
