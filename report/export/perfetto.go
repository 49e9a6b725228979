package export

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/plain"
	"github.com/conctrace/conctrace/report/pprof"
)

// Perfetto documents its own protobuf as what converters should write, and Chrome's JSON
// as a legacy format that is read as far as it goes.
var perfettoFormat = Format{
	Name:       "perfetto",
	Extensions: []string{".perfetto-trace", ".pftrace", ".perfetto"},
	Doc:        "a trace for ui.perfetto.dev: goroutines, processors, tasks, who woke whom, counters",
	New: func(w map[string]io.Writer, _ pprof.Options) Exporter {
		return &perfetto{
			packets:    newPackets(w[""]),
			categories: newInterned(internedCategories), names: newInterned(internedEventNames),
			keys: newInterned(internedAnnotations), texts: newInterned(internedStrings),
			processors: map[int32]uint64{}, taskTypes: map[string]uint64{},
		}
	},
}

// perfetto writes Perfetto's TrackEvents: a track for each goroutine, below its group's,
// one for each P, task and nesting of regions, and counters.
//
// Packets may come in any order of time; of equal times the order in the file counts. An
// interval is written when it has ended, beginning and end at once, so that on one track
// all is in order.
type perfetto struct {
	interval.Nothing
	*packets
	result *result.Result
	tables *interval.Tables

	categories, names, keys, texts interned
	fresh                          message    // what is newly interned
	scratches                      [3]message // an event, its packet, a note of it

	lives      []track // by slot
	processors map[int32]uint64
	taskTypes  map[string]uint64
	uuids      uint64   // handed out
	flows      uint64   // handed out
	stacks     []uint64 // texts, by stack
	places     []uint64 // the same
	bins       bins
}

// track is a goroutine that lives.
type track struct {
	g, uuid uint64
	name    string   // on a P's track
	began   int64    // of an interval that goes on in its next stretch, -1 for none
	flow    uint64   // that ends at its next interval, 0 for none
	regions []uint64 // tracks, by how many regions are around those on it
}

// The fixed tracks.
const (
	processTrack = iota + 1
	runningTrack
	readyTrack
	heapTrack
	goalTrack
	processorsTrack
	runtimeTrack
	stopTrack
	markTrack
	tasksTrack
	goroutinesTrack
	othersTrack // goroutines of no group
	firstTrack  // of those that are handed out
)

// sequence is the one that all packets are of.
const sequence = 1

// Begin writes what comes before all events.
func (p *perfetto) Begin(r *result.Result, t *interval.Tables) {
	p.result, p.tables = r, t
	p.uuids = firstTrack + uint64(len(r.Groups))
	p.bins = newBins(r.Scope)
	p.clock()
	p.describe(processTrack, 0, plain.File(r.Trace.File), func(m *message) {
		var process message
		process.number(processPID, 1)
		process.text(processName, plain.File(r.Trace.File)+" (Go "+plain.Text(r.Trace.GoVersion)+")")
		m.message(trackProcess, process)
		m.number(trackOrdering, explicitOrder)
	})
	for _, c := range []struct {
		uuid uint64
		name string
		unit uint64
	}{
		{runningTrack, "goroutines running (average)", unitCount}, {readyTrack, "goroutines ready (average)", unitCount},
		{heapTrack, "heap", unitBytes}, {goalTrack, "heap goal", unitBytes},
	} {
		p.describe(c.uuid, processTrack, c.name, func(m *message) {
			var counter message
			counter.number(counterUnit, c.unit)
			m.message(trackCounter, counter)
			m.number(trackRank, c.uuid)
		})
	}
	for _, t := range []struct {
		uuid uint64
		name string
	}{{processorsTrack, "Processors"}, {runtimeTrack, "Runtime"}, {tasksTrack, "Tasks"}, {goroutinesTrack, "Goroutines"}} {
		p.describe(t.uuid, processTrack, t.name, func(m *message) {
			m.number(trackRank, t.uuid)
			m.number(trackOrdering, explicitOrder)
		})
	}
	p.describe(stopTrack, runtimeTrack, "stop of the world", nil)
	p.describe(markTrack, runtimeTrack, "GC marking", nil)
	for i := range r.Groups {
		p.describeGroup(p.groupTrack(i), i, groupName(&r.Groups[i]))
	}
	p.describeGroup(othersTrack, len(r.Groups), "others")
}

