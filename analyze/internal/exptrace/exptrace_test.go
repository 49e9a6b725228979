package exptrace_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/exptrace"
	"github.com/conctrace/conctrace/analyze/internal/wire"
	"github.com/conctrace/conctrace/testdata/programs/damage/forge"
	"golang.org/x/exp/trace"
)

const testdata = "../../../testdata/"

func load(t testing.TB, name string) (data []byte, version int) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata, name))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Sscanf(string(data), "go 1.%d trace", &version)
	return data, version
}

// decoded is all that a decoder gave.
type decoded struct {
	events []event.Event
	tables *event.Tables
	stats  event.Stats
	err    error // nil where the trace's end was reached
}

// decode reads a trace to its end or to what is wrong with it.
func decode(t testing.TB, data []byte, version int) (d decoded) {
	t.Helper()
	dec := exptrace.New(t.Context(), bytes.NewReader(data), version, wire.ScanLimits{})
	defer dec.Close()
	d.tables = dec.Tables()
	var err error
	for err == nil {
		var events []event.Event
		if events, err = dec.Next(); len(events) == 0 && err == nil {
			t.Fatal("no events and no error")
		}
		d.events = append(d.events, events...)
	}
	d.stats = dec.Stats()
	if err != io.EOF {
		oneLine(t, err)
		d.err = err
	}
	for range 3 {
		if events, again := dec.Next(); len(events) != 0 || again != err {
			t.Errorf("after %v, Next gives %d events and %v", err, len(events), again)
		}
	}
	if got := dec.Stats(); got.Events != d.stats.Events || got.CompleteBytes != d.stats.CompleteBytes {
		t.Errorf("Stats changed from %+v to %+v", d.stats, got)
	}
	return d
}

func oneLine(t testing.TB, err error) {
	t.Helper()
	if text := err.Error(); text == "" || len(text) > 500 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("not one short line: %q", text)
	}
}

// reference reads the events with x/exp/trace alone.
func reference(t testing.TB, data []byte) (events []trace.Event) {
	t.Helper()
	r, err := trace.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			return events
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, ev)
	}
}

var goStates = map[trace.GoState]event.GoState{
	trace.GoUndetermined: event.GoUndetermined, trace.GoNotExist: event.GoNotExist, trace.GoRunnable: event.GoRunnable,
	trace.GoRunning: event.GoRunning, trace.GoWaiting: event.GoWaiting, trace.GoSyscall: event.GoSyscall,
}

var procStates = map[trace.ProcState]event.ProcState{
	trace.ProcUndetermined: event.ProcUndetermined, trace.ProcNotExist: event.ProcNotExist,
	trace.ProcRunning: event.ProcRunning, trace.ProcIdle: event.ProcIdle,
}

var kinds = map[trace.EventKind]event.Kind{
	trace.EventSync: event.Sync, trace.EventStackSample: event.Sample,
	trace.EventRangeBegin: event.RangeBegin, trace.EventRangeActive: event.RangeActive, trace.EventRangeEnd: event.RangeEnd,
	trace.EventLabel: event.Other, trace.EventExperimental: event.Other,
	trace.EventTaskBegin: event.TaskBegin, trace.EventTaskEnd: event.TaskEnd,
	trace.EventRegionBegin: event.RegionBegin, trace.EventRegionEnd: event.RegionEnd, trace.EventLog: event.Log,
}

var metrics = map[string]event.Kind{
	"/sched/gomaxprocs:threads": event.ProcsChange, "/memory/classes/heap/objects:bytes": event.HeapLive, "/gc/heap/goal:bytes": event.HeapGoal,
}

func framesOf(s trace.Stack) (frames []event.Frame) {
	for f := range s.Frames() {
		frames = append(frames, event.Frame{Func: f.Func, File: f.File, Line: int(f.Line)})
	}
	return frames
}

