package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/exp/trace"
)

// bareLoop is the hidden command by which bench runs itself as a process that
// only reads the events.
const bareLoop = "bare-loop"

// readBare reads all events with golang.org/x/exp/trace, which is the least that
// any tool built on it does, and prints how many events and generations it saw.
func readBare(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := trace.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	events, syncs := 0, 0
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: after %d events: %w", path, events, err)
		}
		events++
		if ev.Kind() == trace.EventSync {
			syncs++
		}
	}
	// A sync event stands before each generation, and one at the end.
	_, err = fmt.Println(events, syncs-1)
	return err
}

// A description is of the trace that is measured with.
type description struct {
	bytes       int64
	events      int
	generations int
}

// describe reads the trace once, which also brings it into memory for those that
// are measured.
func describe(ctx context.Context, path string) (d description, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return d, err
	}
	d.bytes = info.Size()
	self, err := os.Executable()
	if err != nil {
		return d, err
	}
	say("counting the events of %s", path)
	out, err := output(exec.CommandContext(ctx, self, bareLoop, path))
	if err != nil {
		return d, fmt.Errorf("the bare loop: %w", err)
	}
	if _, err := fmt.Sscan(out, &d.events, &d.generations); err != nil {
		return d, fmt.Errorf("the bare loop printed %q: %w", out, err)
	}
	return d, nil
}

func (d description) line(runs int) string {
	return fmt.Sprintf("%s %s/%s, %d CPUs; a trace of %s bytes, %s events, %d generations; median of %d, in turn",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		grouped(d.bytes), grouped(int64(d.events)), d.generations, runs)
}
