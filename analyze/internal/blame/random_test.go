package blame

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// schedule makes up a program as it runs: goroutines that block on each other and on
// what is outside, on few Ps.
type schedule struct {
	*tale
	r       *rand.Rand
	now     int64 // ns
	free    []int32
	running []int64
	ready   []int64
	waiting []int64 // for another goroutine
	outside []int64 // for something else
	calling []int64
	assist  map[int64]bool
	stops   int64 // who has the world stopped, 0 for nobody
	next    int64
}

func newSchedule(t testing.TB, r *rand.Rand) *schedule {
	return newScheduleIn(newTale(t, 1), r, false)
}

// newScheduleIn makes up the program in a tale that has just begun; if backwards, of
// stacks and names that were numbered the other way round.
func newScheduleIn(in *tale, r *rand.Rand, backwards bool) *schedule {
	procs := 1 + r.Int64N(5)
	in.events[1].Arg = procs
	s := &schedule{tale: in, r: r, assist: map[int64]bool{}}
	for id := int64(60); backwards && id > 0; id-- {
		s.tables.Intern(fmt.Sprint("r", id%2))
		for _, op := range []string{unlock, send, lock, recv, reads, "main.hot"} {
			s.stack(op, s.fn(id))
		}
		s.stack(s.fn(id))
	}
	s.unit = 1
	for p := range int32(procs) {
		s.free = append(s.free, p)
	}
	for range 2 + r.IntN(4) {
		s.next++
		switch id := s.next; {
		case len(s.free) > 0:
			s.has(id, s.takes(&s.free), s.fn(id))
			s.running = append(s.running, id)
		case r.IntN(2) == 0:
			s.had(id, event.GoWaiting, "runtime.gopark", "runtime.chanrecv", s.fn(id))
			s.waiting = append(s.waiting, id)
		default:
			s.had(id, event.GoRunnable, s.fn(id))
			s.ready = append(s.ready, id)
		}
	}
	return s
}

func (s *schedule) fn(id int64) string { return fmt.Sprint("main.g", id) }

// at is where a goroutine is: in its function, or in one of those that it calls.
func (s *schedule) at(id int64) []string {
	f := s.fn(id)
	return [][]string{{f}, {f + ":2"}, {f + "a:1", f + ":2"}, {f + "a:4", f + ":2"}, {f + "b:3", f + "a:4", f}, {"sort.Slice", f + ":7"}}[s.r.IntN(6)]
}

// takes takes an element out of a list: a P, or with any a goroutine.
func (s *schedule) takes(list *[]int32) int32 {
	i := s.r.IntN(len(*list))
	p := (*list)[i]
	*list = append((*list)[:i], (*list)[i+1:]...)
	return p
}

func (s *schedule) any(list *[]int64) int64 {
	i := s.r.IntN(len(*list))
	id := (*list)[i]
	*list = append((*list)[:i], (*list)[i+1:]...)
	return id
}

// leavesP lets a goroutine that was running go, its P free.
func (s *schedule) leavesP(id int64) {
	s.free = append(s.free, s.on[id])
}

// step lets one thing happen.
func (s *schedule) step() {
	s.now += 1 + s.r.Int64N(1<<s.r.IntN(18))
	if len(s.ready) > 0 && len(s.free) > 0 && s.r.IntN(3) > 0 {
		id := s.any(&s.ready)
		s.starts(s.now, id, s.takes(&s.free))
		s.running = append(s.running, id)
		return
	}
	switch what := s.r.IntN(20); {
	case what == 0 && len(s.outside) > 0:
		id := s.any(&s.outside)
		s.fires(s.now, id)
		s.ready = append(s.ready, id)
	case what == 1 && len(s.calling) > 0:
		id := s.any(&s.calling)
		s.returns(s.now, id, event.GoRunning)
		s.running = append(s.running, id)
	case len(s.running) > 0:
		s.acts(s.any(&s.running))
	case len(s.outside) > 0:
		id := s.any(&s.outside)
		s.fires(s.now, id)
		s.ready = append(s.ready, id)
	case len(s.calling) > 0:
		id := s.any(&s.calling)
		s.returns(s.now, id, event.GoRunning)
		s.running = append(s.running, id)
	default:
		// All wait for each other: the end of it, but for a newcomer of a timer's.
		s.next++
		s.makes(s.now, s.next, event.NoG, s.fn(s.next))
		s.ready = append(s.ready, s.next)
	}
}

