package detect

import (
	"slices"
	"testing"

	"github.com/conctrace/conctrace/analyze/result"
)

func at(fn string) *result.Frame { return &result.Frame{Func: fn, File: "/src/x.go", Line: 7} }

// convoyClass makes the lock one with a convoy.
func convoyClass(r *result.Result, idle int64) *result.SiteClass {
	c := lockClass(r, idle)
	c.HandOffs, c.BusyNs, c.WaitingNs, c.DirectHandOffs, c.InTurn = 100, 900*ms, 2700*ms, 50, 90
	c.Convoys = &result.Convoys{Count: 1, Ns: 800 * ms, HandOffs: 90, Requeued: 85, At: []result.Moment{{FromNs: 1, ToNs: 800 * ms}}}
	return c
}

// stalledReaders makes places to read and to write under one RWMutex, which main.reads
// has.
func stalledReaders(r *result.Result) {
	held := result.Piece{Kind: "lock-holder", Frame: at("main.reads"), HeldIn: at("main.reads"), Ns: 900 * ms}
	r.Sites[0] = result.Site{Class: "blocked-sync", Kind: "rwmutex-read", Frames: []result.Frame{*at("main.get")}, Groups: []int{1}, Waits: 50, TotalNs: 1000 * ms, IdleBlockedNs: 600 * ms,
		Pieces: []result.Piece{held, {Kind: "lock-holder", Frame: at("main.set"), HeldIn: at("main.set"), Ns: 100 * ms}}, Worst: []result.Moment{{FromNs: 1, ToNs: 2}}}
	r.Sites[1] = result.Site{Class: "blocked-sync", Kind: "rwmutex-write", Frames: []result.Frame{*at("main.set")}, Groups: []int{2}, Waits: 20, TotalNs: 500 * ms, IdleBlockedNs: 200 * ms,
		Pieces: []result.Piece{held}, Wakers: []result.Waker{{Group: 1, Frames: []result.Frame{*at("sync.(*RWMutex).RUnlock"), *at("main.reads")}, Waits: 20, TotalNs: 500 * ms}}}
}

// herd makes volleys of 20 goroutines that all are woken in vain.
func herd(r *result.Result) *result.Volley {
	r.Sites[2].Kind = "cond"
	r.Patterns.Volleys = []result.Volley{{Site: 2, WakerGroup: 2, WakerFrames: []result.Frame{*at("main.put")}, Count: 10, Woken: 200, Most: 20, Waiters: 20, Futile: 190, FutileRunNs: 80 * ms, ReadyNs: 2000 * ms, LongestDrainNs: 5 * ms}}
	return &r.Patterns.Volleys[0]
}

func joinOf(r *result.Result) *result.Join {
	r.Sites[0].Kind, r.Sites[0].Pieces = "waitgroup", []result.Piece{{Kind: "code", Frame: at("main.last"), Ns: 500 * ms}}
	r.Patterns.Joins = []result.Join{{Site: 0, Group: 1, LastGroup: 1, Count: 2, AtOnce: 2, Members: 8, Ns: 900 * ms, WaitNs: 880 * ms, RunMeanNs: 300 * ms, RunMaxNs: 900 * ms, TailNs: 600 * ms, LastGapNs: 500 * ms, UnevenNs: 500 * ms, Late: 2, Uneven: 2}}
	return &r.Patterns.Joins[0]
}

// semaphore makes the channel one that goroutines of one group take places in and give
// them back, while they wait for the network.
func semaphore(r *result.Result) *result.SiteClass {
	c := channelClass(r)
	r.Sites[1].TotalNs, r.Sites[1].Pieces = 900*ms, []result.Piece{{Kind: "io", Frame: at("main.fetch"), Ns: 800 * ms}, {Kind: "code", Frame: at("main.parse"), Ns: 100 * ms}}
	c.HandOffs, c.GivenBack = 100, 98
	c.Sites, c.Senders, c.Receivers, c.SendNs, c.TotalNs, c.IdleBlockedNs, c.Waits = []int{1}, []int{2}, []int{2}, 900*ms, 900*ms, 1000*ms, 100
	return c
}

