package detect

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/result"
)

const ms = 1_000_000

// base is a second of a program on four processors in which nothing is wrong:
// four groups, of which worker computes on one processor.
func base() *result.Result {
	frame := func(fn string) []result.Frame { return []result.Frame{{Func: fn, File: "/src/x.go", Line: 7}} }
	r := &result.Result{
		Trace: result.Trace{DurationNs: 1000 * ms, Events: 10_000, Complete: true, Gomaxprocs: []result.Gomaxprocs{{N: 4}}},
		Scope: result.Scope{ToNs: 1000 * ms, Goroutines: 8},
		Time:  result.Time{LifetimeNs: 8000 * ms},
	}
	r.Scheduler.PTimeNs = result.PTime{User: 1000 * ms, Idle: 3000 * ms}
	r.Concurrency = result.Concurrency{
		AverageRunning: 1, AverageParallelism: 1, AverageEngaged: 4,
		RunningHistogramNs: []int64{0, 1000 * ms},
		PartitionNs:        result.Partition{Interleaved: 1000 * ms},
		InterleavedCauseNs: map[string]int64{"latency": 1000 * ms},
		LatencyCauseNs:     map[string]int64{}, StalledCauseNs: map[string]int64{}, ParallelKindNs: map[string]int64{},
	}
	for i, name := range []string{"main.main", "main.worker", "main.sender", "main.receiver"} {
		r.Groups = append(r.Groups, result.Group{ID: i, Name: name, Count: 2, Time: result.Time{LifetimeNs: 2000 * ms, RunningNs: 1500 * ms}})
	}
	r.Groups = append(r.Groups, result.Group{ID: 4, Name: "runtime.gcBgMarkWorker", System: true, Count: 4})
	for _, kind := range []string{"mutex", "chan-send", "chan-receive", "network", "syscall"} {
		r.Sites = append(r.Sites, result.Site{Class: "blocked-sync", Kind: kind, Frames: frame("main.at_" + kind), Groups: []int{1}, Worst: []result.Moment{{FromNs: 1, ToNs: 2}}})
	}
	r.Sites[3].Class, r.Sites[4].Class = "blocked-io", "blocked-io"
	return r
}

// lockClass makes the first site a lock for which processors idled so long.
func lockClass(r *result.Result, idle int64) *result.SiteClass {
	r.Sites[0].Waits, r.Sites[0].TotalNs = 100, 3000*ms
	r.Groups[1].Parallelism.MostEngaged = 4
	r.SiteClasses = []result.SiteClass{{Kind: "lock", Sites: []int{0}, Waits: 100, TotalNs: 3000 * ms, IdleBlockedNs: idle, Waiters: []int{1}, MostWaiting: 3, Release: r.Sites[0].Frames}}
	return &r.SiteClasses[0]
}

// lockedRegion makes a region of 100 ms of which 60 are behind a lock that no work
// and no chain asks for.
func lockedRegion(r *result.Result) {
	held := result.Piece{Kind: "lock-holder", Frame: &result.Frame{Func: "main.holds", File: "x.go", Line: 7}, Ns: 60 * ms, HeldNs: 60 * ms, HeldIn: &result.Frame{Func: "main.holds", File: "x.go", Line: 7}}
	r.Sites[0].Pieces = []result.Piece{held}
	lockClass(r, 0)
	r.Regions = []result.Span{{
		Type: "step", Count: 1, Complete: 1, Slowest: []result.SlowRun{{Goroutine: 7, BeginNs: 5, DurationNs: 100 * ms}},
		Path: &result.Path{Runs: 1, Ns: 100 * ms, Pieces: []result.Piece{held, {Kind: "code", Frame: &result.Frame{Func: "main.free"}, Ns: 40 * ms}}},
		Work: &result.Work{Runs: 1, Ns: 100 * ms, WorkNs: 160 * ms, JoinedNs: 160 * ms, SpanNs: 30 * ms, SpanOutsideNs: 30 * ms, SpanLocksNs: 98 * ms, SpanLatencyNs: 98 * ms},
	}}
}

// computingRegion makes a region of 500 ms with work for one and a half processors.
func computingRegion(r *result.Result) {
	r.Concurrency.AverageRunning = 1.3
	chain := result.Piece{Kind: "code", Frame: &result.Frame{Func: "main.worker", File: "x.go", Line: 7}, Ns: 400 * ms}
	r.Regions = []result.Span{{
		Type: "step", Count: 1, Complete: 1, Slowest: []result.SlowRun{{Goroutine: 7, BeginNs: 5, DurationNs: 500 * ms}},
		Path: &result.Path{Runs: 1, Ns: 500 * ms, Pieces: []result.Piece{chain, {Kind: "scheduler", Ns: 100 * ms}}},
		Work: &result.Work{Runs: 1, Ns: 500 * ms, WorkNs: 600 * ms, SpanNs: 400 * ms, SpanLocksNs: 405 * ms, SpanLatencyNs: 410 * ms, Chain: []result.Piece{chain}},
	}}
}

