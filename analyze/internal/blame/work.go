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
	Name event.StringID
	Runs int64 // measured
	Ns   int64 // from their beginnings to their ends
	// ForeignNs is for how long the regions' own goroutines waited for goroutines
	// that do not belong to them.
	ForeignNs int64
	Spans     Spans
	// Chain is what the longest chain of running consists of: its largest parts, of
	// which more than four are not told apart.
	Chain []Share

	chain []share
}

// Spans is the work and the longest chains, ns.
type Spans struct {
	// Work is T1, the running time.
	Work int64
	// Joined is the part of it that is known to have led to the region's end: not
	// what goroutines did that nobody waited for.
	Joined int64
	// CPU is T∞ of running alone, over creations and wake-ups, but for those by which
	// somebody let go of a lock or made room in a channel. Locks takes in these,
	// Outside instead the waits for what is outside, and Latency both. Burdened is CPU
	// with what it costs to wake somebody up, for each creation and wake-up on the way.
	CPU, Locks, Outside, Latency, Burdened int64
}

func (s *Spans) add(o Spans) {
	s.Work += o.Work
	s.Joined += o.Joined
	s.Outside += o.Outside
	s.CPU += o.CPU
	s.Locks += o.Locks
	s.Latency += o.Latency
	s.Burdened += o.Burdened
}

// lane is how long the longest chains are that lead to where a goroutine is.
type lane struct {
	scope int64 // the number of the region that they count from; another is none
	stays bool  // belongs to the region whoever wakes it
	reach
	// ended is how far goroutines had come that this one created and that ended since
	// it last waited for a WaitGroup: that waits for all, and only the last of them
	// shows.
	ended reach
}

// reach is how long the longest chains are that lead to an instant.
type reach struct {
	chains [numChains]int64
	work   int64    // that led here, and nowhere else yet
	parts  [4]share // of the chain of running
}

// The chains of a lane.
const (
	chainCPU = iota
	chainLocks
	chainOutside
	chainLatency
	chainBurdened
	numChains
)

// later makes the chains no shorter than others, those of which are meant.
func (r *reach) later(o *reach, of [numChains]bool, burden int64) {
	for i, chain := range o.chains {
		if i == chainBurdened {
			chain += burden
		}
		if !of[i] || chain <= r.chains[i] {
			continue
		}
		r.chains[i] = chain
		if i == chainCPU {
			r.parts = o.parts
		}
	}
}

// ran makes the chains longer by a run.
func (r *reach) ran(k key, ns int64) {
	for i := range r.chains {
		r.chains[i] += ns
	}
	r.work += ns
	// The least part makes place for a new one and leaves it its sum (space saving,
	// Metwally et al. 2005): no part that is more than a quarter is missed.
	least := 0
	for i := range r.parts {
		if r.parts[i].key == k && r.parts[i].ns > 0 {
			r.parts[i].ns += ns
			return
		}
		if r.parts[i].ns < r.parts[least].ns {
			least = i
		}
	}
	r.parts[least] = share{k, r.parts[least].ns + ns}
}

// What follows from a wait that a goroutine of the region ended: everything, if it was
// for something to be done; if it was for a lock or for room in a channel, only the
// chains that count that.
var (
	dependency = [numChains]bool{true, true, true, true, true}
	exclusion  = [numChains]bool{chainLocks: true, chainLatency: true}
)

// excludes says of which kinds the waits are for somebody to let go of something or to
// make room, not for something to be done.
func excludes(k waitkind.Kind) bool { return IsLock(k) || k == waitkind.ChanSend }

// defaultBurden is what waking somebody up costs where it was not measured, ns
// (Cilkview's burden by the clock).
const defaultBurden = 6250

// work measures one region after the other, or the one stretch that it is told to.
type work struct {
	index  int   // of its lane in those of a goroutine
	scope  int64 // the number of the region that is measured, 0 for none
	last   int64
	root   *life
	rootID int64
	depth  int // of regions within which it lies
	name   event.StringID
	begin  int64
	burden int64

	done    int64 // T1
	foreign int64 // of the root's waits, for goroutines that do not belong to it

	types map[event.StringID]*Work
	order []event.StringID
	wakes *wakeCosts

	// only is the stretch of a goroutine that is measured, if not all regions are.
	only *Stretch
	// What is taken for other than it was; nil and nil is what was measured.
	weigh   func(p Piece, ns int64) int64
	without func(release event.StackID) bool // locks that are not there, by where they are let go

	pieces *pieceTable
}

