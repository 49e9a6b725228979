package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// neededByGoTool is how much memory must be free for a profile with go tool
// trace: for 17 million events it takes 8.5 GB.
const neededByGoTool = 12 << 30

// A toolchain builds and names what is measured.
type toolchain struct {
	ctx  context.Context
	root string // of conctrace's module
	tmp  string
}

// trace returns the absolute path of the trace, and records one if none is given.
func (t toolchain) trace(path string) (string, error) {
	if path != "" {
		return filepath.Abs(path)
	}
	big, err := t.build("big", "build", "./testdata/programs/big")
	if err != nil {
		return "", err
	}
	path = filepath.Join(t.tmp, "big.trace")
	say("recording 17,000,000 events into %s, which takes 20 seconds", path)
	if _, err := output(exec.CommandContext(t.ctx, big, "-events", "17000000", "-seconds", "20", "-o", path)); err != nil {
		return "", fmt.Errorf("recording a trace: %w", err)
	}
	return path, nil
}

// build runs a command of go that builds a package of the module.
func (t toolchain) build(name, command, pkg string, flags ...string) (string, error) {
	say("building %s", pkg)
	path := filepath.Join(t.tmp, name)
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	args := append([]string{command, "-o", path}, flags...)
	cmd := exec.CommandContext(t.ctx, "go", append(args, pkg)...)
	cmd.Dir = t.root
	if _, err := output(cmd); err != nil {
		return "", fmt.Errorf("building %s: %w", pkg, err)
	}
	return path, nil
}

// rows are all that is measured as whole processes. The note says what is not.
func (t toolchain) rows(trace string, withGoTool bool) (rows []*row, note string, err error) {
	rows, err = t.ownRows(trace)
	if err != nil || !withGoTool {
		return rows, "", err
	}
	more, note, err := t.goToolRows(trace)
	return append(rows, more...), note, err
}

// ownRows are the bare loop and conctrace with either decoder, on one processor
// and on two.
func (t toolchain) ownRows(trace string) ([]*row, error) {
	conctrace, err := t.build("conctrace", "build", "./cmd/conctrace")
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var rows []*row
	for _, procs := range []int{1, 2} {
		rows = append(rows, &row{name: "bare loop over golang.org/x/exp/trace", procs: procs, bare: true,
			command: []string{self, bareLoop, trace}})
	}
	for _, decoder := range []string{"reference", "fast"} {
		for _, procs := range []int{1, 2} {
			rows = append(rows, &row{name: "conctrace analyze --decoder " + decoder, procs: procs,
				command: []string{conctrace, "analyze", "-f", "json", "--decoder", decoder, trace}})
		}
	}
	return rows, nil
}

// goToolRows are of go tool trace: what of it reads the events without ordering
// them, in each round, and a profile, which orders them and keeps them all, once
// if there is the memory. Otherwise the note says why not.
func (t toolchain) goToolRows(trace string) (rows []*row, note string, err error) {
	// The tool itself is run, so that the go command is not measured with it.
	tool, err := output(exec.CommandContext(t.ctx, "go", "tool", "-n", "trace"))
	if err != nil {
		return nil, "", fmt.Errorf("finding go tool trace: %w", err)
	}
	for _, mode := range []string{"-d=footprint", "-pprof=sched"} {
		rows = append(rows, &row{name: "go tool trace " + mode, procs: 2,
			command: []string{strings.TrimSpace(tool), mode, trace}})
	}
	last := len(rows) - 1
	rows[last].once = true
	const leftOut = "go tool trace -pprof=sched is left out: "
	free, err := availableMemory()
	if err != nil {
		return rows[:last], leftOut + fmt.Sprintf("it needs much memory, and how much is free is unknown: %v.", err), nil
	}
	if free < neededByGoTool {
		return rows[:last], leftOut + fmt.Sprintf("it needs %d GB of memory, and %.1f are free.", neededByGoTool>>30, float64(free)/(1<<30)), nil
	}
	return rows, "", nil
}

// availableMemory is what the system could give without swapping.
func availableMemory() (bytes int64, err error) {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var kilobytes int64
		if n, _ := fmt.Sscanf(s.Text(), "MemAvailable: %d kB", &kilobytes); n == 1 {
			return kilobytes << 10, nil
		}
	}
	return 0, errors.New("/proc/meminfo has no MemAvailable")
}
