package collect

import (
	"slices"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// The places of a lock of these tests: two lines that lock it, one that unlocks.
var (
	locksAt   = []string{"sync.(*Mutex).Lock", "main.locks"}
	locksToo  = []string{"sync.(*Mutex).Lock", "main.locksToo"}
	unlocksAt = []string{"sync.(*Mutex).Unlock", "main.unlocks"}
)

// nudge moves the last event by some ns.
func (m *model) nudge(ns int64) { m.events[len(m.events)-1].Time += ns }

// class is the class of the places where the function waits.
func class(t *testing.T, r *result.Result, function string) result.SiteClass {
	t.Helper()
	for _, c := range r.SiteClasses {
		for _, i := range c.Sites {
			if slices.ContainsFunc(r.Sites[i].Frames, func(f result.Frame) bool { return f.Func == function }) {
				return c
			}
		}
	}
	t.Fatalf("no class of %s", function)
	return result.SiteClass{}
}

// same is the distribution of n values that are all ns long.
func same(n, ns int64) result.Latency {
	return result.Latency{Count: n, P50Ns: ns, P90Ns: ns, P99Ns: ns, MaxNs: ns}
}

// little checks that the integral of those that wait is the sum of the waits.
func little(t *testing.T, c result.SiteClass) {
	t.Helper()
	eq(t, "∫ waiting dt", c.WaitingNs, c.TotalNs)
}

// contended is a lock for which 2 waits [100,300) and 3 [150,400), and 4 from 500 to
// the end at 1000. 1 hands over to 2, which runs after 10, and that to 3, which runs
// after 5.
func contended(t *testing.T) *model {
	m := newModel(t, 4)
	m.up(0, 0, 1, 2, 3)
	for id := range int64(4) {
		m.has(id+1, int32(id), "main.work")
	}
	m.blocks(100, 2, event.ReasonSync, locksAt...)
	m.blocks(150, 3, event.ReasonSync, locksAt...)
	m.wakes(300, 2, 1, unlocksAt...)
	m.starts(310, 2, 1)
	m.wakes(400, 3, 2, unlocksAt...)
	m.starts(405, 3, 2)
	m.blocks(500, 4, event.ReasonSync, locksAt...)
	return m
}

// TestAQueueIsMeasuredWhileItLasts: somebody waits in [100,400) and [500,1000), two in
// [150,300). Of the hand-offs at 300 and 400 the second is a service time of 100 after
// the first, as one still waited.
func TestAQueueIsMeasuredWhileItLasts(t *testing.T) {
	c := class(t, contended(t).result(1000), "main.locks")
	little(t, c)
	eq(t, "kind and waits", [2]any{c.Kind, c.Waits}, [2]any{"lock", int64(3)})
	eq(t, "waiting", c.WaitingNs, (200+250+500)*us)
	eq(t, "busy", c.BusyNs, (300+500)*us)
	eq(t, "most", c.MostWaiting, 2)
	eq(t, "hand-offs", c.HandOffs, 2)
	eq(t, "service", c.Service, same(1, 100*us))
	eq(t, "resume", c.Resume, result.Latency{Count: 2, P50Ns: c.Resume.P50Ns, P90Ns: 10 * us, P99Ns: 10 * us, MaxNs: 10 * us})
	close1(t, "median of resume", c.Resume.P50Ns, 5*us, 5*us/90) // of a histogram
	eq(t, "direct", c.DirectHandOffs, 0)
	eq(t, "convoys", c.Convoys, nil)
}

// TestAWindowCutsAQueue: what happens before and after it is not in it, though two wait
// on behind its end and are woken there.
func TestAWindowCutsAQueue(t *testing.T) {
	cases := map[string]struct {
		from, to      int64
		waiting, busy int64
		most          int
		handOffs      int64
		service       result.Latency
		resume        result.Latency
	}{
		"the first hand-off":   {200, 350, 100 + 150, 150, 2, 1, result.Latency{}, same(1, 10*us)},
		"before all hand-offs": {120, 200, 80 + 50, 80, 2, 0, result.Latency{}, result.Latency{}},
		"before two wait":      {90, 140, 40, 40, 1, 0, result.Latency{}, result.Latency{}},
		"the second hand-off":  {350, 450, 50, 50, 1, 1, result.Latency{}, same(1, 5*us)},
		"between":              {302, 399, 97, 97, 1, 0, result.Latency{}, result.Latency{}},
		"the open end":         {600, 900, 300, 300, 1, 0, result.Latency{}, result.Latency{}},
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			c := class(t, contended(t).window(1000, want.from, want.to, Options{}), "main.locks")
			little(t, c)
			eq(t, "waiting", c.WaitingNs, want.waiting*us)
			eq(t, "busy", c.BusyNs, want.busy*us)
			eq(t, "most", c.MostWaiting, want.most)
			eq(t, "hand-offs", c.HandOffs, want.handOffs)
			eq(t, "service", c.Service, want.service)
			eq(t, "resume", c.Resume, want.resume)
		})
	}
}