// TestEventsAreTheReference holds every event against x/exp/trace's own, and
// that all kinds of event were among them.
func TestEventsAreTheReference(t *testing.T) {
	seen := map[event.Kind]int{}
	for _, name := range []string{"go1.22/all", "go1.23/tasks", "go1.24/server", "go1.25/generations", "go1.25/recorder", "go1.26/all", "go1.26/server", "go1.26/go-build"} {
		t.Run(name, func(t *testing.T) {
			data, version := load(t, "traces/"+name+".trace")
			got := decode(t, data, version)
			if got.err != nil {
				t.Fatal(got.err)
			}
			want := reference(t, data)
			if got.stats.Events != int64(len(want)) || got.stats.CompleteBytes != int64(len(data)) {
				t.Errorf("%+v; there are %d events in %d bytes", got.stats, len(want), len(data))
			}
			i := 0
			for _, ev := range want {
				if i == len(got.events) {
					t.Fatalf("only %d events", i)
				}
				compare(t, &got.events[i], ev, got.tables)
				seen[got.events[i].Kind]++
				if i++; t.Failed() {
					return
				}
			}
			if i != len(got.events) {
				t.Errorf("%d events, want %d", len(got.events), i)
			}
		})
	}
	for k := event.Sync; k <= event.Other; k++ {
		if seen[k] == 0 && k != event.Sample {
			t.Errorf("no event of kind %d was looked at", k)
		}
	}
}

// compare holds an event against the one that it was made from. x/exp/trace
// takes the context of some status events from a map, so that M and G of
// Running → Running events of a P may differ between two readings.
func compare(t *testing.T, got *event.Event, ev trace.Event, tables *event.Tables) {
	t.Helper()
	fail := func(what string, got, want any) { t.Errorf("%s is %v, want %v, in\n%v", what, got, want, ev) }
	if got.Time != int64(ev.Time()) {
		fail("time", got.Time, ev.Time())
	}
	if got.P != int32(ev.Proc()) {
		fail("P", got.P, ev.Proc())
	}
	if frames := tables.Frames(got.Stack); !slices.Equal(frames, framesOf(ev.Stack())) {
		fail("stack", frames, framesOf(ev.Stack()))
	}
	confirmed := got.Kind == event.ProcTransition && got.From == got.To
	if !confirmed && (got.G != int64(ev.Goroutine()) || got.M != int64(ev.Thread())) {
		fail("context", []int64{got.G, got.M}, []any{ev.Goroutine(), ev.Thread()})
	}
	name, reason := tables.String(got.Name), tables.Reason(got.Reason)
	switch ev.Kind() {
	case trace.EventStateTransition:
		st := ev.StateTransition()
		if frames := tables.Frames(got.SubjectStack); !slices.Equal(frames, framesOf(st.Stack)) {
			fail("the subject's stack", frames, framesOf(st.Stack))
		}
		if st.Resource.Kind == trace.ResourceGoroutine {
			from, to := st.Goroutine()
			if got.Kind != event.GoTransition || got.Subject != int64(st.Resource.Goroutine()) || got.GoFrom() != goStates[from] || got.GoTo() != goStates[to] || reason != st.Reason {
				fail("transition", *got, st)
			}
		} else {
			from, to := st.Proc()
			if got.Kind != event.ProcTransition || got.Subject != int64(st.Resource.Proc()) || got.ProcFrom() != procStates[from] || got.ProcTo() != procStates[to] {
				fail("transition", *got, st)
			}
		}
		return
	case trace.EventMetric:
		if m := ev.Metric(); got.Kind != metrics[m.Name] || got.Arg != int64(m.Value.Uint64()) {
			fail("metric", *got, m)
		}
		return
	}
	if got.Kind != kinds[ev.Kind()] {
		fail("kind", got.Kind, ev.Kind())
	}
	switch ev.Kind() {
	case trace.EventSync:
		if s := ev.Sync(); s.ClockSnapshot != nil && got.Arg != s.ClockSnapshot.Wall.UnixNano() || s.ClockSnapshot == nil && got.Arg != 0 {
			fail("wall clock", time.Unix(0, got.Arg), s.ClockSnapshot)
		}
	case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
		r := ev.Range()
		want := map[event.Range]string{
			event.RangeMark: "GC concurrent mark phase", event.RangeSweep: "GC incremental sweep",
			event.RangeMarkAssist: "GC mark assist", event.RangeSTW: "stop-the-world (" + reason + ")",
		}[got.Range]
		if ev.Kind() == trace.EventRangeEnd && got.Range == event.RangeSTW && reason == "" {
			want = r.Name // the beginning says why
		}
		if r.Name != want {
			fail("range", want, r.Name)
		}
		switch r.Scope.Kind {
		case trace.ResourceGoroutine:
			if got.Subject != int64(r.Scope.Goroutine()) {
				fail("subject", got.Subject, r.Scope)
			}
		case trace.ResourceProc:
			if got.Subject != int64(r.Scope.Proc()) {
				fail("subject", got.Subject, r.Scope)
			}
		}
	case trace.EventTaskBegin, trace.EventTaskEnd:
		if task := ev.Task(); got.Subject != int64(task.ID) || got.Arg != int64(task.Parent) || name != task.Type {
			fail("task", *got, task)
		}
	case trace.EventRegionBegin, trace.EventRegionEnd:
		if region := ev.Region(); got.Subject != int64(region.Task) || name != region.Type {
			fail("region", *got, region)
		}
	case trace.EventLog:
		if log := ev.Log(); got.Subject != int64(log.Task) || name != log.Category {
			fail("log", *got, log)
		}
	}
}

