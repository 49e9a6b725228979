package collect

import (
	"regexp"
	"slices"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/google/go-cmp/cmp"
)

// script plays hand-written events through the timeline into the collectors.
// Times are in microseconds after the start.
type script struct {
	t      *testing.T
	tables *event.Tables
	events []event.Event
}

func newScript(t *testing.T, procs int64) *script {
	s := &script{t: t, tables: event.NewTables()}
	s.add(0, event.Event{Kind: event.Sync, G: event.NoG, P: event.NoP, M: event.NoM})
	s.add(0, event.Event{Kind: event.ProcsChange, Arg: procs, G: event.NoG, P: event.NoP})
	return s
}

func (s *script) add(at int64, e event.Event) { // at in µs
	e.Time = at * 1000
	s.events = append(s.events, e)
}

func (s *script) stack(funcs ...string) event.StackID {
	frames := make([]event.Frame, len(funcs))
	for i, f := range funcs {
		frames[i] = event.Frame{Func: f, File: "/src/x.go", Line: 7}
	}
	return s.tables.InternStack(frames)
}

func (s *script) g(at, id int64, from, to event.GoState, by int64, reason event.ReasonID, own, context event.StackID) {
	s.add(at, event.Event{Kind: event.GoTransition, Subject: id, From: uint8(from), To: uint8(to), G: by, P: int32(id % 2), M: 1, Reason: reason, SubjectStack: own, Stack: context})
}

func (s *script) old(at, id int64, state event.GoState, funcs ...string) {
	s.g(at, id, event.GoUndetermined, state, event.NoG, 0, s.stack(funcs...), 0)
}

func (s *script) spawn(at, id, by int64, entry string) {
	s.g(at, id, event.GoNotExist, event.GoRunnable, by, 0, s.stack(entry), s.stack("main.main"))
}

func (s *script) run(at, id int64) {
	s.g(at, id, event.GoRunnable, event.GoRunning, event.NoG, 0, 0, 0)
}

func (s *script) block(at, id int64, reason event.ReasonID, funcs ...string) {
	st := s.stack(funcs...)
	s.g(at, id, event.GoRunning, event.GoWaiting, id, reason, st, st)
}

func (s *script) wake(at, id, by int64, funcs ...string) {
	s.g(at, id, event.GoWaiting, event.GoRunnable, by, 0, 0, s.stack(funcs...))
}

func (s *script) end(at, id int64) {
	s.g(at, id, event.GoRunning, event.GoNotExist, id, 0, 0, 0)
}

func (s *script) annotate(at, id int64, kind event.Kind, task, parent int64, name string) {
	s.add(at, event.Event{Kind: kind, G: id, P: 0, Subject: task, Arg: parent, Name: s.tables.Intern(name)})
}

// play ends the script and returns the result.
func (s *script) play(end int64, o Options) *result.Result {
	s.t.Helper()
	return s.through(New(o, s.tables), end)
}

// through plays the script into certain collectors.
func (s *script) through(set *Set, end int64) *result.Result {
	s.t.Helper()
	s.add(end, event.Event{Kind: event.Sync, G: event.NoG, P: event.NoP})
	m := timeline.New(s.tables, 26, timeline.Options{}, set)
	if err := m.Feed(s.events); err != nil {
		s.t.Fatal(err)
	}
	m.Finish()
	r := &result.Result{}
	r.Scope.FromNs, r.Scope.ToNs = m.Window()
	set.Finish(End{Tables: s.tables, Groups: m.Groups(), From: r.Scope.FromNs, To: r.Scope.ToNs}, r)
	return r
}

func group(t *testing.T, r *result.Result, name string) result.Group {
	t.Helper()
	for _, g := range r.Groups {
		if g.Name == name {
			return g
		}
	}
	t.Fatalf("no group %s", name)
	return result.Group{}
}

