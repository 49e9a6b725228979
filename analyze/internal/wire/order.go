package wire

import (
	"errors"
	"math"

	"github.com/conctrace/conctrace/analyze/internal/event"
)

// orderer puts the events of a generation in order: the state machine that says
// which event may come next, and in what context it happened.
//
// Each thread's events are in order; between threads the clock decides, unless
// the sequence numbers of goroutines and Ps forbid what it says: then the first
// event by the clock that may happen is next (GOROOT/src/internal/trace/order.go,
// whose decisions these are, one by one).
//
// It works in one of two ways. In sequence it goes on with the state that the
// generations before left. Alone it knows nothing of them: what it needs of that
// state it takes from the generation's own statuses and notes as an assumption
// (assume.go), to be held against the truth later.
type orderer struct {
	*state
	g       *generation
	data    []byte
	tables  *tables
	gen     uint32 // tells this generation's sequence numbers from others'
	initial bool   // the first of the trace, or behind a gap: nothing is known before it
	alone   bool
	assumed assumptions // where alone

	askedNobody bool // the assumption that nobody has the ID of none is noted

	frontier frontier
	samples  []sample
	buf      []event.Event // to be filled
	n        int           // of it, filled
	before   int           // n before the event at hand
	flush    func() bool   // takes buf[:n] and gives a new one, or reports false to stop
	last     int64         // time of the last event
	err      error
	sorting  int // cursors sorted because the clock's order did not hold

	exactTicks   uint64 // up to which a multiplication of integers is exact
	intNsPerTick int64
}

// outcome says what became of the event at a cursor's head.
type outcome uint8

const (
	taken  outcome = iota
	waits          // something else must happen before
	failed         // nothing can make it right: orderer.err
)

// errStopped is the end of an orderer that was told to stop.
var errStopped = errors.New("stopped")

// mostEvents is how many events one event of the file may become.
const mostEvents = 3

// maxSorting bounds the work on a generation whose clock contradicts its
// sequence numbers. That never happens on a machine with sound clocks.
const maxSorting = 1 << 30

// MaxSpanNs bounds the time between two events, and so between the first and
// the last: more than a month is a damaged clock, not a trace.
const MaxSpanNs = maxSpanSec * 1e9

// run orders the generation.
func (o *orderer) run() error {
	if k := int64(o.g.nsPerTick); float64(k) == o.g.nsPerTick && k > 0 && k < 1<<10 {
		o.exactTicks, o.intNsPerTick = 1<<43, k
	}
	o.sync()
	if o.err == nil {
		o.open()
	}
	for o.err == nil && (len(o.frontier) > 0 || len(o.samples) > 0) {
		if len(o.samples) > 0 && (len(o.frontier) == 0 || o.samples[0].ns < o.frontier[0].time) {
			o.sample()
			continue
		}
		o.stretch()
	}
	return o.err
}

// sync opens the generation.
func (o *orderer) sync() {
	t := o.g.ns(o.g.earliest)
	if !o.alone {
		if o.g.index > 0 && t-o.last > MaxSpanNs {
			o.implausible(0)
			return
		}
		t = max(t, o.last+1)
	}
	o.last = t
	o.buf[o.n] = event.Event{Kind: event.Sync, Time: t, G: event.NoG, P: event.NoP, M: event.NoM, Arg: o.g.wall()}
	o.n++
}

// wall is the wall clock at the generation's start, or 0. An experiment that
// golang.org/x/exp/trace does not know keeps it from telling.
func (g *generation) wall() int64 {
	if g.unknownExp {
		return 0
	}
	return g.wallNs
}

// open puts the threads' cursors at their first events.
func (o *orderer) open() {
	if o.alone {
		o.foresee()
	}
	for _, id := range o.g.threads {
		c := &cursor{thread: o.threadOf(id), batches: o.g.batches[id]}
		if o.next(c) {
			o.frontier.push(c)
		}
		if o.err != nil {
			return
		}
	}
	o.samples = o.g.samples
}

// threadOf is the state of a thread, a new one if there is none.
func (o *orderer) threadOf(id int64) *thread {
	t := o.threads[id]
	if t == nil {
		t = newThread(id)
		if !t.none {
			o.threads[id] = t
		}
	}
	return t
}

