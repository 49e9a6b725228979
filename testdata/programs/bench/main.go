// Bench measures conctrace beside a bare loop over golang.org/x/exp/trace and
// beside go tool trace, all on one trace and in one run, and prints a table:
//
//	go run ./testdata/programs/bench [-trace FILE] [-runs N] [-without-go-tool]
//
// Without -trace it records one with ../big. It must run inside the module.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == bareLoop {
		exit(readBare(os.Args[2]))
	}
	var o options
	flag.StringVar(&o.trace, "trace", "", "measure with this `file`; without it, one is recorded")
	flag.IntVar(&o.runs, "runs", 3, "run everything so many times, in turn; go tool trace -pprof only once")
	flag.BoolVar(&o.withoutGoTool, "without-go-tool", false, "leave go tool trace out, which takes half a minute and 9 GB of memory")
	flag.Parse()
	if flag.NArg() > 0 || o.runs < 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(bench(ctx, o))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

type options struct {
	trace         string
	runs          int
	withoutGoTool bool
}

// say tells who waits what is being done.
func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// bench prints the table. Rows that fail are left out of it, and are the error.
func bench(ctx context.Context, o options) (err error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "conctrace-bench-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	tools := toolchain{ctx: ctx, root: root, tmp: tmp}

	path, err := tools.trace(o.trace)
	if err != nil {
		return err
	}
	about, err := describe(ctx, path)
	if err != nil {
		return err
	}
	rows, note, err := tools.rows(path, !o.withoutGoTool)
	if err != nil {
		return err
	}
	measure(ctx, rows, o.runs)
	decoders, decoderErr := tools.decoders(path)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	fmt.Println(about.line(o.runs))
	fmt.Print("\n", processTable(rows, about.events), decoderTable(decoders))
	if note != "" {
		fmt.Println("\n" + note)
	}
	return errors.Join(rowErrors(rows), decoderErr)
}

// moduleRoot is where conctrace's go.mod is.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := output(exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}"))
	if err != nil {
		return "", fmt.Errorf("finding conctrace's module: %w", err)
	}
	path, dir, _ := strings.Cut(strings.TrimSpace(out), " ")
	if path != "github.com/conctrace/conctrace" {
		return "", errors.New("this directory is in no checkout of conctrace")
	}
	return filepath.FromSlash(dir), nil
}
