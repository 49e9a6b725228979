package collect

import (
	"math"
	"slices"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
)

// model plays step functions of which every number follows by hand: a script in
// which goroutines run on Ps of their own choice and Ps begin and end to run.
// Times are in microseconds.
type model struct {
	*script
	on  map[int64]int32 // where a goroutine runs, or ran last
	ups map[int32]bool  // Ps that were mentioned
}

func newModel(t *testing.T, procs int64) *model {
	return &model{newScript(t, procs), map[int64]int32{}, map[int32]bool{}}
}

// up lets Ps run, at 0 since before the trace.
func (m *model) up(at int64, ps ...int32) {
	for _, p := range ps {
		from := event.ProcIdle
		if at == 0 && !m.ups[p] {
			from = event.ProcUndetermined
		}
		m.ups[p] = true
		m.add(at, event.Event{Kind: event.ProcTransition, Subject: int64(p), From: uint8(from), To: uint8(event.ProcRunning), G: event.NoG, P: event.NoP, M: int64(p)})
	}
}

// down lets Ps idle.
func (m *model) down(at int64, ps ...int32) {
	for _, p := range ps {
		m.add(at, event.Event{Kind: event.ProcTransition, Subject: int64(p), From: uint8(event.ProcRunning), To: uint8(event.ProcIdle), G: event.NoG, P: event.NoP, M: 99})
	}
}

func (m *model) goes(at, id int64, from, to event.GoState, by int64, p int32, reason event.ReasonID, own, context event.StackID) {
	m.add(at, event.Event{Kind: event.GoTransition, Subject: id, From: uint8(from), To: uint8(to), G: by, P: p, M: int64(p), Reason: reason, SubjectStack: own, Stack: context})
}

// has is a goroutine that ran on a P when the trace began.
func (m *model) has(id int64, p int32, entry string) {
	m.on[id] = p
	m.goes(0, id, event.GoUndetermined, event.GoRunning, event.NoG, p, 0, m.stack(entry), 0)
}

// makes creates a goroutine, ready.
func (m *model) makes(at, id, by int64, entry string) {
	p := event.NoP
	if by != event.NoG {
		p = m.on[by]
	}
	m.goes(at, id, event.GoNotExist, event.GoRunnable, by, p, 0, m.stack(entry), m.stack("main.main"))
}

// starts lets a ready goroutine run on a P.
func (m *model) starts(at, id int64, p int32) {
	m.on[id] = p
	m.goes(at, id, event.GoRunnable, event.GoRunning, event.NoG, p, 0, 0, 0)
}

// spawns creates a goroutine that runs at once.
func (m *model) spawns(at, id, by int64, p int32, entry string) {
	m.makes(at, id, by, entry)
	m.starts(at, id, p)
}

func (m *model) blocks(at, id int64, reason event.ReasonID, funcs ...string) {
	st := m.stack(funcs...)
	if len(funcs) == 0 {
		st = 0
	}
	m.goes(at, id, event.GoRunning, event.GoWaiting, id, m.on[id], reason, st, st)
}

// wakes lets a goroutine end another's wait.
func (m *model) wakes(at, id, by int64, funcs ...string) {
	m.goes(at, id, event.GoWaiting, event.GoRunnable, by, m.on[by], 0, 0, m.stack(funcs...))
}

// fires lets a timer or the poller end a wait, served by a P.
func (m *model) fires(at, id int64, p int32) {
	m.goes(at, id, event.GoWaiting, event.GoRunnable, event.NoG, p, 0, 0, 0)
}

func (m *model) preempts(at, id int64) {
	st := m.stack("runtime.asyncPreempt2", "main.spin")
	m.goes(at, id, event.GoRunning, event.GoRunnable, id, m.on[id], event.ReasonPreempted, st, st)
}

func (m *model) yields(at, id int64) {
	st := m.stack("runtime.Gosched", "main.spin")
	m.goes(at, id, event.GoRunning, event.GoRunnable, id, m.on[id], event.ReasonGosched, st, st)
}

// calls begins a system call.
func (m *model) calls(at, id int64, funcs ...string) {
	st := m.stack(funcs...)
	m.goes(at, id, event.GoRunning, event.GoSyscall, id, m.on[id], 0, st, st)
}

// returns ends a system call that kept its P, to Running, or lost it, to Runnable.
func (m *model) returns(at, id int64, to event.GoState) {
	p := m.on[id]
	if to == event.GoRunnable {
		p = event.NoP
	}
	m.goes(at, id, event.GoSyscall, to, id, p, 0, 0, 0)
}

func (m *model) ends(at int64, ids ...int64) {
	for _, id := range ids {
		m.goes(at, id, event.GoRunning, event.GoNotExist, id, m.on[id], 0, 0, 0)
	}
}

