package wire

import (
	"math/rand/v2"

	"github.com/conctrace/conctrace/analyze/internal/event"
)

// state is what is known of a program at one instant: what an event may do, and
// what stands in its context, depends on it.
type state struct {
	goroutines goroutines
	procs      procs
	threads    map[int64]*thread
	tasks      map[int64]task
	regions    [][]region         // of goroutines, by number; the innermost last
	unused     []int32            // of regions
	stops      map[int32][]uint64 // of the world, under way: the reasons, by the place of the goroutine
	gc         collector
}

func newState() *state {
	return &state{
		goroutines: newGoroutines(),
		threads:    make(map[int64]*thread),
		tasks:      make(map[int64]task),
		stops:      make(map[int32][]uint64),
	}
}

// clear forgets everything but keeps the room.
func (s *state) clear() {
	s.goroutines.clear()
	s.procs.clear()
	clear(s.threads)
	clear(s.tasks)
	s.regions, s.unused = s.regions[:0], s.unused[:0]
	clear(s.stops)
	s.gc = collector{}
}

// goroutine is the state of one goroutine.
type goroutine struct {
	id      int64
	seq     uint64 // of the last event that was numbered
	gen     uint32 // the generation that seq belongs to
	status  uint8
	alive   bool
	gone    bool  // the place is unused
	known   bool  // it was mentioned in the present generation, where that stands alone
	born    bool  // it was created in it
	reborn  bool  // and there was one of its ID before it, as threads of C code have
	assist  bool  // within a mark assist
	assumed bool  // assist was assumed or asked for: no other assumption is needed
	regions int32 // which of state.regions it is inside of, +1; 0 is none
}

// region is a region of the program's that a goroutine is inside of.
type region struct {
	task int64
	name event.StringID
}

// noGoroutine is the place of no goroutine.
const noGoroutine int32 = -1

// goroutines finds goroutines by ID: an open-addressed table of places in a
// list, in which a goroutine keeps its place.
//
// IDs are counted up, so that the table is indexed by their low bits and those
// that live at the same time lie side by side. A file may have IDs that all fall
// together; a table in which too many do is built again with a multiplier that
// nobody can know.
type goroutines struct {
	list   []goroutine
	unused []int32 // places of the list
	slots  []slot
	mask   uint64
	mul    uint64 // odd
}

type slot struct {
	id    int64
	place int32 // +1; 0 is free
}

const (
	firstSlots = 1 << 10
	// maxProbes is how far apart IDs that fall together may come to lie.
	maxProbes = 128
)

func newGoroutines() goroutines {
	return goroutines{slots: make([]slot, firstSlots), mask: firstSlots - 1, mul: 1}
}

func (t *goroutines) clear() {
	t.list, t.unused = t.list[:0], t.unused[:0]
	clear(t.slots)
}

// find is the place of a goroutine, or noGoroutine.
func (t *goroutines) find(id int64) int32 {
	for i := t.hash(id); ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.id == id && s.place != 0 {
			return s.place - 1
		}
		if s.place == 0 {
			return noGoroutine
		}
	}
}

func (t *goroutines) hash(id int64) uint64 {
	h := uint64(id) * t.mul
	if t.mul != 1 {
		h ^= h >> 32
	}
	return h & t.mask
}

// add gives a goroutine that has none a place.
func (t *goroutines) add(id int64) int32 {
	var place int32
	if n := len(t.unused); n > 0 {
		place, t.unused = t.unused[n-1], t.unused[:n-1]
		t.list[place] = goroutine{id: id}
	} else {
		if 2*len(t.list) >= len(t.slots) {
			t.rebuild(2*len(t.slots), t.mul)
		}
		place = int32(len(t.list))
		t.list = append(t.list, goroutine{id: id})
	}
	if !t.insert(id, place) {
		t.rebuild(2*len(t.slots), rand.Uint64()|1)
	}
	return place
}

// remove takes a goroutine's place away.
func (t *goroutines) remove(place int32) {
	free := t.hash(t.list[place].id)
	for t.slots[free].place != place+1 {
		free = (free + 1) & t.mask
	}
	// What lies behind it moves up, unless that is before where it belongs.
	for i := (free + 1) & t.mask; t.slots[i].place != 0; i = (i + 1) & t.mask {
		if home := t.hash(t.slots[i].id); (i-home)&t.mask >= (i-free)&t.mask {
			t.slots[free] = t.slots[i]
			free = i
		}
	}
	t.slots[free] = slot{}
	t.list[place] = goroutine{gone: true}
	t.unused = append(t.unused, place)
}

