package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/testdata/programs/damage/forge"
)

// decoded is all that a decoder gave.
type decoded struct {
	events []event.Event
	stats  event.Stats
	again  int
	err    error
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
			d.err, d.stats, d.again = err, dec.Stats(), dec.again
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
		if d.err != io.EOF || d.again > 0 {
			t.Errorf("%s: %d generations were ordered again (%v)", path, d.again, d.err)
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
		if dec.again != 1 {
			t.Errorf("chunk %d: %d generations were ordered again", spoilt, dec.again)
		}
	}
}

// spoil makes one chunk of a generation that waits for its turn rest on what
// cannot be.
func spoil(d *Decoder, chunk int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.runs) == 1 && d.over == nil {
		d.change.Wait()
	}
	if len(d.runs) < 2 || !d.runs[1].alone {
		return false
	}
	r := d.runs[1]
	for !r.done {
		d.change.Wait()
	}
	r.chunks[chunk].rests.add(assumption{kind: assumeGoroutine, id: 1 << 40})
	return true
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
			lost   int64 // of the gap
			whole  int
			misses string
		}{
			{"an event batch of the second", tr.Join(gens[0], slices.Delete(slices.Clone(gens[1]), events, events+1), gens[2], gens[3]).Bytes(), "", 0, 3, "generation 2"},
			{"the second's first header", slices.Concat(data[:begin], []byte{99}, data[begin+1:]), "S.|S.S.S", size(1), 3, "byte 99"},
			{"a hole in the second", slices.Concat(data[:begin+100], make([]byte, 300), data[begin+400:]), "", 0, 3, ""},
			{"the second", tr.Join(gens[0], gens[2], gens[3]).Bytes(), "S.|S.S.S", 0, 3, "generation 3 where 2 was to follow"},
			{"bytes that were never there", slices.Concat(data[:begin], make([]byte, 1000), data[begin:]), "S.|S.S.S", 1000 + size(1), 3, "byte 0"},
		} {
			t.Run(fmt.Sprint(c.name, "/", version), func(t *testing.T) {
				d := decode(t, bytes.NewReader(c.data), version)
				if d.err == io.EOF || d.err == nil {
					t.Fatal("no damage is told")
				}
				if len(d.stats.Gaps) != 1 || c.lost > 0 && d.stats.Gaps[0].Bytes != c.lost || !bytes.Contains([]byte(d.stats.Gaps[0].Problem), []byte(c.misses)) {
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
