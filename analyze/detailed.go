package analyze

import (
	"context"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/lanes"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
)

// Detailed analyses one trace as Analyze does, and reads it a second time for what
// each goroutine did, interval by interval. Where that is more than maxIntervals (0:
// 1.5 million) the shortest are merged, but never those that the Result points to.
//
// Standard input, and what else cannot be read twice, is kept in a temporary file
// meanwhile.
func Detailed(ctx context.Context, src Source, o Options, maxIntervals int) (*result.Result, *interval.Log, error) {
	a := analysis{src: src, opts: o}
	if err := a.begin(ctx); err != nil {
		return nil, nil, err
	}
	defer a.close()
	first, err := a.firstReading(ctx, event.NoG, 0)
	if err != nil {
		return nil, nil, err
	}
	l := lanes.New(lanes.Options{Moments: moments(first.Result), MaxIntervals: maxIntervals})
	if err := a.relay(ctx, first, l, false); err != nil {
		return nil, nil, err
	}
	log := l.Finish()
	log.Sweep = first.set.Sweep()
	return first.Result, log, nil
}

// moments are the moments of single goroutines that a result points to.
func moments(r *result.Result) []result.Moment {
	var out []result.Moment
	for _, f := range r.Findings {
		out = append(out, f.At...)
	}
	for _, s := range r.Sites {
		out = append(out, s.Worst...)
	}
	for _, e := range r.Blame.Edges {
		out = append(out, e.At...)
	}
	for _, k := range r.Blame.Knots {
		out = append(out, k.At...)
	}
	s := &r.Scheduler
	for _, list := range [][]result.ReadyWait{s.Worst, s.WorstAfterIO} {
		for _, w := range list {
			out = append(out, result.Moment{FromNs: w.AtNs, ToNs: w.AtNs + w.DurationNs, Goroutine: w.Goroutine})
		}
	}
	for _, w := range s.LongRuns {
		out = append(out, result.Moment{FromNs: w.AtNs, ToNs: w.EndNs, Goroutine: w.Goroutine})
	}
	for _, w := range s.SyscallHolds {
		out = append(out, result.Moment{FromNs: w.AtNs, ToNs: w.AtNs + w.DurationNs, Goroutine: w.Goroutine})
	}
	for _, w := range s.HiddenDelay.Worst {
		out = append(out, result.Moment{FromNs: w.AtNs, ToNs: w.AtNs + w.DurationNs, Goroutine: w.Goroutine})
	}
	return append(out, slowest(r)...)
}

// slowest are the tasks and regions that are listed one by one.
func slowest(r *result.Result) (out []result.Moment) {
	for _, spans := range [][]result.Span{r.Tasks, r.Regions} {
		for _, s := range spans {
			for _, run := range s.Slowest {
				out = append(out, result.Moment{FromNs: run.BeginNs, ToNs: run.BeginNs + run.DurationNs, Goroutine: run.Goroutine})
			}
		}
	}
	return out
}
