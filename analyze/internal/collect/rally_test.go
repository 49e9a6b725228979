package collect

import (
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// The places at which the two sides of a ping-pong wait, and where they hand over.
var (
	pingWaits = []string{"runtime.chanrecv1", "main.ping"}
	pongWaits = []string{"runtime.chanrecv1", "main.pong"}
	handsOver = []string{"runtime.chansend1", "main.hand"}
)

// pingPong is two goroutines that hand over to each other: each waits again wait after
// it has handed over, and runs for run from 3 after it was woken.
type pingPong struct {
	m         *model
	a, b      int64
	wait, run int64 // µs
	waits     func(m *model, at, id int64)
	wakes     func(m *model, at, id, by int64)
}

// pair is a ping-pong of a, which runs, and b; hand-overs are 8 apart, of which 5 are
// running and 3 pass until the other runs. Each waits again 1 after it has handed over.
func pair(m *model, a, b int64) *pingPong {
	p := &pingPong{m: m, a: a, b: b, wait: 1, run: 5}
	p.waits = func(m *model, at, id int64) {
		if id == a {
			m.blocks(at, id, event.ReasonChanReceive, pingWaits...)
		} else {
			m.blocks(at, id, event.ReasonChanReceive, pongWaits...)
		}
	}
	p.wakes = func(m *model, at, id, by int64) { m.wakes(at, id, by, handsOver...) }
	return p
}

// plays hands over n times, first a to b, which waits; the last one runs on.
func (p *pingPong) plays(at int64, n int) (last int64) {
	by, to := p.a, p.b
	for i := range n {
		p.wakes(p.m, at, to, by)
		p.waits(p.m, at+p.wait, by)
		p.m.starts(at+3, to, p.m.on[to])
		by, to = to, by
		if i < n-1 {
			at += 3 + p.run
		}
	}
	return at
}

// rallyModel has goroutines 1, 2, …, of which those with even numbers wait from 10 on.
func rallyModel(t *testing.T, n int64) *model {
	m := newModel(t, n)
	for id := int64(1); id <= n; id++ {
		m.up(0, int32(id-1))
		entry := "main.pinger"
		if id%2 == 0 {
			entry = "main.ponger"
		}
		m.has(id, int32(id-1), entry)
		if id%2 == 0 {
			m.blocks(10, id, event.ReasonChanReceive, pongWaits...)
		}
	}
	return m
}

// TestTenHandOversMakeAPingPong: the first wake-up at 100 answers nobody; ten behind
// it, the last at 180, are one. It lasts since the first of the ten was waited for at
// 101: 79 µs, of which whoever's turn it was ran 5 ten times.
func TestTenHandOversMakeAPingPong(t *testing.T) {
	m := rallyModel(t, 2)
	last := pair(m, 1, 2).plays(100, 11)
	eq(t, "last", last, 180)
	r := m.result(1000)
	if len(r.Patterns.PingPongs) != 1 {
		t.Fatalf("%d ping-pongs", len(r.Patterns.PingPongs))
	}
	p := r.Patterns.PingPongs[0]
	eq(t, "rallies and hand-overs", [2]int64{p.Rallies, p.HandOvers}, [2]int64{1, 10})
	eq(t, "time", [3]int64{p.Ns, p.RunningNs, p.OverlapNs}, [3]int64{79 * us, 50 * us, 0})
	eq(t, "groups", [2]string{r.Groups[p.Groups[0]].Name, r.Groups[p.Groups[1]].Name}, sidesOf(r, p))
	eq(t, "at", [2]int64{p.At[0].FromNs, p.At[0].ToNs}, [2]int64{101 * us, 180 * us})

	m = rallyModel(t, 2)
	pair(m, 1, 2).plays(100, 10)
	eq(t, "of nine", m.result(1000).Patterns.PingPongs, []result.PingPong{})
}

// sidesOf are the groups by whose place is first in the result.
func sidesOf(r *result.Result, p result.PingPong) [2]string {
	if r.Sites[p.Sites[0]].Frames[1].Func == "main.ping" {
		return [2]string{"main.pinger", "main.ponger"}
	}
	return [2]string{"main.ponger", "main.pinger"}
}

// TestBothSidesOfAPingPongMayRun: each waits 5 after it has handed over, when the other
// has run for 2. The first of ten hand-overs was waited for since 105, of whose runner
// the part from then on counts.
func TestBothSidesOfAPingPongMayRun(t *testing.T) {
	m := rallyModel(t, 2)
	p := pair(m, 1, 2)
	p.wait = 5
	p.plays(100, 11)
	got := onePingPong(t, m.result(1000))
	eq(t, "time", [3]int64{got.Ns, got.RunningNs, got.OverlapNs}, [3]int64{75 * us, (3 + 9*5) * us, 9 * 2 * us})
}

func onePingPong(t *testing.T, r *result.Result) result.PingPong {
	t.Helper()
	if len(r.Patterns.PingPongs) != 1 {
		t.Fatalf("%d ping-pongs: %+v", len(r.Patterns.PingPongs), r.Patterns.PingPongs)
	}
	return r.Patterns.PingPongs[0]
}

// TestALongRunBreaksAPingPong: nine hand-overs, one after 50 µs of running, ten more.
// The one after the long run is in neither row. A run of 1 ns less breaks nothing.
func TestALongRunBreaksAPingPong(t *testing.T) {
	play := func(run int64, shorter bool) *result.Result {
		m := rallyModel(t, 2)
		p := pair(m, 1, 2)
		at := p.plays(100, 10) // 1 was woken last at 172, runs from 175
		begin := len(m.events)
		p.plays(at+3+run, 11)
		if shorter {
			m.events[begin].Time--
		}
		return m.result(1000)
	}
	p := onePingPong(t, play(50, false))
	eq(t, "broken", [4]int64{p.Rallies, p.HandOvers, p.Ns, p.RunningNs}, [4]int64{1, 10, 79 * us, 50 * us})
	p = onePingPong(t, play(50, true))
	eq(t, "not broken", [3]int64{p.Rallies, p.HandOvers, p.RunningNs}, [3]int64{1, 20, 19*5*us + 50*us - 1})
}

// TestRegionsDoNotLengthenTheRunsOfAPingPong: each side marks the last 20 µs of the 30
// for which it runs.
func TestRegionsDoNotLengthenTheRunsOfAPingPong(t *testing.T) {
	m := rallyModel(t, 2)
	p := pair(m, 1, 2)
	p.run = 30
	wakes := p.wakes
	p.wakes = func(m *model, at, id, by int64) {
		m.annotate(at-20, by, event.RegionBegin, 0, 0, "turn")
		m.annotate(at-1, by, event.RegionEnd, 0, 0, "turn")
		wakes(m, at, id, by)
	}
	p.plays(100, 11)
	got := onePingPong(t, m.result(1000))
	eq(t, "ping-pong", [3]int64{got.HandOvers, got.RunningNs, got.Ns}, [3]int64{10, 300 * us, 329 * us})
}

// TestPairsOfTheSameGroupsAreOnePingPong: 1 and 2 hand over eleven times, 3 and 4
// thirteen times meanwhile.
func TestPairsOfTheSameGroupsAreOnePingPong(t *testing.T) {
	m := rallyModel(t, 4)
	pair(m, 1, 2).plays(100, 11)
	p := pair(m, 3, 4)
	p.waits = func(m *model, at, id int64) {
		if id == 3 {
			m.blocks(at, id, event.ReasonChanReceive, pingWaits...)
		} else {
			m.blocks(at, id, event.ReasonChanReceive, pongWaits...)
		}
	}
	p.plays(102, 13)
	got := onePingPong(t, m.result(1000))
	eq(t, "both", [4]int64{got.Rallies, got.HandOvers, got.Ns, got.RunningNs}, [4]int64{2, 22, (79 + 95) * us, (50 + 60) * us})
	eq(t, "listed", len(got.At), 2)
}

// TestAThirdGoroutineBreaksAPingPong: 1 and 2 hand over nine times, then 3 wakes 1,
// and they go on for nine times.
func TestAThirdGoroutineBreaksAPingPong(t *testing.T) {
	m := rallyModel(t, 3)
	p := pair(m, 1, 2)
	at := p.plays(100, 10) // 1 runs from 175, 2 waits
	m.blocks(at+5, 1, event.ReasonChanReceive, pingWaits...)
	m.wakes(at+6, 1, 3, handsOver...)
	m.starts(at+7, 1, 0)
	p.plays(at+10, 10)
	eq(t, "ping-pongs", m.result(1000).Patterns.PingPongs, []result.PingPong{})
}

// TestAPingPongEndsWithAGoroutine: 2 ends after ten hand-overs; another with its ID
// goes on, in whose rows its own begin.
func TestAPingPongEndsWithAGoroutine(t *testing.T) {
	m := rallyModel(t, 2)
	p := pair(m, 1, 2)
	at := p.plays(100, 12) // 1 runs from at+3
	m.wakes(at+4, 2, 1, handsOver...)
	m.starts(at+5, 2, 1)
	m.ends(at+5, 2)
	m.spawns(at+10, 2, 1, 1, "main.ponger")
	m.blocks(at+10, 2, event.ReasonChanReceive, pongWaits...)
	p.plays(at+20, 9) // 1 made 2, which answers: eight
	got := onePingPong(t, m.result(1000))
	eq(t, "first", [2]int64{got.Rallies, got.HandOvers}, [2]int64{1, 12})
}

// TestLocksAndCoroutinesAreNoPingPong, and neither is one that a window leaves nine
// hand-overs of, on either side.
func TestLocksAndCoroutinesAreNoPingPong(t *testing.T) {
	m := rallyModel(t, 2)
	p := pair(m, 1, 2)
	p.waits = func(m *model, at, id int64) { m.blocks(at, id, event.ReasonSync, locksAt...) }
	p.wakes = func(m *model, at, id, by int64) { m.wakes(at, id, by, unlocksAt...) }
	p.plays(100, 40)
	eq(t, "locks", m.result(1000).Patterns.PingPongs, []result.PingPong{})

	m = newModel(t, 1)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.goes(10, 2, event.GoNotExist, event.GoWaiting, 1, 0, 0, m.stack("runtime.corostart"), m.stack("main.main"))
	m.on[2] = 0
	from, to := int64(1), int64(2)
	for i := range int64(40) {
		at := 100 + 10*i
		m.goes(at, to, event.GoWaiting, event.GoRunnable, from, 0, 0, 0, 0)
		m.goes(at, from, event.GoRunning, event.GoWaiting, from, 0, 0, 0, 0)
		m.nudge(1)
		m.starts(at, to, 0)
		m.nudge(2)
		from, to = to, from
	}
	eq(t, "coroutines", m.result(1000).Patterns.PingPongs, []result.PingPong{})
}

// TestAWindowCutsAPingPong of thirty hand-overs behind the first, at 108, 116, … 340.
func TestAWindowCutsAPingPong(t *testing.T) {
	for _, c := range []struct{ from, to, handOvers, ns int64 }{
		{0, 300, 25, 300 - 101}, // the one at 300 is its last moment
		{0, 299, 24, 292 - 101}, // and is waited for beyond 299
		{0, 180, 10, 180 - 101},
		{0, 179, 0, 0},
		{200, 1000, 18, 340 - 200}, // that at 204 was waited for since before
		{264, 1000, 10, 340 - 264}, // that at 268 is the first
		{269, 1000, 0, 0},          //
		{150, 233, 10, 228 - 150},  // at 156, …, 228
		{1000 - 1, 1000, 0, 0},     //
	} {
		m := rallyModel(t, 2)
		pair(m, 1, 2).plays(100, 31)
		r := m.window(1000, c.from, c.to, Options{})
		var handOvers, ns int64
		for _, p := range r.Patterns.PingPongs {
			handOvers += p.HandOvers
			ns += p.Ns
		}
		eq(t, "hand-overs", [4]int64{c.from, c.to, handOvers, ns}, [4]int64{c.from, c.to, c.handOvers, c.ns * us})
	}
}

// TestAGapEndsAPingPong: of 31 wake-ups those behind the twelfth are lost, or all but
// the last nine of them.
func TestAGapEndsAPingPong(t *testing.T) {
	m := rallyModel(t, 2)
	last := pair(m, 1, 2).plays(100, 12) // 1 runs from last+3, 2 waits
	m.gap(last+4, last+104)
	m.goes(last+104, 1, event.GoUndetermined, event.GoRunning, event.NoG, 0, 0, m.stack("main.pinger"), 0)
	m.goes(last+104, 2, event.GoUndetermined, event.GoWaiting, event.NoG, event.NoP, 0, m.stack("runtime.gopark", "runtime.chanrecv1", "main.pong"), 0)
	pair(m, 1, 2).plays(last+110, 10)
	got := onePingPong(t, m.result(1000))
	eq(t, "before the gap", [3]int64{got.Rallies, got.HandOvers, got.Ns}, [3]int64{1, 11, 87 * us})
}

// TestPingPongsOfOthersAreLeftOut where only the goroutines of one side were asked for.
func TestPingPongsOfOthersAreLeftOut(t *testing.T) {
	m := rallyModel(t, 2)
	pair(m, 1, 2).plays(100, 31)
	eq(t, "ping-pongs", m.selected(1000, func(id int64) bool { return id == 1 }).Patterns.PingPongs, []result.PingPong{})
}