// TestNobodyWaitsBehindAWindow: one waits within it, three more behind its end.
func TestNobodyWaitsBehindAWindow(t *testing.T) {
	m := newModel(t, 5)
	m.up(0, 0, 1, 2, 3, 4)
	for id := range int64(5) {
		m.has(id+1, int32(id), "main.work")
	}
	m.blocks(100, 2, event.ReasonSync, locksAt...)
	m.wakes(200, 2, 1, unlocksAt...)
	m.starts(200, 2, 1)
	for id := range int64(3) {
		m.blocks(600, id+3, event.ReasonSync, locksAt...)
	}
	c := class(t, m.window(1000, 0, 500, Options{}), "main.locks")
	little(t, c)
	eq(t, "most", c.MostWaiting, 1)
	eq(t, "busy", c.BusyNs, 100*us)
}

// TestWaitsFromBeforeTheTraceAreInTheQueue: 2 has waited since before the trace until
// 300, 3 from 100 to the end.
func TestWaitsFromBeforeTheTraceAreInTheQueue(t *testing.T) {
	m := newModel(t, 3)
	m.up(0, 0, 2)
	m.has(1, 0, "main.main")
	m.old(0, 2, event.GoWaiting, "runtime.gopark", "runtime.semacquire1", "sync.(*Mutex).Lock", "main.locks")
	m.has(3, 2, "main.work")
	m.blocks(100, 3, event.ReasonSync, locksAt...)
	m.wakes(300, 2, 1, unlocksAt...)
	m.starts(300, 2, 1)
	c := class(t, m.result(1000), "main.locks")
	little(t, c)
	eq(t, "waiting", c.WaitingNs, (300+900)*us)
	eq(t, "busy", c.BusyNs, 1000*us)
	eq(t, "most", c.MostWaiting, 2)
	eq(t, "hand-offs", c.HandOffs, 1)
	eq(t, "resume", c.Resume, result.Latency{Count: 1}) // at once
}

// TestServiceIsCountedOnlyWhileOthersWait: three hand-offs, each to the only one that
// waits.
func TestServiceIsCountedOnlyWhileOthersWait(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.main")
	m.has(2, 1, "main.work")
	for i := range int64(3) {
		m.blocks(100*i+10, 2, event.ReasonSync, locksAt...)
		m.wakes(100*i+50, 2, 1, unlocksAt...)
		m.starts(100*i+52, 2, 1)
	}
	c := class(t, m.result(400), "main.locks")
	little(t, c)
	eq(t, "hand-offs", c.HandOffs, 3)
	eq(t, "service", c.Service, result.Latency{})
	eq(t, "resume", [2]int64{c.Resume.Count, c.Resume.MaxNs}, [2]int64{3, 2 * us})
	eq(t, "busy", c.BusyNs, 120*us)
}

