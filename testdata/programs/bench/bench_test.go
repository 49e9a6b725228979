package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseBenchmark(t *testing.T) {
	got, err := parseBenchmark(`goos: linux
BenchmarkDecode/bare         	       3	8480000000 ns/op	       502.4 ns/event
BenchmarkDecode/bare-2       	       3	7480000000 ns/op	   1.00 extra	       443 ns/event
BenchmarkDecode/two-words-16 	       3	1 ns/op	12 ns/event	 0 B/op
PASS
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []decoder{{"bare", 1, 502.4}, {"bare", 2, 443}, {"two-words", 16, 12}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(decoder{})); diff != "" {
		t.Error(diff)
	}
	if _, err := parseBenchmark("PASS\n"); err == nil {
		t.Error("no result is no error")
	}
}

func TestTables(t *testing.T) {
	took := func(seconds ...float64) (runs []usage) {
		for _, s := range seconds {
			wall := time.Duration(s * float64(time.Second))
			runs = append(runs, usage{wall: wall, cpu: wall * 3 / 2, peak: int64(s * 1e9)})
		}
		return runs
	}
	rows := []*row{
		{name: "bare", procs: 1, bare: true, runs: took(4, 2, 2)},
		{name: "slowed with the bare one", procs: 1, runs: took(2, 1, 1)},
		{name: "nothing to compare with", procs: 2, runs: took(8)},
		{name: "failed", procs: 1, err: errors.New("no such flag")},
	}
	got := processTable(rows, 2_000_000) + decoderTable([]decoder{{"bare", 1, 500}, {"fast", 1, 50}, {"fast", 2, 40}})
	want := strings.TrimPrefix(`
WHOLE PROCESS             GOMAXPROCS  RUNS  WALL s  TIME/BARE  M EVENTS/s  CPU s  PEAK MB
bare                               1     3    2.00       1.00        1.00   3.00    4,000
slowed with the bare one           1     3    1.00       0.50        2.00   1.50    2,000
nothing to compare with            2     1    8.00          –        0.25  12.00    8,000

DECODER ALONE            GOMAXPROCS  ns/EVENT  TIME/BARE  M EVENTS/s
golang.org/x/exp/trace            1     500.0       1.00        2.00
conctrace's own decoder           1      50.0       0.10       20.00
conctrace's own decoder           2      40.0          –       25.00
`, "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if err := rowErrors(rows); err == nil || err.Error() != "failed, GOMAXPROCS=1: no such flag" {
		t.Errorf("got the error %v", err)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("grouped(%d) = %q, want %q", n, got, want)
		}
	}
}
