package collect

import (
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

var (
	condWaits  = []string{"sync.(*Cond).Wait", "main.queue"}
	broadcasts = []string{"sync.(*Cond).Broadcast", "main.fill"}
)

// waiters is a model of goroutine 1, which runs, and n others from 2 on, each on a P of
// its own, that wait at a place since 10.
func waiters(t *testing.T, n int64, reason event.ReasonID, at ...string) *model {
	m := newModel(t, n+1)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	for i := range n {
		m.up(0, int32(i)+1)
		m.has(2+i, int32(i)+1, "main.work")
		m.blocks(10, 2+i, reason, at...)
	}
	return m
}

func oneVolley(t *testing.T, r *result.Result) result.Volley {
	t.Helper()
	if len(r.Patterns.Volleys) != 1 {
		t.Fatalf("%d volleys: %+v", len(r.Patterns.Volleys), r.Patterns.Volleys)
	}
	return r.Patterns.Volleys[0]
}

// TestABroadcastWakesSevenInVain: it wakes eight from 100 to 107. They run from 200,
// 210, … 270 on, and have been ready for 100, 109, … 163: 1052 in all. All but the first
// wait again after 2, as sync.Cond has it behind the lock, or without it.
func TestABroadcastWakesSevenInVain(t *testing.T) {
	for name, lock := range map[string]bool{"straight": false, "behind its lock": true} {
		t.Run(name, func(t *testing.T) {
			m := waiters(t, 8, event.ReasonCond, condWaits...)
			for i := range int64(8) {
				m.wakes(100+i, 2+i, 1, broadcasts...)
			}
			for i := range int64(8) {
				at := 200 + 10*i
				m.starts(at, 2+i, m.on[2+i])
				if lock { // runs 1 before it waits for 3, is ready for 2 and runs 1 more
					m.blocks(at+1, 2+i, event.ReasonSync, "sync.(*Mutex).Lock", "sync.(*Cond).Wait", "main.queue")
					m.wakes(at+4, 2+i, 1, unlocksAt...)
					m.starts(at+6, 2+i, m.on[2+i])
					at += 5
				}
				if i > 0 {
					m.blocks(at+2, 2+i, event.ReasonCond, condWaits...)
				}
			}
			r := m.result(1000)
			v := oneVolley(t, r)
			eq(t, "site", r.Sites[v.Site].Kind, "cond")
			eq(t, "waker", r.Groups[v.WakerGroup].Name+" "+v.WakerFrames[1].Func, "main.main main.fill")
			eq(t, "counts", [4]int64{v.Count, v.Woken, v.Most, v.Waiters}, [4]int64{1, 8, 8, 8})
			eq(t, "in vain", [2]int64{v.Futile, v.FutileRunNs}, [2]int64{7, 14 * us})
			eq(t, "ready and drained", [2]int64{v.ReadyNs, v.LongestDrainNs}, [2]int64{1052 * us, 170 * us})
			eq(t, "period", [2]float64{float64(v.PeriodNs), v.PeriodSpread}, [2]float64{})
			eq(t, "at", v.At, []result.Moment{{FromNs: 100 * us, ToNs: 270 * us}})
		})
	}
}

// TestWhoDoesSomethingIsNotWokenInVain: 10 µs of running are something, 9.999 are not;
// nor is a wait for something else.
func TestWhoDoesSomethingIsNotWokenInVain(t *testing.T) {
	m := waiters(t, 4, event.ReasonCond, condWaits...)
	for i := range int64(4) {
		m.wakes(100, 2+i, 1, broadcasts...)
		m.starts(100, 2+i, m.on[2+i])
	}
	m.blocks(110, 2, event.ReasonCond, condWaits...)
	m.blocks(110, 3, event.ReasonCond, condWaits...)
	m.nudge(-1)
	m.blocks(105, 4, event.ReasonChanReceive, atReceive...)
	m.blocks(105, 5, event.ReasonCond, "sync.(*Cond).Wait", "main.elsewhere")
	v := oneVolley(t, m.result(1000))
	eq(t, "in vain", [2]int64{v.Futile, v.FutileRunNs}, [2]int64{1, 10*us - 1})
	eq(t, "ready", [2]int64{v.ReadyNs, v.LongestDrainNs}, [2]int64{})
	eq(t, "at", v.At, []result.Moment{})
}

// TestWhatMakesAVolley: four waits that one goroutine ends within 100 µs.
func TestWhatMakesAVolley(t *testing.T) {
	closing := []string{"main.shutdown"} // the closing of a channel has no frame of the runtime
	cases := map[string]struct {
		reason event.ReasonID
		waits  []string
		by     []string // nil for a timer
		at     []int64  // ns
		want   []int64  // sizes
	}{
		"three":                         {event.ReasonCond, condWaits, broadcasts, []int64{0, 1, 2}, nil},
		"four":                          {event.ReasonCond, condWaits, broadcasts, []int64{0, 1, 2, 3}, []int64{4}},
		"four in 100 µs":                {event.ReasonCond, condWaits, broadcasts, []int64{0, 50_000, 70_000, 100_000}, []int64{4}},
		"four in more":                  {event.ReasonCond, condWaits, broadcasts, []int64{0, 50_000, 70_000, 100_001}, nil},
		"the last four of five":         {event.ReasonCond, condWaits, broadcasts, []int64{0, 50_000, 70_000, 100_001, 150_000}, []int64{4}},
		"five and one later":            {event.ReasonCond, condWaits, broadcasts, []int64{0, 1, 2, 3, 4, 100_001}, []int64{5}},
		"a channel is closed":           {event.ReasonChanReceive, atReceive, closing, []int64{0, 200, 400, 600, 800}, []int64{5}},
		"a channel of a select":         {event.ReasonSelect, atSelect, closing, []int64{0, 200, 400, 600, 800}, []int64{5}},
		"a lock is no volley":           {event.ReasonSync, atMutex, atUnlock, []int64{0, 1, 2, 3, 4}, nil},
		"a WaitGroup is none":           {event.ReasonSync, atGroup, atDone, []int64{0, 1, 2, 3, 4}, nil},
		"timers in 1 ms":                {event.ReasonSleep, atSleep, nil, []int64{0, 1, 2, 1_000_000}, []int64{4}},
		"timers in more":                {event.ReasonSleep, atSleep, nil, []int64{0, 1, 2, 1_000_001}, nil},
		"tickers":                       {event.ReasonChanReceive, []string{"runtime.chanrecv1", "main.take", "main.handle", "main.serve"}, nil, []int64{0, 10, 500_000, 999_999}, []int64{4}},
		"the poller ends others' waits": {event.ReasonNetwork, atRead, nil, []int64{0, 1, 2, 3}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := waiters(t, int64(len(c.at)), c.reason, c.waits...)
			for i, at := range c.at {
				if c.by == nil {
					m.fires(5000, 2+int64(i), int32(i)+1)
				} else {
					m.wakes(5000, 2+int64(i), 1, c.by...)
				}
				m.nudge(at)
			}
			var sizes []int64
			for _, v := range m.result(7000).Patterns.Volleys {
				eq(t, "by a timer", v.WakerGroup < 0, c.by == nil)
				eq(t, "most", v.Most, v.Woken)
				sizes = append(sizes, v.Woken)
			}
			eq(t, "sizes", sizes, c.want)
		})
	}
}