// fannedOut makes the workers many that do nothing but compute.
func fannedOut(r *result.Result) {
	r.Concurrency.ExcessDemandNs = 6000 * ms
	r.Concurrency.ParallelKindNs["saturated"] = 900 * ms
	r.Scheduler.Latency = result.Latency{Count: 100, P50Ns: 10 * ms, P90Ns: 20 * ms, P99Ns: 30 * ms}
	r.Time.RunningNs = 4000 * ms
	g := &r.Groups[1]
	g.Count, g.CreatedBy, g.Parallelism.MostEngaged = 40, "main.main x.go:9", 40
	g.Time = result.Time{LifetimeNs: 9000 * ms, RunningNs: 3000 * ms, RunnableNs: 5500 * ms}
	r.Groups[2].AfterIO = result.Latency{Count: 10, P99Ns: 20 * ms, MaxNs: 20 * ms}
}

// patternCases are the cases of detectors that go by what goroutines do again and
// again.
var patternCases = []example{
	{
		detector: lockConvoy,
		sick:     func(r *result.Result) { convoyClass(r, 800*ms) },
		traps: map[string]func(*result.Result){
			"a burst at the start":   func(r *result.Result) { r.SiteClasses[0].Convoys.Ns = 90 * ms },
			"nobody comes back":      func(r *result.Result) { r.SiteClasses[0].Convoys.Requeued = 44 },
			"processors are busy":    func(r *result.Result) { r.SiteClasses[0].IdleBlockedNs = 200 * ms },
			"several locks":          func(r *result.Result) { r.SiteClasses[0].InTurn = 49 },
			"no convoy":              func(r *result.Result) { r.SiteClasses[0].Convoys = nil },
			"a channel":              func(r *result.Result) { r.SiteClasses[0].Kind = "channel" },
			"one processor":          func(r *result.Result) { r.Scheduler.PTimeNs = result.PTime{User: 1000 * ms} },
			"holding back is wanted": func(r *result.Result) { r.SiteClasses[0].Rule = &result.SiteRule{Name: "x", Is: "limiter"} },
		},
	},
	{
		detector: readerWriterStall,
		sick:     stalledReaders,
		traps: map[string]func(*result.Result){
			"for the writer's work": func(r *result.Result) {
				r.Sites[0].Pieces[0].Ns, r.Sites[0].Pieces[1].Ns = 400*ms, 600*ms
			},
			"a single reload":   func(r *result.Result) { r.Sites[0].Waits = 4 },
			"below the share":   func(r *result.Result) { r.Sites[0].IdleBlockedNs, r.Sites[1].IdleBlockedNs = 100*ms, 50*ms },
			"no reader lets go": func(r *result.Result) { r.Sites[1].Wakers[0].Frames = r.Sites[1].Wakers[0].Frames[1:] },
			"a writer lets go there, too": func(r *result.Result) {
				r.Sites[0].Wakers = []result.Waker{{Group: 2, TotalNs: 101 * ms, Frames: []result.Frame{*at("sync.(*RWMutex).Unlock"), *at("main.reads")}}}
			},
			"nobody wants to write": func(r *result.Result) { r.Sites[1].Kind = "mutex" },
		},
	},
	{
		detector: channelPingPong,
		sick: func(r *result.Result) {
			r.Concurrency.Efficiency = 0.3
			r.Patterns.PingPongs = []result.PingPong{{Groups: []int{2, 3}, Sites: []int{1, 2}, Rallies: 1, HandOvers: 20_000, Ns: 900 * ms, RunningNs: 400 * ms, OverlapNs: 10 * ms, At: []result.Moment{{FromNs: 1, ToNs: 9}}}}
		},
		traps: map[string]func(*result.Result){
			"now and then":   func(r *result.Result) { r.Patterns.PingPongs[0].HandOvers = 890 },
			"both run":       func(r *result.Result) { r.Patterns.PingPongs[0].OverlapNs = 50 * ms },
			"little goes by": func(r *result.Result) { r.Patterns.PingPongs[0].RunningNs = 810 * ms },
		},
	},
	{
		detector: thunderingHerd,
		sick:     func(r *result.Result) { herd(r) },
		traps: map[string]func(*result.Result){
			"a start and an end":     func(r *result.Result) { r.Patterns.Volleys[0].Count = 2 },
			"most had work":          func(r *result.Result) { r.Patterns.Volleys[0].Futile = 99 },
			"it costs little":        func(r *result.Result) { r.Patterns.Volleys[0].FutileRunNs = 40 * ms },
			"a barrier":              func(r *result.Result) { r.Sites[2].Groups = []int{1, 2} },
			"all look at a change":   func(r *result.Result) { r.Patterns.Volleys[0].Futile = 195 },
			"a channel is closed":    func(r *result.Result) { r.Sites[2].Kind = "chan-receive" },
			"there is nothing to do": func(r *result.Result) { r.Sites[2].Rule = &result.SiteRule{Name: "x", Is: "idle"} },
			"timers":                 func(r *result.Result) { r.Patterns.Volleys[0].WakerGroup = -1 },
			"as many as processors":  func(r *result.Result) { r.Patterns.Volleys[0].Count = 51 },
		},
	},
	{
		detector: wakeBurst,
		sick:     func(r *result.Result) { herd(r).Futile = 10 },
		traps: map[string]func(*result.Result){
			"woken in vain":    func(r *result.Result) { r.Patterns.Volleys[0].Futile = 100 },
			"few":              func(r *result.Result) { r.Patterns.Volleys[0].Most = 15 },
			"they run at once": func(r *result.Result) { r.Patterns.Volleys[0].ReadyNs = 190 * ms },
			"timers do it":     func(r *result.Result) { r.Patterns.Volleys[0].WakerGroup = -1 },
		},
	},
	{
		detector: timerConvoy,
		sick: func(r *result.Result) {
			v := herd(r)
			v.WakerGroup, v.WakerFrames, v.Count, v.PeriodNs, v.PeriodSpread, v.LengthNs = -1, nil, 20, 50*ms, 0.1, 20*ms
		},
		traps: map[string]func(*result.Result){
			"a few times":                     func(r *result.Result) { r.Patterns.Volleys[0].Count = 9 },
			"some of many":                    func(r *result.Result) { r.Patterns.Volleys[0].Waiters = 21 },
			"spread over the period":          func(r *result.Result) { r.Patterns.Volleys[0].LengthNs = 251 * ms },
			"at no period":                    func(r *result.Result) { r.Patterns.Volleys[0].PeriodSpread = 0.3 },
			"they run at once":                func(r *result.Result) { r.Patterns.Volleys[0].ReadyNs = 190 * ms },
			"a goroutine does it":             func(r *result.Result) { r.Patterns.Volleys[0].WakerGroup = 2 },
			"one that was not asked for does": func(r *result.Result) { r.Patterns.Volleys[0].WakerFrames = []result.Frame{*at("main.put")} },
		},
	},
	{
		detector: poolTooSmall,
		sick:     func(r *result.Result) { semaphore(r) },
		traps: map[string]func(*result.Result){
			"a few waits":         func(r *result.Result) { r.SiteClasses[0].Waits = 9 },
			"the places compute":  func(r *result.Result) { r.Sites[1].Pieces[0].Ns, r.Sites[1].Pieces[1].Ns = 400*ms, 500*ms },
			"processors are busy": func(r *result.Result) { r.SiteClasses[0].IdleBlockedNs = 390 * ms },
			"a queue":             func(r *result.Result) { r.SiteClasses[0].GivenBack = 0 },
			"workers that make work for each other": func(r *result.Result) {
				c := &r.SiteClasses[0]
				c.SendNs, c.ReceiveNs = 0, 900*ms
				c.Wakers = []result.Waker{{Frames: []result.Frame{*at("main.push"), *at("main.handle")}}}
			},
			"holding back is wanted": func(r *result.Result) { r.SiteClasses[0].Rule = &result.SiteRule{Name: "x", Is: "limiter"} },
		},
	},
	{
		detector: straggler,
		sick:     func(r *result.Result) { joinOf(r) },
		traps: map[string]func(*result.Result){
			"two of them": func(r *result.Result) { r.Patterns.Joins[0].Members = 5 },
			"for once": func(r *result.Result) {
				r.Patterns.Joins[0].Count, r.Patterns.Joins[0].Members, r.Patterns.Joins[0].Late = 5, 20, 2
			},
			"the others as late": func(r *result.Result) { r.Patterns.Joins[0].LastGapNs = 170 * ms },
			"a wake-up late":     func(r *result.Result) { r.Patterns.Joins[0].Count, r.Patterns.Joins[0].Members = 600, 2400 },
			"no more to do": func(r *result.Result) {
				r.Patterns.Joins[0].RunMaxNs, r.Groups[1].Time.RunnableNs = 500*ms, 500*ms // and they compute: the machine was late
			},
			"seldom": func(r *result.Result) { r.Scope.ToNs, r.Trace.DurationNs = 6000*ms, 6000*ms },
		},
	},
	{
		detector: straggler, // of goroutines that compute
		sick: func(r *result.Result) {
			joinOf(r)
			r.Groups[1].Time.RunnableNs = 500 * ms
		},
	},
	{
		detector: unevenLoad,
		sick:     func(r *result.Result) { joinOf(r) },
		traps: map[string]func(*result.Result){
			"for once":              func(r *result.Result) { r.Patterns.Joins[0].Count, r.Patterns.Joins[0].AtOnce = 5, 5 },
			"balanced":              func(r *result.Result) { r.Patterns.Joins[0].RunMeanNs = 630 * ms },
			"a wake-up late":        func(r *result.Result) { r.Patterns.Joins[0].Count, r.Patterns.Joins[0].AtOnce = 600, 600 },
			"no tail":               func(r *result.Result) { r.Patterns.Joins[0].TailNs = 80 * ms },
			"different roles":       func(r *result.Result) { r.Patterns.Joins[0].Mixed = 1 },
			"one after the other":   func(r *result.Result) { r.Patterns.Joins[0].AtOnce = 1 },
			"the processors decide": func(r *result.Result) { r.Patterns.Joins[0].UnevenNs = 40 * ms },
			"one processor":         func(r *result.Result) { r.Scheduler.PTimeNs = result.PTime{User: 1000 * ms} },
		},
	},
	{
		detector: unevenLoad, // again and again
		sick: func(r *result.Result) {
			j := joinOf(r)
			j.Count, j.AtOnce, j.Uneven, j.Members = 3, 3, 3, 12
		},
	},
	{
		detector: goroutineChurn,
		sick: func(r *result.Result) {
			r.Groups[1].LifetimeRun = result.Latency{Count: 300_000, P50Ns: 3_000, P99Ns: 9_000}
			r.Groups[1].Time = result.Time{LifetimeNs: 2000 * ms, RunningNs: 1500 * ms, RunnableNs: 500 * ms}
		},
		traps: map[string]func(*result.Result){
			"they have something to do": func(r *result.Result) { r.Groups[1].LifetimeRun.P50Ns = 10_100 },
			"not that many":             func(r *result.Result) { r.Groups[1].LifetimeRun.Count = 70_000 },
			"they wait for something":   func(r *result.Result) { r.Groups[1].Time.BlockedIONs = 1100 * ms },
			"the runtime's":             func(r *result.Result) { r.Groups[1].System = true },
		},
	},
	{
		detector: oversubscribedFanOut,
		sick:     fannedOut,
		traps: map[string]func(*result.Result){
			"few more than can run": func(r *result.Result) { r.Concurrency.ExcessDemandNs = 500 * ms },
			"at times":              func(r *result.Result) { r.Concurrency.ParallelKindNs["saturated"] = 290 * ms },
			"four for each":         func(r *result.Result) { r.Groups[1].Parallelism.MostEngaged = 15 },
			"a server's":            func(r *result.Result) { r.Groups[1].Name = "net/http.(*conn).serve" },
			"connections":           func(r *result.Result) { r.Groups[1].Time.LifetimeNs = 11_000 * ms },
			"older than the trace":  func(r *result.Result) { r.Groups[1].CreatedBy = "" },
			"others compute":        func(r *result.Result) { r.Time.RunningNs = 6100 * ms },
			"others wait, too":      func(r *result.Result) { r.Groups[2].Time.RunnableNs = 6000 * ms },
		},
	},
	{
		detector: busyYield,
		sick: func(r *result.Result) {
			r.Groups[1].RunCount = 50_000
			r.Patterns.YieldLoops = []result.YieldLoop{{Group: 1, Frames: []result.Frame{*at("runtime.Gosched"), *at("main.spin")}, Count: 20_000, RunningNs: 800 * ms}}
		},
		traps: map[string]func(*result.Result){
			"now and then": func(r *result.Result) {
				r.Patterns.YieldLoops[0].Count, r.Patterns.YieldLoops[0].RunningNs = 9_000, 300*ms
			},
			"a computation that is kind": func(r *result.Result) { r.Patterns.YieldLoops[0].RunningNs = 2100 * ms },
			"little time":                func(r *result.Result) { r.Patterns.YieldLoops[0].RunningNs = 190 * ms },
			"a few calls":                func(r *result.Result) { r.Patterns.YieldLoops[0].Count = 900 },
		},
	},
	{
		detector: busyYield, // seldom, but the goroutine does nothing else
		sick: func(r *result.Result) {
			r.Groups[1].RunCount = 9_000
			r.Patterns.YieldLoops = []result.YieldLoop{{Group: 1, Frames: []result.Frame{*at("main.spin")}, Count: 8_000, RunningNs: 700 * ms}}
		},
		traps: map[string]func(*result.Result){
			"it does": func(r *result.Result) { r.Groups[1].RunCount = 17_000 },
		},
	},
	{
		detector: lockSerialises, // that seems to be several
		sick: func(r *result.Result) {
			c := lockClass(r, 800*ms)
			c.HandOffs, c.InTurn = 100, 30
		},
	},
	{
		detector: slowProducer, // the receivers hardly run, as the sender is always busy
		sick: func(r *result.Result) {
			c := channelClass(r)
			c.ReceiveNs, c.SendNs, c.ReceiveIdleNs, r.Sites[2].TotalNs = 900*ms, 50*ms, 800*ms, 900*ms
			r.Groups[2].Time.RunningNs, r.Groups[3].Time.RunningNs = 1900*ms, 100*ms
		},
	},
	{
		detector: sleepPoll,
		sick: func(r *result.Result) {
			r.Patterns.SleepLoops = []result.SleepLoop{{Site: 0, Group: 1, Rounds: 500, SleptNs: 900 * ms, RunningNs: 2 * ms, Spread: 0.1}}
		},
		traps: map[string]func(*result.Result){
			"a backoff":              func(r *result.Result) { r.Patterns.SleepLoops[0].Spread = 0.3 },
			"a few":                  func(r *result.Result) { r.Patterns.SleepLoops[0].Rounds = 39 },
			"each sleeps seldom":     func(r *result.Result) { r.Groups[1].Count = 100 },
			"it does something":      func(r *result.Result) { r.Patterns.SleepLoops[0].RunningNs = 11 * ms },
			"long sleeps":            func(r *result.Result) { r.Patterns.SleepLoops[0].SleptNs = 26_000 * ms },
			"holding back is wanted": func(r *result.Result) { r.Sites[0].Rule = &result.SiteRule{Name: "x", Is: "limiter"} },
		},
	},
}

