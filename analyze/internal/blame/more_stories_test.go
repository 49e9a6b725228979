package blame

import (
	"fmt"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// ---------------------------------------------------------------- conditions

// TestWakeUpsInVainAreOneWait (S24): three waiters since 1, 2 and 3, one item at 100,
// 200 and 300 each, every time a broadcast: the first takes the first item, the second
// finds none after its first wake-up and waits again from 105 to 200, the third after
// two, from 106 to 200 and 205 to 300. Six waits, three in vain, are three:
// 99, 98+95 and 97+94+95, all of them for the producer, which runs all along.
func TestWakeUpsInVainAreOneWait(t *testing.T) {
	s := newTale(t, 4)
	s.has(9, 3, "main.producer")
	pops := func(at, id int64) { s.blocks(at, id, event.ReasonCond, condW, "main.pop", "main.waiter") }
	for id := int64(1); id <= 3; id++ {
		s.has(id, int32(id-1), "main.waiter")
		pops(id, id)
	}
	for first := int64(1); first <= 3; first++ {
		at := 100 * first
		for id := first; id <= 3; id++ {
			s.wakes(at, id, 9, bcast, "main.put", "main.producer")
		}
		for id := first; id <= 3; id++ {
			s.starts(at+2+id-first, id, int32(id-1))
			if id > first {
				pops(at+4+id-first, id)
			}
		}
		s.ends(at+50, first)
	}
	s.play(400).want(`
		main.waiter cond in main.pop by main.producer: 3×578 futile 3
			578|0 code main.put
	`)
}

// TestWhoWokeInVainIsNotToBlame: w waits since 10; x wakes it at 100, in vain, and
// then reads from the network; y, which computed all along, wakes it at 200. What w
// waited for, from 10 to 100 and from 103 to 200, was y.
func TestWhoWokeInVainIsNotToBlame(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.w")
	s.has(2, 1, "main.x")
	s.has(3, 2, "main.y")
	s.blocks(10, 1, event.ReasonCond, condW, "main.w")
	s.wakesTo(100, 1, 0, 2, bcast, "main.x")
	s.blocks(103, 1, event.ReasonCond, condW, "main.w")
	s.blocks(110, 2, event.ReasonNetwork, reads, "main.x")
	s.wakesTo(200, 1, 0, 3, bcast, "main.y")
	s.blocks(300, 1, event.ReasonSleep, naps, "main.w")
	s.play(400).want(`
		main.w cond in main.w by main.y: 1×187 futile 1
			187|0 code main.y
	`)
}

// TestWhatIsAWakeUpInVain: w waits for a condition from 10 to 100, does something, and
// waits again at 110, or where it says, to 200. It woke in vain if it ran for less than
// 10 and waits at the same place; a wait for the condition's lock in between does not
// matter, any other does.
func TestWhatIsAWakeUpInVain(t *testing.T) {
	const one, two = "1×%d futile 1", "2×%d"
	again := func(s *tale, at int64) { s.blocks(at, 1, event.ReasonCond, condW, "main.w") }
	for name, c := range map[string]struct {
		play func(*tale)
		want string
		ns   int64
	}{
		"runs for 9.999": {func(s *tale) {
			s.unit = 1
			again(s, 109_999)
			s.unit = 1000
		}, one, 90_000 + 90_001},
		"runs for 10": {func(s *tale) { again(s, 110) }, two, 180_000},
		"runs for 10 in two parts": {func(s *tale) {
			s.preempts(106, 1, "main.w")
			s.starts(150, 1, 0)
			again(s, 154)
		}, two, 136_000},
		"is long ready": {func(s *tale) {
			s.preempts(104, 1, "main.w")
			s.starts(150, 1, 0)
			again(s, 154)
		}, one, 136_000},
		"waits for the lock": {func(s *tale) {
			s.blocks(101, 1, event.ReasonSync, lock, condW, "main.w")
			s.wakesTo(120, 1, 0, 2, unlock, "main.p")
			again(s, 121)
		}, one, 169_000},
		"waits for a channel": {func(s *tale) {
			s.blocks(101, 1, event.ReasonChanReceive, recv, "main.w")
			s.wakesTo(120, 1, 0, 2, send, "main.p")
			again(s, 121)
		}, two, 169_000},
		"sleeps": {func(s *tale) {
			s.blocks(101, 1, event.ReasonSleep, naps, "main.w")
			s.firesTo(120, 1, 0)
			again(s, 121)
		}, two, 169_000},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTale(t, 3)
			s.has(1, 0, "main.w")
			s.has(2, 1, "main.p")
			s.blocks(10, 1, event.ReasonCond, condW, "main.w")
			s.wakesTo(100, 1, 0, 2, bcast, "main.p")
			c.play(s)
			s.wakesTo(200, 1, 0, 2, bcast, "main.p")
			x := s.play(400)
			got := ""
			x.b.Accounts(func(a Account, _ []Share) {
				if text := x.account(a); strings.Contains(text, " cond ") {
					got = text
				}
			})
			is(t, "account", got, "main.w cond in main.w by main.p: "+fmt.Sprintf(strings.Replace(c.want, "%d", "%s", 1), x.time(c.ns)))
		})
	}
}

