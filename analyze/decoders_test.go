package analyze_test

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"runtime"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/exptrace"
	"github.com/conctrace/conctrace/analyze/internal/tracefile"
	"github.com/conctrace/conctrace/analyze/internal/wire"
)

// stream reads a decoder's events to their end, each with the stacks and names
// that stand behind its numbers, which decoders are free to choose.
func stream(t testing.TB, dec event.Decoder, take func(i int64, e *event.Event, text func(*event.Event) string)) (int64, error) {
	t.Helper()
	defer dec.Close()
	tables := dec.Tables()
	stacks := make(map[event.StackID]string)
	stack := func(id event.StackID) string {
		s, ok := stacks[id]
		if !ok {
			s = fmt.Sprint(tables.Frames(id))
			stacks[id] = s
		}
		return s
	}
	text := func(e *event.Event) string {
		return fmt.Sprint(stack(e.Stack), "|", stack(e.SubjectStack), "|", tables.String(e.Name), "|", tables.Reason(e.Reason))
	}
	for n := int64(0); ; {
		events, err := dec.Next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		for i := range events {
			take(n, &events[i], text)
			n++
		}
	}
}

// bare is an event without the numbers that decoders choose.
func bare(e *event.Event) event.Event {
	c := *e
	c.Stack, c.SubjectStack, c.Name, c.Reason = 0, 0, 0, 0
	return c
}

// openDecoder opens a trace with the fast decoder or the reference.
func openDecoder(t testing.TB, path string, fast bool) event.Decoder {
	t.Helper()
	f, err := tracefile.Open(path, tracefile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if fast {
		return wire.NewDecoder(context.Background(), f, f.Version(), wire.ScanLimits{})
	}
	return exptrace.New(context.Background(), f, f.Version(), wire.ScanLimits{})
}

// TestDecodersYieldEqualStreams: every event, in order, with its time, context,
// stacks and names, whatever GOMAXPROCS is.
func TestDecodersYieldEqualStreams(t *testing.T) {
	for name, path := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			f, err := tracefile.Open(path, tracefile.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			version := f.Version()
			f.Close()
			if !wire.Reads(version) {
				t.Skipf("version %d is the reference's alone", version)
			}
			for _, procs := range []int{1, 2, 4} {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
				equalStreams(t, path)
			}
		})
	}
}

func equalStreams(t *testing.T, path string) {
	t.Helper()
	seed := maphash.MakeSeed()
	var want []uint64
	hash := func(e *event.Event, text func(*event.Event) string) uint64 {
		return maphash.Comparable(seed, bare(e)) ^ maphash.String(seed, text(e))
	}
	n, err := stream(t, openDecoder(t, path, false), func(_ int64, e *event.Event, text func(*event.Event) string) {
		want = append(want, hash(e, text))
	})
	if err != nil {
		t.Fatalf("the reference after %d events: %v", n, err)
	}
	different := errors.New("")
	m, err := stream(t, openDecoder(t, path, true), func(i int64, e *event.Event, text func(*event.Event) string) {
		if different.Error() != "" {
			return
		}
		if i >= int64(len(want)) || hash(e, text) != want[i] {
			different = fmt.Errorf("event %d of %d: %+v %s", i, len(want), *e, text(e))
		}
	})
	if err != nil {
		t.Errorf("the fast decoder after %d events of %d: %v", m, n, err)
	}
	if different.Error() != "" {
		j := int64(0)
		stream(t, openDecoder(t, path, false), func(i int64, e *event.Event, text func(*event.Event) string) {
			if fmt.Sprintf("event %d of", i) == different.Error()[:len(fmt.Sprintf("event %d of", i))] {
				t.Errorf("reference: %+v %s", *e, text(e))
			}
			j = i
		})
		t.Fatalf("%v (%d)", different, j)
	}
	if m != n {
		t.Errorf("%d events, the reference has %d", m, n)
	}
}

var _ = os.Args
