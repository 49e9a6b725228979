package main

import (
	"context"
	"sync"
	"time"
)

const apiCalls = 120

var rateLimiter = service{
	Name: "rate-limiter", Procs: 2, Twin: "limiter-by-polling",
	Doc:    "Six goroutines call an external API, which answers after 4 ms, 120 times in all, and may not do so more than once in 2 ms: each takes a token from a bucket before, to which a ticker adds one every 2 ms. 240 ms. They wait for tokens most of the time, as they are meant to: healthy by design.",
	before: func() { startBackend(6) },
	run: func() {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		callAPI(newTokenBucket(ctx, 2*time.Millisecond))
	},
}

var limiterByPolling = service{
	Name: "limiter-by-polling", Procs: 2,
	Doc:    "The same with a limiter that sleeps for 0.2 ms at a time, in (*pollingLimiter).Wait, until it is time for the next call, and keeps a mutex meanwhile: some 250 sleeps, which last for 1 ms and of which every other ends too early, while the others wait for the mutex. That a call must wait is meant; that it polls is not, and that it does so with the lock in its hands is not either.",
	Expect: []string{"sleep-poll"}, Culprit: "main.(*pollingLimiter).Wait",
	before: func() { startBackend(6) },
	run:    func() { callAPI(&pollingLimiter{interval: 2 * time.Millisecond}) },
}

// A limiter lets its callers wait until they may go on.
type limiter interface{ Wait() }

func callAPI(l limiter) {
	calls := make(chan int, apiCalls)
	for i := range apiCalls {
		calls <- i
	}
	close(calls)
	for range 6 {
		workers.Go(func() { apiCaller(calls, l) })
	}
	workers.Wait()
}

func apiCaller(calls <-chan int, l limiter) {
	for range calls {
		l.Wait()
		check(callBackend(4))
		burn(0.05)
	}
}

// tokenBucket holds up to two tokens.
type tokenBucket struct{ tokens chan struct{} }

func newTokenBucket(ctx context.Context, every time.Duration) *tokenBucket {
	b := &tokenBucket{make(chan struct{}, 2)}
	go b.refill(ctx, every)
	return b
}

func (b *tokenBucket) refill(ctx context.Context, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		select {
		case b.tokens <- struct{}{}:
		default: // it is full
		}
	}
}

// Wait waits for a token.
func (b *tokenBucket) Wait() { <-b.tokens }

type pollingLimiter struct {
	mu       sync.Mutex
	last     time.Time
	interval time.Duration
}

// Wait waits until the last call is long enough ago.
func (l *pollingLimiter) Wait() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for time.Since(l.last) < l.interval {
		time.Sleep(200 * time.Microsecond)
	}
	l.last = time.Now()
}
