package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/waitkind"
	"github.com/conctrace/conctrace/report/pprof"
	"github.com/google/pprof/profile"
	"github.com/spf13/cobra"
)

// pprofFlags are the flags of conctrace pprof, as given.
type pprofFlags struct {
	output       string
	criticalPath bool
	region       string
	goroutine    int64
	quiet        bool
	stackFlags
	readingFlags
}

// stackFlags say what a profile has. All commands that write stacks share them.
type stackFlags struct {
	classes    []string
	offCPU     bool
	stack      string
	skipAtRest bool
	system     bool
}

// stackFlagNames are what register registers.
var stackFlagNames = []string{"class", "off-cpu", "stack", "skip-at-rest", "system"}

func (f *stackFlags) register(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringSliceVar(&f.classes, "class", nil, "only these `CLASSES` of time: "+strings.Join(classNames(), ", "))
	fl.BoolVar(&f.offCPU, "off-cpu", false, "one value for all that is not running")
	fl.StringVar(&f.stack, "stack", "blocked", "whose `STACK` a wait has: blocked (where it waited), waker (where the goroutine was that ended it), chain (both, and what the waker had waited for)")
	fl.BoolVar(&f.skipAtRest, "skip-at-rest", false, "leave out waits that are idle by design")
	fl.BoolVar(&f.system, "system", false, "take in the goroutines of the runtime and the tracer")
	_ = cmd.RegisterFlagCompletionFunc("class", cobra.FixedCompletions(classNames(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("stack", cobra.FixedCompletions(pprof.Stacks[:], cobra.ShellCompDirectiveNoFileComp))
}

// options are the flags as a profile takes them.
func (f *stackFlags) options() (o pprof.Options, err error) {
	var ok bool
	if o.Stack, ok = pprof.StackByName(f.stack); !ok {
		return o, fmt.Errorf("--stack %q is not known; there are %s", f.stack, strings.Join(pprof.Stacks[:], ", "))
	}
	for _, name := range f.classes {
		at := slices.Index(classNames(), name)
		if at < 0 {
			return o, fmt.Errorf("--class %q is not known; there are %s", name, strings.Join(classNames(), ", "))
		}
		o.Classes = append(o.Classes, waitkind.Class(at))
	}
	o.OffCPU, o.SkipAtRest, o.System = f.offCPU, f.skipAtRest, f.system
	if err := o.Check(); err != nil {
		return o, fmt.Errorf("--off-cpu: %w", err)
	}
	return o, nil
}

func newPprof(s streams) *cobra.Command {
	var f pprofFlags
	cmd := &cobra.Command{
		Use:   "pprof TRACE -o PROFILE",
		Short: "Write a profile of where the time went, for go tool pprof",
		Long: `Writes a profile in pprof's format: how often and for how long goroutines ran, waited for a
processor, for each other, for input and output, for timers and for the runtime, by stack. The
waits that begin or end outside of the trace are in it, and those before a goroutine's first
run. The values sum to the classes that conctrace analyze tells.

A wait has the stack on which it began. Running time is spread over the CPU samples inside it,
if the program was profiled meanwhile; else it has the stack on which it ended.

Without --class every class is a type of sample of its own (go tool pprof -sample_index=...).
Labels say more about each sample (go tool pprof -tags, -tagfocus, -tagignore, -tagroot):
` + labelHelp(),
		Example: `  conctrace pprof trace.out -o trace.pb.gz && go tool pprof -http=: trace.pb.gz
  conctrace pprof trace.out -o locks.pb.gz --class blocked-sync --skip-at-rest
  conctrace pprof trace.out -o waits.pb.gz --off-cpu --stack chain
  conctrace pprof trace.out -o api.pb.gz --group 'api\.handle' --from 1s --to 2s
  conctrace pprof trace.out -o path.pb.gz --critical-path --task checkout`,
		Args: oneTrace,
		RunE: func(cmd *cobra.Command, args []string) error { return runPprof(cmd, args[0], &f, s) },
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.output, "output", "o", "", "write to `FILE` (- is standard output)")
	fl.BoolVar(&f.criticalPath, "critical-path", false, "a profile of the critical path instead: of --task, --region or --goroutine (the slowest), or of the busiest stretch")
	fl.StringVar(&f.task, "task", "", "only goroutines that took part in a task whose type matches `RE`")
	fl.StringVar(&f.region, "region", "", "with --critical-path: of the regions whose type matches `RE`")
	fl.Int64Var(&f.goroutine, "goroutine", 0, "with --critical-path: of the goroutine `ID`")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "no progress, and nothing about what was written")
	f.stackFlags.register(cmd)
	f.readingFlags.register(fl)
	return cmd
}

// labelHelp lists the labels.
func labelHelp() string {
	var b strings.Builder
	for _, l := range pprof.Labels {
		fmt.Fprintf(&b, "\n  %-9s %s", l[0], l[1])
	}
	return b.String()
}

func classNames() []string {
	var out []string
	for c := range waitkind.NumClasses {
		out = append(out, c.String())
	}
	return out
}

func runPprof(cmd *cobra.Command, arg string, f *pprofFlags, s streams) error {
	if err := f.readingFlags.check(cmd.Flags()); err != nil {
		return err
	}
	po, err := f.stackFlags.options()
	if err != nil {
		return err
	}
	if err := f.alone(cmd); err != nil {
		return err
	}
	if err := binaryOutput(cmd, f.output, s.out, "a profile", "profile.pb.gz"); err != nil {
		return err
	}
	out, err := writeTo(f.output, arg, s.out)
	if err != nil {
		return err
	}
	bar := newProgress(s.err, arg, f.quiet)
	var p *profile.Profile
	if f.criticalPath {
		p, err = f.path(cmd, arg, s, bar)
	} else {
		p, err = f.profile(cmd.Context(), arg, po, s, bar)
	}
	bar.finish()
	if err == nil {
		err = p.Write(out)
	}
	if err != nil {
		out.discard()
		return err
	}
	if err := out.close(); err != nil {
		return err
	}
	if out.path != "" && !f.quiet {
		tellProfile(s.err, p)
		tellWritten(s.err, out.path, int(out.n))
	}
	return nil
}

// alone refuses flags that mean nothing with what was asked for.
func (f *pprofFlags) alone(cmd *cobra.Command) error {
	names, why := []string{"region", "goroutine"}, "goes with --critical-path only"
	if f.criticalPath {
		names, why = stackFlagNames, "says nothing about a critical path"
	}
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s %s", name, why)
		}
	}
	return nil
}

