package blame

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// Path is what the tasks, or the regions, of one type consisted of: what their goroutine
// did, and where it waited what filled the wait, of their length exactly.
type Path struct {
	Task   bool // or region
	Name   event.StringID
	Runs   int64 // that have both ends in the scope
	Ns     int64
	Shares []Share
	// Slowest are the longest of the runs, Typical is one of about the median
	// length.
	Slowest []Run
	Typical Run
}

// Run is one task or region.
type Run struct {
	Task     int64 // or event.NoTask
	G        int64 // that ended it
	From, To int64 // ns
	Shares   []Share

	shares []share
}

func (r *Run) ns() int64 { return r.To - r.From }

// MaxSlowest is how many of the slowest runs are kept.
const MaxSlowest = 10

// maxOpenTasks bounds the tasks that are followed at once.
const maxOpenTasks = 100_000

// maxTypes bounds the types of tasks and regions that are told apart.
const maxTypes = 1000

// paths sums the paths of tasks and regions.
type paths struct {
	open  map[int64]openTask
	types map[pathKey]*pathSum
	order []pathKey // in which they came up
	sums  sumTable  // by the index in order
}

type pathKey struct {
	task bool
	name event.StringID
}

type openTask struct {
	name  event.StringID
	begin int64
}

// pathSum is the runs of one type.
type pathSum struct {
	id       int32 // index in paths.order
	runs, ns int64
	slowest  []Run // the longest first
	lengths  [64 * 4]lengthClass
}

// lengthClass is the runs of one length, within a fifth or so.
type lengthClass struct {
	runs  int64
	first Run
}

func newPaths() paths {
	return paths{open: make(map[int64]openTask), types: make(map[pathKey]*pathSum), sums: newSumTable()}
}

// annotated takes what a program says about itself.
func (b *Ledger) annotated(r *timeline.Record) {
	if r.Slot < 0 {
		return
	}
	l := b.lives[r.Slot]
	if l == nil {
		return
	}
	b.mark(l, r.Start, r.Stack)
	for _, w := range b.works {
		w.marked(l, r.Start, b.busy.running)
	}
	asked := !l.deselect && !l.system
	switch r.Op {
	case timeline.OpTaskBegin:
		if asked && len(b.paths.open) < maxOpenTasks && !r.Has(timeline.FlagOutside) {
			b.paths.open[r.Value] = openTask{r.Name, r.Start}
		}
	case timeline.OpTaskEnd:
		t, ok := b.paths.open[r.Value]
		delete(b.paths.open, r.Value)
		if ok && asked && !r.Has(timeline.FlagOutside) {
			b.spanEnds(l, pathKey{true, t.name}, Run{Task: r.Value, G: l.id, From: t.begin, To: r.Start})
		}
	case timeline.OpRegionBegin:
		b.regionBegins(l, r, asked)
	case timeline.OpRegionEnd:
		b.regionEnds(l, r, asked)
	}
}

func (b *Ledger) regionBegins(l *life, r *timeline.Record, asked bool) {
	if len(l.regions) >= maxRegions {
		return
	}
	begin := r.Start
	if r.Has(timeline.FlagOutside) {
		begin = -1
	}
	if len(l.regions) == 0 {
		l.hist.pin = begin
	}
	l.regions = append(l.regions, openRegion{r.Name, begin})
	if asked {
		b.works[0].regionBegins(l, r)
	}
}

// maxRegions bounds the nesting of regions in one goroutine.
const maxRegions = 1000

func (b *Ledger) regionEnds(l *life, r *timeline.Record, asked bool) {
	i := len(l.regions) - 1
	for i >= 0 && l.regions[i].name != r.Name {
		i--
	}
	if i < 0 {
		return // it began before the trace
	}
	begin := l.regions[i].begin
	l.regions = l.regions[:i]
	b.works[0].regionEnds(l, r, i, b.busy.running)
	if asked && begin >= 0 && !r.Has(timeline.FlagOutside) {
		b.spanEnds(l, pathKey{false, r.Name}, Run{Task: r.Value, G: l.id, From: begin, To: r.Start})
	}
}

// spanEnds takes in a task or region that ended now.
func (b *Ledger) spanEnds(l *life, key pathKey, run Run) {
	sum := b.paths.types[key]
	if sum == nil {
		if len(b.paths.types) >= maxTypes {
			return
		}
		sum = &pathSum{id: int32(len(b.paths.order))}
		b.paths.types[key] = sum
		b.paths.order = append(b.paths.order, key)
	}
	b.found = l.hist.look(b.found[:0], run.From, run.To)
	b.shares = addFound(b.shares[:0], b.found)
	for _, sh := range b.shares {
		b.paths.sums.add(sum.id, sh.key, sh.ns)
	}
	sum.add(run, b.shares)
}

// add adds a run that consists of shares.
func (p *pathSum) add(run Run, shares []share) {
	p.runs++
	p.ns += run.ns()
	class := &p.lengths[lengthOf(run.ns())]
	slow := len(p.slowest) < MaxSlowest || run.ns() > p.slowest[len(p.slowest)-1].ns()
	if slow || class.runs == 0 {
		run.shares = slices.Clone(shares)
	}
	if class.runs == 0 {
		class.first = run
	}
	class.runs++
	if slow {
		i, _ := slices.BinarySearchFunc(p.slowest, run, func(x, y Run) int {
			return cmp.Or(cmp.Compare(y.ns(), x.ns()), -1) // behind its equals
		})
		p.slowest = slices.Insert(p.slowest, i, run)
		p.slowest = p.slowest[:min(len(p.slowest), MaxSlowest)]
	}
}

// lengthOf is the number of the class of a length: four to each power of two.
func lengthOf(ns int64) int {
	if ns < 4 {
		return int(max(ns, 0))
	}
	e := bits.Len64(uint64(ns)) - 3
	return e*4 + int(ns>>e)
}

// typical is a run of about the median length.
func (p *pathSum) typical() Run {
	seen := int64(0)
	for i := range p.lengths {
		if seen += p.lengths[i].runs; seen*2 >= p.runs {
			return p.lengths[i].first
		}
	}
	return Run{}
}

// Paths are the paths of all tasks and regions, in the order in which the first of
// a type ended.
func (b *Ledger) Paths() []Path {
	var out []Path
	shares := b.sharesBy(&b.paths.sums, len(b.paths.order))
	for i, key := range b.paths.order {
		sum := b.paths.types[key]
		p := Path{Task: key.task, Name: key.name, Runs: sum.runs, Ns: sum.ns, Shares: shares[i], Typical: sum.typical()}
		p.Typical.Shares = b.sharesOf(p.Typical.shares)
		for _, run := range sum.slowest {
			run.Shares = b.sharesOf(run.shares)
			p.Slowest = append(p.Slowest, run)
		}
		out = append(out, p)
	}
	return out
}

// sharesOf joins what is a goroutine's own and what it waited through.
func (b *Ledger) sharesOf(in []share) []Share {
	var out []Share
	at := make(map[key]int)
	for _, sh := range in {
		i, ok := at[sh.key&keyMask]
		if !ok {
			i = len(out)
			at[sh.key&keyMask] = i
			out = append(out, Share{Piece: b.pieces.of(sh.key)})
		}
		if sh.key&inherited != 0 {
			out[i].PropagatedNs += sh.ns
		} else {
			out[i].DirectNs += sh.ns
		}
	}
	slices.SortFunc(out, b.compareShares)
	return out
}