// TestAnotherConditionIsAnotherWait: at another place, however short the run between.
func TestAnotherConditionIsAnotherWait(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.w")
	s.has(2, 1, "main.p")
	s.blocks(10, 1, event.ReasonCond, condW, "main.one", "main.w")
	s.wakesTo(100, 1, 0, 2, bcast, "main.p")
	s.blocks(101, 1, event.ReasonCond, condW, "main.two", "main.w")
	s.wakesTo(200, 1, 0, 2, bcast, "main.p")
	s.play(205).want(`
		main.w cond in main.one by main.p: 1×90
			90|0 code main.p
		main.w cond in main.two by main.p: 1×99
			99|0 code main.p
	`)
}

// TestEveryWakeUpIsCounted: of so many wake-ups, all in vain but the last, at most 64
// are held back for one wait, and none is lost; also if the goroutine ends within the
// run that the last one brings, or the trace does, or the window, or the next wait
// never ends.
func TestEveryWakeUpIsCounted(t *testing.T) {
	for _, n := range []int64{1, 2, 63, 64, 65, 128, 129, 300} {
		for _, end := range []string{"runs", "ends", "trace ends", "waits", "window ends"} {
			s := newTale(t, 2)
			s.has(1, 0, "main.w")
			s.has(2, 1, "main.p")
			for i := range n {
				s.blocks(10*i, 1, event.ReasonCond, condW, "main.w")
				s.wakesTo(10*i+6, 1, 0, 2, bcast, "main.p")
			}
			last, o := 10*n+100, timeline.Options{}
			switch end {
			case "ends":
				s.ends(10*n, 1)
			case "trace ends":
				last = 10 * n
			case "waits":
				s.blocks(10*n, 1, event.ReasonCond, condW, "main.w")
			case "window ends":
				s.blocks(10*n, 1, event.ReasonCond, condW, "main.w")
				s.wakesTo(10*n+50, 1, 0, 2, bcast, "main.p")
				s.blocks(10*n+51, 1, event.ReasonCond, condW, "main.w")
				o.To = 10 * n * 1000
			}
			var waits, futile, ns int64
			s.window(last, o, nil).b.Accounts(func(a Account, _ []Share) {
				if a.Waker != NoOne {
					waits, futile, ns = waits+a.Waits, futile+a.Futile, ns+a.Ns
				}
			})
			what := fmt.Sprintf("%d wake-ups, then it %s: ", n, end)
			is(t, what+"waits", waits, (n+maxFutile-1)/maxFutile)
			is(t, what+"waits and wake-ups in vain", waits+futile, n)
			is(t, what+"time", ns, n*6000)
		}
	}
}

// ---------------------------------------------------------------- WaitGroups

