// Package relay hands what a timeline tells over to an interval.Sink.
//
// It takes the records of a second reading of a trace, when it is known what is at
// rest and which goroutine is of which group. It holds nothing but what is open: the
// goroutines that live, their regions, the tasks.
//
// relay.go follows goroutines, names.go what their intervals were, spans.go tasks and
// regions, beside.go the runtime's own work, logs and samples.
package relay

import (
	"github.com/conctrace/conctrace/analyze/internal/collect"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Options are what is known from the first reading.
type Options struct {
	Result *result.Result
	// Late are the groups of the goroutines that were born without one.
	Late timeline.LateGroups
	// System says which groups are the runtime's or the tracer's own.
	System func(group int32) bool
	// GroupAt is where a group of the trace is in the result, -1 if it is not.
	GroupAt func(group int32) int
	// Idle says of the waits of a group, of one kind on one stack, by which rule they
	// are at rest, and whether others stand for whoever waits.
	Idle func(collect.Place) (rule string, join bool)
	// Culprit says which function had most of the waits at a place that goroutines of a
	// group ended; nil where nobody asks for it.
	Culprit func(at collect.Place, waker int32) (result.Frame, bool)
}

// Relay is a timeline.Sink.
type Relay struct {
	opts     Options
	from, to int64 // the window, ns
	tables   *event.Tables
	sink     interval.Sink
	names    names
	lives    []life        // by slot
	births   map[int64]int // of goroutines without a group, where there were several
	tasks    map[int64]*openTask
	dropped  bool // tasks: too many were open
	culprits map[culpritKey]int32
	stretch  interval.Stretch // scratch
}

// life is a goroutine that lives.
type life struct {
	id      int64
	group   int32          // in the trace
	who     timeline.Flags // FlagSystem
	told    bool           // it is asked for
	begun   bool           // something of it lies in the window
	birth   interval.Birth
	end     int64 // of its last interval
	ready   waker // who made it ready last
	regions []interval.Region
	own     []int64 // tasks that it began and that have not ended
}

// waker is who ended a wait or created a goroutine.
type waker struct {
	g     int64
	slot  int32
	group int32
	stack event.StackID
}

var nobody = waker{g: event.NoG, slot: -1, group: timeline.NoGroup}

// culpritKey is the waits at a place that goroutines of a group ended.
type culpritKey struct{ cell, waker int32 }

// New returns a Relay for a reading whose decoder has tables.
func New(o Options, tables *event.Tables, sink interval.Sink) *Relay {
	r := &Relay{
		opts: o, from: o.Result.Scope.FromNs, to: o.Result.Scope.ToNs, tables: tables, sink: sink,
		names: newNames(o, tables), births: map[int64]int{}, tasks: map[int64]*openTask{}, culprits: map[culpritKey]int32{},
	}
	sink.Begin(o.Result, r.names.to)
	return r
}

// Collect takes records in order.
func (l *Relay) Collect(batch []timeline.Record) {
	for i := range batch {
		r := &batch[i]
		switch r.Op {
		case timeline.OpBorn:
			l.born(r)
		case timeline.OpInterval:
			l.interval(r)
		default:
			l.beside(r)
		}
	}
}

func (l *Relay) born(r *timeline.Record) {
	for int(r.Slot) >= len(l.lives) {
		l.lives = append(l.lives, life{})
	}
	g := &l.lives[r.Slot]
	group, who := r.Group, r.Flags&timeline.FlagSystem
	if group == timeline.NoGroup {
		if group = l.late(r.G); group != timeline.NoGroup && l.opts.System(group) {
			who = timeline.FlagSystem
		}
	}
	*g = life{id: r.G, group: group, who: who, told: !r.Has(timeline.FlagDeselected), ready: nobody, regions: g.regions[:0], own: g.own[:0]}
	if r.Flags&(timeline.FlagCensoredStart|timeline.FlagGap) == 0 && r.Other != event.NoG {
		g.ready = l.waker(r.Other, r.OtherSlot, r.Stack)
	}
	if g.told {
		g.birth = interval.Birth{
			G: r.G, Slot: r.Slot, At: r.Start, Group: l.opts.GroupAt(group), Parent: r.Other, ParentSlot: r.OtherSlot, Stack: l.names.stack(r.Stack),
			Older: r.Flags&(timeline.FlagCensoredStart|timeline.FlagOutside) != 0, System: who != 0,
		}
		if !g.birth.Older {
			l.beginSlot(r.OtherSlot)
			l.begin(g)
		}
	}
}

// late is the group of a goroutine that is born without one.
func (l *Relay) late(g int64) int32 {
	all := l.opts.Late[g]
	if len(all) == 1 {
		return all[0]
	}
	n := l.births[g]
	if n >= len(all) {
		return timeline.NoGroup // the file is not what it was
	}
	l.births[g]++
	return all[n]
}

// waker is a goroutine that others know by its slot.
func (l *Relay) waker(g int64, slot int32, stack event.StackID) waker {
	w := waker{g: g, slot: slot, group: timeline.NoGroup, stack: stack}
	if slot >= 0 && int(slot) < len(l.lives) {
		w.group = l.lives[slot].group
	}
	return w
}

// live is the goroutine of a record, nil if it is not one that is asked for.
func (l *Relay) live(r *timeline.Record) *life {
	if r.Slot < 0 || int(r.Slot) >= len(l.lives) || !l.lives[r.Slot].told {
		return nil
	}
	return &l.lives[r.Slot]
}

func (l *Relay) interval(r *timeline.Record) {
	g := &l.lives[r.Slot]
	last := r.Next == event.GoNotExist || r.Next == event.GoUndetermined && !r.Has(timeline.FlagGap)
	switch {
	case g.told:
		if r.Ns() > 0 || last && g.begun {
			l.tell(g, r, last)
		}
		l.readied(g, r)
		if last {
			l.endRegions(g, r)
		}
	case r.Has(timeline.FlagDeselected) && r.State == event.GoRunning && r.P >= 0 && r.Ns() > 0:
		l.sink.Others(r.P, r.Start, r.Ns())
	}
	if last {
		g.told = false
	}
}

// readied notes who ended a wait, for the wait for a processor that follows.
func (l *Relay) readied(g *life, r *timeline.Record) {
	switch r.State {
	case event.GoWaiting:
		g.ready = l.endedBy(r)
	case event.GoRunning, event.GoSyscall, event.GoUndetermined:
		g.ready = nobody
	}
}

// endedBy is the goroutine that ended a wait.
func (l *Relay) endedBy(r *timeline.Record) waker {
	if r.Other == event.NoG || r.Has(timeline.FlagExternal) {
		return nobody
	}
	return l.waker(r.Other, r.OtherSlot, r.OtherStack)
}

// tell hands an interval over, and before it what only a damaged trace leaves out.
func (l *Relay) tell(g *life, r *timeline.Record, last bool) {
	g.birth.Older = g.birth.Older || r.Has(timeline.FlagCensoredStart) && !g.begun
	l.begin(g)
	s := &l.stretch
	if r.Start > g.end {
		*s = interval.Stretch{G: g.id, Slot: r.Slot, Cell: l.names.gap(g), Start: g.end, End: r.Start, P: event.NoP, Culprit: -1}
		l.by(s, nobody)
		l.task(g, s)
		l.sink.Stretch(s)
	}
	*s = interval.Stretch{
		G: g.id, Slot: r.Slot, Cell: l.names.cell(g, r), Start: min(max(g.end, r.Start), r.End), End: r.End, P: event.NoP, Culprit: -1,
		CensoredStart: r.Has(timeline.FlagCensoredStart), CensoredEnd: r.Has(timeline.FlagCensoredEnd),
		Split: r.Has(timeline.FlagSplit), Last: last, Open: last && r.Next == event.GoUndetermined,
	}
	l.by(s, nobody)
	l.task(g, s)
	switch r.State {
	case event.GoRunning:
		s.P = r.P
		s.OnStack = !last && (r.Next != event.GoRunning || s.Split)
	case event.GoRunnable:
		l.by(s, g.ready)
	case event.GoWaiting:
		if w := l.endedBy(r); w.g != event.NoG {
			l.beginSlot(w.slot)
			l.by(s, w)
			s.Culprit = l.culprit(g, r, s.Cell, w)
		}
	}
	if s.Ns() > 0 || last {
		l.sink.Stretch(s)
	}
	g.end = max(g.end, r.End)
}

// begin introduces a goroutine before anything else is told of it.
func (l *Relay) begin(g *life) {
	if !g.begun {
		g.begun, g.end = true, g.birth.At
		l.sink.Born(&g.birth)
	}
}

// beginSlot introduces the goroutine on a slot, so that others may refer to it.
func (l *Relay) beginSlot(slot int32) {
	if slot >= 0 && int(slot) < len(l.lives) && l.lives[slot].told {
		l.begin(&l.lives[slot])
	}
}

// by says who ended a stretch.
func (l *Relay) by(s *interval.Stretch, w waker) {
	s.Waker, s.WakerSlot, s.WakerStack, s.WakerGroup = w.g, w.slot, 0, -1
	if w.stack != 0 {
		s.WakerStack = l.names.stack(w.stack)
	}
	if w.group != timeline.NoGroup {
		s.WakerGroup = l.opts.GroupAt(w.group)
	}
}

// culprit is the frame that had most of the waits like this one, -1 for none.
func (l *Relay) culprit(g *life, r *timeline.Record, cell int32, w waker) int32 {
	if l.opts.Culprit == nil || r.Kind.Class() != waitkind.BlockedSync {
		return -1
	}
	key := culpritKey{cell, w.group}
	if f, ok := l.culprits[key]; ok {
		return f
	}
	f := int32(-1)
	if frame, ok := l.opts.Culprit(collect.Place{Group: g.group, Kind: r.Kind, Stack: r.Stack}, w.group); ok {
		f = l.names.frame(l.tables.InternFrame(event.Frame{Func: frame.Func, File: frame.File, Line: frame.Line}))
	}
	l.culprits[key] = f
	return f
}

// Finish hands over what is open at the trace's end. It comes once, after the last
// record.
func (l *Relay) Finish() { l.finishTasks() }
