package relay

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/conctrace/conctrace/analyze/internal/collect"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// heard keeps what it is handed.
type heard struct {
	interval.Nothing
	tables    *interval.Tables
	births    []interval.Birth
	stretches []interval.Stretch
	tasks     []interval.Task
	regions   []interval.Region
}

func (h *heard) Begin(_ *result.Result, t *interval.Tables) { h.tables = t }
func (h *heard) Born(b *interval.Birth)                     { h.births = append(h.births, *b) }
func (h *heard) Stretch(s *interval.Stretch)                { h.stretches = append(h.stretches, *s) }
func (h *heard) Task(t *interval.Task)                      { h.tasks = append(h.tasks, *t) }
func (h *heard) Region(_ int32, r *interval.Region)         { h.regions = append(h.regions, *r) }

// hear hands records of a trace of a millisecond over, of which group 3 is the second
// in the result, and 4 the runtime's.
func hear(tables *event.Tables, late timeline.LateGroups, records ...timeline.Record) *heard {
	h := &heard{}
	r := New(Options{
		Result: &result.Result{Scope: result.Scope{ToNs: 1_000_000}}, Late: late,
		System:  func(g int32) bool { return g == 4 },
		GroupAt: func(g int32) int { return int(g) - 2 },
		Idle:    func(collect.Place) (string, bool) { return "", false },
		Culprit: func(_ collect.Place, waker int32) (result.Frame, bool) {
			return result.Frame{Func: "main.slow"}, waker == 3
		},
	}, tables, h)
	r.Collect(records)
	r.Finish()
	return h
}

func born(g int64, group int32) timeline.Record {
	return timeline.Record{Op: timeline.OpBorn, G: g, Slot: int32(g), OtherSlot: -1, Other: event.NoG, Group: group, Next: event.GoRunning}
}

// did is an interval of a goroutine.
func did(g, from, to int64, state, next event.GoState, kind waitkind.Kind, flags timeline.Flags) timeline.Record {
	return timeline.Record{Op: timeline.OpInterval, G: g, Slot: int32(g), Start: from, End: to, State: state, Next: next, Kind: kind, Flags: flags, Other: event.NoG, OtherSlot: -1}
}

// What a goroutine did before a stack shows what it is, is its group's, and the
// runtime's if that is.
func TestLateGroupsAreKnownFromTheBeginning(t *testing.T) {
	h := hear(event.NewTables(), timeline.LateGroups{1: {3}, 2: {4}},
		born(1, timeline.NoGroup), born(2, timeline.NoGroup), born(3, 2),
		did(1, 0, 200, event.GoRunning, event.GoWaiting, waitkind.User, 0),
		did(2, 0, 200, event.GoRunning, event.GoWaiting, waitkind.User, 0),
		did(3, 0, 200, event.GoRunning, event.GoWaiting, waitkind.User, 0),
		timeline.Record{Op: timeline.OpIdentified, G: 1, Slot: 1, Group: 3},
	)
	var got []interval.Cell
	for _, s := range h.stretches {
		got = append(got, h.tables.Cells[s.Cell])
	}
	want := []interval.Cell{{Group: 1, Kind: waitkind.User}, {Group: 2, Kind: waitkind.User, System: true}, {Group: 0, Kind: waitkind.User}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !h.births[1].System || h.births[0].Group != 1 {
		t.Errorf("%+v", h.births)
	}
}

// Regions that a goroutine does not end itself end with it; tasks end with the trace.
// The inner region ends first.
func TestWhatIsLeftOpenEnds(t *testing.T) {
	tables := event.NewTables()
	work, part := tables.Intern("work"), tables.Intern("part")
	h := hear(tables, nil,
		born(1, 3),
		timeline.Record{Op: timeline.OpTaskBegin, G: 1, Slot: 1, Value: 7, Other: event.NoTask, Name: work, Start: 100, End: 100},
		timeline.Record{Op: timeline.OpRegionBegin, G: 1, Slot: 1, Value: 7, Name: work, Start: 200, End: 200},
		timeline.Record{Op: timeline.OpRegionBegin, G: 1, Slot: 1, Value: 7, Name: part, Start: 300, End: 300},
		did(1, 0, 500, event.GoRunning, event.GoNotExist, waitkind.User, 0),
	)
	regions := []interval.Region{
		{Task: 7, Type: "part", G: 1, Start: 300, Ns: 200, Depth: 1, Open: true},
		{Task: 7, Type: "work", G: 1, Start: 200, Ns: 300, Open: true},
	}
	if diff := cmp.Diff(regions, h.regions); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]interval.Task{{ID: 7, Parent: -1, Type: "work", G: 1, Start: 100, Ns: 999_900, Open: true}}, h.tasks); diff != "" {
		t.Error(diff)
	}
}

