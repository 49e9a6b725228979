package wire

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
)

// The bounds of the format (tracev2).
const (
	maxStringSize     = 1 << 10
	maxFramesPerStack = 128
)

// tables are the strings and stacks of one generation by their numbers in the
// file, and what they are in the tables of the whole trace.
type tables struct {
	data    []byte // of the generation
	strings index[name]
	stacks  index[event.StackID]
	frames  map[uint64]frame // by program counter
	listed  []stack          // as the file lists them
	pcs     []uint64         // of all of them

	shared *event.Tables
}

// name is a string. What it is in the whole trace's tables is asked when an
// event names it: a log's messages are strings too, and not kept.
type name struct {
	begin  int // in the generation's data
	size   uint16
	reason event.ReasonID
	id     event.StringID
	known  bool // id
	asked  bool // reason
}

// stack is a stack by its number in the file, with its program counters, leaf
// first.
type stack struct {
	id       uint64
	from, to int // of tables.pcs
}

// frame is what a program counter stands for. Where one generation tells
// different things of one, the first holds.
type frame struct {
	fn, file, line uint64
	id             event.FrameID
	known          bool
}

func newTables() *tables { return &tables{frames: make(map[uint64]frame)} }

// clear forgets everything but keeps the room.
func (t *tables) clear() {
	t.strings.clear()
	t.stacks.clear()
	clear(t.frames)
	t.data, t.listed, t.pcs = nil, t.listed[:0], t.pcs[:0]
}

// text is the text of a string.
func (t *tables) text(n *name) string {
	return string(t.data[n.begin : n.begin+int(n.size)])
}

// index finds things by the numbers that a file gives them. The runtime counts
// from 1; a file may not.
type index[T any] struct {
	dense  []entry[T]
	sparse map[uint64]*T
	zero   T
	n      int
}

type entry[T any] struct {
	value   T
	present bool
}

// get returns what a number stands for, or nil. 0 is always there, and the zero
// value.
func (x *index[T]) get(id uint64) *T {
	if id < uint64(len(x.dense)) && x.dense[id].present {
		return &x.dense[id].value
	}
	if id == 0 {
		return &x.zero
	}
	return x.sparse[id]
}

// add gives a number a value and reports whether it had none.
func (x *index[T]) add(id uint64, v T) bool {
	if x.get(id) != nil {
		return false
	}
	x.n++
	if id < 1024 || id < 4*uint64(x.n) {
		for id >= uint64(len(x.dense)) {
			x.dense = append(x.dense, entry[T]{})
		}
		x.dense[id] = entry[T]{v, true}
		return true
	}
	if x.sparse == nil {
		x.sparse = make(map[uint64]*T)
	}
	x.sparse[id] = &v
	return true
}

func (x *index[T]) clear() {
	x.dense, x.n = x.dense[:0], 0
	clear(x.sparse)
}

// addStrings reads a batch of strings.
func (t *tables) addStrings(r *batchReader) error {
	for r.more() {
		if kind := r.byte(); kind != typeString {
			return r.fail("byte %d in a batch of strings", kind)
		}
		id, size := r.uint(), r.uint()
		if size > maxStringSize {
			return r.fail("a string of %d bytes, where %d is the most,", size, maxStringSize)
		}
		if r.pos+int(size) > r.end {
			return r.fail("a string that does not end in its batch")
		}
		if !t.strings.add(id, name{begin: r.pos, size: uint16(size)}) {
			return r.fail("a second string with the number %d", id)
		}
		r.pos += int(size)
	}
	return nil
}

// addStacks reads a batch of stacks.
func (t *tables) addStacks(r *batchReader) error {
	for r.more() {
		if kind := r.byte(); kind != typeStack {
			return r.fail("byte %d in a batch of stacks", kind)
		}
		id, n := r.uint(), r.uint()
		if n > maxFramesPerStack {
			return r.fail("a stack of %d frames, where %d is the most,", n, maxFramesPerStack)
		}
		from := len(t.pcs)
		for range n {
			pc := r.uint()
			f := frame{fn: r.uint(), file: r.uint(), line: r.uint()}
			if _, ok := t.frames[pc]; !ok {
				t.frames[pc] = f
			}
			t.pcs = append(t.pcs, pc)
		}
		if !r.ok() {
			return r.fail("a stack that does not end in its batch")
		}
		if !t.stacks.add(id, 0) {
			return r.fail("a second stack with the number %d", id)
		}
		t.listed = append(t.listed, stack{id, from, len(t.pcs)})
	}
	return nil
}

