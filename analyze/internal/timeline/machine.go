package timeline

import (
	"fmt"
	"math"

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
	keeper  Keeper   // sink, if it is one
	out     []Record // one batch
	n       int      // of out, filled

	started bool
	origin  int64 // clock of the first event
	wall    int64 // wall clock at the origin, 0 if not told
	now     int64 // of the last event, since origin

	goroutines goroutineTable
	groups     groupTable
	late       LateGroups
	kinds      kindCache
	procs      procTable
	mark       openRange
	world      world
	gaps       gaps

	inconsistent int64 // transitions from another state than the goroutine was in
	err          error
}

// batchSize is how many records go to the sink at once: enough to make it cheap
// to wake who waits for them, few enough for a few batches to stay in the second
// cache.
const batchSize = 4096

// New returns a Machine that sends its records to sink. version is the
// decoder's.
func New(tables *event.Tables, version int, opts Options, sink Sink) *Machine {
	if opts.To == 0 {
		opts.To = math.MaxInt64
	}
	if opts.MaxGoroutines == 0 {
		opts.MaxGoroutines = defaultMaxGoroutines
	}
	keeper, _ := sink.(Keeper)
	return &Machine{
		tables:     tables,
		version:    version,
		opts:       opts,
		sink:       sink,
		keeper:     keeper,
		out:        make([]Record, batchSize),
		goroutines: newGoroutineTable(),
		groups:     newGroupTable(),
		late:       LateGroups{},
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
		m.record(OpHeap).Value = ev.Arg
	case event.HeapGoal:
		r := m.record(OpHeap)
		r.Value, r.Next = ev.Arg, 1
	case event.Sync:
		m.generation()
	case event.Gap:
		m.gapBegins()
	case event.TaskBegin, event.TaskEnd, event.RegionBegin, event.RegionEnd, event.Log, event.Sample:
		m.annotate(ev)
	}
}

// generation begins a generation, or ends the last.
func (m *Machine) generation() {
	switch {
	case m.gaps.within:
		m.gapEnds()
	case m.gaps.behind:
		m.endUnnamed()
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
	m.endUnnamed()
	for _, g := range m.inOrder() {
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
	if m.keeper != nil {
		m.keeper.Wait()
	}
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

// Late are the groups of the goroutines that were born without one. It is whole after
// Finish.
func (m *Machine) Late() LateGroups { return m.late }

// Inconsistent counts changes of state that started from another state than the
// goroutine was in.
func (m *Machine) Inconsistent() int64 { return m.inconsistent }

// clip brings an instant into the window.
func (m *Machine) clip(t int64) int64 { return min(max(t, m.opts.From), m.opts.To) }

// record begins a record of what happens now and returns it to be filled in.
// It leaves with the batch, so it is written where it will be read.
func (m *Machine) record(op Op) *Record {
	r := m.blank(op)
	r.Start = m.clip(m.now)
	r.End = r.Start
	r.G, r.Slot, r.Group, r.P = event.NoG, -1, NoGroup, event.NoP
	if m.now < m.opts.From || m.now > m.opts.To {
		r.Flags |= FlagOutside
	}
	return r
}

// blank is the next record of the batch, known now and without another
// goroutine. It is cleared and then written field by field: a literal would be
// made elsewhere first and copied.
func (m *Machine) blank(op Op) *Record {
	if m.n == len(m.out) {
		m.flush()
	}
	r := &m.out[m.n]
	m.n++
	*r = Record{}
	r.Op, r.At, r.Other, r.OtherSlot = op, m.now, event.NoG, -1
	return r
}

// span gives a record its start and end, as recorded.
func (m *Machine) span(r *Record, start, end int64) {
	r.Flags &^= FlagOutside
	if end >= m.opts.To {
		r.Flags &^= FlagSplit // what it goes on with is not in the window
	}
	if m.opts.From <= start && m.opts.From < end && start < m.opts.To && end <= m.opts.To {
		r.Start, r.End = start, end
		return
	}
	m.cut(r, start, end)
}

// cut is span for what is not wholly inside the window.
func (m *Machine) cut(r *Record, start, end int64) {
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
}

func (m *Machine) flush() {
	switch {
	case m.n == 0:
		return
	case m.keeper != nil:
		m.out = m.keeper.Keep(m.out[:m.n])
	default:
		m.sink.Collect(m.out[:m.n])
	}
	m.n = 0
}

// annotations are the records of what a program says about itself.
var annotations = [event.Sample + 1]Op{
	event.TaskBegin:   OpTaskBegin,
	event.TaskEnd:     OpTaskEnd,
	event.RegionBegin: OpRegionBegin,
	event.RegionEnd:   OpRegionEnd,
	event.Log:         OpLog,
	event.Sample:      OpSample,
}

func (m *Machine) annotate(ev *event.Event) {
	op := annotations[ev.Kind]
	g := m.goroutines.get(ev.G)
	m.identifyContext(g, ev)
	if g != nil && op >= OpTaskBegin && op <= OpRegionEnd {
		m.split(g, ev.Stack, FlagSplit)
	}
	r := m.record(op)
	r.G, r.Value, r.Other, r.Name, r.Stack, r.P = ev.G, ev.Subject, ev.Arg, ev.Name, ev.Stack, ev.P
	if g != nil {
		r.Slot, r.Group = g.slot, g.group
	}
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
