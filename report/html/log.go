package html

import (
	"cmp"
	"maps"
	"slices"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/waitkind"
	"github.com/conctrace/conctrace/report/internal/plain"
)

// logHeader is the header of the log's block (ui/src/data/log.ts).
type logHeader struct {
	From    int64    `json:"from"`
	To      int64    `json:"to"`
	Strings []string `json:"strings"`
	Kinds   []kind   `json:"kinds"`
	Bins    bins     `json:"bins"`
	LatBins bins     `json:"latBins"`
	Sweep   sweep    `json:"sweep"`
	Kept    kept     `json:"kept"`
	Columns []column `json:"columns"`
}

type kind struct {
	Label string `json:"label"`
	Class string `json:"class"`
	Doc   string `json:"doc"`
}

type bins struct {
	Width int64 `json:"width"`
	N     int   `json:"n"`
}

type sweep struct {
	From   int64    `json:"from"`
	Width  int64    `json:"width"`
	N      int      `json:"n"`
	Labels []string `json:"labels"`
}

// flags are bits, the first of the lowest value; ui/src/data/log.ts names them.
func flags(set ...bool) (f int64) {
	for i, on := range set {
		if on {
			f |= 1 << i
		}
	}
	return f
}

// texts numbers strings.
type texts struct {
	list []string
	ids  map[string]int64
}

func newTexts() *texts { return &texts{[]string{""}, map[string]int64{"": 0}} }

// id is a string's number. Of very long ones, which only a hostile trace has, the
// beginning stands for the whole.
func (t *texts) id(s string) int64 {
	if len(s) > plain.Longest {
		s = s[:plain.Longest]
	}
	id, ok := t.ids[s]
	if !ok {
		id = int64(len(t.list))
		t.list = append(t.list, s)
		t.ids[s] = id
	}
	return id
}

// logBlock writes the log as the page's scripts read it.
func logBlock(l *interval.Log, advice string) ([]byte, []column, error) {
	b, names := new(block), newTexts()
	l = used(l)
	stacksInto(b, l, names)
	goroutinesInto(b, l)
	restInto(b, l)
	besideInto(b, l, names)
	header := logHeader{
		From: l.From, To: l.To, Strings: names.list,
		Bins:    bins{l.BinNs, l.Bins()},
		LatBins: bins{l.LengthBinNs, l.LengthBins()},
		Sweep:   sweep{From: l.Sweep.From, Width: l.Sweep.Width, Labels: l.Sweep.Labels},
		Kept:    keptOf(l, advice),
	}
	for _, c := range l.Sweep.Cells {
		header.Sweep.N = max(header.Sweep.N, int(c.Bin)+1)
	}
	for k := range waitkind.NumKinds {
		header.Kinds = append(header.Kinds, kind{k.Label(), k.Class().String(), k.Doc()})
	}
	raw, err := b.bytes(func(c []column) any {
		header.Columns = c
		return header
	})
	return raw, b.columns, err
}

// used is the log without the stacks and frames that nothing refers to any more.
func used(l *interval.Log) *interval.Log {
	out := *l
	at := make([]int32, len(l.Stacks))
	frames := make([]int32, len(l.Frames))
	out.Tables = interval.NewTables()
	keep := func(stack int32) int32 {
		if stack == 0 || at[stack] != 0 {
			return at[stack]
		}
		var list []int32
		for _, f := range l.Stacks[stack] {
			if frames[f] == 0 {
				out.Frames = append(out.Frames, l.Frames[f])
				frames[f] = int32(len(out.Frames))
			}
			list = append(list, frames[f]-1)
		}
		at[stack] = int32(len(out.Stacks))
		out.Stacks = append(out.Stacks, list)
		return at[stack]
	}
	out.Cells = slices.Clone(l.Cells)
	for i := range out.Cells {
		out.Cells[i].Stack = keep(out.Cells[i].Stack)
	}
	out.Goroutines = make([]*interval.Goroutine, len(l.Goroutines))
	for i, g := range l.Goroutines {
		clone := *g
		clone.Intervals = slices.Clone(g.Intervals)
		for j := range clone.Intervals {
			iv := &clone.Intervals[j]
			if out.Cells[iv.Cell].Merged {
				iv.Stack = 0 // it was a vote
			} else {
				iv.Stack = keep(iv.Stack)
			}
		}
		out.Goroutines[i] = &clone
	}
	out.Samples = slices.Clone(l.Samples)
	for i := range out.Samples {
		out.Samples[i].Stack = keep(out.Samples[i].Stack)
	}
	return &out
}