// stops and restarts bound a stop of the world by a goroutine.
func (m *model) stops(at, id int64) {
	m.add(at, event.Event{Kind: event.RangeBegin, Range: event.RangeSTW, Subject: id, G: id, P: m.on[id], Reason: m.tables.InternReason("GC mark termination")})
}

func (m *model) restarts(at, id int64) {
	m.add(at, event.Event{Kind: event.RangeEnd, Range: event.RangeSTW, Subject: id, G: id, P: m.on[id]})
}

// gap loses what happens between two instants.
func (m *model) gap(from, to int64) {
	m.add(from, event.Event{Kind: event.Gap, Arg: 77, G: event.NoG, P: event.NoP})
	m.add(to, event.Event{Kind: event.Sync, G: event.NoG, P: event.NoP, M: event.NoM})
}

// window plays the model and returns the result of a part of it, in µs.
func (m *model) window(end, from, to int64, o Options) *result.Result {
	m.t.Helper()
	return m.played(end, timeline.Options{From: from * us, To: to * us}, o)
}

// selected plays the model and returns the result of the goroutines that were asked for.
func (m *model) selected(end int64, asked func(goroutine int64) bool) *result.Result {
	m.t.Helper()
	return m.played(end, timeline.Options{Select: asked}, Options{})
}

func (m *model) played(end int64, time timeline.Options, o Options) *result.Result {
	m.t.Helper()
	m.add(end, event.Event{Kind: event.Sync, G: event.NoG, P: event.NoP})
	slices.SortStableFunc(m.events, func(a, b event.Event) int { return int(a.Time - b.Time) })
	o.From = time.From
	set := New(o, m.tables)
	machine := timeline.New(m.tables, 26, time, set)
	if err := machine.Feed(m.events); err != nil {
		m.t.Fatal(err)
	}
	machine.Finish()
	r := &result.Result{}
	r.Scope.FromNs, r.Scope.ToNs = machine.Window()
	set.Finish(End{Tables: m.tables, Groups: machine.Groups(), From: r.Scope.FromNs, To: r.Scope.ToNs}, r)
	if n := machine.Inconsistent(); n != 0 {
		m.t.Errorf("the model contradicts itself %d times", n)
	}
	whole(m.t, r)
	return r
}

func (m *model) result(end int64) *result.Result {
	m.t.Helper()
	return m.window(end, 0, 0, Options{})
}

// whole checks what holds for every result.
func whole(t *testing.T, r *result.Result) {
	t.Helper()
	c, s := &r.Concurrency, &r.Scheduler
	eq(t, "sum of the partition", c.PartitionNs.Sum(), r.Scope.DurationNs())
	eq(t, "sum of the latency causes", sum(c.LatencyCauseNs), c.PartitionNs.LatencyBound)
	eq(t, "sum of the stalled causes", sum(c.StalledCauseNs), c.PartitionNs.Stalled)
	eq(t, "sum of the interleaved causes", sum(c.InterleavedCauseNs), c.PartitionNs.Interleaved)
	eq(t, "sum of the parallel kinds", sum(c.ParallelKindNs), c.PartitionNs.Parallel)
	eq(t, "sum of the ready causes", s.ReadyCauseNs.Sum(), r.Time.RunnableNs)
	near(t, "efficiency", c.Efficiency, c.EfficiencySupply*c.EfficiencyDemand)
	var criticality, idle int64
	for _, g := range r.Groups {
		if !g.System {
			criticality += g.Parallelism.CriticalityNs
			idle += g.IdleBlockedNs
		}
	}
	close1(t, "criticality of all groups", criticality, r.Scope.DurationNs()-c.RunningHistogramNs[0]-c.PartitionNs.Unknown, int64(len(r.Groups)))
	close1(t, "idle processors by group", idle, s.IdleBlockedNs.Sum(), int64(len(r.Groups))+5)
}

func sum(m map[string]int64) (ns int64) {
	for _, v := range m {
		ns += v
	}
	return ns
}