// A goroutine works for the task of its innermost region, else for the one that it
// began, until that ends.
func TestWhatAGoroutineWorksFor(t *testing.T) {
	tables := event.NewTables()
	own, other, region := tables.Intern("own"), tables.Intern("other"), tables.Intern("region")
	at := func(op timeline.Op, g, task, now int64, name event.StringID) timeline.Record {
		return timeline.Record{Op: op, G: g, Slot: int32(g), Value: task, Other: event.NoTask, Name: name, Start: now, End: now}
	}
	split := func(from, to int64) timeline.Record {
		return did(1, from, to, event.GoRunning, event.GoRunning, waitkind.User, timeline.FlagSplit)
	}
	h := hear(tables, nil,
		born(1, 3), born(2, 3), at(timeline.OpTaskBegin, 2, 8, 0, other),
		split(0, 100), at(timeline.OpTaskBegin, 1, 7, 100, own),
		split(100, 200), at(timeline.OpRegionBegin, 1, 8, 200, region),
		split(200, 300), at(timeline.OpRegionEnd, 1, 8, 300, region),
		split(300, 400), at(timeline.OpTaskEnd, 1, 7, 400, own),
		did(1, 400, 500, event.GoRunning, event.GoNotExist, waitkind.User, 0),
	)
	var got []string
	for _, s := range h.stretches {
		got = append(got, s.TaskType)
	}
	if diff := cmp.Diff([]string{"", "own", "other", "own", ""}, got); diff != "" {
		t.Error(diff)
	}
	if h.stretches[0].Task != interval.NoTask || h.stretches[2].Task != 8 {
		t.Errorf("tasks %d and %d", h.stretches[0].Task, h.stretches[2].Task)
	}
}

