package html_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/evanw/esbuild/pkg/api"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/html"
)

// modelSource asks the page's own model, without the page around it.
const modelSource = `
import { inflate } from './data/columns';
import { decodeLog } from './data/log';
import { summarise } from './model/summary';
let result, log;
export async function load(packedResult, packedLog) {
  result = JSON.parse(new TextDecoder().decode(await inflate(packedResult)));
  log = decodeLog(await inflate(packedLog));
  return log.complete;
}
// Shares of bins are no whole numbers.
function kinds(times) {
  const out = { kinds: {}, rest: {} };
  log.kinds.forEach((k, i) => {
    if (times.ns[i]) out.kinds[k.label] = Math.round(times.ns[i]);
    if (times.rest[i]) out.rest[k.label] = Math.round(times.rest[i]);
  });
  return out;
}
export function ask(from, to) {
  const s = summarise(result, log, from, to);
  const labels = [...new Set(log.kinds.flatMap((k) => [k.class, k.label]))];
  const waits = (group) => Object.fromEntries(labels.map((l) => [l, s.latency(l, group)]).filter(([, x]) => x.count > 0));
  const p = s.parallel();
  return {
    exact: s.exact, user: kinds(s.times), system: kinds(s.system), waits: waits(undefined), scheduling: s.schedulingLatency(),
    groups: result.groups.map((g, i) => ({ name: g.name, created_by: g.created_by, count: s.groups[i].count, time: kinds(s.groups[i].times), waits: waits(i) })).filter((g) => g.count > 0 || Object.keys(g.time.kinds).length > 0),
    histogram: p.histogram, partition: Object.fromEntries(Object.entries(p.partition).map(([k, ns]) => [k, Math.round(ns)])), averageRunning: p.averageRunning, averageParallelism: p.averageParallelism,
  };
}
`

// answer is what the model says of a range.
type answer struct {
	Exact        bool
	User, System modelTime
	Waits        result.Latencies
	Scheduling   result.Latency
	Groups       []modelGroup
	Histogram    []float64
	Partition    result.Partition

	AverageRunning, AverageParallelism float64
}

type modelTime struct{ Kinds, Rest map[string]int64 }

type modelGroup struct {
	Name      string
	CreatedBy string `json:"created_by"`
	Count     int
	Time      modelTime
	Waits     result.Latencies
}

// model is a tab in which only the page's model runs.
type model struct {
	testing.TB
	ctx      context.Context
	complete bool
}

// scriptTab is an empty tab in which model is what a source exports.
func scriptTab(t testing.TB, source string) context.Context {
	t.Helper()
	built := api.Build(api.BuildOptions{
		Stdin:  &api.StdinOptions{Contents: source, ResolveDir: "ui/src", Loader: api.LoaderTS},
		Bundle: true, Format: api.FormatIIFE, GlobalName: "model",
	})
	if len(built.Errors) > 0 {
		t.Fatalf("bundle: %v", built.Errors)
	}
	ctx, cancel := chromedp.NewContext(startBrowser(t))
	ctx, timeout := context.WithTimeout(ctx, 10*time.Minute)
	t.Cleanup(func() { timeout(); cancel() })
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[any](string(built.OutputFiles[0].Contents)+"\nwindow.model = model; 0")); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func loadModel(t testing.TB, page written) *model {
	t.Helper()
	m := &model{TB: t, ctx: scriptTab(t, modelSource)}
	raw, err := os.ReadFile(page.path)
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("model.load(%q, %q)", blockOf(t, raw, "data-result"), blockOf(t, raw, "data-log"))
	if m.complete, err = chromedp.Run(m.ctx, chromedp.Evaluate[bool](script, chromedp.EvalAwaitPromise)); err != nil {
		t.Fatal(err)
	}
	return m
}

// blockOf is the text of an element that holds data.
func blockOf(t testing.TB, page []byte, id string) string {
	t.Helper()
	found := regexp.MustCompile(`id="` + id + `">([^<]*)<`).FindSubmatch(page)
	if found == nil {
		t.Fatalf("the page has no element %s", id)
	}
	return string(found[1])
}

func (m *model) ask(from, to int64) answer {
	m.Helper()
	text, err := chromedp.Run(m.ctx, chromedp.Evaluate[string](fmt.Sprintf("JSON.stringify(model.ask(%d, %d))", from, to)))
	if err != nil {
		m.Fatal(err)
	}
	var a answer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		m.Fatal(err)
	}
	return a
}

