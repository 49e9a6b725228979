package collect

import (
	"cmp"
	"maps"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Place is the waits of a group of goroutines of one kind on one stack.
type Place struct {
	Group int32 // in the trace
	Kind  waitkind.Kind
	Stack event.StackID // of the reading that is asked
	Whole bool          // those that lasted from the trace's start to its end
}

// idlePlace is a place in words that every reading of the trace understands.
type idlePlace struct {
	group int32
	kind  waitkind.Kind
	stack string
	whole bool
}

// Idle returns what says of places whether nothing is in progress there: the rule by
// which the waits are at rest, "" if they are not, and whether whoever waits is
// represented by those that it waits for. The places are those of another reading,
// with tables of its own. It may be called after Finish.
func (s *Set) Idle(tables *event.Tables) func(Place) (rule string, join bool) {
	known := make(map[idlePlace]*cell)
	for n, g := range s.accounting.groups {
		if g == nil {
			continue
		}
		for key, c := range g.cells {
			if c.rest != "" || c.join {
				known[idlePlace{int32(n), key.kind, stackText(s.accounting.tables, key.stack), key.whole}] = c
			}
		}
	}
	return func(p Place) (string, bool) {
		if !p.Kind.Class().Waiting() {
			return "", false
		}
		c := known[idlePlace{p.Group, p.Kind, stackText(tables, p.Stack), p.Whole}]
		if c == nil {
			return "", p.Kind == waitkind.WaitGroup
		}
		return c.rest, c.join
	}
}

// stackText is a stack in a form that two readings of a trace share.
func stackText(tables *event.Tables, stack event.StackID) string {
	var key []byte
	for _, f := range tables.Frames(stack) {
		key = append(append(append(key, f.Func...), 0), f.File...)
		key = append(key, 0, byte(f.Line), byte(f.Line>>8), byte(f.Line>>16), byte(f.Line>>24))
	}
	return string(key)
}

// Sweep is how many user goroutines ran, and under which label, over the time. It may
// be called after Finish.
func (s *Set) Sweep() interval.Sweep {
	p := &s.sweep.phases
	out := interval.Sweep{From: p.from, Width: p.width, Labels: slices.Clone(labelNames[:])}
	for _, c := range slices.SortedFunc(maps.Keys(p.running), func(x, y runningCell) int {
		return cmp.Or(cmp.Compare(x.bin, y.bin), cmp.Compare(x.label, y.label), cmp.Compare(x.running, y.running))
	}) {
		out.Cells = append(out.Cells, interval.SweepCell{Bin: c.bin, Label: int32(c.label), Running: c.running, Ns: p.running[c]})
	}
	return out
}
