// Package ground is what programs have in common whose traces are ground truth:
// calibrated work, a process for what must not be in the trace, and the command
// line that records them.
package ground

import (
	"runtime"
	"time"
)

// stepsPerMs is how many steps of Burn take a millisecond here.
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

// Burn computes for ms milliseconds of processor time, however long that takes.
func Burn(ms float64) { burnSteps(int(ms * float64(stepsPerMs))) }

func burnSteps(n int) {
	x := uint64(n) | 1
	for range n {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	runtime.KeepAlive(x)
}

// Check and Must end the program: one that fails is of no use.
func Check(err error) {
	if err != nil {
		panic(err)
	}
}

func Must[T any](v T, err error) T {
	Check(err)
	return v
}