// A call on a socket does not block: what holds it up is the machine, which is never
// more than low.
func TestCallsOnSocketsAreTheMachines(t *testing.T) {
	severity := func(fn string) string {
		r := base()
		r.Scheduler.HeldHarmNs = 400 * ms
		r.Sites[4].P50Ns, r.Sites[4].Frames = 4*ms, []result.Frame{*at("syscall.write"), *at(fn), *at("main.answer")}
		r.Scheduler.SyscallHolds = []result.SyscallHold{{DurationNs: 4 * ms, HarmNs: 4 * ms, Group: 1, Frames: r.Sites[4].Frames}}
		r.Scheduler.HeldAt = []result.HeldAt{{Frames: r.Sites[4].Frames, Calls: 100, HarmNs: 400 * ms}}
		found := syscallsHoldProcessors.run(r, Setting{})
		if len(found) != 1 {
			t.Fatalf("%d findings", len(found))
		}
		return found[0].Severity
	}
	if on, off := severity("net.(*netFD).Write"), severity("os.(*File).Write"); on != "low" || off != "high" {
		t.Errorf("%s on a socket, %s on a file", on, off)
	}
}

// A finding about one lock explains nothing about another, however much it lost.
func TestTwoLocksAreTwoFindings(t *testing.T) {
	r := base()
	stalledReaders(r)
	r.Groups[1].Parallelism.MostEngaged = 4
	r.Sites[3] = result.Site{Class: "blocked-sync", Kind: "mutex", Frames: []result.Frame{*at("main.post")}, Groups: []int{1}, Waits: 100, TotalNs: 900 * ms, IdleBlockedNs: 900 * ms}
	r.SiteClasses = []result.SiteClass{
		{Kind: "lock", Sites: []int{0}, Waits: 50, TotalNs: 1000 * ms, IdleBlockedNs: 600 * ms, Waiters: []int{1}, HandOffs: 50},
		{Kind: "lock", Sites: []int{3}, Waits: 100, TotalNs: 900 * ms, IdleBlockedNs: 700 * ms, Waiters: []int{1}, HandOffs: 100, BusyNs: 900 * ms, WaitingNs: 900 * ms,
			Convoys: &result.Convoys{Count: 1, Ns: 800 * ms, HandOffs: 90, Requeued: 85}},
	}
	Run(r, nil)
	var found []string
	for _, f := range r.Findings {
		found = append(found, f.Detector)
	}
	slices.Sort(found)
	if want := []string{"lock-convoy", "reader-writer-stall"}; !slices.Equal(found, want) {
		t.Errorf("%v, want %v", found, want)
	}
}

