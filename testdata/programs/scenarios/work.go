package main

import (
	"context"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"

	"github.com/conctrace/conctrace/testdata/programs/internal/ground"
)

var (
	workers sync.WaitGroup // the goroutines of a scenario
	heavy   sync.WaitGroup // those of them that compute, where the others go on until these have ended

	stopping atomic.Bool // tells those others to end
)

// burn computes for ms milliseconds of processor time, however long that takes.
func burn(ms float64) { ground.Burn(ms) }

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

// check and must end the program.
func check(err error) { ground.Check(err) }

func must[T any](v T, err error) T { return ground.Must(v, err) }
