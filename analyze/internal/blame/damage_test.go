package blame

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// TestNonsenseIsAccountedFor feeds random events that contradict each other: goroutines
// that are woken by themselves, by those that wait, by none; created twice or by those
// that wait; ranges, regions and tasks without beginning or end; samples anywhere; gaps.
// Nothing panics, the pieces of every wait and path sum to it and none is negative, and
// the steps of every walk follow each other.
func TestNonsenseIsAccountedFor(t *testing.T) {
	playsNonsense(t, false)
}

// TestGoroutinesThatAreCreatedAgain is the same with goroutines that are created again
// after their end, or though they are there, by themselves or by those that they created.
func TestGoroutinesThatAreCreatedAgain(t *testing.T) {
	playsNonsense(t, true)
}

func playsNonsense(t *testing.T, again bool) {
	for seed := range uint64(60) {
		for _, o := range []timeline.Options{{}, {From: 300, To: 900}} {
			t.Run(fmt.Sprintf("seed %d, from %d", seed, o.From), func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 37))
				s := newTale(t, 3)
				s.unit, s.contradicts = 1, true
				end := nonsense(s, r, again)
				x := s.told(end, o, nil)
				x.conserves()
				is(t, "processors taken at the end", x.b.busy.taken, 0)
				from, to := x.m.Window()
				for id := range int64(8) {
					for range 3 {
						a := from + r.Int64N(to-from)
						b := a + 1 + r.Int64N(to-a)
						x.follow(x.b.Walk(id, a, b), a, b)
					}
				}
				for _, w := range x.b.Works() {
					if s := w.Spans; s.Work < s.CPU || s.Locks < s.CPU || s.Latency < s.Locks {
						t.Errorf("region of %d ns: %+v", w.Ns, s)
					}
				}
			})
		}
	}
}

// nonsense adds random events to a tale, and returns an instant after the last. Again
// says that goroutines may be created again, by themselves too.
func nonsense(s *tale, r *rand.Rand, again bool) (at int64) {
	fresh := int64(7)
	id := func() int64 { return fresh - r.Int64N(8) }
	stack := func() event.StackID {
		return s.stack([][]string{
			nil, {lock, "main.f:3", "main.w"}, {unlock, "main.f:5", "main.w"}, {recv, "main.g", "main.w"}, {condW, "main.g", "main.w"},
			{waits, "main.w"}, {reads, "main.h"}, {"runtime.injectglist", "main.w"}, {"runtime.gcMarkDone", "main.h"},
			{"runtime.bgsweep"}, {"syscall.read", "main.h"}, {"runtime.cgocall", "main.h"},
		}[r.IntN(12)]...)
	}
	states := []event.GoState{event.GoUndetermined, event.GoNotExist, event.GoRunnable, event.GoRunning, event.GoRunning, event.GoWaiting, event.GoWaiting, event.GoSyscall}
	change := func() (from, to event.GoState) {
		from, to = states[r.IntN(8)], states[1+r.IntN(7)]
		if from <= event.GoNotExist && to == event.GoNotExist { // no decoder says so
			to = event.GoRunnable
		}
		return from, to
	}
	reasons := []event.ReasonID{event.ReasonNone, event.ReasonSync, event.ReasonCond, event.ReasonChanReceive, event.ReasonSelect, event.ReasonNetwork, event.ReasonSleep, event.ReasonGCWait}
	for range 120 + r.IntN(150) {
		at += r.Int64N(12)
		by, p := id(), int32(r.IntN(4)-1)
		if r.IntN(6) == 0 {
			by = event.NoG
		}
		switch what := r.IntN(100); {
		case what < 70:
			subject := id()
			from, to := change()
			if from == event.GoNotExist && !again {
				fresh++ // by is an older one
				subject = fresh
			}
			s.goes(at, subject, from, to, by, p, reasons[r.IntN(len(reasons))], stack(), stack())
		case what < 80:
			kind := []event.Kind{event.RangeBegin, event.RangeEnd, event.RangeActive}[r.IntN(3)]
			s.add(at, event.Event{Kind: kind, Range: event.Range(r.IntN(5)), Subject: id(), G: by, P: p, Stack: stack()})
		case what < 95:
			kind := []event.Kind{event.TaskBegin, event.TaskEnd, event.RegionBegin, event.RegionEnd, event.Log, event.Sample}[r.IntN(6)]
			s.add(at, event.Event{Kind: kind, Subject: r.Int64N(3), Arg: event.NoTask, G: by, P: p, Stack: stack(), Name: s.tables.Intern(fmt.Sprint("n", r.IntN(3)))})
		case what < 98:
			s.proc(at, int32(r.IntN(4)), event.ProcState(r.IntN(4)), event.ProcState(r.IntN(4)))
		case what == 98 && again:
			s.add(at, event.Event{Kind: event.Gap, Arg: 9, G: event.NoG, P: event.NoP})
			at += r.Int64N(30)
			s.add(at, event.Event{Kind: event.Sync, G: event.NoG, P: event.NoP, M: event.NoM})
		default:
			s.add(at, event.Event{Kind: event.ProcsChange, Arg: r.Int64N(4), G: event.NoG, P: event.NoP})
		}
	}
	return at + 20
}