// traces of different kinds: a server, tasks and regions, scenarios, old formats.
var modelTraces = []string{
	"go1.26/server.trace", "go1.26/all.trace", "go1.26/tasks.trace", "go1.26/go-build.trace", "go1.26/generations.trace",
	"go1.11/go-user-task-region.trace", "scenarios/idle-server.trace", "scenarios/lock-serialises.trace", "scenarios/s10-pull-iterator.trace",
	"scenarios/s17-ping-pong.trace", "scenarios/s36-forced-gc.trace",
}

// The page's numbers of a range are those of conctrace analyze --from --to, to the
// nanosecond. What is at rest is decided over the whole trace there: where a window
// alone would decide otherwise, only what does not depend on it is held against it.
func TestModelAgreesWithTheAnalysisOfAWindow(t *testing.T) {
	compared, whole := 0, 0
	for _, name := range modelTraces {
		t.Run(name, func(t *testing.T) {
			path := "../../testdata/traces/" + name
			page := write(t, path, analyze.Options{}, html.Options{MaxBytes: 64 << 20})
			m := loadModel(t, page)
			if !m.complete {
				t.Fatal("the page has not all intervals")
			}
			length := page.result.Trace.DurationNs
			for _, w := range [][2]int64{{0, length}, {length / 4, length / 2}, {length / 3, length/3 + length/50}, {length * 9 / 10, length}, {0, length / 7}, {length/2 + 1, length/2 + 1001}} {
				r := page.result
				if w[1]-w[0] < length {
					var err error
					r, err = analyze.Analyze(t.Context(), analyze.File(path), analyze.Options{From: time.Duration(w[0]), To: time.Duration(w[1])})
					if err != nil {
						t.Fatal(err)
					}
				}
				compared++
				if checkAnswer(t, r, m.ask(w[0], w[1])) {
					whole++
				}
			}
		})
	}
	t.Logf("%d ranges compared, %d of them with what depends on what is at rest", compared, whole)
	if whole*2 < compared {
		t.Errorf("only %d of %d ranges could be compared wholly", whole, compared)
	}
}

// checkAnswer holds an answer against a result; it reports whether what is at rest was
// decided the same.
func checkAnswer(t *testing.T, r *result.Result, a answer) bool {
	t.Helper()
	if !a.Exact {
		t.Error("the model says that it is not exact")
	}
	where := fmt.Sprintf("%d to %d", r.Scope.FromNs, r.Scope.ToNs)
	same := func(what string, want, got any) {
		t.Helper()
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
			t.Errorf("%s, %s (-analysis +page):\n%s", where, what, diff)
		}
	}
	same("time", nonZero(r.Time.Kinds), a.User.Kinds)
	same("the runtime's time", nonZero(r.SystemTime.Kinds), a.System.Kinds)
	same("running at once", floats(r.Concurrency.RunningHistogramNs), a.Histogram)
	same("average", []float64{r.Concurrency.AverageRunning, r.Concurrency.AverageParallelism}, []float64{a.AverageRunning, a.AverageParallelism})
	same("waits for a P", r.Scheduler.Latency, a.Scheduling)
	rest := cmp.Equal(nonZero(r.Time.AtRestKinds), a.User.Rest, cmpopts.EquateEmpty())
	if rest {
		same("waits", r.Waits, a.Waits)
	}
	for i := range r.Groups {
		g := &r.Groups[i]
		at := slices.IndexFunc(a.Groups, func(x modelGroup) bool {
			return x.Name == g.Name && x.CreatedBy == g.CreatedBy && cmp.Equal(nonZero(g.Time.Kinds), x.Time.Kinds)
		}) // created by other callers, groups may have one name
		if at < 0 {
			at = slices.IndexFunc(a.Groups, func(x modelGroup) bool { return x.Name == g.Name && x.CreatedBy == g.CreatedBy })
		}
		if at < 0 {
			t.Errorf("%s: the page has nothing of group %s", where, g.Name)
			continue
		}
		got := a.Groups[at]
		same("time of "+g.Name, nonZero(g.Time.Kinds), got.Time.Kinds)
		same("goroutines of "+g.Name, g.Count, got.Count)
		if cmp.Equal(nonZero(g.Time.AtRestKinds), got.Time.Rest, cmpopts.EquateEmpty()) {
			same("waits of "+g.Name, g.Waits, got.Waits)
		}
	}
	if rest && r.Concurrency.PartitionNs == a.Partition {
		return true
	}
	// Who is represented by others is decided by the window's own waits, too: only
	// what is in progress may then be named otherwise.
	p, q := r.Concurrency.PartitionNs, a.Partition
	same("time with goroutines running or ready", p.Parallel+p.Stalled+p.Serial+p.Interleaved, q.Parallel+q.Stalled+q.Serial+q.Interleaved)
	same("parallel", p.Parallel, q.Parallel)
	same("stalled", p.Stalled, q.Stalled)
	return false
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

