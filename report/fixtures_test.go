package report

import "github.com/conctrace/conctrace/analyze/result"

const (
	us = 1e3
	ms = 1e6
	s  = 1e9
)

// rich is a service with a bit of everything.
func rich() *result.Result {
	trace := result.Trace{
		File: "api-server.trace", GoVersion: "1.26", Compression: "gzip", StartedAt: "2026-11-21T09:42:01.25Z",
		DurationNs: 12.4 * s, Bytes: 41_200_000, Events: 8_412_331, Generations: 12, Complete: true,
		Gomaxprocs: []result.Gomaxprocs{{AtNs: 0, N: 8}},
		Warnings:   []result.Warning{{Code: "no-cpu-samples", Message: "The trace has no CPU samples, so whether a running goroutine really had a core is not known."}},
	}
	top := timeOf(map[string]int64{
		"running/user": 25.1 * s, "running/syscall-short": 0.9 * s,
		"runnable/woken": 4.1 * s, "runnable/preempted": 1.3 * s, "runnable/new": 0.2 * s,
		"blocked-sync/mutex": 31.2 * s, "blocked-sync/chan-receive": 96 * s, "blocked-sync/select": 2.2 * s, "blocked-sync/waitgroup": 0.7 * s,
		"blocked-io/network": 15.9 * s, "blocked-io/file": 1.1 * s, "blocked-io/syscall": 0.2 * s,
		"timer/sleep": 0.31 * s, "runtime/gc-assist-wait": 2.4 * s, "runtime/suspended": 800 * us, "unknown/": 0,
	}, map[string]int64{"blocked-sync/chan-receive": 93.4 * s})
	top.InferredNs = 6.2 * s
	handle := timeOf(map[string]int64{
		"running/user": 11.2 * s, "runnable/woken": 2.5 * s, "blocked-sync/mutex": 29.8 * s, "blocked-io/network": 9.8 * s, "timer/sleep": 0.2 * s, "runtime/gc-assist-wait": 1.1 * s,
	}, nil)
	pool := timeOf(map[string]int64{"running/user": 9 * s, "runnable/woken": 0.6 * s, "blocked-sync/chan-receive": 40 * s, "blocked-io/network": 6.1 * s}, map[string]int64{"blocked-sync/chan-receive": 38.8 * s})
	rest := timeOf(map[string]int64{"running/user": 2 * ms, "blocked-sync/chan-receive": 54.6 * s}, map[string]int64{"blocked-sync/chan-receive": 54.6 * s})
	rest.LifetimeNs, rest.RunningNs = rest.LifetimeNs-2*ms, 0
	parent := int64(1)
	created, ended := int64(3.2*s), int64(4.05*s)
	lock := []result.Frame{{Func: "sync.(*Mutex).Lock", File: "/usr/local/go/src/sync/mutex.go", Line: 45}, {Func: "github.com/acme/shop/internal/cache.(*Store).Get", File: "/home/ci/shop/internal/cache/store.go", Line: 141}, {Func: "github.com/acme/shop/internal/api.(*Server).handleCheckout", File: "/home/ci/shop/internal/api/checkout.go", Line: 52}, {Func: "github.com/acme/shop/internal/api.(*Server).ServeHTTP", File: "/home/ci/shop/internal/api/server.go", Line: 88}, {Func: "net/http.serverHandler.ServeHTTP", File: "/usr/local/go/src/net/http/server.go", Line: 3210}, {Func: "net/http.(*conn).serve", File: "/usr/local/go/src/net/http/server.go", Line: 2092}}
	unlock := append([]result.Frame{{Func: "sync.(*Mutex).Unlock", File: "/usr/local/go/src/sync/mutex.go", Line: 64}, {Func: "github.com/acme/shop/internal/cache.(*Store).Put", File: "/home/ci/shop/internal/cache/store.go", Line: 171}}, lock[2:]...)
	return &result.Result{
		SchemaVersion:   result.SchemaVersion,
		Findings:        richFindings(lock, unlock),
		FindingsOmitted: 2,
		SiteClasses:     []result.SiteClass{{Kind: "lock", Sites: []int{0, 1}, Waits: 812, TotalNs: 31.2 * s, IdleBlockedNs: 30 * s, Waiters: []int{0}, MostWaiting: 36, Release: unlock, ReleaseGroup: 0}},
		Verdict:         result.Verdict{Label: "interleaved", Sentence: "Interleaved, not parallel: 2.1 of 8 Ps were busy on average while 37 goroutines were runnable or blocked.", Rule: "Of the time in which anything was in progress, 61% saw one goroutine run while others were in progress."},
		Trace:           trace,
		Scope:           result.Scope{ToNs: 12.4 * s, Goroutines: 3214, SystemGoroutines: 25, AtRestGoroutines: 14},
		Time:            top,
		SystemTime:      timeOf(map[string]int64{"running/user": 1.9 * s, "runtime/system": 200 * s}, nil),
		Waits: result.Latencies{
			"blocked-sync/mutex":        {Count: 812, P50Ns: 11 * ms, P90Ns: 90.4 * ms, P99Ns: 212 * ms, MaxNs: 340 * ms},
			"blocked-sync/chan-receive": {Count: 20411, P50Ns: 40 * us, P90Ns: 310 * us, P99Ns: 2.1 * ms, MaxNs: 1.04 * s},
			"blocked-sync/select":       {Count: 91, P50Ns: 12.3 * us, P90Ns: 80 * ms, P99Ns: 120 * ms, MaxNs: 121 * ms},
			"blocked-io/network":        {Count: 9402, P50Ns: 820 * us, P90Ns: 4 * ms, P99Ns: 31 * ms, MaxNs: 208 * ms},
			"blocked-io/file":           {Count: 300, P50Ns: 120 * us, P90Ns: 4 * ms, P99Ns: 31 * ms, MaxNs: 32 * ms},
			"runtime/gc-assist-wait":    {Count: 77, P50Ns: 1 * ms, P90Ns: 4 * ms, P99Ns: 31 * ms, MaxNs: 32 * ms},
			"timer/sleep":               {Count: 31, P50Ns: 10 * ms, P90Ns: 10.1 * ms, P99Ns: 10.9 * ms, MaxNs: 10.9 * ms},
		},
		Concurrency: result.Concurrency{AverageRunning: 2.1, AverageParallelism: 2.28, AverageEngaged: 37.2, AverageAlive: 61, AverageDemand: 2.55,
			RunningHistogramNs: []int64{0.99 * s, 3.84 * s, 3.35 * s, 1.74 * s, 1 * s, 0.5 * s, 0.4 * s, 0.2 * s, 0.38 * s},
			BandsNs:            result.Bands{Idle: 0.99 * s, Poor: 9.93 * s, OK: 0.9 * s, Ideal: 0.58 * s},
			Efficiency:         0.262, EfficiencySupply: 0.873, EfficiencyDemand: 0.3,
			PartitionNs:        result.Partition{Idle: 0.2 * s, LatencyBound: 0.75 * s, Stalled: 40 * ms, Serial: 0.34 * s, Interleaved: 3.5 * s, Parallel: 7.57 * s},
			LatencyCauseNs:     map[string]int64{"io": 0.6 * s, "timer": 0.1 * s, "sync": 50 * ms},
			StalledCauseNs:     map[string]int64{"stw": 11 * ms, "dispatch": 29 * ms},
			InterleavedCauseNs: map[string]int64{"dependency": 2.1 * s, "latency": 1 * s, "dispatch": 0.3 * s, "runtime": 0.1 * s},
			ParallelKindNs:     map[string]int64{"partial": 6.97 * s, "saturated": 0.38 * s, "wasteful": 0.22 * s},
			Longest:            map[string][]result.Moment{"interleaved": {{FromNs: 3.2 * s, ToNs: 4.05 * s, Goroutine: 88}}},
			Phases: []result.Phase{{ToNs: 0.6 * s, Label: "latency-bound"}, {FromNs: 0.6 * s, ToNs: 3.2 * s, Label: "parallel"}, {FromNs: 3.2 * s, ToNs: 5.4 * s, Label: "interleaved"},
				{FromNs: 5.4 * s, ToNs: 10.2 * s, Label: "parallel"}, {FromNs: 10.2 * s, ToNs: 10.24 * s, Label: "stalled"}, {FromNs: 10.24 * s, ToNs: 11.6 * s, Label: "interleaved"}, {FromNs: 11.6 * s, ToNs: 12 * s, Label: "serial"}, {FromNs: 12 * s, ToNs: 12.4 * s, Label: "idle"}},
			SerialShare: 0.34, SerialWork: 0.148, AmdahlBound: 3.93, KarpFlatt: 0.4,
			Overlaps: []result.Overlap{{A: 0, B: 1, Ns: 3 * s, Share: 0.4}},
			OnCPU:    &result.OnCPU{Samples: 2510, PeriodNs: 10 * ms, RunningNs: 27.9 * s, Ratio: 0.9},
		},
		Scheduler: result.Scheduler{
			Latency: result.Latency{Count: 39902, P50Ns: 4.2 * us, P90Ns: 220 * us, P99Ns: 14 * ms, MaxNs: 41.3 * ms},
			LatencyByOrigin: result.Latencies{
				"woken": {Count: 34000, P99Ns: 14.4 * ms}, "new": {Count: 3200, P99Ns: 1.2 * ms}, "preempted": {Count: 2600, P99Ns: 20.1 * ms}, "syscall-return": {Count: 102, P99Ns: 800 * us},
			},
			Worst: []result.ReadyWait{
				{AtNs: 3_204_118_733, DurationNs: 41.3 * ms, Goroutine: 88, Group: 0, Origin: "woken", AfterIO: true, Ran: []result.GroupTime{{Group: 4, Ns: 38 * ms}, {Group: 0, Ns: 3 * ms}, {Group: 1, Ns: 200 * us}}},
				{AtNs: 7.1 * s, DurationNs: 20.1 * ms, Goroutine: 1, Group: 4, Origin: "preempted", Ran: []result.GroupTime{{Group: 1, Ns: 20 * ms}}},
				{AtNs: 7.3 * s, DurationNs: 8 * ms, Goroutine: 412, Group: 5, Origin: "syscall-return"},
				{AtNs: 8.3 * s, DurationNs: 300 * us, Goroutine: 413, Group: 5, Origin: "new"},
			},
			RunnableSomeNs: 4.3 * s, RunnableFullNs: 21 * ms,
			ReadyNs: 5.6 * s, ReadyCauseNs: result.ReadyCause{STW: 11 * ms, GC: 0.3 * s, SyscallHeld: 90 * ms, Saturated: 3.1 * s, Dispatch: 2.099 * s},
			HeldHarmNs: 90 * ms, GCHarmNs: 0.3 * s, ReadyCapacityNs: 34.4 * s, IdleWhileReadyNs: 2.099 * s, IdleWhileReadyNoiseNs: 0.17 * s,
			HiddenDelay:  result.HiddenDelay{Count: 31, LowerNs: 60 * ms, UpperNs: 210 * ms, LateTimers: 4, Worst: []result.LateWait{{AtNs: 3.3 * s, DurationNs: 30 * ms, Goroutine: 9, Group: 5, Kind: "timer/sleep", LowerNs: 20 * ms, UpperNs: 25 * ms, Frames: lock[1:2], Ran: []result.GroupTime{{Group: 4, Ns: 25 * ms}}}}},
			LongRuns:     []result.LongRun{{AtNs: 3.3 * s, EndNs: 3.4 * s, RunNs: 90 * ms, Goroutine: 1, Group: 4, HarmNs: 80 * ms, LongestSliceNs: 22 * ms, Frames: lock[2:3]}},
			LongRunCount: 3, LongRunHarmNs: 0.2 * s,
			SyscallHolds:  []result.SyscallHold{{AtNs: 5 * s, DurationNs: 9 * ms, HarmNs: 8 * ms, Goroutine: 88, Group: 0, Frames: lock[1:]}},
			IdleBlockedNs: result.IdleBlocked{Sync: 44 * s, IO: 18 * s, Timer: 0.4 * s, Syscall: 0.3 * s, Runtime: 0.1 * s},
			PTimeNs:       result.PTime{User: 26 * s, GC: 1.9 * s, Syscall: 0.3 * s, Spinning: 2.2 * s, STW: 11 * ms, Idle: 68.789 * s},
		},
		Groups: []result.Group{
			{ID: 0, Name: "net/http.(*conn).serve", CreatedBy: "net/http.(*Server).Serve server.go:3454 < main.main main.go:52", Count: 512, Ended: 500, Verdict: "blocked-sync", Time: handle, RunCount: 40211,
				Waits:         result.Latencies{"runnable": {Count: 100, P99Ns: 14 * ms}, "blocked-sync": {Count: 812, P99Ns: 212 * ms}, "blocked-io": {Count: 3000, P99Ns: 31 * ms}, "blocked-sync/mutex": {Count: 812, P99Ns: 212 * ms}},
				Parallelism:   result.GroupParallelism{Verdict: "partly-parallel", CF: 0.97, PF: 0.31, EngagedNs: 12.2 * s, RunningNs: 8 * s, MostEngaged: 37, CriticalityNs: 5.4 * s, Width: 2.07, AloneNs: 3.1 * s},
				IdleBlockedNs: 41 * s, HarmNs: 0.4 * s, AfterIO: result.Latency{Count: 3000, P50Ns: 5 * us, P99Ns: 11 * ms, MaxNs: 41.3 * ms},
				OpenSites: []result.OpenSite{{Kind: "blocked-sync/mutex", Frames: lock, Count: 5, LongestNs: 90 * ms, Closed: 700, FirstCreatedNs: 1 * s, LastCreatedNs: 12 * s}},
				Inside: []result.Inside{
					{Func: "", Time: timeOf(map[string]int64{"blocked-io/network": 3 * s}, nil)},
					{Func: "github.com/acme/shop/internal/api.(*Server).handleCheckout", Time: timeOf(map[string]int64{"running/user": 8 * s, "blocked-sync/mutex": 29.8 * s, "blocked-io/network": 2 * s}, nil)},
					{Func: "github.com/acme/shop/internal/api.(*Server).handleSearch", Time: timeOf(map[string]int64{"running/user": 3.2 * s, "runnable/woken": 2.5 * s, "blocked-io/network": 5.8 * s}, nil)},
				}},
			{ID: 1, Name: "github.com/acme/shop/internal/db.(*Pool).worker", CreatedBy: "github.com/acme/shop/internal/db.NewPool pool.go:88", Count: 32, Verdict: "mixed", Time: pool, Parallelism: result.GroupParallelism{Verdict: "interleaved-only", CF: 0.62, PF: 0.04, EngagedNs: 9 * s, RunningNs: 8.8 * s, MostEngaged: 4, CriticalityNs: 3 * s, Width: 3}, HarmNs: 90 * ms,
				Waits: result.Latencies{"runnable": {Count: 90, P99Ns: 90 * us}, "blocked-io": {Count: 900, P99Ns: 1.9 * ms}}, AtRest: []result.AtRest{{Rule: "parked-workers", Kind: "blocked-sync/chan-receive", Waits: 30, TotalNs: 38.8 * s}}},
			{ID: 2, Name: "main.worker", CreatedBy: "main.main main.go:31", Count: 8, Verdict: "at-rest", Time: rest,
				AtRest: []result.AtRest{{Rule: "parked-workers", Kind: "blocked-sync/chan-receive", Waits: 8, TotalNs: 54 * s}, {Rule: "whole-trace", Waits: 1, TotalNs: 1 * s}}},
			{ID: 3, Name: "os/signal.loop", Count: 1, Verdict: "at-rest", Time: timeOf(map[string]int64{"blocked-sync/semaphore": 12.4 * s}, map[string]int64{"blocked-sync/semaphore": 12.4 * s}), AtRest: []result.AtRest{{Rule: "known-site", TotalNs: 12.4 * s}}},
			{ID: 4, Name: "main.main.func1", CreatedBy: "main.main main.go:40", Count: 1, Verdict: "running", HarmNs: 3.1 * s, Parallelism: result.GroupParallelism{Verdict: "sequential", PF: 0, EngagedNs: 6.3 * s, RunningNs: 5 * s, MostEngaged: 1, CriticalityNs: 3 * s, Width: 1.67}, Time: timeOf(map[string]int64{"running/user": 5 * s, "runnable/preempted": 1.3 * s}, nil), Waits: result.Latencies{"runnable": {Count: 2600, P99Ns: 20.1 * ms}}},
			{ID: 5, Name: "main.poll", CreatedBy: "main.main main.go:44", Count: 1, Verdict: "timer", Time: timeOf(map[string]int64{"running/user": 0.9 * ms, "timer/sleep": 0.11 * s}, nil), Waits: result.Latencies{"timer": {Count: 11, P99Ns: 10.9 * ms}}},
			{ID: 6, Name: "runtime.gcBgMarkWorker", System: true, Count: 25, Verdict: "runtime", Time: timeOf(map[string]int64{"running/user": 1.9 * s, "runtime/system": 200 * s}, nil)},
		},
		Goroutines: []result.Goroutine{
			{ID: 1, Name: "main.main", Group: 4, LifetimeNs: 12.4 * s, RunCount: 12, Time: timeOf(map[string]int64{"running/user": 1 * s, "blocked-sync/waitgroup": 11.4 * s}, nil)},
			{ID: 88, Name: "net/http.(*conn).serve", Group: 0, Parent: &parent, CreatedNs: &created, EndedNs: &ended, LifetimeNs: 850 * ms, RunCount: 1412, Time: timeOf(map[string]int64{"running/user": 0.2 * s, "runnable/woken": 0.01 * s, "blocked-sync/mutex": 0.64 * s}, nil)},
			{ID: 2, Name: "runtime.forcegchelper", Group: 6, System: true, LifetimeNs: 12.4 * s, Time: timeOf(map[string]int64{"runtime/system": 12.4 * s}, nil)},
		},
		Sites: []result.Site{
			{Class: "blocked-sync", Kind: "mutex", Waits: 700, TotalNs: 28.1 * s, P50Ns: 12 * ms, P99Ns: 212 * ms, MaxNs: 340 * ms, Groups: []int{0}, IdleBlockedNs: 27 * s, Worst: []result.Moment{{FromNs: 3.2 * s, ToNs: 3.54 * s, Goroutine: 88}},
				Wakers: []result.Waker{{Group: 0, Frames: unlock, Waits: 612, TotalNs: 24 * s, IdleBlockedNs: 20 * s}, {Group: 4, Frames: unlock[1:], Waits: 88, TotalNs: 4 * s, ViaNs: map[string]int64{"network": 3 * s, "timer": 1 * ms}}},
				Frames: []result.Frame{{Func: "sync.(*Mutex).Lock", File: "/usr/local/go/src/sync/mutex.go", Line: 45}, {Func: "github.com/acme/shop/internal/cache.(*Store).Get", File: "/home/ci/shop/internal/cache/store.go", Line: 141}}},
			{Class: "blocked-sync", Kind: "mutex", Waits: 112, TotalNs: 3.1 * s, P50Ns: 9 * ms, P99Ns: 90 * ms, MaxNs: 91 * ms, Groups: []int{0},
				Frames: []result.Frame{{Func: "sync.(*Mutex).Lock", File: "/usr/local/go/src/sync/mutex.go", Line: 45}, {Func: "github.com/acme/shop/internal/cache.(*Store).Put", File: "/home/ci/shop/internal/cache/store.go", Line: 166}}},
			{Class: "blocked-sync", Kind: "chan-receive", Waits: 20411, TotalNs: 2.6 * s, P50Ns: 40 * us, P99Ns: 2.1 * ms, MaxNs: 1.04 * s, AtRestWaits: 38, AtRestNs: 93.4 * s, Groups: []int{1, 2}, JoinNs: 0.2 * s, Wakers: []result.Waker{{Group: 0, Waits: 20000, TotalNs: 2 * s}, {Group: -1, Waits: 411, TotalNs: 0.6 * s}},
				Frames: []result.Frame{{Func: "runtime.chanrecv1", File: "/usr/local/go/src/runtime/chan.go", Line: 509}, {Func: "github.com/acme/shop/internal/db.(*Pool).worker", File: "/home/ci/shop/internal/db/pool.go", Line: 102}}},
			{Class: "blocked-io", Kind: "network", Waits: 9402, TotalNs: 15.9 * s, P50Ns: 820 * us, P99Ns: 31 * ms, MaxNs: 208 * ms, Groups: []int{0, 1}, Wakers: []result.Waker{{Group: -1, Waits: 9402, TotalNs: 15.9 * s}},
				Frames: []result.Frame{{Func: "internal/poll.(*FD).Read"}, {Func: "net.(*conn).Read", File: "/usr/local/go/src/net/net.go", Line: 196}, {Func: "bufio.(*Reader).Read"}, {Func: "github.com/jackc/pgx/v5/pgconn.(*PgConn).receiveMessage", File: "/home/ci/go/pkg/mod/github.com/jackc/pgx/v5@v5.6.0/pgconn/pgconn.go", Line: 612}}},
			{Class: "runtime", Kind: "gc-assist-wait", Waits: 77, TotalNs: 2.4 * s, P50Ns: 1 * ms, P99Ns: 31 * ms, MaxNs: 32 * ms},
		},
		SitesOmitted: result.SitesOmitted{Count: 12, TotalNs: 3 * ms},
		Blame:        richBlame(),
		Tasks: []result.Span{
			{Type: "checkout", Count: 312, Complete: 308, Duration: result.Latency{Count: 308, P50Ns: 21 * ms, P90Ns: 80 * ms, P99Ns: 412 * ms, MaxNs: 880 * ms},
				Time:    timeOf(map[string]int64{"running/user": 2 * s, "runnable/woken": 0.3 * s, "blocked-sync/mutex": 6.6 * s, "blocked-io/network": 1 * s}, nil),
				Slowest: []result.SlowRun{{Task: 31, Goroutine: 88, BeginNs: 3_204_118_733, DurationNs: 880 * ms, Pieces: []result.Piece{{Kind: "io", Frame: receive, Ns: 880 * ms, DirectNs: 880 * ms}}}},
				Typical: &result.SlowRun{Task: 40, Goroutine: 91, BeginNs: 4 * s, DurationNs: 21 * ms},
				Path: &result.Path{Runs: 308, Ns: 9.9 * s, Pieces: []result.Piece{
					{Kind: "lock-holder", Frame: put, How: "stack", Ns: 6.1 * s, PropagatedNs: 6.1 * s},
					{Kind: "code", Frame: checkout, Caller: serveHTTP, How: "stack", Ns: 2 * s, DirectNs: 2 * s},
					{Kind: "io", Frame: receive, Ns: 1 * s, DirectNs: 0.9 * s, PropagatedNs: 0.1 * s, HeldNs: 0.8 * s, HeldIn: put},
					{Kind: "scheduler", Group: at(4), Ns: 0.5 * s, DirectNs: 0.5 * s},
					{Kind: "other", Ns: 0.3 * s, DirectNs: 0.3 * s}}}},
			{Type: "", Count: 4, Time: timeOf(map[string]int64{"running/user": 1 * ms}, nil)},
		},
		Regions: []result.Span{
			{Type: "encode response", Count: 3120, Complete: 3120, Duration: result.Latency{Count: 3120, P50Ns: 210 * us, P90Ns: 300 * us, P99Ns: 1.1 * ms, MaxNs: 3 * ms}, Time: timeOf(map[string]int64{"running/user": 0.6 * s, "runnable/preempted": 40 * ms}, nil),
				Path: &result.Path{Runs: 3120, Ns: 0.64 * s, Pieces: []result.Piece{{Kind: "code", How: "region", Region: "encode response", Ns: 0.6 * s, DirectNs: 0.6 * s}, {Kind: "scheduler", Ns: 40 * ms, DirectNs: 40 * ms}}},
				Work: &result.Work{Runs: 1100, Ns: 0.22 * s, WorkNs: 0.41 * s, SpanNs: 0.15 * s, SpanLocksNs: 0.2 * s, SpanLatencyNs: 0.21 * s, SpanBurdenedNs: 0.16 * s}},
			{Type: "import", Count: 1, Complete: 1, Duration: result.Latency{Count: 1, P50Ns: 1 * s, P90Ns: 1 * s, P99Ns: 1 * s, MaxNs: 1 * s}, Time: timeOf(map[string]int64{"blocked-sync/waitgroup": 1 * s}, nil),
				Work: &result.Work{Runs: 1, Ns: 1 * s, WorkNs: 3 * s, SpanNs: 0.4 * s, SpanLocksNs: 0.4 * s, SpanLatencyNs: 0.98 * s, SpanBurdenedNs: 0.41 * s}},
		},
		Logs: []result.LogCount{{Category: "order", Count: 300}, {Category: "", Count: 12}, {Category: "http", Count: 3120}},
		GC: result.GC{Cycles: 14, MarkNs: 512 * ms, Mark: result.Latency{Count: 13, P50Ns: 40 * ms, P90Ns: 60 * ms, P99Ns: 80.1 * ms, MaxNs: 80.1 * ms}, AssistNs: 31 * ms, SweepNs: 2.2 * ms, WorkerNs: 1.88 * s,
			STW:      []result.STW{{Reason: "GC mark termination", TotalNs: 1.1 * ms, Pauses: result.Latency{Count: 14, P50Ns: 61 * us, P90Ns: 90 * us, P99Ns: 210 * us, MaxNs: 210 * us}}, {Reason: "GC sweep termination", TotalNs: 300 * us, Pauses: result.Latency{Count: 14, P50Ns: 20 * us, P90Ns: 30 * us, P99Ns: 41 * us, MaxNs: 41 * us}}},
			HeapMaxB: 121_000_000, HeapGoalB: 244_000_000, STWTotalNs: 1.4 * ms, LongestSTWs: []result.Pause{{Reason: "GC mark termination", AtNs: 2 * s, DurationNs: 210 * us}}},
	}
}