// insert puts a place into the table, or reports false if too many lie together.
func (t *goroutines) insert(id int64, place int32) bool {
	i := t.hash(id)
	for range maxProbes {
		if t.slots[i].place == 0 {
			t.slots[i] = slot{id, place + 1}
			return true
		}
		i = (i + 1) & t.mask
	}
	return false
}

// rebuild makes a table for all of the list.
func (t *goroutines) rebuild(size int, mul uint64) {
	for {
		t.slots, t.mask, t.mul = make([]slot, size), uint64(size-1), mul
		if t.insertAll() {
			return
		}
		size, mul = 2*size, rand.Uint64()|1
	}
}

func (t *goroutines) insertAll() bool {
	for place := range t.list {
		if !t.list[place].gone && !t.insert(t.list[place].id, int32(place)) {
			return false
		}
	}
	return true
}

// enterRegion puts a goroutine inside of a region.
func (s *state) enterRegion(g *goroutine, r region) {
	if g.regions == 0 {
		if n := len(s.unused); n > 0 {
			g.regions, s.unused = s.unused[n-1], s.unused[:n-1]
		} else {
			s.regions = append(s.regions, nil)
			g.regions = int32(len(s.regions))
		}
	}
	of := &s.regions[g.regions-1]
	*of = append(*of, r)
}

// regionsOf are the regions that a goroutine is inside of, the innermost last.
func (s *state) regionsOf(g *goroutine) []region {
	if g.regions == 0 {
		return nil
	}
	return s.regions[g.regions-1]
}

// leaveRegions takes a goroutine out of its n innermost regions.
func (s *state) leaveRegions(g *goroutine, n int) {
	if n == 0 {
		return
	}
	of := &s.regions[g.regions-1]
	if *of = (*of)[:len(*of)-n]; len(*of) == 0 {
		s.unused = append(s.unused, g.regions)
		g.regions = 0
	}
}

// bury ends a goroutine. Where a generation stands alone, one that was there
// before it is remembered as dead.
func (s *state) bury(place int32, remember bool) {
	g := &s.goroutines.list[place]
	s.leaveRegions(g, len(s.regionsOf(g)))
	if len(s.stops) > 0 {
		delete(s.stops, place)
	}
	g.alive, g.assist = false, false
	if !remember {
		s.goroutines.remove(place)
	}
}

// proc is the state of one P.
type proc struct {
	seq     uint64
	gen     uint32
	status  uint8
	seen    bool
	sweep   bool // within a sweep
	assumed bool // sweep was assumed or asked for
}

// procs is the Ps by ID. A file may have IDs that no machine has.
type procs struct {
	list []proc
	odd  map[int64]*proc
}

const maxProcs = 1 << 12

// noProc is the ID of no P.
const noProc int64 = -1

// get returns a P, which is not seen if the trace has not mentioned it.
func (t *procs) get(id int64) *proc {
	if uint64(id) < uint64(len(t.list)) {
		return &t.list[id]
	}
	return t.more(id)
}

func (t *procs) more(id int64) *proc {
	if uint64(id) < maxProcs {
		for int(id) >= len(t.list) {
			t.list = append(t.list, proc{})
		}
		return &t.list[id]
	}
	p := t.odd[id]
	if p == nil {
		if t.odd == nil {
			t.odd = make(map[int64]*proc)
		}
		p = new(proc)
		t.odd[id] = p
	}
	return p
}

func (t *procs) clear() {
	t.list = t.list[:0]
	clear(t.odd)
}

// thread is what a thread holds: its P and its goroutine.
type thread struct {
	id   int64
	p    int64 // noProc if none
	g    int32 // place of the goroutine, noGoroutine if none
	gid  int64 // its ID, event.NoG if none
	seen bool  // something has happened on it
	none bool  // it stands for events of no thread, which hold nothing

	// Where a generation stands alone: whether what the thread held at its
	// start is assumed.
	assumeP, assumeG bool
}

// noThread is the ID under which events of no thread are written.
const noThread int64 = -1

func newThread(id int64) *thread {
	return &thread{id: id, p: noProc, g: noGoroutine, gid: event.NoG, none: id == noThread}
}

// drop takes the goroutine from a thread.
func (t *thread) drop() { t.g, t.gid = noGoroutine, event.NoG }

// task is a task that is open, or, where a generation stands alone, one that
// ended in it.
type task struct {
	parent int64
	name   event.StringID
	ended  bool
}

// collector is the state of the garbage collector.
type collector struct {
	seq   uint64
	state gcState
}

type gcState uint8

const (
	gcUndetermined gcState = iota
	gcOff
	gcOn
)
