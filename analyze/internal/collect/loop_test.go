package collect

import (
	"math"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// sleeper is a model of goroutine 1, which sleeps for each of some µs, and runs for 7
// before each; do is what else it does, before the n-th but the first.
func sleeper(t *testing.T, do func(m *model, at int64, n int), sleeps ...int64) *model {
	m := newModel(t, 3)
	m.up(0, 0, 1, 2)
	m.has(1, 0, "main.poll")
	m.has(2, 1, "main.other")
	m.blocks(1, 2, event.ReasonChanReceive, atReceive...)
	at := int64(1000)
	for n, ns := range sleeps {
		if n > 0 && do != nil {
			do(m, at, n)
		}
		m.blocks(at+7, 1, event.ReasonSleep, atSleep...)
		at += 7 + ns
		m.fires(at, 1, 0)
		m.starts(at, 1, 0)
	}
	return m
}

// TestSleepsOneAfterTheOtherAreALoop: of 400, 200, 300, 200 and 300 the four behind the
// first are rounds, 250 long on average and 50 more or less.
func TestSleepsOneAfterTheOtherAreALoop(t *testing.T) {
	r := sleeper(t, nil, 400, 200, 300, 200, 300).result(3000)
	if len(r.Patterns.SleepLoops) != 1 {
		t.Fatalf("%d loops", len(r.Patterns.SleepLoops))
	}
	l := r.Patterns.SleepLoops[0]
	eq(t, "site and group", [2]string{r.Sites[l.Site].Kind, r.Groups[l.Group].Name}, [2]string{"sleep", "main.poll"})
	eq(t, "loop", [3]int64{l.Rounds, l.SleptNs, l.RunningNs}, [3]int64{4, 1000 * us, 28 * us})
	near(t, "spread", l.Spread, 0.2)
}

// TestWhatIsDoneBetweenSleepsIsNoPoll.
func TestWhatIsDoneBetweenSleepsIsNoPoll(t *testing.T) {
	for name, c := range map[string]struct {
		do   func(m *model, at int64, n int)
		want int64
	}{
		"a system call": {func(m *model, at int64, n int) {
			if n == 3 {
				m.calls(at+1, 1, inRead...)
				m.returns(at+3, 1, event.GoRunning)
			}
		}, 4},
		"a wake-up": {func(m *model, at int64, n int) {
			if n == 3 {
				m.wakes(at+1, 2, 1, atSend...)
			}
		}, 4},
		"a goroutine is created": {func(m *model, at int64, n int) {
			if n == 3 {
				m.makes(at+1, 9, 1, "main.work")
			}
		}, 4},
		"a wait": {func(m *model, at int64, n int) {
			if n == 3 {
				m.blocks(at+1, 1, event.ReasonSync, atMutex...)
				m.fires(at+2, 1, 0)
				m.starts(at+2, 1, 0)
			}
		}, 4},
		"it is preempted": {func(m *model, at int64, n int) { m.preempts(at+1, 1); m.starts(at+3, 1, 0) }, 5},
		"every other one somewhere else": {func(m *model, at int64, n int) {
			m.blocks(at+1, 1, event.ReasonSleep, "time.Sleep", "main.elsewhere")
			m.fires(at+2, 1, 0)
			m.starts(at+2, 1, 0)
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var rounds int64
			for _, l := range sleeper(t, c.do, 400, 400, 400, 400, 400, 400).result(4000).Patterns.SleepLoops {
				rounds += l.Rounds
			}
			eq(t, "rounds", rounds, c.want)
		})
	}
}

// TestALoopThatComputesIsNoPoll: 100 µs between the sleeps are too much, 1 ns less not.
func TestALoopThatComputesIsNoPoll(t *testing.T) {
	for _, short := range []int64{0, 1} {
		m := newModel(t, 1)
		m.up(0, 0)
		m.has(1, 0, "main.poll")
		for i := range int64(5) {
			m.blocks(500*i+100, 1, event.ReasonSleep, atSleep...)
			m.nudge(-short)
			m.fires(500*i+500, 1, 0)
			m.starts(500*i+500, 1, 0)
		}
		var ran int64
		for _, l := range m.result(2500).Patterns.SleepLoops {
			ran += l.RunningNs
		}
		eq(t, "running", ran, short*4*(100*us-1))
	}
}

// TestASleepThatIsCutIsNoRound: neither the trace's end nor a window's tells how long it
// would have been.
func TestASleepThatIsCutIsNoRound(t *testing.T) {
	for _, c := range []struct{ end, from, to, rounds int64 }{
		{5000, 0, 0, 4},
		{3100, 0, 0, 4}, // 65 µs behind the last sleep, which ends at 3035
		{3000, 0, 0, 3}, // within the last
		{5000, 0, 3000, 3},
		{5000, 1500, 0, 3}, // within the second, which is the first of the window
	} {
		m := sleeper(t, nil, 400, 400, 400, 400, 400)
		for len(m.events) > 0 && m.events[len(m.events)-1].Time > c.end*us {
			m.events = m.events[:len(m.events)-1]
		}
		r := m.window(c.end, c.from, c.to, Options{})
		var rounds int64
		spread := 0.0
		for _, l := range r.Patterns.SleepLoops {
			rounds += l.Rounds
			spread = math.Max(spread, l.Spread)
		}
		eq(t, "rounds", [4]int64{c.end, c.from, c.to, rounds}, [4]int64{c.end, c.from, c.to, c.rounds})
		near(t, "spread", spread, 0)
	}
}

// TestAGapIsNoPoll: what is done in it is not known.
func TestAGapIsNoPoll(t *testing.T) {
	m := sleeper(t, nil, 400, 400)
	m.gap(2000, 3000)
	m.goes(3000, 1, event.GoUndetermined, event.GoRunning, event.NoG, 0, 0, m.stack("main.poll"), 0)
	m.blocks(3010, 1, event.ReasonSleep, atSleep...)
	m.fires(3400, 1, 0)
	eq(t, "loops", m.result(4000).Patterns.SleepLoops, []result.SleepLoop{})
}

// TestGoschedOfTheProgramIsAYieldLoop: three of it after 10, 20 and 30 µs; those of a
// collection, which the runtime makes, are none, and neither is what a window leaves
// out: a run that it cuts did not end so in it.
func TestGoschedOfTheProgramIsAYieldLoop(t *testing.T) {
	play := func() *model {
		m := newModel(t, 2)
		m.up(0, 0)
		m.has(1, 0, "main.spin")
		for _, at := range []int64{10, 30, 60} {
			m.yields(at, 1)
			m.starts(at, 1, 0)
		}
		st := m.stack("runtime.Gosched", "runtime.GC", "main.spin")
		for at := int64(70); at < 100; at += 10 {
			m.goes(at, 1, event.GoRunning, event.GoRunnable, 1, 0, event.ReasonGosched, st, st)
			m.starts(at, 1, 0)
		}
		return m
	}
	r := play().result(1000)
	if len(r.Patterns.YieldLoops) != 1 {
		t.Fatalf("%d loops", len(r.Patterns.YieldLoops))
	}
	l := r.Patterns.YieldLoops[0]
	eq(t, "loop", [2]int64{l.Count, l.RunningNs}, [2]int64{3, 60 * us})
	eq(t, "place", [2]string{l.Frames[1].Func, r.Groups[l.Group].Name}, [2]string{"main.spin", "main.spin"})

	l = play().window(1000, 15, 50, Options{}).Patterns.YieldLoops[0]
	eq(t, "in a window", [2]int64{l.Count, l.RunningNs}, [2]int64{1, 15 * us}) // [15,30); [30,50) goes on
}

// TestLifetimeRunIsOfThoseThatLivedInScope: of 3, 8 and 20 µs, of which the last is
// created before a window or ends behind it.
func TestLifetimeRunIsOfThoseThatLivedInScope(t *testing.T) {
	play := func(from, to int64) result.Latency {
		m := newModel(t, 2)
		m.up(0, 0, 1)
		m.has(1, 0, "main.main")
		m.spawns(100, 2, 1, 1, "main.work")
		m.preempts(101, 2)
		m.starts(105, 2, 1)
		m.ends(107, 2)
		m.spawns(200, 2, 1, 1, "main.work")
		m.ends(208, 2)
		m.spawns(300, 2, 1, 1, "main.work")
		m.ends(320, 2)
		return group(t, m.window(1000, from, to, Options{}), "main.work").LifetimeRun
	}
	for _, c := range []struct{ from, to, count, most int64 }{{0, 0, 3, 20}, {0, 310, 2, 8}, {102, 0, 2, 20}, {90, 250, 2, 8}, {305, 0, 0, 0}} {
		l := play(c.from, c.to)
		eq(t, "runs", [4]int64{c.from, c.to, l.Count, l.MaxNs}, [4]int64{c.from, c.to, c.count, c.most * us})
	}
}

// TestWhoEndsBehindAWindowHasNotEnded in it.
func TestWhoEndsBehindAWindowHasNotEnded(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.main")
	m.spawns(100, 2, 1, 1, "main.work")
	m.ends(320, 2)
	eq(t, "ended", group(t, m.window(1000, 0, 300, Options{}), "main.work").Ended, 0)
}
