package timeline

import (
	"strings"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// goroutine is the present state of one goroutine. It fits into a cache line.
type goroutine struct {
	id     int64
	since  int64 // start of the present interval
	m      int64 // the thread on which it entered its syscall
	lostAt int64 // when the syscall's P went away, or -1
	slot   int32
	group  int32
	stack  event.StackID  // where it last left the processor
	p      int32          // where it runs, or entered its syscall
	reason event.ReasonID // of the present wait
	flags  Flags          // of the present interval
	who    Flags          // FlagSystem, FlagDeselected: of every record of the goroutine
	state  event.GoState
	kind   waitkind.Kind // of the present state; User while running, whatever assist says
	fate   ProcFate

	assist    bool // within a mark assist
	stw       bool // holds the world stopped
	ownerless bool // created by no goroutine: by a timer
	paused    bool // has left the processor since its creation
	native    bool // a thread of C code: created in a system call
}

// present is the kind of the interval that is open.
func (g *goroutine) present() waitkind.Kind {
	if g.state == event.GoRunning && g.assist {
		return waitkind.GCAssist
	}
	return g.kind
}

// goTransition is an event of a goroutine.
func (m *Machine) goTransition(ev *event.Event) {
	g := m.goroutines.get(ev.Subject)
	switch {
	case g == nil && ev.GoFrom() == event.GoNotExist:
		m.create(ev)
	case g == nil:
		m.appear(ev)
	case m.gaps.behind && g.state == event.GoUndetermined:
		m.reappear(g, ev)
	case ev.GoFrom() == ev.GoTo() || ev.GoFrom() == event.GoUndetermined && g.state == ev.GoTo():
		m.confirm(g, ev)
	default:
		m.change(g, ev)
	}
}

// create starts the life of a goroutine within the trace.
func (m *Machine) create(ev *event.Event) {
	creator := m.goroutines.get(ev.G) // in a damaged trace nobody yet, or itself
	g := m.add(ev.Subject)
	if g == nil {
		return
	}
	m.identifyContext(creator, ev)
	g.since = m.now
	g.ownerless = ev.G == event.NoG
	if ev.SubjectStack != 0 {
		m.join(g, m.groups.created(m.tables, ev.SubjectStack, ev.Stack))
	}
	m.born(g, ev, 0)
	m.enter(g, ev)
	if g.state == event.GoRunnable {
		g.kind = waitkind.New
	}
}

// appear takes up a goroutine that is older than the trace. It has been in its
// state since the trace began: a status is written before anything else that
// the goroutine does.
func (m *Machine) appear(ev *event.Event) {
	g := m.add(ev.Subject)
	if g == nil {
		return
	}
	if from := ev.GoFrom(); from != event.GoUndetermined && from != ev.GoTo() {
		// Damage, or a decoder that skipped something: the state it was in
		// comes first.
		m.inconsistent++
		m.born(g, ev, FlagCensoredStart)
		g.state, g.kind, g.flags, g.since = from, waitkind.Unsaid, FlagCensoredStart, m.gaps.epoch
		m.change(g, ev)
		return
	}
	if entry := entryOf(m.tables, ev.SubjectStack); entry != "" {
		m.join(g, m.groups.id(entry, 0, false))
	}
	born := m.born(g, ev, FlagCensoredStart)
	m.enterBefore(g, ev, m.gaps.epoch)
	born.Then, born.Stack = g.kind, g.stack
}

// enterBefore puts a goroutine into a state that it has been in since the trace,
// or what follows a gap in it, began.
func (m *Machine) enterBefore(g *goroutine, ev *event.Event, epoch int64) {
	m.enter(g, ev)
	g.since, g.flags = epoch, g.flags|FlagCensoredStart
	m.procs.since(g, epoch)
	switch g.state {
	case event.GoRunnable:
		g.kind = waitkind.BeforeTrace
	case event.GoWaiting:
		g.kind = waitkind.Unsaid
		m.infer(g, ev.SubjectStack)
	}
}

// add takes a goroutine into the table, or nil and an error if there are too
// many.
func (m *Machine) add(id int64) *goroutine {
	if m.goroutines.n >= m.opts.MaxGoroutines {
		m.tooMany()
		return nil
	}
	g := m.goroutines.add(id)
	if m.opts.Select != nil && !m.opts.Select(id) {
		g.who = FlagDeselected
	}
	return g
}

// born introduces a goroutine to the collectors.
func (m *Machine) born(g *goroutine, ev *event.Event, flags Flags) *Record {
	r := m.record(OpBorn)
	r.G, r.Slot, r.Group, r.Next = g.id, g.slot, g.group, ev.GoTo()
	r.Flags |= flags | g.who
	m.named(r)
	if g.group == NoGroup {
		m.late.born(g.id)
	}
	if r.Next == event.GoSyscall {
		r.P = ev.P
	}
	if flags&FlagCensoredStart != 0 {
		if m.span(r, m.gaps.epoch, m.gaps.epoch); m.gaps.epoch > 0 {
			r.Flags |= FlagGap
		}
		return r
	}
	r.Other, r.OtherSlot, r.Stack = ev.G, m.goroutines.slotOf(ev.G), ev.Stack
	return r
}

// identify finds a goroutine's group by the first stack that shows its entry.
func (m *Machine) identify(g *goroutine, stack event.StackID) {
	if g.group == NoGroup && stack != 0 {
		m.identifyBy(g, stack)
	}
}

func (m *Machine) identifyBy(g *goroutine, stack event.StackID) {
	entry := entryOf(m.tables, stack)
	if g.native && strings.HasPrefix(entry, "runtime.") {
		return // cut off before the callback shows
	}
	if entry != "" {
		m.assignGroup(g, m.groups.id(entry, 0, false))
	}
}

// identifyContext identifies the goroutine that an event happened on, by the
// stack of the context: one that only ever runs shows no other.
func (m *Machine) identifyContext(g *goroutine, ev *event.Event) {
	if g != nil {
		m.identify(g, ev.Stack)
	}
}

// join gives a goroutine its group.
func (m *Machine) join(g *goroutine, group int32) {
	g.group = group
	if m.groups.groups[group].System {
		g.who |= FlagSystem
	}
}

// assignGroup gives a goroutine its group after its birth.
func (m *Machine) assignGroup(g *goroutine, group int32) {
	m.join(g, group)
	m.late.known(g.id, group)
	r := m.record(OpIdentified)
	r.G, r.Slot, r.Group = g.id, g.slot, group
	r.Flags |= g.who
	m.named(r)
}

// named puts the entry function's name into a record that gives a group.
func (m *Machine) named(r *Record) {
	if r.Group != NoGroup {
		r.Name = m.groups.name(m.tables, r.Group)
	}
}

// infer reads the kind of a wait that began before the trace off a status stack.
func (m *Machine) infer(g *goroutine, stack event.StackID) {
	if stack == 0 {
		return
	}
	if g.stack == 0 {
		g.stack = stack
	}
	if kind, ok := m.kinds.inferred(stack); ok {
		g.kind = kind
		g.flags |= FlagInferred
	}
}

// confirm takes what a repeated status adds: a stack.
func (m *Machine) confirm(g *goroutine, ev *event.Event) {
	m.identify(g, ev.SubjectStack)
	if g.state == event.GoWaiting && g.kind == waitkind.Unsaid && g.flags&FlagCensoredStart != 0 {
		m.infer(g, ev.SubjectStack)
	}
	if g.state == event.GoSyscall && g.stack == 0 {
		g.stack = ev.SubjectStack
	}
}

// change closes the present interval and opens the next.
func (m *Machine) change(g *goroutine, ev *event.Event) {
	if g.state != ev.GoFrom() && ev.GoFrom() != event.GoUndetermined {
		// Go 1.11–1.21 create a C thread's goroutine as runnable and then say
		// that it is in a system call; anything else is damage.
		m.inconsistent++
	}
	m.identify(g, ev.SubjectStack)
	next := ev.GoTo()
	if next == event.GoNotExist && g.group == NoGroup {
		m.assignGroup(g, m.groups.id(Unidentified, 0, false))
	}
	r := m.leave(g, ev, next)
	if next == event.GoNotExist {
		m.goroutines.remove(g)
		return
	}
	m.enter(g, ev)
	r.Then = g.kind
}

// leave closes the interval of the state that a goroutine is in. The record may
// be written to until the next is made.
func (m *Machine) leave(g *goroutine, ev *event.Event, next event.GoState) *Record {
	switch g.state {
	case event.GoWaiting:
		return m.wake(g, ev, next)
	case event.GoSyscall:
		return m.leaveSyscall(g, next)
	case event.GoRunning:
		if ev.SubjectStack != 0 {
			g.stack = ev.SubjectStack
		}
		m.procs.vacate(m, g)
		return m.closeInterval(g, m.now, next, g.present(), 0)
	default:
		r := m.closeInterval(g, m.now, next, g.kind, 0)
		if next == event.GoRunning {
			r.P = ev.P
		}
		return r
	}
}

// wake closes a wait: who ended it decides what a timer's channel looks like.
func (m *Machine) wake(g *goroutine, ev *event.Event, next event.GoState) *Record {
	waker := m.goroutines.get(ev.G)
	m.identifyContext(waker, ev)
	kind, flags := g.kind, Flags(0)
	switch {
	case waker == nil || m.kinds.falseWaker(ev.Stack):
		kind, flags = waitkind.Externally(kind), FlagExternal
	case waker.ownerless && !waker.paused && m.now-waker.since < timerWorkNs:
		// A time.AfterFunc, such as the one behind a context's deadline, which
		// has done nothing else.
		kind, flags = waitkind.Externally(kind), FlagExternal
	case kind == waitkind.Unsaid && g.flags&FlagCensoredStart != 0:
		if k, ok := m.kinds.inferredFromWaker(ev.Stack); ok {
			kind, flags = k, FlagInferred
		}
	}
	r := m.closeInterval(g, m.now, next, kind, flags)
	r.Other, r.OtherStack, r.P = ev.G, ev.Stack, ev.P
	if waker != nil {
		r.OtherSlot = waker.slot
	}
	return r
}

// timerWorkNs is how long the goroutine of a time.AfterFunc may have run to count
// as the timer itself. One that computes first is waited for like any other.
const timerWorkNs = 100_000

func (m *Machine) leaveSyscall(g *goroutine, next event.GoState) *Record {
	m.procs.vacate(m, g)
	return m.closeInterval(g, m.now, next, m.syscallKind(g), 0)
}

// syscallKind is the kind of the present system call if it ends now. What a
// thread of C code does between its calls into Go has no stack.
func (m *Machine) syscallKind(g *goroutine) waitkind.Kind {
	if g.native && g.stack == 0 {
		return waitkind.Cgo
	}
	return m.kinds.syscall(g.stack, m.now-g.since)
}

// enteredKind is the kind of the present system call if it turns out to block.
func (m *Machine) enteredKind(g *goroutine) waitkind.Kind {
	if g.native && g.stack == 0 {
		return waitkind.Cgo
	}
	return m.kinds.entered(g.stack)
}

// enter puts a goroutine into the state that an event gives it.
func (m *Machine) enter(g *goroutine, ev *event.Event) {
	from := g.state
	g.state, g.since, g.flags, g.reason = ev.GoTo(), m.now, 0, event.ReasonNone
	switch g.state {
	default: // a state that only damage gives
		g.kind = waitkind.Unsaid
	case event.GoRunning:
		g.kind, g.p, g.m = waitkind.User, ev.P, ev.M
		m.procs.occupy(m, g, occupantRunning)
	case event.GoRunnable:
		g.kind = m.runnableKind(g, from, ev)
		g.paused = g.paused || from == event.GoRunning
	case event.GoWaiting:
		g.paused = true
		g.reason = ev.Reason
		g.kind = m.waitKind(ev)
		g.stack = ev.SubjectStack
	case event.GoSyscall:
		g.paused = true
		g.native = g.native || ev.GoFrom() == event.GoNotExist
		if ev.SubjectStack != 0 || from != event.GoRunning {
			// A return from Go into C has no stack; the call into C that it
			// returns to, if any, is the last one seen.
			g.stack = ev.SubjectStack
		}
		g.kind = m.enteredKind(g)
		g.p, g.m, g.lostAt, g.fate = ev.P, ev.M, -1, FateKept
		if g.p == event.NoP {
			g.fate = FateNone
		}
		m.procs.occupy(m, g, occupantSyscall)
	}
}

// runnableKind says why a goroutine is ready.
func (m *Machine) runnableKind(g *goroutine, from event.GoState, ev *event.Event) waitkind.Kind {
	switch from {
	case event.GoWaiting:
		if g.kind == waitkind.Coroutine && ev.G != event.NoG {
			g.flags |= FlagSwitch
		}
		return waitkind.Woken
	case event.GoRunning:
		return m.kinds.stop(ev.Reason, ev.SubjectStack)
	case event.GoSyscall:
		return waitkind.SyscallReturn
	}
	return waitkind.New
}

// waitKind says what a goroutine begins to wait for. A block without reason and
// stack is a side of an iter.Pull (Go 1.23 and later).
func (m *Machine) waitKind(ev *event.Event) waitkind.Kind {
	if ev.Reason == event.ReasonNone {
		if ev.SubjectStack == 0 || ev.GoFrom() == event.GoNotExist {
			if m.version >= 23 {
				return waitkind.Coroutine
			}
			return waitkind.Unsaid
		}
		// Go 1.11–1.21 give many of the runtime's own waits no reason.
		kind, _ := m.kinds.inferred(ev.SubjectStack)
		return kind
	}
	return m.kinds.wait(ev.Reason, ev.SubjectStack)
}

// closeInterval ends the present interval of a goroutine at t. Every
// nanosecond of every goroutine passes through here exactly once: at a change
// of state, at a split, and at the trace's end.
func (m *Machine) closeInterval(g *goroutine, t int64, next event.GoState, kind waitkind.Kind, flags Flags) *Record {
	r := m.blank(OpInterval)
	r.G, r.Slot, r.Group, r.P = g.id, g.slot, g.group, event.NoP
	r.State, r.Next, r.Kind, r.Reason, r.Stack = g.state, next, kind, g.reason, g.stack
	r.Value = -1
	flags |= g.flags | g.who
	switch g.state {
	case event.GoRunning:
		r.P = g.p
		if g.stw {
			flags |= FlagSTW
		}
	case event.GoSyscall:
		r.P, r.Fate, r.Value = g.p, g.fate, g.lostAt
	}
	r.Flags = flags
	m.span(r, g.since, t)
	return r
}

// split cuts a running interval at the present instant, so that what begins or
// ends here, on a stack of the goroutine's, can be counted from.
func (m *Machine) split(g *goroutine, stack event.StackID, flag Flags) {
	if g.state != event.GoRunning || g.since == m.now {
		return
	}
	if r := m.closeInterval(g, m.now, event.GoRunning, g.present(), flag); stack != 0 {
		r.Stack = stack
	}
	g.since, g.flags = m.now, 0
}
