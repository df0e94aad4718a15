package state

// Checkpoints come in levels: with h the serial of the head, level k = 1, 2, … holds the changes of the commits after
// floor(h, k+1), up to floor(h, k). So each level is at most 15 times as wide as the one below it and is written once in
// 16 times as many commits: what a commit costs, on average, is the same for each level.
const levelBase = 16

// Span is what a checkpoint covers: the commits after From, up to Through.
type Span struct {
	Level   int   `json:"level"`
	From    int64 `json:"from"`
	Through int64 `json:"through"`
}

// floor is the greatest multiple of 16 to the power of level that is not above serial.
func floor(serial int64, level int) int64 {
	step := int64(1)
	for range level {
		if step > serial {
			return 0
		}
		step *= levelBase
	}
	return serial - serial%step
}

// spansAt are the checkpoints that commit serial needs, widest first. They adjoin, from the first commit to the greatest multiple
// of 16 that is not above serial.
func spansAt(serial int64) []Span {
	var spans []Span
	for level := 1; floor(serial, level) > 0; level++ {
		if from, through := floor(serial, level+1), floor(serial, level); from < through {
			spans = append([]Span{{Level: level, From: from, Through: through}}, spans...)
		}
	}
	return spans
}

// due returns the one checkpoint that must be written with commit serial, if any.
func due(serial int64) (Span, bool) {
	if serial < levelBase || serial%levelBase != 0 {
		return Span{}, false
	}
	spans := spansAt(serial)
	return spans[len(spans)-1], true
}
