package wire

import (
	"math"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
)

// note takes an event that needs a goroutine that runs, or is about to, and
// changes nothing.
func (o *orderer) note(c *cursor, pos int, stackID uint64, kind event.Kind, value uint64) outcome {
	if !c.thread.busy() {
		return o.noContext(c)
	}
	stack := o.tables.stacks.get(stackID)
	if stack == nil {
		return o.noStack(c, stackID)
	}
	c.pos = pos
	e := o.emit(c)
	e.Kind, e.Arg, e.Stack = kind, int64(min(value, math.MaxInt64)), *stack
	return taken
}

// busy says whether a thread has a P and a goroutine.
func (t *thread) busy() bool { return t.p != noProc && t.g != noGoroutine }

// heap: the live heap, or the heap's goal.
func (o *orderer) heap(c *cursor) outcome {
	bytes, pos := uvarint(o.data, c.pos)
	if c.thread.p == noProc {
		return o.noContext(c)
	}
	kind := event.HeapLive
	if c.kind == typeHeapGoal {
		kind = event.HeapGoal
	}
	c.pos = pos
	e := o.emit(c)
	e.Kind, e.Arg = kind, int64(min(bytes, math.MaxInt64))
	return taken
}

// mark: the garbage collector's mark phase, whose numbered beginnings and ends
// are on any thread.
func (o *orderer) mark(c *cursor) outcome {
	seq, pos := uvarint(o.data, c.pos)
	var stackID uint64
	if c.kind == typeGCBegin {
		stackID, pos = uvarint(o.data, pos)
	}
	stack := o.tables.stacks.get(stackID)
	if stack == nil {
		return o.noStack(c, stackID)
	}
	if o.alone && o.gc.state == gcUndetermined {
		o.assumeCollector(c.kind, seq)
	}
	kind, state, unchecked := event.RangeBegin, gcOn, false
	switch {
	case c.kind == typeGCActive && o.initial:
		if kind, unchecked = event.RangeActive, true; o.gc.state != gcUndetermined {
			return o.fail(c.pos, "a mark phase of the garbage collector goes on from before the trace, behind another of the trace,")
		}
	case c.kind == typeGCBegin && o.gc.state == gcUndetermined:
		unchecked = true
	case seq != o.gc.seq+1:
		return waits
	case c.kind == typeGCActive:
		if kind = event.RangeActive; o.gc.state != gcOn {
			return o.fail(c.pos, "a mark phase of the garbage collector goes on that never began,")
		}
	case c.kind == typeGCBegin:
		if o.gc.state == gcOn {
			return o.fail(c.pos, "a mark phase of the garbage collector begins within another,")
		}
	default:
		if kind, state = event.RangeEnd, gcOff; o.gc.state != gcOn {
			return o.fail(c.pos, "a mark phase of the garbage collector ends that never began,")
		}
	}
	if !unchecked && !c.thread.busy() {
		return o.noContext(c)
	}
	c.pos = pos
	o.gc = collector{seq, state}
	e := o.emit(c)
	e.Kind, e.Range, e.Stack = kind, event.RangeMark, *stack
	return taken
}

// stwBegin: the running goroutine begins to stop the world.
func (o *orderer) stwBegin(c *cursor) outcome {
	reasonID, pos := uvarint(o.data, c.pos)
	stackID, pos := uvarint(o.data, pos)
	t := c.thread
	g := o.bound(c)
	if g == nil {
		return failed
	}
	stack := o.tables.stacks.get(stackID)
	if stack == nil {
		return o.noStack(c, stackID)
	}
	reason, ok := o.tables.reasonID(reasonID)
	if !ok {
		return o.noString(c, reasonID)
	}
	if o.alone && !g.born {
		o.assumed.add(assumption{kind: assumeNoStop, id: g.id})
	}
	if slices.Contains(o.stops[t.g], reasonID) {
		return o.fail(c.pos, "goroutine %d stops the world twice,", g.id)
	}
	c.pos = pos
	o.stops[t.g] = append(o.stops[t.g], reasonID)
	e := o.emit(c)
	e.Kind, e.Range, e.Subject, e.Reason, e.Stack = event.RangeBegin, event.RangeSTW, t.gid, reason, *stack
	return taken
}

// stwEnd: the world goes on.
func (o *orderer) stwEnd(c *cursor) outcome {
	if o.bound(c) == nil {
		return failed
	}
	// Of two for different reasons, which only damage has, it is the first.
	under := o.stops[c.thread.g]
	if len(under) == 0 {
		return o.fail(c.pos, "a stop of the world ends that never began,")
	}
	under[0] = under[len(under)-1]
	if under = under[:len(under)-1]; len(under) > 0 {
		o.stops[c.thread.g] = under
	} else {
		delete(o.stops, c.thread.g)
	}
	e := o.emit(c)
	e.Kind, e.Range, e.Subject = event.RangeEnd, event.RangeSTW, c.thread.gid
	return taken
}

