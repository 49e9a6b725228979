package analyze_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the table of scenarios in testdata/README.md")

// truth is what an analysis must say about a scenario, known from what the
// program does.
type truth struct {
	scenario string
	label    string // of the verdict
	finding  string // detector of the first finding; "" for none
	culprit  string // in the first finding's culprit or groups
	// mostly is the label that has most of the wall time, with its cause.
	mostly string
	// healthy scenarios have no medium or high finding.
	healthy bool
}

// s33 expects no finding: one wait for a lock after another, once in each of a few
// rounds, is no queue, and what filled the waits tells who had it.
var truths = []truth{
	{scenario: "s01-one-goroutine", label: "serial", mostly: "serial", healthy: true},
	{scenario: "s02-two-on-one-proc", label: "interleaved", mostly: "interleaved/capacity", finding: "processors-saturated", culprit: "main.equalWorker"},
	{scenario: "s03-two-on-two-procs", label: "parallel", mostly: "parallel/full", healthy: true},
	{scenario: "s04-fork-join", label: "partly-parallel", mostly: "serial", finding: "processors-saturated", culprit: "main.forkedPart"},
	{scenario: "s05-eight-on-two-procs", label: "saturated", mostly: "parallel/saturated", finding: "oversubscribed-fan-out", culprit: "main.saturator", healthy: true},
	{scenario: "s06-hundred-sleepers", label: "latency-bound", mostly: "latency-bound/timer", healthy: true},
	{scenario: "s07-sequential-reads", label: "latency-bound", mostly: "latency-bound/io", finding: "sequential-io", culprit: "main.fetch"},
	{scenario: "s08-concurrent-reads", label: "latency-bound", mostly: "latency-bound/io", healthy: true},
	{scenario: "s09-select-join", label: "latency-bound", mostly: "latency-bound/timer", healthy: true},
	{scenario: "s10-pull-iterator", label: "interleaved", mostly: "interleaved/coroutine", healthy: true},
	{scenario: "s11-hog-one-proc", label: "interleaved", mostly: "interleaved/latency", finding: "cpu-hog-delays-io", culprit: "main.hog"},
	{scenario: "s12-hog-two-procs", label: "interleaved", mostly: "interleaved/latency", healthy: true},
	{scenario: "s13-hogs-in-pool", label: "interleaved", mostly: "interleaved/latency", healthy: true},
	{scenario: "s14-lock-hand-offs", label: "interleaved", mostly: "interleaved/dependency", finding: "lock-convoy", culprit: "main.(*Ledger).Post"},
	{scenario: "s15-lock-and-free", label: "parallel", mostly: "parallel/full", healthy: true},
	{scenario: "s16-reader-writer-reader", label: "interleaved", mostly: "interleaved/dependency", finding: "reader-writer-stall", culprit: "main.longReader"},
	{scenario: "s17-ping-pong", label: "interleaved", mostly: "interleaved/dependency", finding: "channel-ping-pong", culprit: "main.pingSide"},
	{scenario: "s18-slow-consumer", label: "interleaved", mostly: "interleaved/dependency", finding: "slow-consumer", culprit: "main.slowConsumer"},
	{scenario: "s19-slow-producer", label: "interleaved", mostly: "interleaved/dependency", finding: "slow-producer", culprit: "main.slowProducer"},
	{scenario: "s20-pipeline", label: "parallel", mostly: "parallel/saturated", finding: "slow-consumer", culprit: "main.stageB"},
	{scenario: "s21-wide-pipeline", label: "parallel", mostly: "parallel/full", healthy: true},
	{scenario: "s22-idle-pool", label: "idle", mostly: "idle", healthy: true},
	{scenario: "s23-idle-listener", label: "idle", mostly: "idle", healthy: true},
	{scenario: "s24-cond-herd", label: "partly-parallel", mostly: "interleaved/dependency", finding: "thundering-herd", culprit: "main.broadcastItem"},
	{scenario: "s25-close-releases", label: "interleaved", mostly: "interleaved/dependency", finding: "wake-burst", culprit: "main.init.func15", healthy: true},
	{scenario: "s26-uneven-chunks", label: "partly-parallel", mostly: "serial", finding: "uneven-load", culprit: "main.chunkWorker"},
	{scenario: "s27-straggler", label: "partly-parallel", mostly: "serial", finding: "straggler", culprit: "main.rebuildIndex"},
	{scenario: "s28-raw-read", label: "latency-bound", mostly: "latency-bound/syscall", healthy: true},
	{scenario: "s29-raw-read-one-proc", label: "starved", mostly: "stalled/syscall-held", finding: "syscalls-hold-processors", culprit: "main.askingReader"},
	{scenario: "s30-unbounded-fan-out", label: "saturated", mostly: "parallel/saturated", finding: "oversubscribed-fan-out", culprit: "main.fanOut", healthy: true},
	{scenario: "s30-bounded-fan-out", label: "parallel", mostly: "parallel/full", healthy: true},
	{scenario: "s31-semaphore", label: "latency-bound", mostly: "latency-bound/sync", finding: "pool-too-small", culprit: "main.acquire"},
	{scenario: "s32-aligned-tickers", label: "latency-bound", mostly: "latency-bound/timer", finding: "timer-convoy", culprit: "main.tickerWorker"},
	{scenario: "s33-transitive-wait", label: "interleaved", mostly: "interleaved/dependency"},
	{scenario: "s34-waits-for-creator", label: "interleaved", mostly: "interleaved/dependency", finding: "slow-producer"},
	{scenario: "s35-timer-channel", label: "latency-bound", mostly: "latency-bound/timer", healthy: true},
	{scenario: "s36-forced-gc", label: "interleaved", mostly: "interleaved/runtime", finding: "stop-the-world", culprit: "main.collector"},
	{scenario: "s37-mem-stats", label: "interleaved", mostly: "interleaved/latency", finding: "stop-the-world", culprit: "main.statsPoller"},
	{scenario: "s38-profiled-four-procs", label: "parallel", mostly: "parallel/full", finding: "oversubscribed-machine"},
	{scenario: "s38-profiled-two-procs", label: "saturated", mostly: "parallel/saturated", finding: "processors-saturated", culprit: "main.profiledWorker"},
	{scenario: "s39-gosched-loop", label: "parallel", mostly: "parallel/saturated", finding: "busy-yield", culprit: "main.yieldLoop"},
	{scenario: "s40-nil-channel", label: "latency-bound", mostly: "latency-bound/timer", finding: "stuck-goroutines", culprit: "main.nilReceiver"},
	{scenario: "s41-two-lock-cycle", label: "latency-bound", mostly: "latency-bound/timer", finding: "wait-knot", culprit: "main.leftThenRight"},
	{scenario: "s42-open-waits", label: "latency-bound", mostly: "latency-bound/timer", healthy: true},
	{scenario: "s43-nested-tasks", label: "partly-parallel", mostly: "serial", finding: "not-enough-parallel-work", healthy: true},
	{scenario: "s44-connection-pool", label: "latency-bound", mostly: "latency-bound/io", finding: "pool-too-small", culprit: "main.query"},
	{scenario: "s45-delegation", label: "serial", mostly: "serial", healthy: true},

	{scenario: "lock-serialises", label: "interleaved", mostly: "interleaved/dependency", finding: "lock-convoy", culprit: "main.(*Store).Lookup"},
	{scenario: "http-moderate", label: "idle", mostly: "idle", healthy: true},
	{scenario: "idle-server", label: "idle", mostly: "idle", healthy: true},
	{scenario: "three-sleeps-one-proc", label: "latency-bound", mostly: "latency-bound/timer", healthy: true},
	{scenario: "three-sleeps", label: "latency-bound", mostly: "latency-bound/timer", healthy: true},
	{scenario: "heavy-delays-others", label: "interleaved", mostly: "interleaved/latency", finding: "cpu-hog-delays-io", culprit: "main.cruncher"},
	{scenario: "heavy-in-bounded-pool", label: "interleaved", mostly: "interleaved/latency", healthy: true},
	{scenario: "pipeline-backpressure", label: "parallel", mostly: "parallel/full", finding: "slow-consumer", culprit: "main.stageB"},
	{scenario: "raw-read-beside-polled", label: "latency-bound", mostly: "latency-bound/io", healthy: true},
	{scenario: "stuck-on-channel", label: "latency-bound", mostly: "latency-bound/timer", finding: "stuck-goroutines", culprit: "main.awaitReply"},
	{scenario: "leak", label: "latency-bound", mostly: "latency-bound/sync", finding: "goroutine-leak", culprit: "main.leakySend"},
	{scenario: "latency-bound-workers", label: "latency-bound", mostly: "latency-bound/io", finding: "latency-bound", culprit: "main.fetch"},
	{scenario: "oversleep", label: "interleaved", mostly: "interleaved/latency", finding: "late-timers", culprit: "main.hog"},
	{scenario: "cond-signal", label: "partly-parallel", mostly: "interleaved/dependency", finding: "not-enough-parallel-work", healthy: true},
	{scenario: "even-chunks", label: "parallel", mostly: "parallel/full", healthy: true},
	{scenario: "fan-out-delays-others", label: "saturated", mostly: "parallel/saturated", finding: "oversubscribed-fan-out", culprit: "main.reportTask"},
	{scenario: "jittered-tickers", label: "latency-bound", mostly: "latency-bound/timer", healthy: true},
	{scenario: "waits-for-flag", label: "partly-parallel", mostly: "interleaved/dependency", finding: "not-enough-parallel-work", healthy: true},
	{scenario: "sleep-poll", label: "interleaved", mostly: "interleaved/latency", finding: "sleep-poll", culprit: "main.flagPoller", healthy: true},
	{scenario: "heartbeat", label: "serial", mostly: "serial", healthy: true},
	{scenario: "herd-of-handlers", label: "latency-bound", mostly: "latency-bound/timer", finding: "wake-burst", culprit: "main.announce", healthy: true},
	{scenario: "lock-convoy", label: "interleaved", mostly: "interleaved/dependency", finding: "lock-convoy", culprit: "main.(*Tally).Count"},
	{scenario: "lock-batched", label: "saturated", mostly: "parallel/saturated", finding: "processors-saturated", healthy: true},
	{scenario: "readers-behind-writer", label: "latency-bound", mostly: "latency-bound/sync", finding: "reader-writer-stall", culprit: "main.(*LockedRoutes).Forward"},
	{scenario: "atomic-snapshot", label: "latency-bound", mostly: "latency-bound/io", healthy: true},
	{scenario: "worker-churn", label: "partly-parallel", mostly: "serial", finding: "goroutine-churn", culprit: "main.handleBatch"},
	{scenario: "chunked-items", label: "partly-parallel", mostly: "serial", healthy: true},
}

