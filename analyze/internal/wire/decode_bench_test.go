package wire_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/wire"
	"golang.org/x/exp/trace"
)

// bigTrace is the trace that CONCTRACE_BIG_TRACE names.
func bigTrace(b *testing.B) string {
	path := os.Getenv("CONCTRACE_BIG_TRACE")
	if path == "" {
		b.Skip("CONCTRACE_BIG_TRACE names no trace: make one with go run ./testdata/programs/big -o FILE")
	}
	return path
}

// BenchmarkDecode shows decoding, ordering included and nothing behind it, beside
// a loop over golang.org/x/exp/trace, and beside the floor: every event's numbers
// read once, in no order. Run it with -cpu 1,2.
func BenchmarkDecode(b *testing.B) {
	path := bigTrace(b)
	for _, way := range []struct {
		name string
		run  func(*testing.B, *os.File) int64
	}{{"bare", bareLoop}, {"varints", varintsOnly}, {"fast", decodeAll}} {
		b.Run(way.name, func(b *testing.B) {
			var events int64
			for b.Loop() {
				f, err := os.Open(path)
				if err != nil {
					b.Fatal(err)
				}
				events += way.run(b, f)
				f.Close()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
		})
	}
}

func bareLoop(b *testing.B, f *os.File) (events int64) {
	r, err := trace.NewReader(f)
	if err != nil {
		b.Fatal(err)
	}
	for {
		if _, err := r.ReadEvent(); err == io.EOF {
			return events
		} else if err != nil {
			b.Fatal(err)
		}
		events++
	}
}

func varintsOnly(b *testing.B, f *os.File) int64 {
	n, err := wire.CountEvents(f, version(b, f))
	if err != nil {
		b.Fatal(err)
	}
	return n
}

func decodeAll(b *testing.B, f *os.File) (events int64) {
	dec := wire.NewDecoder(context.Background(), f, version(b, f), wire.ScanLimits{})
	defer dec.Close()
	for {
		batch, err := dec.Next()
		if err == io.EOF {
			b.ReportMetric(float64(wire.Again(dec)), "again")
			return events
		}
		if err != nil {
			b.Fatal(err)
		}
		events += int64(len(batch))
	}
}

// version reads the version off the trace's header.
func version(b *testing.B, f *os.File) (v int) {
	if _, err := fmt.Fscanf(io.NewSectionReader(f, 0, 16), "go 1.%d trace", &v); err != nil {
		b.Fatal(err)
	}
	return v
}