// TestTheLastOfAGroupIsLateByHowMuchItCameAfterTheOneBefore (S27): main waits since
// 100 for three workers that are done at 300, 500 and 900 and end 1 later. All of it
// is what the last one did; without it, it would have been 399 less.
func TestTheLastOfAGroupIsLateByHowMuchItCameAfterTheOneBefore(t *testing.T) {
	s := newTale(t, 4)
	s.has(1, 0, "main.main")
	for i := range int64(3) {
		s.makes(10+i, 2+i, 1, "main.worker", "main.main")
		s.starts(20, 2+i, int32(1+i))
	}
	s.blocks(100, 1, event.ReasonSync, waits, "main.main")
	s.ends(301, 2)
	s.ends(501, 4)
	s.wakesTo(900, 1, 0, 3, done, "main.worker")
	s.ends(901, 3)
	s.play(1000).want(`
		main.main waitgroup in main.main by main.worker: 1×800 late 1×399
			800|0 code main.worker
	`)
}

// TestWhoEndsBeforeTheWaitIsNoRunnerUp: one that ended at 90 is none of a wait since 100,
// nor is one that has not ended; one of another group at 500 is.
func TestWhoEndsBeforeTheWaitIsNoRunnerUp(t *testing.T) {
	s := newTale(t, 4)
	s.has(1, 0, "main.main")
	for i, entry := range []string{"main.worker", "main.other", "main.worker", "main.worker"} {
		s.makes(10, 2+int64(i), 1, entry, "main.main")
		s.starts(20, 2+int64(i), int32(i))
	}
	s.ends(90, 2)
	s.blocks(100, 1, event.ReasonSync, waits, "main.main")
	s.ends(500, 3)
	s.wakesTo(900, 1, 0, 4, done, "main.worker")
	s.play(1000).want(`
		main.main waitgroup in main.main by main.worker: 1×800 late 1×400
			800|0 code main.worker
	`)
}

// TestTheWorstWaitIsTheLongest of an account, and the first of those.
func TestTheWorstWaitIsTheLongest(t *testing.T) {
	s := newTale(t, 4)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.a")
	s.has(3, 2, "main.b")
	for _, w := range []struct{ id, from, to int64 }{{1, 10, 50}, {2, 20, 90}, {1, 100, 170}, {2, 200, 230}} {
		s.blocks(w.from, w.id, event.ReasonChanReceive, recv, "main.a")
		s.wakesTo(w.to, w.id, int32(w.id-1), 3, send, "main.b")
	}
	x := s.play(1000)
	x.want(`
		main.a chan-receive in main.a by main.b: 4×210
			210|0 code main.b
	`)
	x.b.Accounts(func(a Account, _ []Share) { is(t, "the worst", a.Worst, Wait{20_000, 90_000, 2}) })
}

// ---------------------------------------------------------------- who is asked for

// TestTheRuntimesGoroutinesAndOthersNotAskedForAreWalkedThrough: a waits for b, which
// is not asked for and waits for a goroutine of the runtime, which waits for c. Only
// a's wait is an account; what it was about lies beyond both.
func TestTheRuntimesGoroutinesAndOthersNotAskedForAreWalkedThrough(t *testing.T) {
	s := newTale(t, 4)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.has(3, 2, "runtime.runFinalizers")
	s.has(4, 3, "main.c")
	s.blocks(10, 1, event.ReasonChanReceive, recv, "main.a")
	s.blocks(20, 2, event.ReasonChanReceive, recv, "main.b")
	s.blocks(30, 3, event.ReasonChanReceive, recv, "main.finalizer", "runtime.runFinalizers")
	s.wakesTo(500, 3, 2, 4, send, "main.c")
	s.wakesTo(510, 2, 1, 3, send, "main.finalizer", "runtime.runFinalizers")
	s.wakesTo(530, 1, 0, 2, send, "main.b")
	s.window(600, timeline.Options{Select: func(id int64) bool { return id != 2 }}, nil).want(`
		main.a chan-receive in main.a by main.b: 1×520
			0|470 code main.c
			30|0 code main.b
			0|20 code main.finalizer
	`)
}