// close1 holds rounded shares against each other.
func close1(t *testing.T, what string, got, want, within int64) {
	t.Helper()
	if max(got-want, want-got) > within {
		t.Errorf("%s: %d ns, want %d", what, got, want)
	}
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-12*max(1, math.Abs(want)) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// The stacks on which goroutines of these tests wait.
var (
	atMutex   = []string{"sync.(*Mutex).Lock", "main.locked"}
	atUnlock  = []string{"sync.(*Mutex).Unlock", "main.locked"}
	atRead    = []string{"internal/poll.(*FD).Read", "main.read"}
	atSleep   = []string{"time.Sleep", "main.nap"}
	atReceive = []string{"runtime.chanrecv1", "main.take"}
	atSend    = []string{"runtime.chansend1", "main.give"}
	atSelect  = []string{"runtime.selectgo", "main.choose", "main.ask", "main.asker"}
	atGroup   = []string{"sync.(*WaitGroup).Wait", "main.main"}
	atDone    = []string{"sync.(*WaitGroup).Add", "sync.(*WaitGroup).Done", "main.work"}
	atAssist  = []string{"runtime.gcParkAssist", "main.allocate"}
	inRead    = []string{"syscall.read", "main.raw"}
	inC       = []string{"runtime.cgocall", "main.native"}
)

// ---------------------------------------------------------------- partition

// TestNothingInProgressIsIdle: 100 µs of work, then a goroutine that has been at
// one place all along.
func TestNothingInProgressIsIdle(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.old(0, 2, event.GoWaiting, "runtime.gopark", "runtime.chanrecv", "main.handler")
	m.ends(100, 1)
	m.down(100, 0)
	r := m.result(300)
	eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Serial: 100 * us, Idle: 200 * us})
	eq(t, "histogram", r.Concurrency.RunningHistogramNs, []int64{200 * us, 100 * us})
	eq(t, "idle blocked", r.Scheduler.IdleBlockedNs, result.IdleBlocked{})
	near(t, "engaged", r.Concurrency.AverageEngaged, 100.0/300)
	near(t, "alive", r.Concurrency.AverageAlive, 400.0/300)
}

// waitsOf are waits by what wall time counts them as: how they begin, and how
// they end.
var waitsOf = map[string]struct {
	cause  string
	begins func(m *model, at, id int64)
	ends   func(m *model, at, id int64, p int32)
}{
	"network":       {"io", block(event.ReasonNetwork, atRead...), fired},
	"sleep":         {"timer", block(event.ReasonSleep, atSleep...), fired},
	"timer channel": {"timer", block(event.ReasonChanReceive, atReceive...), fired},
	"mutex":         {"sync", block(event.ReasonSync, atMutex...), fired},
	"send":          {"sync", block(event.ReasonChanSend, atSend...), fired},
	"cond":          {"sync", block(event.ReasonCond, "sync.(*Cond).Wait", "main.queue"), fired},
	"system call":   {"syscall", call(inRead...), returned},
	"native code":   {"cgo", call(inC...), returned},
	"mark assist":   {"runtime", block(event.ReasonGCAssistWait, atAssist...), fired},
	"coroutine":     {"coroutine", block(event.ReasonNone), fired},
}

func block(reason event.ReasonID, funcs ...string) func(*model, int64, int64) {
	return func(m *model, at, id int64) { m.blocks(at, id, reason, funcs...) }
}

func call(funcs ...string) func(*model, int64, int64) {
	return func(m *model, at, id int64) { m.calls(at, id, funcs...) }
}

func fired(m *model, at, id int64, p int32) {
	m.fires(at, id, p)
	m.starts(at, id, p)
}

func returned(m *model, at, id int64, _ int32) { m.returns(at, id, event.GoRunning) }

// TestOneWaitAloneIsLatencyBoundByWhatItIs: 100 µs of running, 200 of waiting,
// 100 of running.
func TestOneWaitAloneIsLatencyBoundByWhatItIs(t *testing.T) {
	for name, w := range waitsOf {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, 2)
			m.up(0, 0)
			m.has(1, 0, "main.main")
			w.begins(m, 100, 1)
			w.ends(m, 300, 1, 0)
			r := m.result(400)
			eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Serial: 200 * us, LatencyBound: 200 * us})
			eq(t, "causes", r.Concurrency.LatencyCauseNs, map[string]int64{w.cause: 200 * us})
		})
	}
}

// TestLatencyIsCausedByWhatMostWaitFor: three sleep, two read; then one sleeps,
// two read.
func TestLatencyIsCausedByWhatMostWaitFor(t *testing.T) {
	m := newModel(t, 5)
	for i := range int64(5) {
		m.up(0, int32(i))
		m.has(i+1, int32(i), "main.main")
		if i < 3 {
			m.blocks(100, i+1, event.ReasonSleep, atSleep...)
		} else {
			m.blocks(100, i+1, event.ReasonNetwork, atRead...)
		}
	}
	for id := range int64(2) {
		m.fires(400, id+1, int32(id))
		m.starts(400, id+1, int32(id))
		m.ends(400, id+1)
	}
	m.fires(600, 3, 2)
	m.starts(600, 3, 2)
	r := m.result(600)
	eq(t, "causes", r.Concurrency.LatencyCauseNs, map[string]int64{"timer": 300 * us, "io": 200 * us})
}