func eq[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const us = 1000

func TestGroupsSumTheirGoroutines(t *testing.T) {
	s := newScript(t, 2)
	s.old(0, 1, event.GoRunning, "main.main")
	for i := range int64(3) {
		s.spawn(10+i, 2+i, 1, "main.worker")
	}
	s.run(20, 2)
	s.block(30, 2, event.ReasonSync, "sync.(*Mutex).Lock", "main.worker")
	s.wake(70, 2, 1, "sync.(*Mutex).Unlock", "main.main")
	s.run(75, 2)
	s.end(100, 2)
	s.run(100, 3)
	r := s.play(200, Options{})

	w := group(t, r, "main.worker")
	eq(t, "goroutines", [2]int{w.Count, w.Ended}, [2]int{3, 1})
	eq(t, "kinds", w.Time.Kinds, map[string]int64{
		"runnable/new":       (10 + (100 - 11) + (200 - 12)) * us,
		"runnable/woken":     5 * us,
		"running/user":       (10 + 25 + 100) * us,
		"blocked-sync/mutex": 40 * us,
	})
	eq(t, "runs", w.RunCount, 3)
	eq(t, "mutex waits", w.Waits["blocked-sync/mutex"], result.Latency{Count: 1, P50Ns: 40 * us, P90Ns: 40 * us, P99Ns: 40 * us, MaxNs: 40 * us})
	eq(t, "created by", w.CreatedBy, "main.main x.go:7")
	eq(t, "parents", w.Parents, []result.GroupCount{{Group: group(t, r, "main.main").ID, Count: 3}})
	eq(t, "verdict", w.Verdict, "runnable")
	eq(t, "site", r.Sites[0].Kind+" "+r.Sites[0].Frames[1].Func, "mutex main.worker")
}

// TestTheWaitBeforeTheFirstRunCounts: go tool trace's scheduler latency profile
// leaves it out.
func TestTheWaitBeforeTheFirstRunCounts(t *testing.T) {
	s := newScript(t, 2)
	s.old(0, 1, event.GoRunning, "main.main")
	s.spawn(100, 2, 1, "main.late")
	s.run(3790, 2)
	r := s.play(5000, Options{})
	eq(t, "new", r.Scheduler.LatencyByOrigin["new"].MaxNs, 3690*us)
	eq(t, "all", r.Scheduler.Latency.Count, 1)
}

// TestWaitsAtTheEdgesCount: go tool trace's profiles leave out waits that are
// open at the end, and lists what was blocked at the start as inactive.
func TestWaitsAtTheEdgesCount(t *testing.T) {
	s := newScript(t, 2)
	s.old(0, 1, event.GoRunning, "main.main")
	s.old(1, 2, event.GoWaiting, "runtime.gopark", "runtime.chanrecv", "main.sleeper")
	s.wake(60_000, 2, 1, "runtime.chansend1", "main.main")
	s.run(60_001, 2)
	s.block(60_002, 2, event.ReasonChanReceive, "runtime.chanrecv1", "main.sleeper")
	r := s.play(120_002, Options{})
	g := group(t, r, "main.sleeper")
	eq(t, "waits", g.Waits["blocked-sync/chan-receive"].Count, 2)
	eq(t, "time", g.Time.Kinds["blocked-sync/chan-receive"], 120_000*us)
	eq(t, "inferred", g.Time.InferredNs, 60_000*us)
	eq(t, "runs", g.RunCount, 1)
}

// TestASyscallOpenAtTheEndCountsOnce: the toolchain's Summarizer counts it
// again as waiting for a processor.
func TestASyscallOpenAtTheEndCountsOnce(t *testing.T) {
	s := newScript(t, 2)
	s.add(0, event.Event{Kind: event.ProcTransition, Subject: 1, From: uint8(event.ProcUndetermined), To: uint8(event.ProcRunning), G: event.NoG, P: event.NoP})
	s.old(0, 1, event.GoRunning, "main.main")
	st := s.stack("syscall.read", "main.main")
	s.g(300, 1, event.GoRunning, event.GoSyscall, 1, 0, st, st)
	s.add(350, event.Event{Kind: event.ProcTransition, Subject: 1, From: uint8(event.ProcRunning), To: uint8(event.ProcIdle), G: event.NoG, P: event.NoP, M: 9})
	r := s.play(60_400, Options{Goroutines: true})
	g := r.Goroutines[0]
	eq(t, "states", g.StatesNs, result.States{Running: 300 * us, Syscall: 60_100 * us})
	eq(t, "kinds", g.Time.Kinds, map[string]int64{"running/user": 300 * us, "blocked-io/syscall": 60_100 * us})
	eq(t, "processors", r.Scheduler.PTimeNs, result.PTime{User: 300 * us, Syscall: 50 * us, Idle: (2*60_400 - 350) * us})
}

func TestWhatRunsAtOnce(t *testing.T) {
	s := newScript(t, 2)
	s.old(0, 1, event.GoRunning, "main.main")
	s.spawn(100, 3, 1, "main.other")
	s.run(200, 3)
	s.block(500, 1, event.ReasonSync, "sync.(*WaitGroup).Wait", "main.main")
	// A goroutine that is older than the trace and turns out to be the
	// runtime's only after it has run: it does not count.
	s.g(600, 4, event.GoUndetermined, event.GoRunning, event.NoG, 0, 0, 0)
	s.block(650, 4, event.ReasonSystemWait, "runtime.gcBgMarkWorker")
	s.block(700, 3, event.ReasonSleep, "time.Sleep", "main.other")
	r := s.play(1000, Options{})
	eq(t, "histogram", r.Concurrency.RunningHistogramNs, []int64{300 * us, 400 * us, 300 * us})
	eq(t, "average running", r.Concurrency.AverageRunning, 1.0)
	eq(t, "average parallelism", r.Concurrency.AverageParallelism, 1000.0/700)
	// main.main's waiting for the others is not counted beside them.
	eq(t, "average engaged", r.Concurrency.AverageEngaged, (500+900)/1000.0)
	eq(t, "someone ready", r.Scheduler.RunnableSomeNs, 100*us)
	eq(t, "ready and none runs", r.Scheduler.RunnableFullNs, 0)
}

func TestTasksAndRegionsHaveTheirTime(t *testing.T) {
	s := newScript(t, 2)
	s.old(0, 1, event.GoRunning, "main.main")
	s.annotate(100, 1, event.TaskBegin, 7, event.NoTask, "request")
	s.annotate(200, 1, event.RegionBegin, 7, 0, "parse")
	s.block(300, 1, event.ReasonNetwork, "internal/poll.(*FD).Read", "main.main")
	s.wake(500, 1, event.NoG)
	s.run(510, 1)
	s.annotate(600, 1, event.RegionEnd, 7, 0, "parse")
	s.old(0, 3, event.GoRunning, "main.helper")
	s.annotate(650, 3, event.RegionBegin, 7, 0, "help")
	s.annotate(750, 3, event.RegionEnd, 7, 0, "help")
	s.annotate(800, 1, event.TaskEnd, 7, event.NoTask, "request")
	s.annotate(850, 1, event.TaskBegin, 8, event.NoTask, "request")
	s.annotate(900, 1, event.Log, 8, 0, "note")
	r := s.play(1000, Options{})

	eq(t, "tasks", len(r.Tasks), 1)
	task := r.Tasks[0]
	eq(t, "type and count", []any{task.Type, task.Count, task.Complete}, []any{"request", int64(2), int64(1)})
	eq(t, "duration", task.Duration, result.Latency{Count: 1, P50Ns: 700 * us, P90Ns: 700 * us, P99Ns: 700 * us, MaxNs: 700 * us})
	// 700 of main.main, 100 of the helper, and 150 of the task that is open.
	eq(t, "time", task.Time.Kinds, map[string]int64{
		"running/user": (200 + 290 + 100 + 150) * us, "blocked-io/network": 200 * us, "runnable/woken": 10 * us,
	})
	var path int64
	for _, p := range task.Slowest[0].Pieces {
		path += p.Ns
	}
	eq(t, "pieces of its path", path, 700*us)
	task.Slowest[0].Pieces = nil
	eq(t, "slowest", task.Slowest, []result.SlowRun{{Task: 7, Goroutine: 1, BeginNs: 100 * us, DurationNs: 700 * us}})
	var parse result.Span
	for _, x := range r.Regions {
		if x.Type == "parse" {
			parse = x
		}
	}
	eq(t, "region", parse.Time.Kinds, map[string]int64{"running/user": 190 * us, "blocked-io/network": 200 * us, "runnable/woken": 10 * us})
	eq(t, "logs", r.Logs, []result.LogCount{{Category: "note", Count: 1}})
	// Splitting at the marks must not make more runs of one.
	eq(t, "runs", group(t, r, "main.main").Waits["running/user"].Count, 2)
}

// TestTasksWithoutAParentNestByTheirOrder: trace.NewTask(context.Background())
// within another task.
func TestTasksWithoutAParentNestByTheirOrder(t *testing.T) {
	s := newScript(t, 2)
	s.old(0, 1, event.GoRunning, "main.main")
	s.annotate(100, 1, event.TaskBegin, 7, event.NoTask, "run")
	s.annotate(200, 1, event.TaskBegin, 8, event.NoTask, "item")
	s.annotate(500, 1, event.TaskEnd, 8, event.NoTask, "item")
	s.annotate(600, 1, event.TaskEnd, 7, event.NoTask, "run")
	r := s.play(1000, Options{})
	got := map[string]int64{}
	for _, x := range r.Tasks {
		got[x.Type] = x.Time.LifetimeNs
	}
	eq(t, "time", got, map[string]int64{"run": 500 * us, "item": 300 * us})
}

// TestAGoroutineThatHandsTasksOutDoesNotWorkOnThem: two open tasks side by side.
func TestAGoroutineThatHandsTasksOutDoesNotWorkOnThem(t *testing.T) {
	s := newScript(t, 2)
	s.old(0, 1, event.GoRunning, "main.main")
	s.annotate(100, 1, event.TaskBegin, 7, event.NoTask, "job")
	s.annotate(200, 1, event.TaskBegin, 8, event.NoTask, "job")
	s.old(0, 3, event.GoRunning, "main.worker")
	s.annotate(500, 3, event.TaskEnd, 7, event.NoTask, "job")
	s.annotate(600, 3, event.TaskEnd, 8, event.NoTask, "job")
	r := s.play(1000, Options{})
	eq(t, "time", r.Tasks[0].Time.LifetimeNs, 0)
	eq(t, "complete", r.Tasks[0].Complete, 2)
}

func TestHandlersStayApartInsideALibrarysGroup(t *testing.T) {
	s := newScript(t, 2)
	s.old(0, 1, event.GoRunning, "main.a", "net/http.HandlerFunc.ServeHTTP", "net/http.(*conn).serve")
	s.block(100, 1, event.ReasonSleep, "time.Sleep", "main.a", "net/http.HandlerFunc.ServeHTTP", "net/http.(*conn).serve")
	s.wake(300, 1, event.NoG)
	s.run(300, 1)
	s.block(350, 1, event.ReasonChanReceive, "runtime.chanrecv1", "example.com/m.B", "net/http.(*conn).serve")
	s.wake(400, 1, event.NoG)
	s.run(401, 1)
	s.block(500, 1, event.ReasonNetwork, "internal/poll.(*FD).Read", "bufio.(*Reader).Peek", "net/http.(*conn).serve")
	r := s.play(1000, Options{})
	g := group(t, r, "net/http.(*conn).serve")
	got := map[string]int64{}
	var sum int64
	for _, in := range g.Inside {
		got[in.Func] = in.Time.LifetimeNs
		sum += in.Time.LifetimeNs
	}
	eq(t, "inside", got, map[string]int64{"main.a": 300 * us, "example.com/m.B": 101 * us, "": 599 * us})
	eq(t, "sum", sum, g.Time.LifetimeNs)
	eq(t, "at rest", g.AtRest[0].Rule, "known-site")
}

func TestRulesOfRest(t *testing.T) {
	cases := map[string]struct {
		script func(s *script)
		opts   Options
		want   map[string]string // by entry function, "" where nothing is at rest
	}{
		"whole trace": {
			script: func(s *script) {
				s.old(1, 2, event.GoWaiting, "runtime.gopark", "runtime.chanrecv", "main.idle")
				s.old(1, 3, event.GoWaiting, "runtime.gopark", "runtime.semacquire1", "sync.(*Mutex).Lock", "main.stuck")
			},
			want: map[string]string{"main.idle": "whole-trace", "main.stuck": ""},
		},
		"accept loop, however busy": {
			script: func(s *script) {
				s.old(0, 2, event.GoRunning, "main.listen")
				for i := range int64(4) {
					s.block(1000+i*1000, 2, event.ReasonNetwork, "internal/poll.(*FD).Accept", "net.(*netFD).accept", "main.listen")
					s.wake(1500+i*1000, 2, event.NoG)
					s.run(1501+i*1000, 2)
				}
			},
			want: map[string]string{"main.listen": "known-site"},
		},
		"a collection in an accept loop is no rest": {
			script: func(s *script) {
				s.old(0, 2, event.GoRunning, "main.listen")
				s.block(1000, 2, event.ReasonGCAssistWait, "runtime.gcParkAssist", "net.(*netFD).accept", "main.listen")
			},
			want: map[string]string{"main.listen": ""},
		},
		"ticker": {
			script: func(s *script) {
				s.old(0, 2, event.GoRunning, "main.tick")
				for i := range int64(3) {
					s.block(1000+i*1000, 2, event.ReasonChanReceive, "runtime.chanrecv1", "main.tick")
					s.wake(1900+i*1000, 2, event.NoG)
					s.run(1901+i*1000, 2)
				}
			},
			want: map[string]string{"main.tick": "ticker"},
		},
		"a ticker that somebody waits for": {
			script: func(s *script) {
				s.old(0, 2, event.GoRunning, "main.tick")
				s.old(0, 3, event.GoRunning, "main.user")
				s.block(10, 3, event.ReasonChanReceive, "runtime.chanrecv1", "main.user")
				for i := range int64(3) {
					s.block(1000+i*1000, 2, event.ReasonChanReceive, "runtime.chanrecv1", "main.tick")
					s.wake(1900+i*1000, 2, event.NoG)
					s.run(1901+i*1000, 2)
				}
				s.wake(5000, 3, 2, "runtime.chansend1", "main.tick")
			},
			want: map[string]string{"main.tick": "", "main.user": ""},
		},
		"pool without work": {
			script: func(s *script) {
				pool(s, "main.pool", "bufio.(*Reader).Peek", "net/http.(*conn).serve")
			},
			want: map[string]string{"main.pool": "parked-workers"},
		},
		"pool behind a producer that reads": {
			script: func(s *script) { pool(s, "main.pool", "main.produce") },
			want:   map[string]string{"main.pool": ""},
		},
		"held up at one of two sites": {
			script: func(s *script) {
				pool(s, "main.pool", "main.produce")
				for _, id := range []int64{2, 4} {
					for i := range int64(3) {
						s.block(100+i*3000+2850, id, event.ReasonSleep, "time.Sleep", "main.pool")
						s.wake(100+i*3000+2900, id, event.NoG)
						s.run(100+i*3000+2901, id)
					}
				}
			},
			want: map[string]string{"main.pool": ""},
		},
		"connections that peers hand back": {
			script: func(s *script) {
				for _, id := range []int64{2, 4} {
					s.old(0, id, event.GoRunning, "main.query")
				}
				for i := range int64(4) {
					waiter, holder := []int64{2, 4}[i%2], []int64{4, 2}[i%2]
					s.block(1000+i*2000, waiter, event.ReasonChanReceive, "runtime.chanrecv1", "main.query")
					s.wake(2900+i*2000, waiter, holder, "runtime.chansend1", "main.query")
					s.run(2901+i*2000, waiter)
				}
			},
			want: map[string]string{"main.query": ""},
		},
		"clients of one server": {
			script: func(s *script) {
				s.old(0, 1, event.GoWaiting, "runtime.gopark", "runtime.chanrecv", "main.server")
				for _, id := range []int64{2, 4} {
					s.old(0, id, event.GoRunning, "main.client")
					for i := range int64(3) {
						at := 1000 + i*2000 + id
						s.block(at, id, event.ReasonChanSend, "runtime.chansend1", "main.client")
						s.wake(at+10, id, 1, "runtime.chanrecv1", "main.server")
						s.run(at+11, id)
						s.block(at+12, id, event.ReasonChanReceive, "runtime.chanrecv1", "main.client")
						s.wake(at+1900, id, 1, "runtime.chansend1", "main.server")
						s.run(at+1901, id)
					}
				}
			},
			want: map[string]string{"main.client": ""},
		},
		"a handler that waits for a timer": {
			script: func(s *script) {
				s.old(0, 2, event.GoRunning, "main.conn")
				for i := range int64(3) {
					s.block(1000+i*2000, 2, event.ReasonNetwork, "internal/poll.(*FD).Read", "main.conn")
					s.wake(1500+i*2000, 2, event.NoG)
					s.run(1501+i*2000, 2)
					s.block(1502+i*2000, 2, event.ReasonChanReceive, "runtime.chanrecv1", "main.conn")
					s.wake(2900+i*2000, 2, event.NoG)
					s.run(2901+i*2000, 2)
				}
			},
			want: map[string]string{"main.conn": ""},
		},
		"requests that hang for the whole trace": {
			script: func(s *script) {
				for _, id := range []int64{2, 4} {
					s.old(1, id, event.GoWaiting, "runtime.gopark", "runtime.chanrecv", "main.query", "main.handle", "net/http.HandlerFunc.ServeHTTP", "net/http.(*conn).serve")
				}
				s.old(1, 6, event.GoWaiting, "runtime.gopark", "runtime.chansend", "main.deliver")
			},
			want: map[string]string{"net/http.(*conn).serve": "", "main.deliver": ""},
		},
		"a lock in an accept loop": {
			script: func(s *script) {
				s.old(0, 2, event.GoRunning, "main.listen")
				s.block(1000, 2, event.ReasonSync, "sync.(*Mutex).Lock", "net.(*netFD).accept", "main.listen")
			},
			want: map[string]string{"main.listen": ""},
		},
		"waiting for an answer deep in a handler": {
			script: func(s *script) {
				for _, id := range []int64{2, 4} {
					s.old(0, id, event.GoRunning, "main.serve")
					s.block(1000, id, event.ReasonSelect, "runtime.selectgo", "client.Do", "main.handle", "main.serve")
				}
			},
			want: map[string]string{"main.serve": ""},
		},
		"a semaphore's queue": {
			script: func(s *script) {
				s.old(0, 1, event.GoRunning, "main.main")
				for _, id := range []int64{2, 4} {
					s.old(0, id, event.GoRunning, "main.limited")
					for i := range int64(3) {
						s.block(1000+i*1000, id, event.ReasonSelect, "runtime.selectgo", "main.limited")
						s.wake(1900+i*1000, id, 1, "runtime.chanrecv1", "main.main")
						s.run(1901+i*1000, id)
					}
				}
			},
			want: map[string]string{"main.limited": ""},
		},
		"inside a task": {
			script: func(s *script) {
				s.spawn(10, 2, event.NoG, "main.request")
				s.run(11, 2)
				s.annotate(12, 2, event.TaskBegin, 7, event.NoTask, "request")
				s.block(20, 2, event.ReasonChanReceive, "runtime.chanrecv1", "main.request")
			},
			want: map[string]string{"main.request": ""},
		},
		"created at the start and never woken": {
			script: func(s *script) {
				s.spawn(10, 2, event.NoG, "main.signals")
				s.run(11, 2)
				s.block(20, 2, event.ReasonChanReceive, "runtime.chanrecv1", "main.signals")
			},
			want: map[string]string{"main.signals": "whole-trace"},
		},
		"asked for": {
			script: func(s *script) {
				s.old(0, 2, event.GoRunning, "main.poller")
				s.block(1000, 2, event.ReasonSleep, "time.Sleep", "main.poller")
			},
			opts: Options{AtRest: regexp.MustCompile(`main\.poll`)},
			want: map[string]string{"main.poller": "asked"},
		},
		"sleeping is not": {
			script: func(s *script) {
				s.old(0, 2, event.GoRunning, "main.poller")
				s.block(1000, 2, event.ReasonSleep, "time.Sleep", "main.poller")
			},
			want: map[string]string{"main.poller": ""},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newScript(t, 2)
			c.script(s)
			slices.SortStableFunc(s.events, func(a, b event.Event) int { return int(a.Time - b.Time) })
			r := s.play(10_000, c.opts)
			for entry, want := range c.want {
				g := group(t, r, entry)
				got := ""
				for _, rest := range g.AtRest {
					got = rest.Rule
				}
				if got != want {
					t.Errorf("%s: rule %q, want %q (%+v)", entry, got, want, g.AtRest)
				}
				if want != "" && len(g.AtRest) == 1 && g.Time.AtRestNs != g.AtRest[0].TotalNs {
					t.Errorf("%s: %d ns at rest, the rules found %d", entry, g.Time.AtRestNs, g.AtRest[0].TotalNs)
				}
			}
		})
	}
}

