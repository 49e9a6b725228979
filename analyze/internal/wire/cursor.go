package wire

import (
	"cmp"
	"math"
	"slices"
)

// cursor reads the events of one thread, in the order in which they were
// written.
type cursor struct {
	time    int64 // of the head event, ns
	pos     int   // of its arguments; behind them once it is taken
	end     int   // of its batch
	kind    byte  // of the head event
	thread  *thread
	batches []batch // still to be read
}

// next goes on to the next event: its kind and time. It reports false at the
// end of the thread's events, or at damage.
func (o *orderer) next(c *cursor) bool {
	for c.pos >= c.end {
		if c.pos > c.end {
			o.n = o.before
			o.fail(c.end, "an event %s that does not end in its batch", eventName(c.kind))
			return false
		}
		if len(c.batches) == 0 {
			return false
		}
		b := c.batches[0]
		c.batches = c.batches[1:]
		c.pos, c.end, c.time = b.begin, b.end, o.g.ns(b.time)
	}
	c.kind = o.data[c.pos]
	ticks, pos := uvarint(o.data, c.pos+1)
	c.pos = pos
	if ticks < o.exactTicks {
		c.time += int64(ticks) * o.intNsPerTick
	} else {
		c.time += o.g.ns(ticks)
	}
	return true
}

// frontier is the threads' cursors as a binary heap by the time of their next
// events.
//
// Times tie often, on a clock of 64 ns, and which of two is first then depends on
// how the heap is kept. It is kept as golang.org/x/exp/trace does, comparison by
// comparison; but a cursor at the head stays there without one for as long as
// its events are not later than limit.
type frontier []leaf

// leaf is a cursor and its time, for the comparisons.
type leaf struct {
	time int64
	*cursor
}

// limit is the time up to which the head stays the head.
func (f frontier) limit() int64 {
	limit := int64(math.MaxInt64)
	if len(f) > 1 {
		limit = f[1].time
	}
	if len(f) > 2 {
		limit = min(limit, f[2].time)
	}
	return limit
}

func (f *frontier) push(c *cursor) {
	*f = append(*f, leaf{c.time, c})
	f.up(len(*f) - 1)
}

// update restores the order after the cursor at i has gone on.
func (f frontier) update(i int) {
	f[i].time = f[i].cursor.time
	if f.up(i) == i {
		f.down(i)
	}
}

// remove takes out the cursor at i.
func (f *frontier) remove(i int) {
	h := *f
	for ; i > 0; i = (i - 1) / 2 {
		h[(i-1)/2], h[i] = h[i], h[(i-1)/2]
	}
	last := len(h) - 1
	h[0], h[last] = h[last], leaf{}
	if *f = h[:last]; last > 0 {
		f.down(0)
	}
}

func (f frontier) up(i int) int {
	for i > 0 && f[(i-1)/2].time > f[i].time {
		f[(i-1)/2], f[i] = f[i], f[(i-1)/2]
		i = (i - 1) / 2
	}
	return i
}

func (f frontier) down(i int) {
	moved := f[i]
	for {
		least, time := 2*i+1, moved.time
		if least >= len(f) {
			break
		}
		if right := least + 1; right < len(f) && f[right].time < f[least].time {
			least = right
		}
		if f[least].time >= time {
			break
		}
		f[i] = f[least]
		i = least
	}
	f[i] = moved
}

// sort orders the frontier by time, which leaves it a heap. The sort must be the
// one that golang.org/x/exp/trace uses, as it leaves open what equal times do.
func (f frontier) sort() {
	slices.SortFunc(f, func(a, b leaf) int { return cmp.Compare(a.time, b.time) })
}