// Who ended a wait is told with it and with the wait for a processor that follows; who
// created a goroutine with its first.
func TestWhoMadeAGoroutineReady(t *testing.T) {
	tables := event.NewTables()
	stack := tables.InternStack([]event.Frame{{Func: "main.wake"}})
	child := born(2, 3)
	child.Other, child.OtherSlot, child.Stack, child.Next = 1, 1, stack, event.GoRunnable
	wait := did(2, 150, 300, event.GoWaiting, event.GoRunnable, waitkind.ChanReceive, 0)
	wait.Other, wait.OtherSlot, wait.OtherStack = 1, 1, stack
	timer := did(2, 500, 600, event.GoWaiting, event.GoRunnable, waitkind.Sleep, timeline.FlagExternal)
	timer.Other, timer.OtherSlot = 1, 1
	h := hear(tables, nil,
		born(1, 3), child,
		did(2, 0, 100, event.GoRunnable, event.GoRunning, waitkind.New, 0),
		did(2, 100, 150, event.GoRunning, event.GoWaiting, waitkind.User, 0),
		wait,
		did(2, 300, 400, event.GoRunnable, event.GoRunning, waitkind.Woken, 0),
		did(2, 400, 450, event.GoRunning, event.GoRunnable, waitkind.User, 0),
		did(2, 450, 500, event.GoRunnable, event.GoRunning, waitkind.Preempted, 0),
		timer,
		did(2, 600, 700, event.GoRunnable, event.GoNotExist, waitkind.Woken, 0),
	)
	type by struct {
		kind    waitkind.Kind
		waker   int64
		stack   string
		culprit string
	}
	var got []by
	for _, s := range h.stretches {
		b := by{kind: h.tables.Cells[s.Cell].Kind, waker: s.Waker}
		if frames := h.tables.StackOf(s.WakerStack); len(frames) > 0 {
			b.stack = frames[0].Func
		}
		if s.Culprit >= 0 {
			b.culprit = h.tables.Frames[s.Culprit].Func
		}
		got = append(got, b)
	}
	want := []by{
		{waitkind.New, 1, "main.wake", ""}, {waitkind.User, -1, "", ""},
		{waitkind.ChanReceive, 1, "main.wake", "main.slow"}, {waitkind.Woken, 1, "main.wake", ""},
		{waitkind.User, -1, "", ""}, {waitkind.Preempted, -1, "", ""},
		{waitkind.Sleep, -1, "", ""}, {waitkind.Woken, -1, "", ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(by{})); diff != "" {
		t.Error(diff)
	}
}

// A task that a goroutine began that is not asked for has its beginning all the same,
// and is what those that are asked for work for; it is told if one of them ended it.
func TestTasksOfOthersHaveTheirBeginning(t *testing.T) {
	tables := event.NewTables()
	load := tables.Intern("load")
	other := born(2, 3)
	other.Flags = timeline.FlagDeselected
	h := hear(tables, nil,
		born(1, 3), other,
		timeline.Record{Op: timeline.OpTaskBegin, G: 2, Slot: 2, Value: 7, Other: event.NoTask, Name: load, Start: 100, End: 100},
		timeline.Record{Op: timeline.OpTaskBegin, G: 2, Slot: 2, Value: 8, Other: event.NoTask, Name: load, Start: 110, End: 110},
		timeline.Record{Op: timeline.OpRegionBegin, G: 1, Slot: 1, Value: 7, Name: load, Start: 200, End: 200},
		did(1, 200, 300, event.GoRunning, event.GoRunning, waitkind.User, timeline.FlagSplit),
		timeline.Record{Op: timeline.OpTaskEnd, G: 1, Slot: 1, Value: 7, Name: load, Start: 300, End: 300},
		timeline.Record{Op: timeline.OpTaskEnd, G: 2, Slot: 2, Value: 8, Name: load, Start: 310, End: 310},
	)
	if diff := cmp.Diff([]interval.Task{{ID: 7, Parent: -1, Type: "load", G: 2, Start: 100, Ns: 200}}, h.tasks); diff != "" {
		t.Error(diff)
	}
	if h.stretches[len(h.stretches)-1].TaskType != "load" {
		t.Errorf("%+v", h.stretches)
	}
}

// What goes on after the window is open, also if the trace has its end.
func TestWhatEndsAfterTheWindowIsOpen(t *testing.T) {
	tables := event.NewTables()
	load := tables.Intern("load")
	late := timeline.Record{Op: timeline.OpTaskEnd, G: 1, Slot: 1, Value: 7, Name: load, Start: 1_000_000, End: 1_000_000, Flags: timeline.FlagOutside}
	region := late
	region.Op = timeline.OpRegionEnd
	h := hear(tables, nil,
		born(1, 3),
		timeline.Record{Op: timeline.OpTaskBegin, G: 1, Slot: 1, Value: 7, Other: event.NoTask, Name: load, Start: 100, End: 100},
		timeline.Record{Op: timeline.OpRegionBegin, G: 1, Slot: 1, Value: 7, Name: load, Start: 200, End: 200},
		region, late,
	)
	if len(h.tasks) != 1 || !h.tasks[0].Open || len(h.regions) != 1 || !h.regions[0].Open {
		t.Errorf("%+v, %+v", h.tasks, h.regions)
	}
}

// Where there were too many open tasks nobody knows which of them began before the trace.
func TestTasksThatDidNotFitAreNotTold(t *testing.T) {
	tables := event.NewTables()
	load := tables.Intern("load")
	records := []timeline.Record{born(1, 3)}
	for id := range int64(maxOpenTasks + 10) {
		records = append(records, timeline.Record{Op: timeline.OpTaskBegin, G: 1, Slot: 1, Value: id + 1, Other: event.NoTask, Name: load, Start: 100, End: 100})
	}
	for id := range int64(maxOpenTasks + 10) {
		records = append(records, timeline.Record{Op: timeline.OpTaskEnd, G: 1, Slot: 1, Value: id + 1, Other: event.NoTask, Name: load, Start: 200, End: 200})
	}
	h := hear(tables, nil, records...)
	if len(h.tasks) != maxOpenTasks {
		t.Errorf("%d tasks", len(h.tasks))
	}
	for _, task := range h.tasks {
		if task.Older || task.Start != 100 {
			t.Fatalf("%+v", task)
		}
	}
}

// Whoever is referred to has been introduced: a creator and a waker that have not done
// anything yet that is over.
func TestThoseReferredToAreIntroduced(t *testing.T) {
	child := born(2, 3)
	child.Other, child.OtherSlot, child.Start = 1, 1, 100
	wait := did(3, 0, 150, event.GoWaiting, event.GoRunnable, waitkind.Mutex, 0)
	wait.Other, wait.OtherSlot = 4, 4
	older := func(g int64) timeline.Record {
		r := born(g, 3)
		r.Flags = timeline.FlagCensoredStart
		return r
	}
	h := hear(event.NewTables(), nil, older(1), older(3), older(4), child, wait)
	var order []int64
	for _, b := range h.births {
		order = append(order, b.G)
	}
	if diff := cmp.Diff([]int64{1, 2, 3, 4}, order); diff != "" {
		t.Error(diff)
	}
	if h.births[1].ParentSlot != 1 || h.births[0].Older != true || h.births[1].Older {
		t.Errorf("%+v", h.births)
	}
}
