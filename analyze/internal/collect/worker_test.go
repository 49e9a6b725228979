package collect

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
)

// wrong is a batch that no timeline makes: an interval of a goroutine that was
// not born.
func wrong() []timeline.Record {
	return []timeline.Record{{Op: timeline.OpInterval, Slot: 7, End: 1}}
}

// fault is what a function panics with, in words, or "".
func fault(f func()) (text string) {
	defer func() {
		if err, ok := recover().(error); ok {
			text = err.Error()
		}
	}()
	f()
	return ""
}

func TestAPanicOfACollectorComesUp(t *testing.T) {
	for name, next := range map[string]func(*Set){
		"Wait":   func(s *Set) { s.Wait() },
		"Finish": func(s *Set) { s.Finish(End{}, &result.Result{}) },
		"Keep": func(s *Set) {
			for range 100 { // it need not be the first one
				s.Keep(wrong())
			}
		},
	} {
		s := New(Options{}, event.NewTables())
		if got := fault(func() { s.Keep(wrong()); next(s) }); !strings.Contains(got, "index out of range [7]") {
			t.Errorf("%s: panicked with %q", name, got)
		}
		if got := fault(s.Close); got != "" {
			t.Errorf("Close after %s: panicked with %q", name, got)
		}
	}
}

func TestCloseEndsTheCollecting(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		s := New(Options{}, event.NewTables())
		s.Close()
		s = New(Options{}, event.NewTables())
		s.Keep(make([]timeline.Record, 3))
		s.Close()
		s.Close()
		s = New(Options{}, event.NewTables())
		s.Keep(make([]timeline.Record, 3))
		s.Finish(End{Tables: event.NewTables()}, &result.Result{})
		s.Close()
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// TestBatchesComeBack: however many are given, a few are around, in order.
func TestBatchesComeBack(t *testing.T) {
	var sums [2]int64
	follow := func(sum *int64) func([]timeline.Record) {
		var last int64
		return func(batch []timeline.Record) {
			for i := range batch {
				if batch[i].At != last+1 {
					t.Errorf("%d after %d", batch[i].At, last)
				}
				last = batch[i].At
				*sum += last
			}
		}
	}
	w := startWorkers(8, follow(&sums[0]), follow(&sums[1]))
	batch := make([]timeline.Record, 8)
	arrays := map[*timeline.Record]bool{}
	var at int64
	for i := range 1000 {
		n := 1 + i%8
		for j := range n {
			at++
			batch[j].At = at
		}
		arrays[&batch[0]] = true
		if batch = w.exchange(batch[:n]); len(batch) != 8 {
			t.Fatalf("%d records to be filled", len(batch))
		}
	}
	w.finish()
	if want := at * (at + 1) / 2; sums != [2]int64{want, want} || len(arrays) > batchesAround {
		t.Errorf("sums %d of 1 to %d, in %d batches", sums, at, len(arrays))
	}
}
