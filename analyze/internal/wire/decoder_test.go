package wire

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/testdata/programs/damage/forge"
)

// decoded is all that a decoder gave.
type decoded struct {
	events    []event.Event
	stats     event.Stats
	reordered int
	err       error
}

func decode(t *testing.T, r io.Reader, version int) (d decoded) {
	t.Helper()
	dec := NewDecoder(t.Context(), r, version, ScanLimits{})
	for {
		events, err := dec.Next()
		if d.events = append(d.events, bare(events)...); err != nil {
			if len(events) > 0 {
				t.Error("events with an error")
			}
			d.err, d.stats, d.reordered = err, dec.Stats(), dec.reordered
			break
		}
		if len(events) == 0 {
			t.Fatal("no events and no error")
		}
	}
	if events, err := dec.Next(); len(events) > 0 || err != d.err {
		t.Errorf("after %v, Next gives %d events and %v", d.err, len(events), err)
	}
	if !dec.Close() {
		t.Error("it still reads")
	}
	return d
}

// bare is events without the numbers of stacks and names, which depend on who
// asked for them first.
func bare(events []event.Event) []event.Event {
	events = slices.Clone(events)
	for i := range events {
		e := &events[i]
		e.Stack, e.SubjectStack, e.Name = 0, 0, 0
	}
	return events
}

// shape is what was decoded: generations (S) with events (.), and gaps (|).
func (d decoded) shape() (s string) {
	for _, e := range d.events {
		letter := "."
		switch e.Kind {
		case event.Sync:
			letter = "S"
		case event.Gap:
			letter = "|"
		}
		if letter != "." || len(s) == 0 || s[len(s)-1] != '.' {
			s += letter
		}
	}
	return s
}

// TestRealGenerationsStandAlone: none of a sound trace's is ordered twice.
func TestRealGenerationsStandAlone(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	paths, _ := filepath.Glob("../../../testdata/traces/go1.2[2-6]/*.trace")
	several := 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var version int
		fmt.Sscanf(string(data), "go 1.%d trace", &version)
		d := decode(t, bytes.NewReader(data), version)
		if d.err != io.EOF || d.reordered > 0 {
			t.Errorf("%s: %d generations were ordered again (%v)", path, d.reordered, d.err)
		}
		if d.stats.Generations > 2 {
			several++
		}
	}
	if several < 5 {
		t.Errorf("%d traces had several generations", several)
	}
}

// TestWrongAssumption: a generation that was ordered alone on an assumption that
// does not hold is ordered again, whether some of its events were handed out
// already or none, and no event comes twice or not at all.
func TestWrongAssumption(t *testing.T) {
	data, _ := generations(t, "../../../testdata/traces/go1.26/generations.trace")
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	want := decode(t, bytes.NewReader(data), 26)
	runtime.GOMAXPROCS(4)
	for _, spoilt := range []int{0, 1, 5} {
		dec := newDecoder(t.Context(), bytes.NewReader(data), 26, ScanLimits{}, 20)
		var got []event.Event
		done := false
		for {
			events, err := dec.Next()
			if err != nil {
				if err != io.EOF {
					t.Fatal(err)
				}
				break
			}
			if got = append(got, bare(events)...); !done {
				done = spoil(dec, spoilt)
			}
		}
		if !slices.Equal(got, want.events) {
			t.Errorf("chunk %d: %d events, want %d, or others", spoilt, len(got), len(want.events))
		}
		if dec.reordered != 1 {
			t.Errorf("chunk %d: %d generations were ordered again", spoilt, dec.reordered)
		}
	}
}

// spoil makes one chunk of a generation that waits for its turn rest on what
// cannot be.
func spoil(d *Decoder, chunk int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.runs) == 1 && d.cutErr == nil {
		d.change.Wait()
	}
	if len(d.runs) < 2 || !d.runs[1].alone {
		return false
	}
	r := d.runs[1]
	for !r.done {
		d.change.Wait()
	}
	r.chunks[chunk].assumed.add(assumption{kind: assumeGoroutine, id: 1 << 40})
	return true
}

