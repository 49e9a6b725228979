package lanes

import (
	"slices"
	"testing"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// newLanes are lanes of a trace of a millisecond with a goroutine 1 on slot 1, and a
// cell for each of these kinds.
func newLanes(o Options, kinds ...waitkind.Kind) *Lanes {
	l := New(o)
	tables := interval.NewTables()
	for _, k := range kinds {
		tables.Cells = append(tables.Cells, interval.Cell{Group: 1, Kind: k})
	}
	l.Begin(&result.Result{Scope: result.Scope{ToNs: 1_000_000}}, tables)
	l.Born(&interval.Birth{G: 1, Slot: 1, Group: 1, Parent: -1})
	return l
}

// did is a stretch of goroutine 1.
func did(cell int32, from, to int64) *interval.Stretch {
	return &interval.Stretch{G: 1, Slot: 1, Cell: cell, Start: from, End: to, P: -1, Waker: -1}
}

// A run that is cut for a region is one run; the cell is that of its end.
func TestCutsOfARunAreJoined(t *testing.T) {
	l := newLanes(Options{}, waitkind.User, waitkind.User)
	cut, last := did(0, 0, 300), did(1, 300, 700)
	cut.Split, last.Last = true, true
	l.Stretch(cut)
	l.Stretch(last)
	log := l.Finish()
	if len(log.Goroutines) != 1 || len(log.Goroutines[0].Intervals) != 1 || log.Intervals != 1 {
		t.Fatalf("%d goroutines, %d intervals counted", len(log.Goroutines), log.Intervals)
	}
	if iv := log.Goroutines[0].Intervals[0]; iv.Ns != 700 || iv.Cell != 1 {
		t.Errorf("%+v", iv)
	}
}

// Where there is no room the short ones go, and what a report points to stays.
func TestLittleRoomMergesTheShortest(t *testing.T) {
	l := newLanes(Options{MaxIntervals: 20, Moments: []result.Moment{{FromNs: 3000, ToNs: 3010, Goroutine: 1}}}, waitkind.User, waitkind.Mutex, waitkind.Sleep)
	for at := int64(0); at < 100_000; at += 1000 {
		l.Stretch(did(0, at, at+10))
		l.Stretch(did(1, at+10, at+1000))
	}
	last := did(2, 100_000, 900_000)
	last.Last = true
	l.Stretch(last)
	log := l.Finish()
	var kept []int64
	for _, iv := range log.Goroutines[0].Intervals {
		if !log.Cells[iv.Cell].Merged {
			kept = append(kept, iv.Ns)
		}
	}
	if !slices.Equal(kept, []int64{10, 800_000}) {
		t.Errorf("%v ns are told one by one, want the moment of 10 and the sleep", kept)
	}
	if log.BelowNs == 0 || log.Intervals != 201 {
		t.Errorf("below %d ns, of %d intervals", log.BelowNs, log.Intervals)
	}
}

// Where nothing can be merged the lists are not gone through again with every interval.
func TestNothingToMergeIsNotTriedAgain(t *testing.T) {
	l := newLanes(Options{MaxIntervals: 20}, waitkind.Mutex)
	for g := range int64(300) {
		l.keep[g+1] = []result.Moment{{FromNs: 0, ToNs: 1_000_000, Goroutine: g + 1}}
		l.Born(&interval.Birth{G: g + 1, Slot: int32(g + 1), Group: 1})
		l.Stretch(&interval.Stretch{G: g + 1, Slot: int32(g + 1), End: 1_000_000, P: -1, Waker: -1})
	}
	if l.held != 300 || l.opts.MaxIntervals < l.held/2 {
		t.Errorf("%d intervals are held, all are gone through from %d on", l.held, l.opts.MaxIntervals)
	}
}
