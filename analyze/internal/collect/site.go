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

	members int64 // goroutines that waited here; one that roams may count twice
	settled int64 // of them, those that were here for 99 % of their time

	spanNs        int64 // ns of waits inside a task or region
	gave          int64 // waits before which the waiter had given others something to do
	closed        int64 // waits whose end is in the trace
	endedByG      int64 // of these, those that a goroutine ended, not a timer or the poller
	cancelled     int64 // of these, by the cancelling of a context
	toReceivers   int64 // of these, by a receive: the waiter was sending
	byPeers       int64 // of these, by a goroutine of the same group: a token handed back
	responses     int64 // of these, by a goroutine that this one had set to work
	starvedNs     int64 // ns of waits during which the waker ran for a tenth or more
	servedSenders int64 // blocked senders that members woke between waits here
}

func (g *groupAccount) cell(key cellKey) *cell {
	c := g.cells[key]
	if c == nil {
		c = &cell{key: key}
		g.cells[key] = c
	}
	return c
}

func (c *cell) add(r *timeline.Record) {
	c.ns += r.Ns()
	c.waits.add(r.Ns())
	if r.Next != event.GoUndetermined {
		c.closed++
	}
}

// ended takes the end of a wait by another goroutine, on a stack of which facts
// are known.
func (c *cell) ended(r *timeline.Record, waiter, waker *life, on *stackFact) {
	c.endedByG++
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
	if ran := waker.runs.within(r.Start, r.End); ran*10 >= r.Ns() {
		c.starvedNs += r.Ns()
	}
}

func (c *cell) merge(o *cell) {
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
	c.gave += o.gave
	c.responses += o.responses
	c.starvedNs += o.starvedNs
	c.servedSenders += o.servedSenders
}

// wholeTraceWait says whether an interval is a wait without beginning or end.
func wholeTraceWait(r *timeline.Record) bool {
	return r.Has(timeline.FlagWholeTrace)
}

// runHistory remembers when a goroutine last ran, to tell whether it was busy
// while another waited for it.
type runHistory struct {
	start, end [8]int64
	n          int
	since      int64 // start of the present run
	running    bool
}

// follow takes an interval of the goroutine. Short system calls count as
// running, so that a busy goroutine's past does not shrink to its last calls.
func (h *runHistory) follow(r *timeline.Record) {
	runs := r.Kind.Class() == waitkind.Running
	next := r.Next == event.GoRunning || runs && r.Next == event.GoSyscall
	if h.running && !next {
		h.start[h.n%len(h.start)], h.end[h.n%len(h.end)] = h.since, r.End
		h.n++
	}
	if next && !h.running {
		h.since = r.End
	}
	h.running = next
}

// within is how long the goroutine ran between two instants, as far as is
// remembered.
func (h *runHistory) within(from, to int64) (ns int64) {
	for i := range min(h.n, len(h.start)) {
		ns += max(0, min(h.end[i], to)-max(h.start[i], from))
	}
	if h.running {
		ns += max(0, to-max(h.since, from))
	}
	return ns
}
