package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// A row is a command that is measured as a whole process.
type row struct {
	name    string
	procs   int  // GOMAXPROCS
	bare    bool // what others at the same GOMAXPROCS are compared with
	once    bool // not in each round: it takes too long
	command []string

	runs []usage
	err  error // ends the row
}

// usage is what one process took.
type usage struct {
	wall, cpu time.Duration
	peak      int64 // resident bytes; 0 where the system does not say
}

// measure runs the rows in turn, round by round: a machine that slows down for a
// while slows all of them, and their ratios stay. It stops when ctx is done.
func measure(ctx context.Context, rows []*row, rounds int) {
	for round := range rounds {
		for _, r := range rows {
			if r.err != nil || r.once && round > 0 {
				continue
			}
			u, err := run(ctx, r)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				r.err = err
				say("round %d of %d: %s, GOMAXPROCS=%d: failed", round+1, rounds, r.name, r.procs)
				continue
			}
			r.runs = append(r.runs, u)
			say("round %d of %d: %s, GOMAXPROCS=%d: %.2f s", round+1, rounds, r.name, r.procs, u.wall.Seconds())
		}
	}
}

func run(ctx context.Context, r *row) (usage, error) {
	cmd := exec.CommandContext(ctx, r.command[0], r.command[1:]...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(r.procs))
	start := time.Now()
	if err := wait(cmd, io.Discard); err != nil {
		return usage{}, err
	}
	wall := time.Since(start)
	state := cmd.ProcessState
	return usage{wall, state.UserTime() + state.SystemTime(), peakMemory(state)}, nil
}

// output runs a command and returns what it printed.
func output(cmd *exec.Cmd) (string, error) {
	var out bytes.Buffer
	err := wait(cmd, &out)
	return out.String(), err
}

// wait runs a command. An error has the end of what it said about it. When its
// context ends, it is asked to stop, so that it can remove its files.
func wait(cmd *exec.Cmd, stdout io.Writer) error {
	var stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = stdout, &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w: %s", err, lastLines(stderr.String()))
	}
	return nil
}

// lastLines is the end of a message: of a crash, the rest is in the way.
func lastLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

func rowErrors(rows []*row) error {
	var errs []error
	for _, r := range rows {
		if r.err != nil {
			errs = append(errs, fmt.Errorf("%s, GOMAXPROCS=%d: %w", r.name, r.procs, r.err))
		}
	}
	return errors.Join(errs...)
}