// recordings is where the recorded scenarios are.
const recordings = "../testdata/traces/scenarios"

// program is what a scenario says about itself.
type program struct {
	Name  string         `json:"name"`
	Procs int            `json:"procs"`
	Waits map[string]int `json:"waits"`
	Usual map[string]int `json:"usual"`
}

func programs(t *testing.T) map[string]program {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(recordings, "scenarios.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []program
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	byName := map[string]program{}
	for _, p := range list {
		byName[p.Name] = p
	}
	return byName
}

// TestRecordedScenarios analyses the recording of every scenario: the label, the
// first finding and the culprit that its program is known to have, the counts of
// waits, and nothing more than low on what is healthy. The table of all is kept
// in testdata/README.md.
func TestRecordedScenarios(t *testing.T) {
	known := programs(t)
	if len(known) != len(truths) {
		t.Errorf("%d scenarios are recorded, %d have a truth", len(known), len(truths))
	}
	var table bytes.Buffer
	table.WriteString("| scenario | Ps | expected | got | what the verdict says |\n|---|---|---|---|---|\n")
	for _, want := range truths {
		t.Run(want.scenario, func(t *testing.T) {
			p, ok := known[want.scenario]
			if !ok {
				t.Fatal("no such scenario")
			}
			r := analysed(t, filepath.Join(recordings, want.scenario+".trace"), analyze.Options{})
			want.check(t, r)
			checkWaits(t, r, p.Waits)
			checkWaits(t, r, p.Usual)
			got := describe(r.Verdict.Label, mostly(r), first(r))
			fmt.Fprintf(&table, "| %s | %d | %s | %s | %s |\n", want.scenario, p.Procs, describe(want.label, want.mostly, want.finding), got, r.Verdict.Sentence)
		})
	}
	t.Log("\n" + table.String())
	keepTable(t, table.String())
}

func describe(label, mostly, finding string) string {
	if finding == "" {
		finding = "no finding"
	}
	return label + " (" + mostly + "), " + finding
}

// check holds a result against the truth.
func (want truth) check(t *testing.T, r *result.Result) {
	t.Helper()
	if r.Verdict.Label != want.label {
		t.Errorf("label %s, want %s: %s", r.Verdict.Label, want.label, r.Verdict.Sentence)
	}
	if got := mostly(r); got != want.mostly {
		t.Errorf("mostly %s, want %s", got, want.mostly)
	}
	if got := first(r); got != want.finding {
		t.Errorf("first finding %q, want %q\n%s", got, want.finding, sentences(r))
	}
	if want.culprit != "" && len(r.Findings) > 0 && !names(r, r.Findings[0], want.culprit) {
		t.Errorf("culprit %q, groups %v: %s is not among them", r.Findings[0].Culprit, r.Findings[0].Groups, want.culprit)
	}
	if want.healthy {
		checkHealthy(t, r)
	}
}

// checkHealthy allows no finding that is more than low.
func checkHealthy(t *testing.T, r *result.Result, but ...string) {
	t.Helper()
	for _, f := range r.Findings {
		if f.Severity != "low" && !slices.Contains(but, f.Detector) {
			t.Errorf("a healthy program has a %s finding: %s", f.Severity, f.Sentence)
		}
	}
}

// names says whether a finding blames a function: as its culprit, as the entry of the
// group that it is about, or in the stack of what ran.
func names(r *result.Result, f result.Finding, function string) bool {
	if strings.Contains(f.Culprit, function) || len(f.Groups) > 0 && r.Groups[f.Groups[0]].Name == function {
		return true
	}
	return slices.ContainsFunc(f.Stacks, func(s result.RoleStack) bool {
		return s.Role == "running" && slices.ContainsFunc(s.Frames, func(f result.Frame) bool { return f.Func == function })
	})
}

func first(r *result.Result) string {
	if len(r.Findings) == 0 {
		return ""
	}
	return r.Findings[0].Detector
}

func sentences(r *result.Result) string {
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s %s %.0f: %s\n", f.Severity, f.Detector, f.Score, f.Sentence)
	}
	return b.String()
}

