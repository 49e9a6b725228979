package analyze_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
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
			if got := left.Scheduler.RunnableSomeNs + right.Scheduler.RunnableSomeNs; got != whole.Scheduler.RunnableSomeNs {
				t.Errorf("cut at %v: someone ready for %d, whole %d", at, got, whole.Scheduler.RunnableSomeNs)
			}
		}
	})
}

// TestResultsRoundTrip is invariant 4.
func TestResultsRoundTrip(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		r := analysed(t, path, analyze.Options{Goroutines: true})
		var first bytes.Buffer
		jsonFormat, _ := report.ByName("json")
		if err := jsonFormat.Write(&first, r, report.Options{}); err != nil {
			t.Fatal(err)
		}
		back, err := report.ReadJSON(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range report.Formats {
			for _, o := range []report.Options{{}, {Width: 60, ASCII: true, Goroutines: true}} {
				var a, b bytes.Buffer
				if err := f.Write(&a, r, o); err != nil {
					t.Fatal(err)
				}
				if err := f.Write(&b, back, o); err != nil {
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
		n := 24
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
	if r.Trace.BytesLost > 0 && len(r.Trace.Warnings) == 0 || !r.Trace.Complete && r.Trace.BytesLost == 0 && cut {
		t.Errorf("cut at %d: complete %v, %d bytes lost, warnings %v", len(data), r.Trace.Complete, r.Trace.BytesLost, r.Trace.Warnings)
	}
}