// channelClass makes the second and third site a channel from sender to receiver.
func channelClass(r *result.Result) *result.SiteClass {
	r.Sites[1].Groups, r.Sites[2].Groups = []int{2}, []int{3}
	r.SiteClasses = []result.SiteClass{{Kind: "channel", Sites: []int{1, 2}, Waits: 200, SendWaits: 100, ReceiveWaits: 100, Senders: []int{2}, Receivers: []int{3}}}
	return &r.SiteClasses[0]
}

// example is a result that a detector must find something in, and changes to it that
// must silence it: the bounds and the traps of methods.md section 4.
type example struct {
	detector Detector
	sick     func(*result.Result)
	traps    map[string]func(*result.Result)
}

var cases = slices.Concat(timeCases, patternCases)

var timeCases = []example{
	{
		detector: interleavedNotParallel,
		sick: func(r *result.Result) {
			r.Concurrency.InterleavedCauseNs = map[string]int64{"dependency": 600 * ms}
			r.Groups[1].Parallelism.AloneNs = 600 * ms
			r.Scheduler.IdleBlockedNs.Sync = 600 * ms
			r.Sites[2].Waits, r.Sites[2].IdleBlockedNs, r.Sites[2].TotalNs = 100, 500*ms, 900*ms
		},
		traps: map[string]func(*result.Result){
			"one processor": func(r *result.Result) { r.Scheduler.PTimeNs = result.PTime{User: 1000 * ms} },
			"below the share": func(r *result.Result) {
				r.Concurrency.InterleavedCauseNs["dependency"] = 490 * ms
			},
			"one gate, once":       func(r *result.Result) { r.Sites[2].Waits, r.Groups[1].Count = 40, 40 },
			"a few waits":          func(r *result.Result) { r.Sites[2].Waits = 19 },
			"waiting for children": func(r *result.Result) { r.Sites[2].JoinNs = 900 * ms },
		},
	},
	{
		detector: lockSerialises,
		sick:     func(r *result.Result) { lockClass(r, 800*ms) },
		traps: map[string]func(*result.Result){
			"below the share":      func(r *result.Result) { r.SiteClasses[0].IdleBlockedNs = 390 * ms },
			"few waits":            func(r *result.Result) { r.SiteClasses[0].Waits = 9 },
			"waiters are parallel": func(r *result.Result) { r.Groups[1].Parallelism.PF = 0.5 },
			"one processor":        func(r *result.Result) { r.Scheduler.PTimeNs = result.PTime{User: 1000 * ms} },
			"one at a time":        func(r *result.Result) { r.Groups[1].Parallelism.MostEngaged = 1 },
		},
	},
	{
		detector: lockOnCriticalPath,
		sick:     func(r *result.Result) { lockedRegion(r) },
		traps: map[string]func(*result.Result){
			"below the share": func(r *result.Result) {
				r.Regions[0].Path.Pieces[0].HeldNs = 9 * ms
			},
			"the work takes as long":           func(r *result.Result) { r.Regions[0].Work.JoinedNs = 380 * ms },
			"without it another chain as long": func(r *result.Result) { r.Regions[0].Work.SpanOutsideNs = 95 * ms },
			"others have the processors":       func(r *result.Result) { r.Concurrency.Efficiency = 0.95 },
			"not measured":                     func(r *result.Result) { r.Regions[0].Work = nil },
			"one processor":                    func(r *result.Result) { r.Scheduler.PTimeNs = result.PTime{User: 1000 * ms} },
		},
	},
	{
		detector: notEnoughParallelWork,
		sick: func(r *result.Result) {
			computingRegion(r)
		},
		traps: map[string]func(*result.Result){
			"enough":           func(r *result.Result) { r.Regions[0].Work.WorkNs = 1300 * ms },
			"nothing parallel": func(r *result.Result) { r.Regions[0].Work.WorkNs = 410 * ms },
			"a lock makes the chain": func(r *result.Result) {
				r.Regions[0].Work.SpanLocksNs, r.Regions[0].Work.SpanLatencyNs = 460*ms, 460*ms
			},
			"the outside does":          func(r *result.Result) { r.Regions[0].Work.SpanLatencyNs = 510 * ms },
			"hardly measured":           func(r *result.Result) { r.Regions[0].Path.Ns = 1100 * ms },
			"several run at once":       func(r *result.Result) { r.Scope.ToNs = 400 * ms },
			"a small part of the trace": func(r *result.Result) { r.Scope.ToNs = 3000 * ms },
			"others keep them busy":     func(r *result.Result) { r.Concurrency.AverageRunning = 3.3 },
			"one processor":             func(r *result.Result) { r.Scheduler.PTimeNs = result.PTime{User: 1000 * ms} },
		},
	},
	{
		detector: waitKnot,
		sick: func(r *result.Result) {
			for _, g := range []int{1, 2} {
				r.Groups[g].Time = result.Time{LifetimeNs: 2000 * ms, RunningNs: 20 * ms, BlockedSyncNs: 1980 * ms}
			}
			r.Sites = append(r.Sites, result.Site{Class: "timer", Kind: "timer-channel", Frames: []result.Frame{{Func: "main.tryLock", File: "x.go", Line: 9}}, Groups: []int{1}, TotalNs: 500 * ms, Waits: 5},
				result.Site{Class: "blocked-sync", Kind: "select", Frames: []result.Frame{{Func: "main.tryLock", File: "x.go", Line: 9}}, Groups: []int{1}, TotalNs: 50 * ms, Waits: 5})
			r.Blame.Knots = []result.Knot{{Groups: []int{1, 2}, InsideNs: 500 * ms, WorkNs: 10 * ms, TimerNs: 490 * ms, TimedOut: 5, TimedOutNs: 500 * ms, TrappedNs: 490 * ms, At: []result.Moment{{FromNs: 1, ToNs: 2, Goroutine: 7}}}}
		},
		traps: map[string]func(*result.Result){
			"somebody works":           func(r *result.Result) { r.Blame.Knots[0].WorkNs = 300 * ms },
			"its members work":         func(r *result.Result) { r.Groups[1].Time.RunningNs = 1000 * ms },
			"its members ask outside":  func(r *result.Result) { r.Groups[1].Time.BlockedIONs = 1000 * ms },
			"two that hand over":       func(r *result.Result) { r.Blame.Knots[0].TimedOut, r.Blame.Knots[0].TrappedNs = 0, 0 },
			"a loop that looks up":     func(r *result.Result) { r.Blame.Knots[0].TrappedNs = 200 * ms },
			"timed out twice":          func(r *result.Result) { r.Blame.Knots[0].TimedOut = 2 },
			"a heartbeat":              func(r *result.Result) { r.Sites[5].Waits = 21 },
			"a small part of the time": func(r *result.Result) { r.Blame.Knots[0].InsideNs, r.Blame.Knots[0].TrappedNs = 200*ms, 190*ms },
		},
	},
	{
		detector: slowConsumer,
		sick: func(r *result.Result) {
			c := channelClass(r)
			c.SendNs, c.ReceiveNs, c.SendIdleNs, r.Sites[1].TotalNs = 900*ms, 50*ms, 800*ms, 900*ms
		},
		traps: map[string]func(*result.Result){
			"below the share":        func(r *result.Result) { r.SiteClasses[0].SendIdleNs = 390 * ms },
			"both sides wait":        func(r *result.Result) { r.SiteClasses[0].ReceiveNs = 300 * ms },
			"a token handed back":    func(r *result.Result) { r.SiteClasses[0].Receivers = []int{3, 2} },
			"each waits once":        func(r *result.Result) { r.Groups[2].Count = 100 },
			"hardly blocked":         func(r *result.Result) { r.SiteClasses[0].SendNs, r.SiteClasses[0].ReceiveNs = 90*ms, 0 },
			"the receiver is unseen": func(r *result.Result) { r.SiteClasses[0].Receivers = []int{-1} },
		},
	},
	{
		detector: slowProducer,
		sick: func(r *result.Result) {
			c := channelClass(r)
			c.ReceiveNs, c.SendNs, c.ReceiveIdleNs, r.Sites[2].TotalNs = 900*ms, 50*ms, 800*ms, 900*ms
			r.Groups[2].Time.BlockedSyncNs = 100 * ms
		},
		traps: map[string]func(*result.Result){
			"below the share":       func(r *result.Result) { r.SiteClasses[0].ReceiveIdleNs = 390 * ms },
			"both sides wait":       func(r *result.Result) { r.SiteClasses[0].SendNs = 300 * ms },
			"each waits once":       func(r *result.Result) { r.Groups[3].Count = 100 },
			"the sender is held up": func(r *result.Result) { r.Groups[2].Time.BlockedSyncNs = 1100 * ms },
			"the runtime sends":     func(r *result.Result) { r.Groups[2].System = true },
			"waiting for children":  func(r *result.Result) { r.Sites[2].JoinNs = 900 * ms },
			"passing on what comes from outside": func(r *result.Result) {
				r.Sites[2].Wakers = []result.Waker{{Group: 2, TotalNs: 900 * ms, ViaNs: map[string]int64{"io": 500 * ms}}}
			},
		},
	},
	{
		detector: sequentialIO,
		sick: func(r *result.Result) {
			r.Concurrency.SequentialIO = []result.SequentialIO{{Group: 1, Waits: 10, TotalNs: 900 * ms, LongestNs: 100 * ms, MostInARow: 10, Frames: r.Sites[3].Frames}}
		},
		traps: map[string]func(*result.Result){
			"two in a row":            func(r *result.Result) { r.Concurrency.SequentialIO[0].MostInARow = 2 },
			"one is nearly all":       func(r *result.Result) { r.Concurrency.SequentialIO[0].LongestNs = 650 * ms },
			"mostly with other waits": func(r *result.Result) { r.Concurrency.SequentialIO[0].TotalNs = 490 * ms },
		},
	},
	{
		detector: latencyBound,
		sick: func(r *result.Result) {
			r.Concurrency.LatencyCauseNs["io"] = 900 * ms
			r.Concurrency.AverageEngaged, r.Scheduler.IdleBlockedNs.IO = 3, 3000*ms
			r.Sites[3].AskedWaits, r.Sites[3].AskedNs, r.Sites[3].TotalNs = 30, 2700*ms, 2700*ms
		},
		traps: map[string]func(*result.Result){
			"below the share":   func(r *result.Result) { r.Concurrency.LatencyCauseNs["io"] = 690 * ms },
			"enough at once":    func(r *result.Result) { r.Concurrency.AverageEngaged = 8 },
			"few answers":       func(r *result.Result) { r.Sites[3].AskedWaits = 9 },
			"it reads, no more": func(r *result.Result) { r.Sites[3].TotalNs = 6000 * ms },
		},
	},
	{
		detector: processorsSaturated,
		sick: func(r *result.Result) {
			r.Concurrency.ParallelKindNs["saturated"] = 800 * ms
			r.Scheduler.RunnableSomeNs, r.Scheduler.ReadyCauseNs.Saturated = 800*ms, 4000*ms
			r.Scheduler.Latency = result.Latency{Count: 100, P50Ns: 10 * ms, P90Ns: 20 * ms, P99Ns: 30 * ms}
			r.Groups[1].HarmNs, r.Groups[2].Time.RunnableNs = 4000*ms, 4000*ms
			r.Groups[2].AfterIO = result.Latency{Count: 10, P99Ns: 5 * ms}
		},
		traps: map[string]func(*result.Result){
			"below the share": func(r *result.Result) { r.Concurrency.ParallelKindNs["saturated"] = 290 * ms },
			"wake-up noise":   func(r *result.Result) { r.Scheduler.Latency.P90Ns, r.Scheduler.Latency.P99Ns = 199_000, 4*ms },
			"held otherwise":  func(r *result.Result) { r.Scheduler.ReadyCauseNs.GC = 4001 * ms },
		},
	},
	{
		detector: cpuHogDelaysIO,
		sick: func(r *result.Result) {
			r.Groups[2].AfterIO = result.Latency{Count: 10, P99Ns: 20 * ms, MaxNs: 21 * ms}
			r.Groups[1].HarmOthersNs = 200 * ms
			r.Scheduler.WorstAfterIO = []result.ReadyWait{{DurationNs: 100 * ms, Group: 2, Ran: []result.GroupTime{{Group: 1, Ns: 380 * ms}}}}
		},
		traps: map[string]func(*result.Result){
			"quick enough":              func(r *result.Result) { r.Groups[2].AfterIO.P99Ns = 9 * ms },
			"twice is no rule":          func(r *result.Result) { r.Groups[2].AfterIO.Count = 2 },
			"the collector ran":         func(r *result.Result) { r.Scheduler.WorstAfterIO[0].Ran[0].Group = 4 },
			"others like it ran":        func(r *result.Result) { r.Scheduler.WorstAfterIO[0].Ran[0].Group = 2 },
			"on half of the processors": func(r *result.Result) { r.Scheduler.WorstAfterIO[0].Ran[0].Ns = 200 * ms },
			"a processor was spare":     func(r *result.Result) { r.Groups[1].HarmOthersNs = 49 * ms },
			"nobody is known to run":    func(r *result.Result) { r.Scheduler.WorstAfterIO[0].Ran = nil },
		},
	},
	{
		detector: lateTimers,
		sick: func(r *result.Result) {
			r.Scheduler.HiddenDelay = result.HiddenDelay{Count: 9, LateTimers: 5, LowerNs: 90 * ms, UpperNs: 120 * ms,
				Worst: []result.LateWait{{DurationNs: 20 * ms, LowerNs: 15 * ms, UpperNs: 18 * ms, Group: 2, Ran: []result.GroupTime{{Group: 1, Ns: 20 * ms}}}}}
		},
		traps: map[string]func(*result.Result){
			"four are not enough": func(r *result.Result) { r.Scheduler.HiddenDelay.LateTimers = 4 },
			"below the share":     func(r *result.Result) { r.Scheduler.HiddenDelay.LowerNs = 19 * ms },
		},
	},
	{
		detector: longRun,
		sick: func(r *result.Result) {
			r.Scheduler.LongRunCount, r.Scheduler.LongRunHarmNs = 1, 90*ms
			r.Scheduler.LongRuns = []result.LongRun{{EndNs: 200 * ms, RunNs: 200 * ms, Group: 1, HarmNs: 90 * ms, Frames: r.Sites[0].Frames}}
			r.Scheduler.Worst = []result.ReadyWait{{DurationNs: 20 * ms, Group: 2, Ran: []result.GroupTime{{Group: 1, Ns: 20 * ms}}}}
		},
		traps: map[string]func(*result.Result){
			"no harm":                  func(r *result.Result) { r.Scheduler.LongRunHarmNs = 0 },
			"nobody waited for long":   func(r *result.Result) { r.Scheduler.Worst[0].DurationNs = 9 * ms },
			"only its own kind waited": func(r *result.Result) { r.Scheduler.Worst[0].Group = 1 },
			"another ran meanwhile":    func(r *result.Result) { r.Scheduler.Worst[0].Ran[0].Group = 3 },
		},
	},
	{
		detector: syscallsHoldProcessors,
		sick: func(r *result.Result) {
			r.Scheduler.HeldHarmNs = 400 * ms
			r.Scheduler.SyscallHolds = []result.SyscallHold{{DurationNs: 4 * ms, HarmNs: 4 * ms, Group: 1, Frames: r.Sites[4].Frames}}
			r.Scheduler.HeldAt = []result.HeldAt{{Frames: r.Sites[4].Frames, Calls: 100, HarmNs: 390 * ms}}
			r.Sites[4].P50Ns = 4 * ms
		},
		traps: map[string]func(*result.Result){
			"below the share": func(r *result.Result) { r.Scheduler.HeldHarmNs = 79 * ms },
			"none is listed":  func(r *result.Result) { r.Scheduler.SyscallHolds = nil },
		},
	},
	{
		detector: syscallsHoldProcessors, // one call that holds its processor for long
		sick: func(r *result.Result) {
			r.Scheduler.HeldHarmNs = 60 * ms
			r.Scheduler.SyscallHolds = []result.SyscallHold{{DurationNs: 60 * ms, HarmNs: 60 * ms, Group: 1, Frames: r.Sites[4].Frames}}
			r.Scheduler.HeldAt = []result.HeldAt{{Frames: r.Sites[4].Frames, Calls: 1, HarmNs: 60 * ms}}
		},
		traps: map[string]func(*result.Result){
			"not that long": func(r *result.Result) { r.Scheduler.SyscallHolds[0].HarmNs = 4 * ms },
		},
	},
	{
		detector: gcTakesProcessors,
		sick:     func(r *result.Result) { r.GC.Cycles, r.Scheduler.GCHarmNs, r.GC.AssistNs = 10, 300*ms, 200*ms },
		traps: map[string]func(*result.Result){
			"below the share": func(r *result.Result) { r.Scheduler.GCHarmNs = 190 * ms },
			"no collection":   func(r *result.Result) { r.GC.Cycles = 0 },
		},
	},
	{
		detector: stopTheWorld,
		sick: func(r *result.Result) {
			r.GC.STW = []result.STW{{Reason: "read mem stats", TotalNs: 60 * ms, Pauses: result.Latency{Count: 100, MaxNs: 1 * ms}}}
		},
		traps: map[string]func(*result.Result){
			"below the share": func(r *result.Result) { r.GC.STW[0].TotalNs = 9 * ms },
			"the recording":   func(r *result.Result) { r.GC.STW[0].Reason = "stop trace" },
		},
	},
	{
		detector: stopTheWorld, // one long stop
		sick: func(r *result.Result) {
			r.Scope.ToNs, r.Trace.DurationNs = 2000*ms, 2000*ms
			r.GC.STW = []result.STW{{Reason: "read mem stats", TotalNs: 12 * ms, Pauses: result.Latency{Count: 1, MaxNs: 12 * ms}}}
		},
		traps: map[string]func(*result.Result){
			"not that long": func(r *result.Result) { r.GC.STW[0].Pauses.MaxNs = 9 * ms },
		},
	},
	{
		detector: idleWhileReady,
		sick: func(r *result.Result) {
			r.Scheduler.IdleWhileReadyNs, r.Scheduler.IdleWhileReadyNoiseNs = 600*ms, 100*ms
			r.Scheduler.Latency = result.Latency{Count: 500, P50Ns: 200_000, P99Ns: 3 * ms}
		},
		traps: map[string]func(*result.Result){
			"noise":          func(r *result.Result) { r.Scheduler.IdleWhileReadyNoiseNs = 201 * ms },
			"quick wake-ups": func(r *result.Result) { r.Scheduler.Latency.P50Ns = 199_000 },
		},
	},
	{
		detector: oversubscribedMachine,
		sick: func(r *result.Result) {
			r.Concurrency.OnCPU = &result.OnCPU{Samples: 100, PeriodNs: 10 * ms, RunningNs: 2000 * ms, Ratio: 0.5}
		},
		traps: map[string]func(*result.Result){
			"nearly all the time": func(r *result.Result) { r.Concurrency.OnCPU.Ratio = 0.81 },
			"no samples":          func(r *result.Result) { r.Concurrency.OnCPU = nil },
		},
	},
	{
		detector: oversubscribedMachine,
		sick: func(r *result.Result) {
			r.Scope.CPUs, r.Concurrency.RunningHistogramNs = 2, []int64{0, 0, 0, 500 * ms, 500 * ms}
		},
		traps: map[string]func(*result.Result){
			"for a moment":                     func(r *result.Result) { r.Concurrency.RunningHistogramNs = []int64{0, 500 * ms, 490 * ms, 10 * ms} },
			"no more ran than there are cores": func(r *result.Result) { r.Concurrency.RunningHistogramNs = []int64{0, 500 * ms, 500 * ms} },
		},
	},
	{
		detector: stuckGoroutines,
		sick: func(r *result.Result) {
			r.Trace.DurationNs, r.Scope.ToNs, r.Scheduler.PTimeNs = 2000*ms, 2000*ms, result.PTime{Idle: 8000 * ms}
			r.Groups[1].OpenSites = []result.OpenSite{{Kind: "blocked-sync/mutex", Frames: r.Sites[0].Frames, Count: 1, LongestNs: 1900 * ms}}
		},
		traps: map[string]func(*result.Result){
			"under a second":        func(r *result.Result) { r.Groups[1].OpenSites[0].LongestNs = 990 * ms },
			"others were released":  func(r *result.Result) { r.Groups[1].OpenSites[0].Closed = 1 },
			"it waits for any":      func(r *result.Result) { r.Groups[1].OpenSites[0].Kind = "blocked-sync/select" },
			"it waits for the peer": func(r *result.Result) { r.Groups[1].OpenSites[0].Kind = "blocked-io/network" },
			"less than half of it":  func(r *result.Result) { r.Scope.ToNs, r.Trace.DurationNs = 4000*ms, 4000*ms },
		},
	},
	{
		detector: goroutineLeak,
		sick: func(r *result.Result) {
			r.Groups[1].Count, r.Groups[1].Time.BlockedSyncNs = 60, 9000*ms
			r.Groups[1].OpenSites = []result.OpenSite{{Kind: "blocked-sync/chan-send", Frames: r.Sites[1].Frames, Count: 60, LongestNs: 900 * ms, FirstCreatedNs: 10 * ms, LastCreatedNs: 900 * ms}}
		},
		traps: map[string]func(*result.Result){
			"49 are a pool":         func(r *result.Result) { r.Groups[1].OpenSites[0].Count, r.Groups[1].Count = 49, 49 },
			"some end":              func(r *result.Result) { r.Groups[1].Ended = 1 },
			"all made at the start": func(r *result.Result) { r.Groups[1].OpenSites[0].LastCreatedNs = 300 * ms },
			"a tenth do otherwise":  func(r *result.Result) { r.Groups[1].Count = 70 },
			"connections":           func(r *result.Result) { r.Groups[1].OpenSites[0].Kind = "blocked-io/network" },
		},
	},
	{
		detector: dataQuality,
		sick:     func(r *result.Result) { r.Time.UnknownNs = 1700 * ms },
		traps: map[string]func(*result.Result){
			"most is known": func(r *result.Result) { r.Time.UnknownNs = 1500 * ms },
		},
	},
	{
		detector: dataQuality, // by two limits
		sick: func(r *result.Result) {
			r.Time.UnknownNs = 1700 * ms
			r.Trace.Gaps = []result.Gap{{FromNs: 100 * ms, ToNs: 200 * ms}}
		},
	},
}