// acts lets a running goroutine do something; what goes on running is put back.
func (s *schedule) acts(id int64) {
	f := s.at(id)
	blocks := func(list *[]int64, reason event.ReasonID, op string) {
		s.blocks(s.now, id, reason, append([]string{op}, f...)...)
		s.leavesP(id)
		*list = append(*list, id)
	}
	what := s.r.IntN(100)
	switch {
	case what < 30 && len(s.waiting) > 0:
		s.wakesOne(id)
		s.running = append(s.running, id)
	case what < 38:
		blocks(&s.waiting, event.ReasonChanReceive, recv)
	case what < 46:
		blocks(&s.waiting, event.ReasonSync, lock)
	case what < 49:
		blocks(&s.waiting, event.ReasonSync, rlock)
	case what < 52:
		blocks(&s.waiting, event.ReasonSelect, selects)
	case what < 55:
		blocks(&s.waiting, event.ReasonSync, waits)
	case what < 58:
		blocks(&s.waiting, event.ReasonCond, condW)
	case what < 62:
		blocks(&s.outside, event.ReasonNetwork, reads)
	case what < 65:
		blocks(&s.outside, event.ReasonSleep, naps)
	case what < 67:
		blocks(&s.outside, event.ReasonChanReceive, recv)
	case what < 69 && s.assist[id]:
		blocks(&s.outside, event.ReasonGCAssistWait, "runtime.gcParkAssist")
	case what < 71:
		s.calls(s.now, id, append([]string{"syscall.read"}, f...)...)
		s.calling = append(s.calling, id)
	case what < 76:
		s.preempts(s.now, id, f...)
		s.leavesP(id)
		s.ready = append(s.ready, id)
	case what < 84 && len(s.running)+len(s.ready)+len(s.waiting) < 25:
		s.next++
		s.makes(s.now, s.next, id, s.fn(s.next), f...)
		s.ready = append(s.ready, s.next)
		s.running = append(s.running, id)
	case what < 88 && len(s.running)+len(s.ready) > 3 && s.stops != id:
		s.ends(s.now, id)
		s.leavesP(id)
	case what < 91:
		s.region(s.now, id, fmt.Sprint("r", s.r.IntN(2)), f...)
		s.running = append(s.running, id)
	case what < 94:
		s.leaves(s.now, id, fmt.Sprint("r", s.r.IntN(2)), f...)
		s.running = append(s.running, id)
	case what < 98:
		kind := event.RangeBegin
		if s.assist[id] {
			kind = event.RangeEnd
		}
		s.assist[id] = !s.assist[id]
		s.ranges(s.now, id, kind, event.RangeMarkAssist, append([]string{"runtime.mallocgc"}, f...)...)
		s.running = append(s.running, id)
	case what < 99:
		s.samples(s.now, id, append([]string{"main.hot"}, f...)...)
		s.running = append(s.running, id)
	default:
		switch s.stops {
		case 0:
			s.stops = id
			s.ranges(s.now, id, event.RangeBegin, event.RangeSTW, f...)
		case id:
			s.stops = 0
			s.ranges(s.now, id, event.RangeEnd, event.RangeSTW)
		}
		s.running = append(s.running, id)
	}
}

func (s *schedule) wakesOne(by int64) {
	id := s.any(&s.waiting)
	s.wakes(s.now, id, by, append([]string{[]string{send, unlock, runlock, done, bcast}[s.r.IntN(5)]}, s.at(by)...)...)
	s.ready = append(s.ready, id)
}

// TestRandomSchedules holds the ledger against the walk and against who looks at each
// instant, in the whole of made-up schedules and in a part of them; what regions took
// and cost is in order.
func TestRandomSchedules(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 41))
			s := newSchedule(t, r)
			for range 300 {
				s.step()
			}
			end := s.now + 10
			x := s.play(end)
			is(t, "processors taken at the end", x.b.busy.taken, 0)
			from := r.Int64N(end)
			s.window(end, timeline.Options{From: from, To: from + 1 + r.Int64N(end-from)}, nil)
			for _, w := range x.b.Works() {
				if c := w.Spans; c.Work < c.CPU || c.Locks < c.CPU || c.Latency < c.Locks || c.Latency > w.Ns || c.Burdened < c.CPU {
					t.Errorf("region of %d ns: %+v", w.Ns, c)
				}
			}
		})
	}
}

// part is how much of a piece there is in the waits of an account, told without numbers
// that another ledger hands out differently, and without who had the processor, which
// depends on how much of a wait is seen.
type part struct {
	waiter, waker string
	kind          waitkind.Kind
	stack         event.StackID
	piece         Piece
	propagated    bool
}

