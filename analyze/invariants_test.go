package analyze_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report"
	"github.com/google/go-cmp/cmp"
)

// classSum adds the seven classes.
func classSum(t result.Time) int64 {
	return t.RunningNs + t.RunnableNs + t.BlockedSyncNs + t.BlockedIONs + t.TimerNs + t.RuntimeNs + t.UnknownNs
}

// add sums two times, field by field and kind by kind.
func add(a, b result.Time) result.Time {
	av, bv := reflect.ValueOf(&a).Elem(), reflect.ValueOf(b)
	for i := range av.NumField() {
		if av.Field(i).Kind() == reflect.Int64 {
			av.Field(i).SetInt(av.Field(i).Int() + bv.Field(i).Int())
		}
	}
	sum := func(x, y map[string]int64) map[string]int64 {
		out := map[string]int64{}
		for _, m := range []map[string]int64{x, y} {
			for k, v := range m {
				out[k] += v
			}
		}
		return out
	}
	a.Kinds, a.AtRestKinds = sum(a.Kinds, b.Kinds), sum(a.AtRestKinds, b.AtRestKinds)
	return a
}

func zero() result.Time {
	return result.Time{Kinds: map[string]int64{}, AtRestKinds: map[string]int64{}}
}

// checkTime holds a Time against itself.
func checkTime(t *testing.T, what string, x result.Time) {
	t.Helper()
	var kinds, rest int64
	for _, ns := range x.Kinds {
		kinds += ns
	}
	for k, ns := range x.AtRestKinds {
		rest += ns
		if ns > x.Kinds[k] {
			t.Errorf("%s: %d ns of %s at rest, of %d", what, ns, k, x.Kinds[k])
		}
	}
	if classSum(x) != x.LifetimeNs || kinds != x.LifetimeNs || rest != x.AtRestNs {
		t.Errorf("%s: classes %d, kinds %d, lifetime %d; at rest %d by kind, %d", what, classSum(x), kinds, x.LifetimeNs, rest, x.AtRestNs)
	}
}

// TestTimeIsConserved is invariant 1: every sum that can be made two ways is
// the same both ways, to the nanosecond.
func TestTimeIsConserved(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		for _, o := range []analyze.Options{
			{Goroutines: true},
			{Goroutines: true, From: 3 * time.Millisecond, To: 11 * time.Millisecond},
		} {
			r, err := analyze.Analyze(context.Background(), analyze.File(path), o)
			if err != nil {
				if o.From > 0 {
					continue // shorter than the window's start
				}
				t.Fatal(err)
			}
			checkConserved(t, r)
		}
	})
}