// Each detector finds its case and nothing in what is just short of it.
func TestTriggersAndTraps(t *testing.T) {
	seen := map[string]bool{}
	for i, c := range cases {
		seen[c.detector.Name] = true
		t.Run(fmt.Sprintf("%s-%d", c.detector.Name, i), func(t *testing.T) {
			find := func(change func(*result.Result)) []candidate {
				r := base()
				c.sick(r)
				if change != nil {
					change(r)
				}
				return c.detector.run(r, Setting{})
			}
			found := find(nil)
			if len(found) != 1 {
				t.Fatalf("%d findings, want one", len(found))
			}
			checkFinding(t, found[0].Finding)
			for name, trap := range c.traps {
				if found := find(trap); len(found) > 0 {
					t.Errorf("%s: %s", name, found[0].Sentence)
				}
			}
		})
	}
	for _, d := range All {
		if !seen[d.Name] {
			t.Errorf("%s has no case", d.Name)
		}
	}
}

// checkFinding holds a finding to what every reader of one relies on.
func checkFinding(t *testing.T, f result.Finding) {
	t.Helper()
	for what, s := range map[string]string{"sentence": f.Sentence, "remedy": f.Remedy, "caveat": f.Caveat, "title": f.Title} {
		if s == "" || strings.Contains(s, "%!") {
			t.Errorf("%s: %q", what, s)
		}
	}
	if !strings.HasSuffix(f.Sentence, ".") {
		t.Errorf("no full stop: %q", f.Sentence)
	}
	if !slices.Contains([]string{"processors", "goroutines", "wall"}, f.LostOf) || f.LostNs < 0 {
		t.Errorf("lost %d of %q", f.LostNs, f.LostOf)
	}
	if len(f.Evidence) == 0 {
		t.Error("no evidence")
	}
	for k, v := range f.Evidence {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Errorf("evidence %s is %v", k, v)
		}
	}
	if f.At == nil || f.Groups == nil || f.Victims == nil || f.Stacks == nil {
		t.Error("a list is nil, which JSON writes as null")
	}
	if f.Severity != "low" && f.Detector != oversubscribedMachine.Name && f.Detector != idleWhileReady.Name && f.Detector != stopTheWorld.Name && f.Detector != gcTakesProcessors.Name && f.Culprit == "" {
		t.Error("nobody is named")
	}
}