// described is a state in words, in order, without the places in its tables.
func (s *state) described() (all []string) {
	for i := range s.goroutines.list {
		if g := &s.goroutines.list[i]; g.alive {
			all = append(all, fmt.Sprint("goroutine ", g.id, g.status, g.assist, len(s.regionsOf(g)), len(s.stops[int32(i)])))
		}
	}
	for i, p := range s.procs.list {
		if p.seen {
			all = append(all, fmt.Sprint("P ", i, p.status, p.sweep))
		}
	}
	for id, t := range s.threads {
		if t.seen {
			all = append(all, fmt.Sprint("thread ", id, t.p, t.gid, t.g == noGoroutine || s.goroutines.list[t.g].id == t.gid))
		}
	}
	for id, t := range s.tasks {
		all = append(all, fmt.Sprint("task ", id, t.parent, t.ended))
	}
	slices.Sort(all)
	return append(all, fmt.Sprint("collector ", s.gc))
}

// TestStateIsCarriedOver: after each generation that was ordered alone, what is
// known is what is known in sequence.
func TestStateIsCarriedOver(t *testing.T) {
	traces := map[string][]byte{"threads of C code": reborn()}
	paths, _ := filepath.Glob("../../../testdata/traces/go1.2[2-6]/*.trace")
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		traces[path] = data
	}
	alone := 0
	states := func(data []byte, procs int) (all [][]string) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		var version int
		fmt.Sscanf(string(data), "go 1.%d trace", &version)
		// The input waits until the field is set.
		r, w := io.Pipe()
		d := NewDecoder(t.Context(), r, version, ScanLimits{})
		defer d.Close()
		d.completed = func(a bool) {
			if all = append(all, d.before.described()); a {
				alone++
			}
		}
		go func() {
			w.Write(data)
			w.Close()
		}()
		for {
			if _, err := d.Next(); err != nil {
				if err != io.EOF || d.reordered > 0 {
					t.Errorf("%v, %d generations ordered again", err, d.reordered)
				}
				return all
			}
		}
	}
	for name, data := range traces {
		if want, got := states(data, 1), states(data, 4); !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%s: after each generation\n%v\nis known, want\n%v", name, got, want)
		}
	}
	if alone < 15 {
		t.Errorf("only %d generations were ordered alone", alone)
	}
}

// reborn is a trace in which the goroutine of a C thread, whose ID comes back with
// each call into Go, lives across a generation's beginning, and dies and lives
// again within it.
func reborn() []byte {
	ev := func(numbers ...uint64) (b []byte) {
		b = append(b, byte(numbers[0]), 1)
		for _, v := range numbers[1:] {
			b = binary.AppendUvarint(b, v)
		}
		return b
	}
	status, create, destroy := ev(typeGoStatus, 17, 2, statusSyscall), ev(typeGoCreateSyscall, 17), ev(typeGoDestroySyscall)
	tr := forge.Trace{Header: forge.Header(22)}
	for i, ofCaller := range [][]byte{
		create,
		slices.Concat(status, destroy, create, destroy, create, destroy),
		slices.Concat(create, destroy),
		create,
	} {
		add := func(thread uint64, data []byte) {
			tr.Batches = append(tr.Batches, forge.Batch{Kind: forge.EventBatch, Gen: uint64(i + 1), Thread: thread, Time: uint64(100 * (i + 1)), Data: data})
		}
		add(1, slices.Concat(ev(typeProcStatus, 0, procRunning), ev(typeGoStatus, 1, 1, statusRunning)))
		add(2, ofCaller)
		add(math.MaxUint64, binary.AppendUvarint([]byte{typeFrequency}, 15_625_000))
		add(math.MaxUint64, []byte{typeStacks})
		add(math.MaxUint64, []byte{typeStrings})
	}
	return tr.Bytes()
}