// Some places in the service.
var (
	get       = &result.Frame{Func: "github.com/acme/shop/internal/cache.(*Store).Get", File: "/home/ci/shop/internal/cache/store.go", Line: 141}
	put       = &result.Frame{Func: "github.com/acme/shop/internal/cache.(*Store).Put", File: "/home/ci/shop/internal/cache/store.go", Line: 171}
	checkout  = &result.Frame{Func: "github.com/acme/shop/internal/api.(*Server).handleCheckout", File: "/home/ci/shop/internal/api/checkout.go", Line: 52}
	serveHTTP = &result.Frame{Func: "github.com/acme/shop/internal/api.(*Server).ServeHTTP", File: "/home/ci/shop/internal/api/server.go", Line: 88}
	worker    = &result.Frame{Func: "github.com/acme/shop/internal/db.(*Pool).worker", File: "/home/ci/shop/internal/db/pool.go", Line: 102}
	receive   = &result.Frame{Func: "github.com/jackc/pgx/v5/pgconn.(*PgConn).receiveMessage", File: "/home/ci/go/pkg/mod/github.com/jackc/pgx/v5@v5.6.0/pgconn/pgconn.go", Line: 612}
)

// at points at a number.
func at[T any](n T) *T { return &n }

// richBlame has a piece of each kind, an edge to each kind of node, and a knot.
func richBlame() result.Blame {
	return result.Blame{
		WaitedNs: 53.3 * s, UnresolvedNs: 3.1 * s,
		Pieces: []result.Piece{
			{Kind: "lock-holder", Frame: put, How: "stack", Ns: 21 * s, DirectNs: 8 * s, PropagatedNs: 13 * s, HeldNs: 21 * s, HeldIn: put, IdleBlockedNs: 24 * s},
			{Kind: "io", Frame: receive, Ns: 17.4 * s, DirectNs: 15.9 * s, PropagatedNs: 1.5 * s, HeldNs: 12 * s, HeldIn: put, IdleBlockedNs: 16 * s},
			{Kind: "code", Frame: checkout, Caller: serveHTTP, How: "stack", Ns: 4.2 * s, DirectNs: 4 * s, PropagatedNs: 0.2 * s, IdleBlockedNs: 1 * s},
			{Kind: "unresolved", Ns: 3.1 * s, DirectNs: 3.1 * s},
			{Kind: "scheduler", Group: at(4), Ns: 2.3 * s, DirectNs: 2 * s, PropagatedNs: 0.3 * s, HeldNs: 1 * s, HeldIn: put},
			{Kind: "gc", Frame: checkout, Ns: 2.2 * s, DirectNs: 2.2 * s},
			{Kind: "syscall", Frame: &result.Frame{Func: "os.(*File).Sync"}, Ns: 1.1 * s, DirectNs: 1.1 * s, IdleBlockedNs: 0.2 * s},
			{Kind: "scheduler", Ns: 0.6 * s, DirectNs: 0.6 * s},
			{Kind: "timer", Frame: &result.Frame{Func: "main.poll", File: "/src/main.go", Line: 90}, Ns: 0.4 * s, DirectNs: 0.4 * s},
			{Kind: "code", How: "region", Region: "encode response", Ns: 0.3 * s, DirectNs: 0.3 * s},
			{Kind: "code", How: "creation", Group: at(1), Frame: &result.Frame{Func: "github.com/acme/shop/internal/db.(*Pool).worker"}, Ns: 0.2 * s, DirectNs: 0.2 * s},
			{Kind: "open", Frame: get, Ns: 0.2 * s, DirectNs: 0.2 * s},
			{Kind: "unknown", Ns: 0.1 * s, DirectNs: 0.1 * s},
			{Kind: "scheduler", Stopped: true, Ns: 11 * ms, DirectNs: 11 * ms},
		},
		PiecesOmitted: result.Omitted{Count: 31, Ns: 0.189 * s},
		Edges: []result.Edge{
			{From: 0, To: 0, Node: "group", Waits: 700, Ns: 27.1 * s, Kinds: map[string]int64{"blocked-sync/mutex": 27.1 * s},
				Pieces: []result.Piece{{Kind: "lock-holder", Frame: put, How: "stack", Ns: 20 * s}, {Kind: "io", Frame: receive, Ns: 6 * s, HeldNs: 6 * s, HeldIn: put}}, At: []result.Moment{{FromNs: 3.2 * s, ToNs: 3.54 * s, Goroutine: 88}}},
			{From: 1, To: -1, Node: "io", Waits: 9402, Ns: 15.9 * s, Kinds: map[string]int64{"blocked-io/network": 15.9 * s}, At: []result.Moment{{FromNs: 2_000_123_000, ToNs: 2_208_123_000, Goroutine: 31}}},
			{From: 0, To: -1, Node: "scheduler", Ns: 4.1 * s, Kinds: map[string]int64{"runnable/woken": 4.1 * s}},
			{From: 1, To: 0, Node: "group", Waits: 20000, Ns: 2 * s, Kinds: map[string]int64{"blocked-sync/chan-receive": 1.6 * s, "blocked-sync/cond": 0.4 * s}, FutileWakeUps: 12, TimedOut: 3, TimedOutNs: 0.3 * s,
				Pieces: []result.Piece{{Kind: "code", Frame: checkout, Caller: serveHTTP, How: "sample", Ns: 1.5 * s}}},
			{From: 4, To: 5, Node: "group", Waits: 2, Ns: 0.7 * s, Kinds: map[string]int64{"blocked-sync/waitgroup": 0.7 * s}, LateNs: 31 * ms, Pieces: []result.Piece{{Kind: "timer", Frame: &result.Frame{Func: "main.poll", File: "/src/main.go", Line: 90}, Ns: 0.4 * s}}, At: []result.Moment{{FromNs: 8 * s, ToNs: 8.6 * s, Goroutine: 1}}},
			{From: 0, To: -1, Node: "syscall", Waits: 300, Ns: 1.1 * s, Kinds: map[string]int64{"blocked-io/file": 1.1 * s}},
			{From: 0, To: -1, Node: "open", Waits: 5, Ns: 0.2 * s, Kinds: map[string]int64{"blocked-sync/mutex": 0.2 * s}},
			{From: 5, To: -1, Node: "timer", Waits: 31, Ns: 0.31 * s, Kinds: map[string]int64{"timer/sleep": 0.31 * s}},
			{From: 0, To: -1, Node: "gc", Waits: 77, Ns: 2.4 * s, Kinds: map[string]int64{"runtime/gc-assist-wait": 2.4 * s}},
			{From: 0, To: -1, Node: "others", Waits: 3, Ns: 1 * ms, Kinds: map[string]int64{"blocked-sync/select": 1 * ms}},
			{From: 0, To: -1, Node: "unknown", Waits: 1, Ns: 100 * us, Kinds: map[string]int64{"unknown/unknown": 100 * us}},
		},
		EdgesOmitted: result.Omitted{Count: 1, Ns: 30 * us},
		Knots:        []result.Knot{{Groups: []int{0, 1}, InsideNs: 1.2 * s, OutsideNs: 4 * ms, WorkNs: 0.1 * s, TimerNs: 0.9 * s, TimedOut: 1, TimedOutNs: 0.4 * s, At: []result.Moment{{FromNs: 7 * s, ToNs: 7.2 * s, Goroutine: 31}}}},
	}
}

