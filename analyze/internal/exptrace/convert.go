package exptrace

import (
	"math"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"golang.org/x/exp/trace"
)

// convert writes ev as out.
func (d *converter) convert(ev *trace.Event, out *event.Event) {
	*out = event.Event{
		Kind: event.Other, // until more is known
		Time: int64(ev.Time()),
		G:    int64(ev.Goroutine()),
		M:    int64(ev.Thread()),
		P:    procID(ev.Proc()),
	}
	kind := ev.Kind()
	if kind == trace.EventStateTransition {
		d.transition(ev, out)
		return
	}
	out.Stack = d.stack(ev.Stack(), out)
	switch kind {
	case trace.EventSync:
		d.sync(ev, out)
	case trace.EventMetric:
		metric(ev, out)
	case trace.EventRangeBegin:
		out.Kind = event.RangeBegin
		d.rangeEvent(ev, out)
	case trace.EventRangeActive:
		out.Kind = event.RangeActive
		d.rangeEvent(ev, out)
	case trace.EventRangeEnd:
		out.Kind = event.RangeEnd
		d.rangeEvent(ev, out)
		// After a stop of the world across two generations the reason is
		// looked up in the wrong one's strings.
		out.Reason = event.ReasonNone
	case trace.EventTaskBegin:
		out.Kind = event.TaskBegin
		d.task(ev, out)
	case trace.EventTaskEnd:
		out.Kind = event.TaskEnd
		d.task(ev, out)
	case trace.EventRegionBegin:
		out.Kind = event.RegionBegin
		d.region(ev, out)
	case trace.EventRegionEnd:
		out.Kind = event.RegionEnd
		d.region(ev, out)
	case trace.EventLog:
		log := ev.Log()
		out.Kind, out.Subject = event.Log, int64(log.Task)
		out.Name = d.tables.Intern(log.Category)
		if d.tables.KeepsMessages() {
			out.Arg = int64(d.tables.InternMessage(log.Message))
		}
	case trace.EventStackSample:
		out.Kind = event.Sample
	}
}

func (d *converter) transition(ev *trace.Event, out *event.Event) {
	st := ev.StateTransition()
	switch st.Resource.Kind {
	case trace.ResourceGoroutine:
		from, to := st.Goroutine()
		out.Kind, out.Subject = event.GoTransition, int64(st.Resource.Goroutine())
		out.From, out.To = uint8(goStates[from]), uint8(goStates[to])
		if st.Reason != "" {
			out.Reason = d.reason(st.Reason, to)
		}
	case trace.ResourceProc:
		from, to := st.Proc()
		out.Kind, out.Subject = event.ProcTransition, int64(st.Resource.Proc())
		out.From, out.To = uint8(procStates[from]), uint8(procStates[to])
	}
	if st.Stack != trace.NoStack {
		out.SubjectStack = d.stack(st.Stack, out)
	}
	if context := ev.Stack(); context == st.Stack {
		out.Stack = out.SubjectStack
	} else {
		out.Stack = d.stack(context, out)
	}
}

// reason interns a reason. Most are the same as the last into the same state,
// and a comparison is cheaper than a look into a map.
func (d *converter) reason(s string, to trace.GoState) event.ReasonID {
	last := &d.reasons[to&7]
	if last.text != s {
		last.text, last.id = s, d.tables.InternReason(s)
	}
	return last.id
}

// The states are tables and not conversions, so that a renumbering in
// x/exp/trace cannot pass unseen. A state that is not here ends the decoding.
var goStates = [...]event.GoState{
	trace.GoUndetermined: event.GoUndetermined,
	trace.GoNotExist:     event.GoNotExist,
	trace.GoRunnable:     event.GoRunnable,
	trace.GoRunning:      event.GoRunning,
	trace.GoWaiting:      event.GoWaiting,
	trace.GoSyscall:      event.GoSyscall,
}

var procStates = [...]event.ProcState{
	trace.ProcUndetermined: event.ProcUndetermined,
	trace.ProcNotExist:     event.ProcNotExist,
	trace.ProcRunning:      event.ProcRunning,
	trace.ProcIdle:         event.ProcIdle,
}

// sync opens a generation. Handles of the one before must not be kept: each
// holds all of its tables.
func (d *converter) sync(ev *trace.Event, out *event.Event) {
	clear(d.stacks)
	clear(d.recent[:])
	out.Kind = event.Sync
	if wall, ok := wallClock(ev); ok {
		out.Arg = wall
	}
}

// wallClock reads the clock snapshot of a generation. The getter panics on
// batches of an experiment that it does not know, which do not matter here.
func wallClock(ev *trace.Event) (ns int64, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	snap := ev.Sync().ClockSnapshot
	if snap == nil {
		return 0, false
	}
	return snap.Wall.UnixNano(), true
}

func metric(ev *trace.Event, out *event.Event) {
	m := ev.Metric()
	switch m.Name {
	case "/sched/gomaxprocs:threads":
		out.Kind = event.ProcsChange
	case "/memory/classes/heap/objects:bytes":
		out.Kind = event.HeapLive
	case "/gc/heap/goal:bytes":
		out.Kind = event.HeapGoal
	default:
		return
	}
	out.Arg = int64(min(m.Value.Uint64(), math.MaxInt64))
}

const stwPrefix, stwSuffix = "stop-the-world (", ")"

func (d *converter) rangeEvent(ev *trace.Event, out *event.Event) {
	r := ev.Range()
	switch r.Name {
	case "GC concurrent mark phase":
		out.Range = event.RangeMark
	case "GC incremental sweep":
		out.Range, out.Subject = event.RangeSweep, int64(r.Scope.Proc())
	case "GC mark assist":
		out.Range, out.Subject = event.RangeMarkAssist, int64(r.Scope.Goroutine())
	default:
		if n := len(r.Name) - len(stwSuffix); n >= len(stwPrefix) && r.Name[:len(stwPrefix)] == stwPrefix {
			out.Range, out.Subject = event.RangeSTW, int64(r.Scope.Goroutine())
			out.Reason = d.tables.InternReason(r.Name[len(stwPrefix):n])
		}
	}
}

func (d *converter) task(ev *trace.Event, out *event.Event) {
	t := ev.Task()
	out.Subject, out.Arg, out.Name = int64(t.ID), int64(t.Parent), d.tables.Intern(t.Type)
}

func (d *converter) region(ev *trace.Event, out *event.Event) {
	r := ev.Region()
	out.Subject, out.Name = int64(r.Task), d.tables.Intern(r.Type)
}

// stack interns a stack, once per generation. A goroutine tends to do the same
// thing at the same place again, which a small cache by goroutine and state
// answers without hashing.
func (d *converter) stack(s trace.Stack, at *event.Event) event.StackID {
	if s == trace.NoStack {
		return 0
	}
	c := &d.recent[uint64(at.G*8+int64(at.To))%uint64(len(d.recent))]
	if c.stack == s {
		return c.id
	}
	id, ok := d.stacks[s]
	if !ok {
		id = d.intern(s)
		d.stacks[s] = id
	}
	c.stack, c.id = s, id
	return id
}

func (d *converter) intern(s trace.Stack) event.StackID {
	d.frames = d.frames[:0]
	for f := range s.Frames() {
		d.frames = append(d.frames, event.Frame{Func: f.Func, File: f.File, Line: int(min(f.Line, math.MaxInt32))})
	}
	return d.tables.InternStack(d.frames)
}

// procID narrows a P's ID; what does not fit is none, as no machine has it.
func procID(p trace.ProcID) int32 {
	if p < 0 || p > math.MaxInt32 {
		return event.NoP
	}
	return int32(p)
}
