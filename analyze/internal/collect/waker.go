package collect

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// waker is who ended waits at a place: the goroutines of a group, at one place of
// theirs; or, without a group, a timer, the poller or the runtime.
type waker struct {
	group       *groupAccount
	stack       event.StackID
	waits, ns   int64
	via         [numWaitClasses]int64 // ns whose waker was itself woken from outside during the wait
	idleBlocked float64
	ref         int32  // number in the sweep
	into        *waker // where this account went, with its place's
}

// real is the account that this one became a part of, or itself.
func (w *waker) real() *waker {
	for w.into != nil {
		w = w.into
	}
	return w
}

// merge adds the account of the same waker.
func (w *waker) merge(o *waker) {
	o.into = w
	w.waits += o.waits
	w.ns += o.ns
	w.idleBlocked += o.idleBlocked
	for class, ns := range o.via {
		w.via[class] += ns
	}
}

// maxWakers bounds the wakers of one place; what comes later joins the last.
const maxWakers = 32

// waker finds who ended a wait among those of a place. The latest comes first.
func (c *cell) waker(group *groupAccount, stack event.StackID) *waker {
	for i, w := range c.wakers {
		if w.stack == stack && w.group == group {
			if i > 0 {
				c.wakers[i], c.wakers[i-1] = c.wakers[i-1], w
			}
			return w
		}
	}
	if len(c.wakers) >= maxWakers {
		return c.wakers[maxWakers-1]
	}
	w := &waker{group: group, stack: stack}
	c.wakers = append(c.wakers, w)
	return w
}

// attribute says who ended a wait and as what it counts, and what a wait for this
// goroutine counts as from now on.
func (a *accounting) attribute(l *life, r *timeline.Record) {
	l.lastWaker, l.lastClass, l.asked = nil, a.stacks.classOf(r.Kind, r.Stack), false
	if r.State == event.GoSyscall {
		l.wrote = l.wrote || a.stacks.of(r.Stack).writes
	}
	if r.Kind.Class() == waitkind.Running || r.Next == event.GoUndetermined {
		return
	}
	l.afterIO = l.lastClass == waitsIO || l.lastClass == waitsVia
	c := l.ended(r)
	if r.State == event.GoWaiting && r.Other != event.NoG && r.OtherSlot >= 0 && !r.Has(timeline.FlagExternal) {
		a.wokenBy(l, &a.lives[r.OtherSlot], r, c)
	}
	if c != nil && ticking[r.Kind] && r.Has(timeline.FlagExternal) && r.Flags&notWithin == 0 {
		a.volley(&c.ofTimers().aim, l, r, c, nil)
	}
	switch l.lastClass {
	case waitsIO:
		l.asked, l.wrote = l.wrote, false
		l.reader = a.stacks.of(r.Stack).reads
	case waitsVia:
		// It has set another to ask, who tells it the answer; whoever that is told
		// to in turn has not asked again.
		l.asked = r.OtherSlot >= 0 && a.lives[r.OtherSlot].reader
	}
	l.asked = l.asked || a.stacks.isCall(r.Kind, r.Stack)
	if l.asked = l.asked && r.Ns() >= leastAnswer; l.asked && c != nil {
		c.asked++
		c.askedNs += r.Ns()
	}
	switch l.lastClass {
	case waitsIO, waitsVia, waitsTimer, waitsSyscall:
		l.outside, l.outsideAs = r.At, viaOf[l.lastClass]
	}
	if c != nil {
		c.last = l.lastClass
	}
}

// viaOf is as what a wait counts for a goroutine that waited so itself.
var viaOf = [numWaitClasses]waitClass{waitsIO: waitsVia, waitsVia: waitsVia, waitsSyscall: waitsVia, waitsTimer: waitsTimer}

// ended is the account of the wait that a record closes, nil if it is in none.
func (l *life) ended(r *timeline.Record) *cell {
	c := l.cells[0]
	if r.Ns() <= 0 || c == nil || c.key.kind != r.Kind || c.key.stack != r.Stack {
		return nil
	}
	return c
}

// wokenBy books who ended a wait. One for a channel whose sender was itself held
// up from outside since the wait began was a wait for that, through it: the
// caller of net/http.Client waits for the goroutine that reads the connection.
func (a *accounting) wokenBy(l, by *life, r *timeline.Record, c *cell) {
	via := waitsNot
	switch r.Kind {
	case waitkind.ChanReceive, waitkind.Select:
		if by.outsideAs != waitsNot && by.outside > r.Start {
			via = by.outsideAs
			if l.lastClass != waitsVia { // by a site rule, whoever ends it
				l.lastClass = via
			}
		}
		if by.parent == l.id || by.grandparent == l.id {
			by.promise = c
		}
	}
	if l.lastClass == waitsVia {
		l.afterIO = true
	}
	if c == nil {
		return
	}
	w := a.waker(c, by.account(), r.OtherStack)
	w.waits++
	w.ns += r.Ns()
	if via != waitsNot {
		w.via[via] += r.Ns()
	}
	l.lastWaker = w
	a.wakes(l, by, r, c)
}

// waker finds who ended a wait among those of a place. A new one joins the queues of
// its line and the place's.
func (a *accounting) waker(c *cell, group *groupAccount, stack event.StackID) *waker {
	before := len(c.wakers)
	w := c.waker(group, stack)
	// Whoever cancels a context ends waits for many a thing at once.
	if len(c.wakers) > before && c.queue != nil && !a.stacks.of(stack).cancels {
		c.queue.join(a.stacks.queue(c.key.kind, stack))
	}
	return w
}
