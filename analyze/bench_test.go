package analyze_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/conctrace/conctrace/analyze"
	"golang.org/x/exp/trace"
)

// bigTrace records a trace of more than five million events, once.
var bigTrace = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("CONCTRACE_BIG_TRACE"); path != "" {
		return path, nil
	}
	path := filepath.Join(os.TempDir(), "conctrace-big.trace")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	err := exec.Command("go", "run", "../testdata/programs/big", "-o", path, "-events", "6000000").Run()
	return path, err
})

// BenchmarkAnalyze shows the whole analysis beside a loop that only reads the
// events with golang.org/x/exp/trace, in turn within one run, so that their
// ratio means something on a machine whose speed wavers. A record of the trace
// is made first, or taken from CONCTRACE_BIG_TRACE.
func BenchmarkAnalyze(b *testing.B) {
	path, err := bigTrace()
	if err != nil {
		b.Skipf("no big trace: %v", err)
	}
	var ours, bare measured
	for b.Loop() {
		bare.time(b, func() int64 { return readBare(b, path) })
		ours.time(b, func() int64 { return analysed(b, path, analyze.Options{}).Trace.Events })
	}
	b.ReportMetric(ours.perSecond(), "events/s")
	b.ReportMetric(bare.perSecond(), "bare-events/s")
	b.ReportMetric(ours.elapsed.Seconds()/bare.elapsed.Seconds(), "times-bare")
	b.ReportMetric(float64(ours.allocated)/float64(ours.events), "B/event")
	b.ReportMetric(float64(bare.allocated)/float64(bare.events), "bare-B/event")
	b.ReportMetric(float64(ours.peak)/(1<<20), "peak-MB")
	b.ReportMetric(float64(bare.peak)/(1<<20), "bare-peak-MB")
}

// measured sums what several runs of one thing took.
type measured struct {
	elapsed   time.Duration
	events    int64
	allocated uint64
	peak      uint64 // heap in use, as sampled
}

func (m *measured) perSecond() float64 { return float64(m.events) / m.elapsed.Seconds() }

func (m *measured) time(b *testing.B, run func() int64) {
	b.Helper()
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan uint64)
	go func() { done <- peakHeap(ctx) }()
	start := time.Now()
	m.events += run()
	m.elapsed += time.Since(start)
	cancel()
	m.peak = max(m.peak, <-done)
	runtime.ReadMemStats(&after)
	m.allocated += after.TotalAlloc - before.TotalAlloc
}

// peakHeap samples the heap in use until ctx ends.
func peakHeap(ctx context.Context) (peak uint64) {
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak = max(peak, m.HeapInuse)
		select {
		case <-ctx.Done():
			return peak
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// readBare reads all events and does nothing with them.
func readBare(b *testing.B, path string) (events int64) {
	f, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
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
