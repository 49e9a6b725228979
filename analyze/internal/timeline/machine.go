package timeline

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Options bound a Machine.
type Options struct {
	// From and To are the window, in ns since the trace's start. To 0 is the
	// trace's end.
	From, To int64
	// MaxGoroutines bounds how many goroutines may live at once; 0 is two
	// million.
	MaxGoroutines int
	// Select, if given, says which goroutines are asked for. The records of the
	// others carry FlagDeselected.
	Select func(goroutine int64) bool
}

const defaultMaxGoroutines = 2_000_000

// Machine follows the state of a program through its events.
type Machine struct {
	tables  *event.Tables
	version int
	opts    Options
	sink    Sink
	out     []Record

	started bool
	origin  int64 // clock of the first event
	wall    int64 // wall clock at the origin, 0 if not told
	now     int64 // of the last event, since origin

	goroutines goroutineTable
	groups     groupTable
	kinds      kindCache
	procs      procTable
	mark       openRange
	world      world

	inconsistent int64 // transitions from another state than the goroutine was in
	err          error
}

// batchSize is how many records go to the sink at once: enough to make the
// call cheap, few enough to stay in the cache.
const batchSize = 512

// New returns a Machine that sends its records to sink. version is the
// decoder's.
func New(tables *event.Tables, version int, opts Options, sink Sink) *Machine {
	if opts.To == 0 {
		opts.To = math.MaxInt64
	}
	if opts.MaxGoroutines == 0 {
		opts.MaxGoroutines = defaultMaxGoroutines
	}
	return &Machine{
		tables:     tables,
		version:    version,
		opts:       opts,
		sink:       sink,
		out:        make([]Record, 0, batchSize),
		goroutines: newGoroutineTable(),
		groups:     newGroupTable(),
		kinds:      newKindCache(tables),
	}
}

// Feed takes the next events, in order.
func (m *Machine) Feed(events []event.Event) error {
	for i := range events {
		m.feed(&events[i])
		if m.err != nil {
			return m.err
		}
	}
	return nil
}

func (m *Machine) feed(ev *event.Event) {
	if !m.started {
		m.start(ev)
	}
	m.now = ev.Time - m.origin
	switch ev.Kind {
	case event.GoTransition:
		m.goTransition(ev)
	case event.ProcTransition:
		m.procTransition(ev)
	case event.RangeBegin, event.RangeActive:
		m.rangeBegin(ev)
	case event.RangeEnd:
		m.rangeEnd(ev)
	case event.ProcsChange:
		m.procsChange(ev)
	case event.HeapLive:
		m.emit(Record{Op: OpHeap, Value: ev.Arg})
	case event.HeapGoal:
		m.emit(Record{Op: OpHeap, Value: ev.Arg, Next: 1})
	case event.TaskBegin, event.TaskEnd, event.RegionBegin, event.RegionEnd, event.Log, event.Label, event.Sample:
		m.annotate(ev)
	}
}

func (m *Machine) start(ev *event.Event) {
	m.started = true
	m.origin = ev.Time
	if ev.Kind == event.Sync {
		m.wall = ev.Arg
	}
}

// Finish closes what is open at the trace's end. No event may follow.
func (m *Machine) Finish() {
	live := m.goroutines.live()
	slices.SortFunc(live, func(a, b *goroutine) int { return cmp.Compare(a.id, b.id) })
	for _, g := range live {
		if g.group == NoGroup {
			m.assignGroup(g, m.groups.id(Unidentified, 0, false))
		}
		flags := FlagCensoredEnd
		if g.since == 0 && g.flags&FlagCensoredStart != 0 {
			flags |= FlagWholeTrace
		}
		m.closeInterval(g, m.now, event.GoUndetermined, m.kindAtEnd(g), flags)
	}
	m.finishProcs()
	m.finishRanges()
	m.flush()
}

// DurationNs is the time from the first to the last event.
func (m *Machine) DurationNs() int64 { return m.now }

// WallStart is the wall clock at the trace's start in ns since 1970, or 0.
func (m *Machine) WallStart() int64 { return m.wall }

// Window is the part of the trace that the records cover. It is known after
// Finish.
func (m *Machine) Window() (from, to int64) {
	to = min(m.opts.To, m.now)
	return min(m.opts.From, to), to
}

// Groups lists the groups by the number that records carry.
func (m *Machine) Groups() []Group { return m.groups.groups }

// Inconsistent counts changes of state that started from another state than the
// goroutine was in.
func (m *Machine) Inconsistent() int64 { return m.inconsistent }

// clip brings an instant into the window.
func (m *Machine) clip(t int64) int64 { return min(max(t, m.opts.From), m.opts.To) }

// emit sends a record that happens now.
func (m *Machine) emit(r Record) {
	r.Start, r.End = m.clip(m.now), m.clip(m.now)
	if m.now < m.opts.From || m.now > m.opts.To {
		r.Flags |= FlagOutside
	}
	m.push(r)
}

// emitSpan sends a record from start until end, both as recorded.
func (m *Machine) emitSpan(r Record, start, end int64) {
	if start < m.opts.From {
		r.Flags |= FlagCensoredStart
	}
	if end > m.opts.To {
		r.Flags |= FlagCensoredEnd
	}
	if end <= m.opts.From || start >= m.opts.To {
		r.Flags |= FlagOutside
	}
	r.Start, r.End = m.clip(start), m.clip(end)
	m.push(r)
}

func (m *Machine) push(r Record) {
	r.At = m.now
	m.out = append(m.out, r)
	if len(m.out) == cap(m.out) {
		m.flush()
	}
}

func (m *Machine) flush() {
	if len(m.out) > 0 {
		m.sink.Collect(m.out)
		m.out = m.out[:0]
	}
}

// annotate passes on what a program says about itself.
func (m *Machine) annotate(ev *event.Event) {
	r := Record{G: ev.G, Slot: -1, OtherSlot: -1, Group: NoGroup, Value: ev.Subject, Other: ev.Arg, Name: ev.Name, Stack: ev.Stack, P: ev.P}
	g := m.goroutines.get(ev.G)
	if g != nil {
		r.Slot, r.Group = g.slot, g.group
	}
	switch ev.Kind {
	case event.TaskBegin:
		r.Op = OpTaskBegin
	case event.TaskEnd:
		r.Op = OpTaskEnd
	case event.RegionBegin:
		r.Op = OpRegionBegin
	case event.RegionEnd:
		r.Op = OpRegionEnd
	case event.Log:
		r.Op = OpLog
	case event.Label:
		r.Op = OpLabel
	case event.Sample:
		r.Op = OpSample
	}
	if g != nil && r.Op >= OpTaskBegin && r.Op <= OpRegionEnd {
		m.split(g, FlagSplit)
	}
	m.emit(r)
}

// tooMany ends an analysis whose live goroutines no longer fit.
func (m *Machine) tooMany() {
	m.err = fmt.Errorf("more than %d goroutines live at once: raise the limit with --max-goroutines if the trace is to be trusted", m.opts.MaxGoroutines)
}

// kindAtEnd is the kind of an interval that is still open when the trace ends.
func (m *Machine) kindAtEnd(g *goroutine) waitkind.Kind {
	if g.state == event.GoSyscall {
		return m.syscallKind(g)
	}
	return g.present()
}
