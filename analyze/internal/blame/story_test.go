package blame

import (
	"fmt"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// ---------------------------------------------------------------- locks

// TestAWaitForALockIsWhatTheHoldersDid (S14): a has the lock, b and c queue at 10 and
// 20; each holds it for 1000, and twice. The waits:
//
//	b [10,1000)    a runs 990
//	c [20,2005)    b waits for a 980, is ready 5, runs 1000
//	a [1030,3015)  c waits for b 975, is ready 10, runs 1000
//	b [2020,4018)  a waits for c 995, is ready 3, runs 1000
//	c [3040,5020)  b waits for a 978, is ready 2, runs 1000
//
// Whoever runs has the lock, whatever the length of the queue: no other piece may
// appear, and what the unlocker waited through is not its own.
func TestAWaitForALockIsWhatTheHoldersDid(t *testing.T) {
	s := newTale(t, 3)
	entry := []string{"", "main.a", "main.b", "main.c"}
	for id := int64(1); id <= 3; id++ {
		s.has(id, int32(id), entry[id])
	}
	asks := func(at, id int64) { s.blocks(at, id, event.ReasonSync, lock, "main.locked:10", entry[id]) }
	passes := func(at, from, to, ready int64) {
		s.wakes(at, to, from, unlock, "main.locked:12", entry[from])
		s.starts(at+ready, to, int32(to))
	}
	asks(10, 2)
	asks(20, 3)
	passes(1000, 1, 2, 5)
	asks(1030, 1)
	passes(2005, 2, 3, 10)
	asks(2020, 2)
	passes(3015, 3, 1, 3)
	asks(3040, 3)
	passes(4018, 1, 2, 2)
	s.ends(4030, 1)
	passes(5020, 2, 3, 1)
	s.ends(5030, 2)
	s.ends(6021, 3)
	s.play(6021).want(`
		main.b mutex in main.locked by main.a: 2×2988
			1990|995 lock-holder main.locked held
			3|0 scheduler held in main.locked
		main.c mutex in main.locked by main.b: 2×3965
			2000|1958 lock-holder main.locked held
			7|0 scheduler held in main.locked
		main.a mutex in main.locked by main.c: 1×1985
			1000|975 lock-holder main.locked held
			10|0 scheduler held in main.locked
	`)
}

// TestWhatIsDoneWithoutTheLockIsNotBlamed (S15): four workers run free for 1000, then
// hold the lock for 1000, twice. They get the lock at 1000, 2000, ... in turn, and
// the last lets go of it at 9000. Worker n of the first round, from 2 on, waits since
// 999+n: 999, then 998 through another and 1000, then 1997 and 1000; the four of the
// second round wait since 1 after they let go and ran free, 999 through another and
// 1000. The free parts fall in no wait, though they lie between the same two stacks
// as the waits.
func TestWhatIsDoneWithoutTheLockIsNotBlamed(t *testing.T) {
	s := newTale(t, 4)
	for id := int64(1); id <= 4; id++ {
		s.has(id, int32(id), "main.worker")
	}
	asks := func(at, id int64) { s.blocks(at, id, event.ReasonSync, lock, "main.locked:10", "main.worker:5") }
	asks(1001, 2)
	asks(1002, 3)
	asks(1003, 4)
	for i := range int64(7) { // lets go at 2000, 3000, ... 8000
		at, from, to := 2000+i*1000, i%4+1, (i+1)%4+1
		s.wakesTo(at, to, int32(to), from, unlock, "main.locked:12", "main.worker:5")
		if i < 4 {
			asks(at+1001, from)
		}
	}
	s.play(9000).want(`
		main.worker mutex in main.locked by main.worker: 7×13990
			6999|6991 lock-holder main.locked held
	`)
}

// TestAReaderWaitsForAReaderThroughAWriter (S16): a long reader has the lock until
// 1000, a writer waits for it since 100 and writes from 1005 to 1505, a late reader
// waits for that since 200: [200,1000) for the first reader, 5 until the writer runs,
// 500 for it. All of it is held; only the writer's part is the writer's own.
func TestAReaderWaitsForAReaderThroughAWriter(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.long")
	s.has(2, 1, "main.writer")
	s.has(3, 2, "main.late")
	s.blocks(100, 2, event.ReasonSync, wlock, "main.writer")
	s.blocks(200, 3, event.ReasonSync, rlock, "main.late")
	s.wakes(1000, 2, 1, runlock, "main.long")
	s.starts(1005, 2, 1)
	s.wakes(1505, 3, 2, wunlock, "main.writer")
	s.starts(1510, 3, 2)
	s.play(2000).want(`
		main.writer rwmutex-write in main.writer by main.long: 1×900
			900|0 lock-holder main.long held
		main.late rwmutex-read in main.late by main.writer: 1×1305
			0|800 lock-holder main.long held
			500|0 lock-holder main.writer held
			5|0 scheduler held in main.writer
	`)
}

// TestWhatALocksHolderWaitsForIsHeld: b has the lock that a waits for and does one
// thing after the other meanwhile: it reads for 200, sleeps for 100, is in a system
// call for 50, waits for c for 60 through a channel, assists the collector for 40 and
// is ready for 15; the rest it runs. What it waits for is what it is, and held.
func TestWhatALocksHolderWaitsForIsHeld(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.has(3, 2, "main.c")
	s.blocks(0, 1, event.ReasonSync, lock, "main.a")
	s.blocks(10, 2, event.ReasonNetwork, reads, "main.fetch", "main.b")
	s.firesTo(210, 2, 1)
	s.blocks(220, 2, event.ReasonSleep, naps, "main.nap", "main.b")
	s.firesTo(320, 2, 1)
	s.calls(330, 2, "syscall.read", "main.raw", "main.b")
	s.returns(380, 2, event.GoRunning)
	s.blocks(390, 2, event.ReasonChanReceive, recv, "main.take", "main.b")
	s.wakesTo(450, 2, 1, 3, send, "main.c")
	s.assists(460, 500, 2, "main.take", "main.b")
	s.preempts(510, 2, "main.b")
	s.starts(525, 2, 1)
	s.wakes(600, 1, 2, unlock, "main.b")
	s.starts(601, 1, 0)
	s.play(700).want(`
		main.b chan-receive in main.take by main.c: 1×60
			60|0 code main.c
		main.a mutex in main.a by main.b: 1×600
			200|0 io main.fetch held in main.b
			135|0 lock-holder main.b held
			100|0 timer main.nap held in main.b
			0|60 code main.c held in main.b
			50|0 syscall main.raw held in main.b
			40|0 gc main.take held in main.b
			15|0 scheduler held in main.b
	`)
}

// TestAChannelDoesNotHold: what somebody did who sent is code, not a lock's holding,
// though it waited for a lock itself.
//
// (S33) a waits for b since 10, b since 20 for the lock that c has until 1020, b is
// ready for 2 and sends at 1030. Nearly all of a's wait is c's, through b.
func TestAChannelDoesNotHold(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.has(3, 2, "main.c")
	s.blocks(10, 1, event.ReasonChanReceive, recv, "main.a")
	s.blocks(20, 2, event.ReasonSync, lock, "main.b")
	s.wakes(1020, 2, 3, unlock, "main.c")
	s.starts(1022, 2, 1)
	s.wakes(1030, 1, 2, send, "main.b")
	s.starts(1031, 1, 0)
	x := s.play(1100)
	x.want(`
		main.b mutex in main.b by main.c: 1×1000
			1000|0 lock-holder main.c held
		main.a chan-receive in main.a by main.b: 1×1020
			0|1000 lock-holder main.c held
			18|0 code main.b
			2|0 scheduler
	`)
	is(t, "path", x.path(1, 10, 1030), "(10 code main.b, (1000 lock-holder main.c held), 2 scheduler, 8 code main.b)")
}

// TestOneWhoPassesItOnIsNotToBlame: a lock's holder hands on through six goroutines
// that do nothing but wait for each other, by channels and locks in turn. Each runs
// for 1 before it wakes the next. The last waits for all of it: 1000 of the first,
// at depth 6, and 1 of each between; what is before a lock is held where that is let go
// of, and what comes after the last lock is not.
func TestOneWhoPassesItOnIsNotToBlame(t *testing.T) {
	s := newTale(t, 8)
	for id := int64(1); id <= 7; id++ {
		s.has(id, int32(id), fmt.Sprint("main.g", id))
	}
	for id := int64(2); id <= 7; id++ {
		if id%2 == 0 {
			s.blocks(0, id, event.ReasonChanReceive, recv, fmt.Sprint("main.g", id))
		} else {
			s.blocks(0, id, event.ReasonSync, lock, fmt.Sprint("main.g", id))
		}
	}
	for id := int64(1); id <= 6; id++ {
		what := send
		if id%2 == 0 {
			what = unlock
		}
		s.wakesTo(999+id, id+1, int32(id+1), id, what, fmt.Sprint("main.g", id))
	}
	x := s.play(2000)
	is(t, "path", x.path(7, 0, 1005), "((((((1000 code main.g1 held in main.g2), 1 lock-holder main.g2 held), 1 code main.g3 held in main.g4), 1 lock-holder main.g4 held), 1 code main.g5 held in main.g6), 1 lock-holder main.g6 held)")
	is(t, "path", x.path(6, 0, 1004), "(((((1000 code main.g1 held in main.g2), 1 lock-holder main.g2 held), 1 code main.g3 held in main.g4), 1 lock-holder main.g4 held), 1 code main.g5)")
}

// ---------------------------------------------------------------- channels

// TestPingPongIsTheOthersTurn (S17): two goroutines that send in turn, pong waiting
// since 0 and ping sending at 30. Each wakes the other, blocks 1 later, and the other
// runs 2 after that, ping for 28 and pong for 18 until they send. A wait is 2 ready
// and such a turn, and nothing of what was before: ping's are [31,51), [83,103) and
// [135,155), pong's [52,82) and [104,134) and the first, which is all run.
func TestPingPongIsTheOthersTurn(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.ping")
	s.has(2, 1, "main.pong")
	s.blocks(0, 2, event.ReasonChanReceive, recv, "main.pong")
	at, entry, turn := int64(30), []string{"", "main.ping", "main.pong"}, []int64{0, 30, 20}
	for i := range int64(6) {
		from, to := i%2+1, (i+1)%2+1
		s.wakes(at, to, from, send, entry[from])
		s.blocks(at+1, from, event.ReasonChanReceive, recv, entry[from])
		s.starts(at+3, to, int32(to-1))
		at += 3 + turn[to] - 2
	}
	s.play(at).want(`
		main.pong chan-receive in main.pong by main.ping: 3×90
			86|0 code main.ping
			4|0 scheduler
		main.ping chan-receive in main.ping by main.pong: 3×60
			54|0 code main.pong
			6|0 scheduler
		main.pong chan-receive in main.pong by nobody: 1×30
			30|0 open main.pong
	`)
}

// TestAPoolOfOneIsTheNetwork (S44): five goroutines need the one connection for 3000
// of network each, with 10 of their own around it, and queue on a channel: each is
// ready for 5, runs 5, reads for 3000 and runs 10. The second waits since 1, the
// third since 2, ... All waits are io but for 204: that of the first of those who
// have the connection is direct, that of the others propagated.
func TestAPoolOfOneIsTheNetwork(t *testing.T) {
	s := newTale(t, 5)
	for id := int64(1); id <= 5; id++ {
		s.has(id, int32(id), "main.user")
		if id > 1 {
			s.blocks(id-1, id, event.ReasonChanReceive, recv, "main.acquire", "main.user")
		}
	}
	for i := range int64(5) {
		at, id := i*3020, i+1
		if i > 0 {
			s.starts(at+5, id, int32(id))
		}
		s.blocks(at+10, id, event.ReasonNetwork, reads, "main.query", "main.user")
		s.firesTo(at+3010, id, int32(id))
		if i < 4 {
			s.wakes(at+3020, id+1, id, send, "main.release", "main.user")
		}
	}
	// What the first ran before it read is named by that stack alone: where it came
	// from lies before the trace.
	s.play(15100).want(`
		main.user chan-receive in main.acquire by main.user: 4×30190
			12000|18000 io main.query
			55|75 code main.user
			9|21 code main.query
			15|15 scheduler
	`)
}

// TestATimeoutIsATimer (S41): a and b each have what the other wants, and a gives up
// at 1010, when a timer ends its select. b has waited since 20 for a: 990 for the
// timer, 2 until a ran, 3 until it let go. a's own wait was for no goroutine.
func TestATimeoutIsATimer(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.blocks(10, 1, event.ReasonSelect, selects, "main.a")
	s.blocks(20, 2, event.ReasonSelect, selects, "main.b")
	s.fires(1010, 1)
	s.starts(1012, 1, 0)
	s.wakes(1015, 2, 1, recv, "main.a")
	s.starts(1016, 2, 1)
	s.play(1100).want(`
		main.b select in main.b by main.a: 1×995
			990|0 timer main.a
			3|0 code main.a
			2|0 scheduler
	`)
}

// ---------------------------------------------------------------- creators

// TestWhatWasBeforeAGoroutineIsItsCreators (S34): somebody waits for G since 10, which
// main creates at 600, after computing, and which runs from 605 and sends at 1000.
// Until 600 it was main that was waited for.
func TestWhatWasBeforeAGoroutineIsItsCreators(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.main")
	s.has(2, 1, "main.waiter")
	s.blocks(10, 2, event.ReasonChanReceive, recv, "main.waiter")
	s.makes(600, 3, 1, "main.g", "main.main")
	s.starts(605, 3, 2)
	s.wakes(1000, 2, 3, send, "main.g")
	s.starts(1001, 2, 1)
	x := s.play(1100)
	x.want(`
		main.waiter chan-receive in main.waiter by main.g: 1×990
			590|0 code main.main
			395|0 code main.g
			5|0 scheduler
	`)
	is(t, "path", x.path(2, 10, 1000), "(590 code main.main, 5 scheduler, 395 code main.g)")
}

// TestCreatorsAreKeptForTheirChildren: main creates l at 100, l creates m at 300 and
// ends, m creates n at 600, waits 40 for the network and ends. n sends at 1000. What
// the wait is about goes back through all of them, though they are gone and their
// places taken by five others each; what they did after the creation is not in it.
func TestCreatorsAreKeptForTheirChildren(t *testing.T) {
	s := newTale(t, 4)
	s.has(1, 0, "main.main")
	s.has(2, 1, "main.waiter")
	s.blocks(10, 2, event.ReasonChanReceive, recv, "main.waiter")
	others := func(at, from int64) {
		for id := from; id < from+5; id++ {
			s.makes(at+id-from, id, 1, "main.other", "main.main")
		}
	}
	s.makes(100, 3, 1, "main.l", "main.main")
	s.starts(101, 3, 2)
	s.makes(300, 4, 3, "main.m", "main.l")
	s.ends(310, 3)
	s.starts(320, 4, 2)
	others(330, 10)
	s.makes(600, 5, 4, "main.n", "main.m")
	s.starts(603, 5, 3)
	s.blocks(620, 4, event.ReasonNetwork, reads, "main.m")
	s.firesTo(660, 4, 2)
	s.ends(670, 4)
	others(680, 20)
	s.wakes(1000, 2, 5, send, "main.n")
	s.starts(1001, 2, 1)
	s.play(1100).want(`
		main.waiter chan-receive in main.waiter by main.n: 1×990
			397|0 code main.n
			280|0 code main.m
			199|0 code main.l
			90|0 code main.main
			24|0 scheduler
	`)
}

// TestWhatATimersGoroutineDidIsAfterATimer: the goroutine of a time.AfterFunc has no
// creator. One that computes before it wakes somebody is waited for like any other:
// 490 for the timer, 10 until it ran, 200 for what it computed.
func TestWhatATimersGoroutineDidIsAfterATimer(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.waiter")
	s.blocks(10, 1, event.ReasonChanReceive, recv, "main.waiter")
	s.makes(500, 2, event.NoG, "main.later")
	s.starts(510, 2, 1)
	s.wakes(710, 1, 2, send, "main.later")
	s.starts(711, 1, 0)
	s.play(800).want(`
		main.waiter chan-receive in main.waiter by main.later: 1×700
			490|0 timer
			200|0 code main.later
			10|0 scheduler
	`)
}

// TestATimersGoroutineThatOnlyWakesIsTheTimer: the one behind a context's deadline,
// which does nothing else, ends no wait that is asked for; who waits for somebody who
// waited so waits for a timer.
func TestATimersGoroutineThatOnlyWakesIsTheTimer(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(3, 2, "main.c")
	s.blocks(5, 3, event.ReasonChanReceive, recv, "main.c")
	s.blocks(10, 1, event.ReasonSelect, selects, "main.a")
	s.makes(500, 2, event.NoG, "context.WithDeadlineCause.func2")
	s.starts(501, 2, 1)
	s.wakesTo(510, 1, 0, 2, "context.(*cancelCtx).cancel", "context.WithDeadlineCause.func2")
	s.wakesTo(520, 3, 2, 1, send, "main.a")
	s.play(600).want(`
		main.c chan-receive in main.c by main.a: 1×515
			500|0 timer main.a
			15|0 code main.a
	`)
}

// TestACreatorThatIsNotKnownIsUnknown: what was before a goroutine of which the trace
// names a creator that it does not show is not made out to be anybody's.
func TestACreatorThatIsNotKnownIsUnknown(t *testing.T) {
	s := newTale(t, 2)
	s.contradicts = true // for the onlooker; the events are fine
	s.has(1, 0, "main.waiter")
	s.blocks(10, 1, event.ReasonChanReceive, recv, "main.waiter")
	s.makes(500, 2, 77, "main.g", "main.gone")
	s.starts(500, 2, 1)
	s.wakesTo(700, 1, 0, 2, send, "main.g")
	s.play(800).want(`
		main.waiter chan-receive in main.waiter by main.g: 1×690
			490|0 unknown
			200|0 code main.g
	`)
}

// ---------------------------------------------------------------- from outside

// TestWhatIsOutsideIsNamedByItsKind: a waits for b since 10; b runs until 100, is at
// something that no goroutine ends until 900, is ready for 5 and sends at 1000.
func TestWhatIsOutsideIsNamedByItsKind(t *testing.T) {
	blocks := func(reason event.ReasonID, funcs ...string) func(*tale) {
		return func(s *tale) {
			s.blocks(100, 2, reason, append(funcs, "main.at")...)
			s.fires(900, 2)
			s.starts(905, 2, 1)
		}
	}
	falsely := func(reason event.ReasonID, op string) func(*tale) {
		return func(s *tale) {
			s.has(3, 2, "main.collects")
			s.blocks(100, 2, reason, op, "main.at")
			s.wakes(900, 2, 3, "runtime.injectglist", "runtime.gcStart", "main.collects")
			s.starts(905, 2, 1)
		}
	}
	calls := func(funcs ...string) func(*tale) {
		return func(s *tale) {
			s.calls(100, 2, append(funcs, "main.at")...)
			s.returns(900, 2, event.GoRunnable)
			s.starts(905, 2, 1)
		}
	}
	for name, c := range map[string]struct {
		play  func(*tale)
		piece string
	}{
		"network":                {blocks(event.ReasonNetwork, reads), "io main.at"},
		"sleep":                  {blocks(event.ReasonSleep, naps), "timer main.at"},
		"timer channel":          {blocks(event.ReasonChanReceive, recv), "timer main.at"},
		"timer in a select":      {blocks(event.ReasonSelect, selects), "timer main.at"},
		"poller's batch":         {falsely(event.ReasonNetwork, reads), "io main.at"},
		"timers' batch":          {falsely(event.ReasonChanReceive, recv), "timer main.at"},
		"system call":            {calls("syscall.read"), "syscall main.at"},
		"file":                   {calls("syscall.read", "os.(*File).Read"), "syscall main.at"},
		"assist that waits":      {blocks(event.ReasonGCAssistWait), "gc main.at"},
		"collection":             {blocks(event.ReasonGCWait, "runtime.gcWaitOnMark"), "gc main.at"},
		"lock, nobody named":     {blocks(event.ReasonSync, lock), "unknown"},
		"send, nobody named":     {blocks(event.ReasonChanSend, send), "unknown"},
		"cond, nobody named":     {blocks(event.ReasonCond, condW), "unknown"},
		"reason that is not one": {blocks(event.ReasonUnspecified), "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTale(t, 3)
			s.has(1, 0, "main.a")
			s.has(2, 1, "main.b")
			s.blocks(10, 1, event.ReasonChanReceive, recv, "main.a")
			c.play(s)
			s.wakes(1000, 1, 2, send, "main.b")
			s.starts(1001, 1, 0)
			x := s.play(1100)
			is(t, "path", x.path(1, 10, 1000), "(90 code main.at, 800 "+c.piece+", 5 scheduler, 95 code main.b)")
		})
	}
}

