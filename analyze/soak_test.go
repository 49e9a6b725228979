package analyze_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/conctrace/conctrace/analyze"
)

// TestSoakOfHealthyPrograms records the healthy scenarios and services again and again
// while busy loops take processors from them, and finds nothing wrong with them that is
// more than low: what the machine does is not the program's fault.
//
//	CONCTRACE_SOAK=20       records each twenty times; without it nothing is done
//	CONCTRACE_SOAK_LOOPS=2  busy loops beside; 1 if not said
//	CONCTRACE_SOAK_KEEP=DIR keeps the recordings with such findings
func TestSoakOfHealthyPrograms(t *testing.T) {
	runs, err := strconv.Atoi(os.Getenv("CONCTRACE_SOAK"))
	if err != nil || runs < 1 {
		t.Skip("CONCTRACE_SOAK says how often; it takes minutes")
	}
	loops := 1
	if n, err := strconv.Atoi(os.Getenv("CONCTRACE_SOAK_LOOPS")); err == nil {
		loops = n
	}
	var healthy []soaked
	for _, w := range truths {
		if w.healthy {
			healthy = append(healthy, soaked{"scenarios", w.scenario})
		}
	}
	for _, s := range services(t) {
		if !s.troubled() {
			healthy = append(healthy, soaked{"services", s.Name})
		}
	}
	dir := t.TempDir()
	for _, program := range []string{"scenarios", "services"} {
		build := exec.Command("go", "build", "-o", filepath.Join(dir, program+".exe"), "../testdata/programs/"+program)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	defer spin(loops)()
	told := map[string]int{}
	for run := range runs {
		for _, s := range healthy {
			path := filepath.Join(dir, fmt.Sprintf("%s-%d.trace", s.name, run))
			if out, err := exec.Command(filepath.Join(dir, s.program+".exe"), "-o", path, s.name).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", s.name, err, out)
			}
			s.check(t, path, told)
			os.Remove(path)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(told)) {
		t.Logf("%4d × %s", told[line], line)
	}
}

// trueOf are findings about healthy programs that are true and may be more than low
// beside a busy loop, by what the program is for: one goroutine makes the items one by
// one, and running time grows by what the loop takes.
var trueOf = map[string][]string{"cond-signal": {"not-enough-parallel-work"}}

// soaked is a program that is recorded beside busy loops.
type soaked struct{ program, name string }

// check counts what is found, and fails on what is more than low but tells of the
// program rather than the machine.
func (s soaked) check(t *testing.T, path string, told map[string]int) {
	r := analysed(t, path, analyze.Options{})
	for _, f := range r.Findings {
		told[f.Severity+" "+f.Detector+" on "+s.name]++
		if f.Severity == "low" || slices.Contains(ofTheMachine, f.Detector) || slices.Contains(trueOf[s.name], f.Detector) {
			continue
		}
		t.Errorf("%s: %s %s (%.0f): %s", s.name, f.Severity, f.Detector, f.Score, f.Sentence)
		if keep := os.Getenv("CONCTRACE_SOAK_KEEP"); keep != "" {
			if data, err := os.ReadFile(path); err == nil {
				os.WriteFile(filepath.Join(keep, filepath.Base(path)), data, 0o644)
			}
		}
	}
}

// spin keeps so many processors busy until what it returns is called.
func spin(loops int) (stop func()) {
	var done atomic.Bool
	for range loops {
		go func() {
			for n := 0; !done.Load(); n++ {
				_ = n
			}
		}()
	}
	return func() { done.Store(true) }
}