// richFindings has one of each severity.
func richFindings(lock, unlock []result.Frame) []result.Finding {
	return []result.Finding{
		{
			Detector: "lock-convoy", Title: "Lock convoy", Severity: "high", Score: 88.4, LostNs: 41 * s,
			Sentence: "Goroutines queued for one lock for 61 % of the time, up to 36 of them at once, while 5.4 of 8 processors idled: 812 waits, 99 % under 212 ms, each for 12 ms of work under the lock.",
			Culprit:  "github.com/acme/shop/internal/cache.(*Store).Put /home/ci/shop/internal/cache/store.go:171",
			Remedy:   "Do less under the lock, or give each shard of the cache a lock of its own.",
			Caveat:   "The lock may guard something that serves one at a time anyway, such as a single connection.",
			Evidence: map[string]float64{"share": 0.41, "waits": 812, "lost_ns": 41 * s},
			At:       []result.Moment{{FromNs: 3_204_118_733, ToNs: 4.05 * s, Goroutine: 88}, {FromNs: 5.1 * s, ToNs: 5.9 * s}, {FromNs: 9_000_123_456, ToNs: 9_000_123_456}},
			Groups:   []int{0}, Victims: []int{0, 1, 4, 5, 2},
			Stacks: []result.RoleStack{{Role: "blocked", Frames: lock}, {Role: "waker", Frames: unlock}},
			Merged: []string{"interleaved", "lock-serialised"}, Explain: "conctrace explain api-server.trace --finding 1",
		},
		{
			Detector: "cpu-hog", Title: "A goroutine that runs on keeps others waiting", Severity: "medium", Score: 55, LostNs: 0.2 * s,
			Sentence: "Goroutine 1 ran for 90 ms without a pause while others were ready.",
			Remedy:   "Split the work, or run it on fewer goroutines than there are processors.",
			Caveat:   "Someone else may need it done as soon as that.",
			At:       []result.Moment{{FromNs: 3.3 * s, ToNs: 3.4 * s, Goroutine: 1}}, Groups: []int{4},
			Stacks: []result.RoleStack{{Role: "running", Frames: lock[2:4]}, {Role: "created"}},
		},
		{
			Detector: "data-quality", Title: "No CPU samples", Severity: "low", Score: 25,
			Sentence: "Whether running goroutines had a core is not known.", Remedy: "Record a CPU profile at the same time.", Culprit: "main.main main.go:12",
			Explain: "conctrace explain 'a trace with a name that is far too long to be shown in a single line of a report.out' --finding 3",
		},
	}
}

