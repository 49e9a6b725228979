package collect

import (
	"sync"

	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// batchesAround is how many batches are under way between two goroutines: one
// with each, and a few for when one of them is held up.
const batchesAround = 4

// worker runs a function over batches in a goroutine of its own.
type worker struct {
	full  chan []timeline.Record // in order; has room for all batches there are
	empty chan []timeline.Record
	end   sync.Once     // closes full
	done  chan struct{} // closed at the goroutine's end
	fault any           // what it panicked with; to be read after done
}

// startWorker starts a worker for batches of so many records.
func startWorker(size int, run func([]timeline.Record)) *worker {
	w := &worker{
		full:  make(chan []timeline.Record, batchesAround),
		empty: make(chan []timeline.Record, batchesAround),
		done:  make(chan struct{}),
	}
	for range batchesAround - 1 { // the first comes from outside
		w.empty <- make([]timeline.Record, size)
	}
	go func() {
		defer close(w.done)
		defer func() { w.fault = recover() }()
		for batch := range w.full {
			run(batch)
			w.empty <- batch[:cap(batch)]
		}
	}()
	return w
}

// exchange gives a batch to the worker and takes one that it is done with.
func (w *worker) exchange(full []timeline.Record) (empty []timeline.Record) {
	w.full <- full
	select {
	case empty = <-w.empty:
		return empty
	case <-w.done:
		panic(w.fault)
	}
}

// stop ends the worker and waits for it.
func (w *worker) stop() {
	w.end.Do(func() { close(w.full) })
	<-w.done
}

// finish waits until every batch is worked on.
func (w *worker) finish() {
	w.stop()
	if w.fault != nil {
		panic(w.fault)
	}
}
