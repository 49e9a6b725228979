package blame

import (
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Step is a part of what filled a stretch of a goroutine's time. It is either a
// piece, or a wait for another goroutine with the steps of that one meanwhile.
type Step struct {
	From, To int64 // ns
	G        int64
	Who      Ref // the group of G
	Piece    Piece
	// Kind is, of a wait or of readiness, which one; NumKinds for others.
	Kind  waitkind.Kind
	Stack event.StackID // where it waited, in the system call, or ran until; 0 if not known

	// Waker is the goroutine that ended a wait, on WakerOn, and Steps are what it
	// did meanwhile. NoG if the step is a piece.
	Waker   int64
	WakerOn event.StackID
	Steps   []Step

	key key
}

// Ns is the length of a step.
func (s *Step) Ns() int64 { return s.To - s.From }

// IsWait says whether the step is a wait that another goroutine ended.
func (s *Step) IsWait() bool { return s.Waker != event.NoG }

const (
	// maxDepth is how far a chain of causes is followed. methods.md A.8 has 64; a
	// queue for a lock is as deep as it is long.
	maxDepth = 10_000
	// maxSteps bounds the steps of one walk.
	maxSteps = 200_000
)

// walk follows one goroutine's time back.
type walk struct {
	*Recording
	pieces *pieceTable
	left   int // steps that may still be made
}

// Walk is what filled a goroutine's time from an instant to another, in order. The
// steps follow each other without a gap, and those of a wait fill the wait. What
// is not known is a step of kind Unknown, what was dropped or is too long a chain
// one of kind Unresolved.
func (b *Ledger) Walk(g, from, to int64) []Step {
	w := walk{b.recording, b.pieces, maxSteps}
	return w.steps(b.recording.threads[g], from, to, 0)
}

// find is the first interval that ends after an instant.
func (t *thread) find(at int64) int {
	i, _ := slices.BinarySearchFunc(t.intervals, at, func(x interval, at int64) int {
		if x.to <= at {
			return -1
		}
		return 1
	})
	return i
}

// steps are the steps of a goroutine in [from, to), and before it was there those of
// whoever created it.
func (w *walk) steps(t *thread, from, to int64, depth int) []Step {
	if t == nil || depth > maxDepth {
		return []Step{w.blank(t, from, to, unresolvedKey)}
	}
	var line []*thread // who created whom, the first last
	for ; from < t.born && t.creator != nil; t = t.creator {
		line = append(line, t)
	}
	var out []Step
	if from < t.born {
		end := min(t.born, to)
		out = append(out, w.blank(t, from, end, t.before))
		from = end
	}
	for ; from < to; t, line = line[len(line)-1], line[:len(line)-1] {
		end := to
		if len(line) > 0 {
			end = min(to, line[len(line)-1].born)
		}
		out = w.own(out, t, from, end, depth)
		if from = end; len(line) == 0 {
			break
		}
	}
	return out
}

// own appends the steps of a goroutine in a part of its life.
func (w *walk) own(out []Step, t *thread, from, to int64, depth int) []Step {
	for i := t.find(from); i < len(t.intervals) && from < to; i++ {
		in := &t.intervals[i]
		if in.from >= to {
			break
		}
		if w.left--; w.left < 0 {
			return append(out, w.blank(t, from, to, unresolvedKey))
		}
		if in.from > from {
			out = append(out, w.missing(t, from, in.from))
			from = in.from
		}
		end := min(in.to, to)
		if end <= from {
			continue // damage: intervals that overlap
		}
		out = append(out, w.step(t, in, from, end, depth))
		from = end
	}
	if from < to {
		out = append(out, w.missing(t, from, to))
	}
	return out
}

// missing is a stretch of which nothing is written down.
func (w *walk) missing(t *thread, from, to int64) Step {
	k := unknownKey
	if from < w.from {
		k = unresolvedKey
	}
	return w.blank(t, from, to, k)
}

func (w *walk) blank(t *thread, from, to int64, k key) Step {
	s := Step{From: from, To: to, G: event.NoG, Who: NoOne, Piece: w.pieces.of(k), Kind: waitkind.NumKinds, Waker: event.NoG, key: k}
	if t != nil {
		s.G, s.Who = t.id, t.who
	}
	return s
}

// step is the part of an interval in [from, to).
func (w *walk) step(t *thread, in *interval, from, to int64, depth int) Step {
	s := w.blank(t, from, to, in.key)
	s.Kind, s.Stack = in.kind, in.stack
	if in.waker == nil {
		return s
	}
	s.Waker, s.WakerOn = in.waker.id, in.wakerOn
	s.Steps = w.steps(in.waker, from, to, depth+1)
	if IsLock(in.kind) {
		w.hold(s.Steps, in.waker.id, in.wakerOn, 0)
	}
	return s
}

// hold makes of what a goroutine did, or who created it, what it is to those who wait
// for a lock that the goroutine has and lets go of on a stack.
func (w *walk) hold(steps []Step, holder int64, release event.StackID, own key) {
	for i := range steps {
		s := &steps[i]
		if s.IsWait() {
			w.hold(s.Steps, holder, release, inherited)
			continue
		}
		s.key = w.pieces.holding(s.key|own, release, s.G != holder) & keyMask
		s.Piece = w.pieces.of(s.key)
	}
}

// Path is the critical path to what a goroutine had reached at an instant, from
// another instant on: steps that follow each other, none a wait for a goroutine. Where
// the goroutine waited for one that was created since, the path leads through that one
// and whoever created it, and not back to what the goroutine did beside it: that could
// have taken longer. One that was there before is followed for as long as it was
// waited for, since what it did before may have nothing to do with this.
func (b *Ledger) Path(g, from, to int64) []Step {
	w := walk{b.recording, b.pieces, maxSteps}
	path := pathWalk{walk: &w, from: from}
	path.back(w.threads[g], from, to, 0)
	slices.Reverse(path.steps)
	return path.steps
}

// pathWalk collects a path from its end.
type pathWalk struct {
	*walk
	from  int64
	steps []Step
}

// back follows a goroutine from an instant back to another.
func (p *pathWalk) back(t *thread, from, to int64, depth int) {
	for from < to {
		switch {
		case t == nil || depth > maxDepth || p.left < 0:
			p.steps = append(p.steps, p.blank(t, from, to, unresolvedKey))
			return
		case to <= t.born && t.creator != nil:
			t = t.creator
			continue
		case to <= t.born:
			p.steps = append(p.steps, p.blank(t, from, to, t.before))
			return
		}
		p.left--
		i := t.find(to - 1)
		if i >= len(t.intervals) || t.intervals[i].from >= to {
			// nothing is written down until to
			begin := max(from, t.born)
			if i > 0 {
				begin = max(begin, t.intervals[i-1].to)
			}
			p.steps = append(p.steps, p.missing(t, begin, to))
			to = begin
			continue
		}
		in := &t.intervals[i]
		begin := max(from, in.from)
		switch {
		case in.waker == nil:
			p.steps = append(p.steps, p.step(t, in, begin, to, depth))
		case in.waker.born > p.from && in.waker.creator != nil && !IsLock(in.kind):
			t, depth = in.waker, depth+1 // and from there on
			continue
		default:
			n := len(p.steps)
			p.back(in.waker, begin, to, depth+1)
			if IsLock(in.kind) {
				p.hold(p.steps[n:], in.waker.id, in.wakerOn, 0)
			}
		}
		to = begin
	}
}

// Leaves calls f with the pieces of steps in order, and how many waits for
// goroutines each lies below.
func Leaves(steps []Step, f func(s *Step, depth int)) {
	leaves(steps, 0, f)
}

func leaves(steps []Step, depth int, f func(*Step, int)) {
	for i := range steps {
		if s := &steps[i]; s.IsWait() {
			leaves(s.Steps, depth+1, f)
		} else {
			f(s, depth)
		}
	}
}

// Sum sums pieces of steps: those that are not below a wait are direct.
func (b *Ledger) Sum(steps []Step) []Share {
	var sums []share
	Leaves(steps, func(s *Step, depth int) {
		k := s.key
		if depth > 0 {
			k |= inherited
		}
		sums = addShare(sums, share{k, s.Ns()})
	})
	return b.sharesOf(sums)
}

// SumPath sums a path that ends on a goroutine: what that did is direct.
func (b *Ledger) SumPath(steps []Step, g int64) []Share {
	var sums []share
	for i := range steps {
		k := steps[i].key
		if steps[i].G != g {
			k |= inherited
		}
		sums = addShare(sums, share{k, steps[i].Ns()})
	}
	return b.sharesOf(sums)
}

// FrameOf is the frame that a developer knows a stack by, 0 for none.
func (b *Ledger) FrameOf(stack event.StackID) event.FrameID {
	if stack == 0 || stack == atEntry {
		return 0
	}
	return b.pieces.frame(stack)
}