// TestAWaitOfTheRuntimesOwnIsTheCollectors: b waits for a collection that c ends. That
// is the collector's, whoever says that it is over, and no account.
func TestAWaitOfTheRuntimesOwnIsTheCollectors(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.has(3, 2, "main.c")
	s.blocks(10, 1, event.ReasonChanReceive, recv, "main.a")
	s.blocks(20, 2, event.ReasonSync, "runtime.gcMarkDone", "main.b")
	s.wakesTo(320, 2, 1, 3, "runtime.gcMarkDone", "main.c")
	s.wakesTo(330, 1, 0, 2, send, "main.b")
	s.play(600).want(`
		main.a chan-receive in main.a by main.b: 1×320
			300|0 gc main.b
			20|0 code main.b
	`)
}

// TestACoroutinesCallerWaitsForIt (S10): main makes a coroutine at 50 and asks it for
// values from 100 to 150 and from 200 to 230. A switch takes 2 ns, of which the other
// is ready for 1 before it runs and has waited for 1 less.
func TestACoroutinesCallerWaitsForIt(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.main")
	s.goes(50, 2, event.GoNotExist, event.GoWaiting, 1, 0, 0, s.stack("runtime.corostart"), s.stack("iter.Pull", "main.main"))
	s.switches(100, 2, 1)
	s.switches(150, 1, 2)
	s.switches(200, 2, 1)
	s.switches(230, 1, 2)
	x := s.play(300)
	// main waits from 100.001 to 150 and 200.001 to 230, of which the coroutine is
	// ready for 0.001 each; the coroutine from 50 to 100, and from 150.001 to 200.
	// Neither switches on a stack.
	x.want(`
		runtime.corostart coroutine in runtime.corostart by main.main: 1×50
			50|0 code (from main.main)
		main.main coroutine in ? by runtime.corostart: 2×79.998
			79.996|0 code (from runtime.corostart)
			0.002|0 scheduler
		runtime.corostart coroutine in ? by main.main: 1×49.999
			49.998|0 code (from main.main)
			0.001|0 scheduler
		runtime.corostart coroutine in ? by nobody: 1×69.999
			69.999|0 open
	`)
}

// ---------------------------------------------------------------- long chains

// TestALongQueueIsFollowedToItsHead: 500 goroutines queue for a lock behind the first,
// each of which has it for 10. The ledger and the walk know all of the last one's wait.
func TestALongQueueIsFollowedToItsHead(t *testing.T) {
	const n = 500
	s := newTale(t, n+1)
	for id := int64(0); id <= n; id++ {
		s.has(id, int32(id), fmt.Sprint("main.g", id))
		if id > 0 {
			s.blocks(0, id, event.ReasonSync, lock, fmt.Sprint("main.g", id))
		}
	}
	for id := int64(1); id <= n; id++ {
		s.wakesTo(10*id, id, int32(id), id-1, unlock, fmt.Sprint("main.g", id-1))
	}
	s.contradicts = true // for the onlooker, who would take the walk's word
	x := s.silent(10*n + 5)
	x.b.Accounts(func(a Account, shares []Share) {
		if x.who(a.Waiter) != fmt.Sprint("main.g", n) {
			return
		}
		is(t, "pieces", len(shares), n)
		for _, sh := range shares {
			is(t, "a piece", sh.Ns(), 10_000)
			is(t, "its kind", sh.Piece.Kind, LockHolder)
		}
	})
	var depths, unresolved int64
	Leaves(x.b.Walk(n, 0, 10_000*n), func(st *Step, depth int) {
		depths = max(depths, int64(depth))
		if st.Piece.Kind == Unresolved {
			unresolved += st.Ns()
		}
	})
	is(t, "depth", depths, n)
	is(t, "unresolved", unresolved, 0)
}

// silent plays without holding the ledger against the walk.
func (s *tale) silent(end int64) *told {
	quiet := *s
	quiet.t = new(silence)
	x := quiet.play(end)
	x.t = s.t
	return x
}

// silence is a test that nobody hears of.
type silence struct{ testing.TB }

func (*silence) Helper()               {}
func (*silence) Errorf(string, ...any) {}

