package collect

import (
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
)

// TestS04AnEvenForkJoinLosesNothing: the join of four times w on four Ps, with w alone
// before and after it.
func TestS04AnEvenForkJoinLosesNothing(t *testing.T) {
	m := joinModel(t, 4)
	forkJoin(m, w, chunk{0, w, 2 * w}, chunk{1, w, 2 * w}, chunk{2, w, 2 * w}, chunk{3, w, 2 * w})
	// Each of the four has its last moment at 2w, and would wake main there.
	kept := m.events[:0]
	woken := false
	for _, e := range m.events {
		if e.Kind == event.GoTransition && e.Subject == 1 && e.GoTo() == event.GoRunnable {
			if woken {
				continue
			}
			woken = true
		}
		kept = append(kept, e)
	}
	m.events = kept
	m.starts(2*w, 1, 0)
	r := m.result(3 * w)
	j := oneJoin(t, r)
	eq(t, "join", [5]int64{j.Members, j.Ns, j.WaitNs, j.RunMeanNs, j.RunMaxNs}, [5]int64{4, w * us, w * us, w * us, w * us})
	eq(t, "lost", [3]int64{j.TailNs, j.LastGapNs, j.UnevenNs}, [3]int64{})
	eq(t, "findings", findings(r), nil)
}

// TestS05TheFindingIsSaturation: eight times w on four Ps, four after four.
func TestS05TheFindingIsSaturation(t *testing.T) {
	m := joinModel(t, 4)
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
	eq(t, "findings", findings(m.result(2*w)), []string{"processors-saturated"})
}

// TestS15HalfOfTheWorkIsBehindALock: four times five rounds of w free and w behind a
// lock, on four Ps. All want it at w, and from then on it changes hands each w until
// 20 w, the 19th time. Of the first round three wait, for w, 2 w and 3 w; each of the
// 16 waits behind them lasts 2 w. With the 18th, at 19 w, only one is left: a convoy
// since w, to which all come back but who had the lock first.
func TestS15HalfOfTheWorkIsBehindALock(t *testing.T) {
	const k = 5
	m := newModel(t, 4)
	m.up(0, 0, 1, 2, 3)
	for id := range int64(4) {
		m.has(id+1, int32(id), "main.work")
	}
	for id := int64(2); id <= 4; id++ {
		m.blocks(w, id, event.ReasonSync, locksAt...)
		m.down(w, int32(id)-1)
	}
	for n := range int64(4*k - 1) {
		at := (2 + n) * w // holder n+1 lets go
		holder, next := n%4+1, (n+1)%4+1
		m.wakes(at, next, holder, unlocksAt...)
		m.up(at, int32(next)-1)
		m.starts(at, next, int32(next)-1)
		if n < 4*(k-1) {
			m.blocks(at+w, holder, event.ReasonSync, locksAt...)
			m.down(at+w, int32(holder)-1)
		} else {
			m.ends(at, holder)
			m.down(at, int32(holder)-1)
		}
	}
	r := m.result((4*k + 1) * w)
	c := class(t, r, "main.locks")
	little(t, c)
	eq(t, "waits", c.Waits, 4*k-1)
	eq(t, "waiting", c.WaitingNs, (1+2+3+16*2)*w*us)
	eq(t, "busy", c.BusyNs, 19*w*us)
	eq(t, "hand-offs", c.HandOffs, 19)
	eq(t, "service", [2]int64{c.Service.Count, c.Service.MaxNs}, [2]int64{18, w * us})
	eq(t, "convoys", c.Convoys, &result.Convoys{Count: 1, Ns: 18 * w * us, HandOffs: 18, Requeued: 15, At: []result.Moment{{FromNs: w * us, ToNs: 19 * w * us}}})
	// A processor idles for each that waits: who has a turn keeps its own.
	eq(t, "idle for it", c.IdleBlockedNs, c.WaitingNs)
	eq(t, "findings", findings(r), []string{"lock-convoy"})
}

// TestPairsAreBounded: of more than maxPairs places nothing more is kept.
func TestPairsAreBounded(t *testing.T) {
	var v volleySums
	var j joinSums
	var y yieldSums
	var rs rallySums
	for i := range maxPairs + 5 {
		c, g := new(cell), new(groupAccount)
		kept := i < maxPairs
		eq(t, "volley", v.of(c, g, g, &timeline.Record{}) != nil, kept)
		eq(t, "join", j.find(c, func() joinSum { return joinSum{} }) != nil, kept)
		eq(t, "yield", y.find(yieldKey{g, 0}, func() yieldSum { return yieldSum{} }) != nil, kept)
		rs.book(&rally{hops: leastRally, cells: [2]*cell{c, new(cell)}, groups: [2]*groupAccount{g, g}})
	}
	eq(t, "kept", [4]int{len(v.list), len(j.list), len(y.list), len(rs.list)}, [4]int{maxPairs, maxPairs, maxPairs, maxPairs})
	eq(t, "known", [4]int{len(v.known), len(j.known), len(y.known), len(rs.known)}, [4]int{maxPairs, maxPairs, maxPairs, maxPairs})
}

// TestManyWakesAreCountedAndNotKept: 200 000 hand-overs, behind the half million steps
// that are held back: the sums stay exact, and what is known of them is one of each.
func TestManyWakesAreCountedAndNotKept(t *testing.T) {
	const n = 200_001
	m := rallyModel(t, 2)
	last := pair(m, 1, 2).plays(100, n) // 1 waits, 2 runs
	m.add(last+100, event.Event{Kind: event.Sync, G: event.NoG, P: event.NoP})
	set := New(Options{}, m.tables)
	machine := timeline.New(m.tables, 26, timeline.Options{}, set)
	if err := machine.Feed(m.events); err != nil {
		t.Fatal(err)
	}
	machine.Finish()
	r := &result.Result{}
	r.Scope.FromNs, r.Scope.ToNs = machine.Window()
	set.Finish(End{Tables: m.tables, Groups: machine.Groups(), To: r.Scope.ToNs}, r)
	a := set.accounting
	eq(t, "pairs", len(a.patterns.rallies.list), 1)
	eq(t, "queues", len(a.stacks.queues), 3) // two lines to receive at, one to send at
	p := onePingPong(t, r)
	eq(t, "ping-pong", [3]int64{p.HandOvers, p.Ns, p.RunningNs}, [3]int64{n - 1, (8*(n-1) - 1) * us, 5 * (n - 1) * us})
	eq(t, "classes", len(r.SiteClasses), 1)
	c := r.SiteClasses[0]
	little(t, c)
	eq(t, "hand-offs", c.HandOffs, n)
	// Each waits 7 of 8, the first since 10, and the one that waits at last to the end.
	eq(t, "waiting", c.WaitingNs, (90+7*(n-1)+99)*us)
}