// What points to sites and groups that are not there, as a result from JSON may, is no
// evidence, and breaks nothing.
func TestResultsThatPointNowhere(t *testing.T) {
	for _, i := range []int{-1, 99} {
		r := base()
		r.SiteClasses = []result.SiteClass{{Kind: "lock", Sites: []int{i}, Waits: 100, TotalNs: 900 * ms, IdleBlockedNs: 900 * ms, Waiters: []int{i}, Convoys: &result.Convoys{Count: 1, Ns: 900 * ms, HandOffs: 100, Requeued: 100}}}
		r.Patterns = result.Patterns{
			PingPongs:  []result.PingPong{{Groups: []int{1, 99}, Sites: []int{i, 0}, HandOvers: 20_000, Ns: 900 * ms}, {Ns: 900 * ms}},
			Volleys:    []result.Volley{{Site: i, WakerGroup: i, Count: 10, Woken: 100, Most: 50, Futile: 90, ReadyNs: 900 * ms}},
			Joins:      []result.Join{{Site: i, Group: i, LastGroup: i, Count: 5, Members: 50, Late: 5, WaitNs: 900 * ms, LastGapNs: 900 * ms, Ns: 900 * ms}},
			SleepLoops: []result.SleepLoop{{Site: i, Group: i, Rounds: 500, SleptNs: 900 * ms}},
			YieldLoops: []result.YieldLoop{{Group: i, Count: 20_000, RunningNs: 900 * ms}},
		}
		Run(r, nil)
		if len(r.Findings) > 0 {
			t.Errorf("%d: found %+v", i, r.Findings)
		}
		set := Settings{"busy-yield": {Values: map[string]float64{"least-calls": 0}}, "sleep-poll": {Values: map[string]float64{"least-rounds": 0}}}
		r.Patterns.YieldLoops, r.Patterns.SleepLoops = []result.YieldLoop{{Group: 1}}, []result.SleepLoop{{Site: 0, Group: 1}}
		Run(r, set)
	}
}
