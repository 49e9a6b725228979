package blame

import (
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Recording keeps what goroutines did in parts of a trace, interval by interval, to
// follow single waits through it. A Ledger fills it in.
type Recording struct {
	windows []Window
	most    int // intervals
	n       int
	from    int64             // what ended before was dropped for want of memory
	threads map[int64]*thread // that live, or have intervals here
}

// Window is a part of a trace, ns.
type Window struct{ From, To int64 }

// thread is a goroutine in a recording.
type thread struct {
	id        int64
	who       Ref
	born      int64   // or when it was first known
	creator   *thread // nil if that is not known, or too far back
	depth     int32   // how many creators there are, at most
	before    key     // what was before it was born, if it has no creator
	ended     int64   // -1 while it lives
	intervals []interval
	children  []*thread // that it created, in the order in which they ended
}

// interval is what a goroutine did for a while: one piece of its own, or a wait
// that another goroutine ended.
type interval struct {
	from, to int64
	waker    *thread // nil for a piece of its own
	key      key     // the piece
	stack    event.StackID
	wakerOn  event.StackID // stack of the waker when it ended the wait
	kind     waitkind.Kind // of a wait, whoever ended it, or of the readiness
}

const intervalBytes = 56

// NewRecording returns a recording of some windows that takes about so many bytes
// at most. What does not fit is dropped, the oldest first.
func NewRecording(windows []Window, bytes int64) *Recording {
	return &Recording{windows: windows, most: int(max(bytes/intervalBytes, 1000)), threads: make(map[int64]*thread)}
}

// Record lets a ledger fill in a recording, from its first record on.
func (b *Ledger) Record(to *Recording) { b.recording = to }

// DroppedUntil is the instant until which intervals were dropped for want of
// memory, or 0.
func (rec *Recording) DroppedUntil() int64 { return rec.from }

func (rec *Recording) covers(from, to int64) bool {
	return slices.ContainsFunc(rec.windows, func(w Window) bool { return from < w.To && to > w.From })
}

// born takes in a goroutine; born again after a gap, it goes on.
func (rec *Recording) born(l, creator *life, r *timeline.Record) {
	t := &thread{id: l.id, who: l.ref, born: r.Start, before: l.hist.before, ended: -1}
	if l.hist.parent != nil && creator != nil {
		t.creator = rec.threads[creator.id]
	}
	if t.creator != nil {
		if t.depth = t.creator.depth + 1; t.depth > 2*mostParents {
			t.forgetCreators()
		}
	}
	if old := rec.threads[l.id]; old != nil && r.Has(timeline.FlagGap) {
		t.intervals = old.intervals
	}
	rec.threads[l.id] = t
}

// forgetCreators cuts the older half of the line of creators off.
func (t *thread) forgetCreators() {
	last := t
	for last.depth > mostParents && last.creator != nil {
		last.depth -= mostParents
		last = last.creator
	}
	last.creator, last.before = nil, unresolvedKey
}

// ends takes in that a goroutine is gone. Of one that did nothing in the windows
// nothing is kept, but for those that it created.
func (rec *Recording) ends(id, at int64) {
	t := rec.threads[id]
	if t == nil {
		return
	}
	if t.ended = at; len(t.intervals) == 0 {
		delete(rec.threads, id)
	} else if t.creator != nil {
		t.creator.children = append(t.creator.children, t)
	}
}

func (rec *Recording) add(g int64, i interval) {
	if i.to <= i.from || !rec.covers(i.from, i.to) {
		return
	}
	t := rec.threads[g]
	if t == nil {
		return
	}
	t.intervals = append(t.intervals, i)
	if rec.n++; rec.n > rec.most {
		rec.drop(i.to)
	}
}

// drop drops the older half of the time that is kept, as often as it takes to be
// rid of a fair part of the intervals.
func (rec *Recording) drop(now int64) {
	oldest := now
	for _, t := range rec.threads {
		if len(t.intervals) > 0 {
			oldest = min(oldest, t.intervals[0].from)
		}
	}
	for rec.from = max(rec.from, oldest); rec.n > rec.most*3/4 && rec.from < now; {
		rec.from += max(1, (now-rec.from)/2)
		for _, t := range rec.threads {
			n := 0
			for n < len(t.intervals) && t.intervals[n].to <= rec.from {
				n++
			}
			rec.n -= n
			t.dropFirst(n)
			if len(t.intervals) == 0 && t.ended >= 0 {
				delete(rec.threads, t.id)
			}
		}
	}
}

// dropFirst drops intervals, and what memory they took.
func (t *thread) dropFirst(n int) {
	switch left := t.intervals[n:]; {
	case len(left) == 0:
		t.intervals, t.children = nil, nil
	case n > len(left):
		t.intervals = slices.Clone(left)
	default:
		t.intervals = slices.Delete(t.intervals, 0, n)
	}
}

// RunnerUp is who a wait for several would have ended with, had the goroutine that
// ended it been faster: of those that the one that waited created, the last other one
// to end during the wait.
func (rec *Recording) RunnerUp(waiter, waker, from, to int64) (g, ended int64, ok bool) {
	parent := rec.threads[waiter]
	if parent == nil || rec.threads[waker] == nil {
		return 0, 0, false
	}
	for i := len(parent.children) - 1; i >= 0 && parent.children[i].ended > from; i-- {
		if other := parent.children[i]; other.id != waker && other.ended <= to {
			return other.id, other.ended, true
		}
	}
	return 0, 0, false
}

// LastToRun is the goroutine that ran last in a window, of those whose group is
// asked for.
func (rec *Recording) LastToRun(w Window, of func(Ref) bool) (g int64, ok bool) {
	last := w.From
	for id, t := range rec.threads {
		if !of(t.who) {
			continue
		}
		for i := len(t.intervals) - 1; i >= 0 && t.intervals[i].to > w.From; i-- {
			in := &t.intervals[i]
			if in.waker != nil || in.kind.Class() != waitkind.Running || in.from >= w.To {
				continue
			}
			if end := min(in.to, w.To); end > last || end == last && ok && id < g {
				g, last, ok = id, end, true
			}
			break
		}
	}
	return g, ok
}

// Who is the group of a goroutine.
func (rec *Recording) Who(g int64) (Ref, bool) {
	if t := rec.threads[g]; t != nil {
		return t.who, true
	}
	return NoOne, false
}