// TestReadyWorkThatNobodyRunsIsStalledByItsCause: nothing runs from 100 to 150
// while goroutine 2 is ready.
func TestReadyWorkThatNobodyRunsIsStalledByItsCause(t *testing.T) {
	cases := map[string]struct {
		procs int64
		play  func(m *model)
	}{
		"dispatch": {2, func(m *model) { // both Ps idle
			m.ends(100, 1)
			m.down(100, 0)
			m.up(150, 0)
		}},
		"dispatch ": {1, func(m *model) { // the P looks for work
			m.ends(100, 1)
		}},
		"stw": {2, func(m *model) {
			m.ends(100, 1)
			m.add(100, event.Event{Kind: event.RangeBegin, Range: event.RangeSTW, Subject: 9, G: event.NoG, P: event.NoP})
			m.add(150, event.Event{Kind: event.RangeEnd, Range: event.RangeSTW, Subject: 9, G: event.NoG, P: event.NoP})
		}},
		"gc": {1, func(m *model) {
			m.ends(100, 1)
			m.spawns(100, 9, event.NoG, 0, "runtime.gcBgMarkWorker")
			m.blocks(150, 9, event.ReasonSystemWait, "runtime.gcBgMarkWorker")
		}},
		"syscall-held": {1, func(m *model) {
			m.calls(100, 1, inRead...)
			m.down(150, 0)
			m.up(150, 0)
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, c.procs)
			m.up(0, 0)
			m.has(1, 0, "main.main")
			c.play(m)
			m.makes(100, 2, event.NoG, "main.work")
			m.starts(150, 2, 0)
			m.ends(200, 2)
			r := m.result(200)
			if name == "dispatch " {
				name = "dispatch"
			}
			eq(t, "stalled", r.Concurrency.PartitionNs.Stalled, 50*us)
			eq(t, "causes", r.Concurrency.StalledCauseNs, map[string]int64{name: 50 * us})
			eq(t, "some, full", [2]int64{r.Scheduler.RunnableSomeNs, r.Scheduler.RunnableFullNs}, [2]int64{50 * us, 50 * us})
		})
	}
}

// TestOneRunsBesideAWaitIsInterleavedByItsCause: goroutine 2 runs throughout,
// goroutine 1 waits from 100 to 300.
func TestOneRunsBesideAWaitIsInterleavedByItsCause(t *testing.T) {
	causes := map[string]string{"io": "latency", "timer": "latency", "syscall": "latency", "cgo": "latency", "sync": "dependency", "runtime": "runtime", "coroutine": "coroutine"}
	for name, w := range waitsOf {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, 2)
			m.up(0, 0, 1)
			m.has(1, 0, "main.main")
			m.has(2, 1, "main.work")
			w.begins(m, 100, 1)
			w.ends(m, 300, 1, 0)
			r := m.result(400)
			eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Parallel: 200 * us, Interleaved: 200 * us})
			eq(t, "causes", r.Concurrency.InterleavedCauseNs, map[string]int64{causes[w.cause]: 200 * us})
		})
	}
}

// TestOneRunsBesideReadyWorkIsForWantOfAProcessorOrOfDispatch: goroutine 1 runs,
// goroutine 2 is ready from 0 to 100.
func TestOneRunsBesideReadyWorkIsForWantOfAProcessorOrOfDispatch(t *testing.T) {
	cases := map[string]struct {
		procs int64
		cause string
		play  func(m *model)
	}{
		"the only P":          {1, "capacity", func(m *model) {}},
		"the other P idle":    {2, "dispatch", func(m *model) {}},
		"the other P held":    {2, "capacity", func(m *model) { m.up(0, 1); m.has(3, 1, "main.raw"); m.calls(0, 3, inRead...) }},
		"the other P marking": {2, "capacity", func(m *model) { m.up(0, 1); m.has(3, 1, "runtime.gcBgMarkWorker") }},
		"the other P looking": {2, "dispatch", func(m *model) { m.up(0, 1) }},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, c.procs)
			m.up(0, 0)
			m.has(1, 0, "main.main")
			c.play(m)
			m.makes(0, 2, 1, "main.work")
			m.ends(100, 1)
			m.starts(100, 2, 0)
			r := m.result(100)
			eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Interleaved: 100 * us})
			eq(t, "causes", r.Concurrency.InterleavedCauseNs, map[string]int64{c.cause: 100 * us})
		})
	}
}

// TestParallelIsPartialFullSaturatedOrWasteful, on three Ps: two run [0,100),
// three [100,250), three and one is ready [250,450), two and one is ready
// [450,700), two while the third P is held [700,1000).
func TestParallelIsPartialFullSaturatedOrWasteful(t *testing.T) {
	m := newModel(t, 3)
	m.up(0, 0, 1)
	m.has(1, 0, "main.a")
	m.has(2, 1, "main.b")
	m.up(100, 2)
	m.spawns(100, 3, 1, 2, "main.c")
	m.makes(250, 4, 1, "main.d")
	m.ends(450, 3)
	m.down(450, 2)
	m.up(700, 2)
	m.starts(700, 4, 2)
	m.calls(700, 4, inRead...)
	r := m.result(1000)
	eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Parallel: 1000 * us})
	eq(t, "kinds", r.Concurrency.ParallelKindNs, map[string]int64{
		"partial": 100 * us, "full": (150 + 300) * us, "saturated": 200 * us, "wasteful": 250 * us,
	})
}

