package collect

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// maxSpans is how many of the longest stretches are kept.
const maxSpans = 10

// maxWorst is how many of the longest waits at one place are kept.
const maxWorst = 3

// topSpans keeps the longest stretches of time, the longest first; of equally
// long ones the earlier.
type topSpans struct {
	spans []topSpan
}

type topSpan struct {
	from, to, g int64
}

func (t *topSpans) add(from, to, g int64) { t.keep(maxSpans, from, to, g) }

// keep adds a stretch to a list of at most n.
func (t *topSpans) keep(n int, from, to, g int64) {
	ns := to - from
	if ns <= 0 || len(t.spans) >= n && ns <= t.spans[n-1].to-t.spans[n-1].from {
		return
	}
	i, _ := slices.BinarySearchFunc(t.spans, ns, func(s topSpan, ns int64) int {
		if s.to-s.from >= ns {
			return -1
		}
		return 1
	})
	t.spans = slices.Insert(t.spans, i, topSpan{from, to, g})
	t.spans = t.spans[:min(len(t.spans), n)]
}

// least is how long a stretch must at least not be to be listed, ns.
func (t *topSpans) least() int64 {
	if len(t.spans) < maxSpans {
		return 0
	}
	last := t.spans[maxSpans-1]
	return last.to - last.from
}

// merge adds the stretches of another list.
func (t *topSpans) merge(o *topSpans) {
	t.spans = append(t.spans, o.spans...)
	slices.SortFunc(t.spans, func(x, y topSpan) int {
		return cmp.Or(cmp.Compare(y.to-y.from, x.to-x.from), cmp.Compare(x.from, y.from), cmp.Compare(x.g, y.g))
	})
	t.spans = t.spans[:min(len(t.spans), maxSpans)]
}

// moments are the first of the stretches as they go into the result.
func (t *topSpans) moments(n int) []result.Moment {
	out := make([]result.Moment, 0, min(n, len(t.spans)))
	for _, s := range t.spans[:min(n, len(t.spans))] {
		m := result.Moment{FromNs: s.from, ToNs: s.to}
		if s.g != event.NoG {
			m.Goroutine = s.g
		}
		out = append(out, m)
	}
	return out
}
