package pprof

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
	"github.com/conctrace/conctrace/report/internal/plain"
)

// Frames that stand for no function. Names of Go functions have no brackets in front.
const (
	wokenBy   = "(woken by)"
	readiedBy = "(made ready by)"
	hadWaited = "(which had waited)"
	busyWith  = "(which was mostly for)"
	nobody    = "(no goroutine)"
	noStack   = "(no stack in the trace)"
	unnamed   = "(no name in the trace)" // as functions of C may have
	tooMany   = "(too many to be told apart)"
)

// Profile is what was collected. It is called after the last stretch.
func (c *Collector) Profile() (*profile.Profile, error) {
	b := newBuilder()
	columns := c.columns(b)
	for k, v := range c.samples {
		cell := &c.tables.Cells[k.cell]
		if !c.wants(cell) {
			continue
		}
		values := make([]int64, len(b.p.SampleType))
		at := columns[cell.Kind.Class()]
		values[at], values[at+1] = v.count, v.ns
		b.sample(c.frames(k), values, c.labels(k))
	}
	b.p.DefaultSampleType = first(b.p)
	r := c.result
	b.p.Comments = append(about(r.Trace, r.Scope), c.comments()...)
	b.times(r.Trace.StartedAt, r.Scope)
	return b.done(plain.File(r.Trace.File))
}

// Sum is how many samples a profile of one class would have, and the time in it, ns.
func (c *Collector) Sum(class waitkind.Class, atRest bool) (samples int, ns int64) {
	part := c.part(class, atRest)
	for k, v := range c.samples {
		if part.wants(&c.tables.Cells[k.cell]) {
			samples++
			ns += v.ns
		}
	}
	return samples, ns
}

// Of is a profile of one class of what was collected, with what is at rest or without.
func (c *Collector) Of(class waitkind.Class, atRest bool) (*profile.Profile, error) {
	return c.part(class, atRest).Profile()
}

// part is what a Collector has of one class. Several may be used at once.
func (c *Collector) part(class waitkind.Class, atRest bool) *Collector {
	part := *c
	part.opts.Classes, part.opts.OffCPU = []waitkind.Class{class}, false
	part.opts.SkipAtRest = c.opts.SkipAtRest || !atRest
	part.counts = [waitkind.NumClasses]bool{}
	part.counts[class] = c.counts[class]
	return &part
}

// columns adds the types of values and says where those of each class are.
func (c *Collector) columns(b *builder) (at [waitkind.NumClasses]int) {
	classes := c.opts.classes()
	for _, class := range classes {
		if name := class.String(); !c.opts.OffCPU {
			at[class] = b.types(name)
		}
	}
	if c.opts.OffCPU {
		b.types("off-cpu")
	}
	return at
}

// first is the type of value to look at first: waiting for other goroutines, or where
// there is none of it what there is most of.
func first(p *profile.Profile) string {
	best, most := "", int64(-1)
	for i, t := range p.SampleType {
		var ns int64
		for _, s := range p.Sample {
			ns += s.Value[i]
		}
		switch {
		case t.Unit != "nanoseconds":
		case t.Type == waitkind.BlockedSync.String() && ns > 0:
			return t.Type
		case ns > most:
			best, most = t.Type, ns
		}
	}
	return best
}

// frames are a sample's stack, leaf first.
func (c *Collector) frames(k key) []result.Frame {
	cell := &c.tables.Cells[k.cell]
	own := c.tables.StackOf(cell.Stack)
	switch k.from {
	case sampled:
		own = c.tables.StackOf(k.stack)
	case atEntry:
		own = nil
	}
	switch {
	case k.rough == byKind:
		own = []result.Frame{{Func: tooMany}, {Func: c.group(cell.Group)}}
	case len(own) == 0:
		own = []result.Frame{{Func: c.group(cell.Group)}}
	}
	if k.rough != exact && c.opts.Stack != Blocked {
		k.chain = manyChains
	}
	if k.from != ofWait || c.opts.Stack == Blocked {
		return own
	}
	ready := cell.Kind.Class() == waitkind.Runnable
	if c.opts.Stack == Waker {
		if k.chain == 0 {
			return []result.Frame{{Func: "(" + cell.Kind.String() + ")"}, {Func: nobody}}
		}
		return c.wakerOf(k.chain)
	}
	return c.below(own, k.chain, ready)
}

