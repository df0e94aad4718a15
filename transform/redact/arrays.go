package redact

import "sort"

// array is value for an array.
func (w *walker) array(i int, f frame) int {
	c := child{}
	if w.r.lengths && !f.empty() {
		c.length = w.length(i)
	}
	header := false // the element before names a header that holds a secret
	for i++; ; c.index++ {
		if i = w.comma(i); i >= len(w.text) || w.text[i] == ']' {
			return min(i+1, len(w.text))
		}
		start := i
		hit, inner := w.enter(f, c)
		i = w.element(start, header, hit, inner)
		w.leave(inner)
		if i == start { // no JSON
			return len(w.text)
		}
		header = w.r.secrets && !header && w.text[start] == '"' && isHeader(w.text[start:i])
	}
}

// element goes over an element of an array and returns the index behind it.
func (w *walker) element(i int, header bool, hit *rule, inner frame) int {
	switch {
	case hit != nil && hit.action == Drop:
		end := w.end(i)
		if string(w.text[i:end]) != "null" {
			w.replace(i, end, "null")
		}
		return end
	case hit != nil:
		return w.put(i, hit)
	case header && w.text[i] == '"':
		if end, masked := w.maskSecret(i, secretText); masked {
			return end
		}
	}
	return w.value(i, inner, false)
}

// arrayLength is how many elements the array at a place of the text has.
type arrayLength struct{ at, length int }

// length returns the number of elements of the array at i. All arrays of a text are counted in one walk: counting each where it is
// met would go over nested ones again and again.
func (w *walker) length(i int) int {
	if !w.counted {
		w.count()
	}
	k := sort.Search(len(w.lengths), func(k int) bool { return w.lengths[k].at >= i })
	if k < len(w.lengths) && w.lengths[k].at == i {
		return w.lengths[k].length
	}
	return 0
}

func (w *walker) count() {
	w.lengths, w.counted = w.lengths[:0], true
	var open []int // of each array that is open, its place in lengths; -1 for an object
	for i := 0; i < len(w.text); {
		switch c := w.text[i]; c {
		case '"':
			i = max(w.end(i), i+1)
			continue
		case '{':
			open = append(open, -1)
		case '[':
			n := 1
			if k := skipSpace(w.text, i+1); k < len(w.text) && w.text[k] == ']' {
				n = 0
			}
			open = append(open, len(w.lengths))
			w.lengths = append(w.lengths, arrayLength{i, n})
		case '}', ']':
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case ',':
			if len(open) > 0 && open[len(open)-1] >= 0 {
				w.lengths[open[len(open)-1]].length++
			}
		}
		i++
	}
}