// bound is the goroutine bound to a cursor's thread, which has a P, or nil.
func (o *orderer) bound(c *cursor) *goroutine {
	if !c.thread.busy() {
		o.noContext(c)
		return nil
	}
	g := &o.goroutines.list[c.thread.g]
	if g.id != c.thread.gid || !g.alive {
		o.wrongState(c, "goroutine", c.thread.gid)
		return nil
	}
	return g
}

// sweepActive: a P is within a sweep that began before.
func (o *orderer) sweepActive(c *cursor) outcome {
	rawID, pos := uvarint(o.data, c.pos)
	id := int64(rawID)
	p := o.procs.get(id)
	if !p.seen {
		return o.wrongState(c, "P", id)
	}
	if o.alone && !p.assumed {
		o.assumed.add(assumption{kind: assumeSweep, id: id, value: 1})
		p.sweep, p.assumed = true, true
	}
	if p.sweep == o.initial {
		return o.wrongState(c, "P", id)
	}
	p.sweep = true
	c.pos = pos
	e := o.emit(c)
	e.Kind, e.Range, e.Subject = event.RangeActive, event.RangeSweep, id
	return taken
}

// sweep: a sweep on the thread's P begins or ends.
func (o *orderer) sweep(c *cursor) outcome {
	var stackID uint64
	pos := c.pos
	begins := c.kind == typeGCSweepBegin
	if begins {
		stackID, pos = uvarint(o.data, pos)
	} else {
		_, pos = uvarint(o.data, pos) // bytes swept
		_, pos = uvarint(o.data, pos) // bytes reclaimed
	}
	t := c.thread
	if t.p == noProc {
		return o.noContext(c)
	}
	stack := o.tables.stacks.get(stackID)
	if stack == nil {
		return o.noStack(c, stackID)
	}
	p := o.procs.get(t.p)
	if o.alone && !p.assumed {
		if !begins {
			return o.wrongState(c, "P", t.p)
		}
		o.assumed.add(assumption{kind: assumeSweep, id: t.p, value: 0})
		p.assumed = true
	}
	if p.sweep == begins {
		return o.wrongState(c, "P", t.p)
	}
	p.sweep = begins
	c.pos = pos
	e := o.emit(c)
	e.Kind, e.Range, e.Subject, e.Stack = rangeKind(begins), event.RangeSweep, t.p, *stack
	return taken
}

func rangeKind(begins bool) event.Kind {
	if begins {
		return event.RangeBegin
	}
	return event.RangeEnd
}

// assistActive: a goroutine is within a mark assist that began before.
func (o *orderer) assistActive(c *cursor) outcome {
	rawID, pos := uvarint(o.data, c.pos)
	id := int64(rawID)
	place := o.goroutines.find(id)
	if place == noGoroutine || !o.goroutines.list[place].alive {
		return o.wrongState(c, "goroutine", id)
	}
	g := &o.goroutines.list[place]
	if o.alone && !g.assumed && !g.born {
		o.assumed.add(assumption{kind: assumeAssist, id: id, value: 1})
		g.assist, g.assumed = true, true
	}
	if g.assist == o.initial {
		return o.wrongState(c, "goroutine", id)
	}
	g.assist = true
	c.pos = pos
	e := o.emit(c)
	e.Kind, e.Range, e.Subject = event.RangeActive, event.RangeMarkAssist, id
	return taken
}

// assist: a mark assist of the thread's goroutine begins or ends.
func (o *orderer) assist(c *cursor) outcome {
	var stackID uint64
	pos := c.pos
	begins := c.kind == typeGCMarkAssistBegin
	if begins {
		stackID, pos = uvarint(o.data, pos)
	}
	g := o.bound(c)
	if g == nil {
		return failed
	}
	stack := o.tables.stacks.get(stackID)
	if stack == nil {
		return o.noStack(c, stackID)
	}
	if o.alone && !g.assumed && !g.born {
		if !begins {
			return o.wrongState(c, "goroutine", g.id)
		}
		o.assumed.add(assumption{kind: assumeAssist, id: g.id, value: 0})
		g.assumed = true
	}
	if g.assist == begins {
		return o.wrongState(c, "goroutine", g.id)
	}
	g.assist = begins
	c.pos = pos
	e := o.emit(c)
	e.Kind, e.Range, e.Subject, e.Stack = rangeKind(begins), event.RangeMarkAssist, g.id, *stack
	return taken
}
