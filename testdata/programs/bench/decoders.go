package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// A decoder is a line of BenchmarkDecode: what decoding alone takes, without the
// analysis and within one process.
type decoder struct {
	name     string
	procs    int
	perEvent float64 // ns
}

// decoders runs BenchmarkDecode of the package wire.
func (t toolchain) decoders(trace string) ([]decoder, error) {
	const pkg = "analyze/internal/wire"
	bin, err := t.build("wire.test", "test", "./"+pkg, "-c")
	if err != nil {
		return nil, err
	}
	say("BenchmarkDecode")
	cmd := exec.CommandContext(t.ctx, bin, "-test.run=^$", "-test.bench=^BenchmarkDecode$",
		"-test.benchtime=3x", "-test.cpu=1,2", "-test.timeout=1h")
	cmd.Dir = filepath.Join(t.root, pkg)
	cmd.Env = append(os.Environ(), "CONCTRACE_BIG_TRACE="+trace)
	out, err := output(cmd)
	if err != nil {
		return nil, fmt.Errorf("BenchmarkDecode: %w: %s", err, lastLines(out))
	}
	found, err := parseBenchmark(out)
	if err != nil {
		return nil, fmt.Errorf("BenchmarkDecode: %w", err)
	}
	return found, nil
}

// benchmarkLine has the name of a sub-benchmark and its GOMAXPROCS, which is left
// out when it is 1.
var benchmarkLine = regexp.MustCompile(`(?m)^BenchmarkDecode/(\S+?)(?:-(\d+))?\s.*?([\d.]+) ns/event`)

func parseBenchmark(out string) ([]decoder, error) {
	var found []decoder
	for _, m := range benchmarkLine.FindAllStringSubmatch(out, -1) {
		d := decoder{name: m[1], procs: 1}
		var err error
		if m[2] != "" {
			d.procs, err = strconv.Atoi(m[2])
		}
		ns, err2 := strconv.ParseFloat(m[3], 64)
		if err := errors.Join(err, err2); err != nil {
			return nil, err
		}
		d.perEvent = ns
		found = append(found, d)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("there is no result in its output: %s", strings.TrimSpace(out))
	}
	return found, nil
}