// stretch takes events from the head of the frontier for as long as it stays the
// head.
func (o *orderer) stretch() {
	c := o.frontier[0].cursor
	limit := o.frontier.limit()
	if len(o.samples) > 0 {
		limit = min(limit, o.samples[0].ns)
	}
	c.thread.seen = true
	for {
		if o.n+mostEvents > len(o.buf) && !o.makeRoom() {
			return
		}
		o.before = o.n
		switch handlers[c.kind](o, c) {
		case waits:
			o.frontier[0].time = c.time
			o.another()
			return
		case failed:
			o.overrun(c)
			return
		}
		if !o.next(c) {
			if o.err == nil {
				o.frontier.remove(0)
			}
			return
		}
		if c.time > limit {
			o.frontier[0].time = c.time
			o.frontier.down(0)
			return
		}
	}
}

// another takes the first event by time that may happen, where the head of the
// frontier may not.
func (o *orderer) another() {
	if o.sorting += len(o.frontier); o.sorting > maxSorting {
		o.fail(o.frontier[0].pos, "events whose sequence numbers contradict their times throughout, which takes too long to put in order,")
		return
	}
	o.frontier.sort()
	for i := 1; i < len(o.frontier); i++ {
		c := o.frontier[i].cursor
		c.thread.seen = true
		o.before = o.n
		switch handlers[c.kind](o, c) {
		case waits:
			continue
		case failed:
			o.overrun(c)
			return
		}
		if o.next(c) {
			o.frontier.update(i)
		} else if o.err == nil {
			o.frontier.remove(i)
		}
		return
	}
	c := o.frontier[0].cursor
	o.fail(c.pos, "none of the next events can happen: something is missing before the event %s", eventName(c.kind))
}

// overrun puts right why an event failed whose numbers do not end in its batch.
func (o *orderer) overrun(c *cursor) {
	if argCount[c.kind] == notTimed {
		return
	}
	pos := c.pos
	for range argCount[c.kind] {
		_, pos = uvarint(o.data, pos)
	}
	if pos > c.end {
		o.err = nil
		o.fail(c.pos, "an event %s that does not end in its batch", eventName(c.kind))
	}
}

// makeRoom hands out what was ordered.
func (o *orderer) makeRoom() bool {
	if o.flush() {
		return true
	}
	o.err = errStopped
	return false
}

// fail ends the ordering with what is wrong at an offset of the generation.
func (o *orderer) fail(pos int, format string, args ...any) outcome {
	if o.err == nil {
		o.err = o.g.at(pos, format, args...)
	}
	return failed
}

// handlers are the state machine: what takes the event at a cursor's head, if it
// may happen, by its type.
var handlers = func() (h [256]func(*orderer, *cursor) outcome) {
	for i := range h {
		h[i] = (*orderer).unknown
	}
	for kind, handler := range map[byte]func(*orderer, *cursor) outcome{
		typeProcsChange: (*orderer).procsChange,
		typeProcStart:   (*orderer).procStart,
		typeProcStop:    (*orderer).procStop,
		typeProcSteal:   (*orderer).procSteal,
		typeProcStatus:  (*orderer).procStatus,

		typeGoCreate:            (*orderer).goCreate,
		typeGoCreateBlocked:     (*orderer).goCreate,
		typeGoCreateSyscall:     (*orderer).goCreateSyscall,
		typeGoStart:             (*orderer).goStart,
		typeGoDestroy:           (*orderer).goDestroy,
		typeGoDestroySyscall:    (*orderer).goDestroySyscall,
		typeGoStop:              (*orderer).goStop,
		typeGoBlock:             (*orderer).goStop,
		typeGoUnblock:           (*orderer).goUnblock,
		typeGoSyscallBegin:      (*orderer).goSyscallBegin,
		typeGoSyscallEnd:        (*orderer).goSyscallEnd,
		typeGoSyscallEndBlocked: (*orderer).goSyscallEndBlocked,
		typeGoStatus:            (*orderer).goStatus,
		typeGoStatusStack:       (*orderer).goStatus,
		typeGoSwitch:            (*orderer).goSwitch,
		typeGoSwitchDestroy:     (*orderer).goSwitch,

		typeSTWBegin:           (*orderer).stwBegin,
		typeSTWEnd:             (*orderer).stwEnd,
		typeGCActive:           (*orderer).mark,
		typeGCBegin:            (*orderer).mark,
		typeGCEnd:              (*orderer).mark,
		typeGCSweepActive:      (*orderer).sweepActive,
		typeGCSweepBegin:       (*orderer).sweep,
		typeGCSweepEnd:         (*orderer).sweep,
		typeGCMarkAssistActive: (*orderer).assistActive,
		typeGCMarkAssistBegin:  (*orderer).assist,
		typeGCMarkAssistEnd:    (*orderer).assist,
		typeHeapAlloc:          (*orderer).heap,
		typeHeapGoal:           (*orderer).heap,

		typeGoLabel:         (*orderer).label,
		typeUserTaskBegin:   (*orderer).taskBegin,
		typeUserTaskEnd:     (*orderer).taskEnd,
		typeUserRegionBegin: (*orderer).region,
		typeUserRegionEnd:   (*orderer).region,
		typeUserLog:         (*orderer).log,
	} {
		h[kind] = handler
	}
	for kind := typeSpan; kind <= typeGoroutineStackEnd; kind++ {
		h[kind] = (*orderer).experimental
	}
	return h
}()

