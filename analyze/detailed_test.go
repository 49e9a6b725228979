package analyze_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

const serverTrace = "../testdata/traces/go1.26/server.trace"

// detailed analyses a trace with its intervals.
func detailed(t *testing.T, path string, o analyze.Options, most int) (*result.Result, *interval.Log) {
	t.Helper()
	r, log, err := analyze.Detailed(context.Background(), analyze.File(path), o, most)
	if err != nil {
		t.Fatal(err)
	}
	return r, log
}

// The intervals are the same time as the sums: of each group by kind, and at rest,
// whether they are told one by one or were merged for want of room. However little
// there is, what the report points to is told one by one.
func TestIntervalsSumToTheResult(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		for i, most := range []int{0, 1} {
			if !strings.Contains(path, "go1.26") && i != len(path)%2 {
				continue // one of the two of each trace takes long enough
			}
			r, log := detailed(t, path, analyze.Options{}, most)
			sums := sumsOf(t, log)
			for i := range r.Groups {
				g := &r.Groups[i]
				if diff := cmp.Diff(nonZero(g.Time.Kinds), nonZero(sums[i].kinds)); diff != "" {
					t.Errorf("%d intervals at most, group %s (-result +intervals):\n%s", most, g.Name, diff)
				}
				if diff := cmp.Diff(nonZero(g.Time.AtRestKinds), nonZero(sums[i].atRest)); diff != "" {
					t.Errorf("%d intervals at most, at rest in %s (-result +intervals):\n%s", most, g.Name, diff)
				}
			}
			if most == 0 && log.BelowNs != 0 {
				t.Errorf("intervals below %d ns were merged without need", log.BelowNs)
			}
			if kept := log.Kept(); most == 0 && kept != log.Intervals || kept > log.Intervals {
				t.Errorf("%d of %d intervals are told one by one", kept, log.Intervals)
			}
			checkSweep(t, r, log)
			checkMoments(t, r, log)
		}
	})
}

type groupSums struct{ kinds, atRest map[string]int64 }

// sumsOf sums the intervals and what was merged by group, and checks that a
// goroutine's intervals stay in the window.
func sumsOf(t *testing.T, log *interval.Log) map[int]groupSums {
	t.Helper()
	sums := map[int]groupSums{}
	add := func(cell int32, ns int64) {
		c := &log.Cells[cell]
		s, ok := sums[c.Group]
		if !ok {
			s = groupSums{map[string]int64{}, map[string]int64{}}
			sums[c.Group] = s
		}
		s.kinds[c.Kind.Label()] += ns
		if c.Rule != "" {
			s.atRest[c.Kind.Label()] += ns
		}
	}
	for _, g := range log.Goroutines {
		end := g.Start
		for _, iv := range g.Intervals {
			end += iv.Ns
			c := &log.Cells[iv.Cell]
			if c.Group != g.Group {
				t.Fatalf("goroutine %d of group %d has an interval of group %d", g.ID, g.Group, c.Group)
			}
			if !c.Merged {
				add(iv.Cell, iv.Ns)
			}
		}
		if g.Start < log.From || end > log.To {
			t.Errorf("goroutine %d is told from %d to %d, the log is from %d to %d", g.ID, g.Start, end, log.From, log.To)
		}
	}
	for key, sum := range log.Rest {
		if key.Bin < 0 || int(key.Bin) >= log.Bins() {
			t.Errorf("bin %d of %d", key.Bin, log.Bins())
		}
		add(key.Cell, sum.Ns)
	}
	return sums
}

func nonZero(m map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for k, ns := range m {
		if ns != 0 {
			out[k] = ns
		}
	}
	return out
}

// checkSweep holds what ran over time against the histogram and the partition, which
// leave gaps of the trace out.
func checkSweep(t *testing.T, r *result.Result, log *interval.Log) {
	t.Helper()
	if len(r.Trace.Gaps) > 0 {
		return
	}
	running := make([]int64, len(r.Concurrency.RunningHistogramNs))
	labels := map[string]int64{}
	for _, c := range log.Sweep.Cells {
		if c.Ns == 0 {
			continue
		}
		running[c.Running] += c.Ns
		labels[log.Sweep.Labels[c.Label]] += c.Ns
	}
	if diff := cmp.Diff(r.Concurrency.RunningHistogramNs, running); diff != "" {
		t.Errorf("running at once (-result +over time):\n%s", diff)
	}
	for _, p := range r.Concurrency.PartitionNs.Parts() {
		if labels[p.Label] != p.Ns {
			t.Errorf("%s: %d ns over time, %d in the result", p.Label, labels[p.Label], p.Ns)
		}
	}
}

// checkMoments fails the test where the report points to something of a goroutine that
// is not told one by one.
func checkMoments(t *testing.T, r *result.Result, log *interval.Log) {
	t.Helper()
	told := map[int64][]*interval.Goroutine{} // threads of C code come back under one ID
	for _, g := range log.Goroutines {
		told[g.ID] = append(told[g.ID], g)
	}
	for _, f := range r.Findings {
		for _, m := range f.At {
			if m.Goroutine > 0 && !tells(log, told[m.Goroutine], m) {
				t.Errorf("%s points to goroutine %d from %d to %d, of which nothing is told", f.Detector, m.Goroutine, m.FromNs, m.ToNs)
			}
		}
	}
	for _, s := range r.Sites {
		for _, m := range s.Worst {
			if s.Waits > 0 && !tells(log, told[m.Goroutine], m) {
				t.Errorf("%s: the wait of goroutine %d from %d to %d is not told", s.Kind, m.Goroutine, m.FromNs, m.ToNs)
			}
		}
	}
}

