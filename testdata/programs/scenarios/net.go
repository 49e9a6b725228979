package main

import (
	"net"
	"sync/atomic"
	"time"
)

var sequentialReads = scenario{
	Name: "s07-sequential-reads", ID: "S07", Procs: 2,
	Doc: "One goroutine asks five servers one after the other, each answers after 10 ms; three rounds, 150 ms. Latency-bound: the reads could have been made at once, which would save four fifths.",
	Waits: map[string]int{
		"main.sequentialReader blocked-io/network": 15,
		"main.main blocked-sync/waitgroup":         1,
	},
	before: func() { conns = startLateServer(5) },
	run: func() {
		workers.Add(1)
		go sequentialReader()
		workers.Wait()
	},
}

var conns []net.Conn

func sequentialReader() {
	defer workers.Done()
	for range 3 {
		for _, c := range conns {
			fetch(c, 10)
			burn(0.1)
		}
	}
}

var concurrentReads = scenario{
	Name: "s08-concurrent-reads", ID: "S08", Procs: 2,
	Doc: "The same five servers are asked by a goroutine each; six rounds, 60 ms. Five things in progress (main's join is none), latency-bound by I/O, and no advice to make sequential reads concurrent.",
	Waits: map[string]int{
		"main.concurrentReader blocked-io/network": 30,
		"main.main blocked-sync/waitgroup":         6,
	},
	before: func() { conns = startLateServer(5) },
	run: func() {
		for range 6 {
			nextConn.Store(0)
			for range conns {
				workers.Add(1)
				go concurrentReader()
			}
			workers.Wait()
		}
	},
}

var nextConn atomic.Int32

func concurrentReader() {
	defer workers.Done()
	fetch(conns[nextConn.Add(1)-1], 10)
	burn(0.1)
}

var latencyBoundWorkers = scenario{
	Name: "latency-bound-workers", Procs: 2,
	Doc: "Two goroutines take 15 jobs each from their queues; handleJob waits 10 ms for a server and computes 0.1 ms. Both processors idle while jobs wait: too few in progress at a time, bound by the latency of I/O.",
	Waits: map[string]int{
		"main.jobWorker blocked-io/network": 30,
		"main.main blocked-sync/waitgroup":  1,
	},
	before: func() {
		conns = startLateServer(2)
		jobs = make(chan int, 30)
		for i := range 30 {
			jobs <- i
		}
		close(jobs)
	},
	run: func() {
		for range 2 {
			workers.Add(1)
			go jobWorker()
		}
		workers.Wait()
	},
}

var jobs chan int

func jobWorker() {
	defer workers.Done()
	c := conns[nextConn.Add(1)-1]
	for range jobs {
		handleJob(c)
	}
}

func handleJob(c net.Conn) {
	fetch(c, 10)
	burn(0.1)
}

var hogOneProc = scenario{
	Name: "s11-hog-one-proc", ID: "S11", Procs: 1,
	Doc:    "A hog computes for 200 ms on the only processor, beside a goroutine that sleeps for 5 ms at a time and one that echoes messages, which come every 5 ms. The sleeps last about 20 ms although the sleeper is never long ready; the messages wait about 10 ms in the network until the poller is asked and another 10 ms as a ready goroutine. To blame is the hog.",
	before: func() { conns = startPinger(1) },
	run:    runHog,
}

var hogTwoProcs = scenario{
	Name: "s12-hog-two-procs", ID: "S12", Procs: 2,
	Doc:    "The same with two processors. Nobody is late but for a few sleeps, the hog harms nobody: healthy.",
	before: func() { conns = startPinger(1) },
	run:    runHog,
}

func runHog() {
	startHandlers()
	heavy.Add(1)
	go hog()
	heavy.Wait()
	stopHandlers()
}

// startHandlers starts what must not be kept waiting: an echo for every
// connection and a heartbeat.
func startHandlers() {
	beginChild()
	for range conns {
		workers.Add(1)
		go handleMessages()
	}
	workers.Add(1)
	go heartbeat()
}

func stopHandlers() {
	stopping.Store(true)
	endChild()
	workers.Wait()
}

// handleMessages echoes until the other side goes away.
func handleMessages() {
	defer workers.Done()
	c := conns[nextConn.Add(1)-1]
	buf := make([]byte, 1)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
		burn(0.05)
		if _, err := c.Write(buf); err != nil {
			return
		}
	}
}

func heartbeat() {
	defer workers.Done()
	for !stopping.Load() {
		time.Sleep(5 * time.Millisecond)
		burn(0.05)
	}
}