// TestStacksAreInterned: the numbers of equal stacks are equal in all
// generations, and those of different ones are not.
func TestStacksAreInterned(t *testing.T) {
	data, version := load(t, "traces/go1.26/generations.trace")
	d := decode(t, data, version)
	if d.stats.Generations < 3 {
		t.Fatalf("%d generations", d.stats.Generations)
	}
	byText := map[string]event.StackID{}
	used := map[event.StackID]map[int]bool{}
	generation, common := 0, 0
	for i := range d.events {
		if d.events[i].Kind == event.Sync {
			generation++
		}
		id := d.events[i].Stack
		text := fmt.Sprint(d.tables.Frames(id))
		if first, ok := byText[text]; ok && first != id {
			t.Fatalf("stacks %d and %d are both %s", first, id, text)
		}
		byText[text] = id
		if used[id] == nil {
			used[id] = map[int]bool{}
		}
		if used[id][generation] = true; id != 0 && len(used[id]) == 3 {
			common++
		}
	}
	if common == 0 {
		t.Error("no stack was met in three generations")
	}
}

// TestCuts: what was delivered whole is told to the byte; before that, all
// events are those of the whole trace.
func TestCuts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"go1.22/generations", "go1.23/generations", "go1.24/generations", "go1.25/generations", "go1.26/generations", "go1.26/recorder", "go1.22/tiny", "go1.26/tiny"} {
		t.Run(name, func(t *testing.T) {
			data, version := load(t, "traces/"+name+".trace")
			all := decode(t, data, version)
			tr, err := forge.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			var ends []int64 // of generations
			for _, g := range tr.Generations()[1:] {
				ends = append(ends, int64(g[0].Offset))
			}
			ends = append(ends, int64(len(data)))
			cuts := []int{16, len(data) - 1}
			for _, end := range ends {
				cuts = append(cuts, int(end)-1, int(end), int(end)+1, int(end)+20)
			}
			for range 30 {
				cuts = append(cuts, 16+rng.IntN(len(data)-16))
			}
			for _, cut := range cuts {
				if cut > len(data) {
					continue
				}
				got := decode(t, data[:cut], version)
				whole := 0
				for whole < len(ends) && ends[whole] <= int64(cut) {
					whole++
				}
				end := int64(16)
				if whole > 0 {
					end = ends[whole-1]
				}
				if got.stats.Generations != whole || whole > 0 && got.stats.CompleteBytes != end {
					t.Errorf("cut at %d: %d generations to byte %d, want %d to %d (%v)", cut, got.stats.Generations, got.stats.CompleteBytes, whole, end, got.err)
				}
				if (got.err == nil) != (end == int64(cut) && whole > 0) && cut > 16 {
					t.Errorf("cut at %d, %d whole to %d: %v", cut, whole, end, got.err)
				}
				if n := len(got.events); n > len(all.events) || whole < len(ends) && n > 1 && !sameTimes(got.events[:n-2], all.events) {
					t.Errorf("cut at %d: other events than of the whole trace", cut)
				}
			}
		})
	}
}

