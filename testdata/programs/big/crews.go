package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

// crews has the whole mix. The shares sum to one; the events of a unit were
// counted in a trace.
func crews(at *site) []crew {
	locks := &locks{}
	return []crew{
		{name: "ping-pong", share: 0.32, perUnit: 6.1, workers: 40, burst: 8, hire: pingPong},
		{name: "pipeline", share: 0.10, perUnit: 2.4, workers: 12, burst: 16, hire: pipeline},
		{name: "locks", share: 0.10, perUnit: 4.5, workers: 12, burst: 8, hire: locks.hire},
		{name: "timers", share: 0.11, perUnit: 5.3, workers: 16, burst: 4, hire: timers},
		{name: "http", share: 0.16, perUnit: 64, workers: 8, burst: 1, hire: at.client},
		{name: "tasks", share: 0.08, perUnit: 9.5, workers: 8, burst: 8, hire: tasks},
		{name: "spawn", share: 0.07, perUnit: 28, workers: 4, burst: 2, hire: spawn},
		{name: "files", share: 0.03, perUnit: 19, workers: 4, burst: 4, hire: at.reader},
		{name: "blocked", share: 0.01, perUnit: 15, workers: 3, burst: 1, hire: blocked},
		{name: "garbage", share: 0.02, perUnit: 9.2, workers: 4, burst: 2, hire: garbage},
	}
}

func nothing() {}

// pingPong plays with a partner over channels without a buffer.
func pingPong(i int) (worker, error) {
	ping, pong := make(chan int), make(chan int)
	partner := func() error {
		for n := range ping {
			stroke(1)
			pong <- n
		}
		return nil
	}
	go func() { _ = down(i, depths, partner) }() // it has no error
	unit := func(n int) error {
		ping <- n
		stroke(1)
		<-pong
		return nil
	}
	return worker{unit, func() { close(ping) }}, nil
}

// pipeline sends to a stage with a short queue, which a select empties.
func pipeline(i int) (worker, error) {
	jobs, urgent, quit := make(chan int, 2), make(chan int), make(chan struct{})
	stage := func() error {
		for {
			select {
			case n := <-jobs:
				stroke(2 + n%2)
			case n := <-urgent:
				stroke(1 + n%2)
			case <-quit:
				return nil
			}
		}
	}
	go func() { _ = down(i, depths, stage) }() // it has no error
	unit := func(n int) error {
		if n%4 == 0 {
			urgent <- n
		}
		jobs <- n
		return nil
	}
	return worker{unit, func() { close(quit) }}, nil
}

// locks are contended: who has one lets the others run meanwhile.
type locks struct {
	plain sync.Mutex
	rw    sync.RWMutex
}

func (l *locks) hire(i int) (worker, error) {
	kinds := []sync.Locker{&l.plain, &l.rw, l.rw.RLocker()}
	lock := kinds[i%len(kinds)]
	unit := func(n int) error {
		return down(n, 2, func() error {
			lock.Lock()
			defer lock.Unlock()
			stroke(1)
			runtime.Gosched()
			return nil
		})
	}
	return worker{unit, nothing}, nil
}

// timers sleeps, waits for timers and lets deadlines pass.
func timers(i int) (worker, error) {
	const wait = 50 * time.Microsecond
	fired := make(chan bool)
	unit := func(n int) error {
		switch n % 4 {
		case 0, 1:
			time.Sleep(wait)
		case 2:
			time.AfterFunc(wait, func() { fired <- true })
			<-fired
		case 3:
			ctx, cancel := context.WithTimeout(context.Background(), wait)
			defer cancel()
			<-ctx.Done()
		}
		return nil
	}
	return worker{unit, nothing}, nil
}

// client is a client of the site's server, with a connection of its own.
func (s *site) client(i int) (worker, error) {
	transport := &http.Transport{}
	client := &http.Client{Transport: transport}
	unit := func(n int) error { return s.get(client, (i*7+n)%160) }
	return worker{unit, transport.CloseIdleConnections}, nil
}

// tasks annotates its work.
func tasks(i int) (worker, error) {
	types := []string{"import", "export", "index", "verify"}
	unit := func(n int) error {
		ctx, task := trace.NewTask(context.Background(), types[(i+n)%len(types)])
		defer task.End()
		trace.Logf(ctx, "batch", "%d of 100", n%100)
		trace.WithRegion(ctx, "read", func() { stroke(2) })
		return down(n, 3, func() error {
			defer trace.StartRegion(ctx, "write").End()
			trace.Log(ctx, "state", "written")
			stroke(2)
			return nil
		})
	}
	return worker{unit, nothing}, nil
}

// spawn has goroutines that live for one small job.
func spawn(int) (worker, error) {
	unit := func(n int) error {
		return down(n, 3, func() error {
			var jobs sync.WaitGroup
			for j := range 8 {
				jobs.Go(func() { stroke(1 + j) })
			}
			jobs.Wait()
			return nil
		})
	}
	return worker{unit, nothing}, nil
}

// reader reads a little of the site's file.
func (s *site) reader(int) (worker, error) {
	buf := make([]byte, 4096)
	unit := func(int) error {
		f, err := os.Open(s.file)
		if err != nil {
			return err
		}
		defer f.Close()
		for range 3 {
			if _, err := f.Read(buf); err != nil {
				return err
			}
		}
		return nil
	}
	return worker{unit, nothing}, nil
}

// blocked waits in system calls, for a pipe that the poller does not know of,
// so long that its processor is taken away.
func blocked(i int) (worker, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return worker{}, err
	}
	r.Fd() // has the pipe block from now on
	asked, written := make(chan bool), make(chan error, 1)
	partner := func() error {
		for range asked {
			time.Sleep(time.Millisecond)
			_, err := w.Write([]byte{1})
			written <- err
		}
		return nil
	}
	go func() { _ = down(i, depths, partner) }() // it has no error
	buf := make([]byte, 1)
	unit := func(int) error {
		asked <- true
		_, err := r.Read(buf)
		return errors.Join(err, <-written)
	}
	return worker{unit, func() { close(asked); r.Close(); w.Close() }}, nil
}

// garbage keeps the garbage collector at work: each worker has a heap of some
// megabytes, which it replaces bit by bit.
func garbage(int) (worker, error) {
	heap := make([][]byte, 1024)
	unit := func(n int) error {
		for j := range 8 {
			heap[(n*8+j)%len(heap)] = fmt.Appendf(make([]byte, 0, 2048), "%d", n)
		}
		return nil
	}
	return worker{unit, nothing}, nil
}
