package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"
)

// A crew is a number of workers that do the same thing.
type crew struct {
	name    string
	share   float64 // of the events
	perUnit float64 // events that a unit makes, with all crews at work
	workers int
	burst   int // units between two looks at the clock
	hire    func(i int) (worker, error)
}

// A worker does units of its crew's work, and lets go of what it has at the end.
type worker struct {
	unit func(n int) error
	quit func()
}

// work makes the events, divided between the crews, in the given time, and
// stops when ctx is done or a worker fails.
func work(ctx context.Context, only string, events float64, length time.Duration) error {
	at, err := openSite()
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	defer stop()
	start := time.Now()
	done := make(chan error)
	workers := 0
	for _, c := range crews(at) {
		if only != "" && only != c.name {
			continue
		}
		units := int(events*c.share/c.perUnit) / c.workers
		for i := range c.workers {
			workers++
			go func() { done <- c.work(working, i, units, start, length) }()
		}
	}
	var errs []error
	if workers == 0 {
		errs = append(errs, fmt.Errorf("there is no crew %q", only))
	}
	for range workers {
		if err := <-done; err != nil {
			errs = append(errs, err)
			stop()
		}
	}
	return errors.Join(append(errs, context.Cause(ctx), at.close())...)
}

// work does one worker's units, each not before its time.
func (c *crew) work(ctx context.Context, i, units int, start time.Time, length time.Duration) error {
	w, err := c.hire(i)
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	defer w.quit()
	return down(i, depths, func() error {
		for n := range units {
			if ctx.Err() != nil {
				return nil // work says why
			}
			if n%c.burst == 0 {
				due := time.Duration(float64(length) * float64(n) / float64(units))
				time.Sleep(time.Until(start.Add(due)))
			}
			if err := w.unit(n); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		return nil
	})
}

// depths is how many of a path's bits down looks at: the workers of a crew
// stand on as many as 64 different stacks.
const depths = 6

// down calls f on a stack that is the path's own, so that the trace has many:
// each bit calls another function, with more frames on it the higher it is.
func down(path, bits int, f func() error) error {
	switch {
	case bits == 0:
		return f()
	case path&1 == 0:
		return left(path>>1, bits-1, f)
	default:
		return right(path>>1, bits-1, f)
	}
}

//go:noinline
func left(path, bits int, f func() error) error { return down(path, bits, f) }

//go:noinline
func right(path, bits int, f func() error) error {
	return left(path, bits, f)
}

// stroke computes for about so many microseconds.
func stroke(times int) {
	x := uint64(times) | 1
	for range times * 600 {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	runtime.KeepAlive(x)
}