// ---------------------------------------------------------------- scenarios

const w = 10_000 // µs, the scenarios' unit of work

// TestS04ForkJoinHasTheNumbersOfAmdahl: serial w, four times w on four Ps,
// serial w.
func TestS04ForkJoinHasTheNumbersOfAmdahl(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	for i := range int64(4) {
		m.makes(w, 2+i, 1, "main.work")
	}
	m.blocks(w, 1, event.ReasonSync, atGroup...)
	m.up(w, 1, 2, 3)
	for i := range int64(4) {
		m.starts(w, 2+i, int32(i))
	}
	m.wakes(2*w, 1, 2, atDone...)
	m.ends(2*w, 2, 3, 4, 5)
	m.down(2*w, 1, 2, 3)
	m.starts(2*w, 1, 0)
	r := m.result(3 * w)
	c := r.Concurrency
	eq(t, "histogram", c.RunningHistogramNs, []int64{0, 2 * w * us, 0, 0, w * us})
	eq(t, "partition", c.PartitionNs, result.Partition{Serial: 2 * w * us, Parallel: w * us})
	eq(t, "kinds", c.ParallelKindNs, map[string]int64{"full": w * us})
	eq(t, "bands", c.BandsNs, result.Bands{Poor: 2 * w * us, Ideal: w * us})
	near(t, "average parallelism", c.AverageParallelism, 2)
	near(t, "average running", c.AverageRunning, 2)
	near(t, "average demand", c.AverageDemand, 2)
	near(t, "average engaged", c.AverageEngaged, 2) // the parent's wait does not count
	near(t, "average alive", c.AverageAlive, 7.0/3)
	near(t, "serial share", c.SerialShare, 2.0/3)
	near(t, "serial work", c.SerialWork, 1.0/3)
	near(t, "Karp–Flatt", c.KarpFlatt, 1.0/3)
	near(t, "Amdahl", c.AmdahlBound, 2)
	near(t, "efficiency", c.Efficiency, 0.5)
	near(t, "demand", c.EfficiencyDemand, 0.5)
	near(t, "supply", c.EfficiencySupply, 1)
	eq(t, "excess", c.ExcessDemandNs, 0)
	eq(t, "idle blocked", r.Scheduler.IdleBlockedNs, result.IdleBlocked{})
	eq(t, "ready", r.Scheduler.ReadyNs, 0)
	eq(t, "main", group(t, r, "main.main").Parallelism, result.GroupParallelism{
		Verdict: "sequential", EngagedNs: 2 * w * us, RunningNs: 2 * w * us, MostEngaged: 1, CriticalityNs: 2 * w * us, Width: 1,
	})
	eq(t, "workers", group(t, r, "main.work").Parallelism, result.GroupParallelism{
		Verdict: "parallel", CF: 1, PF: 1, EngagedNs: w * us, RunningNs: w * us, MostEngaged: 4, CriticalityNs: w * us, Width: 4,
	})
	eq(t, "overlaps", c.Overlaps, nil)
	eq(t, "phases", c.Phases, []result.Phase{
		{FromNs: 0, ToNs: w * us, Label: "serial"}, {FromNs: w * us, ToNs: 2 * w * us, Label: "parallel"}, {FromNs: 2 * w * us, ToNs: 3 * w * us, Label: "serial"},
	})
	eq(t, "longest serial", c.Longest["serial"], []result.Moment{{FromNs: 0, ToNs: w * us}, {FromNs: 2 * w * us, ToNs: 3 * w * us}})
}