func stacksInto(b *block, l *interval.Log, names *texts) {
	b.plain("frame.fn", false, len(l.Frames), func(i int) int64 { return names.id(l.Frames[i].Func) })
	b.plain("frame.file", false, len(l.Frames), func(i int) int64 { return names.id(l.Frames[i].File) })
	b.plain("frame.line", false, len(l.Frames), func(i int) int64 { return int64(l.Frames[i].Line) })
	b.plain("stack.count", false, len(l.Stacks), func(i int) int64 { return int64(len(l.Stacks[i])) })
	all := slices.Concat(l.Stacks...)
	b.rising("stack.frame", false, len(all), func(i int) int64 { return int64(all[i]) })
	n := len(l.Cells)
	b.signed("cell.group", false, n, func(i int) int64 { return int64(l.Cells[i].Group) })
	b.plain("cell.kind", false, n, func(i int) int64 { return int64(l.Cells[i].Kind) })
	b.rising("cell.stack", false, n, func(i int) int64 { return int64(l.Cells[i].Stack) })
	b.plain("cell.flags", false, n, func(i int) int64 {
		c := &l.Cells[i]
		return flags(c.Rule != "", c.Join, c.Inferred, c.Switch, c.Merged, c.Whole, c.Gap)
	})
	b.plain("cell.reason", false, n, func(i int) int64 { return names.id(l.Cells[i].Reason) })
	b.plain("cell.rule", false, n, func(i int) int64 { return names.id(l.Cells[i].Rule) })
}

func goroutinesInto(b *block, l *interval.Log) {
	list := l.Goroutines
	n := len(list)
	b.rising("go.id", true, n, func(i int) int64 { return list[i].ID })
	b.signed("go.group", false, n, func(i int) int64 { return int64(list[i].Group) })
	b.rising("go.parent", true, n, func(i int) int64 { return max(0, list[i].Parent) })
	b.plain("go.flags", false, n, func(i int) int64 { return flags(list[i].Older, list[i].Open, list[i].System) })
	b.rising("go.start", true, n, func(i int) int64 { return list[i].Start })
	b.plain("go.count", false, n, func(i int) int64 { return int64(len(list[i].Intervals)) })
	var all []interval.Interval
	for _, g := range list {
		all = append(all, g.Intervals...)
	}
	b.plain("iv.ns", true, len(all), func(i int) int64 { return all[i].Ns })
	b.plain("iv.cell", false, len(all), func(i int) int64 { return int64(all[i].Cell) })
	b.plain("iv.who", true, len(all), func(i int) int64 {
		if c := &l.Cells[all[i].Cell]; !c.Merged && !c.Kind.Class().Waiting() {
			return all[i].Who + 1 // a P, of which there is one number 0
		}
		return max(0, all[i].Who)
	})
	b.plain("iv.stack", false, len(all), func(i int) int64 { return int64(all[i].Stack) })
}

