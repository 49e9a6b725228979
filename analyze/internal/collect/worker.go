package collect

import (
	"sync"
	"sync/atomic"

	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// batchesAround is how many batches are under way between the goroutines: one with
// each, and a few for when one of them is held up.
const batchesAround = 6

// load is a batch that workers read side by side. The last of them gives it back.
type load struct {
	records []timeline.Record
	left    atomic.Int32
}

// workers run functions over batches, each in a goroutine of its own that takes
// the batches in order. None may write to a batch.
type workers struct {
	list  []*worker
	empty chan *load
	now   *load     // with the caller
	end   sync.Once // closes what goes to the workers

	failing sync.Once
	failed  chan struct{} // closed when one of them panicked
	fault   any           // what it panicked with; to be read after failed
}

// worker is one of them.
type worker struct {
	full chan *load    // has room for all batches there are
	done chan struct{} // closed at the goroutine's end
}

// startWorkers starts a worker for each function, for batches of so many records.
func startWorkers(size int, runs ...func([]timeline.Record)) *workers {
	w := &workers{empty: make(chan *load, batchesAround), now: new(load), failed: make(chan struct{})}
	for range batchesAround - 1 { // the first comes from outside
		w.empty <- &load{records: make([]timeline.Record, size)}
	}
	for _, run := range runs {
		one := &worker{make(chan *load, batchesAround), make(chan struct{})}
		w.list = append(w.list, one)
		go w.work(one, run)
	}
	return w
}

func (w *workers) work(one *worker, run func([]timeline.Record)) {
	defer close(one.done)
	defer func() {
		if fault := recover(); fault != nil {
			w.failing.Do(func() {
				w.fault = fault
				close(w.failed)
			})
		}
	}()
	for l := range one.full {
		run(l.records)
		if l.left.Add(-1) == 0 {
			w.empty <- l
		}
	}
}

// exchange gives a batch to the workers and takes one that they are done with.
func (w *workers) exchange(full []timeline.Record) (empty []timeline.Record) {
	w.now.records = full
	w.now.left.Store(int32(len(w.list)))
	for _, one := range w.list {
		one.full <- w.now
	}
	select {
	case w.now = <-w.empty:
		return w.now.records[:cap(w.now.records)]
	case <-w.failed:
		panic(w.fault)
	}
}

// stop ends the workers and waits for them.
func (w *workers) stop() {
	w.end.Do(func() {
		for _, one := range w.list {
			close(one.full)
		}
	})
	for _, one := range w.list {
		<-one.done
	}
}

// finish waits until every batch is worked on.
func (w *workers) finish() {
	w.stop()
	if w.fault != nil {
		panic(w.fault)
	}
}