// TestASystemCallBetweenTwoWaitsIsWork: w waits for a condition from 10 to 100, runs
// 2, writes for 500, runs 2 and waits again from 604 to 700. It did what it had waited
// for.
func TestASystemCallBetweenTwoWaitsIsWork(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.w")
	s.has(2, 1, "main.p")
	s.blocks(10, 1, event.ReasonCond, condW, "main.w")
	s.wakesTo(100, 1, 0, 2, bcast, "main.p")
	s.calls(102, 1, "syscall.write", "main.w")
	s.returns(602, 1, event.GoRunning)
	s.blocks(604, 1, event.ReasonCond, condW, "main.w")
	s.wakesTo(700, 1, 0, 2, bcast, "main.p")
	s.play(800).want(`
		main.w cond in main.w by main.p: 2×186
			186|0 code main.p
	`)
}

// TestWakeUpsInVainAreCountedWhereTheWaitIs: x, y and z wake w in turn, x and y in
// vain. It is one wait, for z, with two wake-ups in vain; nothing is left at y, which
// ended no wait.
func TestWakeUpsInVainAreCountedWhereTheWaitIs(t *testing.T) {
	s := newTale(t, 4)
	s.has(1, 0, "main.w")
	for id, entry := range []string{"main.x", "main.y", "main.z"} {
		s.has(int64(2+id), int32(1+id), entry)
	}
	s.blocks(10, 1, event.ReasonCond, condW, "main.w")
	for id := int64(2); id <= 4; id++ {
		s.wakesTo(100*id, 1, 0, id, bcast, []string{"main.x", "main.y", "main.z"}[id-2])
		if id < 4 {
			s.blocks(100*id+1, 1, event.ReasonCond, condW, "main.w")
		}
	}
	s.play(500).want(`
		main.w cond in main.w by main.z: 1×388 futile 2
			388|0 code main.z
	`)
}

// TestAGapIsNoWait: a waits for b since 10, of which the trace shows nothing from 400
// to 600, and c runs all along. Behind the gap a still waits, until 900. What was
// until 400 is not known, since nobody knows what ended it; from 600 on it is b. The
// gap itself is no wait, of a nor of b nor c.
func TestAGapIsNoWait(t *testing.T) {
	gapTale(t).play(1000).want(`
		main.a chan-receive in main.a by nobody: 1×390
			390|0 unknown
		main.a chan-receive in main.a by main.b: 1×300
			300|0 code main.b
	`)
}

func gapTale(t *testing.T) *tale {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.has(3, 2, "main.c")
	s.blocks(10, 1, event.ReasonChanReceive, recv, "main.a")
	s.region(100, 2, "r", "main.b:3")
	s.gap(400, 600)
	s.goes(601, 1, event.GoUndetermined, event.GoWaiting, event.NoG, event.NoP, 0, s.stack("runtime.gopark", "runtime.chanrecv", "main.a"), 0)
	s.goes(602, 2, event.GoUndetermined, event.GoRunning, event.NoG, 1, 0, s.stack("main.b"), 0)
	s.goes(603, 3, event.GoUndetermined, event.GoRunning, event.NoG, 2, 0, s.stack("main.c"), 0)
	s.wakesTo(900, 1, 0, 2, send, "main.b:7")
	s.leaves(950, 2, "r", "main.b:9")
	return s
}

// TestWhatIsLostIsUnknown: of a region from 100 to 950, what lies in a gap from 400 to
// 600, and nothing more. What ran into the gap, or to the trace's end, is named by the
// region or by where it comes from: no stack shows where it was.
func TestWhatIsLostIsUnknown(t *testing.T) {
	x := gapTale(t).silent(1000)
	for _, p := range x.b.Paths() {
		is(t, "path", strings.Join(x.shares(p.Shares), ", "), "300|0 code main.b, 300|0 code (region r), 200|0 unknown, 50|0 code main.b")
	}
	is(t, "path", x.path(1, 300, 700), "100 unknown, 200 unknown, (100 code main.b)")
	is(t, "path", x.path(2, 300, 950), "100 code (region r), 200 unknown, 300 code main.b, 50 code main.b")
	is(t, "path", x.path(3, 300, 700), "100 code (from main.c), 200 unknown, 100 code (from main.c)")
}