// sameTimes says whether got begins as want does.
func sameTimes(got, want []event.Event) bool {
	for i := range got {
		if got[i].Time != want[i].Time || got[i].Kind != want[i].Kind {
			return false
		}
	}
	return true
}

// TestMutations: whatever stands in the file, the outcome is an error in one
// line or events; x/exp/trace's panics on mutated traces end here. The seed is
// fixed so that a failure comes again.
func TestMutations(t *testing.T) {
	panics := 0
	for _, name := range []string{"go1.11/go-user-task-region", "go1.19/go-user-task-region", "go1.21/tiny", "go1.21/go-test", "go1.22/tiny", "go1.26/tiny"} {
		t.Run(name, func(t *testing.T) {
			data, version := load(t, "traces/"+name+".trace")
			random := rand.New(rand.NewPCG(1, uint64(version)))
			n := 600
			if testing.Short() {
				n = 60
			}
			for range n {
				mutant := slices.Clone(data)
				for range 1 + random.IntN(4) {
					mutant[16+random.IntN(len(mutant)-16)] = byte(random.Uint32())
				}
				d := decode(t, mutant, version)
				if d.err != nil && strings.Contains(d.err.Error(), "damaged") {
					panics++
				}
				if d.stats.CompleteBytes > int64(len(mutant)) || d.err == nil && len(d.events) == 0 {
					t.Errorf("%+v, %v", d.stats, d.err)
				}
				for i := range d.events[min(1, len(d.events)):] {
					if d.events[i+1].Time <= d.events[i].Time {
						t.Fatalf("time goes from %d to %d", d.events[i].Time, d.events[i+1].Time)
					}
				}
			}
		})
	}
	t.Logf("%d mutants made x/exp/trace panic", panics)
}

// TestImpossibleClocks of any kind: x/exp/trace takes them all.
func TestImpossibleClocks(t *testing.T) {
	data, version := load(t, "traces/go1.26/tiny.trace")
	tr, err := forge.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, frequency := range []uint64{0, 1, 999, 1 << 45, 1 << 63, ^uint64(0)} {
		slow, err := tr.WithFrequency(frequency)
		if err != nil {
			t.Fatal(err)
		}
		d := decode(t, slow.Bytes(), version)
		if d.err == nil || !strings.Contains(d.err.Error(), fmt.Sprintf("a clock of %d ticks a second", frequency)) || d.stats.Generations != 0 {
			t.Errorf("%d ticks a second: %v", frequency, d.err)
		}
	}
	for _, at := range []uint64{1 << 56, 1 << 60, ^uint64(0)} {
		late := forge.Trace{Header: tr.Header, Batches: slices.Clone(tr.Batches)}
		late.Batches[2].Time = at
		if d := decode(t, late.Bytes(), version); d.err == nil || !strings.Contains(d.err.Error(), "cannot be right") || d.stats.Generations != 0 {
			t.Errorf("a batch at %d: %v", at, d.err)
		}
	}
	// A step within a batch is no business of the frame.
	i, err := tr.Find(forge.Batch.Events)
	if err != nil {
		t.Fatal(err)
	}
	leap := slices.Concat(tr.Batches[i].Data[:1], bytes.Repeat([]byte{0xff}, 7), []byte{0x7f}, tr.Batches[i].Data[2:])
	if d := decode(t, tr.WithData(i, leap).Bytes(), version); d.err == nil || d.stats.Generations != 0 {
		t.Errorf("a leap within a batch: %v, %+v", d.err, d.stats)
	}
}