// TestDirectHandOffsAreCountedWhereTheyAre: of a lock with two lines, and at a line of
// another that nobody waits for.
func TestDirectHandOffsAreCountedWhereTheyAre(t *testing.T) {
	m := contended(t)
	gives := func(at, id int64, unlock string) {
		st := m.stack("runtime.goyield", "runtime.semrelease1", "sync.runtime_Semrelease", "internal/sync.(*Mutex).unlockSlow", "sync.(*Mutex).Unlock", unlock)
		m.goes(at, id, event.GoRunning, event.GoRunnable, id, m.on[id], event.ReasonPreempted, st, st)
		m.starts(at+20, id, m.on[id])
	}
	gives(301, 1, "main.unlocks")
	gives(401, 2, "main.unlocks")
	gives(600, 1, "main.elsewhere")
	r := m.result(1000)
	eq(t, "direct", class(t, r, "main.locks").DirectHandOffs, 2)
	eq(t, "loops", r.Patterns.YieldLoops, []result.YieldLoop{})
}

// TestTwoLinesOfALockAreOneQueue although the second line's first wait ends late: 2
// waits at the one [100,200), 3 at the other [150,900), both for whoever unlocks at the
// same line.
func TestTwoLinesOfALockAreOneQueue(t *testing.T) {
	m := newModel(t, 3)
	m.up(0, 0, 1, 2)
	for id := range int64(3) {
		m.has(id+1, int32(id), "main.work")
	}
	m.blocks(100, 2, event.ReasonSync, locksAt...)
	m.blocks(150, 3, event.ReasonSync, locksToo...)
	m.wakes(200, 2, 1, unlocksAt...)
	m.starts(200, 2, 1)
	m.wakes(900, 3, 2, unlocksAt...)
	m.starts(900, 3, 2)
	r := m.result(1000)
	eq(t, "classes", len(r.SiteClasses), 1)
	c := class(t, r, "main.locks")
	little(t, c)
	eq(t, "sites", c.Sites, []int{0, 1})
	eq(t, "waiting", c.WaitingNs, (100+750)*us)
	eq(t, "busy", c.BusyNs, 800*us)
	eq(t, "most", c.MostWaiting, 2)
	eq(t, "service", c.Service, same(1, 700*us))
}

// TestTwoLocksStayApart that nothing connects, and a channel from a lock at one line.
func TestTwoLocksStayApart(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0, 1, 2, 3)
	for id := range int64(4) {
		m.has(id+1, int32(id), "main.work")
	}
	m.blocks(100, 2, event.ReasonSync, locksAt...)
	m.blocks(100, 3, event.ReasonSync, locksToo...)
	m.blocks(100, 4, event.ReasonChanReceive, "runtime.chanrecv1", "main.locks")
	m.wakes(200, 2, 1, unlocksAt...)
	m.wakes(300, 3, 1, "sync.(*Mutex).Unlock", "main.unlocksToo")
	m.wakes(600, 4, 1, "runtime.chansend1", "main.unlocks")
	for id := range int64(3) {
		m.starts(700, id+2, int32(id)+1)
	}
	r := m.result(1000)
	eq(t, "classes", len(r.SiteClasses), 3)
	for i, want := range []int64{500, 200, 100} {
		c := r.SiteClasses[i]
		eq(t, "waiting", [3]int64{c.WaitingNs, c.TotalNs, c.BusyNs}, [3]int64{want * us, want * us, want * us})
		eq(t, "most and hand-offs", [2]int64{int64(c.MostWaiting), c.HandOffs}, [2]int64{1, 1})
	}
	eq(t, "kinds", [3]string{r.SiteClasses[0].Kind, r.SiteClasses[1].Kind, r.SiteClasses[2].Kind}, [3]string{"channel", "lock", "lock"})
}