// TestS05MoreWorkThanProcessorsIsSaturated: eight times w on four Ps, four after
// four.
func TestS05MoreWorkThanProcessorsIsSaturated(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0, 1, 2, 3)
	m.has(1, 0, "main.main")
	for i := range int64(8) {
		m.makes(0, 2+i, 1, "main.work")
	}
	m.ends(0, 1)
	for i := range int64(4) {
		m.starts(0, 2+i, int32(i))
		m.ends(w, 2+i)
		m.starts(w, 6+i, int32(i))
		m.ends(2*w, 6+i)
	}
	r := m.result(2 * w)
	c, s := r.Concurrency, r.Scheduler
	eq(t, "histogram", c.RunningHistogramNs, []int64{0, 0, 0, 0, 2 * w * us})
	eq(t, "partition", c.PartitionNs, result.Partition{Parallel: 2 * w * us})
	eq(t, "kinds", c.ParallelKindNs, map[string]int64{"saturated": w * us, "full": w * us})
	eq(t, "bands", c.BandsNs, result.Bands{Ideal: 2 * w * us})
	near(t, "average demand", c.AverageDemand, 6) // 8 and 4
	near(t, "efficiency", c.Efficiency, 1)
	near(t, "demand", c.EfficiencyDemand, 1)
	near(t, "supply", c.EfficiencySupply, 1)
	near(t, "Karp–Flatt", c.KarpFlatt, 0)
	near(t, "Amdahl", c.AmdahlBound, 4)
	eq(t, "excess", c.ExcessDemandNs, 4*w*us)
	eq(t, "ready", s.ReadyNs, 4*w*us)
	eq(t, "cause", s.ReadyCauseNs, result.ReadyCause{Saturated: 4 * w * us})
	eq(t, "some, full", [2]int64{s.RunnableSomeNs, s.RunnableFullNs}, [2]int64{w * us, 0})
	eq(t, "capacity while ready", s.ReadyCapacityNs, 4*w*us)
	eq(t, "idle beside ready", s.IdleWhileReadyNs, 0)
	g := group(t, r, "main.work")
	eq(t, "harm", g.HarmNs, 4*w*us)
	eq(t, "width", g.Parallelism.Width, 4)
}

// TestS05FairlySlicedExceedsTheProcessorsThroughout: two Ps, four times w in
// slices of half of it: Q is 2 throughout.
func TestS05FairlySlicedExceedsTheProcessorsThroughout(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.main")
	for i := range int64(4) {
		m.makes(0, 2+i, 1, "main.work")
	}
	m.ends(0, 1)
	m.starts(0, 2, 0)
	m.starts(0, 3, 1)
	for i := range int64(3) { // 2 and 3, 4 and 5, 2 and 3, 4 and 5
		at, out := (i+1)*w/2, 2+i%2*2
		for p := range int64(2) {
			m.preempts(at, out+p)
			m.starts(at, 6-out+p, int32(p))
		}
	}
	r := m.result(2 * w)
	near(t, "average demand", r.Concurrency.AverageDemand, 4)
	eq(t, "excess", r.Concurrency.ExcessDemandNs, 4*w*us)
	eq(t, "kinds", r.Concurrency.ParallelKindNs, map[string]int64{"saturated": 2 * w * us})
	eq(t, "ready", r.Scheduler.ReadyCauseNs, result.ReadyCause{Saturated: 4 * w * us})
	eq(t, "preempted", r.Time.Kinds["runnable/preempted"], (2*w/2+2*w/2+2*w/2)*us)
}

// TestS26UnevenChunksWidthFallsStepByStep: 1, 2, 3 and 4 w on four Ps.
func TestS26UnevenChunksWidthFallsStepByStep(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0, 1, 2, 3)
	m.has(1, 0, "main.main")
	for i := range int64(4) {
		m.makes(0, 2+i, 1, "main.work")
	}
	m.blocks(0, 1, event.ReasonSync, atGroup...)
	for i := range int64(4) {
		m.starts(0, 2+i, int32(i))
		if i == 3 {
			m.wakes(4*w, 1, 5, atDone...)
		}
		m.ends((i+1)*w, 2+i)
		m.down((i+1)*w, int32(i))
	}
	r := m.result(4 * w)
	c := r.Concurrency
	eq(t, "histogram", c.RunningHistogramNs, []int64{0, w * us, w * us, w * us, w * us})
	eq(t, "partition", c.PartitionNs, result.Partition{Parallel: 3 * w * us, Serial: w * us})
	eq(t, "kinds", c.ParallelKindNs, map[string]int64{"full": w * us, "partial": 2 * w * us})
	eq(t, "bands", c.BandsNs, result.Bands{Poor: 2 * w * us, OK: w * us, Ideal: w * us})
	near(t, "average parallelism", c.AverageParallelism, 2.5)
	near(t, "serial work", c.SerialWork, 0.1)
	near(t, "efficiency", c.Efficiency, 10.0/16)
	near(t, "demand", c.EfficiencyDemand, 10.0/16)
	g := group(t, r, "main.work")
	near(t, "CF", g.Parallelism.CF, 0.75)
	near(t, "PF", g.Parallelism.PF, 0.75)
	eq(t, "criticality", g.Parallelism.CriticalityNs, 4*w*us)
	eq(t, "idle blocked", r.Scheduler.IdleBlockedNs, result.IdleBlocked{})
}

