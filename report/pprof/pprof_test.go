package pprof

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// newCollector is a Collector of a trace of one group with three cells, one of each
// kind: on the stacks of main.wait, main.work and main.rest, which is at rest. The stack
// of main.wake is 4, of main.sampled 5; all are called from main.root.
func newCollector(o Options) *Collector {
	c := New(o)
	t := interval.NewTables()
	t.Frames = []result.Frame{{Func: "main.root"}}
	for i, fn := range []string{"main.wait", "main.work", "main.rest", "main.wake", "main.sampled"} {
		t.Frames = append(t.Frames, result.Frame{Func: fn, File: "main.go", Line: 10 * i})
		t.Stacks = append(t.Stacks, []int32{int32(i + 1), 0})
	}
	t.Cells = []interval.Cell{
		{Kind: waitkind.ChanReceive, Stack: 1, Reason: "chan receive"},
		{Kind: waitkind.User, Stack: 2},
		{Kind: waitkind.Select, Stack: 3, Rule: "known-site"},
	}
	c.Begin(&result.Result{Groups: []result.Group{{Name: "main.root"}}, Trace: result.Trace{Complete: true}}, t)
	for g := range int64(4) {
		c.Born(&interval.Birth{G: g, Slot: int32(g)})
	}
	return c
}

// did is a stretch of a goroutine.
func did(g, from, to int64, cell int32) *interval.Stretch {
	return &interval.Stretch{G: g, Slot: int32(g), Cell: cell, Start: from, End: to, P: -1, Waker: -1, WakerSlot: -1, WakerGroup: -1, Culprit: -1}
}

// samplesOf are a profile's samples in words: stack from the root on, values that are
// not 0, and some labels.
func samplesOf(t *testing.T, c *Collector, labels ...string) []string {
	t.Helper()
	p, err := c.Profile()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range p.Sample {
		out = append(out, inWords(p, s, labels))
	}
	return out
}

func inWords(p *profile.Profile, s *profile.Sample, labels []string) string {
	var words []string
	for _, l := range slices.Backward(s.Location) {
		words = append(words, strings.TrimPrefix(l.Line[0].Function.Name, "main."))
	}
	text := strings.Join(words, " > ")
	for i, v := range s.Value {
		if v != 0 {
			text += fmt.Sprintf(" %s=%d", p.SampleType[i].Type, v)
		}
	}
	for _, l := range labels {
		text += " " + l + ":" + strings.Join(s.Label[l], ",")
	}
	return text
}