// Nothing is found where nothing is wrong, and nothing but the limits where there
// is too little to judge.
func TestNothingWrongIsNothingFound(t *testing.T) {
	r := base()
	Run(r, nil)
	if len(r.Findings) > 0 {
		t.Errorf("found %+v", r.Findings)
	}
	lockClass(r, 800*ms)
	r.Trace.DurationNs, r.Scope.ToNs = 19*ms, 19*ms
	Run(r, nil)
	if len(r.Findings) != 1 || r.Findings[0].Detector != "data-quality" || r.Verdict.Label != "too-little-data" {
		t.Errorf("found %+v, %+v", r.Findings, r.Verdict)
	}
}

// An empty result, as of a damaged file, breaks nothing.
func TestNothingToGoBy(t *testing.T) {
	r := &result.Result{Scope: result.Scope{CPUs: 1}}
	Run(r, nil)
	if r.Verdict.Label != "too-little-data" || r.Findings == nil {
		t.Errorf("%+v, %+v", r.Verdict, r.Findings)
	}
}

// One finding per root cause: the specific one, which says what it explains.
func TestTheSpecificFindingExplainsTheGeneral(t *testing.T) {
	r := base()
	r.Concurrency.InterleavedCauseNs = map[string]int64{"dependency": 900 * ms}
	r.Groups[1].Parallelism.AloneNs = 900 * ms
	lockClass(r, 900*ms)
	r.Sites[0].IdleBlockedNs = 900 * ms
	r.Scheduler.IdleBlockedNs.Sync = 1000 * ms
	Run(r, nil)
	if len(r.Findings) != 1 || r.Findings[0].Detector != "lock-serialises" || !slices.Equal(r.Findings[0].Merged, []string{"interleaved-not-parallel"}) {
		t.Errorf("found %+v", r.Findings)
	}
	if want := "queued for one lock"; !strings.Contains(r.Verdict.Sentence, want) {
		t.Errorf("the verdict does not name it: %s", r.Verdict.Sentence)
	}
	// A lock that explains under half of it leaves the rest to be told.
	r.SiteClasses[0].IdleBlockedNs = 480 * ms
	r.SiteClasses[0].Release = nil
	r.Sites[2].Waits, r.Sites[2].IdleBlockedNs, r.Sites[2].TotalNs = 100, 950*ms, 950*ms
	Run(r, nil)
	if len(r.Findings) != 2 {
		t.Errorf("found %d", len(r.Findings))
	}
}

