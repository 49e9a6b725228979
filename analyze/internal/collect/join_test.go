package collect

import (
	"testing"

	"github.com/conctrace/conctrace/analyze/detect"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// chunk is what a member of a fork-join does: it runs on a P from an instant to another.
type chunk struct {
	p        int32
	from, to int64
}

// forkJoin plays a fork-join of goroutine 1, which creates members from 2 on at an
// instant, one for each chunk, and waits for them until the last has ended.
func forkJoin(m *model, at int64, chunks ...chunk) {
	var last int64
	for i, c := range chunks {
		m.makes(at, 2+int64(i), 1, "main.work")
		last = max(last, c.to)
	}
	m.blocks(at, 1, event.ReasonSync, atGroup...)
	for i, c := range chunks {
		m.starts(c.from, 2+int64(i), c.p)
		if c.to == last {
			m.wakes(c.to, 1, 2+int64(i), atDone...)
		}
		m.ends(c.to, 2+int64(i))
	}
}

func joinModel(t *testing.T, procs int64) *model {
	m := newModel(t, procs)
	for p := range procs {
		m.up(0, int32(p))
	}
	m.has(1, 0, "main.main")
	return m
}

func oneJoin(t *testing.T, r *result.Result) result.Join {
	t.Helper()
	if len(r.Patterns.Joins) != 1 {
		t.Fatalf("%d joins: %+v", len(r.Patterns.Joins), r.Patterns.Joins)
	}
	return r.Patterns.Joins[0]
}

// findings are the detectors that find something, the first one first.
func findings(r *result.Result) (names []string) {
	r.Trace.Events, r.Trace.Complete, r.Trace.DurationNs = 10_000, true, r.Scope.ToNs
	detect.Run(r, nil)
	for _, f := range r.Findings {
		names = append(names, f.Detector)
	}
	return names
}

// TestS26UnevenChunksAreAnUnevenJoin: 1, 2, 3 and 4 w on four Ps.
func TestS26UnevenChunksAreAnUnevenJoin(t *testing.T) {
	m := joinModel(t, 4)
	forkJoin(m, 0, chunk{0, 0, w}, chunk{1, 0, 2 * w}, chunk{2, 0, 3 * w}, chunk{3, 0, 4 * w})
	r := m.result(4 * w)
	work := group(t, r, "main.work").ID
	eq(t, "join", oneJoin(t, r), result.Join{
		Group: work, LastGroup: work, Count: 1, Members: 4, AtOnce: 1, Ns: 4 * w * us, WaitNs: 4 * w * us,
		RunMeanNs: 2.5 * w * us, RunMaxNs: 4 * w * us, // .625
		Late: 1, Uneven: 1, TailNs: 1.5 * w * us, LastGapNs: w * us, UnevenNs: 1.5 * w * us,
		At: []result.Moment{{FromNs: 3 * w * us, ToNs: 4 * w * us, Goroutine: 5}},
	})
	eq(t, "findings", findings(r), []string{"uneven-load"}) // 1.5 w, of which the last alone is w
}

// TestS27OneStragglerIsWaitedFor: one 5 w among four of w, on five Ps.
func TestS27OneStragglerIsWaitedFor(t *testing.T) {
	m := joinModel(t, 5)
	forkJoin(m, 0, chunk{0, 0, w}, chunk{1, 0, w}, chunk{2, 0, 5 * w}, chunk{3, 0, w}, chunk{4, 0, w})
	r := m.result(5 * w)
	work := group(t, r, "main.work").ID
	eq(t, "join", oneJoin(t, r), result.Join{
		Group: work, LastGroup: work, Count: 1, Members: 5, AtOnce: 1, Ns: 5 * w * us, WaitNs: 5 * w * us,
		RunMeanNs: 1.8 * w * us, RunMaxNs: 5 * w * us, // .36
		Late: 1, Uneven: 1, TailNs: 3.2 * w * us, LastGapNs: 4 * w * us, UnevenNs: 3.2 * w * us,
		At: []result.Moment{{FromNs: w * us, ToNs: 5 * w * us, Goroutine: 4}},
	})
	eq(t, "findings", findings(r), []string{"straggler"}) // 4 w, where even shares save 3.2
}

// TestUnevenOnTwoProcessors: 1 and then 3 w on the one, 2 and then 4 w on the other,
// take 6 w of which even shares would have saved one. Even shares save nothing, however
// they fall on the processors.
func TestUnevenOnTwoProcessors(t *testing.T) {
	m := joinModel(t, 2)
	forkJoin(m, 0, chunk{0, 0, w}, chunk{1, 0, 2 * w}, chunk{0, w, 4 * w}, chunk{1, 2 * w, 6 * w})
	j := oneJoin(t, m.result(6*w))
	eq(t, "runs", [2]int64{j.RunMeanNs, j.RunMaxNs}, [2]int64{2.5 * w * us, 4 * w * us})
	eq(t, "tail", j.TailNs, (6-3.25)*w*us)
	eq(t, "last gap", j.LastGapNs, 2*w*us)
	eq(t, "uneven", j.UnevenNs, w*us)

	m = joinModel(t, 2)
	forkJoin(m, 0, chunk{0, 0, w}, chunk{1, 0, w}, chunk{0, w, 2 * w})
	j = oneJoin(t, m.result(2*w))
	eq(t, "last gap of even shares", j.LastGapNs, w*us)
	eq(t, "uneven of even shares", j.UnevenNs, 0)
}

// TestWhoWaitsRanNotIsNoUnevenLoad: one reads for 4 w, which running has no part in.
func TestWhoReadsIsNoUnevenLoad(t *testing.T) {
	m := joinModel(t, 4)
	m.makes(0, 2, 1, "main.work")
	m.makes(0, 3, 1, "main.work")
	m.blocks(0, 1, event.ReasonSync, atGroup...)
	m.starts(0, 2, 0)
	m.starts(0, 3, 1)
	m.ends(100, 2)
	m.blocks(100, 3, event.ReasonNetwork, atRead...)
	m.fires(4*w, 3, 1)
	m.starts(4*w, 3, 1)
	m.wakes(4*w, 1, 3, atDone...)
	m.ends(4*w, 3)
	j := oneJoin(t, m.result(4*w))
	eq(t, "runs", [2]int64{j.RunMeanNs, j.RunMaxNs}, [2]int64{100 * us, 100 * us})
	eq(t, "uneven", j.UnevenNs, 0)
	eq(t, "last gap", j.LastGapNs, 4*w*us-100*us)
}

// TestTheLastGapIsOfTheWait: main comes to wait at 3 w only, half a w before the last.
func TestTheLastGapIsOfTheWait(t *testing.T) {
	m := joinModel(t, 3)
	for i, end := range []int64{w, 3*w + w/2} {
		id := int64(2 + i)
		m.spawns(0, id, 1, int32(i+1), "main.work")
		if i == 1 {
			m.blocks(3*w, 1, event.ReasonSync, atGroup...)
			m.wakes(end, 1, id, atDone...)
		}
		m.ends(end, id)
	}
	j := oneJoin(t, m.result(5*w))
	eq(t, "times", [3]int64{j.Ns, j.WaitNs, j.LastGapNs}, [3]int64{3.5 * w * us, .5 * w * us, .5 * w * us})
	eq(t, "at", j.At, []result.Moment{{FromNs: w * us, ToNs: 3.5 * w * us, Goroutine: 3}})
}

// TestOthersBesideAJoin: a fork of two of w and 3 w from w on. A goroutine that the same
// one created before and that lives on is none of it, and neither are the collector's.
func TestOthersBesideAJoin(t *testing.T) {
	want := result.Join{Count: 1, Members: 2, AtOnce: 1, Ns: 3 * w * us, WaitNs: 3 * w * us, RunMeanNs: 2 * w * us, RunMaxNs: 3 * w * us,
		Late: 1, Uneven: 1, TailNs: w * us, LastGapNs: 2 * w * us, UnevenNs: w * us, At: []result.Moment{{FromNs: 2 * w * us, ToNs: 4 * w * us, Goroutine: 3}}}
	for name, other := range map[string]func(m *model){
		"nobody": func(*model) {},
		"one that lives on": func(m *model) {
			m.spawns(10, 90, 1, 3, "main.logger")
			m.blocks(20, 90, event.ReasonChanReceive, atReceive...)
		},
		"one that lives on, created between": func(m *model) { m.spawns(w, 90, 1, 3, "main.logger") },
		"one that ends much later": func(m *model) {
			m.spawns(10, 90, 1, 3, "main.logger")
			m.ends(6*w, 90)
		},
		"one that ended before": func(m *model) {
			m.spawns(10, 90, 1, 3, "main.logger")
			m.ends(20, 90)
		},
		"the collector's": func(m *model) {
			m.spawns(10, 90, 1, 3, "runtime.gcBgMarkWorker")
			m.blocks(20, 90, event.ReasonSystemWait, "runtime.gcBgMarkWorker")
			m.fires(w+20, 90, 3)
			m.starts(w+20, 90, 3)
			m.ends(w+30, 90)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := joinModel(t, 4)
			other(m)
			forkJoin(m, w, chunk{1, w, 2 * w}, chunk{2, w, 4 * w})
			r := m.result(10 * w)
			j := oneJoin(t, r)
			eq(t, "group", [2]string{r.Groups[j.Group].Name, r.Groups[j.LastGroup].Name}, [2]string{"main.work", "main.work"})
			j.Group, j.LastGroup, j.Site = 0, 0, 0
			eq(t, "join", j, want)
		})
	}
}