// describeGroup writes the descriptor of a track for goroutines, which are in the order
// of their numbers.
func (p *perfetto) describeGroup(uuid uint64, rank int, name string) {
	p.describe(uuid, goroutinesTrack, name, func(m *message) {
		m.number(trackRank, uint64(rank))
		m.number(trackOrdering, explicitOrder)
	})
}

// groupName is what a group's track is called.
func groupName(g *result.Group) string {
	name := plain.Text(names.ShortFunc(g.Name))
	if g.CreatedBy != "" {
		name += " by " + plain.Text(names.ShortPlace(g.CreatedBy))
	}
	return name
}

// clock begins the sequence, and says which time of day the trace's start was if the
// trace does.
func (p *perfetto) clock() {
	var packet message
	packet.number(packetSequenceID, sequence)
	packet.number(packetSequenceFlags, sequenceCleared)
	if at, err := time.Parse(time.RFC3339Nano, p.result.Trace.StartedAt); err == nil {
		var snapshot message
		for _, clock := range [][2]uint64{{clockBoottime, 0}, {clockRealtime, uint64(at.UnixNano())}} {
			var c message
			c.number(clockID, clock[0])
			c.number(clockTimestamp, clock[1])
			snapshot.message(snapshotClocks, c)
		}
		packet.message(packetClockSnapshot, snapshot)
	}
	p.put(packet)
}

// describe writes a track's descriptor; parent 0 is none.
func (p *perfetto) describe(uuid, parent uint64, name string, more func(*message)) {
	var track, packet message
	track.number(trackUUID, uuid)
	track.text(trackName, name)
	if parent != 0 {
		track.number(trackParentUUID, parent)
	}
	if more != nil {
		more(&track)
	}
	packet.number(packetSequenceID, sequence)
	packet.message(packetTrackDescriptor, track)
	p.put(packet)
}

// newTrack is a track that nothing has been put on.
func (p *perfetto) newTrack() uint64 {
	p.uuids++
	return p.uuids
}

func (p *perfetto) groupTrack(group int) uint64 {
	if group < 0 || group >= len(p.result.Groups) {
		return othersTrack
	}
	return firstTrack + uint64(group)
}

// event writes an event of a track.
func (p *perfetto) event(at int64, kind, uuid uint64, fill func(*message)) {
	event, packet := &p.scratches[0], &p.scratches[1]
	*event, *packet = (*event)[:0], (*packet)[:0]
	event.number(eventType, kind)
	event.number(eventTrackUUID, uuid)
	if fill != nil {
		fill(event)
	}
	packet.number(packetTimestamp, uint64(at))
	packet.number(packetSequenceID, sequence)
	packet.number(packetSequenceFlags, needsIncremental)
	if len(p.fresh) > 0 {
		packet.message(packetInternedData, p.fresh)
		p.fresh = p.fresh[:0]
	}
	packet.message(packetTrackEvent, *event)
	p.put(*packet)
}

// slice writes something with a length.
func (p *perfetto) slice(from, to int64, uuid uint64, category, name string, fill func(*message)) {
	p.event(from, sliceBegin, uuid, func(m *message) {
		m.number(eventCategoryIIDs, p.categories.id(category, &p.fresh))
		m.number(eventNameIID, p.names.id(name, &p.fresh))
		if fill != nil {
			fill(m)
		}
	})
	p.event(to, sliceEnd, uuid, nil)
}

// note adds a text to an event, if there is one.
func (p *perfetto) note(m *message, key, text string) {
	if text != "" {
		p.noteText(m, key, p.texts.id(text, &p.fresh))
	}
}