// Ten are listed, the worst first, and the rest counted.
func TestAtMostTenAreListed(t *testing.T) {
	r := base()
	for i := range 14 {
		r.Groups = append(r.Groups, result.Group{ID: 5 + i, Name: fmt.Sprintf("main.leaky%d", i), Count: 60 + 10*i, Time: result.Time{BlockedSyncNs: 900 * ms},
			OpenSites: []result.OpenSite{{Kind: "blocked-sync/mutex", Count: 60 + 10*i, FirstCreatedNs: 1, LastCreatedNs: 900 * ms}}})
	}
	Run(r, nil)
	if len(r.Findings) != 10 || r.FindingsOmitted != 4 {
		t.Fatalf("%d listed, %d omitted", len(r.Findings), r.FindingsOmitted)
	}
	if !slices.IsSortedFunc(r.Findings, func(x, y result.Finding) int { return int(1e6 * (y.Score - x.Score)) }) {
		t.Error("not sorted by score")
	}
}

// The score is 25 and 75 at the thresholds and never 100 or more.
func TestScore(t *testing.T) {
	for _, c := range []struct{ v, want float64 }{{0, 0}, {0.05, 12.5}, {0.1, 25}, {0.3, 75}, {0.5, 25 + 75*(1-1./9)}, {1000, 100}} {
		if got := score(c.v, 0.1, 0.3); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("score(%v) = %v, want %v", c.v, got, c.want)
		}
	}
}