func checkConserved(t *testing.T, r *result.Result) {
	t.Helper()
	length := r.Scope.DurationNs()
	checkTime(t, "user", r.Time)
	checkTime(t, "system", r.SystemTime)

	user, system := zero(), zero()
	var users, systems int
	for _, g := range r.Groups {
		checkTime(t, g.Name, g.Time)
		if g.System {
			system, systems = add(system, g.Time), systems+g.Count
		} else {
			user, users = add(user, g.Time), users+g.Count
		}
		if len(g.Inside) > 0 {
			inside := zero()
			for _, part := range g.Inside {
				checkTime(t, g.Name+" inside "+part.Func, part.Time)
				inside = add(inside, part.Time)
			}
			if inside.LifetimeNs != g.Time.LifetimeNs || inside.AtRestNs != g.Time.AtRestNs {
				t.Errorf("%s: inside sums to %d, %d at rest; the group has %d, %d", g.Name, inside.LifetimeNs, inside.AtRestNs, g.Time.LifetimeNs, g.Time.AtRestNs)
			}
		}
	}
	same(t, "groups of users", user, r.Time)
	same(t, "groups of the system", system, r.SystemTime)
	if users != r.Scope.Goroutines || systems != r.Scope.SystemGoroutines {
		t.Errorf("groups count %d and %d goroutines, the scope %d and %d", users, systems, r.Scope.Goroutines, r.Scope.SystemGoroutines)
	}

	user, system = zero(), zero()
	for _, g := range r.Goroutines {
		what := fmt.Sprintf("goroutine %d", g.ID)
		checkTime(t, what, g.Time)
		s := g.StatesNs
		if s.Running+s.Runnable+s.Waiting+s.Syscall+s.Unknown != g.LifetimeNs || g.Time.LifetimeNs != g.LifetimeNs {
			t.Errorf("%s: states %+v, classes %d, lifetime %d", what, s, g.Time.LifetimeNs, g.LifetimeNs)
		}
		var waits int64
		for _, ns := range g.WaitsNs {
			waits += ns
		}
		if waits != s.Waiting {
			t.Errorf("%s: waits by reason %d, waiting %d", what, waits, s.Waiting)
		}
		if g.LifetimeNs > length {
			t.Errorf("%s lived %d ns in %d", what, g.LifetimeNs, length)
		}
		if g.CreatedNs != nil && g.EndedNs != nil && r.Scope.FromNs == 0 && r.Scope.ToNs == r.Trace.DurationNs && *g.EndedNs-*g.CreatedNs != g.LifetimeNs {
			t.Errorf("%s: created %d, ended %d, lifetime %d", what, *g.CreatedNs, *g.EndedNs, g.LifetimeNs)
		}
		if g.System {
			system = add(system, g.Time)
		} else {
			user = add(user, g.Time)
		}
	}
	same(t, "goroutines of users", user, r.Time)
	same(t, "goroutines of the system", system, r.SystemTime)

	var histogram, running int64
	for k, ns := range r.Concurrency.RunningHistogramNs {
		histogram += ns
		running += int64(k) * ns
		if ns < 0 {
			t.Errorf("%d ns with %d running", ns, k)
		}
	}
	known := length
	for _, gap := range r.Trace.Gaps {
		known -= max(0, min(gap.ToNs, r.Scope.ToNs)-max(gap.FromNs, r.Scope.FromNs))
	}
	if histogram != known {
		t.Errorf("the histogram covers %d ns of %d that are known", histogram, known)
	}
	if raw := r.Time.Kinds["running/user"] + r.Time.Kinds["running/gc-assist"]; running != raw {
		t.Errorf("the histogram has %d goroutine-ns running, the goroutines %d", running, raw)
	}

	var capacity int64
	for i, v := range r.Trace.Gomaxprocs {
		until := r.Scope.ToNs
		if i+1 < len(r.Trace.Gomaxprocs) {
			until = min(until, r.Trace.Gomaxprocs[i+1].AtNs)
		}
		capacity += int64(v.N) * max(0, until-max(v.AtNs, r.Scope.FromNs))
	}
	p := r.Scheduler.PTimeNs
	if p.Sum() != capacity {
		t.Errorf("the processors' time sums to %d, GOMAXPROCS over the scope is %d", p.Sum(), capacity)
	}
	ran := func(x result.Time) int64 { return x.Kinds["running/user"] + x.Kinds["running/gc-assist"] }
	// A P that leaves with GOMAXPROCS may end its run just after the change.
	const tolerance = 10_000
	if damaged := !r.Trace.Complete || strings.Contains(r.Trace.File, "damaged"); !damaged && (p.User != ran(r.Time) || max(p.GC-ran(r.SystemTime), ran(r.SystemTime)-p.GC) > tolerance) {
		t.Errorf("processors ran users' goroutines for %d and the system's for %d, the goroutines %d and %d", p.User, p.GC, ran(r.Time), ran(r.SystemTime))
	}
	for _, part := range []int64{p.User, p.GC, p.Syscall, p.Spinning, p.STW, p.Idle, p.Unknown} {
		if part < 0 {
			t.Errorf("negative processor time: %+v", p)
		}
	}

	var sites, rest int64
	for _, s := range r.Sites {
		sites += s.TotalNs
		rest += s.AtRestNs
	}
	waiting := r.Time.LifetimeNs - r.Time.RunningNs - r.Time.RunnableNs
	if r.SitesOmitted.Count == 0 && (sites+rest != waiting || rest != r.Time.AtRestNs) {
		t.Errorf("sites sum to %d and %d at rest, the waits to %d and %d", sites, rest, waiting, r.Time.AtRestNs)
	}
	if n := r.Scheduler.Latency.Count; n < r.Scheduler.LatencyByOrigin["woken"].Count {
		t.Errorf("%d scheduling latencies, fewer than the woken among them", n)
	}
}