// noteText adds the text of a number to an event; 0 is none.
func (p *perfetto) noteText(m *message, key string, text uint64) {
	if text == 0 {
		return
	}
	a := &p.scratches[2]
	*a = (*a)[:0]
	a.number(annotationNameIID, p.keys.id(key, &p.fresh))
	a.number(annotationStringIID, text)
	m.message(eventAnnotations, *a)
}

// noteNumber adds a number to an event.
func (p *perfetto) noteNumber(m *message, key string, n int64) {
	a := &p.scratches[2]
	*a = (*a)[:0]
	a.number(annotationNameIID, p.keys.id(key, &p.fresh))
	a.number(annotationInt, uint64(n))
	m.message(eventAnnotations, *a)
}

// Born gives a goroutine its track.
func (p *perfetto) Born(b *interval.Birth) {
	for int(b.Slot) >= len(p.lives) {
		p.lives = append(p.lives, track{})
	}
	name := fmt.Sprintf("G%d", b.G)
	uuid := p.newTrack()
	p.lives[b.Slot] = track{g: uint64(b.G), uuid: uuid, name: name, began: -1}
	if b.Group >= 0 && b.Group < len(p.result.Groups) {
		p.lives[b.Slot].name += " " + plain.Text(names.ShortFunc(p.result.Groups[b.Group].Name))
	}
	p.describe(uuid, p.groupTrack(b.Group), name, func(m *message) { m.number(trackRank, uint64(min(max(b.G, 0), 1<<31-1))) })
	if !b.Older {
		p.lives[b.Slot].flow = p.flowFrom(b.Parent, b.ParentSlot, b.Stack, b.At, "creates", b.G)
	}
}

// Stretch writes an interval when all of it is known.
func (p *perfetto) Stretch(s *interval.Stretch) {
	g := &p.lives[s.Slot]
	c := &p.tables.Cells[s.Cell]
	if s.Ns() > 0 && !c.System {
		p.bins.add(c.Kind.Class(), s.Start, s.End)
	}
	from := s.Start
	if g.began >= 0 {
		from = g.began
	}
	if g.began = -1; s.Split && !s.Last {
		g.began = from
		return
	}
	if s.End <= from {
		return
	}
	p.slice(from, s.End, g.uuid, c.Kind.Class().String(), sliceName(c), func(m *message) { p.tell(m, g, s, c) })
	g.flow = 0
	if c.Kind.Class().Waiting() && !s.CensoredEnd {
		g.flow = p.flowFrom(s.Waker, s.WakerSlot, s.WakerStack, s.End, "wakes", s.G)
	}
	if s.P >= 0 {
		p.slice(from, s.End, p.processor(s.P), "running", g.name, func(m *message) { p.noteNumber(m, "goroutine", s.G) })
	}
}

// sliceName is what an interval is called: its kind, and whether it is idle by design.
func sliceName(c *interval.Cell) string {
	name := c.Kind.String()
	switch c.Kind.Class() {
	case waitkind.Running:
		if name == "user" {
			name = "running"
		}
	case waitkind.Runnable:
		name = "ready (" + name + ")"
	}
	if c.Rule != "" {
		name += " at rest"
	}
	return name
}

// tell says what an interval was.
func (p *perfetto) tell(m *message, g *track, s *interval.Stretch, c *interval.Cell) {
	if g.flow != 0 {
		m.fixed(eventEndingFlowIDs, g.flow)
	}
	p.note(m, "reason", plain.Text(c.Reason))
	p.noteText(m, "at", p.place(c.Stack))
	p.noteText(m, "stack", p.stack(c.Stack))
	if s.P >= 0 {
		p.noteNumber(m, "P", int64(s.P))
	}
	if s.Waker >= 0 {
		p.noteNumber(m, "waker", s.Waker)
		p.noteText(m, "waker at", p.place(s.WakerStack))
	}
	if s.Culprit >= 0 {
		p.note(m, "culprit", plain.Text(p.tables.Frames[s.Culprit].Func))
	}
	p.note(m, "task", plain.Text(s.TaskType))
	p.note(m, "at rest by", c.Rule)
	p.note(m, "censored", s.Censored())
	if c.Inferred {
		p.note(m, "kind", "inferred from a stack")
	}
}

