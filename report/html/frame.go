package html

import (
	"cmp"
	"html/template"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/plain"
	"github.com/conctrace/conctrace/report/internal/units"
)

// frame is what page.html writes.
type frame struct {
	Assets        assets
	Served        *Served
	Title         string
	Facts         []string
	Verdict       result.Verdict
	Warnings      []result.Warning
	Filter        string
	PTime         []row
	Ready         []row
	IdleBlocked   []row
	Sites         []site
	Partition     []row
	Tiles         []named
	Findings      []finding
	Nothing       string
	Passed        []Detector
	Omitted       string
	Running       []row
	Latencies     []latency
	MMU           []row
	ClassHeads    []string
	Groups        []group
	GroupsOmitted string
	Pieces        []piece
	Edges         []edge
	Spans         []span
	GC            []named
	Limits        []string
	Left          string
	Kinds         []kind
	Gaps          []string
	Result, Log   template.HTML
}

// row is a line of a table: what, for how long, of how much.
type row struct{ Label, Time, Share, Meaning string }

type named struct{ Name, Value string }

type latency struct{ Name, Count, P50, P90, P99, Max string }

type group struct {
	Name, Full, Count, Time, P99, Verdict string
	Shares                                []string
}

type site struct{ Kind, Place, Waits, Time, P50, P99, Max string }

type piece struct{ Kind, Where, Time, Share string }

type edge struct{ From, To, Waits, Time string }

type span struct{ What, Type, Count, P50, P99, Max string }

func newFrame(r *result.Result, o Options) *frame {
	f := &frame{
		Assets: ownAssets(), Served: o.Served, Title: title(r), Facts: facts(r), Verdict: r.Verdict, Warnings: r.Trace.Warnings,
		Filter: filter(r), Partition: partition(r), PTime: processors(r), Ready: ready(r), IdleBlocked: idleBlocked(r), Sites: sites(r), Tiles: tiles(r), Running: running(r),
		Latencies: latencies(r.Waits), GC: collector(r), Limits: limits(r), Findings: findings(r),
		Nothing: "None: no detector found anything that stands out.",
	}
	if r.Verdict.Label == "too-little-data" {
		f.Nothing = "None: there is too little to judge by."
	}
	if n := r.FindingsOmitted; n > 0 {
		f.Omitted = units.Counted(int64(n), "further finding is", "further findings are") + " not listed."
	}
	// Of some goroutines alone not every detector can judge.
	if r.Verdict.Label != "too-little-data" && r.FindingsOmitted == 0 && r.Scope.Group == "" && r.Scope.Task == "" {
		f.Passed = passed(r, o.Detectors)
	}
	for _, m := range r.GC.MMU {
		f.MMU = append(f.MMU, row{Time: units.Duration(m.WindowNs), Share: units.PercentOf(m.Utilization)})
	}
	for _, c := range classes {
		f.ClassHeads = append(f.ClassHeads, c.name)
	}
	f.groups(r)
	f.blame(r)
	f.spans(r)
	for k := range waitkind.NumKinds {
		f.Kinds = append(f.Kinds, kind{k.Label(), k.Class().String(), k.Doc()})
	}
	for _, g := range r.Trace.Gaps {
		f.Gaps = append(f.Gaps, at(g.FromNs)+" to "+at(g.ToNs)+": "+plain.Text(g.Problem))
	}
	return f
}

func title(r *result.Result) string {
	if r.Trace.File == "-" {
		return "standard input"
	}
	return plain.Text(filepath.Base(r.Trace.File))
}

// facts are what the trace is.
func facts(r *result.Result) []string {
	out := []string{units.Duration(r.Trace.DurationNs)}
	if r.Scope.FromNs > 0 || r.Scope.ToNs < r.Trace.DurationNs {
		out = append(out, "window "+at(r.Scope.FromNs)+" to "+at(r.Scope.ToNs))
	}
	if n := len(r.Trace.Gomaxprocs); n > 0 {
		out = append(out, units.Counted(int64(r.Trace.Gomaxprocs[n-1].N), "P", "Ps"))
	}
	out = append(out, units.Counted(int64(r.Scope.Goroutines), "goroutine", "goroutines"), "go"+plain.Text(r.Trace.GoVersion)+" format", units.Size(r.Trace.Bytes), units.Counted(r.Trace.Events, "event", "events"))
	if r.Trace.StartedAt != "" {
		out = append(out, "started "+plain.Text(r.Trace.StartedAt))
	}
	if file := r.Scope.Thresholds; file != "" {
		out = append(out, "thresholds of "+plain.Text(file))
	}
	return out
}

// filter says which goroutines the page is of, "" for all.
func filter(r *result.Result) string {
	var of []string
	if r.Scope.Group != "" {
		of = append(of, "whose entry function matches "+plain.Text(r.Scope.Group))
	}
	if r.Scope.Task != "" {
		of = append(of, "that took part in a task whose type matches "+plain.Text(r.Scope.Task))
	}
	if len(of) == 0 {
		return ""
	}
	return "Only goroutines " + strings.Join(of, " and ") + " are in this page; others may have run meanwhile. What the processors spent and the collector did is of the whole program."
}

