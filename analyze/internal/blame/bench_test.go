package blame

import (
	"os"
	"slices"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// BenchmarkLedger runs the records of the trace in CONCTRACE_BIG_TRACE through a
// ledger, without decoding: ns for each event of the trace.
func BenchmarkLedger(b *testing.B) {
	path := os.Getenv("CONCTRACE_BIG_TRACE")
	if path == "" {
		b.Skip("CONCTRACE_BIG_TRACE names no trace")
	}
	const most = 3_000_000
	var records []timeline.Record
	var tables *event.Tables
	l, _, _ := read(b, path, Options{}, nil, func(r *timeline.Record) {
		if len(records) < most {
			records = append(slices.Grow(records, most-len(records)), *r)
		}
	})
	tables = l.pieces.tables
	b.ResetTimer()
	for range b.N {
		New(Options{}, tables).Collect(records)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(records)), "ns/record")
}
