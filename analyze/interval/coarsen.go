package interval

import (
	"math"
	"slices"

	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Coarsen merges the intervals that are shorter than so many ns, but for those that
// something points to, and forgets goroutines of which nothing else is left. It
// returns how many entries the goroutines' lists have then.
func (l *Log) Coarsen(ns int64) (entries int) {
	if ns <= l.BelowNs {
		ns = l.BelowNs
	}
	l.BelowNs = ns
	kept := l.Goroutines[:0]
	for _, g := range l.Goroutines {
		if l.Thin(g) {
			kept = append(kept, g)
			entries += len(g.Intervals)
		}
	}
	clear(l.Goroutines[len(kept):])
	l.Goroutines = kept
	return entries
}

// Widen makes the bins twice as long.
func (l *Log) Widen() {
	rest := make(map[RestKey]RestSum, len(l.Rest)*2/3)
	for key, sum := range l.Rest {
		key.Bin /= 2
		both := rest[key]
		rest[key] = RestSum{both.Ns + sum.Ns, both.Count + sum.Count}
	}
	lengths := make(map[LengthKey]int64, len(l.Lengths)*2/3)
	for key, n := range l.Lengths {
		key.Bin /= 2
		lengths[key] += n
	}
	procs := make(map[ProcKey]ProcSum, len(l.ProcRest)/2)
	for key, sum := range l.ProcRest {
		key.Bin /= 2
		both := procs[key]
		procs[key] = ProcSum{both.User + sum.User, both.System + sum.System, both.Other + sum.Other}
	}
	l.Rest, l.Lengths, l.ProcRest = rest, lengths, procs
	l.BinNs, l.LengthBinNs = 2*l.BinNs, 2*l.LengthBinNs
}

// Thin merges what is shorter than BelowNs in one goroutine's list, and reports
// whether it has anything left to tell.
func (l *Log) Thin(g *Goroutine) bool {
	at, told := g.Start, false
	out := g.Intervals[:0]
	for _, iv := range g.Intervals {
		out = l.put(out, g, iv, at)
		at += iv.Ns
	}
	for i := range out {
		told = told || !l.Cells[out[i].Cell].Merged
	}
	g.Intervals = slices.Clip(out)
	return told
}

// Add appends an interval to a goroutine's list, merged if it is short.
func (l *Log) Add(g *Goroutine, iv Interval, at int64) {
	g.Intervals = l.put(g.Intervals, g, iv, at)
}

func (l *Log) put(list []Interval, g *Goroutine, iv Interval, at int64) []Interval {
	c := &l.Cells[iv.Cell]
	switch {
	case c.Merged: // again
	case iv.Keep || iv.Ns >= l.BelowNs || c.Gap:
		return append(list, iv)
	default:
		l.book(&iv, at)
		iv.Who, iv.Stack = 1, weight(iv.Ns)
	}
	if n := len(list); n > 0 && l.Cells[list[n-1].Cell].Merged {
		l.join(&list[n-1], &iv, g)
		return list
	}
	iv.Cell = l.standIn(g, l.Cells[iv.Cell].Kind)
	return append(list, iv)
}

// weight is a duration as a vote, in units of 64 ns.
func weight(ns int64) int32 { return int32(min(ns>>6+1, math.MaxInt32)) }

// join adds an interval to merged ones before it. The kind that has more than half of
// the time is found by letting each take votes away from the others.
func (l *Log) join(into, iv *Interval, g *Goroutine) {
	into.Ns += iv.Ns
	into.Who += iv.Who
	if kind := l.Cells[iv.Cell].Kind; kind == l.Cells[into.Cell].Kind {
		into.Stack = int32(min(int64(into.Stack)+int64(iv.Stack), math.MaxInt32))
	} else if into.Stack -= iv.Stack; into.Stack < 0 {
		into.Stack, into.Cell = -into.Stack, l.standIn(g, kind)
	}
}

type mergedKey struct {
	group  int
	kind   waitkind.Kind
	system bool
}

// standIn is the cell of merged intervals of a group that mostly were of a kind.
func (l *Log) standIn(g *Goroutine, kind waitkind.Kind) int32 {
	key := mergedKey{g.Group, kind, g.System}
	cell, ok := l.merged[key]
	if !ok {
		cell = int32(len(l.Cells))
		l.Cells = append(l.Cells, Cell{Group: g.Group, Kind: kind, System: g.System, Merged: true})
		l.merged[key] = cell
	}
	return cell
}

// book adds an interval to the sums of what is merged.
func (l *Log) book(iv *Interval, start int64) {
	c := &l.Cells[iv.Cell]
	if !c.Switch && c.Rule == "" { // as in result.Result.Waits
		l.Lengths[LengthKey{int32((start - l.From) / l.LengthBinNs), int32(c.Group), c.Kind, bucketOf(iv.Ns)}]++
	}
	first := int64(1)
	l.byBin(start, iv.Ns, func(bin int32, ns int64) {
		key := RestKey{bin, iv.Cell}
		sum := l.Rest[key]
		l.Rest[key] = RestSum{sum.Ns + ns, sum.Count + first}
		first = 0
		switch {
		case !onProc(c.Kind) || iv.Who < 0:
		case c.System:
			l.ran(bin, int32(iv.Who), ProcSum{System: ns})
		default:
			l.ran(bin, int32(iv.Who), ProcSum{User: ns})
		}
	})
}

// Others books what a P ran of a goroutine that was not asked for.
func (l *Log) Others(p int32, start, ns int64) {
	l.byBin(start, ns, func(bin int32, ns int64) { l.ran(bin, p, ProcSum{Other: ns}) })
}

// byBin cuts a stretch where bins begin.
func (l *Log) byBin(start, ns int64, book func(bin int32, ns int64)) {
	for ns > 0 {
		bin := (start - l.From) / l.BinNs
		part := min(ns, l.From+(bin+1)*l.BinNs-start)
		book(int32(bin), part)
		start += part
		ns -= part
	}
}

// onProc says which kinds run on a P.
func onProc(k waitkind.Kind) bool { return k == waitkind.User || k == waitkind.GCAssist }

func (l *Log) ran(bin, p int32, more ProcSum) {
	key := ProcKey{bin, p}
	sum := l.ProcRest[key]
	l.ProcRest[key] = ProcSum{sum.User + more.User, sum.System + more.System, sum.Other + more.Other}
}

// bucketOf is the bucket of a length: four for each power of two.
func bucketOf(ns int64) uint8 {
	if ns < 2 {
		return 0
	}
	return uint8(math.Log2(float64(ns)) * 4)
}
