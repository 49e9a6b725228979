package pprof

import (
	"fmt"
	"time"

	"github.com/google/pprof/profile"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/plain"
)

// Path is a profile of the critical path at i in a report: where the time went that had
// to pass until something was done. The values sum to the path's length. The report
// should have all steps (analyze.PathQuestion.MaxSteps): several that are told as one
// have one stack.
//
// A sample's stack is the function that a step was about, the one that called it, and
// the group of the goroutine. Labels: kind (of the step: code, lock-holder, scheduler,
// gc, syscall, io, timer, open, unknown, unresolved, other), wait (class/kind, where the
// step is no running), group, region, held_in (the function that held a lock meanwhile).
//
// group is the expression by which goroutines were asked for, "" for all: those of others
// on the path have no name in the report.
func Path(r *result.PathReport, i int, group string) (*profile.Profile, error) {
	b := newBuilder()
	b.types("critical-path")
	b.p.DefaultSampleType = "critical-path"
	p := &r.Paths[i]
	type key struct {
		frame, caller, heldIn    result.Frame
		kind, wait, region, name string
	}
	sums := map[key]*value{}
	for j := range p.Steps {
		s := &p.Steps[j]
		k := key{frameOf(s.Frame), frameOf(s.Caller), frameOf(s.HeldIn), s.Kind, s.WaitKind, s.Region, groupOf(r, s.Group)}
		if sums[k] == nil {
			sums[k] = new(value)
		}
		sums[k].count += int64(max(1, s.Merged))
		sums[k].ns += s.Ns()
	}
	for k, v := range sums {
		var frames []result.Frame
		for _, f := range []result.Frame{k.frame, k.caller} {
			if f.Func != "" {
				frames = append(frames, f)
			}
		}
		if len(frames) == 0 {
			frames = append(frames, result.Frame{Func: "(" + k.kind + ")"})
		}
		frames = append(frames, result.Frame{Func: k.name})
		b.sample(frames, []int64{v.count, v.ns}, map[string]string{
			"kind": k.kind, "wait": k.wait, "group": k.name, "region": k.region, "held_in": k.heldIn.Func,
		})
	}
	scope := result.Scope{FromNs: p.FromNs, ToNs: p.ToNs, Group: group}
	b.p.Comments = append(about(result.Trace{File: r.Trace.File, DurationNs: r.Trace.DurationNs, Complete: r.Trace.Complete}, scope),
		fmt.Sprintf("%s: %s, %v.", r.Question, p.Title, time.Duration(p.ToNs-p.FromNs)))
	b.times("", scope)
	return b.done(plain.File(r.Trace.File))
}

func frameOf(f *result.Frame) result.Frame {
	if f == nil {
		return result.Frame{}
	}
	return *f
}

func groupOf(r *result.PathReport, at int) string {
	if at < 0 || at >= len(r.Groups) {
		return "(other goroutines)"
	}
	return r.Groups[at].Name
}
