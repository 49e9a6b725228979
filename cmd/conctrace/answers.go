package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/report"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// answerFlags are what the commands share that answer a question about one trace.
type answerFlags struct {
	output, format string
	quiet          bool
	readingFlags
	terminalFlags
}

func (f *answerFlags) register(fl *pflag.FlagSet) {
	fl.StringVarP(&f.output, "output", "o", "", "write to `FILE` (- is standard output); the format follows its extension")
	fl.StringVarP(&f.format, "format", "f", "", "output `FORMAT`: text, json (default text)")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	f.readingFlags.register(fl)
	f.terminalFlags.register(fl)
}

// oneTrace checks the arguments of a command about one trace.
func oneTrace(cmd *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return fmt.Errorf("which trace? Name a file, or - for standard input (see conctrace %s --help)", cmd.Name())
	case 1:
		return nil
	}
	return fmt.Errorf("%d traces: conctrace %s is about one", len(args), cmd.Name())
}

// json says whether the answer is to be JSON.
func (f *answerFlags) json() (bool, error) {
	switch {
	case f.format == "json", f.format == "" && strings.HasSuffix(f.output, ".json"):
		return true, nil
	case f.format == "text", f.format == "" && (f.output == "" || f.output == "-" || strings.HasSuffix(f.output, ".txt")):
		return false, nil
	case f.format == "":
		return false, fmt.Errorf("the extension of %s tells no format; add --format with one of text, json", f.output)
	}
	return false, fmt.Errorf("--format %q is not known; there are text, json", f.format)
}

// answered runs a command that answers a question of type Q: it asks, and writes the
// answer as text or JSON.
func answered[Q, T any](
	cmd *cobra.Command, f *answerFlags, arg string, s streams, getenv func(string) string,
	question func(*cobra.Command) (Q, error),
	ask func(context.Context, analyze.Source, analyze.Options, Q) (*T, error),
	text, json func(io.Writer, *T, report.Options) error,
) error {
	if err := f.readingFlags.check(cmd.Flags()); err != nil {
		return err
	}
	q, err := question(cmd) // before the options: what is asked for is no filter
	if err != nil {
		return err
	}
	o, err := f.readingFlags.options()
	if err != nil {
		return err
	}
	asJSON, err := f.json()
	if err != nil {
		return err
	}
	out := openOutput(f.output, s.out)
	ro, err := f.reportOptions(out.terminal, getenv)
	if err != nil {
		return err
	}
	bar := newProgress(s.err, arg, f.quiet)
	o.Progress = bar.update
	answer, err := ask(cmd.Context(), source(arg, s), o, q)
	bar.finish()
	if err != nil {
		return err
	}
	write := text
	if asJSON {
		write = json
	}
	if err := errors.Join(write(out, answer, ro), out.close()); err != nil {
		return fmt.Errorf("write %s: %w", out.name, err)
	}
	if out.file != nil && !f.quiet {
		fmt.Fprintf(s.err, "wrote %s (%d bytes)\n", out.name, out.written)
	}
	return nil
}
