package wire

import "github.com/conctrace/conctrace/analyze/internal/event"

// goStates are the states that a status stands for.
var goStates = [...]event.GoState{
	0:              event.GoUndetermined,
	statusRunnable: event.GoRunnable,
	statusRunning:  event.GoRunning,
	statusSyscall:  event.GoSyscall,
	statusWaiting:  event.GoWaiting,
}

// change makes an event a goroutine's change of state.
func change(e *event.Event, id int64, from, to event.GoState) {
	e.Kind, e.Subject, e.From, e.To = event.GoTransition, id, uint8(from), uint8(to)
}

// follows says whether a sequence number is the next of a goroutine's.
func (o *orderer) follows(g *goroutine, seq uint64) bool {
	return g.gen == o.gen && seq == g.seq+1
}

// running is the goroutine that runs on a thread with a P, or nil.
func (o *orderer) running(t *thread) *goroutine {
	if t.p == noProc || t.g == noGoroutine {
		return nil
	}
	g := &o.goroutines.list[t.g]
	if g.id != t.gid || !g.alive || g.status != statusRunning {
		return nil
	}
	return g
}

// goStart: a goroutine that is ready gets a P.
func (o *orderer) goStart(c *cursor) outcome {
	id, pos := uvarint(o.data, c.pos)
	seq, pos := uvarint(o.data, pos)
	place := o.goroutines.find(int64(id))
	if place == noGoroutine {
		return waits
	}
	g := &o.goroutines.list[place]
	if !g.alive || g.status != statusRunnable || !o.follows(g, seq) {
		return waits
	}
	t := c.thread
	if t.p == noProc || t.g != noGoroutine {
		return o.noContext(c)
	}
	c.pos = pos
	g.status, g.seq = statusRunning, seq
	change(o.emit(c), g.id, event.GoRunnable, event.GoRunning)
	t.g, t.gid = place, g.id
	return taken
}

// goUnblock: a goroutine that waited is ready. Anything can bring that about.
func (o *orderer) goUnblock(c *cursor) outcome {
	id, pos := uvarint(o.data, c.pos)
	seq, pos := uvarint(o.data, pos)
	stackID, pos := uvarint(o.data, pos)
	place := o.goroutines.find(int64(id))
	if place == noGoroutine {
		return waits
	}
	g := &o.goroutines.list[place]
	if !g.alive || g.status != statusWaiting || !o.follows(g, seq) {
		return waits
	}
	stack := o.tables.stacks.get(stackID)
	if stack == nil {
		return o.noStack(c, stackID)
	}
	c.pos = pos
	g.status, g.seq = statusRunnable, seq
	e := o.emit(c)
	change(e, g.id, event.GoWaiting, event.GoRunnable)
	e.Stack = *stack
	return taken
}

// goStop: the running goroutine blocks, or gives its P up.
func (o *orderer) goStop(c *cursor) outcome {
	reasonID, pos := uvarint(o.data, c.pos)
	stackID, pos := uvarint(o.data, pos)
	g := o.running(c.thread)
	if g == nil {
		return o.noContext(c)
	}
	stack := o.tables.stacks.get(stackID)
	if stack == nil {
		return o.noStack(c, stackID)
	}
	reason, ok := o.tables.reasonID(reasonID)
	if !ok {
		return o.noString(c, reasonID)
	}
	c.pos = pos
	e := o.emit(c)
	if c.kind == typeGoBlock {
		g.status = statusWaiting
		change(e, g.id, event.GoRunning, event.GoWaiting)
	} else {
		g.status = statusRunnable
		change(e, g.id, event.GoRunning, event.GoRunnable)
	}
	e.Reason, e.Stack, e.SubjectStack = reason, *stack, *stack
	c.thread.drop()
	return taken
}

// goDestroy: the running goroutine ends.
func (o *orderer) goDestroy(c *cursor) outcome {
	g := o.running(c.thread)
	if g == nil {
		return o.noContext(c)
	}
	change(o.emit(c), g.id, event.GoRunning, event.GoNotExist)
	o.end(c.thread)
	return taken
}

// end ends the goroutine of a thread.
func (o *orderer) end(t *thread) {
	g := &o.goroutines.list[t.g]
	o.bury(t.g, o.alone && (!g.born || g.reborn))
	t.drop()
}