// TestDamageInFront: what is missing before anything was read is no gap.
func TestDamageInFront(t *testing.T) {
	data, gens := generations(t, "../../../testdata/traces/go1.26/generations.trace")
	first := slices.IndexFunc(gens[0], forge.Batch.Events)
	broken := bytes.Clone(data)
	broken[gens[0][first].Offset+12] = 0xff // a type, or a number that does not end
	for name, c := range map[string][]byte{
		"in the first generation":       broken,
		"the first generation's header": slices.Concat(data[:16], []byte{99}, data[17:]),
	} {
		d := decode(t, bytes.NewReader(c), 26)
		if d.err == io.EOF || d.stats.Generations != 3 {
			t.Errorf("%s: %v after %d generations", name, d.err, d.stats.Generations)
		}
		seen := int64(0)
		for _, e := range d.events {
			if e.Kind == event.Gap && seen == 0 {
				t.Errorf("%s: a gap in front of all", name)
			}
			seen++
		}
		gaps := strings.Count(d.shape(), "|")
		if gaps != len(d.stats.Gaps) || gaps > 1 || gaps == 1 && !strings.HasPrefix(d.shape(), "S|S") && !strings.HasPrefix(d.shape(), "S.|S") {
			t.Errorf("%s: %s, %d gaps", name, d.shape(), len(d.stats.Gaps))
		}
	}
}

// TestImplausibleTime: an event whose time cannot be is not handed out.
func TestImplausibleTime(t *testing.T) {
	_, gens := generations(t, "../../../testdata/traces/go1.26/generations.trace")
	data, err := os.ReadFile("../../../testdata/traces/go1.26/generations.trace")
	if err != nil {
		t.Fatal(err)
	}
	tr, err := forge.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for i, b := range tr.Batches {
		if b.Gen == gens[2][0].Gen && b.Events() {
			at = i
			break
		}
	}
	whole := decode(t, bytes.NewReader(data), 26)
	for _, procs := range []int{1, 4} {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
		// The first event of the batch: its type, then a time of forty days.
		b := tr.Batches[at].Data
		_, end := uvarint(padded(bytes.Clone(b)), 1)
		late := slices.Concat(b[:1], binary.AppendUvarint(nil, 40*24*3600*15_625_000), b[end:])
		d := decode(t, bytes.NewReader(tr.WithData(at, late).Bytes()), 26)
		if d.err == io.EOF || d.err == nil {
			t.Error("nothing is told")
		}
		if last, want := d.events[len(d.events)-1].Time, whole.events[len(whole.events)-1].Time; last > want+1e9 {
			t.Errorf("the last event is %d s later than it should be", (last-want)/1e9)
		}
	}
}

// TestDrippingInput gives the same as one that comes at once, and so does one in
// large pieces.
func TestDrippingInput(t *testing.T) {
	for _, version := range []int{22, 26} {
		data, _ := generations(t, fmt.Sprintf("../../../testdata/traces/go1.%d/generations.trace", version))
		want := decode(t, bytes.NewReader(data), version)
		for name, r := range map[string]io.Reader{
			"byte by byte": iotest.OneByteReader(bytes.NewReader(data)),
			"halves":       iotest.HalfReader(bytes.NewReader(data)),
			"with the end": iotest.DataErrReader(bytes.NewReader(data)),
		} {
			got := decode(t, r, version)
			if !slices.Equal(got.events, want.events) || got.stats.Generations != want.stats.Generations || got.err != io.EOF {
				t.Errorf("1.%d, %s: %d events, %+v, %v; want %d, %+v", version, name, len(got.events), got.stats, got.err, len(want.events), want.stats)
			}
		}
	}
}