// TestAChannelsTwoSidesAreOneClass: 1 sends [100,300), 2 receives [400,450).
func TestAChannelsTwoSidesAreOneClass(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.sender")
	m.has(2, 1, "main.receiver")
	m.blocks(100, 1, event.ReasonChanSend, atSend...)
	m.wakes(300, 1, 2, atReceive...)
	m.starts(301, 1, 0)
	m.blocks(400, 2, event.ReasonChanReceive, atReceive...)
	m.wakes(450, 2, 1, atSend...)
	m.starts(452, 2, 1)
	r := m.result(1000)
	eq(t, "classes", len(r.SiteClasses), 1)
	c := r.SiteClasses[0]
	little(t, c)
	sender, receiver := group(t, r, "main.sender").ID, group(t, r, "main.receiver").ID
	eq(t, "kind", c.Kind, "channel")
	eq(t, "sides", [4]int64{c.SendWaits, c.SendNs, c.ReceiveWaits, c.ReceiveNs}, [4]int64{1, 200 * us, 1, 50 * us})
	eq(t, "senders", c.Senders, []int{sender})
	eq(t, "receivers", c.Receivers, []int{receiver})
	eq(t, "busy", c.BusyNs, 250*us)
	eq(t, "most and hand-offs", [2]int64{int64(c.MostWaiting), c.HandOffs}, [2]int64{1, 2})
}

// TestWhoIsAtRestIsInNoQueue: 2 waits at the place for the whole trace, 3 [100,300)
// and 4 [200,250), both for 1, which sends.
func TestWhoIsAtRestIsInNoQueue(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0, 2, 3)
	m.has(1, 0, "main.main")
	m.old(0, 2, event.GoWaiting, atReceive...)
	m.has(3, 2, "main.once")
	m.has(4, 3, "main.twice")
	m.blocks(100, 3, event.ReasonChanReceive, atReceive...)
	m.blocks(200, 4, event.ReasonChanReceive, atReceive...)
	m.wakes(250, 4, 1, atSend...)
	m.starts(250, 4, 3)
	m.wakes(300, 3, 1, atSend...)
	m.starts(300, 3, 2)
	r := m.result(1000)
	c := class(t, r, "main.take")
	little(t, c)
	eq(t, "waiting", c.WaitingNs, 250*us)
	eq(t, "most", c.MostWaiting, 2)
	eq(t, "waits", c.Waits, 2)
}

// ---------------------------------------------------------------- convoys

// takeTurns plays a lock that three have in turns, each for a time of which whoever has
// let go comes back after another: 1 has it first, 2 comes at 10 and 3 at 20. The
// hand-offs are at each, 2·each, … ; behind the last n−2 nobody comes back.
func takeTurns(m *model, n, each, back int64) {
	queue := []int64{2, 3}
	holder := int64(1)
	for id := range int64(3) {
		m.has(id+1, int32(id), "main.work")
	}
	m.blocks(10, 2, event.ReasonSync, locksAt...)
	m.blocks(20, 3, event.ReasonSync, locksAt...)
	for i := range n {
		at := (i + 1) * each
		next := queue[0]
		queue = queue[1:]
		m.wakes(at, next, holder, unlocksAt...)
		m.starts(at, next, m.on[next])
		if i < n-2 {
			m.blocks(at+back, holder, event.ReasonSync, locksAt...)
			queue = append(queue, holder)
		}
		holder = next
	}
}