// TestNativeCodeIsCode: C code runs, for whoever waits for it, and so does a system
// call of under 20 µs. What b ran before the call is named by the call's stack, and
// so is the call itself; what it runs afterwards lies between two stacks.
func TestNativeCodeIsCode(t *testing.T) {
	for name, c := range map[string]struct {
		leaf string
		ns   int64
	}{"cgo": {"runtime.cgocall", 800}, "short system call": {"syscall.read", 19}} {
		t.Run(name, func(t *testing.T) {
			s := newTale(t, 2)
			s.has(1, 0, "main.a")
			s.has(2, 1, "main.b")
			s.blocks(10, 1, event.ReasonChanReceive, recv, "main.a")
			s.calls(100, 2, c.leaf, "main.at", "main.b")
			s.returns(100+c.ns, 2, event.GoRunning)
			s.wakes(1000, 1, 2, send, "main.b")
			x := s.play(1100)
			is(t, "path", x.path(1, 10, 1000), fmt.Sprintf("(90 code main.at, %d code main.at, %d code main.b)", c.ns, 900-c.ns))
		})
	}
}

// TestAReadThatIsClosedIsTheClosers: a goroutine may end a wait for the network, by
// closing the connection. It is no account, since the wait is not for a goroutine,
// but who waits for the reader waits for the closer.
func TestAReadThatIsClosedIsTheClosers(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.reader")
	s.has(3, 2, "main.closer")
	s.blocks(10, 1, event.ReasonChanReceive, recv, "main.a")
	s.blocks(20, 2, event.ReasonNetwork, reads, "main.reader")
	s.wakesTo(520, 2, 1, 3, "internal/poll.(*FD).Close", "main.closer")
	s.wakesTo(530, 1, 0, 2, send, "main.reader")
	s.play(600).want(`
		main.a chan-receive in main.a by main.reader: 1×520
			0|500 code main.closer
			20|0 code main.reader
	`)
}