// goCreate: a new goroutine, ready or, for a coroutine, blocked.
func (o *orderer) goCreate(c *cursor) outcome {
	id, pos := uvarint(o.data, c.pos)
	entryID, pos := uvarint(o.data, pos)
	stackID, pos := uvarint(o.data, pos)
	t := c.thread
	if t.p == noProc {
		return o.noContext(c)
	}
	if t.g == noGoroutine {
		if !o.nobodyCreates() {
			return o.wrongState(c, "goroutine", event.NoG)
		}
	} else {
		creator := &o.goroutines.list[t.g]
		if creator.id == t.gid && creator.alive && creator.status != statusRunning || o.alone && !creator.known {
			return o.wrongState(c, "goroutine", creator.id)
		}
	}
	entry, stack := o.tables.stacks.get(entryID), o.tables.stacks.get(stackID)
	if entry == nil {
		return o.noStack(c, entryID)
	}
	if stack == nil {
		return o.noStack(c, stackID)
	}
	status := uint8(statusRunnable)
	if c.kind == typeGoCreateBlocked {
		status = statusWaiting
	}
	if o.create(c, int64(id), status) == noGoroutine {
		return failed
	}
	c.pos = pos
	e := o.emit(c)
	change(e, int64(id), event.GoNotExist, goStates[status])
	e.Stack, e.SubjectStack = *stack, *entry
	return taken
}

// nobodyCreates: golang.org/x/exp/trace looks at the state of the creator also
// where there is none, and a file may have a goroutine of that ID.
func (o *orderer) nobodyCreates() bool {
	if o.alone && !o.askedNobody {
		o.askedNobody = true
		o.assumed.add(assumption{kind: assumeNoGoroutine, id: event.NoG})
	}
	g := o.alive(event.NoG)
	return g == nil || g.status == statusRunning
}

// bind binds a goroutine to a thread. One with the ID that means none is none.
func (t *thread) bind(place int32, id int64) {
	if t.g, t.gid = place, id; id == event.NoG {
		t.drop()
	}
}

// create takes up a new goroutine and returns its place.
func (o *orderer) create(c *cursor, id int64, status uint8) int32 {
	place := o.placeOf(id)
	g := &o.goroutines.list[place]
	if g.alive {
		o.wrongState(c, "goroutine", id)
		return noGoroutine
	}
	if o.alone && !g.known {
		o.assumed.add(assumption{kind: assumeNoGoroutine, id: id})
	}
	*g = goroutine{
		id: id, alive: true, known: true, born: true, reborn: g.known && (!g.born || g.reborn),
		status: status, gen: o.gen,
	}
	return place
}

// goStatus: the state of a goroutine at its first mention in a generation.
func (o *orderer) goStatus(c *cursor) outcome {
	rawID, pos := uvarint(o.data, c.pos)
	rawThread, pos := uvarint(o.data, pos)
	rawStatus, pos := uvarint(o.data, pos)
	var stackID uint64
	if c.kind == typeGoStatusStack {
		stackID, pos = uvarint(o.data, pos)
	}
	id, on, status := int64(rawID), int64(rawThread), uint8(rawStatus)
	stack := o.tables.stacks.get(stackID)
	if stack == nil {
		return o.noStack(c, stackID)
	}
	if int(status) >= len(goStates) {
		return o.wrongState(c, "goroutine", id)
	}
	from := goStates[status]
	place := o.placeOf(id)
	g := &o.goroutines.list[place]
	switch {
	case g.alive:
		if g.status != status {
			return o.wrongState(c, "goroutine", id)
		}
		g.gen, g.seq = o.gen, 0
	case o.initial:
		*g = goroutine{id: id, alive: true, known: true, status: status, gen: o.gen}
		from = event.GoUndetermined
	case o.alone && !g.known:
		o.assumed.add(assumption{kind: assumeGoroutine, id: id, value: int64(status)})
		*g = goroutine{id: id, alive: true, known: true, status: status, gen: o.gen}
	default:
		return o.wrongState(c, "goroutine", id)
	}
	m, gid := c.thread.id, c.thread.gid
	if status == statusSyscall && on != m {
		t := o.inSyscall(c, on, place, id)
		if t == nil {
			return failed
		}
		if m = on; t.seen {
			gid = id
		}
		t.seen = true
	}
	if status == statusSyscall && on == c.thread.id && !o.initial && c.thread.gid != id {
		return o.wrongState(c, "goroutine", id) // its thread would have been seen with it
	}
	c.pos = pos
	e := o.emit(c)
	change(e, id, from, goStates[status])
	e.M, e.G, e.Stack, e.SubjectStack = m, gid, *stack, *stack
	if (status == statusRunning || status == statusSyscall && on == c.thread.id) && !c.thread.none {
		c.thread.bind(place, id)
	}
	return taken
}

// inSyscall is the thread on which a goroutine has been in a system call without
// a word: one that holds it, or one that was never seen and does so from now on.
func (o *orderer) inSyscall(c *cursor, on int64, place int32, id int64) *thread {
	if on == noThread {
		o.wrongState(c, "goroutine", id)
		return nil
	}
	t := o.threadOf(on)
	if o.alone {
		if !t.assumeG {
			o.assumeSyscall(t, place, id)
		}
		t.seen = true // whoever wrote the assumption true has
	}
	if t.seen && t.gid != id {
		o.wrongState(c, "goroutine", id)
		return nil
	}
	if !t.seen {
		t.bind(place, id)
	}
	return t
}