// Stretch is a part of a goroutine's life between two instants at which it began or
// ended a task or region, or itself.
type Stretch struct {
	G        int64
	From, To int64 // ns
}

func (w *work) regionBegins(l *life, r *timeline.Record) {
	if w.scope != 0 || w.only != nil || r.Has(timeline.FlagOutside) {
		return
	}
	w.begins(l, r.Start, w.wakes.median())
	w.depth, w.name = len(l.regions)-1, r.Name
}

// begins begins to measure what a goroutine does and brings about.
func (w *work) begins(l *life, at, burden int64) {
	w.last++
	w.scope, w.root, w.rootID, w.begin, w.burden = w.last, l, l.id, at, burden
	w.done, w.foreign = 0, 0
	*w.lane(l) = lane{scope: w.scope, stays: true}
}

// lane is a goroutine's lane in this measurement.
func (w *work) lane(l *life) *lane {
	for w.index >= len(l.lanes) {
		l.lanes = append(l.lanes, lane{})
	}
	return &l.lanes[w.index]
}

// marked takes in an instant at which the stretch that is asked for may begin or
// end.
func (w *work) marked(l *life, at int64, running []*life) {
	switch {
	case w.only == nil || w.only.G != l.id:
	case w.scope == 0 && w.last == 0 && at == w.only.From:
		w.begins(l, at, w.wakes.median())
	case w.scope != 0 && at == w.only.To:
		w.book(at, running)
		w.scope = 0
	}
}

// regionEnds takes in that a goroutine has left its regions but for so many, while
// others run.
func (w *work) regionEnds(l *life, r *timeline.Record, left int, running []*life) {
	if w.scope == 0 || w.only != nil || w.root != l || w.rootID != l.id || left > w.depth {
		return
	}
	if left == w.depth && !r.Has(timeline.FlagOutside) {
		w.book(r.Start, running)
	}
	w.scope = 0
}

// book books what was measured until an instant: also what those did that run since
// their last mark.
func (w *work) book(at int64, running []*life) {
	for _, l := range running {
		if ns := at - l.hist.upTo(); ns > 0 && w.member(l) {
			w.ran(l, unknownKey, ns)
		}
	}
	ns := at - w.begin
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
	sum.ForeignNs += w.foreign
	end := w.lane(w.root)
	c := &end.chains
	sum.Spans.add(Spans{w.done, end.work, c[chainCPU], c[chainLocks], c[chainOutside], c[chainLatency], max(c[chainBurdened], c[chainCPU])})
	for _, part := range end.parts {
		if part.ns > 0 {
			sum.chain = addShare(sum.chain, part)
		}
	}
}

// gone takes in that a goroutine ended: with it the region that it did not end.
func (w *work) gone(l, parent *life, at int64, running []*life) {
	w.marked(l, at, running)
	if w.member(l) && parent != nil && w.member(parent) {
		own, up := w.lane(l), w.lane(parent)
		up.ended.later(&own.reach, dependency, 0)
		up.ended.work += own.work
	}
	if w.scope != 0 && w.root == l && w.rootID == l.id {
		w.scope = 0
	}
}

func (w *work) member(l *life) bool {
	return w.scope != 0 && w.index < len(l.lanes) && l.lanes[w.index].scope == w.scope
}

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
	w.lane(l).ran(k, ns)
}

// waited takes in that a goroutine waited for what is outside.
func (w *work) waited(l *life, k key, ns int64) {
	if !w.member(l) {
		return
	}
	lane, ns := w.lane(l), w.weight(k, ns)
	lane.chains[chainOutside] += ns
	lane.chains[chainLatency] += ns
}