// TestAWaitThatNobodyIsNamedForIsUnknown: nothing is made up.
func TestAWaitThatNobodyIsNamedForIsUnknown(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.a")
	s.blocks(10, 1, event.ReasonSync, lock, "main.a")
	s.firesTo(300, 1, 0)
	s.blocks(310, 1, event.ReasonChanSend, send, "main.a")
	s.wakesTo(350, 1, 0, 1, recv, "main.a") // by itself
	s.play(400).want(`
		main.a mutex in main.a by nobody: 1×290
			290|0 unknown
		main.a chan-send in main.a by nobody: 1×40
			40|0 unknown
	`)
}

// ---------------------------------------------------------------- edges of the trace

// TestWhatIsOpenAtTheEndIsOpen: a wait that nothing has ended is not somebody's, nor
// unknown; reads, sleeps and system calls are what they would have been.
func TestWhatIsOpenAtTheEndIsOpen(t *testing.T) {
	s := newTale(t, 8)
	for id := int64(1); id <= 6; id++ {
		s.has(id, int32(id), "main.main")
	}
	s.blocks(100, 1, event.ReasonSync, lock, "main.f")
	s.blocks(200, 2, event.ReasonChanReceive, recv, "main.g")
	s.blocks(300, 3, event.ReasonForever, "runtime.block", "main.h")
	s.blocks(400, 4, event.ReasonNetwork, reads, "main.i")
	s.blocks(500, 5, event.ReasonSleep, naps, "main.j")
	s.calls(600, 6, "syscall.read", "main.k")
	x := s.play(1000)
	x.want(`
		main.main mutex in main.f by nobody: 1×900
			900|0 open main.f
		main.main chan-receive in main.g by nobody: 1×800
			800|0 open main.g
		main.main forever in main.h by nobody: 1×700
			700|0 open main.h
	`)
	is(t, "read", x.path(4, 400, 1000), "600 io main.i")
	is(t, "sleep", x.path(5, 500, 1000), "500 timer main.j")
	is(t, "system call", x.path(6, 600, 1000), "400 syscall main.k")
}