// TestTimersFireInPeriods: four sleep, and wake together at 10, 20 and 35 ms: 12.5 on
// average, 2.5 more or less. Each runs 3 µs after it was woken, for 20.
func TestTimersFireInPeriods(t *testing.T) {
	m := waiters(t, 4, event.ReasonSleep, atSleep...)
	for _, at := range []int64{10_000, 20_000, 35_000} {
		for i := range int64(4) {
			m.fires(at+100*i, 2+i, int32(i)+1)
			m.starts(at+100*i+3, 2+i, int32(i)+1)
			m.blocks(at+100*i+23, 2+i, event.ReasonSleep, atSleep...)
		}
	}
	v := oneVolley(t, m.result(40_000))
	eq(t, "counts", [4]int64{v.Count, v.Woken, v.Most, v.Waiters}, [4]int64{3, 12, 4, 4})
	eq(t, "period", v.PeriodNs, 12_500*us)
	near(t, "spread", v.PeriodSpread, 0.2)
	eq(t, "ready and drained", [2]int64{v.ReadyNs, v.LongestDrainNs}, [2]int64{12 * 3 * us, 303 * us})
	eq(t, "in vain", v.Futile, 0)
	eq(t, "at", v.At, []result.Moment{
		{FromNs: 10_000 * us, ToNs: 10_303 * us}, {FromNs: 20_000 * us, ToNs: 20_303 * us}, {FromNs: 35_000 * us, ToNs: 35_303 * us},
	})
}

