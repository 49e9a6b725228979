// Command conctrace tells from a Go execution trace where the goroutines' time
// went and whether the program ran in parallel.
//
// main.go holds what all subcommands share: the streams, the context, the exit
// codes. Each subcommand has a file of its own.
//
// default.pgo is a CPU profile of an analysis, by which the go command decides
// what to inline: it takes a tenth off, and half a minute longer to build for
// the first time. It needs to be made again only when the analysis spends its
// time elsewhere, with CONCTRACE_BIG_TRACE naming a trace:
//
//	go test -trimpath ./analyze -run '^$' -bench '^BenchmarkAnalyze$' -benchtime 10x -cpuprofile FILE
//	go tool pprof -proto -focus conctrace/analyze -ignore readBare -output cmd/conctrace/default.pgo FILE
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"unicode"

	"github.com/conctrace/conctrace/analyze"
	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitDone        = 0
	exitFindings    = 1   // findings at or above --fail-on
	exitUsage       = 2   // usage, or reading and writing failed
	exitUnreadable  = 3   // not a readable trace
	exitInterrupted = 130 // Ctrl-C, as shells expect it
)

// gcPercent is how much garbage there may be beside what is held, which is mostly
// buffers without pointers: collecting it this often costs no time that can be
// measured, and holds a long trace to the memory of a short one.
const gcPercent = 20

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // whoever asks again means it, whatever is being waited for
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}, os.Getenv)
	stop()
	os.Exit(code)
}

// streams are what a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, s streams, getenv func(string) string) int {
	root := newRoot(s, getenv)
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	var told toldError
	if !errors.As(err, &told) {
		tell(s.err, err)
	}
	return exitCode(err)
}

// tell prints an error. File names and what files hold may have anything in them
// that a terminal would obey.
func tell(w io.Writer, err error) {
	var lines []string
	for line := range strings.Lines(strings.TrimSpace(err.Error())) {
		lines = append(lines, printable(strings.TrimSuffix(line, "\n")))
	}
	fmt.Fprintf(w, "conctrace: %s\n", strings.Join(lines, "\n"))
}

// printable is a text of one line without what a terminal would obey.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// toldError is an error that has been reported already.
type toldError struct{ error }

func (e toldError) Unwrap() error { return e.error }

// exitCode is what an error means to a script.
func exitCode(err error) int {
	var notTrace *analyze.NotTraceError
	var findings *findingsError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &notTrace):
		return exitUnreadable
	case errors.As(err, &findings):
		return exitFindings
	}
	return exitUsage
}

func newRoot(s streams, getenv func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use:   "conctrace",
		Short: "Where the time of a Go program's goroutines went, from an execution trace",
		Long: `conctrace reads Go execution traces (runtime/trace, /debug/pprof/trace, go test -trace,
flight recorders) and says where each goroutine's time went: running, ready but waiting for
a processor, blocked on synchronisation, blocked on I/O; whether the program ran in parallel
or only took turns; and what stands out, such as a lock that many wait for.`,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			if _, err := os.Stat(args[0]); err == nil {
				return fmt.Errorf("%q is no command; did you mean conctrace analyze %s?", args[0], args[0])
			}
			return fmt.Errorf("%q is no command (see conctrace --help)", args[0])
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(newAnalyze(s, getenv), newExplain(s, getenv), newPath(s, getenv), newPprof(s), newExport(s), newServe(s, getenv), newDetectors(s))
	return root
}

// version is the module's version as built.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