// check looks whether the names of all frames are there.
func (t *tables) check() error {
	for _, s := range t.listed {
		for _, pc := range t.pcs[s.from:s.to] {
			f := t.frames[pc]
			if t.strings.get(f.fn) == nil {
				return fmt.Errorf("stack %d with a function without a name (string %d)", s.id, f.fn)
			}
			if t.strings.get(f.file) == nil {
				return fmt.Errorf("stack %d with a file without a name (string %d)", s.id, f.file)
			}
		}
	}
	return nil
}

// intern gives the stacks their numbers in the tables of the whole trace.
func (t *tables) intern(shared *event.Tables) {
	t.shared = shared
	var ids [maxFramesPerStack]event.FrameID
	for _, s := range t.listed {
		pcs := t.pcs[s.from:s.to]
		for i, pc := range pcs {
			ids[i] = t.frame(pc)
		}
		*t.stacks.get(s.id) = shared.InternFrames(ids[:len(pcs)])
	}
}

func (t *tables) frame(pc uint64) event.FrameID {
	f := t.frames[pc]
	if !f.known {
		fn, file := t.strings.get(f.fn), t.strings.get(f.file)
		f.id, f.known = t.shared.InternFrame(event.Frame{
			Func: t.text(fn), File: t.text(file), Line: int(min(f.line, math.MaxInt32)),
		}), true
		t.frames[pc] = f
	}
	return f.id
}

// stringID is the number of a string in the tables of the whole trace.
func (t *tables) stringID(id uint64) (event.StringID, bool) {
	n := t.strings.get(id)
	if n == nil {
		return 0, false
	}
	if !n.known {
		n.id, n.known = t.shared.Intern(t.text(n)), true
	}
	return n.id, true
}

// message is the number of a log's message, 0 if messages are not kept.
func (t *tables) message(id uint64) (event.StringID, bool) {
	n := t.strings.get(id)
	if n == nil {
		return 0, false
	}
	if !t.shared.KeepsMessages() {
		return 0, true
	}
	return t.shared.InternMessage(t.text(n)), true
}

// reasonID is the number of a reason.
func (t *tables) reasonID(id uint64) (event.ReasonID, bool) {
	n := t.strings.get(id)
	if n == nil {
		return 0, false
	}
	if !n.asked {
		n.reason, n.asked = t.shared.InternReason(t.text(n)), true
	}
	return n.reason, true
}

// sample is one of a CPU profile's.
type sample struct {
	time      uint64 // ticks
	ns        int64
	thread, p int64
	goroutine int64
	stack     uint64
}

// addSamples reads a batch of CPU samples.
func (g *generation) addSamples(r *batchReader) error {
	for r.more() {
		if kind := r.byte(); kind != typeCPUSample {
			return r.fail("byte %d in a batch of CPU samples", kind)
		}
		s := sample{time: r.uint(), thread: int64(r.uint()), p: int64(r.uint()), goroutine: int64(r.uint()), stack: r.uint()}
		if !r.ok() {
			return r.fail("a CPU sample that does not end in its batch")
		}
		if s.goroutine == 0 {
			s.goroutine = event.NoG
		}
		g.samples = append(g.samples, s)
	}
	return nil
}

// sortSamples puts the samples in order. The sort must be the one that
// golang.org/x/exp/trace uses, as it leaves open what equal times do.
func (g *generation) sortSamples() {
	for i := range g.samples {
		g.samples[i].ns = g.ns(g.samples[i].time)
	}
	slices.SortFunc(g.samples, func(a, b sample) int { return cmp.Compare(a.ns, b.ns) })
}