// TestMoreGoroutinesThanThereIsMemoryFor: 1500 goroutines wait for a lock, and hand it on
// one to the other, of which the ledger may not even know that they are there. Nothing
// panics, and the pieces of the waits that it knows sum to them.
func TestMoreGoroutinesThanThereIsMemoryFor(t *testing.T) {
	const n = 1500
	s := newTale(t, n+1)
	for id := int64(0); id <= n; id++ {
		s.has(id, int32(id), "main.g")
	}
	for id := int64(1); id <= n; id++ {
		s.blocks(1, id, event.ReasonSync, lock, "main.g")
	}
	for id := int64(1); id <= n; id++ {
		s.wakesTo(10*id, id, int32(id), id-1, unlock, "main.g")
		s.region(10*id+1, id, "r", "main.g")
		s.samples(10*id+2, id, "main.hot", "main.g")
		s.leaves(10*id+3, id, "r", "main.g")
		s.makes(10*id+4, n+id, id, "main.h", "main.g")
		s.starts(10*id+5, n+id, int32(id-1))
		s.ends(10*id+6, n+id, id-1)
	}
	for _, bytes := range []int64{1, 100_000, 1 << 30} {
		x := s.told(20*n, timeline.Options{}, func(b *Ledger) { b.store.budget = bytes })
		x.conserves()
		x.follow(x.b.Walk(n, 0, 10*n*1000), 0, 10*n*1000)
		var waits int64
		x.b.Accounts(func(a Account, _ []Share) { waits += a.Waits })
		if waits < 990 || bytes > 1<<20 && waits != n {
			t.Errorf("%d bytes: %d waits", bytes, waits)
		}
	}
}

// TestAGoroutineThatIsCreatedByItsChild: goroutine 2 creates 3 and ends, and 3 creates a
// goroutine that is called 2 again. Whoever asks what was before either was there gets an
// answer.
func TestAGoroutineThatIsCreatedByItsChild(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.main")
	s.makes(100, 2, 1, "main.a", "main.main")
	s.starts(100, 2, 1)
	s.makes(200, 3, 2, "main.b", "main.a")
	s.starts(200, 3, 2)
	s.ends(300, 2)
	s.makes(400, 2, 3, "main.a", "main.b")
	s.starts(400, 2, 1)
	x := s.told(500, timeline.Options{}, nil)
	x.follow(x.b.Walk(2, 0, 500_000), 0, 500_000)
}

// TestAGoroutineThatIsCreatedByItself: the ledger looks for what was before a goroutine
// that is said to have created itself.
func TestAGoroutineThatIsCreatedByItself(t *testing.T) {
	s := newTale(t, 3)
	s.contradicts = true
	s.has(1, 0, "main.main")
	s.blocks(10, 1, event.ReasonChanReceive, recv, "main.main")
	s.makes(100, 2, 2, "main.a", "main.a")
	s.starts(100, 2, 1)
	s.wakesTo(200, 1, 0, 2, send, "main.a")
	s.told(300, timeline.Options{}, nil).conserves()
}

// TestALongLineOfCreatorsCanBeWalked: of so many goroutines each creates the next and
// ends. Whoever asks what was before the last was there gets an answer.
func TestALongLineOfCreatorsCanBeWalked(t *testing.T) {
	const n = 100_000
	s := newTale(t, 1)
	s.has(0, 0, "main.main")
	for id := range int64(n) {
		s.makes(id+1, id+1, id, "main.main", "main.main")
		s.ends(id+1, id)
		s.starts(id+1, id+1, 0)
	}
	x := s.told(n+2, timeline.Options{}, nil)
	x.follow(x.b.Walk(n, 0, n*1000), 0, n*1000)
}

// TestWhoWaitedCannotHaveWoken: b waits since 100, and is said to have ended a's wait of
// 300 to 500. What it did from 300 on is not known; it is nothing that it did before.
func TestWhoWaitedCannotHaveWoken(t *testing.T) {
	s := newTale(t, 2)
	s.contradicts = true
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.blocks(100, 2, event.ReasonChanReceive, recv, "main.b")
	s.blocks(300, 1, event.ReasonChanReceive, recv, "main.a")
	s.wakesTo(500, 1, 0, 2, send, "main.b")
	x := s.told(600, timeline.Options{}, nil)
	x.want(`
		main.a chan-receive in main.a by main.b: 1×200
			200|0 unknown
		main.b chan-receive in main.b by nobody: 1×500
			500|0 open main.b
	`)
}

// TestWhatAppearsBehindAGapBeganThere: goroutine 1 is first seen behind a gap, in a change
// from waiting to ready. It cannot have waited for longer than since the gap's end: what
// was before is not known to be its own.
func TestWhatAppearsBehindAGapBeganThere(t *testing.T) {
	s := newTale(t, 2)
	s.contradicts = true
	s.has(2, 1, "main.b")
	s.gap(400, 600)
	s.goes(601, 2, event.GoUndetermined, event.GoRunning, event.NoG, 1, 0, s.stack("main.b"), 0)
	s.wakesTo(700, 1, 0, 2, send, "main.b")
	x := s.silent(1000)
	x.b.Accounts(func(a Account, _ []Share) {
		if a.Waker != NoOne {
			is(t, "wait", a.Worst, Wait{600_000, 700_000, 1})
		}
	})
}