// unknown is a byte that is no event's.
func (o *orderer) unknown(c *cursor) outcome {
	return o.fail(c.pos, "an event %s, which is not known,", eventName(c.kind))
}

// emit writes an event with the time and the context of a cursor's head. The
// caller fills in the rest.
//
// The times rise strictly: where the clock does not, the next nanosecond stands
// in. Alone, that is as far as this generation tells.
func (o *orderer) emit(c *cursor) *event.Event {
	at := max(c.time, o.last+1)
	if at-o.last > MaxSpanNs {
		o.implausible(c.pos)
		c.pos = c.end + 1 // takes the event back: see next
	}
	o.last = at
	t := c.thread
	e := &o.buf[o.n]
	o.n++
	*e = event.Event{Time: at, G: t.gid, M: t.id, P: narrow(t.p)}
	return e
}

// implausible ends the ordering at a time that only damage explains.
func (o *orderer) implausible(pos int) {
	o.err = o.g.at(pos, "a time that is not plausible: the clock's frequency or the times are damaged,")
}

// narrow is a P's ID as events have it; what does not fit is none, as no machine
// has it.
func narrow(p int64) int32 {
	if uint64(p) <= math.MaxInt32 {
		return int32(p)
	}
	return event.NoP
}

// sample takes the next CPU sample.
func (o *orderer) sample() {
	if o.n+mostEvents > len(o.buf) && !o.makeRoom() {
		return
	}
	s := o.samples[0]
	o.samples = o.samples[1:]
	id := o.tables.stacks.get(s.stack)
	if id == nil {
		o.fail(0, "a CPU sample on a stack that is not there (%d)", s.stack)
		return
	}
	at := max(s.ns, o.last+1)
	if at-o.last > MaxSpanNs {
		o.implausible(0)
		return
	}
	o.last = at
	o.buf[o.n] = event.Event{Kind: event.Sample, Time: at, G: s.goroutine, M: s.thread, P: narrow(s.p), Stack: *id}
	o.n++
}

// noContext is the failure of an event that needs a P or a goroutine that its
// thread does not have, or has otherwise.
func (o *orderer) noContext(c *cursor) outcome {
	return o.fail(c.pos, "an event %s that does not fit what thread %d holds (P %d, goroutine %d),", eventName(c.kind), c.thread.id, c.thread.p, c.thread.gid)
}

// noStack is the failure of an event with a stack that the generation lacks.
func (o *orderer) noStack(c *cursor, id uint64) outcome {
	return o.fail(c.pos, "an event %s on a stack that is not there (%d)", eventName(c.kind), id)
}

func (o *orderer) noString(c *cursor, id uint64) outcome {
	return o.fail(c.pos, "an event %s with a string that is not there (%d)", eventName(c.kind), id)
}

// wrongState is the failure of an event of a goroutine or P in another state
// than the event may find it in.
func (o *orderer) wrongState(c *cursor, what string, id int64) outcome {
	return o.fail(c.pos, "an event %s for %s %d, which its state before does not allow,", eventName(c.kind), what, id)
}