// TestReadyTimeOfAVolleyCountsOnce: of four that timers wake 300 µs apart the first
// three run before the fourth is woken. Each is preempted later, and ready for 1 ms:
// that is no part of it.
func TestReadyTimeOfAVolleyCountsOnce(t *testing.T) {
	m := waiters(t, 4, event.ReasonSleep, atSleep...)
	for i := range int64(4) {
		m.fires(1000+300*i, 2+i, int32(i)+1)
		m.starts(1005+300*i, 2+i, int32(i)+1)
		m.preempts(3000, 2+i)
		m.starts(4000, 2+i, int32(i)+1)
	}
	v := oneVolley(t, m.result(6000))
	eq(t, "ready and drained", [2]int64{v.ReadyNs, v.LongestDrainNs}, [2]int64{4 * 5 * us, 905 * us})
	eq(t, "at", v.At, []result.Moment{{FromNs: 1000 * us, ToNs: 1905 * us}})
}

// TestAVolleysFirstMembersMayBeGone: of the first three one has ended when the fourth is
// woken, another has its place, and one waits again.
func TestAVolleysFirstMembersMayBeGone(t *testing.T) {
	m := waiters(t, 4, event.ReasonSleep, atSleep...)
	m.fires(1000, 2, 1)
	m.starts(1001, 2, 1)
	m.ends(1010, 2)
	m.spawns(1020, 90, 1, 1, "main.other")
	m.preempts(1500, 90)
	m.starts(2500, 90, 1)
	m.fires(1100, 3, 2)
	m.starts(1102, 3, 2)
	m.blocks(1110, 3, event.ReasonSleep, atSleep...)
	m.fires(1200, 4, 3)
	m.fires(1300, 5, 4)
	m.starts(1303, 5, 4)
	m.starts(1304, 4, 3)
	v := oneVolley(t, m.result(6000))
	eq(t, "woken", [2]int64{v.Woken, v.Futile}, [2]int64{4, 1}) // 3 ran for 8
	eq(t, "ready", v.ReadyNs, (2+104+3)*us)                     // of 2, which is gone, nothing is known
	eq(t, "drained", v.LongestDrainNs, 304*us)
}

// TestAVolleyAtTheEnd: of four that are woken at 100 one runs from 150 on, and none of
// the others by the end at 400, or by that of a window at 300, behind which they run.
func TestAVolleyAtTheEnd(t *testing.T) {
	for to, end := range map[int64]int64{0: 400, 300: 300} {
		m := waiters(t, 4, event.ReasonCond, condWaits...)
		for i := range int64(4) {
			m.wakes(100, 2+i, 1, broadcasts...)
		}
		m.starts(150, 2, 1)
		if to > 0 {
			m.starts(310, 3, 2)
			m.starts(310, 4, 3)
		}
		v := oneVolley(t, m.window(400, 0, to, Options{}))
		eq(t, "ready and drained", [2]int64{v.ReadyNs, v.LongestDrainNs}, [2]int64{(50 + 3*(end-100)) * us, 50 * us})
		eq(t, "woken", [2]int64{v.Woken, v.Futile}, [2]int64{4, 0})
	}
	t.Run("at the last instant", func(t *testing.T) {
		m := waiters(t, 4, event.ReasonCond, condWaits...)
		for i := range int64(4) {
			m.wakes(100, 2+i, 1, broadcasts...)
		}
		v := oneVolley(t, m.result(100))
		eq(t, "ready, drained and woken", [3]int64{v.ReadyNs, v.LongestDrainNs, v.Woken}, [3]int64{0, 0, 4})
	})
}