// profile is the profile of a trace.
func (f *pprofFlags) profile(ctx context.Context, arg string, po pprof.Options, s streams, bar *progress) (*profile.Profile, error) {
	o, err := f.readingFlags.options()
	if err != nil {
		return nil, err
	}
	o.Progress = bar.update
	c := pprof.New(po)
	r, err := analyze.Stream(ctx, source(arg, s), o, c)
	if err != nil {
		return nil, err
	}
	tellDamage(s.err, r)
	tellNothing(s.err, r)
	tellRough(s.err, arg, c)
	return c.Profile()
}

// path is the profile of a critical path, the first of those that were asked for.
func (f *pprofFlags) path(cmd *cobra.Command, arg string, s streams, bar *progress) (*profile.Profile, error) {
	q, err := pathQuestion(cmd.Flags(), &f.readingFlags, f.region, f.goroutine)
	if err != nil {
		return nil, err
	}
	q.MaxSteps = math.MaxInt
	o, err := f.readingFlags.options()
	if err != nil {
		return nil, err
	}
	o.Progress = bar.update
	r, err := analyze.Path(cmd.Context(), source(arg, s), o, q)
	if err != nil {
		return nil, err
	}
	if len(r.Paths) == 0 {
		return nil, fmt.Errorf("there is no path in %s: nothing ran", arg)
	}
	return pprof.Path(r, 0, f.group)
}

// binaryOutput refuses to write what is not text where somebody reads it, or where
// nobody said that it is to go to standard output.
func binaryOutput(cmd *cobra.Command, output string, stdout io.Writer, what, example string) error {
	if output == "" || output == "-" && isTerminal(stdout) {
		return fmt.Errorf("%s is not text to read: name a file, such as conctrace %s TRACE -o %s", what, cmd.Name(), example)
	}
	return nil
}

// tellProfile says what the values of a profile sum to, and how to look at it.
func tellProfile(w io.Writer, p *profile.Profile) {
	var parts []string
	for i, t := range p.SampleType {
		var sum int64
		for _, s := range p.Sample {
			sum += s.Value[i]
		}
		if t.Unit == "nanoseconds" && sum > 0 {
			parts = append(parts, fmt.Sprintf("%s %v", t.Type, time.Duration(sum)))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing")
	}
	fmt.Fprintf(w, "%d samples: %s\n", len(p.Sample), strings.Join(parts, ", "))
}