func (x *told) parts() map[part]int64 {
	out := map[part]int64{}
	x.b.Accounts(func(a Account, shares []Share) {
		for _, s := range shares {
			p := part{x.who(a.Waiter), x.who(a.Waker), a.Kind, a.Stack, s.Piece, false}
			if p.piece.Kind == Scheduler {
				p.piece.Who = NoOne
			}
			if p.piece.How == ByCreation {
				p.waiter += " by " + x.who(p.piece.Who)
				p.piece.Who = NoOne
			}
			add := func(ns int64) {
				if ns > 0 {
					out[p] += ns
				}
			}
			add(s.DirectNs)
			p.propagated = true
			add(s.PropagatedNs)
		}
	})
	return out
}

// TestTwoHalvesAreTheWhole: what filled the waits in two parts of a trace is what filled
// them in both together (methods.md, section 5). Waits for conditions are left out: those
// in vain are joined.
func TestTwoHalvesAreTheWhole(t *testing.T) {
	for seed := range uint64(100) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 43))
			s := newSchedule(t, r)
			for range 300 {
				s.step()
			}
			end := s.now + 10
			cut := 1 + r.Int64N(end-2)
			whole := s.play(end).parts()
			sum := s.window(end, timeline.Options{To: cut}, nil).parts()
			for p, ns := range s.window(end, timeline.Options{From: cut}, nil).parts() {
				sum[p] += ns
			}
			for _, m := range []map[part]int64{whole, sum} {
				maps.DeleteFunc(m, func(p part, _ int64) bool { return p.kind == waitkind.Cond })
			}
			for p, ns := range whole {
				if sum[p] != ns {
					t.Errorf("cut at %d: %+v: %d in the whole, %d in the halves", cut, p, ns, sum[p])
				}
			}
			for p, ns := range sum {
				if whole[p] == 0 {
					t.Errorf("cut at %d: %+v: %d in the halves only", cut, p, ns)
				}
			}
		})
	}
}

// TestLittleMemoryOnlyMakesUnresolved: whatever the memory, an account has the waits that
// it has, and of each piece no more than there was; what is missing is unresolved.
func TestLittleMemoryOnlyMakesUnresolved(t *testing.T) {
	for seed := range uint64(12) {
		r := rand.New(rand.NewPCG(seed, 47))
		s := newSchedule(t, r)
		for range 3000 {
			s.step()
		}
		whole := map[accountKey]map[Piece]int64{}
		exact := s.told(s.now+10, timeline.Options{}, func(b *Ledger) { b.store.fineness = 1 << 20 })
		exact.b.Accounts(func(a Account, shares []Share) {
			m := map[Piece]int64{}
			for _, sh := range shares {
				m[sh.Piece] += sh.Ns()
			}
			whole[accountKey{a.Waiter, a.Kind, a.Stack, a.Waker}] = m
		})
		for _, bytes := range []int64{1, 2000, 20_000} {
			x := s.told(s.now+10, timeline.Options{}, func(b *Ledger) { b.store.budget = bytes })
			x.conserves()
			x.b.Accounts(func(a Account, shares []Share) {
				want := whole[accountKey{a.Waiter, a.Kind, a.Stack, a.Waker}]
				var unresolved, missing int64
				for _, sh := range shares {
					switch {
					case sh.Piece.Kind == Unresolved:
						unresolved += sh.Ns() - want[sh.Piece]
					case sh.Ns() > want[sh.Piece]:
						t.Errorf("seed %d, %d bytes: %s: %d of %s, of which there was %d", seed, bytes, x.account(a), sh.Ns(), x.piece(sh.Piece), want[sh.Piece])
					}
				}
				got := map[Piece]int64{}
				for _, sh := range shares {
					got[sh.Piece] += sh.Ns()
				}
				for p, ns := range want {
					if p.Kind != Unresolved {
						missing += ns - got[p]
					}
				}
				if missing != unresolved {
					t.Errorf("seed %d, %d bytes: %s: %d are missing, %d unresolved", seed, bytes, x.account(a), missing, unresolved)
				}
			})
		}
	}
}

// TestNumbersOfTablesDoNotMatter: what is said of a trace is the same, in the same order,
// whatever numbers a decoder gives to stacks and names (another may give others).
func TestNumbersOfTablesDoNotMatter(t *testing.T) {
	for seed := range uint64(30) {
		var texts [2]string
		for i := range texts {
			s := newScheduleIn(newTale(t, 1), rand.New(rand.NewPCG(seed, 59)), i == 1)
			for range 400 {
				s.step()
			}
			x := s.told(s.now+10, timeline.Options{}, nil)
			x.b.Accounts(func(a Account, shares []Share) {
				texts[i] += fmt.Sprintln(x.account(a), x.shares(shares), a.Worst)
			})
			texts[i] += x.paths() + x.works()
		}
		if texts[0] != texts[1] {
			t.Errorf("seed %d:\n%s\nand\n%s", seed, texts[0], texts[1])
		}
	}
}
