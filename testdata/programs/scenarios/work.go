package main

import (
	"context"
	"runtime"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"
)

var (
	workers sync.WaitGroup // the goroutines of a scenario
	heavy   sync.WaitGroup // those of them that compute, where the others go on until these have ended

	stopping atomic.Bool // tells those others to end
)

// stepsPerMs is how many steps of burn take a millisecond here.
var stepsPerMs = 1_000_000

// calibrate finds stepsPerMs. The shortest of several tries is the one that
// nothing disturbed.
func calibrate() {
	best := time.Hour
	for range 15 {
		start := time.Now()
		burnSteps(stepsPerMs)
		best = min(best, time.Since(start))
	}
	stepsPerMs = int(float64(stepsPerMs) * float64(time.Millisecond) / float64(best))
}

// burn computes for ms milliseconds of processor time, however long that takes.
func burn(ms float64) { burnSteps(int(ms * float64(stepsPerMs))) }

func burnSteps(n int) {
	x := uint64(n) | 1
	for range n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	runtime.KeepAlive(x)
}

// burnMarked computes for n milliseconds, each in a region of its own: a mere
// burn leaves next to nothing in a trace.
func burnMarked(n int) {
	for range n {
		r := trace.StartRegion(context.Background(), "step")
		burn(1)
		r.End()
	}
}

// lightTicks does a little work at every of n ticks, for main not to be silent.
func lightTicks(n int, period time.Duration) {
	t := time.NewTicker(period)
	defer t.Stop()
	for range n {
		<-t.C
		burn(0.1)
	}
}

// check and must end the program: a scenario that fails is of no use.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}
