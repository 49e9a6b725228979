package analyze_test

import (
	"testing"

	"github.com/conctrace/conctrace/analyze/result"
)

// checkBlame holds what filled the waits against the waits: nothing is counted twice
// and nothing is left out, to the nanosecond.
func checkBlame(t *testing.T, r *result.Result) {
	t.Helper()
	b := &r.Blame
	waiting := r.Time.LifetimeNs - r.Time.RunningNs - r.Time.RunnableNs - r.Time.AtRestNs
	for _, s := range r.Sites {
		if s.Kind == "network" {
			waiting -= s.JoinNs // who asked waits itself
		}
	}
	is(t, "waited time", b.WaitedNs, waiting)
	is(t, "pieces", pieceSum(t, b.Pieces)+b.PiecesOmitted.Ns, b.WaitedNs)
	if b.UnresolvedNs*20 > b.WaitedNs {
		t.Errorf("%d ns of %d are unresolved", b.UnresolvedNs, b.WaitedNs)
	}
	var edges, ready int64
	for _, e := range b.Edges {
		inGroups(t, r, "edge", e.From)
		is(t, "edge to a group", e.To >= 0, e.Node == "group")
		is(t, "kinds of an edge", sumOf(e.Kinds), e.Ns)
		within(t, "pieces of an edge", pieceSum(t, e.Pieces), 0, e.Ns)
		within(t, "how late the last was", e.LateNs, 0, e.Ns)
		for _, m := range e.At {
			inScope(t, r, "wait of an edge", m.FromNs, m.ToNs)
		}
		if e.Node == "scheduler" {
			ready += e.Ns
		} else {
			edges += e.Ns
		}
	}
	if b.EdgesOmitted.Count == 0 {
		is(t, "edges", edges, b.WaitedNs)
		is(t, "edges to the scheduler", ready, r.Time.RunnableNs-r.Time.Kinds["runnable/yielded"])
	}
	for _, k := range b.Knots {
		inGroups(t, r, "knot", k.Groups...)
		within(t, "groups of a knot", len(k.Groups), 2, len(r.Groups))
		within(t, "work in a knot", k.WorkNs+k.TimerNs, 0, k.InsideNs)
	}
	for _, s := range r.Sites {
		want := s.TotalNs
		if s.Kind == "network" {
			want -= s.JoinNs
		}
		is(t, "pieces of the site "+s.Kind, pieceSum(t, s.Pieces), want)
	}
	for _, s := range r.Regions {
		checkSpanPath(t, r, &s)
	}
	for _, s := range r.Tasks {
		checkSpanPath(t, r, &s)
	}
}

// checkSpanPath looks at a type of tasks or regions. Those that reach beyond a window
// have no path.
func checkSpanPath(t *testing.T, r *result.Result, s *result.Span) {
	t.Helper()
	whole := r.Scope.DurationNs() == r.Trace.DurationNs
	if s.Path == nil {
		is(t, "whole ones of "+s.Type+" without a path", whole && s.Complete > 0, false)
		return
	}
	within(t, "runs of "+s.Type, s.Path.Runs, 1, s.Complete)
	if whole {
		is(t, "runs of "+s.Type, s.Path.Runs, s.Complete)
	}
	is(t, "pieces of the path of "+s.Type, pieceSum(t, s.Path.Pieces), s.Path.Ns)
	for _, run := range append([]result.SlowRun{*s.Typical}, s.Slowest...) {
		if whole || len(run.Pieces) > 0 {
			inScope(t, r, "run of "+s.Type, run.BeginNs, run.BeginNs+run.DurationNs)
			is(t, "pieces of a run of "+s.Type, pieceSum(t, run.Pieces), run.DurationNs)
		}
	}
	within(t, "length of the typical "+s.Type, s.Typical.DurationNs, 0, s.Duration.MaxNs)
	if w := s.Work; w != nil {
		within(t, "measured runs", w.Runs, 1, s.Count)
		within(t, "T∞ and the work of "+s.Type, w.SpanNs, 0, w.WorkNs)
		within(t, "T∞ with locks of "+s.Type, w.SpanLocksNs, w.SpanNs, w.SpanLatencyNs)
		within(t, "T∞ with latency of "+s.Type, w.SpanLatencyNs, w.SpanLocksNs, w.Ns)
		within(t, "burdened T∞ of "+s.Type, w.SpanBurdenedNs, w.SpanNs, 1<<62)
	}
}

// pieceSum is the time of pieces.
func pieceSum(t *testing.T, pieces []result.Piece) (ns int64) {
	t.Helper()
	for _, p := range pieces {
		is(t, "parts of a piece", p.DirectNs+p.PropagatedNs, p.Ns)
		within(t, "held part of a piece", p.HeldNs, 0, p.Ns)
		within(t, "piece", p.Ns, 1, 1<<62)
		ns += p.Ns
	}
	return ns
}

func inGroups(t *testing.T, r *result.Result, what string, groups ...int) {
	t.Helper()
	for _, g := range groups {
		within(t, "group of a "+what, g, 0, len(r.Groups)-1)
	}
}