func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		duration(999): "999 ns", duration(1500): "1.50 µs", duration(999_600): "1.00 ms", duration(12_340_000): "12.3 ms", duration(2_500_000_000): "2.50 s",
		percent(0): "0%", percent(0.004): "under 1%", percent(0.996): "over 99%", percent(1): "100%", percent(0.42): "42%",
		average(0.97): "1.0", average(0.004): "0.00", average(12.4): "12", average(0): "0.0", number(4): "4", number(1.55): "1.6",
		counted(1, "wait", "waits"): "1 wait", counted(12345, "wait", "waits"): "12,345 waits", grouped(-1234): "-1,234",
		allOf(1): "the only processor", allOf(2): "both processors", allOf(8): "all 8 processors", processors(1): "1 processor",
		function("github.com/a/b.(*T).F"): "b.(*T).F", function("github.com/a/b/v4.F"): "b/v4.F", function("github.com/a/b%2ego.F"): "b.go.F", function("a/b.F[github.com/x/y.Z]"): "b.F[…]", function("a/b.F[...].func1"): "b.F[…].func1",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A place is the program's own line where the stack has one.
func TestPlaces(t *testing.T) {
	f := func(fns ...string) (out []result.Frame) {
		for _, fn := range fns {
			out = append(out, result.Frame{Func: fn, File: "/s/x.go", Line: 3})
		}
		return out
	}
	for _, c := range []struct {
		frames []result.Frame
		want   string
	}{
		{f("sync.(*Mutex).Lock", "main.(*Store).Get", "main.main"), "main.(*Store).Get x.go:3"},
		{f("internal/poll.(*FD).Read", "net.(*conn).Read", "main.fetch"), "main.fetch x.go:3"},
		{f("runtime.gopark", "net/http.(*conn).serve"), "net/http.(*conn).serve x.go:3"},
		{f("runtime.gopark"), ""},
		{nil, ""},
	} {
		if got := where(c.frames); got != c.want {
			t.Errorf("where = %q, want %q", got, c.want)
		}
	}
}

