package collect

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

// width follows how many members of a group do something at once.
type width struct {
	n, most int32
	since   int64
	any     int64 // ns with at least one
	many    int64 // ns with two or more
}

// change adds members and reports whether there were none before or are none
// now.
func (w *width) change(at int64, by int32) bool {
	if ns := at - w.since; w.n > 0 && ns > 0 {
		w.any += ns
		if w.n > 1 {
			w.many += ns
		}
		w.most = max(w.most, w.n)
	}
	w.since = at
	before := w.n
	w.n += by
	return (before == 0) != (w.n == 0)
}

func (w *width) merge(o *width) {
	w.any += o.any
	w.many += o.many
	w.most = max(w.most, o.most)
}

// selfHarm follows what ready members of a group suffer from each goroutine that
// runs, to tell it from what other groups do.
type selfHarm struct {
	ready int32
	crowd float64 // clock at the last change
	total float64
}

// until brings the total up to a state of the clocks.
func (h *selfHarm) until(c *clocks) float64 {
	h.total += float64(h.ready) * (c.crowd - h.crowd)
	h.crowd = c.crowd
	return h.total
}

// change adds a ready member.
func (h *selfHarm) change(c *clocks, by int32) {
	h.until(c)
	h.ready += by
}

// share is a group's part in what happened, ns.
type share struct {
	criticality, alone, idleBlocked float64
	// harm is what others suffered, harmOthers what goroutines of other groups
	// did.
	harm, harmOthers float64
}

func (s *share) add(o *share) {
	s.criticality += o.criticality
	s.harm += o.harm
	s.harmOthers += o.harmOthers
	s.alone += o.alone
	s.idleBlocked += o.idleBlocked
}

// leastOnCPU is the share of their time for which running goroutines must have had
// a core for what the trace calls parallel to be so.
const leastOnCPU = 0.8

// parallelism is what the widths of a group say, held against what CPU samples
// say of the cores, if there are any.
func (g *groupAccount) parallelism(on *result.OnCPU, ranNs int64) result.GroupParallelism {
	p := result.GroupParallelism{
		EngagedNs: g.engaged.any, RunningNs: g.running.any, MostEngaged: int(g.engaged.most),
		CriticalityNs: rounded(g.share.criticality), AloneNs: rounded(g.share.alone),
	}
	if p.EngagedNs > 0 {
		p.CF = float64(g.engaged.many) / float64(p.EngagedNs)
	}
	if p.RunningNs > 0 {
		p.PF = float64(g.running.many) / float64(p.RunningNs)
	}
	if p.CriticalityNs > 0 {
		p.Width = float64(ranNs) / g.share.criticality
	}
	switch {
	case p.RunningNs == 0:
	case p.PF >= 0.5 && (on == nil || on.Ratio >= leastOnCPU):
		p.Verdict = "parallel"
	case p.CF < 0.05:
		p.Verdict = "sequential"
	case p.CF >= 0.5 && p.PF < 0.05:
		p.Verdict = "interleaved-only"
	default:
		p.Verdict = "partly-parallel"
	}
	return p
}

// overlaps follows which of the groups that ran most run at the same time.
type overlaps struct {
	groups []*groupAccount
	set    uint16 // of those that run now
	since  int64
	ns     [1 << maxOverlapGroups]int64
}

const (
	maxOverlapGroups = 10
	// maxOverlaps is how many pairs are listed.
	maxOverlaps = 10
)

// choose sets the groups apart that have run most so far.
func (o *overlaps) choose(groups []*groupAccount) {
	for _, g := range groups {
		if g != nil && !g.system && g.tally.running() > 0 {
			o.groups = append(o.groups, g)
		}
	}
	slices.SortStableFunc(o.groups, func(x, y *groupAccount) int { return cmp.Compare(y.tally.running(), x.tally.running()) })
	o.groups = o.groups[:min(len(o.groups), maxOverlapGroups)]
	for i, g := range o.groups {
		g.bit = 1 << i
	}
}

// change lets a group that is set apart begin or end to run.
func (o *overlaps) change(at int64, bit uint16) {
	o.ns[o.set] += at - o.since
	o.set ^= bit
	o.since = at
}

// pairs lists the pairs that ran at the same time most.
func (o *overlaps) pairs(at int64, order []int) []result.Overlap {
	o.change(at, 0)
	var out []result.Overlap
	for i, x := range o.groups {
		for j := i + 1; j < len(o.groups); j++ {
			y := o.groups[j]
			both := x.bit | y.bit
			p := result.Overlap{A: order[x.entry], B: order[y.entry]}
			for set, ns := range o.ns {
				if uint16(set)&both == both {
					p.Ns += ns
				}
			}
			if least := min(x.running.any, y.running.any); least > 0 && p.Ns > 0 {
				p.Share = float64(p.Ns) / float64(least)
				out = append(out, p)
			}
		}
	}
	slices.SortStableFunc(out, func(x, y result.Overlap) int { return cmp.Compare(y.Ns, x.Ns) })
	return out[:min(len(out), maxOverlaps)]
}