func floats(in []int64) []float64 {
	out := make([]float64, len(in))
	for i, ns := range in {
		out[i] = float64(ns)
	}
	return out
}

// What was merged to fit is right over the whole trace, and over a range as far as the
// bins at its ends allow.
func TestModelOfMergedIntervals(t *testing.T) {
	path := "../../testdata/traces/go1.26/server.trace"
	page := write(t, path, analyze.Options{}, html.Options{MaxBytes: 1})
	m := loadModel(t, page)
	if m.complete {
		t.Fatal("everything fits into a byte")
	}
	length := page.result.Trace.DurationNs
	bin := page.log.BinNs
	for _, w := range [][2]int64{{length / 4, length / 2}, {length / 8, length * 7 / 8}} {
		r, err := analyze.Analyze(t.Context(), analyze.File(path), analyze.Options{From: time.Duration(w[0]), To: time.Duration(w[1])})
		if err != nil {
			t.Fatal(err)
		}
		a := m.ask(w[0], w[1])
		if a.Exact {
			t.Error("merged intervals are said to be exact")
		}
		for kind, ns := range r.Time.Kinds {
			// In the two bins at the ends every goroutine may do the same.
			if off := a.User.Kinds[kind] - ns; max(off, -off) > 2*bin*int64(r.Scope.Goroutines) {
				t.Errorf("%s from %d to %d: %d ns, the analysis says %d", kind, w[0], w[1], a.User.Kinds[kind], ns)
			}
		}
		var all, want int64
		for _, ns := range a.User.Kinds {
			all += ns
		}
		for _, ns := range r.Time.Kinds {
			want += ns
		}
		if off := float64(all)/float64(want) - 1; off > 0.02 || off < -0.02 {
			t.Errorf("from %d to %d goroutines are there for %d ns, the analysis says %d", w[0], w[1], all, want)
		}
	}
	a := m.ask(0, length)
	if diff := cmp.Diff(nonZero(page.result.Time.Kinds), a.User.Kinds); diff != "" {
		t.Errorf("the whole trace (-analysis +page):\n%s", diff)
	}
	if !strings.Contains(strings.Join(strings.Fields(string(mustRead(t, page.path))), " "), "To fit into its size this page leaves something out") {
		t.Error("the page does not say that something was merged")
	}
}

// Goroutines that are there throughout are so in every range of a merged page, however
// the range lies to its bins.
func TestModelNeverCountsMoreThanThereIs(t *testing.T) {
	page := write(t, serverTrace, analyze.Options{}, html.Options{MaxBytes: 1})
	m := loadModel(t, page)
	if m.complete {
		t.Fatal("everything fits into a byte")
	}
	length := page.result.Trace.DurationNs
	always := map[string]int64{}
	for i := range page.result.Groups {
		if g := &page.result.Groups[i]; g.Time.LifetimeNs == int64(g.Count)*length {
			always[g.Name] += int64(g.Count)
		}
	}
	if len(always) == 0 {
		t.Fatal("no group is there throughout")
	}
	for _, w := range [][2]int64{{0, length / 7}, {length / 3, length/3 + page.log.BinNs/3}, {length / 2, length * 4 / 5}, {length - page.log.BinNs*3/2, length}} {
		there := map[string]int64{}
		for _, g := range m.ask(w[0], w[1]).Groups {
			for _, ns := range g.Time.Kinds {
				there[g.Name] += ns
			}
		}
		for name, count := range always {
			want := count * (w[1] - w[0])
			if off := there[name] - want; max(off, -off) > want/1000+int64(len(page.log.Cells)) {
				t.Errorf("from %d to %d: %d goroutines of %s are there for %d ns, want %d", w[0], w[1], count, name, there[name], want)
			}
		}
	}
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