var meanings = map[string]string{
	"parallel":      "two or more goroutines ran",
	"interleaved":   "one ran, and others were in progress",
	"serial":        "one ran, and nothing else was in progress",
	"stalled":       "some were ready, and none ran",
	"latency-bound": "all that was in progress waited",
	"idle":          "nothing was in progress",
	"unknown":       "the trace has a gap here",
}

func partition(r *result.Result) (out []row) {
	p := r.Concurrency.PartitionNs
	for _, l := range p.Parts() {
		if l.Ns > 0 {
			out = append(out, row{l.Label, units.Duration(l.Ns), units.Percent(l.Ns, p.Sum()), meanings[l.Label]})
		}
	}
	return out
}

// class is a column of the groups' table.
type class struct {
	name  string
	label string // as in the JSON, or of kinds
	ns    func(*result.Time) int64
}

// kernel is the time blocked in the kernel: a part of blocked-io.
func kernel(kinds map[string]int64) int64 {
	return kinds[waitkind.File.Label()] + kinds[waitkind.Syscall.Label()]
}

// classes are the classes as the groups' table has them, at rest left out.
var classes = []class{
	{"running", "running", func(t *result.Time) int64 { return t.RunningNs }},
	{"runnable", "runnable", func(t *result.Time) int64 { return t.RunnableNs }},
	{"sync", "blocked-sync", func(t *result.Time) int64 { return t.BlockedSyncNs - rest(t, waitkind.BlockedSync) }},
	{"I/O", "blocked-io", func(t *result.Time) int64 {
		return t.BlockedIONs - kernel(t.Kinds) - rest(t, waitkind.BlockedIO) + kernel(t.AtRestKinds)
	}},
	{"syscalls", "blocked-io", func(t *result.Time) int64 { return kernel(t.Kinds) - kernel(t.AtRestKinds) }},
	{"timers", "timer", func(t *result.Time) int64 { return t.TimerNs - rest(t, waitkind.Timer) }},
	{"runtime", "runtime", func(t *result.Time) int64 { return t.RuntimeNs - rest(t, waitkind.Runtime) }},
	{"unknown", "unknown", func(t *result.Time) int64 { return t.UnknownNs - rest(t, waitkind.Unknown) }},
}

// rest is the part of a class that is at rest.
func rest(t *result.Time, of waitkind.Class) (ns int64) {
	for k := range waitkind.NumKinds {
		if k.Class() == of {
			ns += t.AtRestKinds[k.Label()]
		}
	}
	return ns
}

func tiles(r *result.Result) []named {
	c := &r.Concurrency
	value := units.Average(c.AverageRunning)
	if n := len(r.Trace.Gomaxprocs); n > 0 {
		value += " of " + units.Count(int64(r.Trace.Gomaxprocs[n-1].N))
	}
	out := []named{{"Running on average", value}}
	all := r.Time.LifetimeNs - r.Time.AtRestNs
	for _, cl := range classes {
		if ns := cl.ns(&r.Time); ns > 0 {
			out = append(out, named{cl.name, units.Percent(ns, all)})
		}
	}
	if r.Time.AtRestNs > 0 {
		out = append(out, named{"at rest, left out", units.Duration(r.Time.AtRestNs)})
	}
	return out
}

func running(r *result.Result) (out []row) {
	var whole int64
	for _, ns := range r.Concurrency.RunningHistogramNs {
		whole += ns
	}
	for k, ns := range r.Concurrency.RunningHistogramNs {
		if ns > 0 {
			out = append(out, row{Label: units.Count(int64(k)), Time: units.Duration(ns), Share: units.Percent(ns, whole)})
		}
	}
	return out
}

func latencies(all result.Latencies) (out []latency) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		l := all[name]
		out = append(out, latency{name, units.Count(l.Count), units.Duration(l.P50Ns), units.Duration(l.P90Ns), units.Duration(l.P99Ns), units.Duration(l.MaxNs)})
	}
	return out
}

func (f *frame) groups(r *result.Result) {
	left := 0
	for i := range r.Groups {
		g := &r.Groups[i]
		if g.System {
			continue
		}
		if len(f.Groups) == staticRows {
			left++
			continue
		}
		engaged := g.Time.LifetimeNs - g.Time.AtRestNs
		out := group{Name: plain.Text(names.ShortFunc(g.Name)), Full: plain.Text(g.Name), Count: units.Count(int64(g.Count)), Time: units.Duration(engaged), P99: "–", Verdict: g.Verdict}
		for _, c := range classes {
			out.Shares = append(out.Shares, shareOr(c.ns(&g.Time), engaged))
		}
		if l, ok := g.Waits["runnable"]; ok {
			out.P99 = units.Duration(l.P99Ns)
		}
		f.Groups = append(f.Groups, out)
	}
	if left > 0 {
		f.GroupsOmitted = units.Counted(int64(left), "further group is", "further groups are") + " listed where scripts run."
	}
}

