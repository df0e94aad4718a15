package apply

import "iter"

// mergeSorted merges two sorted sequences into one. Of equal elements, b's counts. An element is valid until the next one.
func mergeSorted[T any](a, b iter.Seq2[T, error], compare func(a, b T) int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		next, stop := iter.Pull2(a)
		defer stop()
		left, err, more := next()
		for right, rightErr := range b {
			for more && err == nil && rightErr == nil && compare(left, right) < 0 {
				if !yield(left, nil) {
					return
				}
				left, err, more = next()
			}
			if more && err != nil {
				break
			}
			if more && rightErr == nil && compare(left, right) == 0 {
				left, err, more = next()
			}
			if !yield(right, rightErr) || rightErr != nil {
				return
			}
		}
		for ; more; left, err, more = next() {
			if !yield(left, err) || err != nil {
				return
			}
		}
	}
}
