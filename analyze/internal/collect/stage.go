package collect

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

// A stage is a group that sends to or receives from another over a channel. Which one
// the others wait for follows from who is blocked on which side (methods.md A.7).

const (
	// leastStageBlocked is the share of the time for which its neighbours must be
	// blocked for a stage, mostStageBlocked that of its own time for which it may be
	// blocked itself, to be the bottleneck.
	leastStageBlocked = 0.1
	mostStageBlocked  = 0.2
	// leastStageRuns is the share of its own time for which it must run: one that waits
	// itself has what it waits for as the bottleneck.
	leastStageRuns = 0.5
)

// stages are the groups that channels connect, the one that ran most first.
func stages(r *result.Result) []result.Stage {
	byGroup := map[int]*result.Stage{}
	of := func(group int) *result.Stage {
		s := byGroup[group]
		if s == nil {
			s = &result.Stage{Group: group}
			byGroup[group] = s
		}
		return s
	}
	for i := range r.SiteClasses {
		c := &r.SiteClasses[i]
		from, to := first(c.Senders), first(c.Receivers)
		if c.Kind != "channel" || from < 0 || to < 0 || from == to || r.Groups[from].System || r.Groups[to].System {
			continue
		}
		sender, receiver := of(from), of(to)
		sender.SendNs += c.SendNs
		receiver.SendersNs += c.SendNs
		receiver.ReceiveNs += c.ReceiveNs
		sender.ReceiversNs += c.ReceiveNs
		receiver.Upstream = append(receiver.Upstream, i)
		sender.Downstream = append(sender.Downstream, i)
	}
	out := []result.Stage{}
	for _, s := range byGroup {
		t := &r.Groups[s.Group].Time
		s.RunningNs = t.RunningNs
		s.Bottleneck = isBottleneck(s, r.Scope.DurationNs(), t.LifetimeNs-t.AtRestNs)
		out = append(out, *s)
	}
	return ranked(out, func(s result.Stage) int64 { return s.RunningNs }, func(x, y result.Stage) int { return cmp.Compare(x.Group, y.Group) })
}

// isBottleneck says whether others wait for a stage, before and behind it as far as
// there are any, and it hardly for them.
func isBottleneck(s *result.Stage, length, engaged int64) bool {
	blocked := func(classes []int, ns int64) bool {
		return len(classes) == 0 || float64(ns) >= leastStageBlocked*float64(length)
	}
	return blocked(s.Upstream, s.SendersNs) && blocked(s.Downstream, s.ReceiversNs) && float64(s.SendNs+s.ReceiveNs) <= mostStageBlocked*float64(engaged) &&
		float64(s.RunningNs) >= leastStageRuns*float64(engaged)
}

// first is the first of some groups that is listed, -1 if none is.
func first(groups []int) int {
	if i := slices.IndexFunc(groups, func(g int) bool { return g >= 0 }); i >= 0 {
		return groups[i]
	}
	return -1
}