func same(t *testing.T, what string, got, want result.Time) {
	t.Helper()
	if want.AtRestKinds == nil {
		want.AtRestKinds = map[string]int64{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s do not sum to the total (-want +got):\n%s", what, diff)
	}
}

// TestTheModelAgreesWithItself: what the sweep over all instants found is the
// same as what follows from the goroutines' own times, and each part of it fits
// into what it is a part of.
func TestTheModelAgreesWithItself(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		whole := analysed(t, path, analyze.Options{Goroutines: true})
		checkModel(t, whole)
		third := time.Duration(whole.Trace.DurationNs / 3)
		checkModel(t, analysed(t, path, analyze.Options{Goroutines: true, From: third, To: 2 * third}))
	})
}

// checkModel holds a result of an undamaged trace against itself.
func checkModel(t *testing.T, r *result.Result) {
	t.Helper()
	checkPartition(t, r)
	checkAverages(t, r)
	checkShares(t, r)
	checkStarvation(t, r)
	checkStretches(t, r)
	checkIndexes(t, r)
	checkFindings(t, r)
	checkBlame(t, r)
}

// is reports what is not as it must be.
func is[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// within reports what is out of bounds.
func within[T int | int64 | float64](t *testing.T, what string, v, least, most T) {
	t.Helper()
	if v < least || v > most || v != v {
		t.Errorf("%s: %v is not within %v and %v", what, v, least, most)
	}
}

func sumOf(m map[string]int64) (ns int64) {
	for _, v := range m {
		ns += v
	}
	return ns
}

func checkPartition(t *testing.T, r *result.Result) {
	t.Helper()
	c := &r.Concurrency
	p := c.PartitionNs
	length := r.Scope.DurationNs()
	is(t, "sum of the partition", p.Sum(), length)
	for _, part := range p.Parts() {
		within(t, part.Label, part.Ns, 0, length)
	}
	is(t, "latency causes", sumOf(c.LatencyCauseNs), p.LatencyBound)
	is(t, "stalled causes", sumOf(c.StalledCauseNs), p.Stalled)
	is(t, "interleaved causes", sumOf(c.InterleavedCauseNs), p.Interleaved)
	is(t, "parallel kinds", sumOf(c.ParallelKindNs), p.Parallel)
	parallel := length - p.Unknown - ran(r, 0) - ran(r, 1)
	is(t, "none runs", ran(r, 0), p.Idle+p.LatencyBound+p.Stalled)
	is(t, "one runs", ran(r, 1), p.Serial+p.Interleaved)
	is(t, "more run", parallel, p.Parallel)
	is(t, "ready and none runs", r.Scheduler.RunnableFullNs, p.Stalled)
	b := c.BandsNs
	is(t, "idle band", b.Idle, ran(r, 0))
	is(t, "bands", b.Idle+b.Poor+b.OK+b.Ideal, length-p.Unknown)
	within(t, "sole I/O", c.SoleIONs, 0, p.LatencyBound)
}

func checkAverages(t *testing.T, r *result.Result) {
	t.Helper()
	c := &r.Concurrency
	length := float64(r.Scope.DurationNs())
	same := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9*max(1, math.Abs(want)) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	raw := float64(r.Time.Kinds["running/user"] + r.Time.Kinds["running/gc-assist"])
	any := float64(r.Scope.DurationNs() - ran(r, 0) - c.PartitionNs.Unknown)
	same("average running", c.AverageRunning*length, raw)
	same("average parallelism", c.AverageParallelism*any, raw)
	same("average demand", c.AverageDemand*length, raw+float64(ready(r)))
	same("average alive", c.AverageAlive*length, float64(r.Time.LifetimeNs))
	same("efficiency", c.Efficiency, c.EfficiencySupply*c.EfficiencyDemand)
	same("processors used", c.Efficiency*float64(r.Scheduler.PTimeNs.Sum()), raw)
	for what, share := range map[string]float64{
		"efficiency": c.Efficiency, "supply": c.EfficiencySupply, "demand": c.EfficiencyDemand, "serial share": c.SerialShare, "serial work": c.SerialWork,
	} {
		within(t, what, share, 0, 1+1e-9)
	}
	for what, v := range map[string]float64{"Amdahl": c.AmdahlBound, "Karp–Flatt": c.KarpFlatt} {
		within(t, what, v, -1e-9, math.MaxFloat64)
	}
	// Past half a million steps what is at rest is known too late.
	if r.Trace.Events < 1<<19 && r.SitesOmitted.Count == 0 {
		var joined int64
		for _, s := range r.Sites {
			joined += s.JoinNs
		}
		same("average engaged", c.AverageEngaged*length, float64(r.Time.LifetimeNs-r.Time.AtRestNs-joined))
	}
}

// ready is the time of users' goroutines in the raw state Runnable; the result
// has them one by one.
func ready(r *result.Result) (ns int64) {
	for _, g := range r.Goroutines {
		if !g.System {
			ns += g.StatesNs.Runnable
		}
	}
	return ns
}

func checkShares(t *testing.T, r *result.Result) {
	t.Helper()
	var criticality, idle, sites, harm, alone int64
	length := r.Scope.DurationNs()
	procs := 0
	for _, v := range r.Trace.Gomaxprocs {
		procs = max(procs, v.N)
	}
	for _, g := range r.Groups {
		p := g.Parallelism
		within(t, g.Name+": CF", p.CF, 0, 1)
		within(t, g.Name+": PF", p.PF, 0, 1)
		within(t, g.Name+": engaged", p.EngagedNs, 0, length)
		within(t, g.Name+": running", p.RunningNs, 0, p.EngagedNs)
		within(t, g.Name+": criticality", p.CriticalityNs, 0, p.RunningNs+1)
		within(t, g.Name+": alone", p.AloneNs, 0, p.RunningNs+1)
		within(t, g.Name+": harm to others", g.HarmOthersNs, 0, g.HarmNs+1)
		within(t, g.Name+": most at once", p.MostEngaged, 0, g.Count)
		if p.CriticalityNs > 1000 { // rounded
			within(t, g.Name+": width", p.Width, 1-1e-9, float64(procs)+1e-9)
		}
		if (p.RunningNs == 0) != (p.Verdict == "") {
			t.Errorf("%s: verdict %q, ran for %d ns", g.Name, p.Verdict, p.RunningNs)
		}
		if g.System {
			is(t, g.Name+": shares of the runtime", [3]int64{p.EngagedNs, g.IdleBlockedNs, g.HarmNs}, [3]int64{})
			continue
		}
		criticality += p.CriticalityNs
		idle += g.IdleBlockedNs
		harm += g.HarmNs
		alone += p.AloneNs
	}
	n := int64(len(r.Groups))
	any := length - ran(r, 0) - r.Concurrency.PartitionNs.Unknown
	within(t, "criticality of all", criticality, any-n, any+n)
	total := r.Scheduler.IdleBlockedNs.Sum()
	within(t, "idle processors by group", idle, total-n-5, total+n+5)
	within(t, "harm of all", harm, 0, r.Scheduler.ReadyNs+n)
	within(t, "alone in all", alone, 0, r.Concurrency.PartitionNs.Interleaved+n)
	for _, s := range r.Sites {
		sites += s.IdleBlockedNs
		var ended, theirs int64
		for _, w := range s.Wakers {
			ended += w.TotalNs
			theirs += w.IdleBlockedNs
			within(t, "via", sumOf(w.ViaNs), 0, w.TotalNs)
			within(t, "idle beside a waker's waits", w.IdleBlockedNs, 0, w.TotalNs+1)
		}
		within(t, "time that wakers ended", ended, 0, s.TotalNs)
		within(t, "idle of wakers", theirs, 0, s.IdleBlockedNs+int64(len(s.Wakers))+1)
		within(t, "joins", s.JoinNs, 0, s.TotalNs)
		within(t, "idle of "+s.Kind, s.IdleBlockedNs, 0, s.TotalNs-s.JoinNs+1)
	}
	for _, c := range r.SiteClasses {
		within(t, "utilisation of a "+c.Kind, c.BusyNs, 0, length)
		if r.Trace.Events > 400_000 {
			continue // not all steps are held back: what waits are is known late
		}
		within(t, "hand-offs of a "+c.Kind, c.HandOffs, 0, c.Waits)
		within(t, "waiting at a "+c.Kind, c.WaitingNs, c.BusyNs, int64(c.MostWaiting)*c.BusyNs)
		if r.SitesOmitted.Count == 0 {
			is(t, "Little's law at a "+c.Kind, c.WaitingNs, c.TotalNs)
		}
	}
	var filled int64
	for _, p := range r.Blame.Pieces {
		filled += p.IdleBlockedNs
	}
	within(t, "idle processors by what filled the waits", filled, 0, total+int64(len(r.Blame.Pieces))+5)
	if k := int64(len(r.Sites)); r.SitesOmitted.Count == 0 {
		// A short system call, or one that the scope's start cut to that, has no
		// site; native code has none either.
		without := 20_000*int64(r.Scope.Goroutines) + r.Time.Kinds["running/syscall-short"] + r.Time.Kinds["running/cgo"]
		within(t, "idle processors by site", sites, total-k-5-without, total+k+5)
	}
	for _, o := range r.Concurrency.Overlaps {
		within(t, "overlap", o.Share, 0, 1)
		within(t, "overlap", o.Ns, 1, r.Concurrency.PartitionNs.Parallel)
	}
}

func checkStarvation(t *testing.T, r *result.Result) {
	t.Helper()
	s := &r.Scheduler
	is(t, "ready causes", s.ReadyCauseNs.Sum(), s.ReadyNs)
	is(t, "ready", s.ReadyNs, ready(r))
	is(t, "ready, by kind", s.ReadyNs, r.Time.RunnableNs)
	within(t, "some ready", s.RunnableSomeNs, s.RunnableFullNs, min(r.Scope.DurationNs(), s.ReadyNs))
	within(t, "capacity while ready", s.ReadyCapacityNs, 0, s.PTimeNs.Sum())
	within(t, "excess demand", r.Concurrency.ExcessDemandNs, 0, s.ReadyNs)
	within(t, "idle beside ready", s.IdleWhileReadyNs, 0, s.ReadyNs)
	within(t, "noise", s.IdleWhileReadyNoiseNs, 0, s.IdleWhileReadyNs)
	within(t, "idle beside blocked and ready", s.IdleBlockedNs.Sum()+s.IdleWhileReadyNs, 0, s.PTimeNs.Idle+5)
	within(t, "held harm", s.HeldHarmNs, 0, s.PTimeNs.Syscall+1)
	// A P that leaves with GOMAXPROCS may end its run just after the change.
	within(t, "harm of the runtime", s.GCHarmNs, 0, s.PTimeNs.GC+10_000)
	within(t, "hidden delay", s.HiddenDelay.LowerNs, 0, s.HiddenDelay.UpperNs)
	within(t, "late timers", s.HiddenDelay.LateTimers, 0, s.HiddenDelay.Count)
	for _, w := range s.HiddenDelay.Worst {
		within(t, "late wait", w.LowerNs, 0, w.UpperNs)
		within(t, "late wait", w.UpperNs, 0, w.DurationNs)
		inScope(t, r, "late wait", w.AtNs, w.AtNs+w.DurationNs)
	}
	for _, list := range [][]result.ReadyWait{s.Worst, s.WorstAfterIO} {
		within(t, "worst waits", len(list), 0, 10)
		for i, w := range list {
			inScope(t, r, "ready wait", w.AtNs, w.AtNs+w.DurationNs)
			within(t, "ready wait", w.DurationNs, 1, r.Scope.DurationNs())
			if i > 0 && w.DurationNs > list[i-1].DurationNs {
				t.Errorf("ready waits out of order: %d after %d", w.DurationNs, list[i-1].DurationNs)
			}
		}
	}
	for _, l := range s.LongRuns {
		inScope(t, r, "long run", l.AtNs, l.EndNs)
		within(t, "long run", l.RunNs, 10_000_000, l.EndNs-l.AtNs)
		within(t, "slice", l.LongestSliceNs, 1, l.RunNs)
	}
	for _, h := range s.SyscallHolds {
		inScope(t, r, "hold", h.AtNs, h.AtNs+h.DurationNs)
		within(t, "hold", h.HarmNs, 100_000, h.DurationNs+1)
	}
	for _, m := range s.IdleWhileReadyWorst {
		inScope(t, r, "idle while ready", m.FromNs, m.ToNs)
	}
}

func inScope(t *testing.T, r *result.Result, what string, from, to int64) {
	t.Helper()
	if from > to || from < r.Scope.FromNs || to > r.Scope.ToNs {
		t.Errorf("%s from %d to %d in a scope from %d to %d", what, from, to, r.Scope.FromNs, r.Scope.ToNs)
	}
}

func checkStretches(t *testing.T, r *result.Result) {
	t.Helper()
	at, last := r.Scope.FromNs, ""
	least := max(1_000_000, r.Scope.DurationNs()/1000)
	for i, p := range r.Concurrency.Phases {
		if i < len(r.Concurrency.Phases)-1 {
			within(t, "phase", p.ToNs-p.FromNs, least, r.Scope.DurationNs())
		}
		if p.FromNs != at || p.ToNs <= p.FromNs || p.Label == last {
			t.Errorf("a phase from %d to %d (%s) follows one to %d (%s)", p.FromNs, p.ToNs, p.Label, at, last)
		}
		at, last = p.ToNs, p.Label
	}
	is(t, "end of the phases", at, r.Scope.ToNs)
	for _, part := range r.Concurrency.PartitionNs.Parts() {
		list := r.Concurrency.Longest[part.Label]
		var all int64
		for i, m := range list {
			inScope(t, r, part.Label, m.FromNs, m.ToNs)
			all += m.ToNs - m.FromNs
			if i > 0 && m.ToNs-m.FromNs > list[i-1].ToNs-list[i-1].FromNs {
				t.Errorf("longest stretches of %s out of order", part.Label)
			}
		}
		within(t, part.Label+": longest stretches", len(list), 0, 10)
		within(t, part.Label+": longest stretches", all, 0, part.Ns)
		if len(list) < 10 && part.Label != "unknown" {
			is(t, part.Label+": all stretches", all, part.Ns)
		}
	}
}

// checkIndexes looks for groups and sites that are not there.
func checkIndexes(t *testing.T, r *result.Result) {
	t.Helper()
	groups := func(what string, list ...int) {
		t.Helper()
		for _, g := range list {
			within(t, "group of "+what, g, -1, len(r.Groups)-1)
		}
	}
	times := func(what string, list []result.GroupTime) {
		t.Helper()
		for _, g := range list {
			groups(what, g.Group)
		}
	}
	for i, g := range r.Groups {
		is(t, "number of a group", g.ID, i)
		for _, p := range g.Parents {
			groups("parents", p.Group)
		}
	}
	for _, g := range r.Goroutines {
		groups("a goroutine", g.Group)
	}
	for _, s := range r.Sites {
		groups("a site", s.Groups...)
		for _, w := range s.Wakers {
			groups("a waker", w.Group)
		}
	}
	for _, c := range r.SiteClasses {
		groups("a class", slices.Concat(c.Senders, c.Receivers, c.Waiters, []int{c.ReleaseGroup})...)
		for _, s := range c.Sites {
			within(t, "site of a class", s, 0, len(r.Sites)-1)
		}
	}
	for _, o := range r.Concurrency.Overlaps {
		groups("an overlap", o.A, o.B)
	}
	for _, q := range r.Concurrency.SequentialIO {
		groups("sequential I/O", q.Group)
	}
	s := &r.Scheduler
	for _, w := range slices.Concat(s.Worst, s.WorstAfterIO) {
		groups("a ready wait", w.Group)
		times("who ran", w.Ran)
	}
	for _, w := range s.HiddenDelay.Worst {
		groups("a late wait", w.Group)
		times("who ran", w.Ran)
	}
	for _, l := range s.LongRuns {
		groups("a long run", l.Group)
	}
	for _, h := range s.SyscallHolds {
		groups("a hold", h.Group)
	}
	for _, f := range r.Findings {
		groups(f.Detector, slices.Concat(f.Groups, f.Victims)...)
	}
}

func checkFindings(t *testing.T, r *result.Result) {
	t.Helper()
	within(t, "findings", len(r.Findings), 0, 10)
	for i, f := range r.Findings {
		what := "finding " + f.Detector
		if !slices.Contains([]string{"high", "medium", "low"}, f.Severity) {
			t.Errorf("%s: severity %q", what, f.Severity)
		}
		within(t, what+": score", f.Score, 25, 100)
		within(t, what+": lost", f.LostNs, 0, math.MaxInt64)
		if i > 0 && f.Score > r.Findings[i-1].Score {
			t.Errorf("%s: score %v after %v", what, f.Score, r.Findings[i-1].Score)
		}
		within(t, what+": moments", len(f.At), 0, 3)
		for _, m := range f.At {
			inScope(t, r, what, m.FromNs, m.ToNs)
		}
		for name, v := range f.Evidence {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Errorf("%s: %s is %v", what, name, v)
			}
		}
		if f.Title == "" || f.Sentence == "" {
			t.Errorf("%s says nothing", what)
		}
	}
}