var hogInPool = scenario{
	Name: "s13-hogs-in-pool", ID: "S13", Procs: 2,
	Doc:    "Four computations of 50 ms go through a pool of one goroutine, so that one of the two processors stays free for the echo and the heartbeat. They are quick: healthy.",
	before: func() { conns = startPinger(1); pool = make(chan float64, 4) },
	run: func() {
		startHandlers()
		heavy.Add(1)
		go poolWorker()
		for range 4 {
			pool <- 50
		}
		close(pool)
		heavy.Wait()
		stopHandlers()
	},
}

var pool chan float64

func poolWorker() {
	defer heavy.Done()
	for ms := range pool {
		crunch(ms)
	}
}

// crunch is the heavy computation.
func crunch(ms float64) { burn(ms) }

var heavyDelaysOthers = scenario{
	Name: "heavy-delays-others", Procs: 1,
	Doc:    "Two goroutines echo messages that come every 5 ms, a heartbeat sleeps for 5 ms at a time; after 50 ms crunch computes for 150 ms in one go on the only processor, and all of them are late by 10 to 30 ms until it ends. 50 ms later the program does.",
	before: func() { conns = startPinger(2) },
	run: func() {
		startHandlers()
		time.Sleep(50 * time.Millisecond)
		heavy.Add(1)
		go cruncher()
		heavy.Wait()
		time.Sleep(50 * time.Millisecond)
		stopHandlers()
	},
}

func cruncher() {
	defer heavy.Done()
	crunch(150)
}

var heavyInBoundedPool = scenario{
	Name: "heavy-in-bounded-pool", Procs: 2,
	Doc:    "The same, but the 150 ms are three jobs of 50 ms for a pool of one goroutine, and there are two processors. The messages and the heartbeat are handled at once: healthy.",
	Waits:  map[string]int{"main.poolWorker blocked-sync/chan-receive": 1},
	before: func() { conns = startPinger(2); pool = make(chan float64, 3) },
	run: func() {
		startHandlers()
		heavy.Add(1)
		go poolWorker()
		time.Sleep(50 * time.Millisecond)
		for range 3 {
			pool <- 50
		}
		close(pool)
		heavy.Wait()
		time.Sleep(50 * time.Millisecond)
		stopHandlers()
	},
}

const queried = 8

var connectionPool = scenario{
	Name: "s44-connection-pool", ID: "S44", Procs: 2,
	Doc: "Five goroutines share one connection, which a channel hands round: each takes it from there eight times, asks a server that answers after 3 ms, and puts it back. 120 ms. Four wait in the queue while one waits for the network; the pool is too small, unless it is to protect the server.",
	Waits: map[string]int{
		"main.poolUser blocked-sync/chan-receive": 5*queried - 1,
		"main.poolUser blocked-io/network":        5 * queried,
		"main.main blocked-sync/waitgroup":        1,
	},
	before: func() {
		connPool = make(chan net.Conn, 1)
		connPool <- startLateServer(1)[0]
	},
	run: func() {
		for range 5 {
			workers.Add(1)
			go poolUser()
		}
		workers.Wait()
	},
}

var connPool chan net.Conn

func poolUser() {
	defer workers.Done()
	for range queried {
		query()
		burn(0.1)
	}
}

func query() {
	c := <-connPool
	fetch(c, 3)
	connPool <- c
}

const widened = 90

var widePipeline = scenario{
	Name: "s21-wide-pipeline", ID: "S21", Procs: 2,
	Doc:   "Three stages over unbuffered channels, 90 items: makeRequests computes 1 ms for one, three goroutines askServer each, which answers after 2 ms, and useAnswers computes 1 ms for it. The list of scenarios has a stage that computes, and four processors; here the one in the middle waits for the network, so that two suffice. One goroutine there would be a bottleneck, with what a busy process is late to look at the network three take an item per ms: some 150 ms with what the meetings cost, everybody waits a little, and nobody is to blame.",
	Usual: map[string]int{"main.askServer blocked-io/network": widened},
	before: func() {
		conns = startLateServer(3)
		aToB, bToC = make(chan int), make(chan int)
	},
	run: func() {
		workers.Add(2)
		go useAnswers()
		for range conns {
			heavy.Add(1)
			go askServer()
		}
		go makeRequests()
		heavy.Wait()
		close(bToC)
		workers.Wait()
	},
}

func makeRequests() {
	defer workers.Done()
	for i := range widened {
		burn(1)
		aToB <- i
	}
	close(aToB)
}

func askServer() {
	defer heavy.Done()
	c := conns[nextConn.Add(1)-1]
	for i := range aToB {
		fetch(c, 2)
		bToC <- i
	}
}

func useAnswers() {
	defer workers.Done()
	for range bToC {
		burn(1)
	}
}