// TestAMemberMayOutliveTheJoinALittle: it tells that it is done and ends half a ms
// later; its end counts as the join's. One that ends 1 ms and 1 µs later was not waited
// for.
func TestAMemberMayOutliveTheJoinALittle(t *testing.T) {
	for late, members := range map[int64]int64{500: 3, 1000: 3, 1001: 2} {
		m := joinModel(t, 4)
		for i := range int64(3) {
			m.spawns(0, 2+i, 1, int32(i)+1, "main.work")
		}
		m.blocks(0, 1, event.ReasonSync, atGroup...)
		m.ends(w, 2)
		m.ends(2*w, 3)
		m.wakes(3*w, 1, 4, atDone...)
		m.ends(3*w+late, 4)
		m.starts(3*w, 1, 0)
		j := oneJoin(t, m.result(6*w))
		eq(t, "members", [3]int64{late, j.Members, j.Ns}, [3]int64{late, members, 3 * w * us})
		if members == 3 {
			eq(t, "tail and gap", [2]int64{j.TailNs, j.LastGapNs}, [2]int64{w * us, w * us})
		}
	}
}

// TestWaitGroupGoIsAJoin: the group's own function is the entry, and its deferred Done
// is who wakes.
func TestWaitGroupGoIsAJoin(t *testing.T) {
	m := joinModel(t, 3)
	for i := range int64(2) {
		m.goes(0, 2+i, event.GoNotExist, event.GoRunnable, 1, 0, 0, m.stack("sync.(*WaitGroup).Go.func1"), m.stack("sync.(*WaitGroup).Go", "main.main"))
		m.starts(0, 2+i, int32(i)+1)
	}
	m.blocks(0, 1, event.ReasonSync, atGroup...)
	m.ends(w, 2)
	m.wakes(2*w, 1, 3, "sync.(*WaitGroup).Add", "sync.(*WaitGroup).Done", "sync.(*WaitGroup).Go.func1.1", "sync.(*WaitGroup).Go.func1")
	m.ends(2*w, 3)
	r := m.result(2 * w)
	j := oneJoin(t, r)
	eq(t, "join", [4]int64{j.Count, j.Members, j.Ns, j.LastGapNs}, [4]int64{1, 2, 2 * w * us, w * us})
	eq(t, "site", r.Sites[j.Site].Kind, "waitgroup")
}