// idle is a program in which nothing happens.
func idle() *result.Result {
	rest := timeOf(map[string]int64{"blocked-io/network": 5 * s, "blocked-sync/semaphore": 5 * s}, map[string]int64{"blocked-io/network": 5 * s, "blocked-sync/semaphore": 5 * s})
	return &result.Result{
		SchemaVersion: result.SchemaVersion,
		Verdict:       result.Verdict{Label: "idle", Sentence: "Nothing to do: both goroutines waited for work for all of the 5.00 s."},
		Trace:         result.Trace{File: "-", GoVersion: "1.23", DurationNs: 5 * s, Bytes: 812, Events: 40, Generations: 5, Complete: true, Gomaxprocs: []result.Gomaxprocs{{N: 2}, {AtNs: 1 * s, N: 4}}},
		Scope:         result.Scope{ToNs: 5 * s, Goroutines: 2, SystemGoroutines: 1, AtRestGoroutines: 2},
		Time:          rest,
		Concurrency:   result.Concurrency{RunningHistogramNs: []int64{5*s - 40*us, 40 * us}},
		Scheduler:     result.Scheduler{PTimeNs: result.PTime{Idle: 10 * s}},
		Groups: []result.Group{
			{ID: 0, Name: "net/http.(*Server).Serve", Count: 1, Verdict: "at-rest", Time: rest, AtRest: []result.AtRest{{Rule: "known-site", TotalNs: 5 * s}}},
			{ID: 1, Name: "os/signal.loop", Count: 1, Verdict: "at-rest", Time: rest, AtRest: []result.AtRest{{Rule: "known-site", TotalNs: 5 * s}}},
		},
	}
}

