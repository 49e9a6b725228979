package main

import (
	"io"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"time"
)

var gc = scenario{
	Name: "gc",
	Doc:  "a goroutine collects a large heap twice and waits for it",
	Expect: []expectation{
		{Func: "main.collector", Kind: "runtime/gc-wait", Reason: "wait until GC ends", Goroutines: 1, Waits: 2, since: 22},
	},
	run: func() {
		s := &gcState
		s.heap = pointers(32)
		s.start(1, collector)
		s.join()
		s.heap = nil
	},
}

var gcState struct {
	heap [][]*byte
	crew
}

func collector() {
	defer gcState.leave()
	runtime.GC()
	runtime.GC()
}

// pointers returns mb megabytes of pointers in few large objects: long to mark,
// but quick to sweep. (The sweeper and its callers stop at every span.)
func pointers(mb int) [][]*byte {
	target := make([]byte, 1<<20)
	heap := make([][]*byte, mb)
	for i := range heap {
		heap[i] = make([]*byte, 1<<20/8)
		for j := range heap[i] {
			heap[i][j] = &target[j]
		}
	}
	return heap
}

var gcAssist = scenario{
	Name: "gc-assist",
	Doc:  "four goroutines allocate while the heap is collected, and must help",
	Expect: []expectation{
		{Func: "main.allocator", Kind: "running/gc-assist", Goroutines: 4, Waits: 4, AtLeast: true, Range: "GC mark assist"},
	},
	run: func() {
		s := &gcAssistState
		s.heap = pointers(16)
		debug.SetGCPercent(50)
		s.start(4, allocator)
		s.join()
		debug.SetGCPercent(-1)
		s.heap = nil
	},
}

var gcAssistState struct {
	heap [][]*byte
	crew
}

type node struct {
	next *node
	_    [31]*node
}

func allocator() {
	defer gcAssistState.leave()
	var list *node
	for i := 0; i < 40_000; i++ {
		list = &node{next: list}
		if i%500 == 0 {
			list = nil
		}
	}
	runtime.KeepAlive(list)
}

var stopTheWorld = scenario{
	Name: "stw",
	Doc:  "a goroutine stops the world twenty times to read the memory statistics",
	Expect: []expectation{
		{Func: "main.statsReader", Goroutines: 1, Waits: 20, Range: "stop-the-world (read mem stats)"},
	},
	run: func() {
		stopTheWorldState.start(1, statsReader)
		stopTheWorldState.join()
	},
}

var stopTheWorldState struct{ crew }

func statsReader() {
	defer stopTheWorldState.leave()
	var m runtime.MemStats
	for i := 0; i < 20; i++ {
		runtime.ReadMemStats(&m)
		burn(0.2)
	}
}

var gosched = scenario{
	Name: "gosched",
	Doc:  "two goroutines yield 150 times each",
	Expect: []expectation{
		{Func: "main.yielder", Kind: "runnable/yielded", Reason: "runtime.Gosched", Goroutines: 2, Waits: 300},
	},
	run: func() {
		goschedState.start(2, yielder)
		goschedState.join()
	},
}

var goschedState struct{ crew }

func yielder() {
	defer goschedState.leave()
	for i := 0; i < 150; i++ {
		runtime.Gosched()
	}
}

var gomaxprocsChange = scenario{
	Name: "gomaxprocs-change",
	Doc:  "a goroutine sets GOMAXPROCS to 1, 3 and back",
	Expect: []expectation{
		{Func: "main.procsChanger", Goroutines: 1, Waits: 3, Range: "stop-the-world (GOMAXPROCS)"},
	},
	run: func() {
		gomaxprocsState.start(1, procsChanger)
		gomaxprocsState.join()
	},
}

var gomaxprocsState struct{ crew }

func procsChanger() {
	defer gomaxprocsState.leave()
	old := runtime.GOMAXPROCS(0)
	for _, n := range []int{old + 2, old + 1, old} {
		runtime.GOMAXPROCS(n)
		time.Sleep(3 * time.Millisecond)
	}
}

var cpuSamples = scenario{
	Name: "cpu-samples",
	Doc:  "a goroutine computes for 100 ms while a CPU profile runs beside the trace",
	Expect: []expectation{
		{Func: "main.burner", Kind: "running/user", Goroutines: 1},
	},
	run: func() {
		check(pprof.StartCPUProfile(io.Discard))
		cpuSamplesState.start(1, burner)
		cpuSamplesState.join()
		pprof.StopCPUProfile()
	},
}

var cpuSamplesState struct{ crew }

func burner() {
	defer cpuSamplesState.leave()
	burn(100)
}