func countOr(n int64) string {
	if n == 0 {
		return "–"
	}
	return units.Count(n)
}

func shareOr(ns, of int64) string {
	if ns <= 0 {
		return "–"
	}
	return units.Percent(ns, of)
}

// pieceWords is how the kinds of pieces read.
var pieceWords = map[string]string{
	"code": "ran", "lock-holder": "held the lock", "scheduler": "ready, without a processor", "gc": "runtime (GC)", "syscall": "system call",
	"io": "network", "timer": "timer", "open": "nothing has ended it", "unknown": "the trace does not say", "unresolved": "too long ago", "other": "smaller parts",
}

func (f *frame) blame(r *result.Result) {
	name := func(group int, node string) string {
		if group >= 0 && group < len(r.Groups) {
			return plain.Text(names.ShortFunc(r.Groups[group].Name))
		}
		return cmp.Or(pieceWords[node], node)
	}
	for _, p := range r.Blame.Pieces[:min(len(r.Blame.Pieces), staticRows)] {
		where := ""
		switch {
		case p.Frame != nil:
			where = place(*p.Frame)
		case p.Group != nil:
			where = name(*p.Group, "") + " had it"
		}
		f.Pieces = append(f.Pieces, piece{cmp.Or(pieceWords[p.Kind], p.Kind), where, units.Duration(p.Ns), units.Percent(p.Ns, r.Blame.WaitedNs)})
	}
	for _, e := range r.Blame.Edges[:min(len(r.Blame.Edges), staticRows)] {
		f.Edges = append(f.Edges, edge{name(e.From, ""), name(e.To, e.Node), countOr(e.Waits), units.Duration(e.Ns)})
	}
}

// place is where a frame is, as far as it says.
func place(f result.Frame) string {
	fn := plain.Text(names.ShortFunc(f.Func))
	if f.File == "" {
		return fn
	}
	return fn + " " + plain.Text(names.ShortFile(f.File)) + ":" + strconv.Itoa(f.Line)
}

func (f *frame) spans(r *result.Result) {
	add := func(what string, list []result.Span) {
		for _, s := range list {
			d := s.Duration
			f.Spans = append(f.Spans, span{what, plain.Text(s.Type), units.Count(s.Count), units.Duration(d.P50Ns), units.Duration(d.P99Ns), units.Duration(d.MaxNs)})
		}
	}
	add("task", r.Tasks)
	add("region", r.Regions)
}

func collector(r *result.Result) (out []named) {
	g := &r.GC
	if g.Cycles == 0 && len(g.STW) == 0 {
		return nil
	}
	out = []named{
		{"collections", units.Count(g.Cycles)},
		{"marking", units.Duration(g.MarkNs) + ", " + units.Percent(g.MarkNs, r.Scope.DurationNs()) + " of the time"},
		{"goroutines that helped to mark", units.Duration(g.AssistNs)},
		{"mark workers", units.Duration(g.WorkerNs)},
		{"sweeping", units.Duration(g.SweepNs)},
		{"world stopped", units.Duration(g.STWTotalNs)},
	}
	if g.HeapMaxB > 0 {
		out = append(out, named{"largest heap", units.Size(g.HeapMaxB)})
	}
	for _, s := range g.STW {
		out = append(out, named{"stopped for " + plain.Text(s.Reason), units.Counted(s.Pauses.Count, "time", "times") + ", longest " + units.Duration(s.Pauses.MaxNs) + ", " + units.Duration(s.TotalNs) + " in all"})
	}
	return out
}

// limits say what the numbers do not cover.
func limits(r *result.Result) (out []string) {
	if ns := r.Time.InferredNs; ns > 0 {
		out = append(out, units.Duration(ns)+" of waits began before the trace; what they waited for was inferred from their stacks.")
	}
	if ns := r.Time.UnknownNs; ns > 0 {
		out = append(out, units.Duration(ns)+" of goroutine time is unknown: the trace does not say what was waited for.")
	}
	if n := r.Scope.AtRestGoroutines; n > 0 {
		out = append(out, units.Counted(int64(n), "goroutine was", "goroutines were")+" at rest throughout, idle by design, and "+units.Duration(r.Time.AtRestNs)+" of goroutine time in all; they are left out of shares.")
	}
	if ns := r.Blame.UnresolvedNs; ns > 0 {
		out = append(out, units.Duration(ns)+" of waiting began longer ago than is remembered exactly (--blame-memory).")
	}
	if r.Trace.CPUSamples > 0 {
		out = append(out, "The "+units.Counted(r.Trace.CPUSamples, "CPU sample is", "CPU samples are")+" estimates, one each 10 ms of a running thread; all other times are exact.")
	}
	return out
}