// damaged is a trace that was cut off, seen through a window and filters.
func damaged() *result.Result {
	return &result.Result{
		SchemaVersion: result.SchemaVersion,
		Verdict:       result.Verdict{Label: "saturated", Sentence: "All 4 Ps were busy for 97% of the time and 12 goroutines queued for them on average."},
		Trace: result.Trace{File: "/var/tmp/captures/2026-11-21/orders-7d9f4c/trace (1).out", GoVersion: "1.22", DurationNs: 8.6 * s, Bytes: 41_000_000, BytesLost: 12_700_000, Generations: 8,
			Gomaxprocs: []result.Gomaxprocs{{N: 4}},
			Warnings:   []result.Warning{{Code: "truncated", Message: "The file ends within generation 9, at byte 28,300,000; what follows was not analysed."}, {Code: "more-gomaxprocs-than-cores", Message: "GOMAXPROCS is 4 on 2 cores."}}},
		Scope: result.Scope{FromNs: 1.2 * s, ToNs: 3.4 * s, Group: `worker|^main\.`, Task: "checkout", Goroutines: 16},
		Time:  timeOf(map[string]int64{"running/user": 8.5 * s, "runnable/preempted": 26 * s, "blocked-sync/mutex": 30 * us, "unknown/unknown": 4 * ms}, nil),
		Waits: result.Latencies{"blocked-sync/mutex": {Count: 2, P50Ns: 10 * us, P90Ns: 20 * us, P99Ns: 20 * us, MaxNs: 20 * us}},
		Concurrency: result.Concurrency{AverageRunning: 3.88, AverageParallelism: 3.88, AverageEngaged: 15.7, RunningHistogramNs: []int64{0, 1 * ms, 30 * ms, 50 * ms, 2.119 * s},
			PartitionNs: result.Partition{Interleaved: 1 * ms, Parallel: 2.195 * s, Unknown: 4 * ms}, ParallelKindNs: map[string]int64{"saturated": 2.195 * s}, InterleavedCauseNs: map[string]int64{"capacity": 1 * ms},
			Phases: []result.Phase{{FromNs: 1.2 * s, ToNs: 3.4 * s, Label: "parallel"}}},
		Scheduler: result.Scheduler{Latency: result.Latency{Count: 3000, P50Ns: 30 * ms, P90Ns: 31 * ms, P99Ns: 41 * ms, MaxNs: 60 * ms}, RunnableSomeNs: 2.2*s - 3*ms, PTimeNs: result.PTime{User: 8.5 * s, Idle: 0.3 * s}},
		Groups:    manyGroups(14),
	}
}

