package collect

import (
	"math"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// born takes in a goroutine.
func (s *sweep) born(r *timeline.Record) {
	l := &s.accounts.lives[r.Slot]
	l.who, l.waitStep = s.enlist(), noStep
	w := &s.who[l.who]
	*w = swept{id: r.G, num: l.who, p: event.NoP, state: event.GoNotExist, is: identityOf(r), released: -1}
	if !l.own {
		w.group = l.group
	}
	if r.Next == event.GoRunning {
		s.recent.begins(l, r.Slot, r.Start)
	}
	st := step{at: r.Start, who: l.who, to: r.Next, p: r.P}
	if r.Next == event.GoWaiting || r.Next == event.GoSyscall {
		st.class, st.ref = s.accounts.stacks.classOf(r.Then, r.Stack), s.untouched(l, r)
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
	if r.At > r.End && r.State != event.GoUndetermined {
		st.flags |= stepPast
	}
	switch r.State {
	case event.GoWaiting, event.GoSyscall:
		s.waitEnds(l, r, &st)
		s.told = s.late
	case event.GoRunning:
		st.ref = int32(r.Stack)
		if r.Then == waitkind.Preempted || r.Then == waitkind.Suspended {
			st.flags |= stepPreempted
		}
		st.p = r.P
	}
	switch {
	case r.Next == event.GoRunnable && r.Then == waitkind.Yielded:
		st.flags |= stepYielded
	case r.Next == event.GoWaiting || r.Next == event.GoSyscall:
		st.class, st.ref = s.accounts.stacks.classOf(r.Then, r.Stack), 0
		l.waitKind = r.Then
		s.believe(l, r, &st)
	}
	s.takeGo(l, &st)
	s.told = false
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
	s.ends = c
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
