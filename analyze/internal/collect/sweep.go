package collect

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// sweep follows what all goroutines and Ps do at each instant.
//
// Two things become known late. A goroutine that is older than the trace is
// first mentioned when something happens to it; and whether a wait is at rest,
// and as what it counts, often shows only when it has ended, or in what others
// like it did until the trace's end. The first half million steps are therefore
// held back and swept when they are complete: that is the whole of most traces,
// for which every number is exact. In what follows a step is swept as it comes,
// and a wait counts as those at the same place did before; the rules of at rest
// are asked again whenever the trace has become twice as long. How much of the
// waiting was counted otherwise than the end would have it is told.
//
// methods.md A.3 would rather sum the time by what waits at once and ask the rules
// at the end. That knows which places are waited at and not how many goroutines
// wait there, by which idle processors are shared out; and a server has more
// combinations than can be kept.
type sweep struct {
	instant
	accounts *accounting

	early []step  // what held at the scope's start
	kept  []step  // what followed, in the order of time
	who   []swept // goroutines; while steps are held back every one has its own
	free  []int32 // numbers in who of goroutines that have ended
	late  bool    // the held steps are swept
	ends  *cell   // of the wait that ends
	told  bool    // it ends now, and ends says where it was
	// unordered says that some of the kept steps became known late: those behind
	// a gap, or of what was so since the scope's start.
	unordered bool
	taken     int64 // steps since then
	again     int64 // when to ask the rules next

	ps []sweptProc

	old    map[oldWait]*cell
	nobody *groupAccount
	cells  []*cell // by number, from 1
	wakers []*waker
	lates  []lateWait
	gaps   []topSpan

	recent     recent
	readyMost  readyWaits
	readyIO    readyWaits // right after input or output
	overlap    overlaps
	longRuns   longRuns
	holds      syscallHolds
	hidden     hiddenDelays
	sequential sequentialIO
	samples    sampled
}

// maxKept bounds the steps that are held back.
const maxKept = 1 << 19

// step is one change.
type step struct {
	at  int64
	who int32 // goroutine, or P
	// ref is, by op: at the beginning of a wait the number of its cell, at its
	// end that of its waker, when a run is cut off the stack, of opLate the
	// index of the wait.
	ref   int32
	p     int32 // of a system call
	op    stepOp
	to    event.GoState
	class waitClass
	flags stepFlags
}

type stepOp uint8

const (
	opGo     stepOp = iota // a goroutine changes its state
	opProc                 // a P begins to run (ref 1) or to idle
	opProcs                // GOMAXPROCS becomes ref
	opStop                 // the world is stopped (ref 1) or started
	opLate                 // a timer or the poller ended a wait that may have been late
	opSample               // a CPU sample
	opGap                  // the end of gap number ref
)

type stepFlags uint8

const (
	stepPreempted stepFlags = 1 << iota // the goroutine would have run on
	stepYielded                         // it becomes ready since it gave its processor up
	stepAsked                           // the wait that ends was for an answer from outside
	stepShort                           // the system call that ends was too short to be booked at its place
	stepPast                            // it happened behind the scope's end
)

type identity uint8

const (
	identityUnknown identity = iota // counts as user
	identityUser
	identitySystem
	identityDeselected
)

// swept is a goroutine as the sweep sees it.
type swept struct {
	id    int64
	group *groupAccount
	cell  *cell  // of the present wait
	queue *queue // in which it waits
	// released is when the last hand-off of a queue was to this goroutine, releasedBy
	// the queue; -1 and nil for none.
	released   int64
	releasedBy *queue
	since      int64
	began      [4]float64 // what the clocks showed at since: of a run the first row of marks, of a wait the second
	run        *stretch   // of which the present run is a part, once it was preempted
	sole       *soleRun
	p          int32
	num        int32 // index in sweep.who
	is         identity
	state      event.GoState
	class      waitClass
	flags      stepFlags
	// engaged says that the goroutine counts among those in progress.
	engaged bool
	// heldHarm is for how much of the present system call it held a P that
	// others needed, heldNs for how long it held it.
	heldHarm float64
	heldNs   int64
}

// Marks are the places of clocks in swept.began.
const (
	markCriticality = iota
	markHarm
	markAlone
	markSelf // the harm of its group to itself

	markIdleBlocked = iota - 4
	markSoleIO
	markNeeded
)

// sweptProc is a P as the sweep sees it.
type sweptProc struct {
	seen   bool
	runs   bool
	holder int32 // who holds it in a system call, or -1
}

func newSweep(o Options, accounts *accounting) *sweep {
	return &sweep{instant: newInstant(o.From), accounts: accounts, old: make(map[oldWait]*cell), nobody: newGroupAccount(), cells: make([]*cell, 1), wakers: make([]*waker, 1), recent: recent{lives: &accounts.lives}}
}

// decide asks the rules of at rest, for all that is known until an instant.
func (s *sweep) decide(at int64) {
	length := at - s.phases.from
	s.accounts.decide(length)
	for key, c := range s.old {
		s.accounts.judge(s.real(key.group), c, length)
	}
}

// release sweeps the held steps.
func (s *sweep) release() {
	if s.procs == 0 {
		s.resize(int32(len(s.ps))) // Go 1.21 and earlier tell only changes
	}
	s.decide(s.lastKept())
	s.settleOpen(s.lastKept())
	s.overlap.choose(s.accounts.groups)
	if s.unordered {
		slices.SortStableFunc(s.kept, func(x, y step) int { return cmp.Compare(x.at, y.at) })
	}
	for _, steps := range [][]step{s.early, s.kept} {
		for i := range steps {
			s.step(&steps[i])
		}
	}
	s.early, s.kept, s.late, s.again = nil, nil, true, maxKept
	for i := range s.accounts.lives {
		l := &s.accounts.lives[i]
		if w := &s.who[l.who]; l.own && w.id == l.id && w.group == nil {
			s.regroup(w, l.account())
		}
	}
}

// settleOpen takes waits that have lasted for nearly all of the time until an
// instant, and at places that nobody has come back from, for waits at rest, as
// those of the whole trace are: main's between the beginning and the end of the
// recording is one.
func (s *sweep) settleOpen(at int64) {
	for i := range s.accounts.lives {
		l := &s.accounts.lives[i]
		st := s.began(l)
		if st == nil || !waits(st.to) || st.ref != 0 || (at-st.at)*10 < (at-s.phases.from)*9 {
			continue
		}
		switch l.waitKind {
		case waitkind.Sleep, waitkind.ChanReceive, waitkind.Select, waitkind.Cond:
			st.class = waitsNot
		}
	}
}

// lastKept is the time of the last step that was held back.
func (s *sweep) lastKept() int64 {
	if n := len(s.kept); n > 0 {
		return s.kept[n-1].at
	}
	return s.at
}
