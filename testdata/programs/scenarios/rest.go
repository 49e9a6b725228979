package main

import (
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"time"
)

var idlePool = scenario{
	Name: "s22-idle-pool", ID: "S22", Procs: 2,
	Doc: "A pool of eight goroutines waits for jobs, of which there are none, while main waits on a timer for 300 ms. The pool is at rest; no findings.",
	Waits: map[string]int{
		"main.idleWorker blocked-sync/chan-receive": 8,
		"main.main timer/timer-channel":             1,
	},
	before: func() { jobs = make(chan int) },
	idle:   true,
	run: func() {
		for range 8 {
			go idleWorker()
		}
		idleFor(300 * time.Millisecond)
	},
}

func idleWorker() {
	for range jobs {
		burn(1)
	}
}

var idleListener = scenario{
	Name: "s23-idle-listener", ID: "S23", Procs: 2,
	Doc: "An accept loop that nobody calls, a ticker of 20 ms and a signal handler that gets no signal, while main waits on a timer for 500 ms. Idle; no findings.",
	Waits: map[string]int{
		"main.acceptLoop blocked-io/network":           1,
		"main.signalHandler blocked-sync/chan-receive": 1,
		"main.main timer/timer-channel":                1,
	},
	before: func() {
		listenForSignals()
		listener = must(net.Listen("tcp", "127.0.0.1:0"))
	},
	idle: true,
	run: func() {
		go acceptLoop()
		tickPeriod = 20 * time.Millisecond
		go tickLoop()
		go signalHandler()
		idleFor(500 * time.Millisecond)
	},
}

var (
	listener   net.Listener
	signals    = make(chan os.Signal, 1)
	shutdown   = make(chan bool)
	tickPeriod time.Duration
	never      = make(chan int) // nobody sends to it, nobody closes it
)

func acceptLoop() {
	for {
		must(listener.Accept())
	}
}

func tickLoop() {
	for range time.Tick(tickPeriod) {
		burn(0.02)
	}
}

func listenForSignals() { signal.Notify(signals, os.Interrupt) }

func signalHandler() {
	<-signals
	close(shutdown)
}

// idleFor is how main waits for the end where a trace takes a fixed time.
func idleFor(d time.Duration) {
	select {
	case <-never:
	case <-time.After(d):
	}
}

var idleServer = scenario{
	Name: "idle-server", Procs: 2,
	Doc: "A net/http server, a ticker of 100 ms and a signal handler, all started before the trace, while main waits on a timer for 1.1 s. Nobody calls. Idle; no findings.",
	before: func() {
		listener = must(net.Listen("tcp", "127.0.0.1:0"))
		listenForSignals()
		tickPeriod = 100 * time.Millisecond
		go serve()
		go tickLoop()
		go signalHandler()
		time.Sleep(10 * time.Millisecond)
	},
	idle: true,
	run:  func() { idleFor(1100 * time.Millisecond) },
	Waits: map[string]int{
		"main.serve blocked-io/network":                1,
		"main.signalHandler blocked-sync/chan-receive": 1,
		"main.main timer/timer-channel":                1,
	},
}

func serve() { check(http.Serve(listener, http.HandlerFunc(handleRequest))) }

var httpModerate = scenario{
	Name: "http-moderate", Procs: 2,
	Doc:   "A net/http server gets 192 requests over eight connections in 1 s; each takes 0.3 ms of work, a short lock and a channel as semaphore. Healthy.",
	Usual: map[string]int{"net/http.(*conn).serve blocked-sync/cond": 192}, // one for each request
	before: func() {
		listener = must(net.Listen("tcp", "127.0.0.1:0"))
		slots = make(chan int, 2)
		go serve()
		startChild(nil, "http-load", "http://"+listener.Addr().String()+"/")
	},
	idle: true,
	run: func() {
		beginChild()
		idleFor(time.Second)
		endChild()
	},
}

// slots lets two requests at a time do their work.
var slots chan int

func handleRequest(w http.ResponseWriter, r *http.Request) {
	n := visits.add()
	slots <- n
	burn(0.3)
	<-slots
	must(w.Write([]byte("hello")))
}

type counter struct {
	mu sync.Mutex
	n  int
}

var visits counter

func (c *counter) add() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return c.n
}

