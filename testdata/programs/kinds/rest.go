package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"
)

// Goroutines at rest wait for work that may never come: no fault. They stay
// parked when the scenario ends.
var atRest = scenario{
	Name: "at-rest",
	Doc:  "a service without work: accept loop, signal handler, ticker, worker pool, context watcher, idle HTTP connection",
	Expect: []expectation{
		{Func: "main.acceptLoop", Kind: "blocked-io/network", Reason: "network", Goroutines: 1, Waits: 1, AtRest: true},
		{Func: "main.signalHandler", Kind: "blocked-sync/chan-receive", Reason: "chan receive", Goroutines: 1, Waits: 1, AtRest: true},
		{Func: "main.tickerLoop", Kind: "timer/timer-channel", Reason: "select", Goroutines: 1, Waits: 4, AtLeast: true, AtRest: true},
		{Func: "main.poolWorker", Kind: "blocked-sync/chan-receive", Reason: "chan receive", Goroutines: 8, Waits: 8, AtRest: true},
		{Func: "main.contextWatcher", Kind: "blocked-sync/chan-receive", Reason: "chan receive", Goroutines: 1, Waits: 1, AtRest: true},
		{Func: "main.httpServer", Kind: "blocked-io/network", Reason: "network", Goroutines: 1, Waits: 1, AtLeast: true, AtRest: true},
		{Func: "net/http.(*conn).serve", Kind: "blocked-io/network", Reason: "network", Goroutines: 1, Waits: 1, AtLeast: true, AtRest: true},
		{Func: "net/http.(*persistConn).readLoop", Kind: "blocked-io/network", Reason: "network", Goroutines: 1, Waits: 1, AtLeast: true, AtRest: true},
		{Func: "net/http.(*persistConn).writeLoop", Kind: "blocked-sync/select", Reason: "select", Goroutines: 1, Waits: 1, AtLeast: true, AtRest: true},
	},
	run: func() {
		s := &atRestState
		s.listener = must(net.Listen("tcp", "127.0.0.1:0"))
		s.web = must(net.Listen("tcp", "127.0.0.1:0"))
		s.signals = make(chan os.Signal, 1)
		signal.Notify(s.signals, os.Interrupt)
		s.jobs, s.stop = make(chan int), make(chan int)
		s.ctx, s.cancel = context.WithCancel(context.Background())
		for _, f := range []func(){acceptLoop, signalHandler, tickerLoop, contextWatcher, httpServer} {
			s.start(1, f)
		}
		s.start(8, poolWorker)
		s.settle()
		get("http://" + s.web.Addr().String())
		time.Sleep(150 * time.Millisecond)
	},
}

var atRestState struct {
	listener, web net.Listener
	signals       chan os.Signal
	jobs, stop    chan int
	ctx           context.Context
	cancel        context.CancelFunc // never called; it keeps the context's Done channel from being nil
	crew
}

func acceptLoop() {
	atRestState.arrive()
	for {
		c, err := atRestState.listener.Accept()
		if err != nil {
			return
		}
		check(c.Close())
	}
}

func signalHandler() {
	atRestState.arrive()
	<-atRestState.signals
	os.Exit(0)
}

func tickerLoop() {
	atRestState.arrive()
	t := time.NewTicker(25 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-atRestState.stop:
			return
		}
	}
}

func poolWorker() {
	atRestState.arrive()
	for job := range atRestState.jobs {
		burn(float64(job))
	}
}

func contextWatcher() {
	atRestState.arrive()
	<-atRestState.ctx.Done()
}

func httpServer() {
	atRestState.arrive()
	check(http.Serve(atRestState.web, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		must(io.WriteString(w, "hello"))
	})))
}

// get makes one request; its connection is kept alive.
func get(url string) {
	resp := must(http.Get(url))
	must(io.Copy(io.Discard, resp.Body))
	check(resp.Body.Close())
}

// Workers that wait for a busy producer are not at rest: the work is late.
var poolStarved = scenario{
	Name: "pool-starved",
	Doc:  "four workers wait for a producer that computes 4 ms for each of ten jobs",
	Expect: []expectation{
		// A wait before each job and a last one of each worker: 14, but fewer
		// where a single processor lets a worker come back late.
		{Func: "main.starvedWorker", Kind: "blocked-sync/chan-receive", Reason: "chan receive", Goroutines: 4, Waits: 10, AtLeast: true},
	},
	run: func() {
		s := &poolStarvedState
		s.jobs = make(chan int)
		s.start(4, starvedWorker)
		s.settle()
		s.start(1, busyProducer)
		s.join()
	},
}

var poolStarvedState struct {
	jobs chan int
	crew
}

func starvedWorker() {
	s := &poolStarvedState
	defer s.leave()
	s.arrive()
	for range s.jobs {
	}
}

func busyProducer() {
	s := &poolStarvedState
	defer s.leave()
	for i := 0; i < 10; i++ {
		burn(4)
		s.jobs <- i
	}
	burn(4)
	close(s.jobs)
}
