package main

import (
	"errors"
	"fmt"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/report"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// pathFlags are the flags of conctrace path, as given.
type pathFlags struct {
	goroutine int64
	region    string
	answerFlags
}

func newPath(s streams, getenv func(string) string) *cobra.Command {
	var f pathFlags
	cmd := &cobra.Command{
		Use:   "path TRACE",
		Short: "Follow the critical path: what came one after the other until something was done",
		Long: `Follows back what came one after the other until something was done, through every wait to
whoever ended it: of the tasks or regions of a type (the slowest and a typical one), of a
goroutine, or of the longest stretch in which anything was in progress.

For tasks, regions and goroutines also work and span: how many processors they could keep busy,
and bounds for what more processors or faster parts could do. Bounds are no predictions: they
are for the same goroutines with the same share of the work each.`,
		Example: `  conctrace path trace.out
  conctrace path trace.out --region 'build|link'
  conctrace path trace.out --task checkout -f json
  conctrace path trace.out --goroutine 18`,
		Args: oneTrace,
		RunE: func(cmd *cobra.Command, args []string) error {
			return answered(cmd, &f.answerFlags, args[0], s, getenv, f.question, analyze.Path, report.PathText, report.PathJSON)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.task, "task", "", "of the tasks whose type matches `RE`")
	fl.StringVar(&f.region, "region", "", "of the regions whose type matches `RE`")
	fl.Int64Var(&f.goroutine, "goroutine", 0, "of the goroutine `ID`")
	f.answerFlags.register(fl)
	return cmd
}

// question is what is asked: one thing, or nothing for the busiest stretch.
func (f *pathFlags) question(cmd *cobra.Command) (analyze.PathQuestion, error) {
	return pathQuestion(cmd.Flags(), &f.readingFlags, f.region, f.goroutine)
}

// pathQuestion takes the question from the flags; --task is then no filter any more.
func pathQuestion(fl *pflag.FlagSet, reading *readingFlags, region string, goroutine int64) (q analyze.PathQuestion, err error) {
	n := 0
	for _, name := range []string{"task", "region", "goroutine"} {
		if fl.Changed(name) {
			n++
		}
	}
	if n > 1 {
		return q, errors.New("one thing at a time: only one of --task, --region and --goroutine")
	}
	if fl.Changed("task") && reading.task == "" || fl.Changed("region") && region == "" {
		return q, errors.New("the regular expression is empty")
	}
	if fl.Changed("goroutine") && goroutine < 1 {
		return q, fmt.Errorf("--goroutine %d: there is no such goroutine", goroutine)
	}
	q.Goroutine = goroutine
	if q.Task, err = pattern("task", reading.task); err != nil {
		return q, err
	}
	reading.task = ""
	q.Region, err = pattern("region", region)
	return q, err
}