// TestTwoHalvesAreTheWhole cuts a trace in two windows: all that is additive
// must add up.
func TestTwoHalvesAreTheWhole(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		whole := analysed(t, path, analyze.Options{})
		if isOld(whole) {
			t.Skip("two readings of a trace of Go 1.11–1.21 differ by nanoseconds")
		}
		for _, share := range []int64{3, 2} {
			at := time.Duration(whole.Trace.DurationNs / share)
			left := analysed(t, path, analyze.Options{To: at})
			right := analysed(t, path, analyze.Options{From: at})
			l, r := left.Time, right.Time
			if got := add(l, r); got.LifetimeNs != whole.Time.LifetimeNs || !cmp.Equal(got.Kinds, whole.Time.Kinds) || got.STWNs != whole.Time.STWNs {
				t.Errorf("cut at %v: %s", at, cmp.Diff(whole.Time.Kinds, got.Kinds))
			}
			if got := left.Scheduler.PTimeNs.Sum() + right.Scheduler.PTimeNs.Sum(); got != whole.Scheduler.PTimeNs.Sum() {
				t.Errorf("cut at %v: processors' time %d, whole %d", at, got, whole.Scheduler.PTimeNs.Sum())
			}
			lp, rp, wp := left.Scheduler.PTimeNs, right.Scheduler.PTimeNs, whole.Scheduler.PTimeNs
			if lp.User+rp.User != wp.User || lp.GC+rp.GC != wp.GC || lp.Syscall+rp.Syscall != wp.Syscall || lp.STW+rp.STW != wp.STW {
				t.Errorf("cut at %v: %+v and %+v are not %+v", at, lp, rp, wp)
			}
			if got := left.GC.STWTotalNs + right.GC.STWTotalNs; got != whole.GC.STWTotalNs {
				t.Errorf("cut at %v: world stopped for %d, whole %d", at, got, whole.GC.STWTotalNs)
			}
			ls, rs, ws := left.Scheduler, right.Scheduler, whole.Scheduler
			if ls.RunnableSomeNs+rs.RunnableSomeNs != ws.RunnableSomeNs || ls.RunnableFullNs+rs.RunnableFullNs != ws.RunnableFullNs || ls.ReadyNs+rs.ReadyNs != ws.ReadyNs {
				t.Errorf("cut at %v: someone ready for %d and %d, whole %d; and none running %d and %d, whole %d; ready in all %d and %d, whole %d", at,
					ls.RunnableSomeNs, rs.RunnableSomeNs, ws.RunnableSomeNs, ls.RunnableFullNs, rs.RunnableFullNs, ws.RunnableFullNs, ls.ReadyNs, rs.ReadyNs, ws.ReadyNs)
			}
			for k, ns := range whole.Concurrency.RunningHistogramNs {
				if got := ran(left, k) + ran(right, k); got != ns {
					t.Errorf("cut at %v: %d ran for %d ns, whole %d", at, k, got, ns)
				}
			}
		}
	})
}