// TestAWindowCutsAVolley of eight, woken at 100, 101, … 107: four are left of it, or
// three. A wait that ends at the window's beginning is not in it. Those that are woken behind it one by one are none.
func TestAWindowCutsAVolley(t *testing.T) {
	for _, c := range []struct{ from, to, woken int64 }{{0, 103, 4}, {0, 102, 0}, {103, 900, 4}, {104, 900, 0}, {0, 90, 0}, {99, 900, 8}} {
		m := waiters(t, 8, event.ReasonCond, condWaits...)
		for i := range int64(8) {
			m.wakes(100+i, 2+i, 1, broadcasts...)
		}
		var woken int64
		for _, v := range m.window(1000, c.from, c.to, Options{}).Patterns.Volleys {
			woken += v.Woken
		}
		eq(t, "woken", [3]int64{c.from, c.to, woken}, [3]int64{c.from, c.to, c.woken})
	}
	m := waiters(t, 8, event.ReasonCond, condWaits...)
	for i := range int64(8) {
		m.wakes(1000+500*i, 2+i, 1, broadcasts...)
	}
	eq(t, "one by one, behind it", m.window(9000, 0, 500, Options{}).Patterns.Volleys, []result.Volley{})
}

// TestAGapEndsAVolley: those that are woken before it are not woken in vain by what
// they wait for behind it.
func TestAGapEndsAVolley(t *testing.T) {
	m := waiters(t, 4, event.ReasonCond, condWaits...)
	for i := range int64(4) {
		m.wakes(100, 2+i, 1, broadcasts...)
	}
	m.gap(120, 500)
	m.goes(500, 1, event.GoUndetermined, event.GoRunning, event.NoG, 0, 0, m.stack("main.main"), 0)
	for i := range int64(4) {
		m.goes(500, 2+i, event.GoUndetermined, event.GoWaiting, event.NoG, event.NoP, 0, m.stack(append([]string{"runtime.gopark", "runtime.notifyListWait"}, condWaits...)...), 0)
		m.wakes(600+i*200, 2+i, 1, broadcasts...)
	}
	v := oneVolley(t, m.result(2000))
	eq(t, "woken and in vain", [3]int64{v.Count, v.Woken, v.Futile}, [3]int64{1, 4, 0})
	eq(t, "ready", v.ReadyNs, 4*20*us)
}

// TestWhoWasNotAskedForMayEndAVolley: it is no timer for that.
func TestWhoWasNotAskedForMayEndAVolley(t *testing.T) {
	m := waiters(t, 4, event.ReasonCond, condWaits...)
	for i := range int64(4) {
		m.wakes(100, 2+i, 1, broadcasts...)
	}
	v := oneVolley(t, m.selected(1000, func(id int64) bool { return id > 1 }))
	eq(t, "waker", []any{v.WakerGroup, v.WakerFrames[1].Func}, []any{-1, "main.fill"})
}

// TestS24HalfOfTheWokenWaitAgain: eight wait, eight times all are woken for one to go
// on: 36 wake-ups, of which those in volleys of four or more are 8+7+6+5+4, and in vain
// all but five.
func TestS24HalfOfTheWokenWaitAgain(t *testing.T) {
	m := waiters(t, 8, event.ReasonCond, condWaits...)
	for round := range int64(8) {
		at := 1000 + 1000*round
		for i := range 8 - round {
			m.wakes(at+i, 2+i, 1, broadcasts...)
			m.starts(at+20, 2+i, m.on[2+i])
			if i < 7-round {
				m.blocks(at+23, 2+i, event.ReasonCond, condWaits...)
			} else {
				m.ends(at+500, 2+i)
			}
		}
	}
	v := oneVolley(t, m.result(10_000))
	eq(t, "counts", [5]int64{v.Count, v.Woken, v.Most, v.Futile, v.FutileRunNs}, [5]int64{5, 30, 8, 25, 25 * 3 * us})
	eq(t, "period", v.PeriodNs, 1000*us)
	near(t, "spread", v.PeriodSpread, 0)
	// 20−0, 20−1, … of n: 20·n − n(n−1)/2
	eq(t, "ready", v.ReadyNs, (20*30-(28+21+15+10+6))*us)
}