// Running time is spread evenly over the CPU samples inside it, to the nanosecond; those
// of other stretches do not count.
func TestRunningIsSpreadOverCPUSamples(t *testing.T) {
	c := newCollector(Options{Classes: []waitkind.Class{waitkind.Running}})
	for _, at := range []int64{50, 110, 120, 190, 230} {
		stack := int32(5)
		if at == 120 {
			stack = 4
		}
		c.Sample(1, &interval.Sample{At: at, G: 1, Stack: stack})
	}
	c.Stretch(did(1, 100, 200, 1))
	ends := did(1, 210, 220, 1)
	ends.OnStack = true
	c.Stretch(ends)
	c.Stretch(did(1, 240, 300, 1))
	want := []string{
		"root > sampled running-count=2 running=67 stack:sample", // of the first stretch: 33 and 34 ns
		"root > wake running-count=1 running=33 stack:sample",
		"root > work running-count=1 running=10 stack:end",
		"root running-count=1 running=60 stack:entry",
	}
	got := samplesOf(t, c, "stack")
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A stretch that is cut is one, with the task of each part.
func TestCutStretchesCountOnce(t *testing.T) {
	c := newCollector(Options{Classes: []waitkind.Class{waitkind.Running}})
	cut, end := did(1, 0, 40, 1), did(1, 40, 100, 1)
	cut.Split, cut.OnStack, cut.TaskType = true, true, "load"
	c.Stretch(cut)
	c.Stretch(end)
	want := []string{"root running-count=1 running=60 task:", "root > work running=40 task:load"}
	if diff := cmp.Diff(want, samplesOf(t, c, "task")); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsAtRestMayBeLeftOut(t *testing.T) {
	for skip, want := range map[bool][]string{
		false: {"root > rest blocked-sync-count=1 blocked-sync=70 at_rest:known-site", "root > wait blocked-sync-count=1 blocked-sync=30 at_rest:"},
		true:  {"root > wait blocked-sync-count=1 blocked-sync=30 at_rest:"},
	} {
		c := newCollector(Options{SkipAtRest: skip})
		c.Stretch(did(1, 0, 30, 0))
		c.Stretch(did(2, 0, 70, 2))
		if diff := cmp.Diff(want, samplesOf(t, c, "at_rest")); diff != "" {
			t.Errorf("left out %v: %s", skip, diff)
		}
	}
}

// story is three goroutines one of which waits for the next: 3 for nobody, 2 for 3, 1
// for 2. The waits of 2 and 1 end at the same time.
func story(c *Collector) {
	c.Stretch(did(3, 0, 50, 2))
	second := did(2, 10, 90, 0)
	second.Waker, second.WakerSlot, second.WakerStack, second.WakerGroup, second.CensoredEnd = 3, 3, 4, 0, true
	c.Stretch(second)
	first := did(1, 20, 95, 0)
	first.Waker, first.WakerSlot, first.WakerGroup, first.Culprit = 2, 2, 0, 2
	c.Stretch(first)
}

func TestStacks(t *testing.T) {
	for stack, want := range map[Stack][]string{
		Blocked: {
			"root > wait off-cpu-count=1 off-cpu=80 waker:main.wake culprit: censored:end",
			"root > wait off-cpu-count=1 off-cpu=75 waker:main.root culprit:main.work censored:",
			"root > rest off-cpu-count=1 off-cpu=50 waker: culprit: censored:",
		},
		Waker: {
			"root > wake off-cpu-count=1 off-cpu=80 waker:main.wake culprit: censored:end",
			"root off-cpu-count=1 off-cpu=75 waker:main.root culprit:main.work censored:",
			"(no goroutine) > (select) off-cpu-count=1 off-cpu=50 waker: culprit: censored:",
		},
		Chain: {
			"root > wait > (woken by) > wake > root > (which had waited) blocked-sync/select > rest > root off-cpu-count=1 off-cpu=80 waker:main.wake culprit: censored:end",
			"root > wait > (woken by) > root > (which had waited) blocked-sync/chan-receive > wait > root > (woken by) > wake > root > (which had waited) blocked-sync/select > rest > root off-cpu-count=1 off-cpu=75 waker:main.root culprit:main.work censored:",
			"root > rest off-cpu-count=1 off-cpu=50 waker: culprit: censored:",
		},
	} {
		c := newCollector(Options{OffCPU: true, Stack: stack})
		story(c)
		if diff := cmp.Diff(want, samplesOf(t, c, "waker", "culprit", "censored")); diff != "" {
			t.Errorf("%s: %s", Stacks[stack], diff)
		}
	}
}

// However long goroutines wait for each other, a chain has a bounded number of wakers,
// and there is a bounded number of chains.
func TestChainsAreBounded(t *testing.T) {
	c := newCollector(Options{OffCPU: true, Stack: Chain})
	for i := range int64(1000) {
		s := did(i%2, 0, i+1, 0)
		s.Waker, s.WakerSlot, s.WakerStack = 1-i%2, int32(1-i%2), 4
		c.Stretch(s)
	}
	if n := len(c.chains.links); n > 20 {
		t.Errorf("%d links", n)
	}
	for _, s := range samplesOf(t, c) {
		if n := strings.Count(s, "woken by"); n > maxDepth {
			t.Errorf("%d wakers in %s", n, s)
		}
	}
}

// When there are too many different samples, the time stays, and the profile says so.
func TestTooManySamplesKeepTheTime(t *testing.T) {
	const most = 1000
	c := newCollector(Options{})
	c.most = most
	for i := range most + 10 {
		s := did(1, 0, 2, 0)
		s.TaskType = fmt.Sprint(i)
		c.Stretch(s)
	}
	if len(c.samples) > most+1 || c.coarse != 20 || c.Rough() == "" {
		t.Errorf("%d samples, %d ns without labels", len(c.samples), c.coarse)
	}
	p, err := c.Profile()
	if err != nil {
		t.Fatal(err)
	}
	var ns int64
	for _, s := range p.Sample {
		ns += s.Value[slices.IndexFunc(p.SampleType, func(v *profile.ValueType) bool { return v.Type == "blocked-sync" })]
	}
	if ns != 2*(most+10) || !strings.Contains(strings.Join(p.Comments, "\n"), "20ns of the time has no labels") {
		t.Errorf("%d ns, %v", ns, p.Comments)
	}
}

// Names that a terminal or a page would obey are harmless in a profile.
func TestNamesAreHarmless(t *testing.T) {
	c := newCollector(Options{})
	c.tables.Frames[1].Func = "main.\x1b[2Jwait\u202e"
	c.result.Groups[0].Name = "g\x00\xff"
	c.Stretch(did(1, 0, 2, 0))
	if got := samplesOf(t, c, "group")[0]; !strings.HasPrefix(got, "root > [2Jwait ") || !strings.HasSuffix(got, "group:g\uFFFD") {
		t.Errorf("%q", got)
	}
}

func TestOptionsCheck(t *testing.T) {
	if err := (&Options{OffCPU: true, Classes: []waitkind.Class{waitkind.Running}}).Check(); err == nil {
		t.Error("running is off the CPU")
	}
}

// A waker that was not asked for has not waited for what another goroutine did that had
// its slot before.
func TestChainsDoNotTakeAnothersWaits(t *testing.T) {
	c := newCollector(Options{OffCPU: true, Stack: Chain})
	c.Stretch(did(2, 0, 50, 2)) // its slot is then taken by goroutine 9
	s := did(1, 20, 95, 0)
	s.Waker, s.WakerSlot, s.WakerStack = 9, 2, 4
	c.Stretch(s)
	want := []string{"root > wait > (woken by) > wake > root off-cpu-count=1 off-cpu=75", "root > rest off-cpu-count=1 off-cpu=50"}
	if diff := cmp.Diff(want, samplesOf(t, c)); diff != "" {
		t.Error(diff)
	}
}

// Samples that are too many are not told as something that they are not, and however
// many places there are, the number of samples is bounded.
func TestRoughSamplesSaySo(t *testing.T) {
	for stack, want := range map[Stack]string{
		Blocked: "root > (too many to be told apart)", Waker: "(too many to be told apart)", Chain: "(woken by) > (too many to be told apart)",
	} {
		c := newCollector(Options{Classes: []waitkind.Class{waitkind.BlockedSync}, Stack: stack})
		c.most = 10
		var ns int64
		for i := range 1000 {
			cell := int32(len(c.tables.Cells))
			c.tables.Cells = append(c.tables.Cells, c.tables.Cells[0])
			s := did(1, 0, int64(i+1), cell)
			s.Waker, s.WakerSlot, s.WakerStack = 2, 2, 4
			c.Stretch(s)
			ns += s.Ns()
		}
		if len(c.samples) > 2*c.most+1 {
			t.Errorf("%d samples are held", len(c.samples))
		}
		all := strings.Join(samplesOf(t, c), "\n")
		if !strings.Contains(all, want) || strings.Contains(all, "no goroutine") {
			t.Errorf("%s: no %q in\n%s", Stacks[stack], want, all)
		}
		var got int64
		for _, v := range c.samples {
			got += v.ns
		}
		if got != ns || !strings.Contains(c.Rough(), "too many different samples") {
			t.Errorf("%d ns of %d, %q", got, ns, c.Rough())
		}
	}
}

// A tool opens a profile with what there is of it.
func TestTheFirstTypeHasTime(t *testing.T) {
	for want, cells := range map[string][]int32{"blocked-sync": {1, 1, 0}, "running": {1}} {
		c := newCollector(Options{SkipAtRest: true})
		for i, cell := range cells {
			c.Stretch(did(1, int64(i)*100, int64(i)*100+100, cell))
		}
		p, err := c.Profile()
		if err != nil || p.DefaultSampleType != want {
			t.Errorf("%v: %s, want %s (%v)", cells, p.DefaultSampleType, want, err)
		}
	}
}
