package main

import (
	"runtime"
	"sync"
	"time"
)

var oneGoroutine = scenario{
	Name: "s01-one-goroutine", ID: "S01", Procs: 2,
	Doc: "main computes for 60 ms and nobody else exists. Serial all the time, average parallelism 1, no findings.",
	run: func() { burnMarked(60) },
}

var twoOnOneProc = scenario{
	Name: "s02-two-on-one-proc", ID: "S02", Procs: 1,
	Doc:   "Two goroutines compute for 60 ms each on one processor: 120 ms. Concurrent all the time, never parallel, for want of capacity: one runs, the other is ready. Two are no fan-out that is too wide.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	run:   func() { runEqualWorkers(2) },
}

var twoOnTwoProcs = scenario{
	Name: "s03-two-on-two-procs", ID: "S03", Procs: 2,
	Doc:   "The same two goroutines on two processors: 60 ms. Parallel nearly all the time, average parallelism 2, efficiency 1.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	run:   func() { runEqualWorkers(2) },
}

func runEqualWorkers(n int) {
	for range n {
		workers.Add(1)
		go equalWorker()
	}
	workers.Wait()
}

func equalWorker() {
	defer workers.Done()
	burnMarked(60)
}

var forkJoin = scenario{
	Name: "s04-fork-join", ID: "S04", Procs: 2,
	Doc:   "main computes 20 ms, four goroutines 20 ms each, main again 20 ms. With two processors, where the list of scenarios has four, that takes 80 ms: half of the time one runs, half of it two; average parallelism 1.5, a third of the work is serial, the longest path is 60 ms and the parallelism in it 2.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	run: func() {
		serialPart()
		for range 4 {
			workers.Add(1)
			go forkedPart()
		}
		workers.Wait()
		serialPart()
	},
}

func serialPart() { burnMarked(20) }

func forkedPart() {
	defer workers.Done()
	burnMarked(20)
}

var eightOnTwoProcs = scenario{
	Name: "s05-eight-on-two-procs", ID: "S05", Procs: 2,
	Doc:   "Eight goroutines compute for 15 ms each. With two processors, where the list of scenarios has four, that takes 60 ms: saturated, both run all the time, and between 3 and 6 are ready on average. Who keeps them waiting is their own group.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	run: func() {
		for range 8 {
			workers.Add(1)
			go saturator()
		}
		workers.Wait()
	},
}

func saturator() {
	defer workers.Done()
	burnMarked(15)
}

var delegation = scenario{
	Name: "s45-delegation", ID: "S45", Procs: 2,
	Doc:   "main starts one goroutine and waits until it has computed for 4 ms, 20 times in turn. Serial, not interleaved: the child is in the parent's place.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 20},
	run: func() {
		for range 20 {
			workers.Add(1)
			go onlyChild()
			workers.Wait()
		}
	},
}

func onlyChild() {
	defer workers.Done()
	burn(4)
}

var profiledFourProcs = scenario{
	Name: "s38-profiled-four-procs", ID: "S38", Procs: 4,
	Doc:     "Four goroutines compute for 250 ms each under GOMAXPROCS=4 on a machine with two processors, while a CPU profile runs. The trace says that four run in parallel; its CPU samples say that only half of that time, or less, was on a processor.",
	Waits:   map[string]int{"main.main blocked-sync/waitgroup": 1},
	profile: true,
	run:     runProfiled,
}

var profiledTwoProcs = scenario{
	Name: "s38-profiled-two-procs", ID: "S38", Procs: 2,
	Doc:     "The same four goroutines under GOMAXPROCS=2, which the machine has. Saturated, and the CPU samples agree with the trace.",
	Waits:   map[string]int{"main.main blocked-sync/waitgroup": 1},
	profile: true,
	run:     runProfiled,
}

func runProfiled() {
	for range 4 {
		workers.Add(1)
		go profiledWorker()
	}
	workers.Wait()
}

func profiledWorker() {
	defer workers.Done()
	burnMarked(250)
}

var forcedGC = scenario{
	Name: "s36-forced-gc", ID: "S36", Procs: 2,
	Doc: "A goroutine forces two collections while another computes for 50 ms. The runtime's sweeper and runtime.GC yield about two hundred times; no goroutine of the program asked for that, so no finding about yielding.",
	Waits: map[string]int{
		"main.collector timer/sleep":       2,
		"main.main blocked-sync/waitgroup": 1,
	},
	before: func() {
		for i := range forcedGCState.heap {
			forcedGCState.heap[i] = new([1024]*byte)
		}
	},
	run: func() {
		workers.Add(2)
		go collector()
		go steadyWorker()
		workers.Wait()
	},
}

var forcedGCState struct{ heap [3000]*[1024]*byte }

func collector() {
	defer workers.Done()
	for range 2 {
		time.Sleep(10 * time.Millisecond)
		runtime.GC()
	}
}

func steadyWorker() {
	defer workers.Done()
	burnMarked(50)
}

var memStats = scenario{
	Name: "s37-mem-stats", ID: "S37", Procs: 2,
	Doc: "A goroutine reads the memory statistics 60 times, every millisecond, and stops the world for that; another computes all the while and is stopped each time.",
	run: func() {
		workers.Add(2)
		go statsPoller()
		go interruptedWorker()
		workers.Wait()
	},
	Waits: map[string]int{"main.statsPoller timer/sleep": 60},
}

func statsPoller() {
	defer workers.Done()
	var m runtime.MemStats
	for range 60 {
		runtime.ReadMemStats(&m)
		time.Sleep(time.Millisecond)
	}
	stopping.Store(true)
}

func interruptedWorker() {
	defer workers.Done()
	for !stopping.Load() {
		burnMarked(1)
	}
}

// Store is slow, and has one lock for everything.
type Store struct {
	mu      sync.Mutex
	lookups int
}

// Lookup works for 2 ms under the lock.
func (s *Store) Lookup() {
	s.mu.Lock()
	defer s.mu.Unlock()
	burn(2)
	s.lookups++
}

var lockSerialises = scenario{
	Name: "lock-serialises", Procs: 2,
	Doc: "Six goroutines each call (*Store).Lookup 25 times, which works for 2 ms under a mutex, and do 0.2 ms of work between. That takes 300 ms: a lock serialises them, and most of the second processor is lost.",
	run: func() {
		for range 6 {
			workers.Add(1)
			go storeClient()
		}
		workers.Wait()
	},
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
}

var store Store

func storeClient() {
	defer workers.Done()
	for range 25 {
		store.Lookup()
		burn(0.2)
	}
}
