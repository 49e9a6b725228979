package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A crew is the goroutines of a scenario, and the way of its driver to know
// that they wait. The trace shows a goroutine under the function that it was
// started with, so that this takes no arguments: a go statement with arguments
// starts a wrapper.
type crew struct {
	started int32
	arrived atomic.Int32
	wg      sync.WaitGroup
}

// start starts n goroutines.
func (c *crew) start(n int, f func()) {
	c.started += int32(n)
	c.wg.Add(n)
	for i := 0; i < n; i++ {
		go f()
	}
}

// arrive is called by a goroutine whose next step is to wait.
func (c *crew) arrive() { c.arrived.Add(1) }

// settle returns when every goroutine has arrived and has had ample time for
// the step from there to its wait, even on a busy machine.
func (c *crew) settle() { c.settleAt(int(c.started)) }

// settleAt is settle for n arrivals.
func (c *crew) settleAt(n int) {
	for c.arrived.Load() < int32(n) {
		time.Sleep(200 * time.Microsecond)
	}
	time.Sleep(5 * time.Millisecond)
}

// leave is called by a goroutine that ends, join waits for all of them.
func (c *crew) leave() { c.wg.Done() }
func (c *crew) join()  { c.wg.Wait() }

// stepsPerMs is how many steps of burn take a millisecond here.
var stepsPerMs = 100_000

// calibrate finds stepsPerMs. The shortest of several tries is the one that
// nothing disturbed.
func calibrate() {
	best := time.Hour
	for i := 0; i < 5; i++ {
		start := time.Now()
		burnSteps(stepsPerMs)
		if d := time.Since(start); d < best {
			best = d
		}
	}
	stepsPerMs = int(float64(stepsPerMs) * float64(time.Millisecond) / float64(best))
}

// burn computes for ms milliseconds of processor time, however long that takes.
func burn(ms float64) { burnSteps(int(ms * float64(stepsPerMs))) }

func burnSteps(n int) {
	x := uint64(n) | 1
	for i := 0; i < n; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	runtime.KeepAlive(x)
}