// ran is for how long so many goroutines ran.
func ran(r *result.Result, k int) int64 {
	if h := r.Concurrency.RunningHistogramNs; k < len(h) {
		return h[k]
	}
	return 0
}

// TestResultsRoundTrip is invariant 4.
func TestResultsRoundTrip(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		r := analysed(t, path, analyze.Options{Goroutines: true})
		var first bytes.Buffer
		jsonFormat, _ := report.ByName("json")
		if err := jsonFormat.Write(&first, report.Document{Result: r}, report.Options{}); err != nil {
			t.Fatal(err)
		}
		back, err := report.ReadJSON(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range report.Formats {
			if f.Intervals {
				continue // a Result alone is not enough for it
			}
			for _, o := range []report.Options{{}, {Width: 60, ASCII: true, Goroutines: true}} {
				var a, b bytes.Buffer
				if err := f.Write(&a, report.Document{Result: r}, o); err != nil {
					t.Fatal(err)
				}
				if err := f.Write(&b, report.Document{Result: back}, o); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(a.Bytes(), b.Bytes()) {
					t.Errorf("%s after a round trip (-direct +back):\n%s", f.Name, cmp.Diff(a.String(), b.String()))
				}
			}
		}
	})
}

// TestResultsAreDeterministic is invariant 5.
func TestResultsAreDeterministic(t *testing.T) {
	if testing.Short() {
		t.Skip("analyses every trace three times")
	}
	for name, path := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			r := analysed(t, path, analyze.Options{Goroutines: true})
			want := asJSON(t, r)
			for _, procs := range []int{1, 2, 8} {
				old := runtime.GOMAXPROCS(procs)
				got := analysed(t, path, analyze.Options{Goroutines: true})
				runtime.GOMAXPROCS(old)
				if isOld(r) {
					checkNear(t, got, r)
				} else if !bytes.Equal(asJSON(t, got), want) {
					t.Errorf("GOMAXPROCS=%d: %s", procs, cmp.Diff(r, got))
				}
			}
		})
	}
}

