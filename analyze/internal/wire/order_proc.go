package wire

import "github.com/conctrace/conctrace/analyze/internal/event"

// procStates are the states that a P's status stands for.
var procStates = [...]event.ProcState{
	0:             event.ProcUndetermined,
	procRunning:   event.ProcRunning,
	procIdle:      event.ProcIdle,
	procSyscall:   event.ProcRunning,
	procAbandoned: event.ProcIdle,
}

// procChange makes an event a P's change of state.
func procChange(e *event.Event, id int64, from, to event.ProcState) {
	e.Kind, e.Subject, e.From, e.To = event.ProcTransition, id, uint8(from), uint8(to)
}

// procStart: a thread takes an idle P.
func (o *orderer) procStart(c *cursor) outcome {
	rawID, pos := uvarint(o.data, c.pos)
	seq, pos := uvarint(o.data, pos)
	id, t := int64(rawID), c.thread
	p := o.procs.get(id)
	if !p.seen || p.status != procIdle || p.gen != o.gen || seq != p.seq+1 || t.p != noProc {
		return waits
	}
	if t.none {
		return o.noContext(c)
	}
	c.pos = pos
	p.status, p.seq = procRunning, seq
	procChange(o.emit(c), id, event.ProcIdle, event.ProcRunning)
	t.p = id
	return taken
}

// procStop: a thread gives its P up.
func (o *orderer) procStop(c *cursor) outcome {
	t := c.thread
	if t.p == noProc {
		return o.noContext(c)
	}
	p := o.procs.get(t.p)
	if !p.seen || p.status != procRunning && p.status != procSyscall {
		return o.wrongState(c, "P", t.p)
	}
	p.status = procIdle
	procChange(o.emit(c), t.p, event.ProcRunning, event.ProcIdle)
	t.p = noProc
	return taken
}

// procSteal: a P is taken from a thread that is in a system call. If the call
// began in an earlier generation, that thread may have moved on.
func (o *orderer) procSteal(c *cursor) outcome {
	rawID, pos := uvarint(o.data, c.pos)
	seq, pos := uvarint(o.data, pos)
	rawFrom, pos := uvarint(o.data, pos)
	id, from, t := int64(rawID), int64(rawFrom), c.thread
	p := o.procs.get(id)
	if !p.seen || p.status != procSyscall && p.status != procAbandoned || p.gen != o.gen || seq != p.seq+1 {
		return waits
	}
	if t.none {
		return o.noContext(c)
	}
	abandoned := p.status == procAbandoned
	p.status, p.seq = procIdle, seq
	if abandoned {
		c.pos = pos
		procChange(o.emit(c), id, event.ProcIdle, event.ProcIdle)
		return taken
	}
	victim := o.threads[from]
	if victim == nil || victim.p != id {
		return o.wrongState(c, "P", id)
	}
	c.pos = pos
	procChange(o.emit(c), id, event.ProcRunning, event.ProcIdle)
	victim.p = noProc
	return taken
}

// procStatus: the state of a P at its first mention in a generation.
func (o *orderer) procStatus(c *cursor) outcome {
	rawID, pos := uvarint(o.data, c.pos)
	status, pos := uvarint(o.data, pos)
	id := int64(rawID)
	if status >= uint64(len(procStates)) {
		return o.wrongState(c, "P", id)
	}
	c.pos = pos
	from, to := procStates[status], procStates[status]
	p := o.procs.get(id)
	if o.alone && !p.seen {
		o.assumeProc(p, id, uint8(status))
	}
	promoted := false
	switch {
	case !p.seen:
		*p = proc{seen: true, status: uint8(status)}
		from = event.ProcNotExist
		if o.initial {
			from = event.ProcUndetermined
		}
	case status == procAbandoned && p.status == procSyscall:
		// The thread that is in the call is known: nothing is lost.
		from, to, promoted = event.ProcRunning, event.ProcRunning, true
	case p.status != uint8(status):
		return o.wrongState(c, "P", id)
	}
	p.gen, p.seq = o.gen, 0
	if promoted {
		return o.promoted(c, id, from, to)
	}
	procChange(o.emit(c), id, from, to)
	if (status == procRunning || status == procSyscall) && !c.thread.none {
		c.thread.p = id
	}
	return taken
}

// promoted writes the status of a P that will be stolen in the context of the
// thread that holds it.
func (o *orderer) promoted(c *cursor, id int64, from, to event.ProcState) outcome {
	holder := o.holder(id)
	if holder == nil {
		return o.wrongState(c, "P", id)
	}
	if o.alone && !holder.assumeG {
		// Which goroutine it has is known to the state before.
		o.assumed.add(assumption{kind: patchHolder, id: holder.id, at: o.n})
	}
	e := o.emit(c)
	procChange(e, id, from, to)
	e.M, e.P, e.G = holder.id, narrow(id), holder.gid
	return taken
}

// holder is the thread that holds a P. In a damaged trace it may be several, and
// then the one with the lowest ID stands for them.
func (o *orderer) holder(id int64) (found *thread) {
	for _, t := range o.threads {
		if t.p == id && (found == nil || t.id < found.id) {
			found = t
		}
	}
	return found
}

// procsChange: GOMAXPROCS.
func (o *orderer) procsChange(c *cursor) outcome {
	n, pos := uvarint(o.data, c.pos)
	stackID, pos := uvarint(o.data, pos)
	return o.note(c, pos, stackID, event.ProcsChange, n)
}
