package collect

import (
	"cmp"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// sequentialIO finds goroutines that wait for answers from outside, one after the
// other, while nothing else is in progress. A goroutine that only reads waits for
// what others want of it, and could not have begun earlier.
type sequentialIO struct {
	top []*soleRun
}

// leastAnswer is how long a wait is at least that counts: what is shorter than a
// wake-up takes (methods.md 0.3) cannot be saved.
const leastAnswer = 150_000

// soleRun is such waits of one goroutine.
type soleRun struct {
	g     int64
	group *groupAccount
	waits int64
	ns    int64 // while nothing else was in progress
	most  int64 // in a row
	row   int64
	via   int64 // of these, through another goroutine
	worst topSpans
	cell  *cell // of the longest
}

// waited takes in a wait of which so many ns were the only thing in progress. A
// wait for something else of the program ends a row.
func (q *sequentialIO) waited(w *swept, at, ns, sole int64, asked bool, c *cell) {
	switch w.class {
	case waitsSync, waitsTimer:
		if w.sole != nil && ns >= leastAnswer {
			w.sole.row = 0
		}
		return
	}
	if !asked || sole*2 < ns || ns < leastAnswer || w.group == nil {
		return
	}
	if w.sole == nil {
		w.sole = &soleRun{g: w.id, group: w.group}
	}
	s := w.sole
	s.waits++
	if w.class == waitsVia {
		s.via++
	}
	s.ns += sole
	s.row++
	s.most = max(s.most, s.row)
	if len(s.worst.spans) == 0 || sole > s.worst.spans[0].to-s.worst.spans[0].from {
		s.cell = c
	}
	s.worst.keep(maxWorst, at-ns, at-ns+sole, event.NoG)
}

// ended takes in all that a goroutine did.
func (q *sequentialIO) ended(w *swept) {
	if w.sole == nil {
		return
	}
	q.top = insertTop(q.top, w.sole, func(x, y *soleRun) int { return cmp.Compare(y.ns, x.ns) })
	w.sole = nil
}

func (q *sequentialIO) result(tables *event.Tables, groups func(*groupAccount) int) []result.SequentialIO {
	var out []result.SequentialIO
	for _, s := range q.top {
		longest := s.worst.spans[0]
		out = append(out, result.SequentialIO{
			Goroutine: s.g, Group: groups(s.group), Waits: s.waits, TotalNs: s.ns, LongestNs: longest.to - longest.from,
			MostInARow: s.most, ViaWaits: s.via, Frames: frames(tables, s.cell.real().key.stack), At: s.worst.moments(maxWorst),
		})
	}
	return out
}