// TestEachParentHasItsJoins: two handlers fork at once, from 0 and from w/2 on, two of w
// and 2 w each.
func TestEachParentHasItsJoins(t *testing.T) {
	m := joinModel(t, 6)
	m.has(50, 5, "main.main")
	for h, parent := range []int64{1, 50} {
		at, first := int64(h)*w/2, parent+10
		for i := range int64(2) {
			m.spawns(at, first+i, parent, int32(2*h)+int32(i)+1, "main.work")
		}
		m.blocks(at, parent, event.ReasonSync, atGroup...)
		m.ends(at+w, first)
		m.wakes(at+2*w, parent, first+1, atDone...)
		m.ends(at+2*w, first+1)
		m.starts(at+2*w, parent, m.on[parent])
	}
	j := oneJoin(t, m.result(4*w))
	eq(t, "joins", [4]int64{j.Count, j.Members, j.AtOnce, j.Mixed}, [4]int64{2, 4, 2, 0})
	eq(t, "times", [4]int64{j.Ns, j.WaitNs, j.RunMeanNs, j.RunMaxNs}, [4]int64{4 * w * us, 4 * w * us, 3 * w * us, 4 * w * us})
	eq(t, "gaps", [3]int64{j.TailNs, j.LastGapNs, j.UnevenNs}, [3]int64{w * us, 2 * w * us, w * us})
}

// TestJoinsOfOneParentOneAfterTheOther: three of two members each.
func TestJoinsOfOneParentOneAfterTheOther(t *testing.T) {
	m := joinModel(t, 3)
	for i := range int64(3) {
		at := i * 3 * w
		m.spawns(at, 2, 1, 1, "main.work") // IDs come back
		m.spawns(at, 3, 1, 2, "main.work")
		m.blocks(at, 1, event.ReasonSync, atGroup...)
		m.ends(at+w, 2)
		m.wakes(at+2*w, 1, 3, atDone...)
		m.ends(at+2*w, 3)
		m.starts(at+2*w, 1, 0)
	}
	j := oneJoin(t, m.result(9*w))
	eq(t, "joins", [4]int64{j.Count, j.Members, j.Ns, j.LastGapNs}, [4]int64{3, 6, 6 * w * us, 3 * w * us})
	eq(t, "listed", len(j.At), 3)
}

