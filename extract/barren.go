package extract

// maxBarren is how many pages in a row may be empty or show only what the same attempt at a chain has shown before. Where honest pages
// show nothing new for long, since a chain is begun again or goes on from a journal, each shows what the attempt has not seen yet. What
// is left is an API that filters after paging: a thousand pages are then what would hold 100,000 entries, and half a minute of the
// documented rate budget. The next run goes on behind them.
const maxBarren = 1000

// shows counts pages in a row of which the least hash has been the one of a page before. Pages that share only a part of their
// elements have it in common now and then, but not for long. What is remembered of ids themselves may be forgotten.
func (c *chain) shows(least hash128) {
	if least == noHash || c.shown.has(least) {
		c.barren++
		return
	}
	c.barren = 0
	c.shown.add(least)
}

// fruitless is an error once there were too many such pages.
func (c *chain) fruitless() error {
	if c.barren < c.w.x.barren {
		return nil
	}
	return &ChainError{Pages: c.barren}
}
