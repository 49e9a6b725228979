package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/report"
	"github.com/spf13/cobra"
)

// explainFlags are the flags of conctrace explain, as given.
type explainFlags struct {
	goroutine    int64
	at           time.Duration
	region, site string
	finding      int
	answerFlags
}

func newExplain(s streams, getenv func(string) string) *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain TRACE",
		Short: "Tell why something waited: the chain of causes",
		Long: `Tells the story of single waits, tasks or regions: who ended a wait, what that one did
meanwhile, what it waited for itself, and so on back, until every nanosecond is accounted for.

Ask for one of
  --finding N      the moments of a finding of conctrace analyze
  --site RE        the longest waits in functions that match
  --goroutine ID   the longest waits of a goroutine, or with --at what it did at an instant
  --task RE        the slowest and a typical task of the types that match
  --region RE      the slowest and a typical region of the types that match

With --finding, --task only says which goroutines count, as for conctrace analyze: the
command that analyze prints below a finding has all that it takes.`,
		Example: `  conctrace explain trace.out --finding 1
  conctrace explain trace.out --site 'cache\.Get'
  conctrace explain trace.out --goroutine 18 --at 1.25s
  conctrace explain trace.out --task checkout -f json`,
		Args: oneTrace,
		RunE: func(cmd *cobra.Command, args []string) error {
			return answered(cmd, &f.answerFlags, args[0], s, getenv, f.question, analyze.Explain, report.ExplanationText, report.ExplanationJSON)
		},
	}
	fl := cmd.Flags()
	fl.IntVar(&f.finding, "finding", 0, "the moments of finding `N` of conctrace analyze")
	fl.StringVar(&f.site, "site", "", "the longest waits in functions that match `RE`")
	fl.Int64Var(&f.goroutine, "goroutine", 0, "the longest waits of the goroutine `ID`")
	fl.DurationVar(&f.at, "at", 0, "with --goroutine: what it did at `T` after the trace's start")
	fl.StringVar(&f.task, "task", "", "the slowest and a typical task of the types that match `RE`; with --finding as for analyze")
	fl.StringVar(&f.region, "region", "", "the slowest and a typical region of the types that match `RE`")
	f.answerFlags.register(fl)
	return cmd
}

// question is what is asked: one thing.
func (f *explainFlags) question(cmd *cobra.Command) (q analyze.Question, err error) {
	changed := cmd.Flags().Changed
	n := 0
	for _, name := range []string{"finding", "site", "goroutine", "region"} {
		if changed(name) {
			n++
		}
	}
	if changed("task") && !changed("finding") {
		n++
	}
	switch {
	case n == 0:
		return q, errors.New("what is to be explained? Ask with one of --finding, --site, --goroutine, --task, --region (see conctrace explain --help)")
	case n > 1:
		return q, errors.New("one thing at a time: only one of --finding, --site, --goroutine, --task and --region")
	case changed("at") && !changed("goroutine"):
		return q, errors.New("--at goes with --goroutine: it says when")
	case changed("at") && f.at < 0:
		return q, fmt.Errorf("--at %v: instants count from the trace's start", f.at)
	case changed("goroutine") && f.goroutine < 1:
		return q, fmt.Errorf("--goroutine %d: there is no such goroutine", f.goroutine)
	case changed("finding") && f.finding < 1:
		return q, fmt.Errorf("--finding %d: findings count from 1", f.finding)
	}
	q = analyze.Question{Goroutine: f.goroutine, Finding: f.finding}
	if changed("at") {
		q.At = &f.at
	}
	if q.Site, err = pattern("site", f.site); err != nil {
		return q, err
	}
	if q.Region, err = pattern("region", f.region); err != nil {
		return q, err
	}
	if !changed("finding") {
		if q.Task, err = pattern("task", f.task); err != nil {
			return q, err
		}
		f.task = "" // it is the question, not a filter
	}
	if q == (analyze.Question{}) {
		return q, errors.New("the regular expression is empty")
	}
	return q, nil
}