// TestS45DelegationToOneChildIsSerial: the parent runs w, the child w while the
// parent waits for it, the parent w.
func TestS45DelegationToOneChildIsSerial(t *testing.T) {
	play := func(how event.ReasonID, at, by []string, ends bool) *result.Result {
		m := newModel(t, 2)
		m.up(0, 0)
		m.has(1, 0, "main.main")
		m.makes(w, 2, 1, "main.work")
		m.blocks(w, 1, how, at...)
		m.starts(w, 2, 0)
		m.wakes(2*w, 1, 2, by...)
		if ends {
			m.ends(2*w, 2)
		} else {
			m.blocks(2*w, 2, event.ReasonSync, atMutex...)
		}
		m.starts(2*w, 1, 0)
		return m.result(3 * w)
	}
	for name, r := range map[string]*result.Result{
		"WaitGroup": play(event.ReasonSync, atGroup, atDone, true),
		"promise":   play(event.ReasonChanReceive, atReceive, atSend, true),
		"select":    play(event.ReasonSelect, atSelect, atSend, true),
	} {
		t.Run(name, func(t *testing.T) {
			eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Serial: 3 * w * us})
			near(t, "engaged", r.Concurrency.AverageEngaged, 1)
			eq(t, "joined", r.Sites[0].JoinNs, w*us)
			eq(t, "idle blocked", r.Scheduler.IdleBlockedNs, result.IdleBlocked{})
			eq(t, "main", group(t, r, "main.main").Parallelism.EngagedNs, 2*w*us)
		})
	}
	t.Run("a child that goes on is no promise", func(t *testing.T) {
		r := play(event.ReasonChanReceive, atReceive, atSend, false)
		eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Serial: w * us, Interleaved: 2 * w * us})
		eq(t, "causes", r.Concurrency.InterleavedCauseNs, map[string]int64{"dependency": 2 * w * us})
	})
}

// TestS09SelectOverTimersIsConcurrentButNeverParallel: one goroutine waits for
// five results, 2 ms apart, and works 100 µs on each.
func TestS09SelectOverTimersIsConcurrentButNeverParallel(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	for i := range int64(5) {
		m.blocks(100+i*2100, 1, event.ReasonSelect, "runtime.selectgo", "main.main")
		m.down(100+i*2100, 0)
		m.up(2100+i*2100, 0)
		m.fires(2100+i*2100, 1, 0)
		m.starts(2100+i*2100, 1, 0)
	}
	r := m.result(100 + 5*2100)
	eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Serial: 600 * us, LatencyBound: 10_000 * us})
	eq(t, "cause", r.Concurrency.LatencyCauseNs, map[string]int64{"timer": 10_000 * us})
	p := group(t, r, "main.main").Parallelism
	eq(t, "parallelism", p, result.GroupParallelism{
		Verdict: "sequential", EngagedNs: 10_600 * us, RunningNs: 600 * us, MostEngaged: 1, CriticalityNs: 600 * us, Width: 1,
	})
	// One of two idle processors for the one that waits.
	eq(t, "idle blocked", r.Scheduler.IdleBlockedNs, result.IdleBlocked{Timer: 10_000 * us})
}

// TestS10CoroutinesInterleaveWithoutReadyTime: iter.Pull with three items, each
// side 50 µs at a time. Between two sides the format has two nanoseconds in
// which the next side is ready, one of them with nobody running.
func TestS10CoroutinesInterleaveWithoutReadyTime(t *testing.T) {
	const n = 3
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.goes(10, 2, event.GoNotExist, event.GoWaiting, 1, 0, 0, m.stack("runtime.corostart"), m.stack("main.main"))
	m.on[2] = 0
	to := func(at, from, to int64) {
		for i, e := range []event.Event{
			{Subject: to, From: uint8(event.GoWaiting), To: uint8(event.GoRunnable)},
			{Subject: from, From: uint8(event.GoRunning), To: uint8(event.GoWaiting)},
			{Subject: to, From: uint8(event.GoRunnable), To: uint8(event.GoRunning)},
		} {
			e.Kind, e.G, e.P, e.Time = event.GoTransition, from, 0, at*us+int64(i)
			if i == 2 {
				e.G = event.NoG
			}
			m.events = append(m.events, e)
		}
	}
	for i := range int64(n) {
		to(100+i*100, 1, 2)
		to(150+i*100, 2, 1)
	}
	r := m.result(500)
	c := r.Concurrency
	const switches = 2 * n
	eq(t, "partition", c.PartitionNs, result.Partition{
		Serial: 10 * us, Stalled: switches, Interleaved: 490*us - switches,
	})
	eq(t, "coroutine", c.InterleavedCauseNs["coroutine"], 490*us-2*switches)
	eq(t, "latency", r.Scheduler.Latency, result.Latency{})
	eq(t, "worst", r.Scheduler.Worst, nil)
	for _, name := range []string{"main.main", "runtime.corostart"} {
		eq(t, name, group(t, r, name).Parallelism.PF, 0)
	}
	eq(t, "overlaps", c.Overlaps, nil)
}

// ---------------------------------------------------------------- groups