// mostly is the label with most of the wall time, and what most of that is.
func mostly(r *result.Result) string {
	c := &r.Concurrency
	label := most(map[string]int64{
		"idle": c.PartitionNs.Idle, "serial": c.PartitionNs.Serial, "latency-bound": c.PartitionNs.LatencyBound,
		"stalled": c.PartitionNs.Stalled, "interleaved": c.PartitionNs.Interleaved, "parallel": c.PartitionNs.Parallel,
	})
	causes := map[string]map[string]int64{
		"latency-bound": c.LatencyCauseNs, "stalled": c.StalledCauseNs, "interleaved": c.InterleavedCauseNs, "parallel": c.ParallelKindNs,
	}[label]
	if len(causes) == 0 {
		return label
	}
	return label + "/" + most(causes)
}

// most is the key of the largest value.
func most(m map[string]int64) string {
	best := ""
	for k, v := range m {
		if best == "" || v > m[best] || v == m[best] && k < best {
			best = k
		}
	}
	return best
}

// checkWaits counts the waits that a scenario says it has, those at rest
// included.
func checkWaits(t *testing.T, r *result.Result, want map[string]int) {
	t.Helper()
	got := map[string]int{}
	for key := range want {
		name, kind, _ := strings.Cut(key, " ")
		got[key] = 0
		for _, g := range r.Groups {
			if g.Name != name {
				continue
			}
			got[key] += int(g.Waits[kind].Count)
			for _, rest := range g.AtRest {
				if rest.Kind == kind {
					got[key] += int(rest.Waits)
				}
			}
		}
	}
	if len(want) > 0 {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("waits (-want +got):\n%s", diff)
		}
	}
}

