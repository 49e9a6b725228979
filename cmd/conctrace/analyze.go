package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/detect"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report"
	"github.com/conctrace/conctrace/report/html"
	"github.com/spf13/cobra"
)

// analyzeFlags are the flags of conctrace analyze, as given.
type analyzeFlags struct {
	output, format    string
	goroutines, quiet bool
	top               int
	failOn            string
	htmlMaxSize       int
	readingFlags
	terminalFlags
}

func newAnalyze(s streams, getenv func(string) string) *cobra.Command {
	var f analyzeFlags
	cmd := &cobra.Command{
		Use:   "analyze TRACE...",
		Short: "Report where the goroutines' time went and what stands out",
		Long: `Reads one or more Go execution traces and reports where the goroutines' time went, how much
ran in parallel, and what stands out (conctrace detectors lists what that can be).

TRACE is a file, or - for standard input. Traces compressed with gzip or zstd are read as
they are. With several, the reports follow one another; as JSON they are a stream of objects;
as HTML they are a page each, in a folder (-o DIR/), with an index.

Exit codes: 0 done; 1 a finding at or above --fail-on; 2 usage, reading or writing failed;
3 not a readable trace. Of several traces, the highest counts. A damaged trace of which a
part could be analysed exits 0 (or 1) with a warning.`,
		Example: `  conctrace analyze trace.out
  curl -s localhost:6060/debug/pprof/trace?seconds=5 | conctrace analyze -
  conctrace analyze trace.out -o report.html
  conctrace analyze before.out after.out -o reports/
  conctrace analyze trace.out --from 1.2s --to 1.5s --goroutines
  conctrace analyze trace.out --group 'api\.handle' -f json -o api.json
  conctrace analyze trace.out --fail-on high -q
  conctrace analyze trace.out -f markdown >> "$GITHUB_STEP_SUMMARY"`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("which trace? Name a file, or - for standard input (see conctrace analyze --help)")
			}
			return nil
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return nil, cobra.ShellCompDirectiveDefault
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.readingFlags.check(cmd.Flags()); err != nil {
				return err
			}
			return runAnalyze(cmd.Context(), args, f, s, getenv)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.output, "output", "o", "", "write to `FILE` (- is standard output), of which the format follows the extension; or a file for each trace to a folder (DIR/)")
	fl.StringVarP(&f.format, "format", "f", "", "output `FORMAT`: "+strings.Join(report.Names(), ", ")+" (default text)")
	f.readingFlags.register(fl)
	fl.StringVar(&f.task, "task", "", "only goroutines that took part in a task whose type matches `RE`")
	fl.BoolVar(&f.goroutines, "goroutines", false, "include the single goroutines (text, Markdown: the top ones; JSON: all)")
	fl.IntVar(&f.top, "top", 10, "rows per table of the text report and of Markdown")
	fl.IntVar(&f.htmlMaxSize, "html-max-size", html.DefaultMaxBytes, "how large an HTML report may be, in `BYTES`; what does not fit is merged")
	fl.StringVar(&f.failOn, "fail-on", never, "exit with 1 on a finding of `SEVERITY` or worse: "+strings.Join(failOnValues(), ", "))
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "only the verdict, and a line for each finding of severity high or medium; no progress")
	f.terminalFlags.register(fl)
	return cmd
}

// runAnalyze analyses the traces in turn. One that fails is told and does not
// keep the others from being reported; the worst outcome decides the exit code.
func runAnalyze(ctx context.Context, args []string, f analyzeFlags, s streams, getenv func(string) string) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	format, err := f.chooseFormat()
	if err != nil {
		return err
	}
	to, err := openDestination(f, format, len(args), s)
	if err != nil {
		return err
	}
	ro, err := f.reportOptions(to.terminal(), getenv)
	if err != nil {
		return err
	}
	if format.Name == "markdown" {
		ro.ASCII = f.ascii // it is read elsewhere than in the terminal that the environment is about
	}
	ro.Top, ro.Goroutines, ro.Quiet, ro.MaxBytes = f.top, f.goroutines, f.quiet, f.htmlMaxSize
	for _, d := range detect.All {
		ro.Detectors = append(ro.Detectors, report.Detector{Name: d.Name, Title: d.Title, Doc: d.Doc})
	}

	var worst error
	note := func(err error) {
		tell(s.err, err)
		if exitCode(err) > exitCode(worst) {
			worst = toldError{err}
		}
	}
	for _, arg := range args {
		d, err := analyzeOne(ctx, arg, o, format.Intervals, s, f.quiet)
		if err != nil {
			note(err)
			to.failed(err)
			if ctx.Err() != nil {
				break
			}
			continue
		}
		tellDamage(s.err, d.Result)
		if err := to.write(arg, d, ro); err != nil {
			return err
		}
		if err := failing(d.Result, f.failOn); err != nil {
			note(err)
		}
	}
	if err := to.close(); err != nil {
		return err
	}
	return worst
}

// analyzeOne analyses a trace, with its intervals where the format needs them.
func analyzeOne(ctx context.Context, arg string, o analyze.Options, intervals bool, s streams, quiet bool) (d report.Document, err error) {
	bar := newProgress(s.err, arg, quiet)
	defer bar.finish()
	o.Progress = bar.update
	if intervals {
		d.Result, d.Log, err = analyze.Detailed(ctx, source(arg, s), o, 0)
	} else {
		d.Result, err = analyze.Analyze(ctx, source(arg, s), o)
	}
	return d, err
}

// tellDamage repeats on standard error what of a trace is missing, for those
// who only see the JSON or the exit code.
func tellDamage(w io.Writer, r *result.Result) { tellWarnings(w, r, "damaged", "trailing-bytes") }

func tellWarnings(w io.Writer, r *result.Result, codes ...string) {
	for _, warning := range r.Trace.Warnings {
		if slices.Contains(codes, warning.Code) {
			fmt.Fprintf(w, "conctrace: %s: warning: %s\n", printable(r.Trace.File), warning.Message)
		}
	}
}

// options are the flags as the library takes them.
func (f *analyzeFlags) options() (analyze.Options, error) {
	o, err := f.readingFlags.options()
	if err != nil {
		return o, err
	}
	if f.top < 1 {
		return o, fmt.Errorf("--top %d: a table needs at least one row", f.top)
	}
	if f.htmlMaxSize < 1 {
		return o, fmt.Errorf("--html-max-size %d: a page needs some room", f.htmlMaxSize)
	}
	if err := checkFailOn(f.failOn); err != nil {
		return o, err
	}
	o.Goroutines = f.goroutines
	return o, nil
}

// chooseFormat goes by --format, else by the extension of --output.
func (f *analyzeFlags) chooseFormat() (report.Format, error) {
	known := strings.Join(report.Names(), ", ")
	if f.format != "" {
		if format, ok := report.ByName(f.format); ok {
			return format, nil
		}
		return report.Format{}, fmt.Errorf("--format %q is not known; there are %s", f.format, known)
	}
	if f.output == "" || f.output == "-" {
		return report.Formats[0], nil
	}
	if isFolder(f.output) {
		format, _ := report.ByName("html")
		return format, nil
	}
	if format, ok := report.ByExtension(f.output); ok {
		return format, nil
	}
	return report.Format{}, fmt.Errorf("the extension of %s tells no format; add --format with one of %s", f.output, known)
}