// pool plays two workers that wait for jobs three times, from a goroutine that
// reads them off a connection, in the functions given.
func pool(s *script, entry string, reader ...string) {
	read := append([]string{"internal/poll.(*FD).Read"}, reader...)
	s.old(0, 1, event.GoRunning, reader[len(reader)-1])
	s.block(50, 1, event.ReasonNetwork, read...)
	for _, id := range []int64{2, 4} {
		s.old(0, id, event.GoRunning, entry)
	}
	for i := range int64(3) {
		at := 100 + i*3000
		for _, id := range []int64{2, 4} {
			s.block(at, id, event.ReasonChanReceive, "runtime.chanrecv1", entry)
		}
		s.wake(at+2800, 1, event.NoG)
		s.run(at+2801, 1)
		for _, id := range []int64{2, 4} {
			s.wake(at+2810, id, 1, "runtime.chansend1", "main.main")
			s.run(at+2811, id)
		}
		s.block(at+2820, 1, event.ReasonNetwork, read...)
	}
}

// TestTheOrderOfIDsMeansNothing numbers the same stacks, names and reasons in
// two ways. Every wait is as long as the others, so that nothing but what they
// are can order them.
func TestTheOrderOfIDsMeansNothing(t *testing.T) {
	play := func(numbering func(*script)) *result.Result {
		s := newScript(t, 2)
		numbering(s)
		s.old(0, 1, event.GoRunning, "main.main")
		for i := range int64(6) {
			g := 10 + i
			fn := "main.worker" + string(rune('A'+i))
			s.spawn(10+i, g, 1, "main.worker")
			s.run(20+i, g)
			s.annotate(21+i, g, event.RegionBegin, 0, 0, fn)
			s.annotate(22+i, g, event.Log, 0, 0, fn)
			s.block(30+i, g, s.tables.InternReason(fn), fn, "main.worker")
			s.wake(40+i, g, 1, "main.main")
			s.run(50+i, g)
			s.annotate(60+i, g, event.RegionEnd, 0, 0, fn)
			s.block(70+i, g, event.ReasonForever, "runtime.block", fn, "main.worker")
		}
		return s.play(1000, Options{Goroutines: true})
	}
	forth := play(func(*script) {})
	back := play(func(s *script) {
		for i := 5; i >= 0; i-- {
			fn := "main.worker" + string(rune('A'+i))
			s.stack("runtime.block", fn, "main.worker")
			s.stack(fn, "main.worker")
			s.tables.Intern(fn)
			s.tables.InternReason(fn)
		}
	})
	eq(t, "numbered backwards", back, forth)
}
