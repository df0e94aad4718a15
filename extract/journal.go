package extract

import (
	"iter"

	"logferry/internal/record"
)

// Journal is told of a walk's progress, from several goroutines at once, and keeps it in the order in which it is told.
// An error ends the walk. What is given to it is valid until the call returns.
type Journal interface {
	// Page comes before a page's entries go on. entries are those kept, perhaps none; mark is where their chain is after them.
	// Entries whose detail is not wanted are complete with it.
	Page(entries []record.Entry, mark Mark) error
	// Mark records progress that no page brings: windows planned, split, ended or begun again, an interval taken for read.
	// Marks that come together are to be kept together.
	Mark(marks ...Mark) error
	// Settled comes once for each wanted detail, as soon as its outcome is known.
	Settled(r *record.Record) error
}

// Mark is where one window's chain is, or an interval that was taken for read. Of several with the same window number the
// last counts. A Mark can be encoded as JSON; whoever stores it says which version of this type it is.
type Mark struct {
	// Window is the window's number within the walk, from 1. A mark without one tells of no window: it is an assumption, or
	// it comes with the page by which the windows are going to be planned.
	Window int   `json:"window,omitzero"`
	Pass   int   `json:"pass,omitzero"` // 2 where an interval is read again because entries came in no order, else 1
	From   int64 `json:"from"`          // of the window, in µs since the epoch; included
	To     int64 `json:"to"`            // excluded
	Done   bool  `json:"done,omitzero"` // the window is read to its end

	Span   TimeRange `json:"span,omitzero"`    // what is asked for: the window, what of it is left, or what it was before it was split
	Cursor []byte    `json:"cursor,omitempty"` // of the next page, its JSON; nil where the span is to be read from its beginning
	Limit  int       `json:"limit,omitzero"`   // entries a page; 0 is PageLimit
	Order  OrderMark `json:"order,omitzero"`

	// Assumed says that the mark tells of [From, To) alone: it was taken for read because entries seemed to come in order.
	Assumed bool `json:"assumed,omitzero"`
}

// OrderMark is what a chain has seen of the order of its entries.
type OrderMark struct {
	Order  string  `json:"order,omitzero"` // newest, oldest, none, or "" while unknown
	Steps  int     `json:"steps,omitzero"`
	Recent []int64 `json:"recent,omitempty"` // the latest timestamps of the chain, in µs since the epoch
}

// Resume is how far an earlier walk of the same interval came, or several of them. The interval may have grown at its end
// since; client, filters and details have to be the same.
type Resume struct {
	// Marks are the last of each window, and every assumption.
	Marks []Mark
	// Pending yields entries of pages read whose detail is still to be fetched; may be nil. They are fetched beside the
	// walking, in bounded memory. An entry's memory is the walk's. An error ends the walk.
	Pending iter.Seq2[record.Entry, error]
	// Known says whether an id was on a page of an earlier walk, Pending's among them: such an entry is counted as known,
	// neither fetched nor handed to the receiver. It is called from several goroutines at once; may be nil.
	Known func(id string) bool
}

// Wants says whether the detail of an entry with this status is to be fetched.
func (d Details) Wants(status string) bool {
	return d == DetailsAll || d == "" || d == DetailsFailed && status == "failed"
}
