package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/export"
	"github.com/spf13/cobra"
)

// exportFlags are the flags of conctrace export, as given.
type exportFlags struct {
	output, format, table string
	quiet                 bool
	stackFlags
	readingFlags
}

func newExport(s streams) *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export TRACE -o FILE",
		Short: "Write what happened for other tools: Perfetto, flame graphs, speedscope, spreadsheets",
		Long: `Writes what happened in a trace in a format that another tool reads. It reads the trace twice
and writes as it goes, so that memory does not depend on the trace's length.

` + formatHelp() + `

Tables are groups, sites, intervals and stacks: one of them with --table, or with -o DIR/ a file
for each. --class, --off-cpu, --stack, --skip-at-rest and --system are for folded and speedscope, as
in conctrace pprof.`,
		Example: `  conctrace export trace.out -o trace.perfetto-trace
  conctrace export trace.out -o waits.folded --off-cpu --skip-at-rest
  conctrace export trace.out -o trace.speedscope.json
  conctrace export trace.out -f csv -o tables/
  conctrace export trace.out -f csv --table sites | head`,
		Args: oneTrace,
		RunE: func(cmd *cobra.Command, args []string) error { return runExport(cmd, args[0], &f, s) },
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.output, "output", "o", "", "write to `FILE` (- is standard output), of which the format follows the extension")
	fl.StringVarP(&f.format, "format", "f", "", "output `FORMAT`: "+strings.Join(export.Names(), ", "))
	fl.StringVar(&f.table, "table", "", "the `TABLE` of csv: groups, sites, intervals, stacks")
	fl.StringVar(&f.task, "task", "", "only goroutines that took part in a task whose type matches `RE`")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "no progress, and nothing about what was written")
	f.stackFlags.register(cmd)
	f.readingFlags.register(fl)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(export.Names(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// formatHelp lists the formats.
func formatHelp() string {
	var lines []string
	for _, f := range export.Formats {
		lines = append(lines, fmt.Sprintf("  %-10s %s", f.Name, f.Doc))
	}
	return strings.Join(lines, "\n")
}

func runExport(cmd *cobra.Command, arg string, f *exportFlags, s streams) error {
	if err := f.readingFlags.check(cmd.Flags()); err != nil {
		return err
	}
	o, err := f.readingFlags.options()
	if err != nil {
		return err
	}
	po, err := f.stackFlags.options()
	if err != nil {
		return err
	}
	format, err := f.chooseFormat(cmd)
	if err != nil {
		return err
	}
	out, err := f.open(cmd, arg, format, s)
	if err != nil {
		return err
	}
	bar := newProgress(s.err, arg, f.quiet)
	o.Progress = bar.update
	e := format.New(out.writers(), po)
	r, err := analyze.Stream(cmd.Context(), source(arg, s), o, e)
	bar.finish()
	if err == nil {
		tellDamage(s.err, r)
		tellNothing(s.err, r)
		err = e.Close()
	}
	if err != nil {
		out.discard()
		return err
	}
	if err := out.close(); err != nil {
		return err
	}
	tellRough(s.err, arg, e)
	if !f.quiet {
		out.tell(s.err, format)
	}
	return nil
}

// tellRough says on standard error what could not be told in full.
func tellRough(w io.Writer, arg string, from any) {
	if r, ok := from.(interface{ Rough() string }); ok && r.Rough() != "" {
		fmt.Fprintf(w, "conctrace: %s: warning: %s\n", printable(arg), r.Rough())
	}
}

// tellNothing says on standard error that no goroutine is meant.
func tellNothing(w io.Writer, r *result.Result) { tellWarnings(w, r, "nothing-selected") }

// chooseFormat goes by --format, else by the extension of --output, and refuses flags
// that mean nothing to it.
func (f *exportFlags) chooseFormat(cmd *cobra.Command) (format export.Format, err error) {
	known := strings.Join(export.Names(), ", ")
	var ok bool
	switch {
	case f.format != "":
		if format, ok = export.ByName(f.format); !ok {
			return format, fmt.Errorf("--format %q is not known; there are %s", f.format, known)
		}
	case f.output == "" || f.output == "-":
		return format, fmt.Errorf("which format? --format is one of %s", known)
	default:
		if format, ok = export.ByExtension(f.output); !ok {
			return format, fmt.Errorf("the extension of %s tells no format; add --format with one of %s", f.output, known)
		}
	}
	for _, name := range stackFlagNames {
		if cmd.Flags().Changed(name) && !format.Stacks {
			return format, fmt.Errorf("--%s says nothing to the format %s, which has everything", name, format.Name)
		}
	}
	if f.table != "" && !slices.Contains(format.Parts, f.table) {
		if len(format.Parts) == 0 {
			return format, fmt.Errorf("--table: the format %s has no tables", format.Name)
		}
		return format, fmt.Errorf("--table %q is not known; there are %s", f.table, strings.Join(format.Parts, ", "))
	}
	return format, nil
}

// open opens what is to be written: a file, or one for each part in a folder.
func (f *exportFlags) open(cmd *cobra.Command, arg string, format export.Format, s streams) (written, error) {
	if len(format.Parts) > 0 && f.table == "" {
		return f.openParts(arg, format)
	}
	if isFolder(f.output) {
		return nil, fmt.Errorf("%s is a folder: name a file in it", f.output)
	}
	if format.Name == "perfetto" {
		if err := binaryOutput(cmd, f.output, s.out, "a trace of Perfetto's", "trace.perfetto-trace"); err != nil {
			return nil, err
		}
	}
	file, err := writeTo(f.output, arg, s.out)
	if err != nil {
		return nil, err
	}
	return written{f.table: file}, nil
}

func (f *exportFlags) openParts(arg string, format export.Format) (written, error) {
	if !isFolder(f.output) {
		return nil, fmt.Errorf("which table? --table is one of %s; or name a folder (-o DIR/), which gets a file for each", strings.Join(format.Parts, ", "))
	}
	if err := os.MkdirAll(f.output, 0o755); err != nil {
		return nil, fmt.Errorf("make a folder for the tables: %w", err)
	}
	out := written{}
	for _, part := range format.Parts {
		file, err := writeTo(filepath.Join(f.output, part+format.Extensions[0]), arg, nil)
		if err != nil {
			out.discard()
			return nil, err
		}
		out[part] = file
	}
	return out, nil
}

// written are the files that are being written, by part.
type written map[string]*growing

func (w written) writers() map[string]io.Writer {
	out := map[string]io.Writer{}
	for part, file := range w {
		out[part] = file
	}
	return out
}

func (w written) discard() {
	for _, file := range w {
		file.discard()
	}
}

func (w written) close() error {
	var errs []error
	for _, file := range w {
		errs = append(errs, file.close())
	}
	return errors.Join(errs...)
}

// largePerfetto is from which size on a browser may not hold a trace: it takes two to
// four times the memory, of which Perfetto's pages call 2 GB typical.
const largePerfetto = 500_000_000

// tell says what was written, and how large it is.
func (w written) tell(log io.Writer, format export.Format) {
	parts := format.Parts
	if len(w) == 1 {
		for part := range w {
			parts = []string{part}
		}
	}
	for _, part := range parts {
		file := w[part]
		if file.path != "" {
			tellWritten(log, file.path, int(file.n))
		}
		if format.Name == "perfetto" && file.n > largePerfetto {
			fmt.Fprintf(log, "conctrace: that may be more than a browser can hold: export a part with --from and --to, or open it with trace_processor\n")
		}
	}
}