// TestBrokenInput: an input that fails is told, behind the generations before.
func TestBrokenInput(t *testing.T) {
	broken := errors.New("the cable broke")
	data, gens := generations(t, "../../../testdata/traces/go1.26/generations.trace")
	cut := gens[2][1].Offset
	d := decode(t, io.MultiReader(bytes.NewReader(data[:cut]), iotest.ErrReader(broken)), 26)
	if !errors.Is(d.err, broken) || d.stats.Generations != 2 {
		t.Errorf("%v after %d generations", d.err, d.stats.Generations)
	}
}

// TestCanceled: a decoder whose context ends tells so, however far it is.
func TestCanceled(t *testing.T) {
	data, _ := generations(t, "../../../testdata/traces/go1.26/generations.trace")
	ctx, cancel := context.WithCancel(t.Context())
	dec := NewDecoder(ctx, bytes.NewReader(data), 26, ScanLimits{})
	if _, err := dec.Next(); err != nil {
		t.Fatal(err)
	}
	cancel()
	for {
		if _, err := dec.Next(); err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			break
		}
	}
	if !dec.Close() {
		t.Error("it still reads")
	}
	// One that waits for a pipe cannot be stopped, but is left.
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel = context.WithCancel(t.Context())
	dec = NewDecoder(ctx, r, 26, ScanLimits{})
	cancel()
	if _, err := dec.Next(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestDamagedGenerationsAreSteppedOver, with what is lost told: a generation
// whose events do not fit, one whose batches do not, and one that is missing.
func TestDamagedGenerationsAreSteppedOver(t *testing.T) {
	for _, version := range []int{22, 26} {
		path := fmt.Sprintf("../../../testdata/traces/go1.%d/generations.trace", version)
		data, gens := generations(t, path)
		tr, err := forge.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		size := func(i int) int64 { return int64(gens[i+1][0].Offset - gens[i][0].Offset) }
		begin := gens[1][0].Offset
		events := slices.IndexFunc(gens[1], forge.Batch.Events)
		for _, c := range []struct {
			name   string
			data   []byte
			shape  string
			lost   int64 // of the gap; -1 where it is not looked at
			whole  int
			misses string
		}{
			{"an event batch of the second", tr.Join(gens[0], slices.Delete(slices.Clone(gens[1]), events, events+1), gens[2], gens[3]).Bytes(), "", -1, 3, "generation 2"},
			{"the second's first header", slices.Concat(data[:begin], []byte{99}, data[begin+1:]), "S.|S.S.S", size(1), 3, "byte 99"},
			{"a hole in the second", slices.Concat(data[:begin+100], make([]byte, 300), data[begin+400:]), "", -1, 3, ""},
			{"the second", tr.Join(gens[0], gens[2], gens[3]).Bytes(), "S.|S.S.S", 0, 3, "generation 3 where 2 was to follow"},
			{"bytes that were never there", slices.Concat(data[:begin], make([]byte, 1000), data[begin:]), "S.|S.S.S", 1000 + size(1), 3, "byte 0"},
		} {
			t.Run(fmt.Sprint(c.name, "/", version), func(t *testing.T) {
				d := decode(t, bytes.NewReader(c.data), version)
				if d.err == io.EOF || d.err == nil {
					t.Fatal("no damage is told")
				}
				if len(d.stats.Gaps) != 1 || c.lost >= 0 && d.stats.Gaps[0].Bytes != c.lost || !strings.Contains(d.stats.Gaps[0].Problem, c.misses) {
					t.Errorf("gaps %+v, want one of %d bytes, %q", d.stats.Gaps, c.lost, c.misses)
				}
				if shape := d.shape(); c.shape != "" && shape != c.shape {
					t.Errorf("it yields %s, want %s", shape, c.shape)
				}
				if d.stats.Generations != c.whole {
					t.Errorf("%d generations, want %d", d.stats.Generations, c.whole)
				}
				last := int64(-1)
				for _, e := range d.events {
					if e.Time < last {
						t.Fatalf("time goes back from %d to %d", last, e.Time)
					}
					last = e.Time
				}
			})
		}
	}
}
