package wire

import "github.com/conctrace/conctrace/analyze/internal/event"

// A generation can be ordered before those in front of it are, since it begins
// with the statuses of all that it speaks of. What the order machine would have
// read from the state that the generations before leave, it takes from there and
// notes as an assumption. When the generations before are through, the
// assumptions are held against the truth: if all hold, the machine has read
// nothing but the truth, and what it wrote is what it would have written in
// sequence. If one does not, the generation is ordered again, in sequence. So
// nothing rests on the assumptions being good ones but the speed.

// assumption is one thing that was taken for granted of the state before, or
// that the state before must fill in.
type assumption struct {
	kind   assumptionKind
	at     int   // patches: of the chunk's events, which; damage may have taken it back
	id     int64 // of the goroutine, P, thread or task
	value  int64 // by kind
	region region
}

type assumptionKind uint8

const (
	assumeGoroutine   assumptionKind = iota // value: its status
	assumeNoGoroutine                       // there is none of this ID
	assumeProc                              // value: its status
	assumeThreadP                           // value: the P that the thread holds
	assumeThreadG                           // value: the goroutine that it holds
	assumeNoTask                            // the task is not open
	assumeNoStop                            // the goroutine does not hold the world stopped
	assumeAssist                            // value: 1 if the goroutine is within a mark assist
	assumeSweep                             // value: 1 if the P is within a sweep
	assumeRegion                            // the goroutine's innermost region, or it is in none
	assumeMarkOn                            // value: the last sequence number; a mark phase is on
	assumeMarkOff                           // the same, it is off; or nothing is known of it
	patchTask                               // the event needs the task's parent and name
	patchHolder                             // the event needs the goroutine that the thread holds
)

// assumptions are what one chunk of events rests on, and what is to be filled in
// there.
type assumptions []assumption

func (a *assumptions) add(x assumption) { *a = append(*a, x) }

// foresight is how far into a thread's events foresee looks.
const foresight = 256

// foresee guesses what each thread held when the generation began: a thread that
// holds something says so before anything else it does. A P that was in a system
// call then is taken from its thread early in the generation.
func (o *orderer) foresee() {
	for _, id := range o.g.threads {
		if id == noThread {
			continue
		}
		t := o.threadOf(id)
		o.foreseeThread(t)
	}
	for _, id := range o.g.threads {
		if id == noThread {
			continue
		}
		t := o.threads[id]
		o.assumeP(t, t.p)
		t.assumeG = true
		o.assumed.add(assumption{kind: assumeThreadG, id: id, value: t.gid})
	}
}

// assumeP notes which P a thread holds.
func (o *orderer) assumeP(t *thread, p int64) {
	if !t.assumeP {
		t.p, t.assumeP = p, true
		o.assumed.add(assumption{kind: assumeThreadP, id: t.id, value: p})
	}
}

// foreseeThread looks at the first events of a thread.
func (o *orderer) foreseeThread(t *thread) {
	b := o.g.batches[t.id][0]
	own := true // nothing but statuses so far
	abandoned := noProc
	pos := b.begin
	for range foresight {
		if pos >= b.end || argCount[o.data[pos]] == notTimed {
			return
		}
		kind := o.data[pos]
		var args [5]uint64
		pos++
		for i := range int(argCount[kind]) + 1 {
			args[i], pos = uvarint(o.data, pos)
		}
		if pos > b.end {
			return
		}
		switch kind {
		case typeProcStatus:
			abandoned = noProc
			switch {
			case args[2] == procAbandoned:
				abandoned = int64(args[1])
			case own && (args[2] == procRunning || args[2] == procSyscall):
				t.p = int64(args[1])
			}
			continue
		case typeGoStatus, typeGoStatusStack:
			if own && (args[3] == statusRunning || args[3] == statusSyscall && int64(args[2]) == t.id) {
				t.g, t.gid = o.placeOf(int64(args[1])), int64(args[1])
			}
			continue
		case typeProcSteal:
			if abandoned != noProc && int64(args[1]) == abandoned && int64(args[3]) != noThread {
				o.foreseeSteal(abandoned, int64(args[3]))
			}
		}
		own, abandoned = false, noProc
	}
}

// foreseeSteal takes a P that will be stolen from a thread for held by it, in a
// system call that began before.
func (o *orderer) foreseeSteal(id, from int64) {
	p := o.procs.get(id)
	if p.seen {
		return
	}
	o.assumeProc(p, id, procSyscall)
	o.assumeP(o.threadOf(from), id)
}

// placeOf is the place of a goroutine that may not have been mentioned yet.
func (o *orderer) placeOf(id int64) int32 {
	place := o.goroutines.find(id)
	if place == noGoroutine {
		place = o.goroutines.add(id)
	}
	return place
}

// assumeProc takes up a P at its first mention.
func (o *orderer) assumeProc(p *proc, id int64, status uint8) {
	*p = proc{seen: true, status: status}
	o.assumed.add(assumption{kind: assumeProc, id: id, value: int64(status)})
}

// assumeSyscall takes a thread that says nothing to hold the goroutine that is
// said to be in a system call on it.
func (o *orderer) assumeSyscall(t *thread, place int32, id int64) {
	t.g, t.gid, t.assumeG, t.seen = place, id, true, true
	o.assumed.add(assumption{kind: assumeThreadG, id: t.id, value: id})
}

