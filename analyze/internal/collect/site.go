package collect

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// cellKey names the waits of a group at one place.
type cellKey struct {
	kind  waitkind.Kind
	stack event.StackID
	// whole sets the waits apart that lasted from the trace's start to its end.
	whole bool
}

// cell is what is known of a group's waits at one place, the facts that the
// rules of at rest (atrest.go) decide by among them.
type cell struct {
	key   cellKey
	ns    int64
	waits histogram
	rest  string // the rule by which the waits are at rest, at the end
	join  bool   // whoever waits is represented by those that it waits for
	worst topSpans
	into  *cell     // where this account went, with its group's
	queue *queue    // of locks and channels
	ref   int32     // number in the sweep
	last  waitClass // as what the last wait counted

	timed *timed // of waits that timers end; nil before the first

	wakers      []*waker
	idleBlocked float64
	lateNs      [numWaitClasses]int64 // as what the sweep counted waits that it could not keep
	shortest    int64                 // wait that a timer ended
	open        int64                 // waits that the scope's end cut off
	openNs      int64                 // the longest of them
	asked       int64                 // waits for an answer from outside
	askedNs     int64
	promises    int64 // waits that a descendant ended, which then ended itself

	members int64 // goroutines that waited here; one that roams may count twice
	settled int64 // of them, those that were here for 99 % of their time

	spanNs        int64 // ns of waits inside a task or region
	fromDemand    int64 // of these, by a goroutine whose own last wait was for somebody to want something
	gave          int64 // waits before which the waiter had given others something to do
	closed        int64 // waits whose end is in the trace
	endedByG      int64 // of these, those that a goroutine ended, not a timer or the poller
	cancelled     int64 // of these, by the cancelling of a context
	toReceivers   int64 // of these, by a receive: the waiter was sending
	byPeers       int64 // of these, by a goroutine of the same group: a token handed back
	responses     int64 // of these, by a goroutine that this one had set to work
	recorder      int64 // waiters that ran when the trace ended, after a life of waiting here
	servedSenders int64 // blocked senders that members woke between waits here
}

func (g *groupAccount) cell(key cellKey) *cell {
	c := g.cells[key]
	if c == nil {
		c = &cell{key: key}
		if g.cells == nil {
			g.cells = make(map[cellKey]*cell)
		}
		g.cells[key] = c
	}
	return c
}

func (c *cell) add(r *timeline.Record) {
	c.ns += r.Ns()
	c.waits.add(r.Ns())
	c.worst.keep(maxWorst, r.Start, r.End, r.G)
	if r.Next != event.GoUndetermined {
		c.closed++
	}
	if r.Has(timeline.FlagExternal) && r.Flags&(timeline.FlagCensoredStart|timeline.FlagCensoredEnd) == 0 && (c.shortest == 0 || r.Ns() < c.shortest) {
		c.shortest = r.Ns()
	}
	if r.Has(timeline.FlagCensoredEnd) && !r.Has(timeline.FlagGap) {
		c.open++
		c.openNs = max(c.openNs, r.Ns())
	}
}

// real is the account that this one became a part of, or itself.
func (c *cell) real() *cell {
	for c != nil && c.into != nil {
		c = c.into
	}
	return c
}

// ended takes the end of a wait by another goroutine, on a stack of which facts
// are known.
func (c *cell) ended(r *timeline.Record, waiter, waker *life, on *stackFact) {
	c.endedByG++
	if waker.fromDemand {
		c.fromDemand++
	}
	if waker.group == waiter.group {
		c.byPeers++
	}
	if on.cancels {
		c.cancelled++
	}
	if on.receives {
		c.toReceivers++
	}
	if waker.stimulus == waiter.id {
		c.responses++
	}
}

func (c *cell) merge(o *cell) {
	o.into = c
	c.worst.merge(&o.worst)
	if o.timed != nil {
		c.ofTimers().loop.merge(&o.timed.loop)
	}
	for _, w := range o.wakers {
		c.waker(w.group.real(), w.stack).merge(w)
	}
	c.idleBlocked += o.idleBlocked
	for i := range c.lateNs {
		c.lateNs[i] += o.lateNs[i]
	}
	if c.shortest == 0 || o.shortest > 0 && o.shortest < c.shortest {
		c.shortest = o.shortest
	}
	c.open += o.open
	c.openNs = max(c.openNs, o.openNs)
	c.promises += o.promises
	c.asked += o.asked
	c.askedNs += o.askedNs
	if c.queue == nil {
		c.queue = o.queue
	}
	c.ns += o.ns
	c.waits.merge(&o.waits)
	c.members += o.members
	c.settled += o.settled
	c.spanNs += o.spanNs
	c.closed += o.closed
	c.endedByG += o.endedByG
	c.toReceivers += o.toReceivers
	c.cancelled += o.cancelled
	c.byPeers += o.byPeers
	c.fromDemand += o.fromDemand
	c.gave += o.gave
	c.responses += o.responses
	c.servedSenders += o.servedSenders
	c.recorder += o.recorder
}

// wholeTraceWait says whether an interval is a wait without beginning or end.
func wholeTraceWait(r *timeline.Record) bool {
	return r.Has(timeline.FlagWholeTrace)
}