func TestConvoys(t *testing.T) {
	cases := map[string]struct {
		play func(m *model)
		want *result.Convoys
	}{
		// From 20, when two wait, to the eleventh hand-off at 1100, after which one
		// waits. All but the first one that let go came back in it, which had not got
		// its turn from another, and the last one: of ten.
		"with dips": {
			func(m *model) { takeTurns(m, 12, 100, 50) },
			&result.Convoys{Count: 1, Ns: 1080 * us, HandOffs: 11, Requeued: 9, At: []result.Moment{{FromNs: 20 * us, ToNs: 1100 * us}}},
		},
		"with dips of 200 µs": {
			func(m *model) { takeTurns(m, 12, 300, 200) },
			&result.Convoys{Count: 1, Ns: 3280 * us, HandOffs: 11, Requeued: 9, At: []result.Moment{{FromNs: 20 * us, ToNs: 3300 * us}}},
		},
		"dips are longer": {func(m *model) { takeTurns(m, 12, 300, 201) }, nil},
		// 980 µs, with 50 more for one that waits alone.
		"too short": {func(m *model) { takeTurns(m, 21, 50, 5) }, nil},
		"just long enough": {
			func(m *model) { takeTurns(m, 22, 50, 5) },
			&result.Convoys{Count: 1, Ns: 1030 * us, HandOffs: 21, Requeued: 19, At: []result.Moment{{FromNs: 20 * us, ToNs: 1050 * us}}},
		},
		"less than ten service times": {func(m *model) { takeTurns(m, 11, 200, 50) }, nil}, // 1980 µs
		"too few hand-offs":           {func(m *model) { takeTurns(m, 8, 400, 50) }, nil},
		"nobody comes back":           {comeOnce, nil},
		"open at the end": {
			func(m *model) { // from 20 to the end at 10 ms, with the hundredth hand-off
				takeTurns(m, 101, 100, 50)
			},
			&result.Convoys{Count: 1, Ns: 9980 * us, HandOffs: 100, Requeued: 98, At: []result.Moment{{FromNs: 20 * us, ToNs: 10_000 * us}}},
		},
		"followed by turns of which each is alone": {
			func(m *model) { // a stretch of [10,1100) with one hand-off, then twenty without others
				for id := range int64(3) {
					m.has(id+1, int32(id), "main.work")
				}
				m.blocks(10, 2, event.ReasonSync, locksAt...)
				m.blocks(10, 3, event.ReasonSync, locksAt...)
				m.wakes(1100, 2, 1, unlocksAt...)
				m.starts(1100, 2, 1)
				m.wakes(1110, 3, 2, unlocksAt...)
				m.starts(1110, 3, 2)
				for i := range int64(20) {
					m.blocks(1200+i*20, 2, event.ReasonSync, locksAt...)
					m.wakes(1210+i*20, 2, 1, unlocksAt...)
					m.starts(1210+i*20, 2, 1)
				}
			}, nil,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, 4)
			m.up(0, 0, 1, 2, 3)
			c.play(m)
			r := m.window(20_000, 0, 10_000, Options{})
			got := class(t, r, "main.locks")
			little(t, got)
			eq(t, "convoys", got.Convoys, c.want)
		})
	}
}

// comeOnce plays forty goroutines that all want the lock once, each for 100 µs.
func comeOnce(m *model) {
	m.has(1, 0, "main.main")
	for i := range int64(40) {
		m.spawns(0, 2+i, 1, 1, "main.work")
		m.blocks(1, 2+i, event.ReasonSync, locksAt...)
	}
	holder := int64(1)
	for i := range int64(40) {
		m.wakes(100+i*100, 2+i, holder, unlocksAt...)
		m.starts(100+i*100, 2+i, 1)
		holder = 2 + i
		m.ends(200+i*100, holder)
	}
}

// TestTwoConvoysAreTwo: of 1080 µs each, 10 ms apart.
func TestTwoConvoysAreTwo(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0, 1, 2, 3)
	takeTurns(m, 12, 100, 50)
	first := len(m.events)
	again := newModel(t, 4)
	takeTurns(again, 12, 100, 50)
	for _, e := range again.events {
		if e.Kind == event.GoTransition && e.Time > 0 {
			e.Time += 11_080 * us
			e.Stack, e.SubjectStack = m.stack(funcsOf(again.tables, e.Stack)...), m.stack(funcsOf(again.tables, e.SubjectStack)...)
			m.events = append(m.events, e)
		}
	}
	if len(m.events) == first {
		t.Fatal("nothing played again")
	}
	c := class(t, m.result(20_000), "main.locks")
	little(t, c)
	// In the second all three had their turns in the first before they came back: the
	// first one counts only what was in it.
	eq(t, "convoys", c.Convoys, &result.Convoys{Count: 2, Ns: 2160 * us, HandOffs: 22, Requeued: 18, At: []result.Moment{
		{FromNs: 20 * us, ToNs: 1100 * us}, {FromNs: 11_100 * us, ToNs: 12_180 * us},
	}})
}