// assumeCollector takes the first event of the garbage collector for the next
// one in sequence.
func (o *orderer) assumeCollector(kind byte, seq uint64) {
	if kind == typeGCBegin {
		o.gc = collector{seq - 1, gcOff}
		o.assumed.add(assumption{kind: assumeMarkOff, value: int64(seq - 1)})
		return
	}
	o.gc = collector{seq - 1, gcOn}
	o.assumed.add(assumption{kind: assumeMarkOn, value: int64(seq - 1)})
}

// verdict holds the assumptions of one generation, in their order, against the
// state that the generations before left.
type verdict struct {
	before *state
	left   map[int64]int // regions from before that a goroutine has left
}

// hold reports whether all assumptions of a chunk hold, and fills in its events.
func (v *verdict) hold(of assumptions, events []event.Event) bool {
	for i := range of {
		if !v.holds(&of[i], events) {
			return false
		}
	}
	return true
}

func (v *verdict) holds(a *assumption, events []event.Event) bool {
	s := v.before
	switch a.kind {
	case assumeGoroutine:
		g := s.alive(a.id)
		return g != nil && int64(g.status) == a.value
	case assumeNoGoroutine:
		return s.alive(a.id) == nil
	case assumeProc:
		p := s.procs.get(a.id)
		return p.seen && int64(p.status) == a.value
	case assumeThreadP:
		t := s.threads[a.id]
		return t == nil && a.value == noProc || t != nil && t.p == a.value
	case assumeThreadG:
		t := s.threads[a.id]
		return t == nil && a.value == event.NoG || t != nil && t.gid == a.value
	case assumeNoTask:
		_, open := s.tasks[a.id]
		return !open
	case assumeNoStop:
		place := s.goroutines.find(a.id)
		return place == noGoroutine || len(s.stops[place]) == 0
	case assumeAssist:
		g := s.alive(a.id)
		return g != nil && g.assist == (a.value == 1)
	case assumeSweep:
		p := s.procs.get(a.id)
		return p.seen && p.sweep == (a.value == 1)
	case assumeRegion:
		return v.leave(a)
	case assumeMarkOn:
		return s.gc == collector{uint64(a.value), gcOn}
	case assumeMarkOff:
		return s.gc.state == gcUndetermined || s.gc == collector{uint64(a.value), gcOff}
	case patchTask:
		if t, ok := s.tasks[a.id]; ok && a.at < len(events) {
			events[a.at].Arg, events[a.at].Name = t.parent, t.name
		}
		return true
	case patchHolder:
		t := s.threads[a.id]
		if t != nil && a.at < len(events) {
			events[a.at].G = t.gid
		}
		return t != nil
	}
	return false
}

// leave checks that a region which began in an earlier generation is the
// goroutine's innermost, or that it is inside of none that is known.
func (v *verdict) leave(a *assumption) bool {
	g := v.before.alive(a.id)
	if g == nil {
		return false
	}
	inside := v.before.regionsOf(g)
	n := len(inside) - v.left[a.id]
	if n == 0 {
		return true
	}
	if inside[n-1] != a.region {
		return false
	}
	v.left[a.id]++
	return true
}

// alive is a goroutine that lives, or nil.
func (s *state) alive(id int64) *goroutine {
	place := s.goroutines.find(id)
	if place == noGoroutine || !s.goroutines.list[place].alive {
		return nil
	}
	return &s.goroutines.list[place]
}

// absorb brings the state before a generation up to its end, when all of its
// assumptions have held: own is the state of the one who ordered it alone.
func (v *verdict) absorb(own *state) {
	s := v.before
	for id, n := range v.left {
		s.leaveRegions(s.alive(id), n)
	}
	for i := range own.goroutines.list {
		if g := &own.goroutines.list[i]; g.known {
			s.absorbGoroutine(g, own.regionsOf(g))
		}
	}
	for i := range own.procs.list {
		s.absorbProc(int64(i), &own.procs.list[i])
	}
	for id, p := range own.procs.odd {
		s.absorbProc(id, p)
	}
	for id, t := range own.threads {
		s.absorbThread(id, t)
	}
	for id, t := range own.tasks {
		if t.ended {
			delete(s.tasks, id)
		} else {
			s.tasks[id] = t
		}
	}
	for place, reasons := range own.stops {
		s.stops[s.goroutines.find(own.goroutines.list[place].id)] = reasons
	}
	if own.gc.state != gcUndetermined {
		s.gc = own.gc
	}
}

func (s *state) absorbGoroutine(g *goroutine, regions []region) {
	place := s.goroutines.find(g.id)
	if place != noGoroutine && s.goroutines.list[place].alive && (!g.alive || g.born) {
		s.bury(place, false)
		place = noGoroutine
	}
	if !g.alive {
		return
	}
	if place == noGoroutine {
		place = s.goroutines.add(g.id)
	}
	to := &s.goroutines.list[place]
	to.alive, to.status = true, g.status
	if g.assumed || g.born {
		to.assist = g.assist
	}
	for _, r := range regions {
		s.enterRegion(to, r)
	}
}

func (s *state) absorbProc(id int64, p *proc) {
	if !p.seen {
		return
	}
	to := s.procs.get(id)
	to.seen, to.status = true, p.status
	if p.assumed {
		to.sweep = p.sweep
	}
}

func (s *state) absorbThread(id int64, t *thread) {
	to := s.threads[id]
	if to == nil {
		to = newThread(id)
		s.threads[id] = to
	}
	to.seen = to.seen || t.seen
	if t.assumeP {
		to.p = t.p
	}
	if t.assumeG {
		to.gid, to.g = t.gid, noGoroutine
		if t.gid != event.NoG {
			to.g = s.goroutines.find(t.gid)
		}
	}
}
