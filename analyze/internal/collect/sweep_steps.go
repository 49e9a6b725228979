package collect

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
)

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

// joinsQueue begins a wait for a lock or a channel.
func (s *sweep) joinsQueue(w *swept, q *queue) {
	released := int64(-1)
	if w.releasedBy != nil && w.releasedBy.root() == q {
		released = w.released
	}
	w.queue = q
	q.enters(s.at, released)
}

// correctQueue puts a wait that ends where it turns out to have been: when it began, one
// that was swept as it came was taken for what those before it at its place were.
func (s *sweep) correctQueue(w *swept) {
	var was, is *queue
	if w.queue != nil {
		was = w.queue.root()
	}
	if c := s.ends.real(); c != nil && c.queue != nil && c.rest == "" {
		is = c.queue.root()
	}
	if was == is {
		return
	}
	if was != nil {
		was.leaves(s.at, false)
		was.waited -= s.at - w.since
	}
	if w.queue = is; is != nil {
		is.hadEntered(w.since, s.at)
	}
}

// leavesQueue ends it, by whoever handed over or otherwise.
func (s *sweep) leavesQueue(w *swept, st *step) {
	q := w.queue.root()
	handed := st.ref > 0 && st.to == event.GoRunnable && st.flags&stepPast == 0
	q.leaves(s.at, handed)
	w.queue = nil
	if handed {
		w.released, w.releasedBy = s.at, q
	}
}

// isServed ends a wait for a processor.
func (s *sweep) isServed(w *swept, st *step) {
	s.ready--
	if w.releasedBy != nil && w.released == w.since && st.to == event.GoRunning && st.flags&stepPast == 0 {
		w.releasedBy.root().resume.add(s.at - w.since)
	}
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
	if s.told {
		s.correctQueue(w)
	}
	if w.queue != nil {
		s.leavesQueue(w, st)
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
		if st.ref > 0 && !waits(st.to) {
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
		if c.queue != nil && c.rest == "" && w.flags&stepPast == 0 {
			s.joinsQueue(w, c.queue.root())
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
