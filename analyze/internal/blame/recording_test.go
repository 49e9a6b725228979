package blame

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// TestARecordingOfAWaitIsEnough: what a walk through a wait finds is the same if only
// that wait was recorded, or another one too.
func TestARecordingOfAWaitIsEnough(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 53))
		s := newSchedule(t, r)
		for range 400 {
			s.step()
		}
		end := s.now + 10
		all := s.told(end, timeline.Options{}, nil)
		for range 10 {
			if len(all.waits) == 0 {
				break
			}
			w, o := all.waits[r.IntN(len(all.waits))], all.waits[r.IntN(len(all.waits))]
			one := s.told(end, timeline.Options{}, func(b *Ledger) {
				b.Record(NewRecording([]Window{{o.Start, o.End}, {w.Start, w.End}}, 1<<40))
			})
			got, want := one.b.Walk(w.G, w.Start, w.End), all.b.Walk(w.G, w.Start, w.End)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("seed %d: goroutine %d from %d to %d\n got %s\nwant %s", seed, w.G, w.Start, w.End, one.steps(got), all.steps(want))
			}
		}
	}
}

// TestWhatIsDroppedIsUnresolved: of 5000 intervals and more a recording keeps a thousand.
// The walk through what is left is as it was, and through what is not it is unresolved.
func TestWhatIsDroppedIsUnresolved(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	for i := range int64(2000) {
		s.blocks(10*i, 1, event.ReasonChanReceive, recv, "main.a")
		s.wakesTo(10*i+5, 1, 0, 2, send, "main.b")
	}
	var rec *Recording
	x := s.told(20_000, timeline.Options{}, func(b *Ledger) {
		rec = NewRecording([]Window{{0, 1 << 62}}, 1)
		b.Record(rec)
	})
	n := 0
	for _, t := range rec.threads {
		n += len(t.intervals)
	}
	is(t, "intervals", rec.n, n)
	if n > 1000 || n < 500 {
		t.Errorf("%d intervals are kept", n)
	}
	steps := x.b.Walk(1, 0, 20_000_000)
	x.follow(steps, 0, 20_000_000)
	is(t, "the first step", steps[0].Piece.Kind, Unresolved)
	if until := steps[0].To; until > rec.DroppedUntil()+10_000 || until < rec.DroppedUntil()-10_000 {
		t.Errorf("unresolved until %d, dropped until %d", until, rec.DroppedUntil())
	}
	Leaves(steps[3:], func(s *Step, _ int) {
		if s.Piece.Kind == Unresolved {
			t.Errorf("unresolved from %d to %d", s.From, s.To)
		}
	})
	is(t, "the last", x.steps(x.b.Walk(1, 19_990_000, 20_000_000)), "(5 code main.b), 5 code main.a")
}

// TestWhoWasNotRecordedIsUnresolved, and so is one that is not there; a part of a life in
// no window is unknown.
func TestWhoWasNotRecordedIsUnresolved(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.a")
	s.blocks(500, 1, event.ReasonSleep, naps, "main.a")
	s.firesTo(600, 1, 0)
	s.blocks(700, 1, event.ReasonSleep, naps, "main.a")
	x := s.told(1000, timeline.Options{}, func(b *Ledger) { b.Record(NewRecording([]Window{{520_000, 550_000}}, 1<<20)) })
	is(t, "path", x.path(1, 400, 800), "100 unknown, 100 timer main.a, 200 unknown")
	is(t, "path", x.path(9, 400, 800), "400 unresolved")
}

// TestTheRunnerUp: of three workers that end at 301, 501 and 901 and one of another group
// that ends at 701, that one is the runner-up of the third, as a WaitGroup may be for
// both, and none of the first, for a wait since 100.
func TestTheRunnerUp(t *testing.T) {
	s := newTale(t, 5)
	s.has(1, 0, "main.main")
	for i, entry := range []string{"main.worker", "main.worker", "main.worker", "main.other", "main.worker"} {
		s.makes(10, 2+int64(i), 1, entry, "main.main")
		s.starts(20, 2+int64(i), int32(i))
	}
	s.ends(50, 6)
	s.ends(301, 2)
	s.ends(501, 3)
	s.ends(701, 5)
	s.ends(901, 4)
	x := s.play(1000)
	for _, c := range []struct {
		waker, from, to int64
		want            string
	}{
		{4, 100, 900, "5 701000 true"}, {3, 100, 500, "2 301000 true"}, {2, 100, 300, "0 0 false"}, {2, 40, 300, "6 50000 true"},
		{4, 100, 501, "3 501000 true"}, {4, 501, 900, "5 701000 true"}, {4, 701, 900, "0 0 false"}, {5, 100, 700, "3 501000 true"}, {99, 0, 900, "0 0 false"},
	} {
		g, ended, ok := x.b.recording.RunnerUp(1, c.waker, c.from*1000, c.to*1000)
		is(t, fmt.Sprintf("%+v", c), fmt.Sprint(g, ended, ok), c.want)
	}
}

// TestTheLastToRun: a runs from 0 to 100, b from 50 to 300 and, once more, from 500; c
// only waits; d, which is not asked for, runs all along.
func TestTheLastToRun(t *testing.T) {
	s := newTale(t, 5)
	s.has(1, 0, "main.a")
	s.had(2, event.GoRunnable, "main.b")
	s.had(3, event.GoWaiting, "runtime.gopark", "runtime.chanrecv", "main.c")
	s.has(4, 3, "main.d")
	s.starts(50, 2, 1)
	s.ends(100, 1)
	s.blocks(300, 2, event.ReasonSleep, naps, "main.b")
	s.firesTo(500, 2, 1)
	x := s.play(1000)
	of := func(who Ref) bool { return x.who(who) != "main.d" }
	for _, c := range []struct {
		from, to int64
		want     string
	}{
		{0, 40, "1 true"}, {0, 90, "1 true"}, {60, 200, "2 true"}, {0, 1000, "2 true"}, {310, 490, "0 false"}, {0, 50, "1 true"}, {100, 101, "2 true"},
	} {
		g, ok := x.b.recording.LastToRun(Window{c.from * 1000, c.to * 1000}, of)
		is(t, fmt.Sprintf("%+v", c), fmt.Sprint(g, ok), c.want)
	}
}

// TestARecordingTakesNoMoreThanItMay: of 50,000 goroutines that come and go outside of
// what is recorded, nothing needs to be kept but who created whom.
func TestARecordingTakesNoMoreThanItMay(t *testing.T) {
	const n = 50_000
	s := newTale(t, 2)
	s.has(1, 0, "main.main")
	for id := int64(2); id < n; id++ {
		s.makes(10*id, id, 1, "main.worker", "main.main")
		s.starts(10*id+1, id, 1)
		s.ends(10*id+2, id)
	}
	rec := NewRecording([]Window{{0, 1000}}, 48_000)
	s.told(10*n+10, timeline.Options{}, func(b *Ledger) { b.Record(rec) })
	if len(rec.threads) > 5000 {
		t.Errorf("%d goroutines are kept", len(rec.threads))
	}
}