// TestAWaitOlderThanTheTraceIsResolvedFromItsStart: a and b wait since before the
// trace, a with a stack that says what for, b without. Both waits are what the
// goroutine did that ended them, since the trace began. c, which is ready since
// before the trace, and d, which is in a system call, are walked through.
func TestAWaitOlderThanTheTraceIsResolvedFromItsStart(t *testing.T) {
	s := newTale(t, 4)
	s.had(1, event.GoWaiting, "runtime.gopark", "runtime.chanrecv", "main.a")
	s.had(2, event.GoWaiting)
	s.had(3, event.GoRunnable, "main.c")
	s.had(4, event.GoSyscall, "syscall.read", "main.d")
	s.starts(40, 3, 1)
	s.wakesTo(100, 1, 0, 3, send, "main.c")
	s.returns(300, 4, event.GoRunnable)
	s.starts(305, 4, 2)
	s.wakesTo(400, 2, 3, 4, send, "main.d")
	s.blocks(450, 2, event.ReasonSleep, naps, "main.b")
	s.play(500).want(`
		main.a chan-receive in main.a by main.c: 1×100
			60|0 code main.c
			40|0 scheduler
		main.b unknown in ? by main.d: 1×400
			300|0 syscall main.d
			95|0 code main.d
			5|0 scheduler
	`)
}