// wakerOf is where a waker was.
func (c *Collector) wakerOf(id chainID) []result.Frame {
	if id == manyChains {
		return []result.Frame{{Func: tooMany}}
	}
	l := c.chains.links[id]
	if frames := c.tables.StackOf(l.stack); len(frames) > 0 {
		return frames
	}
	return []result.Frame{{Func: c.group(l.group)}}
}

// below puts a chain under a stack: leaf first, so that it comes before it, and each
// waker's stack turned over, so that both leaves meet.
func (c *Collector) below(own []result.Frame, id chainID, ready bool) []result.Frame {
	turned := []result.Frame{} // from the own leaf on down
	name := wokenBy
	if ready {
		name = readiedBy
	}
	for id != 0 {
		l := c.chains.links[id]
		turned = append(append(turned, result.Frame{Func: name}), c.wakerOf(id)...)
		switch {
		case id == manyChains:
		case l.via >= 0:
			via := &c.tables.Cells[l.via]
			turned = append(append(turned, result.Frame{Func: hadWaited + " " + via.Kind.Label()}), c.tables.StackOf(via.Stack)...)
		case l.culprit >= 0:
			turned = append(turned, result.Frame{Func: busyWith}, c.tables.Frames[l.culprit])
		}
		id, name = l.next, wokenBy
	}
	slices.Reverse(turned)
	return append(turned, own...)
}

func (c *Collector) group(at int) string {
	if at < 0 || at >= len(c.result.Groups) {
		return noStack
	}
	return c.result.Groups[at].Name
}

func (c *Collector) labels(k key) map[string]string {
	cell := &c.tables.Cells[k.cell]
	if k.rough == byKind { // the cell is one of many
		cell = &interval.Cell{Kind: cell.Kind, Group: cell.Group, Rule: cell.Rule, System: cell.System}
	}
	out := map[string]string{
		"class": cell.Kind.Class().String(), "kind": cell.Kind.String(), "reason": cell.Reason, "group": c.group(cell.Group),
		"task": k.task, "at_rest": cell.Rule, "censored": k.censored, "waker": k.waker, "stack": sources[k.from],
	}
	if k.culprit > 0 {
		out["culprit"] = c.tables.Frames[k.culprit-1].Func
	}
	if cell.Inferred {
		out["inferred"] = "yes"
	}
	if cell.System {
		out["system"] = "yes"
	}
	return out
}

// comments say what the numbers are.
func (c *Collector) comments() []string {
	var out []string
	if c.opts.SkipAtRest {
		out = append(out, "Waits that are idle by design (at rest) are left out.")
	} else {
		out = append(out, "Waits that are idle by design are in it, with a label at_rest: -tagignore=at_rest leaves them out.")
	}
	if c.opts.Stack != Blocked {
		out = append(out, "The stacks of waits are those of --stack "+Stacks[c.opts.Stack]+".")
	}
	if c.opts.OffCPU {
		var names []string
		for _, class := range c.opts.classes() {
			names = append(names, class.String())
		}
		out = append(out, "Off the CPU are "+strings.Join(names, ", ")+".")
	}
	if rough := c.Rough(); rough != "" {
		out = append(out, "Attention: "+rough+".")
	}
	return out
}

// about says of what a profile is.
func about(t result.Trace, s result.Scope) []string {
	out := []string{
		"conctrace: " + plain.File(t.File),
		fmt.Sprintf("Window: %v to %v of a trace of %v.", time.Duration(s.FromNs), time.Duration(s.ToNs), time.Duration(t.DurationNs)),
	}
	if s.Group != "" {
		out = append(out, "Only goroutines whose entry function matches "+plain.Text(s.Group)+".")
	}
	if s.Task != "" {
		out = append(out, "Only goroutines that took part in a task whose type matches "+plain.Text(s.Task)+".")
	}
	if !t.Complete {
		out = append(out, "The trace is damaged: a part of it is missing.")
	}
	return out
}

// builder makes a profile.
type builder struct {
	p         *profile.Profile
	locations map[result.Frame]*profile.Location
	functions map[[2]string]*profile.Function
}