func restInto(b *block, l *interval.Log) {
	rest := slices.SortedFunc(maps.Keys(l.Rest), func(x, y interval.RestKey) int {
		return cmp.Or(cmp.Compare(x.Bin, y.Bin), cmp.Compare(x.Cell, y.Cell))
	})
	n := len(rest)
	b.rising("rest.bin", false, n, func(i int) int64 { return int64(rest[i].Bin) })
	b.rising("rest.cell", false, n, func(i int) int64 { return int64(rest[i].Cell) })
	b.plain("rest.ns", true, n, func(i int) int64 { return l.Rest[rest[i]].Ns })
	b.plain("rest.count", false, n, func(i int) int64 { return l.Rest[rest[i]].Count })

	lengths := slices.SortedFunc(maps.Keys(l.Lengths), func(x, y interval.LengthKey) int {
		return cmp.Or(cmp.Compare(x.Bin, y.Bin), cmp.Compare(x.Group, y.Group), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Bucket, y.Bucket))
	})
	n = len(lengths)
	b.rising("lat.bin", false, n, func(i int) int64 { return int64(lengths[i].Bin) })
	b.rising("lat.group", false, n, func(i int) int64 { return int64(lengths[i].Group) })
	b.rising("lat.kind", false, n, func(i int) int64 { return int64(lengths[i].Kind) })
	b.rising("lat.bucket", false, n, func(i int) int64 { return int64(lengths[i].Bucket) })
	b.plain("lat.count", false, n, func(i int) int64 { return l.Lengths[lengths[i]] })

	procs := slices.SortedFunc(maps.Keys(l.ProcRest), func(x, y interval.ProcKey) int {
		return cmp.Or(cmp.Compare(x.Bin, y.Bin), cmp.Compare(x.P, y.P))
	})
	n = len(procs)
	b.rising("procs.bin", false, n, func(i int) int64 { return int64(procs[i].Bin) })
	b.rising("procs.p", false, n, func(i int) int64 { return int64(procs[i].P) })
	b.plain("procs.user", true, n, func(i int) int64 { return l.ProcRest[procs[i]].User })
	b.plain("procs.system", true, n, func(i int) int64 { return l.ProcRest[procs[i]].System })
	b.plain("procs.other", true, n, func(i int) int64 { return l.ProcRest[procs[i]].Other })

	cells := l.Sweep.Cells
	n = len(cells)
	b.rising("sweep.bin", false, n, func(i int) int64 { return int64(cells[i].Bin) })
	b.plain("sweep.label", false, n, func(i int) int64 { return int64(cells[i].Label) })
	b.plain("sweep.running", false, n, func(i int) int64 { return int64(cells[i].Running) })
	b.plain("sweep.ns", true, n, func(i int) int64 { return cells[i].Ns })
}

func besideInto(b *block, l *interval.Log, names *texts) {
	r := l.Ranges
	b.plain("range.code", false, len(r), func(i int) int64 { return flags(r[i].Stop) })
	b.rising("range.start", true, len(r), func(i int) int64 { return r[i].Start })
	b.plain("range.ns", true, len(r), func(i int) int64 { return r[i].Ns })
	b.plain("range.reason", false, len(r), func(i int) int64 { return names.id(r[i].Reason) })
	b.plain("range.g", true, len(r), func(i int) int64 { return r[i].G })

	h := l.Heap
	b.rising("heap.at", true, len(h), func(i int) int64 { return h[i].At })
	b.plain("heap.bytes", true, len(h), func(i int) int64 { return h[i].Bytes })
	b.plain("heap.goal", false, len(h), func(i int) int64 { return flags(h[i].Goal) })

	t := l.Tasks
	b.rising("task.id", true, len(t), func(i int) int64 { return t[i].ID })
	b.plain("task.parent", true, len(t), func(i int) int64 { return t[i].Parent })
	b.plain("task.type", false, len(t), func(i int) int64 { return names.id(t[i].Type) })
	b.plain("task.g", true, len(t), func(i int) int64 { return t[i].G })
	b.rising("task.start", true, len(t), func(i int) int64 { return t[i].Start })
	b.plain("task.ns", true, len(t), func(i int) int64 { return t[i].Ns })
	b.plain("task.flags", false, len(t), func(i int) int64 { return flags(t[i].Older, t[i].Open) })

	g := l.Regions
	b.plain("region.task", true, len(g), func(i int) int64 { return g[i].Task })
	b.plain("region.type", false, len(g), func(i int) int64 { return names.id(g[i].Type) })
	b.plain("region.g", true, len(g), func(i int) int64 { return g[i].G })
	b.rising("region.start", true, len(g), func(i int) int64 { return g[i].Start })
	b.plain("region.ns", true, len(g), func(i int) int64 { return g[i].Ns })
	b.plain("region.flags", false, len(g), func(i int) int64 { return flags(g[i].Older, g[i].Open) })

	o := l.Logs
	b.rising("log.at", true, len(o), func(i int) int64 { return o[i].At })
	b.plain("log.g", true, len(o), func(i int) int64 { return o[i].G })
	b.plain("log.task", true, len(o), func(i int) int64 { return o[i].Task })
	b.plain("log.category", false, len(o), func(i int) int64 { return names.id(o[i].Category) })
	b.plain("log.message", false, len(o), func(i int) int64 { return names.id(o[i].Message) })

	s := l.Samples
	b.rising("sample.at", true, len(s), func(i int) int64 { return s[i].At })
	b.plain("sample.g", true, len(s), func(i int) int64 { return s[i].G })
	b.plain("sample.p", false, len(s), func(i int) int64 { return int64(s[i].P) + 1 })
	b.plain("sample.stack", false, len(s), func(i int) int64 { return int64(s[i].Stack) })
}