// goSwitch: one side of an iter.Pull hands over to the other: it is woken, the
// running one blocks or ends, and it runs.
func (o *orderer) goSwitch(c *cursor) outcome {
	id, pos := uvarint(o.data, c.pos)
	seq, pos := uvarint(o.data, pos)
	g := o.running(c.thread)
	if g == nil {
		return o.noContext(c)
	}
	place := o.goroutines.find(int64(id))
	if place == noGoroutine {
		return waits
	}
	next := &o.goroutines.list[place]
	if !next.alive || next.status != statusWaiting || !o.follows(next, seq) {
		return waits
	}
	c.pos = pos
	change(o.emit(c), next.id, event.GoWaiting, event.GoRunnable)
	if c.kind == typeGoSwitch {
		g.status = statusWaiting
		change(o.emit(c), g.id, event.GoRunning, event.GoWaiting)
	} else {
		change(o.emit(c), g.id, event.GoRunning, event.GoNotExist)
		o.end(c.thread)
	}
	c.thread.drop()
	change(o.emit(c), next.id, event.GoRunnable, event.GoRunning)
	next.status, next.seq = statusRunning, seq
	c.thread.g, c.thread.gid = place, next.id
	return taken
}

// goSyscallBegin: the running goroutine enters a system call and keeps its P,
// whose sequence number tells this call from others of which it may be stolen.
func (o *orderer) goSyscallBegin(c *cursor) outcome {
	seq, pos := uvarint(o.data, c.pos)
	stackID, pos := uvarint(o.data, pos)
	g := o.running(c.thread)
	if g == nil {
		return o.noContext(c)
	}
	stack := o.tables.stacks.get(stackID)
	if stack == nil {
		return o.noStack(c, stackID)
	}
	p := o.procs.get(c.thread.p)
	if !p.seen || p.gen != o.gen || seq != p.seq+1 {
		return o.wrongState(c, "P", c.thread.p)
	}
	c.pos = pos
	g.status, p.status, p.seq = statusSyscall, procSyscall, seq
	e := o.emit(c)
	change(e, g.id, event.GoRunning, event.GoSyscall)
	e.Stack, e.SubjectStack = *stack, *stack
	return taken
}

// inCall is the goroutine in a system call on a cursor's thread, or nil.
func (o *orderer) inCall(c *cursor) *goroutine {
	t := c.thread
	if t.g == noGoroutine {
		o.noContext(c)
		return nil
	}
	g := &o.goroutines.list[t.g]
	if g.id != t.gid || !g.alive || g.status != statusSyscall {
		o.wrongState(c, "goroutine", g.id)
		return nil
	}
	return g
}

// goSyscallEnd: the goroutine comes back to the P that it kept.
func (o *orderer) goSyscallEnd(c *cursor) outcome {
	if c.thread.p == noProc {
		return o.noContext(c)
	}
	g := o.inCall(c)
	if g == nil {
		return failed
	}
	p := o.procs.get(c.thread.p)
	if !p.seen || p.status != procSyscall {
		return o.wrongState(c, "P", c.thread.p)
	}
	g.status, p.status = statusRunning, procRunning
	change(o.emit(c), g.id, event.GoSyscall, event.GoRunning)
	return taken
}

// goSyscallEndBlocked: the goroutine comes back without its P, once that is
// gone. A new one it may have already.
func (o *orderer) goSyscallEndBlocked(c *cursor) outcome {
	t := c.thread
	if t.p != noProc {
		p := o.procs.get(t.p)
		if !p.seen {
			return o.wrongState(c, "P", t.p)
		}
		if p.status == procSyscall {
			return waits
		}
	}
	g := o.inCall(c)
	if g == nil {
		return failed
	}
	g.status = statusRunnable
	change(o.emit(c), g.id, event.GoSyscall, event.GoRunnable)
	t.drop()
	return taken
}

// goCreateSyscall: a thread of C code calls into Go.
func (o *orderer) goCreateSyscall(c *cursor) outcome {
	id, pos := uvarint(o.data, c.pos)
	t := c.thread
	if t.none || t.g != noGoroutine {
		return o.noContext(c)
	}
	place := o.create(c, int64(id), statusSyscall)
	if place == noGoroutine {
		return failed
	}
	c.pos = pos
	change(o.emit(c), int64(id), event.GoNotExist, event.GoSyscall)
	t.bind(place, int64(id))
	return taken
}

// goDestroySyscall: the call from C has ended, or its thread has. If it held a P,
// nobody does now: the thread's ID may come back for another thread.
func (o *orderer) goDestroySyscall(c *cursor) outcome {
	t := c.thread
	g := o.inCall(c)
	if g == nil {
		return failed
	}
	if t.p != noProc {
		p := o.procs.get(t.p)
		if !p.seen || p.status != procSyscall {
			return o.wrongState(c, "P", t.p)
		}
		p.status = procAbandoned
		procChange(o.emit(c), t.p, event.ProcRunning, event.ProcIdle)
	}
	change(o.emit(c), g.id, event.GoSyscall, event.GoNotExist)
	o.end(t)
	t.p = noProc
	return taken
}