// flowFrom writes where an arrow to a goroutine begins, on the track of the one that
// woke or created it, and returns its number; 0 where that one has no track.
func (p *perfetto) flowFrom(who int64, slot, stack int32, at int64, what string, whom int64) uint64 {
	if who < 0 || slot < 0 || int(slot) >= len(p.lives) || p.lives[slot].g != uint64(who) {
		return 0
	}
	p.flows++
	p.event(at, instant, p.lives[slot].uuid, func(m *message) {
		m.number(eventNameIID, p.names.id(what, &p.fresh))
		m.fixed(eventFlowIDs, p.flows)
		p.noteNumber(m, "goroutine", whom)
		p.noteText(m, "at", p.place(stack))
	})
	return p.flows
}

// processor is a P's track.
func (p *perfetto) processor(n int32) uint64 {
	uuid, ok := p.processors[n]
	if !ok {
		uuid = p.newTrack()
		p.processors[n] = uuid
		p.describe(uuid, processorsTrack, fmt.Sprintf("P%d", n), func(m *message) { m.number(trackRank, uint64(n)) })
	}
	return uuid
}

// place is the number of the function of a stack that a reader will recognise, and its
// line; 0 if there is none.
func (p *perfetto) place(stack int32) uint64 {
	return p.ofStack(&p.places, stack, func(frames []result.Frame) string {
		f, ok := names.Caller(frames)
		if !ok {
			return ""
		}
		return lineOf(f)
	})
}

// stack is the number of a stack as a text, a line for each frame, leaf first; 0 if it
// is empty.
func (p *perfetto) stack(id int32) uint64 {
	return p.ofStack(&p.stacks, id, func(frames []result.Frame) string {
		var lines []string
		for _, f := range frames {
			lines = append(lines, lineOf(f))
		}
		return strings.Join(lines, "\n")
	})
}

func lineOf(f result.Frame) string {
	return plain.Text(fmt.Sprintf("%s %s:%d", f.Func, names.ShortFile(f.File), f.Line))
}

// ofStack is the number of a text about a stack, which is made once.
func (p *perfetto) ofStack(made *[]uint64, stack int32, text func([]result.Frame) string) uint64 {
	for int(stack) >= len(*made) {
		*made = append(*made, unmade)
	}
	if (*made)[stack] == unmade {
		(*made)[stack] = 0
		if t := text(p.tables.StackOf(stack)); t != "" {
			(*made)[stack] = p.texts.id(t, &p.fresh)
		}
	}
	return (*made)[stack]
}

// unmade is the number of a text that has not been made.
const unmade = 1<<64 - 1

// Task writes a task on a track of its own: tasks overlap.
func (p *perfetto) Task(t *interval.Task) {
	kind := p.taskTypes[t.Type]
	if kind == 0 {
		kind = p.newTrack()
		p.taskTypes[t.Type] = kind
		p.describe(kind, tasksTrack, named(t.Type), nil)
	}
	uuid := p.newTrack()
	p.describe(uuid, kind, named(t.Type), nil)
	p.slice(t.Start, t.Start+t.Ns, uuid, "task", named(t.Type), func(m *message) {
		p.noteNumber(m, "task", t.ID)
		if t.Parent > 0 {
			p.noteNumber(m, "parent", t.Parent)
		}
		if t.G >= 0 {
			p.noteNumber(m, "goroutine", t.G)
		}
		p.edges(m, t.Older, t.Open)
	})
}

// named is a type's name, also if it is empty.
func named(s string) string {
	if s = plain.Text(s); s == "" {
		return "(no name)"
	}
	return s
}

