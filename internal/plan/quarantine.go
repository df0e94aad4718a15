package plan

// Quarantine counts the records of the state that could not be had or read whole. Its JSON names are those of a plan's members.
type Quarantine struct {
	// Quarantined are those of all partitions, the ones that are exported without their detail included, whatever the plan does
	// about them.
	Quarantined int64 `json:"quarantined"`
	// QuarantinedDue are those in partitions whose step tries them again, or fetches every row anew. Single ones of them may not be
	// due yet: only the quarantine's objects tell.
	QuarantinedDue int64 `json:"quarantined_due"`
}

// quarantine counts what is in quarantine, and what of it the plan's steps try again.
func (b *builder) quarantine() (q Quarantine) {
	again := map[string]bool{}
	for i := range b.plan.Steps {
		s := &b.plan.Steps[i]
		again[s.Name()] = s.Retry || len(s.Base) == 0 && len(s.List) > 0
	}
	for i := range b.all {
		e := &b.all[i]
		q.Quarantined += e.Quarantined
		if again[e.Name()] {
			q.QuarantinedDue += e.Quarantined
		}
	}
	return q
}