func newBuilder() *builder {
	return &builder{p: new(profile.Profile), locations: map[result.Frame]*profile.Location{}, functions: map[[2]string]*profile.Function{}}
}

// types adds how many there were and how long they took, and says where.
func (b *builder) types(name string) int {
	b.p.SampleType = append(b.p.SampleType, &profile.ValueType{Type: name + "-count", Unit: "count"}, &profile.ValueType{Type: name, Unit: "nanoseconds"})
	return len(b.p.SampleType) - 2
}

func (b *builder) sample(frames []result.Frame, values []int64, labels map[string]string) {
	s := &profile.Sample{Value: values, Label: map[string][]string{}, Location: make([]*profile.Location, len(frames))}
	for i, f := range frames {
		s.Location[i] = b.location(f)
	}
	for k, v := range labels {
		if v != "" {
			s.Label[k] = []string{plain.Text(v)}
		}
	}
	b.p.Sample = append(b.p.Sample, s)
}

func (b *builder) location(f result.Frame) *profile.Location {
	l := b.locations[f]
	if l == nil {
		l = &profile.Location{Line: []profile.Line{{Function: b.function(f), Line: int64(f.Line)}}}
		b.locations[f] = l
	}
	return l
}

func (b *builder) function(f result.Frame) *profile.Function {
	name, file := cmp.Or(plain.Text(f.Func), unnamed), plain.Text(f.File)
	fn := b.functions[[2]string{name, file}]
	if fn == nil {
		fn = &profile.Function{Name: name, SystemName: name, Filename: file}
		b.functions[[2]string{name, file}] = fn
	}
	return fn
}

// times says when it was, as far as the trace has a clock.
func (b *builder) times(started string, s result.Scope) {
	b.p.DurationNanos = s.DurationNs()
	if at, err := time.Parse(time.RFC3339Nano, started); err == nil {
		b.p.TimeNanos = at.UnixNano() + s.FromNs
	}
}

// done puts everything into an order that does not depend on the run, and numbers it.
// The trace takes the place of the program that pprof asks for.
func (b *builder) done(file string) (*profile.Profile, error) {
	labels := make(map[*profile.Sample]string, len(b.p.Sample))
	for _, s := range b.p.Sample {
		labels[s] = labelText(s)
	}
	slices.SortFunc(b.p.Sample, func(x, y *profile.Sample) int {
		if c := compareSamples(x, y); c != 0 {
			return c
		}
		return strings.Compare(labels[x], labels[y])
	})
	trace := &profile.Mapping{ID: 1, File: file, HasFunctions: true, HasFilenames: true, HasLineNumbers: true, HasInlineFrames: true}
	b.p.Mapping = []*profile.Mapping{trace}
	functions, locations := map[*profile.Function]bool{}, map[*profile.Location]bool{}
	for _, s := range b.p.Sample {
		for _, l := range s.Location {
			if locations[l] {
				continue
			}
			locations[l] = true
			b.p.Location = append(b.p.Location, l)
			l.ID, l.Mapping = uint64(len(b.p.Location)), trace
			if fn := l.Line[0].Function; !functions[fn] {
				functions[fn] = true
				b.p.Function = append(b.p.Function, fn)
				fn.ID = uint64(len(b.p.Function))
			}
		}
	}
	if err := b.p.CheckValid(); err != nil {
		return nil, fmt.Errorf("make a profile: %w", err)
	}
	return b.p, nil
}

// compareSamples puts the most first.
func compareSamples(x, y *profile.Sample) int {
	if c := slices.Compare(y.Value, x.Value); c != 0 {
		return c
	}
	return slices.CompareFunc(x.Location, y.Location, compareLocations)
}

func compareLocations(x, y *profile.Location) int {
	f, g := x.Line[0], y.Line[0]
	return cmp.Or(strings.Compare(f.Function.Name, g.Function.Name), strings.Compare(f.Function.Filename, g.Function.Filename), cmp.Compare(f.Line, g.Line))
}

// labelText is a sample's labels in one order.
func labelText(s *profile.Sample) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(s.Label)) {
		b.WriteString(k + "=" + s.Label[k][0] + "\n")
	}
	return b.String()
}