var nilChannel = scenario{
	Name: "s40-nil-channel", ID: "S40", Procs: 2,
	Doc:   "A goroutine receives from a nil channel, which nothing can end, while main does a little at every tick of 20 ms, for 1.1 s. It is stuck for good.",
	Waits: map[string]int{"main.nilReceiver blocked-sync/forever": 1},
	run: func() {
		go nilReceiver()
		lightTicks(55, 20*time.Millisecond)
	},
}

var nilChan chan int // stays nil

func nilReceiver() { <-nilChan }

var stuckOnChannel = scenario{
	Name: "stuck-on-channel", Procs: 2,
	Doc:   "A goroutine waits within its work for a reply that nobody will ever send, while main does a little at every tick of 20 ms, for 1.1 s. It is stuck.",
	Waits: map[string]int{"main.stuckClient blocked-sync/chan-receive": 1},
	run: func() {
		go stuckClient()
		lightTicks(55, 20*time.Millisecond)
	},
}

func stuckClient() { placeOrder(never) }

func placeOrder(reply chan int) int {
	burn(0.05)
	return awaitReply(reply)
}

// awaitReply waits for a reply in the midst of other work; a goroutine that
// waited in its own loop could as well be one that waits for jobs.
//
//go:noinline
func awaitReply(reply chan int) int { return <-reply }

var leak = scenario{
	Name: "leak", Procs: 2,
	Doc:   "At every tick of 17 ms main starts a goroutine that sends to a channel of its own, which nobody receives from: 60 in 1 s, at one line, and none ends. A leak in leakySend.",
	Waits: map[string]int{"main.leakySend blocked-sync/chan-send": 60},
	run: func() {
		t := time.NewTicker(17 * time.Millisecond)
		defer t.Stop()
		for i := range 63 {
			<-t.C
			if i < 60 {
				go leakySend()
			}
			burn(0.1)
		}
	},
}

func leakySend() {
	result := make(chan int)
	burn(0.05)
	result <- 1
}

// Of the waits that began before the trace those that end in it have no reason
// in it, and those that do not only have a stack.
var openWaits = scenario{
	Name: "s42-open-waits", ID: "S42", Procs: 2,
	Doc: "Four goroutines wait before the trace begins and still wait when it ends, three wait before and are released in the middle, two begin to wait in it and still do at the end; main does a little at every tick of 2 ms, for 100 ms. The waits' lengths are lower bounds at the open ends; times still add up to lifetimes.",
	before: func() {
		held.Lock()
		released.Lock()
		gate = make(chan int)
		conns = startLateServer(1)
		go throughoutMutex()
		go throughoutReceiver()
		go throughoutSleeper()
		go throughoutReader()
		workers.Add(3)
		go earlyMutex()
		go earlyReceiver()
		go earlySender()
		time.Sleep(20 * time.Millisecond)
	},
	run: func() {
		go lateReceiver()
		go lateSleeper()
		lightTicks(25, 2*time.Millisecond)
		released.Unlock()
		gate <- 1 // to earlyReceiver
		<-results // from earlySender
		workers.Wait()
		lightTicks(25, 2*time.Millisecond)
	},
	Waits: map[string]int{
		"main.lateReceiver blocked-sync/chan-receive":       1,
		"main.lateSleeper timer/sleep":                      1,
		"main.throughoutMutex blocked-sync/mutex":           1,
		"main.throughoutReceiver blocked-sync/chan-receive": 1,
		"main.throughoutSleeper timer/sleep":                1,
		"main.throughoutReader blocked-io/network":          1,
		"main.earlyMutex blocked-sync/mutex":                1,
	},
}

var (
	held, released sync.Mutex
	results        = make(chan int)
)

func throughoutMutex()    { held.Lock() }
func throughoutReceiver() { <-never }
func throughoutSleeper()  { time.Sleep(time.Hour) }
func throughoutReader()   { conns[0].Read(make([]byte, 1)) }

// These compute when they are released, for the trace to have their stack.
func earlyMutex() {
	defer workers.Done()
	released.Lock()
	burnMarked(1)
}

func earlyReceiver() {
	defer workers.Done()
	<-gate
	burnMarked(1)
}

func earlySender() {
	defer workers.Done()
	results <- 1
	burnMarked(1)
}

func lateReceiver() { <-never }
func lateSleeper()  { time.Sleep(time.Hour) }