// created takes in that a goroutine created another.
func (w *work) created(l, creator *life) {
	if !w.member(creator) {
		return
	}
	own := w.lane(l)
	*own = lane{scope: w.scope, reach: w.lane(creator).reach, stays: true}
	own.chains[chainBurdened] += w.burden
	own.work = 0 // it is the creator's
}

// woken takes in that a goroutine ended another's wait, of the kind of r.
func (w *work) woken(l, waker *life, r *timeline.Record) {
	if w.scope == 0 {
		return
	}
	held := excludes(r.Kind)
	switch {
	case w.member(waker) && w.member(l):
		w.after(l, waker, r, held)
	case w.member(waker) && !held:
		own, other := w.lane(l), w.lane(waker)
		*own = lane{scope: w.scope, reach: other.reach}
		own.chains[chainBurdened] += w.burden
		own.work, other.work = other.work, 0
	case w.member(l) && (w.lane(l).stays || held):
		w.foreignWait(l, r, held)
	case w.member(l):
		w.lane(l).scope = 0
	}
}

// foreignWait takes in that a goroutine waited for somebody who has nothing to do with
// the region.
func (w *work) foreignWait(l *life, r *timeline.Record, held bool) {
	if l == w.root {
		w.foreign += r.Ns()
	}
	if !held {
		w.waited(l, unknownKey, r.Ns())
		return
	}
	if IsLock(r.Kind) && w.without != nil && w.without(r.OtherStack) {
		return
	}
	lane := w.lane(l)
	lane.chains[chainLocks] += r.Ns()
	lane.chains[chainLatency] += r.Ns()
}

// after makes the chains of a goroutine no shorter than those of the one that it
// waited for.
func (w *work) after(l, waker *life, r *timeline.Record, held bool) {
	own, other := w.lane(l), w.lane(waker)
	if held {
		if !IsLock(r.Kind) || w.without == nil || !w.without(r.OtherStack) {
			own.later(&other.reach, exclusion, 0)
		}
		return
	}
	own.later(&other.reach, dependency, w.burden)
	own.work += other.work
	other.work = 0
	if r.Kind == waitkind.WaitGroup {
		own.later(&own.ended, dependency, 0)
		own.work += own.ended.work
		own.ended = reach{}
	}
}

// Works are the work and span of all types of regions, in the order in which the
// first of a type ended.
func (b *Ledger) Works() []Work { return b.worksOf(b.works[0]) }

func (b *Ledger) worksOf(w *work) []Work {
	var out []Work
	for _, name := range w.order {
		one := *w.types[name]
		one.Chain = b.sharesOf(one.chain)
		out = append(out, one)
	}
	return out
}

// Change is something that is taken for other than it was, to ask what would follow.
// The zero Change is what was.
type Change struct {
	// Kind and Func are of what is changed: code that runs in a function, a lock
	// that is let go of there, or waits for what is outside. Factor is what remains
	// of its time; a lock is gone whatever the factor.
	Kind   Kind
	Func   string
	Factor float64
}

// Measure lets a ledger measure one stretch, with a change, beside what it measures
// anyway. It is called before the first record and returns the measurement's number.
func (b *Ledger) Measure(s Stretch, c Change) int {
	w := b.newWork()
	w.only = &s
	name := func(f event.FrameID) string { return b.pieces.tables.Frame(f).Func }
	switch {
	case c == Change{}:
	case c.Kind == LockHolder:
		w.without = func(release event.StackID) bool { return name(b.pieces.frame(release)) == c.Func }
	default:
		w.weigh = func(p Piece, ns int64) int64 {
			if p.Kind == c.Kind && name(p.Frame) == c.Func {
				return int64(float64(ns) * c.Factor)
			}
			return ns
		}
	}
	return w.index
}

// Measured is what a measurement found, false if it did not come to its end.
func (b *Ledger) Measured(n int) (Work, bool) {
	if all := b.worksOf(b.works[n]); len(all) > 0 {
		return all[0], true
	}
	return Work{}, false
}

func (b *Ledger) newWork() *work {
	w := &work{index: len(b.works), pieces: b.pieces, wakes: &b.wakes}
	b.works = append(b.works, w)
	return w
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