// TestCriticalityDividesEachInstantAmongThoseThatRun: A runs 300 µs, B 100 of
// them, C waits for a lock. A has 200 alone and half of 100.
func TestCriticalityDividesEachInstantAmongThoseThatRun(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.a")
	m.has(3, 1, "main.c")
	m.blocks(0, 3, event.ReasonSync, atMutex...)
	m.spawns(100, 2, 1, 1, "main.b")
	m.ends(200, 2)
	m.wakes(300, 3, 1, atUnlock...)
	r := m.result(300)
	a, b, c := group(t, r, "main.a").Parallelism, group(t, r, "main.b").Parallelism, group(t, r, "main.c").Parallelism
	eq(t, "criticality", []int64{a.CriticalityNs, b.CriticalityNs, c.CriticalityNs}, []int64{250 * us, 50 * us, 0})
	near(t, "width of a", a.Width, 300.0/250)
	near(t, "width of b", b.Width, 2)
	eq(t, "alone", []int64{a.AloneNs, b.AloneNs, c.AloneNs}, []int64{200 * us, 0, 0})
	eq(t, "verdict of one that never ran", c.Verdict, "")
	eq(t, "overlaps", r.Concurrency.Overlaps, []result.Overlap{{A: group(t, r, "main.a").ID, B: group(t, r, "main.b").ID, Ns: 100 * us, Share: 1}})
}

// TestCriticalityOfThirdsIsRounded: three run 100 ns together.
func TestCriticalityOfThirdsIsRounded(t *testing.T) {
	m := newModel(t, 3)
	m.up(0, 0, 1, 2)
	for i, entry := range []string{"main.a", "main.b", "main.c"} {
		m.has(int64(i+1), int32(i), entry)
	}
	m.events = append(m.events, event.Event{Kind: event.GoTransition, Subject: 1, From: uint8(event.GoRunning), To: uint8(event.GoNotExist), G: 1, P: 0, Time: 100})
	r := m.result(1)
	// 100/3 and for those that go on 900/2 more.
	eq(t, "a", group(t, r, "main.a").Parallelism.CriticalityNs, 33)
	eq(t, "b", group(t, r, "main.b").Parallelism.CriticalityNs, 483)
}

// TestGroupVerdictsTurnAtTheirBounds: a runs 1000 µs, b as long as it says and
// then waits for a lock as long as it says.
func TestGroupVerdictsTurnAtTheirBounds(t *testing.T) {
	for _, c := range []struct {
		runs, waits int64
		cf, pf      float64
		want        string
	}{
		{0, 49, 0.049, 0, "sequential"},
		{49, 0, 0.049, 0.049, "sequential"},
		{50, 0, 0.05, 0.05, "partly-parallel"},
		{0, 50, 0.05, 0, "partly-parallel"},
		{0, 499, 0.499, 0, "partly-parallel"},
		{0, 500, 0.5, 0, "interleaved-only"},
		{49, 451, 0.5, 0.049, "interleaved-only"},
		{50, 450, 0.5, 0.05, "partly-parallel"},
		{499, 0, 0.499, 0.499, "partly-parallel"},
		{500, 0, 0.5, 0.5, "parallel"},
		{1000, 0, 1, 1, "parallel"},
	} {
		m := newModel(t, 2)
		m.up(0, 0, 1)
		m.has(1, 0, "main.a")
		m.spawns(0, 2, 1, 0, "main.work")
		m.spawns(0, 3, 1, 1, "main.work")
		m.ends(0, 1)
		if c.waits > 0 {
			m.blocks(c.runs, 3, event.ReasonSync, atMutex...)
			m.wakes(c.runs+c.waits, 3, 2, atUnlock...)
			m.starts(c.runs+c.waits, 3, 1)
		}
		m.ends(c.runs+c.waits, 3)
		r := m.result(1000)
		p := group(t, r, "main.work").Parallelism
		near(t, "CF", p.CF, c.cf)
		near(t, "PF", p.PF, c.pf)
		if p.Verdict != c.want {
			t.Errorf("CF %v, PF %v: %s, want %s", p.CF, p.PF, p.Verdict, c.want)
		}
	}
}

// TestOverlapIsAShareOfTheOneThatRanLess: x runs [0,100), y [40,200), z
// [150,180).
func TestOverlapIsAShareOfTheOneThatRanLess(t *testing.T) {
	m := newModel(t, 3)
	m.up(0, 0, 1, 2)
	m.has(1, 0, "main.x")
	m.spawns(40, 2, 1, 1, "main.y")
	m.ends(100, 1)
	m.spawns(150, 3, 2, 2, "main.z")
	m.ends(180, 3)
	m.ends(200, 2)
	r := m.result(300)
	x, y, z := group(t, r, "main.x").ID, group(t, r, "main.y").ID, group(t, r, "main.z").ID
	eq(t, "overlaps", r.Concurrency.Overlaps, []result.Overlap{
		{A: y, B: x, Ns: 60 * us, Share: 0.6}, {A: y, B: z, Ns: 30 * us, Share: 1},
	})
}