// keepTable holds the table in testdata/README.md against what was found.
func keepTable(t *testing.T, table string) {
	t.Helper()
	const path, begin, end = "../testdata/README.md", "<!-- scenarios: go test ./analyze -run Scenarios -update -->\n", "<!-- end of scenarios -->\n"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), begin)
	kept, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table of scenarios", path)
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(path, []byte(head+begin+table+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if kept != table {
		t.Errorf("%s has another table of scenarios (go test ./analyze -run Scenarios -update writes it):\n%s", path, cmp.Diff(kept, table))
	}
}

// fillings are what filled the waits of a kind in a function, most of all, and whose
// share must be how large at least: the function that a person who knows the program
// would name.
var fillings = []struct {
	scenario, in, kind string
	piece, function    string
	caller             string
	share              float64
}{
	{scenario: "s14-lock-hand-offs", in: "main.(*Ledger).Post", kind: "mutex", piece: "lock-holder", function: "main.(*Ledger).Post", share: 0.95},
	{scenario: "s15-lock-and-free", in: "main.(*Stock).Reserve", kind: "mutex", piece: "lock-holder", function: "main.(*Stock).Reserve", share: 0.9},
	{scenario: "s16-reader-writer-reader", in: "main.lateReader", kind: "rwmutex-read", piece: "lock-holder", function: "main.longReader", share: 0.8},
	{scenario: "s16-reader-writer-reader", in: "main.lateWriter", kind: "rwmutex-write", piece: "lock-holder", function: "main.longReader", share: 0.95},
	{scenario: "s17-ping-pong", in: "main.pingSide", kind: "chan-receive", piece: "code", function: "main.pongSide", share: 0.9},
	{scenario: "s17-ping-pong", in: "main.pongSide", kind: "chan-receive", piece: "code", function: "main.pingSide", share: 0.9},
	{scenario: "s18-slow-consumer", in: "main.fastProducer", kind: "chan-send", piece: "code", function: "main.consume", caller: "main.slowConsumer", share: 0.8},
	{scenario: "s19-slow-producer", in: "main.fastConsumer", kind: "chan-receive", piece: "code", function: "main.produce", caller: "main.slowProducer", share: 0.8},
	{scenario: "s20-pipeline", in: "main.stageA", kind: "chan-send", piece: "code", function: "main.stageB", share: 0.9},
	{scenario: "s20-pipeline", in: "main.stageC", kind: "chan-receive", piece: "code", function: "main.stageB", share: 0.9},
	{scenario: "s33-transitive-wait", in: "main.asker", kind: "chan-receive", piece: "lock-holder", function: "main.lockHolder", share: 0.99},
	{scenario: "s33-transitive-wait", in: "main.relay", kind: "mutex", piece: "lock-holder", function: "main.lockHolder", share: 0.99},
	{scenario: "s34-waits-for-creator", in: "main.resultWaiter", kind: "chan-receive", piece: "code", function: "main.burnMarked", caller: "main.prepareRequest", share: 0.55},
	{scenario: "s41-two-lock-cycle", in: "main.leftThenRight", kind: "select", piece: "timer", function: "main.rightThenLeft", share: 0.9},
	{scenario: "s44-connection-pool", in: "main.query", kind: "chan-receive", piece: "io", function: "main.fetch", share: 0.9},
	{scenario: "lock-serialises", in: "main.(*Store).Lookup", kind: "mutex", piece: "lock-holder", function: "main.(*Store).Lookup", share: 0.9},
	{scenario: "pipeline-backpressure", in: "main.stageA", kind: "chan-send", piece: "code", function: "main.stageB", share: 0.8},
}

// TestWhatFilledTheWaitsOfScenarios looks at the first piece of the waits in each
// scenario about locks, channels and chains.
func TestWhatFilledTheWaitsOfScenarios(t *testing.T) {
	for _, want := range fillings {
		t.Run(want.scenario+" "+want.in, func(t *testing.T) {
			r := analysed(t, filepath.Join(recordings, want.scenario+".trace"), analyze.Options{})
			i := slices.IndexFunc(r.Sites, func(s result.Site) bool {
				return s.Kind == want.kind && s.TotalNs > 0 && slices.ContainsFunc(s.Frames, func(f result.Frame) bool { return f.Func == want.in })
			})
			if i < 0 {
				t.Fatalf("nobody waited there")
			}
			s := &r.Sites[i]
			p := s.Pieces[0]
			if p.Kind != want.piece || p.Frame == nil || p.Frame.Func != want.function || want.caller != "" && (p.Caller == nil || p.Caller.Func != want.caller) {
				t.Errorf("the first piece is %+v, frame %+v, caller %+v", p, p.Frame, p.Caller)
			}
			if got := float64(p.Ns) / float64(s.TotalNs); got < want.share {
				t.Errorf("it is %.2f of the waits, want %.2f", got, want.share)
			}
		})
	}
}

// robust are the scenarios whose finding a busy machine does not hide.
var robust = []string{
	"s07-sequential-reads", "s11-hog-one-proc", "s37-mem-stats", "s40-nil-channel", "lock-serialises", "heavy-delays-others",
	"stuck-on-channel", "leak", "latency-bound-workers",
	"s31-semaphore", "s44-connection-pool", "lock-convoy",
}

// ofTheMachine are the detectors that tell of the machine: what they find on a
// healthy program that shares it with other tests is true.
var ofTheMachine = []string{"idle-while-ready", "oversubscribed-machine", "stop-the-world", "long-run"}

// TestLiveScenarios runs every scenario and analyses what it records here and now.
// Only what does not depend on how busy the machine is is asserted: counts of
// waits, findings that no stall can hide, and that nothing healthy is blamed.
// CONCTRACE_LIVE_RUNS=10 runs each ten times.
func TestLiveScenarios(t *testing.T) {
	if testing.Short() {
		t.Skip("runs programs for some seconds")
	}
	runs := 1
	if s := os.Getenv("CONCTRACE_LIVE_RUNS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("CONCTRACE_LIVE_RUNS: %v", err)
		}
		runs = n
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "scenarios.exe")
	build := exec.Command("go", "build", "-o", bin, "../testdata/programs/scenarios")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("the scenarios do not build here: %v\n%s", err, out)
	}
	for name, p := range programs(t) {
		t.Run(name, func(t *testing.T) {
			i := slices.IndexFunc(truths, func(w truth) bool { return w.scenario == name })
			if i < 0 {
				t.Fatal("it has no truth")
			}
			for run := range runs {
				path := filepath.Join(dir, fmt.Sprintf("%s-%d.trace", name, run))
				if out, err := exec.Command(bin, "-o", path, name).CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				r := analysed(t, path, analyze.Options{})
				checkWaits(t, r, p.Waits)
				if truths[i].healthy {
					checkHealthy(t, r, ofTheMachine...)
				}
				if slices.Contains(robust, name) && !reports(r, truths[i].finding) {
					t.Errorf("no finding %s:\n%s", truths[i].finding, sentences(r))
				}
			}
		})
	}
}

// reports says whether a detector has found something, be it as a part of another
// finding.
func reports(r *result.Result, detector string) bool {
	return slices.ContainsFunc(r.Findings, func(f result.Finding) bool {
		return f.Detector == detector || slices.Contains(f.Merged, detector)
	})
}
