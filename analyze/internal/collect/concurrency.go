package collect

import (
	"fmt"
	"math"

	"github.com/conctrace/conctrace/analyze/result"
)

// Finish writes what the sweep found: concurrency, and how ready work was
// served. Accounting has finished before.
func (s *sweep) Finish(end *End, r *result.Result) {
	if !s.late {
		s.release()
	}
	s.advance(end.To)
	s.finish()
	for i := range s.who {
		s.sequential.ended(&s.who[i])
	}
	s.concurrency(end, r)
	s.scheduler(end, r)
	s.accounts.finishShares(end, r)
	s.doubt(r)
}

// rounded is a sum of shares as whole ns.
func rounded(ns float64) int64 { return int64(math.Round(ns)) }

// gapNs is the time within gaps of a damaged trace.
func (s *sweep) gapNs() (ns int64) {
	for _, g := range s.gaps {
		ns += g.to - g.from
	}
	return ns
}

func (s *sweep) concurrency(end *End, r *result.Result) {
	out := &r.Concurrency
	gap := s.gapNs()
	length := end.To - end.From - gap
	for len(s.spent) > 1 && s.spent[len(s.spent)-1] == 0 {
		s.spent = s.spent[:len(s.spent)-1]
	}
	out.RunningHistogramNs = s.spent
	out.BandsNs = s.sums.bands
	s.partition(gap, out)
	run := s.sums.ran
	var any, ready int64
	for _, ns := range s.sums.ready {
		ready += ns
	}
	for k, ns := range s.spent {
		if k > 0 {
			any += ns
		}
	}
	share := func(ns, of int64) float64 {
		if of <= 0 {
			return 0
		}
		return float64(ns) / float64(of)
	}
	out.AverageRunning = share(run, length)
	out.AverageParallelism = share(run, any)
	out.AverageEngaged = share(s.sums.engaged, length)
	out.AverageAlive = share(r.Time.LifetimeNs, end.To-end.From)
	out.AverageDemand = share(run+ready, length)
	out.Efficiency = share(run, s.sums.capacity)
	out.EfficiencyDemand = share(run+ready-s.sums.excess, s.sums.capacity)
	out.EfficiencySupply = share(run, run+ready-s.sums.excess)
	out.ExcessDemandNs = s.sums.excess
	if len(s.spent) > 1 {
		out.SerialShare = share(s.spent[1], any)
		out.SerialWork = share(s.spent[1], run)
	}
	if procs := share(s.sums.capacity, length); procs > 1 && run > 0 {
		out.AmdahlBound = 1 / (out.SerialWork + (1-out.SerialWork)/procs)
		out.KarpFlatt = (1/out.AverageRunning - 1/procs) / (1 - 1/procs)
	}
	for l := range numLabels {
		out.Longest[labelNames[l]] = s.longest[l].moments(maxSpans)
	}
	out.Phases = s.phases.list(end.To, s.gaps)
	out.Overlaps = s.overlap.pairs(s.at, end.order)
	if r.Scope.Group == "" && r.Scope.Task == "" { // samples are of all goroutines
		out.OnCPU = s.samples.result()
	}
	out.SoleIONs = s.sums.soleIO
	out.SequentialIO = s.sequential.result(end.Tables, func(g *groupAccount) int { return end.order[g.real().entry] })
}

// partition writes the time of each label, by cause.
func (s *sweep) partition(gap int64, out *result.Concurrency) {
	sum := func(l label) (map[string]int64, int64) {
		causes, total := map[string]int64{}, int64(0)
		for c, ns := range s.sums.labels[l] {
			if total += ns; ns > 0 && cause(c) != causeNone {
				causes[causeNames[c]] = ns
			}
		}
		return causes, total
	}
	p := &out.PartitionNs
	_, p.Idle = sum(labelIdle)
	p.Unknown = gap
	_, p.Serial = sum(labelSerial)
	out.LatencyCauseNs, p.LatencyBound = sum(labelLatency)
	out.StalledCauseNs, p.Stalled = sum(labelStalled)
	out.InterleavedCauseNs, p.Interleaved = sum(labelInterleaved)
	out.ParallelKindNs, p.Parallel = sum(labelParallel)
	out.Longest = make(map[string][]result.Moment, numLabels)
}

func (s *sweep) scheduler(end *End, r *result.Result) {
	out, sums := &r.Scheduler, &s.sums
	out.Worst = s.readyMost.result(end.order)
	out.WorstAfterIO = s.readyIO.result(end.order)
	out.RunnableSomeNs, out.RunnableFullNs = sums.some, sums.full
	out.ReadyCauseNs = result.ReadyCause{
		STW: sums.ready[causeSTW], GC: sums.ready[causeGC], SyscallHeld: sums.ready[causeHeld],
		Saturated: sums.ready[causeSaturated], Dispatch: sums.ready[causeDispatch],
	}
	out.ReadyNs = out.ReadyCauseNs.Sum()
	out.HeldHarmNs, out.GCHarmNs, out.ReadyCapacityNs = rounded(sums.heldHarm), sums.gcHarm, sums.readyCap
	out.IdleWhileReadyNs = sums.idleReady
	out.IdleWhileReadyNoiseNs = min(sums.idleReady, out.Latency.Count*out.Latency.P50Ns)
	out.IdleWhileReadyWorst = s.idleMost.moments(maxWorst)
	out.HiddenDelay = s.hidden.result(end.Tables, end.order)
	out.LongRuns = s.longRuns.result(end.Tables, end.order)
	out.LongRunCount, out.LongRunHarmNs = s.longRuns.count, rounded(s.longRuns.harm)
	out.SyscallHolds, out.HeldAt = s.holds.result(end.Tables, end.order), s.holds.places(end.Tables)
	idle := &sums.idleBlocked
	out.IdleBlockedNs = result.IdleBlocked{
		Sync: rounded(idle[waitsSync] + idle[waitsCoroutine]), IO: rounded(idle[waitsIO] + idle[waitsVia]),
		Timer: rounded(idle[waitsTimer]), Syscall: rounded(idle[waitsSyscall] + idle[waitsCgo]),
		Runtime: rounded(idle[waitsRuntime] + idle[waitsUnknown]),
	}
}

// doubtful is the share of the waiting that may be counted in another way than
// the rules have it before it is told.
const doubtful = 0.02

// doubt says how much of the waiting was swept before the rules of at rest knew
// what they know at the end.
func (s *sweep) doubt(r *result.Result) {
	var mistaken, all int64
	for _, c := range s.cells[1:] {
		if c.into != nil {
			continue
		}
		for class, ns := range c.lateNs {
			all += ns
			if (waitClass(class) == waitsNot) != (c.rest != "" || c.join) {
				mistaken += ns
			}
		}
	}
	if all > 0 && float64(mistaken) > doubtful*float64(all) {
		r.Trace.Warnings = append(r.Trace.Warnings, result.Warning{
			Code: "at-rest-late",
			Message: fmt.Sprintf("%.0f %% of the waiting was counted as in progress or at rest before the trace had shown which of them it was; "+
				"the wall time by label may be off by as much: a shorter window (--from, --to) is exact", 100*float64(mistaken)/float64(all)),
		})
	}
}
