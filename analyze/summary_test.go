package analyze_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze"
)

// summaryProgram prints the summary that the toolchain's own internal/trace
// makes of a trace. It is compiled as if it were a package of the standard
// library, which alone may import that.
const summaryProgram = `package main

import (
	"encoding/json"
	"internal/trace"
	"io"
	"os"
)

type goroutine struct {
	Exec, Sched, Syscall int64
	Block                map[string]int64
}

func main() {
	f, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	r, err := trace.NewReader(f)
	if err != nil {
		panic(err)
	}
	s := trace.NewSummarizer()
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			break
		}
		if err != nil {
			panic(err)
		}
		s.Event(&ev)
	}
	out := map[int64]goroutine{}
	for id, g := range s.Finalize().Goroutines {
		block := map[string]int64{}
		for reason, d := range g.BlockTimeByReason {
			if d != 0 {
				block[reason] = int64(d)
			}
		}
		out[int64(id)] = goroutine{int64(g.ExecTime), int64(g.SchedWaitTime), int64(g.SyscallTime + g.SyscallBlockTime), block}
	}
	json.NewEncoder(os.Stdout).Encode(out)
}
`

// toolchainSummary is what the toolchain says of one goroutine.
type toolchainSummary struct {
	Exec, Sched, Syscall int64
	Block                map[string]int64
}

// buildSummary compiles summaryProgram against the toolchain that is there.
func buildSummary(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("no go command: %v", err)
	}
	goroot := strings.TrimSpace(string(out))
	if _, err := os.Stat(filepath.Join(goroot, "src/internal/trace/summary.go")); err != nil {
		t.Skipf("the toolchain has no source: %v", err)
	}
	dir := t.TempDir()
	src, bin := filepath.Join(dir, "main.go"), filepath.Join(dir, "summary")
	overlay := filepath.Join(dir, "overlay.json")
	write := func(path string, data []byte) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(src, []byte(summaryProgram))
	pkg := filepath.Join(goroot, "src/cmd/conctracesummary/main.go")
	data, _ := json.Marshal(map[string]any{"Replace": map[string]string{pkg: src}})
	write(overlay, data)
	build := exec.Command("go", "build", "-overlay", overlay, "-o", bin, "cmd/conctracesummary")
	build.Dir = filepath.Join(goroot, "src/cmd")
	build.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("the toolchain's summary does not build here: %v\n%s", err, out)
	}
	return bin
}

// TestGoroutinesEqualTheToolchainsSummary holds every goroutine's raw states
// and waits against internal/trace's Summarizer, to the nanosecond.
//
// Three faults of the Summarizer are allowed for, and only these: a wait
// "forever" counts as the goroutine's end there; a system call that is open at
// the trace's end and lost its P is counted again as waiting for one; and in
// traces of Go 1.11–1.21 a goroutine of C code that appears within the trace
// gets a system call since the trace's start.
func TestGoroutinesEqualTheToolchainsSummary(t *testing.T) {
	bin := buildSummary(t)
	overCorpus(t, func(t *testing.T, path string) {
		out, err := exec.Command(bin, path).Output()
		if err != nil {
			t.Fatalf("the toolchain does not read it: %v", err)
		}
		var want map[string]toolchainSummary
		if err := json.Unmarshal(out, &want); err != nil {
			t.Fatal(err)
		}
		r := analysed(t, path, analyze.Options{Goroutines: true})
		tolerance := int64(0)
		if isOld(r) {
			tolerance = 100
		}
		near := func(a, b int64) bool { return max(a, b)-min(a, b) <= tolerance }
		seen := map[int64]bool{}
		for _, g := range r.Goroutines {
			if seen[g.ID] {
				continue // a thread of C code that came back; the Summarizer keeps its last life
			}
			seen[g.ID] = true
			lives := 0
			for _, o := range r.Goroutines {
				if o.ID == g.ID {
					lives++
				}
			}
			w, ok := want[fmt.Sprint(g.ID)]
			if !ok {
				t.Errorf("goroutine %d is unknown to the toolchain", g.ID)
				continue
			}
			delete(want, fmt.Sprint(g.ID))
			if lives > 1 || tolerance > 0 && g.CreatedNs != nil && w.Syscall > g.LifetimeNs {
				continue
			}
			sched := g.StatesNs.Runnable
			openSyscall := g.EndedNs == nil && w.Sched > sched && w.Sched-sched <= g.StatesNs.Syscall
			if !near(g.StatesNs.Running, w.Exec) || !near(g.StatesNs.Syscall, w.Syscall) || !near(sched, w.Sched) && !openSyscall {
				t.Errorf("goroutine %d (%s): %+v, the toolchain %+v", g.ID, g.Name, g.StatesNs, w)
			}
			for reason, ns := range g.WaitsNs {
				if reason != "forever" && !near(ns, w.Block[reason]) {
					t.Errorf("goroutine %d (%s) waits %q for %d ns, the toolchain says %d", g.ID, g.Name, reason, ns, w.Block[reason])
				}
				delete(w.Block, reason)
			}
			for reason, ns := range w.Block {
				if !near(ns, 0) {
					t.Errorf("goroutine %d (%s) does not wait %q, the toolchain says %d ns", g.ID, g.Name, reason, ns)
				}
			}
		}
		for id := range want {
			t.Errorf("goroutine %s is missing", id)
		}
	})
}
