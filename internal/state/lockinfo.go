package state

import (
	"fmt"
	"time"
)

// LockInfo says who holds a lock. Times are those of the holder's clock.
type LockInfo struct {
	Pipeline  string    `json:"pipeline"`
	ID        string    `json:"id"` // for ForceUnlock; the number of the lock where it can't be read
	Operation string    `json:"operation"`
	User      string    `json:"user"`
	Host      string    `json:"host"`
	PID       int       `json:"pid"`
	Machine   string    `json:"machine,omitempty"` // a hash that no other machine has; "" where that isn't known
	Files     []string  `json:"files,omitempty"`   // IDs of the file locks that the holder has beside it
	Since     time.Time `json:"since"`
	Program   string    `json:"program"` // version

	Renewed  time.Time `json:"-"` // when its holder last said that it is alive; zero when not yet
	Renewals int64     `json:"-"` // how often it tried to
}

func (i LockInfo) String() string {
	if i.Host == "" {
		return fmt.Sprintf("lock %s, which can't be read", i.ID)
	}
	text := fmt.Sprintf("%s@%s (process %d) since %s, for %s", i.User, i.Host, i.PID, i.Since.Format(time.RFC3339), i.Operation)
	if !i.Renewed.IsZero() {
		text += ", last renewed " + i.Renewed.Format(time.RFC3339)
	}
	return text
}

// sign is one of the holder's signs of life: an object of its own beside the lock, so that renewing can never overwrite a lock,
// be it that of another holder. Each has a key of its own, since there are buckets in which nothing is overwritten.
type sign struct {
	ID       string    `json:"id"`
	Renewed  time.Time `json:"renewed"`
	Renewals int64     `json:"renewals"`
}

// released marks that a lock is over. Only its key is ever read.
type released struct {
	ID       string    `json:"id"`
	Released time.Time `json:"released"`
	By       string    `json:"by"` // user@host, which need not be the holder
}