// A detector is a file of its own and a line in All.
func TestEveryDetectorIsListed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		here := 0
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok {
				if id, ok := lit.Type.(*ast.Ident); ok && id.Name == "Detector" {
					here++
				}
			}
			return true
		})
		if here > 1 {
			t.Errorf("%s declares %d detectors", path, here)
		}
		declared += here
	}
	if declared != len(All) {
		t.Errorf("%d detectors are declared, %d listed", declared, len(All))
	}
	names := map[string]bool{}
	for _, d := range All {
		if names[d.Name] || d.Title == "" || d.Doc == "" || d.remedy == "" || d.caveat == "" || d.find == nil {
			t.Errorf("%q is listed twice or incomplete", d.Name)
		}
		names[d.Name] = true
	}
}

// Channels in a circle, of which each stage holds the one before up, end the search
// for what is behind them.
func TestHeldUpInACircle(t *testing.T) {
	r := base()
	there := *channelClass(r)
	there.SendNs, there.SendIdleNs = 2000*ms, 10*ms
	back := there
	back.Senders, back.Receivers = there.Receivers, there.Senders
	r.SiteClasses = slices.Repeat([]result.SiteClass{there, back}, 30)
	e := &evidence{Result: r}
	if got, want := e.before(&r.SiteClasses[0]), int64((longestChain-1)*10*ms); got != want {
		t.Errorf("%d ns upstream, want %d", got, want)
	}
}

// Where the only thing to tell is that goroutines were ready for moments, no label
// speaks of waiting for nothing.
func TestNothingButWakeUps(t *testing.T) {
	r := base()
	r.Concurrency.PartitionNs = result.Partition{Idle: 780 * ms, Stalled: 220 * ms}
	r.Concurrency.InterleavedCauseNs = map[string]int64{}
	Run(r, nil)
	if r.Verdict.Label != "serial" {
		t.Errorf("%+v", r.Verdict)
	}
}

// What goroutines do is told of the time in which they are not at rest.
func TestWorksLeavesOutRest(t *testing.T) {
	r := base()
	r.Groups[0].Time = result.Time{
		LifetimeNs: 1000 * ms, AtRestNs: 900 * ms, BlockedIONs: 960 * ms, RunningNs: 40 * ms,
		AtRestKinds: map[string]int64{"blocked-io/network": 900 * ms, "timer/sleep": 0},
	}
	e := &evidence{Result: r}
	if got, want := e.works(0), "waited for input or output for 60% of its time"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