// checkNear holds two readings of a trace of Go 1.11–1.21 against each other.
func checkNear(t *testing.T, got, want *result.Result) {
	t.Helper()
	near := cmp.Comparer(func(a, b int64) bool { return max(a, b)-min(a, b) <= 100 })
	if len(got.Goroutines) != len(want.Goroutines) {
		t.Fatalf("%d goroutines, %d before", len(got.Goroutines), len(want.Goroutines))
	}
	for i := range got.Goroutines {
		g, w := got.Goroutines[i], want.Goroutines[i]
		if g.ID != w.ID || !cmp.Equal(g.StatesNs, w.StatesNs, near) {
			t.Errorf("goroutine %d: %+v, %d: %+v before", g.ID, g.StatesNs, w.ID, w.StatesNs)
		}
	}
}

// TestDamageIsAnErrorOrTold is invariant 6: no prefix and no mutation of a
// trace panics, hangs or passes as whole while something is missing.
func TestDamageIsAnErrorOrTold(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) > 300<<10 {
			data = data[:300<<10]
		}
		rng := rand.New(rand.NewPCG(7, uint64(len(data))))
		n := 12
		if testing.Short() {
			n = 4
		}
		for range n {
			checkDamaged(t, data[:rng.IntN(len(data))], true)
			bad := bytes.Clone(data)
			for range 1 + rng.IntN(4) {
				bad[16+rng.IntN(len(bad)-16)] ^= byte(1 + rng.IntN(255))
			}
			checkDamaged(t, bad, false)
		}
	})
}

