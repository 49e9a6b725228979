package lanes

import (
	"slices"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/collect"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// newLanes are lanes of a trace of a millisecond, of which group 3 is the second in the
// result.
func newLanes(o Options) (*Lanes, *event.Tables) {
	tables := event.NewTables()
	o.To = 1_000_000
	o.GroupAt = func(g int32) int { return int(g) - 2 }
	if o.Idle == nil {
		o.Idle = func(collect.Place) (string, bool) { return "", false }
	}
	return New(o, tables), tables
}

func born(g int64, group int32) timeline.Record {
	return timeline.Record{Op: timeline.OpBorn, G: g, Slot: int32(g), OtherSlot: -1, Other: event.NoG, Group: group, Next: event.GoRunning}
}

// did is an interval of a goroutine of group 3.
func did(g, from, to int64, state, next event.GoState, kind waitkind.Kind, flags timeline.Flags) timeline.Record {
	return timeline.Record{Op: timeline.OpInterval, G: g, Slot: int32(g), Group: 3, Start: from, End: to, State: state, Next: next, Kind: kind, Flags: flags, Other: event.NoG, OtherSlot: -1}
}

// A run that is cut for a region is one run; the stack is that of its end.
func TestCutsOfARunAreJoined(t *testing.T) {
	l, tables := newLanes(Options{})
	end := tables.InternStack([]event.Frame{{Func: "main.f"}})
	last := did(1, 300, 700, event.GoRunning, event.GoNotExist, waitkind.User, 0)
	last.Stack = end
	l.Collect([]timeline.Record{
		born(1, 3),
		did(1, 100, 300, event.GoRunning, event.GoRunning, waitkind.User, timeline.FlagSplit),
		last,
	})
	log := l.Finish()
	if len(log.Goroutines) != 1 || len(log.Goroutines[0].Intervals) != 1 || log.Intervals != 1 {
		t.Fatalf("%d goroutines, %d intervals counted", len(log.Goroutines), log.Intervals)
	}
	g := log.Goroutines[0]
	if g.Start != 100 || g.Intervals[0].Ns != 600 || g.Group != 1 {
		t.Errorf("%+v", g)
	}
	if stack := log.Stacks[log.Cells[g.Intervals[0].Cell].Stack]; len(stack) != 1 || log.Frames[stack[0]].Func != "main.f" {
		t.Errorf("the stack is %v", stack)
	}
}

// What a goroutine did before it is known what it is, is its group's.
func TestLateGroupsGetTheirIntervals(t *testing.T) {
	l, _ := newLanes(Options{})
	first := did(1, 0, 200, event.GoRunning, event.GoWaiting, waitkind.User, 0)
	first.Group = timeline.NoGroup
	l.Collect([]timeline.Record{
		born(1, timeline.NoGroup), first,
		{Op: timeline.OpIdentified, G: 1, Slot: 1, Group: 3},
		did(1, 200, 500, event.GoWaiting, event.GoNotExist, waitkind.Mutex, 0),
	})
	g := l.Finish().Goroutines[0]
	for _, iv := range g.Intervals {
		if c := l.log.Cells[iv.Cell]; c.Group != 1 {
			t.Errorf("an interval of %v is of group %d, want 1", c.Kind, c.Group)
		}
	}
}

// Where there is no room the short ones go, and what a report points to stays.
func TestLittleRoomMergesTheShortest(t *testing.T) {
	l, _ := newLanes(Options{MaxIntervals: 20, Moments: []result.Moment{{FromNs: 3000, ToNs: 3010, Goroutine: 1}}})
	records := []timeline.Record{born(1, 3)}
	for at := int64(0); at < 100_000; at += 1000 {
		records = append(records,
			did(1, at, at+10, event.GoRunning, event.GoWaiting, waitkind.User, 0),
			did(1, at+10, at+1000, event.GoWaiting, event.GoRunning, waitkind.Mutex, 0))
	}
	records = append(records, did(1, 100_000, 900_000, event.GoWaiting, event.GoNotExist, waitkind.Sleep, 0))
	l.Collect(records)
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

// Regions that a goroutine does not end itself end with it; tasks end with the trace.
func TestWhatIsLeftOpenEnds(t *testing.T) {
	l, tables := newLanes(Options{})
	name := tables.Intern("work")
	l.Collect([]timeline.Record{
		born(1, 3),
		{Op: timeline.OpTaskBegin, G: 1, Slot: 1, Value: 7, Other: event.NoTask, Name: name, Start: 100, End: 100},
		{Op: timeline.OpRegionBegin, G: 1, Slot: 1, Value: 7, Name: name, Start: 200, End: 200},
		did(1, 0, 500, event.GoRunning, event.GoNotExist, waitkind.User, 0),
	})
	log := l.Finish()
	if len(log.Regions) != 1 || log.Regions[0].Start != 200 || log.Regions[0].Ns != 300 || !log.Regions[0].Open {
		t.Errorf("regions %+v", log.Regions)
	}
	if len(log.Tasks) != 1 || log.Tasks[0].Ns != 999_900 || !log.Tasks[0].Open || log.Tasks[0].Type != "work" {
		t.Errorf("tasks %+v", log.Tasks)
	}
}

// Where nothing can be merged the lists are not gone through again with every interval.
func TestNothingToMergeIsNotTriedAgain(t *testing.T) {
	l, _ := newLanes(Options{MaxIntervals: 20})
	var records []timeline.Record
	for g := range int64(300) {
		moment := result.Moment{FromNs: 0, ToNs: 1_000_000, Goroutine: g + 1}
		l.keep[g+1] = []result.Moment{moment}
		records = append(records, born(g+1, 3), did(g+1, 0, 1_000_000, event.GoWaiting, event.GoRunning, waitkind.Mutex, 0))
	}
	l.Collect(records)
	if l.held != 300 || l.opts.MaxIntervals < l.held/2 {
		t.Errorf("%d intervals are held, all are gone through from %d on", l.held, l.opts.MaxIntervals)
	}
}
