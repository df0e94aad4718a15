package resume

import (
	"encoding/json"
	"errors"

	"logferry/extract"
	"logferry/internal/record"
	"logferry/internal/spool"
)

// version is that of the marks and bad lines in a journal. A journal of another version is begun anew.
const version = 1

// errForeign says that a journal holds what this program did not write.
var errForeign = errors.New("the journal is of another version of this program")

// markLine is the marks of a page, or marks without one.
type markLine struct {
	Version int            `json:"v"`
	Marks   []extract.Mark `json:"marks"`
}

func encodeMarks(marks ...extract.Mark) ([]byte, error) {
	return json.Marshal(markLine{Version: version, Marks: marks})
}

func decodeMarks(text []byte) ([]extract.Mark, error) {
	var line markLine
	if err := json.Unmarshal(text, &line); err != nil || line.Version != version {
		return nil, errForeign
	}
	return line.Marks, nil
}

// badLine is a bad record. Its texts are JSON strings: what of them is no UTF-8 becomes U+FFFD, but for Raw.
type badLine struct {
	Version int         `json:"v"`
	Bad     extract.Bad `json:"bad"`
}

// journal is a Run as the walk sees it.
type journal Run

func (j *journal) Page(entries []record.Entry, mark extract.Mark) error {
	line, err := encodeMarks(mark)
	if err != nil {
		return err
	}
	return j.journal.AddPage(entries, line)
}

func (j *journal) Mark(marks ...extract.Mark) error {
	line, err := encodeMarks(marks...)
	if err != nil {
		return err
	}
	return j.journal.AddMarks(line)
}

func (j *journal) Settled(r *record.Record) error { return j.journal.AddRecord(r) }

// index is what the first reading of a journal tells.
type index struct {
	known *spool.IDSet // ids on pages
	had   *spool.IDSet // ids of records
	last  map[int]extract.Mark
	other []extract.Mark // those that are not of a window
}

func newIndex() *index {
	return &index{known: spool.NewIDSet(), had: spool.NewIDSet(), last: map[int]extract.Mark{}}
}

// add takes one frame in.
func (x *index) add(f spool.Frame) error {
	switch f.Kind {
	case spool.FramePage:
		mark, err := f.Page(func(e record.Entry) error {
			x.known.Add(e.ID)
			return nil
		})
		if err != nil {
			return errForeign
		}
		return x.note(mark)
	case spool.FrameMarks:
		return x.note(f.Text())
	case spool.FrameRecord:
		var r record.Record
		if f.Record(&r) != nil {
			return errForeign
		}
		x.known.Add(r.ID)
		x.had.Add(r.ID)
		return nil
	case spool.FrameBad:
		_, err := decodeBad(f.Text())
		return err
	}
	return errForeign
}

func (x *index) note(text []byte) error {
	marks, err := decodeMarks(text)
	for _, m := range marks {
		switch {
		case m.Assumed:
			x.other = append(x.other, m)
		case m.Window > 0:
			x.last[m.Window] = m
		}
	}
	return err
}

func (x *index) seal() {
	x.known.Seal()
	x.had.Seal()
}

// marks returns the last of each window, and the assumptions.
func (x *index) marks() []extract.Mark {
	out := make([]extract.Mark, 0, len(x.other)+len(x.last))
	out = append(out, x.other...)
	for _, m := range x.last {
		out = append(out, m)
	}
	return out
}

func decodeBad(text []byte) (extract.Bad, error) {
	var line badLine
	if err := json.Unmarshal(text, &line); err != nil || line.Version != version {
		return extract.Bad{}, errForeign
	}
	return line.Bad, nil
}