// TestMembersMayBeOfSeveralGroups, and need not begin at once: the second comes after
// 1 ms and more than a tenth.
func TestMembersMayBeOfSeveralGroups(t *testing.T) {
	for late, atOnce := range map[int64]int64{0: 1, w / 5: 1, w/5 + 1: 0} {
		m := joinModel(t, 3)
		m.spawns(0, 2, 1, 1, "main.work")
		m.spawns(late, 3, 1, 2, "main.other")
		m.blocks(late, 1, event.ReasonSync, atGroup...)
		m.ends(w, 2)
		m.wakes(2*w, 1, 3, atDone...)
		m.ends(2*w, 3)
		r := m.result(2 * w)
		j := oneJoin(t, r)
		eq(t, "mixed and at once", [3]int64{late, j.Mixed, j.AtOnce}, [3]int64{late, 1, atOnce})
		eq(t, "groups", [2]string{r.Groups[j.Group].Name, r.Groups[j.LastGroup].Name}, [2]string{"main.work", "main.other"})
	}
}

// TestAPoolIsNoJoin: three workers take items that a WaitGroup counts, in two rounds.
func TestAPoolIsNoJoin(t *testing.T) {
	m := joinModel(t, 4)
	for i := range int64(3) {
		m.spawns(0, 2+i, 1, int32(i)+1, "main.worker")
	}
	for round := range int64(2) {
		at := round * 3 * w
		m.blocks(at, 1, event.ReasonSync, atGroup...)
		m.wakes(at+2*w, 1, 2+round, atDone...)
		m.starts(at+2*w, 1, 0)
	}
	m.ends(8*w, 2, 3, 4)
	eq(t, "joins", m.result(9*w).Patterns.Joins, []result.Join{})
}

// TestAWindowCutsAJoin: of [w,4w) all is in it or none; neither a creation nor the end
// of the wait may be missing. A gap in it leaves nothing either.
func TestAWindowCutsAJoin(t *testing.T) {
	for _, c := range []struct{ from, to, joins int64 }{
		{0, 0, 1}, {w, 4 * w, 1}, {0, 4*w - 1, 0}, {w + 1, 0, 0}, {2 * w, 3 * w, 0}, {w - 5, 5 * w, 1}, {5 * w, 6 * w, 0},
	} {
		m := joinModel(t, 4)
		m.makes(w-5, 2, 1, "main.work")
		forkOne := []chunk{{1, w, 2 * w}, {2, w, 4 * w}, {3, w, 3 * w}}
		m.starts(w-5, 2, 1)
		for i, k := range forkOne[1:] {
			m.spawns(w, 3+int64(i), 1, k.p, "main.work")
		}
		m.blocks(w, 1, event.ReasonSync, atGroup...)
		m.ends(2*w, 2)
		m.ends(3*w, 4)
		m.wakes(4*w, 1, 3, atDone...)
		m.ends(4*w, 3)
		want := c.joins
		if c.from == w {
			want = 0 // the first was created before
		}
		eq(t, "joins", [3]int64{c.from, c.to, int64(len(m.window(7*w, c.from, c.to, Options{}).Patterns.Joins))}, [3]int64{c.from, c.to, want})
	}
	m := joinModel(t, 4)
	m.spawns(0, 2, 1, 1, "main.work")
	m.spawns(0, 3, 1, 2, "main.work")
	m.blocks(0, 1, event.ReasonSync, atGroup...)
	m.gap(w, 2*w)
	m.goes(2*w, 3, event.GoUndetermined, event.GoRunning, event.NoG, 2, 0, m.stack("main.work"), 0) // 2 has ended in it
	m.goes(2*w, 1, event.GoUndetermined, event.GoWaiting, event.NoG, event.NoP, 0, m.stack("runtime.gopark", "runtime.semacquire1", "sync.(*WaitGroup).Wait", "main.main"), 0)
	m.add(2*w+10, event.Event{Kind: event.Sync, G: event.NoG, P: event.NoP, M: event.NoM})
	m.wakes(3*w, 1, 3, atDone...)
	m.ends(3*w, 3)
	eq(t, "with a gap", m.result(4*w).Patterns.Joins, []result.Join{})
}

// TestJoinsOfOthersAreLeftOut where only the members were asked for, or only who waits.
func TestJoinsOfOthersAreLeftOut(t *testing.T) {
	for name, asked := range map[string]func(int64) bool{
		"members": func(id int64) bool { return id > 1 }, "who waits": func(id int64) bool { return id == 1 },
	} {
		m := joinModel(t, 4)
		forkJoin(m, 0, chunk{1, 0, w}, chunk{2, 0, 2 * w})
		eq(t, name, m.selected(2*w, asked).Patterns.Joins, []result.Join{})
	}
}