// manyGroups are more groups than a table shows.
func manyGroups(n int) []result.Group {
	groups := make([]result.Group, n)
	for i := range groups {
		groups[i] = result.Group{ID: i, Name: "example.com/orders/v2/worker.Process[...].func" + string(rune('a'+i)), CreatedBy: "example.com/orders/v2.Run /src/run.go:7", Count: 1 + i, Verdict: "runnable",
			Time:  timeOf(map[string]int64{"running/user": int64(i+1) * 10 * ms, "runnable/preempted": int64(i+1) * 30 * ms}, nil),
			Waits: result.Latencies{"runnable": {Count: 9, P99Ns: 41 * ms}}}
	}
	return groups
}

// What strings of a trace may try.
const (
	badText  = "\x1b[31mred\x1b]0;title\x07\x00 \u202Egnp.exe\u2066 a\u200Bb\uFEFFc\u00AD \x9b2J \xff\xfe\r\nfake VERDICT  parallel\t" + "Z\u0300\u0301\u0302\u0303\u0304algo 世界世界 👩‍👩‍👧 🇩🇪 <script>&"
	longText = "github.com/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.(*Cccccccccccccccccccccccccccccccccccccccccccccccccccccccccc).Dddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
)

// hostile tries to break out of the report by every string in it.
func hostile() *result.Result {
	const bad, long = badText, longText
	r := rich()
	r.Verdict.Sentence = "ſ" + bad
	r.Trace.File, r.Trace.GoVersion, r.Trace.StartedAt = bad, bad, bad
	r.Trace.Warnings = []result.Warning{{Code: bad, Message: bad + long + bad}}
	r.Scope.Group, r.Scope.Task, r.Scope.Thresholds = bad, long, bad
	for i := range r.Groups {
		r.Groups[i].Name, r.Groups[i].CreatedBy = bad, long+" "+bad
		r.Groups[i].AtRest = []result.AtRest{{Rule: bad, TotalNs: 1}}
	}
	r.Groups[0].Name, r.Groups[1].Verdict = long, bad
	r.Groups[0].Inside[0].Func = bad
	for i := range r.Sites {
		r.Sites[i].Frames = []result.Frame{{Func: bad, File: bad, Line: -1}}
	}
	r.Sites[0].Frames[0].Func = long
	r.Sites[0].Rule, r.Sites[1].Rule = &result.SiteRule{Name: bad, Is: bad}, &result.SiteRule{Name: long}
	for i := range r.Goroutines {
		r.Goroutines[i].Name, r.Goroutines[i].Group = bad, 1<<40
	}
	r.Time.Kinds["blocked-sync/"+bad], r.Time.Kinds[bad] = 1*s, 1*s
	r.Waits["blocked-sync/"+bad] = result.Latency{Count: 1 << 62, P50Ns: 1 << 62, P90Ns: -1 << 63, P99Ns: -1, MaxNs: 1<<63 - 1}
	r.Tasks[0].Type, r.Regions[0].Type, r.Logs[0].Category = bad, long, bad
	r.GC.STW[0].Reason, r.GC.STW[1].Reason = bad, long
	r.Concurrency.RunningHistogramNs[2] = -5 * s
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Detector, f.Title, f.Sentence, f.Culprit, f.Remedy, f.Caveat = bad, bad, bad+long, long+" "+bad, long, bad
		f.Groups, f.Victims, f.Merged = []int{-1, 1 << 40, 0, 1}, []int{1, 2, 3, 4, 5}, []string{bad, long}
		f.At = []result.Moment{{FromNs: -1 << 63, ToNs: 1<<63 - 1, Goroutine: 1<<63 - 1}, {FromNs: 5, ToNs: 4}}
		f.Stacks = []result.RoleStack{{Role: bad, Frames: []result.Frame{{Func: bad, File: bad, Line: -1}, {Func: long}}}, {Role: "blocked", Frames: []result.Frame{{Func: "runtime.x"}, {}}}}
	}
	r.Findings[1].Severity, r.FindingsOmitted = bad, 1<<40
	r.Sites[0].Wakers = []result.Waker{{Group: 1 << 40, Frames: r.Sites[1].Frames, Waits: -1}, {Group: 1, Frames: r.Sites[0].Frames, Waits: 1 << 62, ViaNs: map[string]int64{bad: 1 << 62}}}
	r.Scheduler.Worst[0].Group, r.Scheduler.Worst[0].Origin, r.Scheduler.Worst[1].Origin = -7, long, bad
	r.Scheduler.Worst[1].Ran = []result.GroupTime{{Group: -1}, {Group: 0, Ns: -1}}
	r.Concurrency.InterleavedCauseNs[bad], r.Concurrency.PartitionNs.Idle = 1<<62, 1<<62
	r.Concurrency.Phases = append(r.Concurrency.Phases, result.Phase{FromNs: -1 << 62, ToNs: 1 << 62, Label: "parallel"}, result.Phase{FromNs: 5 * s, ToNs: 4 * s, Label: bad})
	r.Concurrency.OnCPU.Ratio, r.Concurrency.Efficiency, r.Concurrency.AmdahlBound = 1e18, -4, 1e18
	r.Groups[4].Parallelism.Verdict, r.Groups[4].Parallelism.CriticalityNs = bad, -1
	r.Scheduler.PTimeNs.Idle = -1
	frame, huge := &result.Frame{Func: bad, File: bad, Line: -1}, int64(1<<63-1)
	for i := range r.Blame.Pieces {
		x := &r.Blame.Pieces[i]
		x.Frame, x.Caller, x.Region, x.Group = frame, &result.Frame{Func: long, File: long, Line: 1 << 40}, bad, at(1<<40)
	}
	r.Blame.Pieces[0].Kind, r.Blame.Pieces[1].Kind, r.Blame.Pieces[2].Ns, r.Blame.Pieces[3].Ns = bad, "", huge, -huge
	r.Blame.PiecesOmitted, r.Blame.UnresolvedNs = result.Omitted{Count: -1, Ns: huge}, huge
	e := r.Blame.Edges
	e[0].From, e[0].To, e[1].Node, e[2].Kinds, e[3].Kinds = -1, 1<<40, bad, nil, map[string]int64{bad: huge, "": 1}
	e[3].At, e[3].Pieces, e[4].LateNs = []result.Moment{{FromNs: -huge, ToNs: huge, Goroutine: huge}}, r.Blame.Pieces, -1
	r.Blame.Knots = append(r.Blame.Knots, result.Knot{}, result.Knot{Groups: []int{-1, 1 << 40}, InsideNs: huge, WorkNs: -huge, At: e[3].At})
	r.Tasks[0].Path.Pieces, r.Tasks[0].Path.Ns = r.Blame.Pieces, huge
	r.Regions[0].Work.SpanNs, r.Regions[0].Work.SpanLocksNs = -1, huge
	r.Findings[0].Explain, r.Findings[1].Explain = bad, "conctrace explain "+long
	return r
}

// timeOf sums kinds into a Time.
func timeOf(kinds, atRest map[string]int64) result.Time {
	t := result.Time{Kinds: kinds, AtRestKinds: atRest}
	classes := map[string]*int64{
		"running": &t.RunningNs, "runnable": &t.RunnableNs, "blocked-sync": &t.BlockedSyncNs, "blocked-io": &t.BlockedIONs,
		"timer": &t.TimerNs, "runtime": &t.RuntimeNs, "unknown": &t.UnknownNs,
	}
	for _, k := range engagedKinds(result.Time{Kinds: kinds}) {
		*classes[k.class] += k.ns
		t.LifetimeNs += k.ns
	}
	for _, ns := range atRest {
		t.AtRestNs += ns
	}
	return t
}