// TestAGapInterruptsAQueue: as contended, of which [200,250) is missing.
func TestAGapInterruptsAQueue(t *testing.T) {
	m := contended(t)
	m.gap(200, 250)
	for _, id := range []int64{1, 4} {
		m.goes(250, id, event.GoUndetermined, event.GoRunning, event.NoG, int32(id)-1, 0, m.stack("main.work"), 0)
	}
	for _, id := range []int64{2, 3} {
		m.goes(250, id, event.GoUndetermined, event.GoWaiting, event.NoG, event.NoP, 0, m.stack("runtime.gopark", "runtime.semacquire1", "sync.(*Mutex).Lock", "main.locks"), 0)
	}
	m.up(251, 0, 1, 2, 3)
	r := m.result(1000)
	eq(t, "classes", len(r.SiteClasses), 1)
	c := class(t, r, "main.locks")
	little(t, c)
	eq(t, "waiting", c.WaitingNs, (100+50+50+150+500)*us)
	eq(t, "busy", c.BusyNs, (100+150+500)*us)
	eq(t, "most and hand-offs", [2]int64{int64(c.MostWaiting), c.HandOffs}, [2]int64{2, 2})
	eq(t, "service", c.Service, same(1, 100*us))
}

// TestOnlyThoseThatWereAskedForQueue, whoever hands over to them.
func TestOnlyThoseThatWereAskedForQueue(t *testing.T) {
	c := class(t, contended(t).selected(1000, func(id int64) bool { return id == 2 || id == 3 }), "main.locks")
	little(t, c)
	eq(t, "waiting", c.WaitingNs, (200+250)*us)
	eq(t, "busy, most and hand-offs", [3]int64{c.BusyNs, int64(c.MostWaiting), c.HandOffs}, [3]int64{300 * us, 2, 2})
}

// TestAnotherWithTheSameIDDidNotComeBack: three goroutines wait, each for 100 µs of the
// lock, and when one ends another with its ID begins to wait.
func TestAnotherWithTheSameIDDidNotComeBack(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0, 1)
	m.has(1, 0, "main.main")
	m.has(9, 1, "main.parent")
	begins := func(at, id int64) {
		m.spawns(at, id, 9, 2, "main.work")
		m.blocks(at, id, event.ReasonSync, locksAt...)
	}
	for id := int64(2); id <= 4; id++ {
		begins(10, id)
	}
	holder := int64(1)
	for n := range int64(40) {
		at, next := 100*(n+1), n%3+2
		m.wakes(at, next, holder, unlocksAt...)
		m.starts(at, next, 2)
		if n > 0 {
			m.ends(at, holder)
			begins(at+1, holder)
		}
		holder = next
	}
	c := class(t, m.result(5000), "main.locks")
	little(t, c)
	eq(t, "hand-offs", c.HandOffs, 40)
	eq(t, "convoys", c.Convoys, nil)
}

// TestQueuesThatAreJoinedLateGoOnAsOne: at 100 ns, with one that waits at each, or with
// two at each.
func TestQueuesThatAreJoinedLateGoOnAsOne(t *testing.T) {
	one, other := newQueue(), newQueue()
	one.enters(10, -1)
	other.enters(30, -1)
	one.pass(100)
	one.join(other)
	eq(t, "of one each", [4]int64{one.waited, int64(one.now), one.episode.from, one.episode.below}, [4]int64{90 + 70, 2, 100, -1})
	eq(t, "root", other.root() == one, true)

	one, other = newQueue(), newQueue()
	for _, q := range []*queue{one, other} {
		q.enters(10, -1)
		q.enters(20, -1)
		q.leaves(50, true)
	}
	other.enters(60, 50)
	one.join(other)
	eq(t, "of one and two", [5]int64{int64(one.now), one.episode.from, one.episode.below, one.episode.handOffs, one.episode.requeued}, [5]int64{3, 20, -1, 2, 1})
	eq(t, "sums", [3]int64{one.handOffs, one.waited, int64(one.most)}, [3]int64{2, 2*(10+2*30) + 10 + 10, 3})
}