func checkDamaged(t *testing.T, data []byte, cut bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := analyze.Analyze(ctx, analyze.Reader("damaged", bytes.NewReader(data)), analyze.Options{Goroutines: true})
	if err != nil {
		var not *analyze.NotTraceError
		if cut && !errors.As(err, &not) {
			t.Errorf("cut at %d: %v, which is not a *NotTraceError", len(data), err)
		}
		if len(err.Error()) > 1000 {
			t.Errorf("an error of %d bytes: %.100s…", len(err.Error()), err)
		}
		return
	}
	checkConserved(t, r)
	checkPartition(t, r)
	checkShares(t, r)
	checkIndexes(t, r)
	checkFindings(t, r)
	if r.Trace.BytesLost > 0 && len(r.Trace.Warnings) == 0 || !r.Trace.Complete && r.Trace.BytesLost == 0 && cut {
		t.Errorf("cut at %d: complete %v, %d bytes lost, warnings %v", len(data), r.Trace.Complete, r.Trace.BytesLost, r.Trace.Warnings)
	}
}

// TestEveryGroupByItself analyses each trace as if only one of its groups were
// asked for: what is left out shows up as no group, anywhere, and the rest still
// agrees with itself.
func TestEveryGroupByItself(t *testing.T) {
	if testing.Short() {
		t.Skip("many analyses")
	}
	overCorpus(t, func(t *testing.T, path string) {
		seen := map[string]bool{}
		for _, g := range analysed(t, path, analyze.Options{}).Groups {
			if g.System || seen[g.Name] || len(seen) == 12 {
				continue
			}
			seen[g.Name] = true
			r := analysed(t, path, analyze.Options{Group: regexp.MustCompile("^" + regexp.QuoteMeta(g.Name) + "$"), CPUs: 1})
			checkIndexes(t, r)
			checkPartition(t, r)
			if r.Concurrency.OnCPU != nil {
				t.Error("samples of all goroutines are held against the running time of some")
			}
			if l := r.Verdict.Label; l == "starved" || l == "saturated" {
				t.Errorf("%s: others may have run: %s", l, r.Verdict.Sentence)
			}
		}
	})
}
