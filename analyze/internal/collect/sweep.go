package collect

import (
	"cmp"
	"math"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
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
type sweep struct {
	instant
	accounts *accounting

	early []step  // what held at the scope's start
	kept  []step  // what followed, in the order of time
	who   []swept // goroutines; while steps are held back every one has its own
	free  []int32 // numbers in who of goroutines that have ended
	late  bool    // the held steps are swept
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
	num   int32 // index in sweep.who
	group *groupAccount
	cell  *cell // of the present wait
	spot  *spot // at which that is counted
	since int64
	began [4]float64 // what the clocks showed at since: of a run the first row of marks, of a wait the second
	run   *stretch   // of which the present run is a part, once it was preempted
	sole  *soleRun
	p     int32
	is    identity
	state event.GoState
	class waitClass
	flags stepFlags
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

// born takes in a goroutine.
func (s *sweep) born(r *timeline.Record) {
	l := &s.accounts.lives[r.Slot]
	l.who, l.waitStep = s.enlist(), noStep
	w := &s.who[l.who]
	*w = swept{id: r.G, num: l.who, p: event.NoP, state: event.GoNotExist, is: identityOf(r)}
	if !l.own {
		w.group = l.group
	}
	if r.Next == event.GoRunning {
		s.recent.begins(l, r.Slot, r.Start)
	}
	st := step{at: r.Start, who: l.who, to: r.Next, p: r.P}
	if r.Next == event.GoWaiting || r.Next == event.GoSyscall {
		st.class, st.ref = classOf[r.Then], s.untouched(l, r)
	}
	if r.Flags&(timeline.FlagCensoredStart|timeline.FlagGap) == timeline.FlagCensoredStart && !s.late {
		l.waitStep = ^int32(len(s.early))
		s.early = append(s.early, st)
		return
	}
	s.takeGo(l, &st)
}

// untouched is the number of the cell of a wait that is older than the trace, of
// which nothing more may ever be told: at rest, if that lasts.
func (s *sweep) untouched(l *life, r *timeline.Record) int32 {
	key := oldWait{cellKey: cellKey{kind: r.Then, stack: r.Stack, whole: true}}
	if !l.own {
		key.group = l.group
	}
	c := s.old[key]
	if c == nil {
		c = &cell{key: key.cellKey}
		s.old[key] = c
	}
	return s.number(c)
}

// oldWait names the waits of a group at one place since before the trace.
type oldWait struct {
	group *groupAccount // nil where it is not known yet
	cellKey
}

// decide asks the rules of at rest, for all that is known until an instant.
func (s *sweep) decide(at int64) {
	length := at - s.phases.from
	s.accounts.decide(length)
	for key, c := range s.old {
		s.accounts.judge(s.real(key.group), c, length)
	}
}

// regroup moves a goroutine that was swept already, between two instants.
func (s *sweep) regroup(w *swept, to *groupAccount) {
	s.ungroup(w)
	w.group = to
	s.enter(w, w.state, w.class)
}

// ungroup takes a goroutine out of the counts of its group.
func (s *sweep) ungroup(w *swept) {
	s.leave(w, &step{at: s.at, to: event.GoRunnable, flags: stepPreempted})
	if w.engaged {
		s.engage(w, false)
	}
}

// real is the account that a group's became a part of. Goroutines of which the
// group is not known yet share one that is thrown away.
func (s *sweep) real(g *groupAccount) *groupAccount {
	if g == nil {
		return s.nobody
	}
	return g.real()
}

// enlist gives a goroutine a number.
func (s *sweep) enlist() int32 {
	if n := len(s.free); n > 0 {
		who := s.free[n-1]
		s.free = s.free[:n-1]
		return who
	}
	s.who = append(s.who, swept{})
	return int32(len(s.who) - 1)
}

func identityOf(r *timeline.Record) identity {
	switch {
	case r.Has(timeline.FlagSystem):
		return identitySystem
	case r.Has(timeline.FlagDeselected):
		return identityDeselected
	case r.Group == timeline.NoGroup:
		return identityUnknown
	}
	return identityUser
}

// identifies takes a goroutine that was swept already out of the account that it
// had by itself; identified gives it its group.
func (s *sweep) identifies(r *timeline.Record) {
	if !s.late {
		return
	}
	s.ungroup(&s.who[s.accounts.lives[r.Slot].who])
}

func (s *sweep) identified(r *timeline.Record) {
	l := &s.accounts.lives[r.Slot]
	w := &s.who[l.who]
	w.is, w.group = identityOf(r), l.account()
	if s.late {
		s.enter(w, w.state, w.class)
	}
}

// interval follows a change of state.
func (s *sweep) interval(r *timeline.Record) {
	l := &s.accounts.lives[r.Slot]
	if r.State == r.Next {
		return // cut for others to count from
	}
	s.recently(l, r)
	if s.late && l.own && s.who[l.who].group == nil {
		s.regroup(&s.who[l.who], l.account())
	}
	st := step{at: r.End, who: l.who, to: r.Next}
	switch r.State {
	case event.GoWaiting, event.GoSyscall:
		s.waitEnds(l, r, &st)
	case event.GoRunning:
		st.ref = int32(r.Stack)
		if r.Then == waitkind.Preempted || r.Then == waitkind.Suspended {
			st.flags = stepPreempted
		}
		st.p = r.P
	}
	switch {
	case r.Next == event.GoRunnable && r.Then == waitkind.Yielded:
		st.flags |= stepYielded
	case r.Next == event.GoWaiting || r.Next == event.GoSyscall:
		st.class, st.ref = classOf[r.Then], 0
		l.waitKind = r.Then
		s.believe(l, r, &st)
	}
	s.takeGo(l, &st)
}

// recently notes who ran and who waited for it.
func (s *sweep) recently(l *life, r *timeline.Record) {
	switch r.State {
	case event.GoRunning:
		s.recent.ends(l, r)
	case event.GoRunnable:
		if r.Next == event.GoRunning && r.Kind != waitkind.Yielded && r.Flags&(timeline.FlagSystem|timeline.FlagDeselected|timeline.FlagSwitch) == 0 {
			s.readyMost.add(r, l, &s.recent)
			if l.afterIO && r.Kind == waitkind.Woken {
				s.readyIO.add(r, l, &s.recent)
			}
		}
	}
	if r.Next == event.GoRunning {
		s.recent.begins(l, r.Slot, r.End)
	}
}

// take sweeps a step that is no goroutine's, or keeps it.
func (s *sweep) take(st step) {
	if s.late {
		s.step(&st)
	} else {
		s.keep(&st)
	}
}

// takeGo sweeps the step of a goroutine, or keeps it.
func (s *sweep) takeGo(l *life, st *step) {
	if !s.late {
		l.waitStep = int32(len(s.kept))
		s.keep(st)
		return
	}
	s.advance(st.at)
	if w := &s.who[st.who]; !s.goesRound(w, st) {
		s.goes(w, st)
		if st.to == event.GoNotExist {
			s.sequential.ended(w)
			s.free = append(s.free, st.who)
		}
	}
	if s.taken++; s.taken >= s.again {
		s.again *= 2
		s.decide(s.at)
	}
}

// keep holds a step back.
func (s *sweep) keep(st *step) {
	if n := len(s.kept); n > 0 && st.at < s.kept[n-1].at {
		s.unordered = true
	}
	s.kept = append(s.kept, *st)
	if len(s.kept) >= maxKept {
		s.release()
	}
}

// waitEnds says at the end of a wait, and of the step that began it, what it
// was.
func (s *sweep) waitEnds(l *life, r *timeline.Record, st *step) {
	c := l.ended(r)
	if c == nil {
		st.flags |= stepShort
		return
	}
	if l.asked {
		st.flags |= stepAsked
	}
	if w := l.lastWaker; w != nil {
		if w.ref == 0 {
			w.ref = int32(len(s.wakers))
			s.wakers = append(s.wakers, w)
		}
		st.ref = w.ref
	}
	if begin := s.began(l); begin != nil {
		begin.ref, begin.class = s.number(c), l.lastClass
	}
	if r.Ns() < leastLate || !r.Has(timeline.FlagExternal) {
		return
	}
	if late, ok := s.hidden.candidate(r, c, l, &s.recent); ok {
		s.lates = append(s.lates, late)
		s.take(step{at: r.End, who: l.who, op: opLate, ref: int32(len(s.lates) - 1)})
		if s.late {
			s.lates = s.lates[:0]
		}
	}
}

// began is the step, held back, with which a goroutine came into its present
// state.
func (s *sweep) began(l *life) *step {
	switch {
	case s.late || l.waitStep == noStep:
		return nil
	case l.waitStep < 0:
		return &s.early[^l.waitStep]
	}
	return &s.kept[l.waitStep]
}

const noStep = math.MinInt32

// number is a cell's number in steps.
func (s *sweep) number(c *cell) int32 {
	if c.ref == 0 {
		c.ref = int32(len(s.cells))
		s.cells = append(s.cells, c)
	}
	return c.ref
}

// believe takes a wait that begins for what those at its place were before: the
// goroutine's own, or its group's.
func (s *sweep) believe(l *life, r *timeline.Record, st *step) {
	for _, c := range l.cells {
		if c != nil && c.key.stack == r.Stack {
			s.likeBefore(c, st)
			return
		}
	}
	if l.group != nil {
		if c := l.group.latest[r.Stack]; c != nil {
			s.likeBefore(c, st)
		}
	}
}

func (s *sweep) likeBefore(c *cell, st *step) {
	st.ref = s.number(c)
	if c.last != waitsNot {
		st.class = c.last
	}
}

// proc follows a P.
func (s *sweep) proc(r *timeline.Record) {
	for int(r.P) >= len(s.ps) {
		s.ps = append(s.ps, sweptProc{holder: -1})
	}
	if first := &s.ps[r.P]; !first.seen {
		first.seen = true
		if r.Proc == event.ProcRunning && r.Ns() > 0 {
			s.ranBefore(step{at: r.Start, op: opProc, who: r.P, ref: 1})
		}
	}
	st := step{at: r.End, op: opProc, who: r.P}
	if r.ProcNext == event.ProcRunning {
		st.ref = 1
	}
	s.take(st)
}

// ranBefore takes what held since the scope's start, or a gap's end, and becomes
// known late.
func (s *sweep) ranBefore(st step) {
	if !s.late && st.at <= s.phases.from {
		s.early = append(s.early, st)
		return
	}
	s.take(st)
}

// changed is a change of GOMAXPROCS.
func (s *sweep) changed(r *timeline.Record) {
	st := step{at: r.Start, op: opProcs, ref: int32(r.Value)}
	if s.procs == 0 && !s.late {
		s.resize(st.ref) // told a little after the start, held from it
		return
	}
	s.take(st)
}

func (s *sweep) stop(r *timeline.Record) {
	s.take(step{at: r.Start, op: opStop, ref: 1})
}

func (s *sweep) ranged(r *timeline.Record) {
	if r.Range == event.RangeSTW {
		s.take(step{at: r.End, op: opStop})
	}
}

func (s *sweep) sample(r *timeline.Record) {
	if !r.Has(timeline.FlagOutside) {
		s.take(step{at: r.Start, op: opSample})
	}
}

// gap notes a stretch of which nothing is known. Nobody is seen to do anything
// in it, and what the Ps do behind it is told anew.
func (s *sweep) gap(r *timeline.Record) {
	s.gaps = append(s.gaps, topSpan{from: r.Start, to: r.End})
	s.take(step{at: r.End, op: opGap, ref: int32(len(s.gaps) - 1)})
	for i := range s.ps {
		s.ps[i].seen = false
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

// step sweeps a step.
func (s *sweep) step(st *step) {
	s.advance(st.at)
	switch st.op {
	case opGo:
		s.goes(&s.who[st.who], st)
	case opProc:
		s.procGoes(st)
	case opProcs:
		s.procsChange(st.ref)
	case opStop:
		s.stopped = st.ref == 1
	case opLate:
		s.hidden.book(&s.instant, &s.lates[st.ref])
	case opSample:
		s.samples.add(&s.instant)
	case opGap:
		s.passGap(&s.gaps[st.ref])
	}
}

// procGoes lets a P run or idle. One that is taken away from a system call is
// no longer held.
func (s *sweep) procGoes(st *step) {
	p := &s.ps[st.who]
	if runs := st.ref == 1; runs != p.runs {
		p.runs = runs
		s.countProc(st.who, p, runs)
	}
	if !p.runs && p.holder >= 0 {
		s.unhold(st.who, p)
	}
}

// countProc counts a P among those that are active or not. One beyond GOMAXPROCS
// is on its way out.
func (s *sweep) countProc(id int32, p *sweptProc, runs bool) {
	switch {
	case id >= s.procs:
	case runs:
		s.active++
	default:
		s.active--
	}
}

// procsChange sets GOMAXPROCS, and with it which Ps count.
func (s *sweep) procsChange(procs int32) {
	s.resize(procs)
	s.active, s.held = 0, 0
	for id := range s.ps[:min(len(s.ps), int(procs))] {
		if s.ps[id].runs {
			s.active++
		}
		if s.ps[id].holder >= 0 {
			s.held++
		}
	}
}

// passGap takes a stretch out in which nothing was seen. The Ps begin anew.
func (s *sweep) passGap(gap *topSpan) {
	s.flush()
	ns := gap.to - gap.from
	s.sums.labels[labelIdle][causeNone] -= ns
	s.spent[0] -= ns
	s.sums.capacity -= int64(s.procs) * ns
	if s.label == labelIdle {
		s.longest[labelIdle].add(s.since, gap.from, event.NoG)
		s.since = gap.to
	}
	for i := range s.ps {
		s.ps[i].runs, s.ps[i].holder = false, -1
	}
	s.active, s.held, s.busyFrom = 0, 0, gap.to
}

// unhold ends the time for which a system call held its P.
func (s *sweep) unhold(id int32, p *sweptProc) {
	w := &s.who[p.holder]
	p.holder = -1
	if id < s.procs {
		s.held--
	}
	w.heldHarm = s.clock.needed - w.began[markNeeded]
	w.heldNs = s.at - w.since
}

// goes lets a goroutine change its state.
func (s *sweep) goes(w *swept, st *step) {
	s.leave(w, st)
	w.flags, w.p, w.cell = st.flags, st.p, nil
	if waits(st.to) {
		w.cell = s.cells[st.ref].real()
	}
	s.enter(w, st.to, st.class)
}

// goesRound is goes for the three changes of which nearly all of a trace consists:
// ready, running, waiting and ready again. That these go straight through takes a
// tenth off the whole.
func (s *sweep) goesRound(w *swept, st *step) bool {
	if w.is > identityUser {
		return false
	}
	switch {
	case w.state == event.GoRunnable && st.to == event.GoRunning:
		s.isServed(w, st)
		w.cell, w.p = nil, st.p
		w.state, w.since, w.flags = event.GoRunning, s.at, st.flags
		s.runs(w)
	case w.state == event.GoRunning && st.to == event.GoWaiting:
		s.run(-1)
		s.ranUntil(w, st)
		w.cell, w.p = s.cells[st.ref].real(), st.p
		w.state, w.since, w.flags, w.class = event.GoWaiting, s.at, st.flags, st.class
		s.getsToWait(w)
	case w.state == event.GoWaiting && st.to == event.GoRunnable:
		s.waits[w.class]--
		s.waitedUntil(w, st)
		w.cell, w.p = nil, st.p
		w.state, w.since, w.flags = event.GoRunnable, s.at, st.flags
		s.getsReady(w)
	default:
		return false
	}
	return true
}

// waits says whether a goroutine in a state waits for something.
func waits(state event.GoState) bool { return state >= event.GoWaiting }

// leave books the interval that ends, with the step that ends it.
func (s *sweep) leave(w *swept, st *step) {
	if w.state == event.GoSyscall && w.p >= 0 && int(w.p) < len(s.ps) {
		if p := &s.ps[w.p]; p.holder == w.num {
			s.unhold(w.p, p)
		}
	}
	if w.is <= identityUser {
		s.userLeaves(w, st)
	} else if w.state == event.GoRunning {
		s.notUsers(w.is, -1)
	}
}

func (s *sweep) userLeaves(w *swept, st *step) {
	switch w.state {
	case event.GoRunning:
		s.run(-1)
		s.ranUntil(w, st)
	case event.GoRunnable:
		s.isServed(w, st)
	case event.GoWaiting, event.GoSyscall:
		s.waits[w.class]--
		s.waitedUntil(w, st)
	}
}

// isServed ends a wait for a processor.
func (s *sweep) isServed(w *swept, st *step) {
	s.ready--
	if w.run != nil && st.to != event.GoRunning {
		s.endRun(w, 0) // the trace ends, or a gap begins
	}
	s.real(w.group).self.change(&s.clock, -1)
	if w.flags&stepYielded != 0 {
		s.yielded--
	}
}

// ranUntil books a run: its share of what happened meanwhile.
func (s *sweep) ranUntil(w *swept, st *step) {
	g := s.real(w.group)
	g.share.criticality += s.clock.criticality - w.began[markCriticality]
	harm := s.clock.harm - w.began[markHarm]
	if harm > 0 {
		g.share.harm += harm
		harm -= g.self.until(&s.clock) - w.began[markSelf]
		g.share.harmOthers += harm
	}
	g.share.alone += s.clock.alone - w.began[markAlone]
	if g.running.change(s.at, -1) && g.bit != 0 {
		s.overlap.change(s.at, g.bit)
	}
	preempted := st.flags&stepPreempted != 0
	if preempted || w.run != nil || s.at-w.since >= leastLongRun {
		s.goesOn(w, harm, st, preempted)
	}
}

// goesOn adds a run to the stretch in which a goroutine does not pause by itself,
// and ends that if the goroutine was not preempted.
func (s *sweep) goesOn(w *swept, harm float64, st *step, preempted bool) {
	if w.run == nil {
		w.run = new(stretch)
	}
	w.run.add(w.since, s.at, harm, st)
	if preempted {
		return
	}
	s.endRun(w, s.leftOn(st))
}

// endRun ends a stretch, on a stack.
func (s *sweep) endRun(w *swept, on event.StackID) {
	if w.run.ns >= leastLongRun {
		s.longRuns.add(w, s.at, on)
	}
	w.run = nil
}

// leftOn is the stack on which a goroutine left its processor.
func (s *sweep) leftOn(st *step) event.StackID {
	if !waits(st.to) {
		return event.StackID(st.ref)
	}
	if c := s.cells[st.ref].real(); c != nil {
		return c.key.stack
	}
	return 0
}

// waitedUntil books a wait: its share of the processors that idled meanwhile.
func (s *sweep) waitedUntil(w *swept, st *step) {
	c := w.cell
	if w.spot != nil {
		w.spot.now--
		w.spot = nil
	}
	if st.flags&stepShort != 0 {
		c = nil
	}
	idle := s.clock.idleBlocked - w.began[markIdleBlocked]
	if w.class != waitsNot && idle > 0 {
		s.sums.idleBlocked[w.class] += idle
		s.real(w.group).share.idleBlocked += idle
	}
	if c == nil {
		return
	}
	ns := s.at - w.since
	if s.late {
		c.lateNs[w.class] += ns
	}
	if w.class == waitsNot {
		return
	}
	if idle > 0 {
		c.idleBlocked += idle
		if st.ref > 0 && st.op == opGo && int(st.ref) < len(s.wakers) {
			s.wakers[st.ref].real().idleBlocked += idle
		}
	}
	if sole := s.clock.soleIO - w.began[markSoleIO]; sole > 0 || w.sole != nil {
		s.sequential.waited(w, s.at, ns, int64(sole), st.flags&stepAsked != 0, c)
	}
	if w.heldHarm >= leastHoldHarm {
		s.sums.heldHarm += w.heldHarm
		s.holds.add(w, c)
	}
}

// enter begins an interval.
func (s *sweep) enter(w *swept, state event.GoState, class waitClass) {
	w.state, w.since, w.class = state, s.at, class
	if state == event.GoSyscall && w.p >= 0 && int(w.p) < len(s.ps) {
		s.hold(w)
	}
	if w.is <= identityUser {
		s.userEnters(w)
	} else if state == event.GoRunning {
		s.notUsers(w.is, +1)
	}
}

// notUsers counts goroutines in or out that run beside those of the program that
// were asked for.
func (s *sweep) notUsers(is identity, by int32) {
	if is == identitySystem {
		s.system += by
	} else {
		s.others += by
	}
}

func (s *sweep) hold(w *swept) {
	p := &s.ps[w.p]
	if p.holder < 0 && w.p < s.procs {
		s.held++
	}
	p.holder = w.num
}

func (s *sweep) userEnters(w *swept) {
	switch w.state {
	case event.GoRunning:
		s.runs(w)
	case event.GoRunnable:
		s.getsReady(w)
	case event.GoWaiting, event.GoSyscall:
		s.getsToWait(w)
	default:
		if w.engaged {
			s.engage(w, false)
		}
	}
}

// runs begins a run.
func (s *sweep) runs(w *swept) {
	s.run(+1)
	g := s.real(w.group)
	c := &s.clock
	w.began = [4]float64{c.criticality, c.harm, c.alone, g.self.until(c)}
	if g.running.change(s.at, +1) && g.bit != 0 {
		s.overlap.change(s.at, g.bit)
	}
	if !w.engaged {
		s.engage(w, true)
	}
}

// getsReady begins a wait for a processor.
func (s *sweep) getsReady(w *swept) {
	s.ready++
	s.real(w.group).self.change(&s.clock, +1)
	if w.flags&stepYielded != 0 {
		s.yielded++
	}
	if !w.engaged {
		s.engage(w, true)
	}
}

// getsToWait begins a wait for something else.
func (s *sweep) getsToWait(w *swept) {
	w.heldHarm = 0
	w.began = [4]float64{s.clock.idleBlocked, s.clock.soleIO, s.clock.needed}
	if c := w.cell; c != nil {
		if c.rest != "" || c.join {
			w.class = waitsNot
		}
		if w.spot = c.spot; w.spot != nil {
			w.spot.now++
			w.spot.most = max(w.spot.most, w.spot.now)
		}
	}
	s.waits[w.class]++
	if engaged := w.class != waitsNot; engaged != w.engaged {
		s.engage(w, engaged)
	}
}

// engage counts a goroutine in or out of those in progress.
func (s *sweep) engage(w *swept, engaged bool) {
	w.engaged = engaged
	by := int32(1)
	if !engaged {
		by = -1
	}
	s.engaged += by
	s.real(w.group).engaged.change(s.at, by)
}