// edges says what of something lies outside of the trace.
func (p *perfetto) edges(m *message, older, open bool) {
	if older {
		p.note(m, "begins", "before the trace or the window")
	}
	if open {
		p.note(m, "ends", "after the trace or the window, or never")
	}
}

// Region writes a region, on a track of its goroutine and nesting.
func (p *perfetto) Region(slot int32, r *interval.Region) {
	g := &p.lives[slot]
	for len(g.regions) <= r.Depth {
		uuid := p.newTrack()
		g.regions = append(g.regions, uuid)
		p.describe(uuid, g.uuid, "regions", func(m *message) { m.number(trackMerge, neverMerge) })
	}
	p.slice(r.Start, r.Start+r.Ns, g.regions[r.Depth], "region", named(r.Type), func(m *message) {
		if r.Task > 0 {
			p.noteNumber(m, "task", r.Task)
		}
		p.edges(m, r.Older, r.Open)
	})
}

// Range writes a stop of the world or a mark phase.
func (p *perfetto) Range(r *interval.Range) {
	uuid, name := uint64(markTrack), "GC marking"
	if r.Stop {
		uuid, name = stopTrack, "stop of the world"
	}
	p.slice(r.Start, r.Start+r.Ns, uuid, "runtime", name, func(m *message) {
		p.note(m, "reason", plain.Text(r.Reason))
		if r.G >= 0 {
			p.noteNumber(m, "goroutine", r.G)
		}
	})
}

// Heap writes a size of the heap.
func (p *perfetto) Heap(h *interval.Heap) {
	uuid := uint64(heapTrack)
	if h.Goal {
		uuid = goalTrack
	}
	p.event(h.At, counter, uuid, func(m *message) { m.number(eventCounterValue, uint64(h.Bytes)) })
}

// Line writes a log line on its goroutine's track.
func (p *perfetto) Line(slot int32, l *interval.Line) {
	p.event(l.At, instant, p.lives[slot].uuid, func(m *message) {
		m.number(eventCategoryIIDs, p.categories.id("log", &p.fresh))
		m.text(eventName, strings.Trim(plain.Text(l.Category)+": "+plain.Text(l.Message), ": "))
		if l.Task > 0 {
			p.noteNumber(m, "task", l.Task)
		}
	})
}

// Err is what writing came to.
func (p *perfetto) Err() error { return p.err }

// Close writes the counters that need all of the trace.
func (p *perfetto) Close() error {
	for i := range p.bins.running {
		at := p.bins.from + int64(i)*p.bins.width
		p.event(at, counter, runningTrack, func(m *message) { m.double(eventDoubleValue, p.bins.average(p.bins.running, i)) })
		p.event(at, counter, readyTrack, func(m *message) { m.double(eventDoubleValue, p.bins.average(p.bins.ready, i)) })
	}
	return p.flush()
}

// bins sum how many goroutines ran and were ready, by stretches of time.
type bins struct {
	from, to, width int64
	running, ready  []int64 // ns
}

// mostBins is how many values a counter has.
const mostBins = 4096

func newBins(s result.Scope) bins {
	width := max(1, (s.DurationNs()+mostBins-1)/mostBins)
	n := (s.DurationNs() + width - 1) / width
	return bins{from: s.FromNs, to: s.ToNs, width: width, running: make([]int64, n), ready: make([]int64, n)}
}

func (b *bins) add(class waitkind.Class, from, to int64) {
	var sums []int64
	switch class {
	case waitkind.Running:
		sums = b.running
	case waitkind.Runnable:
		sums = b.ready
	default:
		return
	}
	for from < to {
		i := (from - b.from) / b.width
		if i < 0 || i >= int64(len(sums)) {
			return
		}
		end := min(to, b.from+(i+1)*b.width)
		sums[i] += end - from
		from = end
	}
}

// average is how many there were on average in the i-th stretch.
func (b *bins) average(sums []int64, i int) float64 {
	from := b.from + int64(i)*b.width
	return float64(sums[i]) / float64(min(b.width, b.to-from))
}