// TestAWaitOfTheWholeTraceIsNobodys: nothing is known of it but its place.
func TestAWaitOfTheWholeTraceIsNobodys(t *testing.T) {
	s := newTale(t, 1)
	s.had(1, event.GoWaiting, "runtime.gopark", "runtime.chanrecv", "main.a")
	s.has(2, 0, "main.b")
	s.blocks(100, 2, event.ReasonChanReceive, recv, "main.b")
	s.play(500).want(`
		main.b chan-receive in main.b by nobody: 1×400
			400|0 open main.b
	`)
}

// window tells the part of S33 between two instants, in µs.
func windowOfS33(t *testing.T, from, to int64) *told {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.has(3, 2, "main.c")
	s.blocks(10, 1, event.ReasonChanReceive, recv, "main.a")
	s.blocks(20, 2, event.ReasonSync, lock, "main.b")
	s.wakes(1020, 2, 3, unlock, "main.c")
	s.starts(1022, 2, 1)
	s.wakes(1030, 1, 2, send, "main.b")
	s.starts(1031, 1, 0)
	return s.window(1100, timeline.Options{From: from * 1000, To: to * 1000}, nil)
}

// TestAWindowCutsWaitsNotCauses: what of S33 lies in a window is what it was, also
// where the window ends before the waits do: who ended them is known all the same.
func TestAWindowCutsWaitsNotCauses(t *testing.T) {
	for _, c := range []struct {
		from, to int64
		want     string
	}{
		{500, 1025, `
			main.b mutex in main.b by main.c: 1×520
				520|0 lock-holder main.c held
			main.a chan-receive in main.a by main.b: 1×525
				0|520 lock-holder main.c held
				3|0 code main.b
				2|0 scheduler`},
		{15, 600, `
			main.b mutex in main.b by main.c: 1×580
				580|0 lock-holder main.c held
			main.a chan-receive in main.a by main.b: 1×585
				0|580 lock-holder main.c held
				5|0 code main.b`},
		{100, 200, `
			main.b mutex in main.b by main.c: 1×100
				100|0 lock-holder main.c held
			main.a chan-receive in main.a by main.b: 1×100
				0|100 lock-holder main.c held`},
		{1020, 1022, `
			main.a chan-receive in main.a by main.b: 1×2
				2|0 scheduler`},
		{1030, 1100, ``},
		{0, 10, ``},
	} {
		t.Run(fmt.Sprint(c.from, " to ", c.to), func(t *testing.T) {
			windowOfS33(t, c.from, c.to).want(c.want)
		})
	}
}

// TestAWindowThatCutsACreation: of what was before G was created only the part in the
// window counts, and none where the window begins later.
func TestAWindowThatCutsACreation(t *testing.T) {
	for _, c := range []struct {
		from, to int64
		want     string
	}{
		{500, 1100, "395|0 code main.g\n100|0 code main.main\n5|0 scheduler"},
		{602, 1100, "395|0 code main.g\n3|0 scheduler"},
		{700, 900, "200|0 code main.g"},
		{100, 500, "400|0 code main.main"},
	} {
		s := newTale(t, 3)
		s.has(1, 0, "main.main")
		s.has(2, 1, "main.waiter")
		s.blocks(10, 2, event.ReasonChanReceive, recv, "main.waiter")
		s.makes(600, 3, 1, "main.g", "main.main")
		s.starts(605, 3, 2)
		s.wakes(1000, 2, 3, send, "main.g")
		s.starts(1001, 2, 1)
		x := s.window(1100, timeline.Options{From: c.from * 1000, To: c.to * 1000}, nil)
		ns := min(c.to, 1000) - c.from
		x.want(fmt.Sprintf("main.waiter chan-receive in main.waiter by main.g: 1×%d\n", ns) + c.want)
	}
}
