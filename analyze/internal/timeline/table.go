package timeline

import (
	"math/bits"
	"math/rand/v2"

	"github.com/conctrace/conctrace/analyze/internal/event"
)

// goroutineTable finds live goroutines by ID: a hash table with open addressing
// and linear probing, which is never more than half full. Its size follows how
// many goroutines live at once, whatever their IDs.
//
// IDs are scattered by a random factor, so that no file can be made to let them
// collide. Nothing that leaves the table depends on it.
type goroutineTable struct {
	entries []tableEntry // a power of two
	shift   uint         // brings a product to an index into entries
	factor  uint64
	n       int          // live goroutines
	free    []*goroutine // ended, with the slot to be reused
	slots   int32
}

// tableEntry is a goroutine and its ID, or empty.
type tableEntry struct {
	id int64
	g  *goroutine
}

const minEntries = 1 << 10

func newGoroutineTable() goroutineTable {
	t := goroutineTable{factor: rand.Uint64() | 1}
	t.resize(minEntries)
	return t
}

// home is where the search for an ID begins.
func (t *goroutineTable) home(id int64) int { return int(uint64(id) * t.factor >> t.shift) }

// get returns a live goroutine, or nil.
func (t *goroutineTable) get(id int64) *goroutine {
	if e := &t.entries[t.home(id)]; e.id == id || e.g == nil {
		return e.g
	}
	return t.entries[t.find(id)].g
}

// find is where an ID is, or the empty entry at which the search for it ends.
//
//go:noinline
func (t *goroutineTable) find(id int64) int {
	i := t.home(id)
	for t.entries[i].id != id && t.entries[i].g != nil {
		i = (i + 1) & (len(t.entries) - 1)
	}
	return i
}

// slotOf is the slot of a goroutine, or -1.
func (t *goroutineTable) slotOf(id int64) int32 {
	if g := t.get(id); g != nil {
		return g.slot
	}
	return -1
}

// add takes in a goroutine that is not in the table.
func (t *goroutineTable) add(id int64) *goroutine {
	if t.n*2 >= len(t.entries) {
		t.resize(len(t.entries) * 2)
	}
	var g *goroutine
	if n := len(t.free); n > 0 {
		g = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		g = &goroutine{slot: t.slots}
		t.slots++
	}
	*g = goroutine{id: id, slot: g.slot, group: NoGroup, p: event.NoP, m: event.NoM, lostAt: -1}
	t.entries[t.find(id)] = tableEntry{id, g}
	t.n++
	return g
}

// remove takes a goroutine out, and moves those up that it kept from their
// place, so that every search still ends at the first empty entry.
func (t *goroutineTable) remove(g *goroutine) {
	mask := len(t.entries) - 1
	gap := t.find(g.id)
	for i := (gap + 1) & mask; t.entries[i].g != nil; i = (i + 1) & mask {
		if fromHome := (i - t.home(t.entries[i].id)) & mask; fromHome >= (i-gap)&mask {
			t.entries[gap] = t.entries[i]
			gap = i
		}
	}
	t.entries[gap] = tableEntry{}
	t.n--
	t.free = append(t.free, g)
}

// resize makes room for so many entries, a power of two.
func (t *goroutineTable) resize(entries int) {
	old := t.entries
	t.entries = make([]tableEntry, entries)
	t.shift = uint(65 - bits.Len(uint(entries)))
	for _, e := range old {
		if e.g != nil {
			t.entries[t.find(e.id)] = e
		}
	}
}

// live lists the goroutines in no order.
func (t *goroutineTable) live() []*goroutine {
	live := make([]*goroutine, 0, t.n)
	for _, e := range t.entries {
		if e.g != nil {
			live = append(live, e.g)
		}
	}
	return live
}
