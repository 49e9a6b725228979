package blame

import (
	"math/bits"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Work is the work and the span of the regions of one type (methods.md A.9): how
// much was done, and the longest chain in it of which no part could begin before
// the one before it had ended.
//
// What belongs to a region is what its goroutine does, those that it created, and
// others from when one of these wakes them until somebody else does. Regions are
// measured one at a time: one that begins while another is measured is not.
type Work struct {
	Name  event.StringID
	Runs  int64 // measured
	Ns    int64 // from their beginnings to their ends
	Spans Spans
}

// Spans is the work and the longest chains, ns.
type Spans struct {
	// Work is T1, the running time.
	Work int64
	// CPU is T∞ of running alone, over creations and wake-ups but for those of a
	// lock. Locks takes in that only one at a time has a lock, Latency also waits
	// for what is outside. Burdened is CPU with what it costs to wake somebody up,
	// for each creation and wake-up on the way.
	CPU, Locks, Latency, Burdened int64
}

func (s *Spans) add(o Spans) {
	s.Work += o.Work
	s.CPU += o.CPU
	s.Locks += o.Locks
	s.Latency += o.Latency
	s.Burdened += o.Burdened
}

// lane is how long the longest chains are that lead to where a goroutine is.
type lane struct {
	scope  int64 // the number of the region that they count from; another is none
	chains [numChains]int64
	stays  bool // belongs to the region whoever wakes it
	// ended are the longest chains that lead to the ends of goroutines which this
	// one created: a WaitGroup waits for all, and only the last of them shows.
	ended [numChains]int64
}

// The chains of a lane.
const (
	chainCPU = iota
	chainLocks
	chainLatency
	chainBurdened
	numChains
)

// defaultBurden is what waking somebody up costs where it was not measured, ns
// (Cilkview's burden by the clock).
const defaultBurden = 6250

// work measures one region after the other.
type work struct {
	scope  int64 // the number of the region that is measured, 0 for none
	last   int64
	root   *life
	rootID int64
	depth  int // of regions within which it lies
	name   event.StringID
	begin  int64
	burden int64

	done int64 // T1
	most [numChains]int64

	types map[event.StringID]*Work
	order []event.StringID
	wakes wakeCosts

	// What is taken for other than it was: nil and nil is what was measured.
	weigh   func(p Piece, ns int64) int64
	without func(r *timeline.Record) bool // locks that are not there

	pieces *pieceTable
}

func (w *work) regionBegins(l *life, r *timeline.Record) {
	if w.scope != 0 || r.Has(timeline.FlagOutside) {
		return
	}
	w.last++
	w.scope, w.root, w.rootID, w.depth, w.name, w.begin = w.last, l, l.id, len(l.regions)-1, r.Name, r.Start
	w.done, w.most, w.burden = 0, [numChains]int64{}, w.wakes.median()
	l.lane = lane{scope: w.scope, stays: true}
}

// regionEnds takes in that a goroutine has left its regions but for so many.
func (w *work) regionEnds(l *life, r *timeline.Record, left int) {
	if w.scope == 0 || w.root != l || w.rootID != l.id || left > w.depth {
		return
	}
	if left == w.depth && !r.Has(timeline.FlagOutside) {
		w.book(r.Start - w.begin)
	}
	w.scope = 0
}

func (w *work) book(ns int64) {
	if w.types == nil {
		w.types = make(map[event.StringID]*Work)
	}
	sum := w.types[w.name]
	if sum == nil {
		if len(w.types) >= maxTypes {
			return
		}
		sum = &Work{Name: w.name}
		w.types[w.name] = sum
		w.order = append(w.order, w.name)
	}
	sum.Runs++
	sum.Ns += ns
	sum.Spans.add(Spans{w.done, w.most[chainCPU], w.most[chainLocks], w.most[chainLatency], w.most[chainBurdened]})
}

// gone takes in that a goroutine ended: with it the region that it did not end.
func (w *work) gone(l, parent *life) {
	if w.member(l) && parent != nil && w.member(parent) {
		for i, chain := range l.lane.chains {
			parent.lane.ended[i] = max(parent.lane.ended[i], chain)
		}
	}
	if w.scope != 0 && w.root == l && w.rootID == l.id {
		w.scope = 0
	}
}

func (w *work) member(l *life) bool { return w.scope != 0 && l.lane.scope == w.scope }

func (w *work) weight(k key, ns int64) int64 {
	if w.weigh == nil {
		return ns
	}
	return w.weigh(w.pieces.of(k), ns)
}

// ran takes in that a goroutine ran.
func (w *work) ran(l *life, k key, ns int64) {
	if !w.member(l) {
		return
	}
	ns = w.weight(k, ns)
	w.done += ns
	for i := range l.lane.chains {
		l.lane.chains[i] += ns
		w.most[i] = max(w.most[i], l.lane.chains[i])
	}
}

// waited takes in that a goroutine waited for what is outside.
func (w *work) waited(l *life, k key, ns int64) {
	if !w.member(l) {
		return
	}
	l.lane.chains[chainLatency] += w.weight(k, ns)
	w.most[chainLatency] = max(w.most[chainLatency], l.lane.chains[chainLatency])
}

// created takes in that a goroutine created another.
func (w *work) created(l, creator *life) {
	if !w.member(creator) {
		return
	}
	l.lane = lane{scope: w.scope, chains: creator.lane.chains, stays: true}
	l.lane.chains[chainBurdened] += w.burden
}

// woken takes in that a goroutine ended another's wait, of the kind of r.
func (w *work) woken(l, waker *life, r *timeline.Record) {
	if w.scope == 0 {
		return
	}
	lock := IsLock(r.Kind)
	switch {
	case w.member(waker) && w.member(l):
		w.after(l, waker, r, lock)
	case w.member(waker) && !lock:
		l.lane = lane{scope: w.scope, chains: waker.lane.chains}
		l.lane.chains[chainBurdened] += w.burden
	case w.member(l) && (l.lane.stays || lock):
		w.waited(l, unknownKey, r.Ns()) // for somebody who has nothing to do with the region
	case w.member(l):
		l.lane.scope = 0
	}
}

// after makes the chains of a goroutine no shorter than those of the one that it
// waited for.
func (w *work) after(l, waker *life, r *timeline.Record, lock bool) {
	if lock && w.without != nil && w.without(r) {
		return
	}
	for i := range l.lane.chains {
		reach := waker.lane.chains[i]
		switch {
		case lock && (i == chainCPU || i == chainBurdened):
			continue
		case i == chainBurdened:
			reach += w.burden
		}
		l.lane.chains[i] = max(l.lane.chains[i], reach)
		if r.Kind == waitkind.WaitGroup {
			l.lane.chains[i] = max(l.lane.chains[i], l.lane.ended[i])
		}
	}
}

// Works are the work and span of all types of regions, in the order in which the
// first of a type ended.
func (b *Ledger) Works() []Work {
	var out []Work
	for _, name := range b.work.order {
		out = append(out, *b.work.types[name])
	}
	return out
}

// wakeCosts are how long goroutines that were woken waited for a processor though
// nobody kept one from them, by the power of two.
type wakeCosts struct {
	counts [64]int64
	n      int64
}

func (c *wakeCosts) add(ns int64) {
	c.counts[bits.Len64(uint64(max(ns, 0)))&63]++
	c.n++
}

// median is what waking somebody up costs, ns: the middle of the class in which
// the median lies.
func (c *wakeCosts) median() int64 {
	const enough = 8
	if c.n < enough {
		return defaultBurden
	}
	seen := int64(0)
	for i, n := range c.counts {
		if seen += n; seen*2 >= c.n {
			return 3 << max(i, 2) >> 2
		}
	}
	return defaultBurden
}