// TestErrorsSayWhere: in which generation, and where it begins.
func TestErrorsSayWhere(t *testing.T) {
	for _, name := range []string{"go1.22/generations", "go1.26/generations"} {
		data, version := load(t, "traces/"+name+".trace")
		tr, err := forge.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		begin := len(tr.Join(tr.Generations()[0]).Bytes())
		i, err := tr.Find(func(b forge.Batch) bool { return b.Gen == 2 && b.Events() })
		if err != nil {
			t.Fatal(err)
		}
		broken := slices.Clone(tr.Batches[i].Data)
		broken[0] = 120
		d := decode(t, tr.WithData(i, broken).Bytes(), version)
		if d.stats.Generations != 1 || d.err == nil || !strings.Contains(d.err.Error(), fmt.Sprintf("in generation 2, which begins at byte %d", begin)) || d.stats.CompleteBytes != int64(begin) {
			t.Errorf("%s: %v, %+v; generation 2 begins at byte %d", name, d.err, d.stats, begin)
		}
	}
}

// TestQuotedNamesAreCleaned: an error that quotes the file does nothing to a
// terminal, however long it is.
func TestQuotedNamesAreCleaned(t *testing.T) {
	data, version := load(t, "traces/go1.26/tiny.trace")
	tr, err := forge.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	i, err := tr.Find(forge.Of(forge.Strings))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"\x1b[2J\x07\r", "\u202e\u2028", strings.Repeat("\xff", 100), strings.Repeat("é", 60)} {
		strs := []byte{forge.Strings}
		for range 2 {
			strs = append(append(strs, 5, 1, byte(len(text))), text...)
		}
		if d := decode(t, tr.WithData(i, strs).Bytes(), version); d.err == nil || !strings.Contains(d.err.Error(), "multiple strings with the same ID") {
			t.Errorf("%q: %v", text, d.err)
		}
	}
}

// TestBrokenInput: an input that fails is told, behind what was read before.
func TestBrokenInput(t *testing.T) {
	broken := errors.New("the cable broke")
	for _, name := range []string{"go1.21/tiny", "go1.22/generations", "go1.26/generations"} {
		data, version := load(t, "traces/"+name+".trace")
		r := io.MultiReader(bytes.NewReader(data[:len(data)*3/4]), iotest.ErrReader(broken))
		d := exptrace.New(t.Context(), r, version, wire.ScanLimits{})
		events := 0
		var err error
		for err == nil {
			var batch []event.Event
			batch, err = d.Next()
			events += len(batch)
		}
		d.Close()
		if version < 22 {
			oneLine(t, err)
			continue
		}
		if !errors.Is(err, broken) || events == 0 || d.Stats().Generations < 2 {
			t.Errorf("%s: %d events, %+v, %v", name, events, d.Stats(), err)
		}
	}
}

// TestDrippingInput gives the same as one that comes at once.
func TestDrippingInput(t *testing.T) {
	data, version := load(t, "traces/go1.26/generations.trace")
	want := decode(t, data, version)
	d := exptrace.New(t.Context(), iotest.OneByteReader(bytes.NewReader(data)), version, wire.ScanLimits{})
	defer d.Close()
	var got []event.Event
	for {
		events, err := d.Next()
		if got = append(got, events...); err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, want.events) || d.Stats().Generations != want.stats.Generations {
		t.Errorf("%d events, %+v; want %d, %+v", len(got), d.Stats(), len(want.events), want.stats)
	}
}

// TestClose ends a decoder of which the rest is not wanted.
func TestClose(t *testing.T) {
	data, version := load(t, "traces/go1.26/server.trace")
	d := exptrace.New(t.Context(), bytes.NewReader(data), version, wire.ScanLimits{})
	if _, err := d.Next(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !d.Close() {
			t.Error("it still reads")
		}
	}
}

func BenchmarkNext(b *testing.B) {
	data, version := load(b, "traces/go1.26/server.trace")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	var events int64
	for b.Loop() {
		d := exptrace.New(b.Context(), bytes.NewReader(data), version, wire.ScanLimits{})
		var err error
		for err == nil {
			_, err = d.Next()
		}
		d.Close()
		if err != io.EOF {
			b.Fatal(err)
		}
		events += d.Stats().Events
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
