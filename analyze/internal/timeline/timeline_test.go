package timeline

import (
	"slices"
	"testing"
	"time"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// story is a hand-written trace: each method is one event, at an instant in
// nanoseconds after the start.
type story struct {
	t      *testing.T
	tables *event.Tables
	events []event.Event
}

const clock = 1_000_000 // of the first event: nothing may depend on it

func newStory(t *testing.T) *story {
	s := &story{t: t, tables: event.NewTables()}
	s.add(0, event.Event{Kind: event.Sync})
	s.add(0, event.Event{Kind: event.ProcsChange, Arg: 2})
	return s
}

func (s *story) add(at int64, e event.Event) *story {
	e.Time = clock + at
	if e.Kind == event.Sync {
		e.G, e.P, e.M = event.NoG, event.NoP, event.NoM
	}
	s.events = append(s.events, e)
	return s
}

// stack interns functions, leaf first.
func (s *story) stack(funcs ...string) event.StackID {
	if len(funcs) == 0 {
		return 0
	}
	frames := make([]event.Frame, len(funcs))
	for i, f := range funcs {
		frames[i] = event.Frame{Func: f, File: "x.go", Line: 1}
	}
	return s.tables.InternStack(frames)
}

func (s *story) g(at, id int64, from, to event.GoState, by int64, p int32, reason event.ReasonID, own, context event.StackID) *story {
	return s.add(at, event.Event{Kind: event.GoTransition, Subject: id, From: uint8(from), To: uint8(to), G: by, P: p, M: int64(p) + 100, Reason: reason, SubjectStack: own, Stack: context})
}

func (s *story) status(at, id int64, state event.GoState, p int32, funcs ...string) *story {
	return s.g(at, id, event.GoUndetermined, state, event.NoG, p, 0, s.stack(funcs...), 0)
}

func (s *story) create(at, id, by int64, p int32, entry string) *story {
	return s.g(at, id, event.GoNotExist, event.GoRunnable, by, p, 0, s.stack(entry), s.stack("main.main"))
}

func (s *story) start(at, id int64, p int32) *story {
	return s.g(at, id, event.GoRunnable, event.GoRunning, event.NoG, p, 0, 0, 0)
}

func (s *story) block(at, id int64, p int32, reason event.ReasonID, funcs ...string) *story {
	st := s.stack(funcs...)
	return s.g(at, id, event.GoRunning, event.GoWaiting, id, p, reason, st, st)
}

func (s *story) wake(at, id, by int64, p int32, funcs ...string) *story {
	return s.g(at, id, event.GoWaiting, event.GoRunnable, by, p, 0, 0, s.stack(funcs...))
}

func (s *story) proc(at int64, id int32, from, to event.ProcState, m int64) *story {
	return s.add(at, event.Event{Kind: event.ProcTransition, Subject: int64(id), From: uint8(from), To: uint8(to), G: event.NoG, P: event.NoP, M: m})
}

// tape keeps every record.
type tape []Record

func (t *tape) Collect(batch []Record) { *t = append(*t, batch...) }

// run plays the story, ending at an instant.
func (s *story) run(end int64, o Options) (tape, *Machine) {
	s.t.Helper()
	s.add(end, event.Event{Kind: event.Sync})
	var out tape
	m := New(s.tables, 26, o, &out)
	if err := m.Feed(s.events); err != nil {
		s.t.Fatal(err)
	}
	m.Finish()
	return out, m
}

// intervals are the intervals of one goroutine, in order.
func (t tape) intervals(id int64) (out []Record) {
	for _, r := range t {
		if r.Op == OpInterval && r.G == id {
			out = append(out, r)
		}
	}
	return out
}

type want struct {
	start, end int64
	kind       waitkind.Kind
	flags      Flags
}

func check(t *testing.T, got []Record, wants ...want) {
	t.Helper()
	if len(got) != len(wants) {
		for _, r := range got {
			t.Logf("have %d–%d %s flags %b", r.Start, r.End, r.Kind.Label(), r.Flags)
		}
		t.Fatalf("%d intervals, want %d", len(got), len(wants))
	}
	for i, w := range wants {
		r := got[i]
		if r.Start != w.start || r.End != w.end || r.Kind != w.kind || r.Flags != w.flags {
			t.Errorf("interval %d: %d–%d %s flags %b, want %d–%d %s flags %b", i, r.Start, r.End, r.Kind.Label(), r.Flags, w.start, w.end, w.kind.Label(), w.flags)
		}
	}
}

func TestAWaitHasItsWakerAndBothStacks(t *testing.T) {
	s := newStory(t)
	s.status(10, 1, event.GoRunning, 0, "main.main").
		create(100, 2, 1, 0, "main.worker").
		start(150, 2, 1).
		block(200, 2, 1, event.ReasonSync, "sync.(*Mutex).Lock", "main.worker").
		wake(500, 2, 1, 0, "sync.(*Mutex).Unlock", "main.main").
		start(520, 2, 1)
	out, m := s.run(1000, Options{})
	got := out.intervals(2)
	check(t, got,
		want{100, 150, waitkind.New, 0},
		want{150, 200, waitkind.User, 0},
		want{200, 500, waitkind.Mutex, 0},
		want{500, 520, waitkind.Woken, 0},
		want{520, 1000, waitkind.User, FlagCensoredEnd},
	)
	wait := got[2]
	if wait.Other != 1 || s.tables.Root(wait.OtherStack) != "main.main" || s.tables.Root(wait.Stack) != "main.worker" {
		t.Errorf("waker %d, stacks %s and %s", wait.Other, s.tables.Root(wait.Stack), s.tables.Root(wait.OtherStack))
	}
	if g := m.Groups()[wait.Group]; g.Entry != "main.worker" || s.tables.Root(g.Creation) != "main.main" {
		t.Errorf("group %+v", g)
	}
	check(t, out.intervals(1), want{0, 1000, waitkind.User, FlagCensoredStart | FlagCensoredEnd | FlagWholeTrace})
}

func TestWhatEndsAChannelWaitFromOutsideIsATimer(t *testing.T) {
	s := newStory(t)
	s.status(1, 1, event.GoRunning, 0, "main.main").
		block(100, 1, 0, event.ReasonChanReceive, "runtime.chanrecv1", "main.main").
		wake(300, 1, event.NoG, 0).start(310, 1, 0).
		block(400, 1, 0, event.ReasonSelect, "runtime.selectgo", "main.main").
		wake(600, 1, event.NoG, 0).start(610, 1, 0).
		// The poller's goroutines that whoever starts a GC finds ready.
		block(700, 1, 0, event.ReasonNetwork, "internal/poll.(*FD).Read", "main.main").
		status(701, 2, event.GoRunning, 1, "main.other").
		wake(800, 1, 2, 1, "runtime.injectglist", "runtime.gcStart", "main.other").start(810, 1, 0)
	out, _ := s.run(1000, Options{})
	check(t, out.intervals(1),
		want{0, 100, waitkind.User, FlagCensoredStart},
		want{100, 300, waitkind.TimerChannel, FlagExternal},
		want{300, 310, waitkind.Woken, 0},
		want{310, 400, waitkind.User, 0},
		want{400, 600, waitkind.TimerChannel, FlagExternal},
		want{600, 610, waitkind.Woken, 0},
		want{610, 700, waitkind.User, 0},
		want{700, 800, waitkind.Network, FlagExternal},
		want{800, 810, waitkind.Woken, 0},
		want{810, 1000, waitkind.User, FlagCensoredEnd},
	)
}

func TestADeadlinesGoroutineCountsAsTimerUntilItHasWorked(t *testing.T) {
	for _, how := range []string{"at once", "after waiting", "after computing"} {
		waited, late := how == "after waiting", int64(0)
		if how == "after computing" {
			late = timerWorkNs
		}
		s := newStory(t)
		s.status(1, 1, event.GoRunning, 0, "main.main").
			block(10, 1, 0, event.ReasonSelect, "runtime.selectgo", "main.main").
			create(100, 2, event.NoG, 1, "context.WithDeadlineCause.func2").start(110, 2, 1)
		if waited {
			s.block(120, 2, 1, event.ReasonNetwork, "internal/poll.(*FD).Read").wake(130, 2, event.NoG, 1).start(140, 2, 1)
		}
		s.wake(200+late, 1, 2, 1, "context.(*cancelCtx).cancel", "context.WithDeadlineCause.func2")
		out, _ := s.run(300+late, Options{})
		kind := waitkind.TimerChannel
		if how != "at once" {
			kind = waitkind.Select
		}
		if got := out.intervals(1)[1]; got.Kind != kind {
			t.Errorf("%s: %s, want %s", how, got.Kind, kind)
		}
	}
}

func TestASystemCallsLengthDecidesItsClass(t *testing.T) {
	for _, c := range []struct {
		ns    int64
		funcs []string
		want  waitkind.Kind
	}{
		{waitkind.ShortSyscallNs - 1, []string{"syscall.read", "os.(*File).Read", "main.main"}, waitkind.SyscallShort},
		{waitkind.ShortSyscallNs, []string{"syscall.read", "os.(*File).Read", "main.main"}, waitkind.File},
		{waitkind.ShortSyscallNs, []string{"syscall.read", "syscall.Read", "main.main"}, waitkind.Syscall},
		{5, []string{"main._Cfunc_usleep", "main.main"}, waitkind.Cgo},
		{waitkind.ShortSyscallNs, []string{"main._C2func_usleep", "main.main"}, waitkind.Cgo},
		{waitkind.ShortSyscallNs, []string{"syscall.read", "main.goCallback", "_cgoexp_1_goCallback", "runtime.cgocallback", "runtime.cgocall", "main._Cfunc_callsBack", "main.main"}, waitkind.Syscall},
		{waitkind.ShortSyscallNs * 9, []string{"runtime.cgocall", "main._Cfunc_usleep", "main.main"}, waitkind.Cgo},
	} {
		s := newStory(t)
		s.status(1, 1, event.GoRunning, 0, "main.main")
		st := s.stack(c.funcs...)
		s.g(100, 1, event.GoRunning, event.GoSyscall, 1, 0, 0, st, st)
		s.g(100+c.ns, 1, event.GoSyscall, event.GoRunning, 1, 0, 0, 0, 0)
		out, _ := s.run(1_000_000, Options{})
		check(t, out.intervals(1),
			want{0, 100, waitkind.User, FlagCensoredStart},
			want{100, 100 + c.ns, c.want, 0},
			want{100 + c.ns, 1_000_000, waitkind.User, FlagCensoredEnd})
	}
}

func TestASystemCallTellsWhatBecameOfItsP(t *testing.T) {
	for name, c := range map[string]struct {
		thief int64
		fate  ProcFate
	}{"stolen": {999, FateStolen}, "stopped": {100, FateStopped}} {
		s := newStory(t)
		s.proc(0, 0, event.ProcUndetermined, event.ProcRunning, 100)
		s.status(1, 1, event.GoRunning, 0, "main.main")
		st := s.stack("syscall.read", "main.main")
		s.g(100, 1, event.GoRunning, event.GoSyscall, 1, 0, 0, st, st)
		s.proc(400, 0, event.ProcRunning, event.ProcIdle, c.thief)
		s.g(50_000, 1, event.GoSyscall, event.GoRunnable, 1, event.NoP, 0, 0, 0)
		out, _ := s.run(60_000, Options{})
		got := out.intervals(1)
		check(t, got,
			want{0, 100, waitkind.User, FlagCensoredStart},
			want{100, 50_000, waitkind.Syscall, 0},
			want{50_000, 60_000, waitkind.SyscallReturn, FlagCensoredEnd})
		if got[1].Fate != c.fate || got[1].Value != 400 {
			t.Errorf("%s: fate %d at %d", name, got[1].Fate, got[1].Value)
		}
	}
}

func TestAssistsAndStopsAreSharesOfRunning(t *testing.T) {
	s := newStory(t)
	s.status(1, 1, event.GoRunning, 0, "main.main")
	span := func(at int64, k event.Kind, r event.Range) {
		s.add(at, event.Event{Kind: k, Range: r, Subject: 1, G: 1, P: 0})
	}
	span(100, event.RangeBegin, event.RangeMarkAssist)
	s.block(150, 1, 0, event.ReasonGCAssistWait, "runtime.gcParkAssist", "main.main")
	s.wake(250, 1, event.NoG, 1).start(260, 1, 0)
	span(300, event.RangeEnd, event.RangeMarkAssist)
	span(400, event.RangeBegin, event.RangeSTW)
	span(450, event.RangeEnd, event.RangeSTW)
	out, _ := s.run(1000, Options{})
	check(t, out.intervals(1),
		want{0, 100, waitkind.User, FlagCensoredStart},
		want{100, 150, waitkind.GCAssist, 0},
		want{150, 250, waitkind.GCAssistWait, FlagExternal},
		want{250, 260, waitkind.Woken, 0},
		want{260, 300, waitkind.GCAssist, 0},
		want{300, 400, waitkind.User, FlagSplit},
		want{400, 450, waitkind.User, FlagSplit | FlagSTW},
		want{450, 1000, waitkind.User, FlagCensoredEnd},
	)
}

func TestACoroutineSwitchIsAWaitForTheOtherSide(t *testing.T) {
	s := newStory(t)
	s.status(1, 1, event.GoRunning, 0, "main.main")
	s.g(10, 2, event.GoNotExist, event.GoWaiting, 1, 0, 0, s.stack("runtime.corostart"), s.stack("main.main"))
	s.wake(100, 2, 1, 0)
	s.g(101, 1, event.GoRunning, event.GoWaiting, 1, 0, 0, 0, 0)
	s.start(102, 2, 0)
	s.wake(300, 1, 2, 0)
	s.g(301, 2, event.GoRunning, event.GoNotExist, 2, 0, 0, 0, 0)
	s.start(302, 1, 0)
	out, m := s.run(500, Options{})
	check(t, out.intervals(1),
		want{0, 101, waitkind.User, FlagCensoredStart},
		want{101, 300, waitkind.Coroutine, 0},
		want{300, 302, waitkind.Woken, FlagSwitch},
		want{302, 500, waitkind.User, FlagCensoredEnd})
	check(t, out.intervals(2),
		want{10, 100, waitkind.Coroutine, 0},
		want{100, 102, waitkind.Woken, FlagSwitch},
		want{102, 301, waitkind.User, 0})
	if g := m.Groups()[out.intervals(2)[0].Group]; g.System {
		t.Errorf("group %+v counts as the runtime's", g)
	}
}

func TestWaitsFromBeforeTheTraceAreInferred(t *testing.T) {
	s := newStory(t)
	s.status(5, 3, event.GoWaiting, event.NoP) // Go 1.22: no stack
	s.status(6, 4, event.GoWaiting, event.NoP, "runtime.gopark", "runtime.semacquire1", "internal/sync.(*Mutex).lockSlow", "sync.(*Mutex).Lock", "main.locker")
	s.status(7, 5, event.GoWaiting, event.NoP, "runtime.gopark", "runtime.chanrecv", "runtime.chanrecv1", "main.reader")
	s.status(8, 1, event.GoRunning, 0, "main.main")
	s.wake(500, 5, 1, 0, "runtime.chansend1", "main.main")
	s.status(9, 6, event.GoWaiting, event.NoP)
	s.wake(600, 6, 1, 0, "sync.(*WaitGroup).Done", "main.main")
	s.status(9, 7, event.GoRunnable, event.NoP)
	s.start(700, 7, 1)
	out, _ := s.run(1000, Options{})
	whole := FlagCensoredStart | FlagCensoredEnd | FlagWholeTrace
	check(t, out.intervals(3), want{0, 1000, waitkind.Unsaid, whole | FlagSystem})
	check(t, out.intervals(4), want{0, 1000, waitkind.Mutex, whole | FlagInferred})
	check(t, out.intervals(5), want{0, 500, waitkind.ChanReceive, FlagCensoredStart | FlagInferred}, want{500, 1000, waitkind.Woken, FlagCensoredEnd})
	check(t, out.intervals(6)[:1], want{0, 600, waitkind.WaitGroup, FlagCensoredStart | FlagInferred})
	check(t, out.intervals(7)[:1], want{0, 700, waitkind.BeforeTrace, FlagCensoredStart})
}

func TestForeverIsAWait(t *testing.T) {
	s := newStory(t)
	s.status(1, 1, event.GoRunning, 0, "main.main").block(100, 1, 0, event.ReasonForever, "main.main")
	out, _ := s.run(1000, Options{})
	check(t, out.intervals(1), want{0, 100, waitkind.User, FlagCensoredStart}, want{100, 1000, waitkind.Forever, FlagCensoredEnd})
}

func TestAWindowClipsAndKeepsTheChangesOfState(t *testing.T) {
	s := newStory(t)
	s.status(1, 1, event.GoRunning, 0, "main.main").
		block(100, 1, 0, event.ReasonSync, "sync.(*Mutex).Lock", "main.main").
		wake(500, 1, event.NoG, 0).start(520, 1, 0)
	out, m := s.run(1000, Options{From: 200, To: 510})
	check(t, out.intervals(1),
		want{200, 200, waitkind.User, FlagCensoredStart | FlagOutside},
		want{200, 500, waitkind.Mutex, FlagCensoredStart | FlagExternal},
		want{500, 510, waitkind.Woken, FlagCensoredEnd},
		want{510, 510, waitkind.User, FlagCensoredEnd | FlagOutside})
	if from, to := m.Window(); from != 200 || to != 510 {
		t.Errorf("window %d–%d", from, to)
	}
}

// A cut behind which the window ends is the run's end there: nothing follows that it
// would count with.
func TestAWindowEndsARunThatIsCut(t *testing.T) {
	for _, to := range []time.Duration{150, 200, 250} {
		out, _ := newStory(t).
			create(50, 1, 2, 0, "main.work").
			start(100, 1, 0).
			add(200, event.Event{Kind: event.RegionBegin, G: 1, P: 0, M: 100, Subject: 7}).
			block(300, 1, 0, event.ReasonSync, "sync.(*Mutex).Lock").
			run(400, Options{To: int64(to)})
		open := 0
		for _, r := range out.intervals(1) {
			switch {
			case r.State != event.GoRunning || r.Ns() == 0:
			case r.Has(FlagSplit):
				open++
			default:
				open = 0
			}
		}
		if open > 0 {
			t.Errorf("in a window until %d the run goes on behind its last interval", to)
		}
	}
}

func TestPsSumToGomaxprocs(t *testing.T) {
	s := newStory(t)
	s.proc(0, 0, event.ProcUndetermined, event.ProcRunning, 100)
	s.status(1, 1, event.GoRunning, 0, "main.main")
	s.proc(50, 1, event.ProcUndetermined, event.ProcIdle, 100)
	s.proc(100, 1, event.ProcIdle, event.ProcRunning, 101)
	s.proc(300, 1, event.ProcRunning, event.ProcIdle, 101)
	s.add(500, event.Event{Kind: event.ProcsChange, Arg: 3, G: 1, P: 0})
	s.proc(600, 2, event.ProcNotExist, event.ProcRunning, 101)
	s.add(800, event.Event{Kind: event.ProcsChange, Arg: 1, G: 1, P: 0})
	for _, o := range []Options{{}, {From: 90, To: 650}} {
		s := &story{t: t, tables: s.tables, events: append([]event.Event{}, s.events...)}
		s.proc(790, 2, event.ProcRunning, event.ProcIdle, 101)
		s.events[len(s.events)-1], s.events[len(s.events)-2] = s.events[len(s.events)-2], s.events[len(s.events)-1]
		out, m := s.run(1000, o)
		var sum, busy int64
		for _, r := range out {
			if r.Op == OpProc {
				sum += r.Ns()
				busy += r.Busy
			}
		}
		from, to := m.Window()
		clip := func(a, b int64) int64 { return max(0, min(b, to)-max(a, from)) }
		if want := 2*clip(0, 500) + 3*clip(500, 800) + 1*clip(800, 1000); sum != want {
			t.Errorf("window %d–%d: rows sum to %d, want %d", from, to, sum, want)
		}
		if want := clip(0, 1000); busy != want {
			t.Errorf("window %d–%d: busy %d, want %d", from, to, busy, want)
		}
	}
}

// TestGap: what is open is closed where a gap begins, what goes on behind it was
// unknown until its end and then in the state that is told, what is not named
// behind it has ended in it, and what is new there is older than that.
func TestGap(t *testing.T) {
	s := newStory(t)
	s.add(0, event.Event{Kind: event.ProcTransition, Subject: 0, From: uint8(event.ProcUndetermined), To: uint8(event.ProcRunning), G: event.NoG, P: event.NoP})
	s.status(10, 1, event.GoRunning, 0, "main.one")
	s.status(10, 2, event.GoWaiting, event.NoP, "main.two")
	s.status(10, 3, event.GoWaiting, event.NoP, "main.three")
	s.add(100, event.Event{Kind: event.Gap, Arg: 77})
	s.add(400, event.Event{Kind: event.Sync})
	s.add(410, event.Event{Kind: event.ProcTransition, Subject: 0, From: uint8(event.ProcUndetermined), To: uint8(event.ProcIdle), G: event.NoG, P: event.NoP})
	s.status(420, 1, event.GoWaiting, event.NoP, "main.one")
	s.status(430, 4, event.GoRunnable, event.NoP, "main.four")
	s.status(440, 2, event.GoWaiting, event.NoP, "main.two")
	records, m := s.run(500, Options{})
	if gaps := m.Gaps(); len(gaps) != 1 || gaps[0] != (Gap{100, 400}) {
		t.Errorf("gaps %v", gaps)
	}
	type span struct {
		g          int64
		state      event.GoState
		start, end int64
		next       event.GoState
	}
	var got []span
	var procs int64
	for _, r := range records {
		switch r.Op {
		case OpInterval:
			got = append(got, span{r.G, r.State, r.Start, r.End, r.Next})
			if unknown := r.Kind == waitkind.Unsaid && r.State == event.GoUndetermined; unknown != (r.Start == 100) {
				t.Errorf("goroutine %d is %s from %d", r.G, r.Kind.Label(), r.Start)
			}
		case OpProc:
			procs += r.Ns()
		}
	}
	want := []span{
		{1, event.GoRunning, 0, 100, event.GoUndetermined},
		{2, event.GoWaiting, 0, 100, event.GoUndetermined},
		{3, event.GoWaiting, 0, 100, event.GoUndetermined},
		{1, event.GoUndetermined, 100, 400, event.GoWaiting},
		{2, event.GoUndetermined, 100, 400, event.GoWaiting},
		{3, event.GoUndetermined, 100, 400, event.GoNotExist},
		{1, event.GoWaiting, 400, 500, event.GoUndetermined},
		{2, event.GoWaiting, 400, 500, event.GoUndetermined},
		{4, event.GoRunnable, 400, 500, event.GoUndetermined},
	}
	if !slices.Equal(got, want) {
		t.Errorf("intervals\n%v, want\n%v", got, want)
	}
	if procs != 2*(500-300) {
		t.Errorf("the Ps' intervals cover %d ns", procs)
	}
}
