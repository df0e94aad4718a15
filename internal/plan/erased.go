package plan

// warnForgotten says of removals that with a partition goes what tells which of its records must not come back. forgotten are the erased
// records of the partitions that are removed.
func (b *builder) warnForgotten(forgotten Count) {
	if forgotten.Records > 0 {
		b.warn("%d records were erased from partitions that are removed now: that is forgotten with them, and what is exported there anew has them again", forgotten.Records)
	}
}