// tells says whether the intervals of a goroutine's ID show something of their own in a
// moment.
func tells(log *interval.Log, list []*interval.Goroutine, m result.Moment) bool {
	for _, g := range list {
		at := g.Start
		for _, iv := range g.Intervals {
			if at < m.ToNs && at+iv.Ns > m.FromNs && !log.Cells[iv.Cell].Merged {
				return true
			}
			at += iv.Ns
		}
	}
	return false
}

// A window and a filter hold for the intervals as for the sums.
func TestIntervalsOfAWindow(t *testing.T) {
	path := serverTrace
	for _, o := range []analyze.Options{{From: 100e6, To: 200e6}, {Group: regexp.MustCompile("conn..serve")}} {
		r, log := detailed(t, path, o, 0)
		checkProcs(t, r, log)
		if log.From != r.Scope.FromNs || log.To != r.Scope.ToNs {
			t.Errorf("the log is from %d to %d, the scope from %d to %d", log.From, log.To, r.Scope.FromNs, r.Scope.ToNs)
		}
		sums := sumsOf(t, log)
		for i := range r.Groups {
			if diff := cmp.Diff(nonZero(r.Groups[i].Time.Kinds), nonZero(sums[i].kinds)); diff != "" {
				t.Errorf("%+v, group %s (-result +intervals):\n%s", o, r.Groups[i].Name, diff)
			}
		}
	}
}

// checkProcs holds what ran on the Ps, whether it was asked for or not, against the
// processors' time, which is of the whole program.
func checkProcs(t *testing.T, r *result.Result, log *interval.Log) {
	t.Helper()
	var ran int64
	for _, g := range log.Goroutines {
		for _, iv := range g.Intervals {
			if k := log.Cells[iv.Cell].Kind; k == waitkind.User || k == waitkind.GCAssist {
				ran += iv.Ns
			}
		}
	}
	for _, sum := range log.ProcRest {
		ran += sum.User + sum.System + sum.Other
	}
	if p := r.Scheduler.PTimeNs; ran != p.User+p.GC {
		t.Errorf("%+v: %d ns ran on the Ps, %d in the result", r.Scope, ran, p.User+p.GC)
	}
}

// Two readings give the same intervals.
func TestIntervalsAreDeterministic(t *testing.T) {
	path := serverTrace
	for _, most := range []int{0, 2000} {
		_, x := detailed(t, path, analyze.Options{}, most)
		_, y := detailed(t, path, analyze.Options{}, most)
		if len(x.Goroutines) != len(y.Goroutines) || x.BelowNs != y.BelowNs {
			t.Fatalf("%d goroutines below %d ns, then %d below %d", len(x.Goroutines), x.BelowNs, len(y.Goroutines), y.BelowNs)
		}
		for i := range x.Goroutines {
			if a, b := told(x, x.Goroutines[i]), told(y, y.Goroutines[i]); a != b {
				t.Errorf("goroutine %d:\n%s\nand then\n%s", x.Goroutines[i].ID, a, b)
			}
		}
	}
}

// told is what a goroutine did, in words that two readings share.
func told(log *interval.Log, g *interval.Goroutine) string {
	var s strings.Builder
	fmt.Fprint(&s, g.ID, g.Group, g.Start, g.Parent, g.Older, g.Open)
	for _, iv := range g.Intervals {
		c := log.Cells[iv.Cell]
		fmt.Fprint(&s, " ", iv.Ns, c.Kind.Label(), c.Merged, c.Rule, iv.Who, len(log.Stacks[c.Stack]))
	}
	return s.String()
}

// Messages of the program's log come along, other than in the sums.
func TestMessagesAreKept(t *testing.T) {
	_, log := detailed(t, "../testdata/traces/go1.26/tasks.trace", analyze.Options{}, 0)
	if len(log.Logs) == 0 {
		t.Fatal("no log line")
	}
	for _, l := range log.Logs {
		if l.Message == "" {
			t.Errorf("a log line without its message: %+v", l)
		}
	}
	if len(log.Tasks) == 0 || len(log.Regions) == 0 {
		t.Errorf("%d tasks and %d regions", len(log.Tasks), len(log.Regions))
	}
}

// Kinds on a processor carry their P.
func TestRunningIntervalsHaveTheirP(t *testing.T) {
	_, log := detailed(t, serverTrace, analyze.Options{}, 0)
	for _, g := range log.Goroutines {
		for _, iv := range g.Intervals {
			if log.Cells[iv.Cell].Kind == waitkind.User && iv.Who < 0 {
				t.Fatalf("goroutine %d ran for %d ns on no P", g.ID, iv.Ns)
			}
		}
	}
}
