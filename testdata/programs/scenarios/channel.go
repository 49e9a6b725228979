package main

import (
	"iter"
	"time"
)

var selectJoin = scenario{
	Name: "s09-select-join", ID: "S09", Procs: 2,
	Doc:   "One goroutine starts five timers of 2 to 10 ms and selects among them until all have come, computing a little for each; eight rounds, 80 ms. Five things in progress, but one goroutine: concurrent, nothing parallel, latency-bound by timers.",
	Usual: map[string]int{"main.joinLoop timer/timer-channel": 40},
	run: func() {
		workers.Add(1)
		go joinLoop()
		workers.Wait()
	},
}

func joinLoop() {
	defer workers.Done()
	for range 8 {
		var c [5]<-chan time.Time
		for i := range c {
			c[i] = time.After(time.Duration(2*i+2) * time.Millisecond)
		}
		for range c {
			// A channel that is nil is never ready.
			select {
			case <-c[0]:
				c[0] = nil
			case <-c[1]:
				c[1] = nil
			case <-c[2]:
				c[2] = nil
			case <-c[3]:
				c[3] = nil
			case <-c[4]:
				c[4] = nil
			}
			burn(0.1)
		}
	}
}

const pulled = 200

var pullIterator = scenario{
	Name: "s10-pull-iterator", ID: "S10", Procs: 2,
	Doc: "A goroutine pulls 200 values from an iterator with iter.Pull: 402 switches between two goroutines of which only one can run. Never parallel by design (coroutines), no time ready in between, and no finding about ping-pong.",
	run: func() {
		workers.Add(1)
		go pullConsumer()
		workers.Wait()
	},
	Waits: map[string]int{
		"main.pullConsumer blocked-sync/coroutine": pulled + 1,
		"runtime.corostart blocked-sync/coroutine": pulled + 1,
		"main.main blocked-sync/waitgroup":         1,
	},
}

func pullConsumer() {
	defer workers.Done()
	next, stop := iter.Pull(pullProducer)
	defer stop()
	for _, ok := next(); ok; _, ok = next() {
		burn(0.1)
	}
}

func pullProducer(yield func(int) bool) {
	for i := range pulled {
		burn(0.2)
		if !yield(i) {
			return
		}
	}
}

const queued = 40

// items is what the producers and consumers below have between them.
var items chan int

var slowConsumerQueue = scenario{
	Name: "s18-slow-consumer", ID: "S18", Procs: 2,
	Doc: "fastProducer makes an item in 0.5 ms, slowConsumer needs 2 ms for it, 40 items through a channel that holds two: 80 ms. The producer waits for the consumer at all but the first three or so; the consumer is the bottleneck.",
	Usual: map[string]int{
		"main.fastProducer blocked-sync/chan-send":    queued - 3,
		"main.slowConsumer blocked-sync/chan-receive": 1,
	},
	Waits:  map[string]int{"main.main blocked-sync/waitgroup": 1},
	before: func() { items = make(chan int, 2) },
	run: func() {
		workers.Add(2)
		go slowConsumer()
		go fastProducer()
		workers.Wait()
	},
}

func fastProducer() {
	defer workers.Done()
	produce(0.5)
}

func slowConsumer() {
	defer workers.Done()
	consume(2)
}

var slowProducerQueue = scenario{
	Name: "s19-slow-producer", ID: "S19", Procs: 2,
	Doc:   "slowProducer makes an item in 2 ms, fastConsumer needs 0.5 ms for it, 40 items: 80 ms. The consumer waits for each of them; the producer is the bottleneck.",
	Usual: map[string]int{"main.fastConsumer blocked-sync/chan-receive": queued},
	Waits: map[string]int{
		"main.main blocked-sync/waitgroup": 1,
	},
	before: func() { items = make(chan int, 2) },
	run: func() {
		workers.Add(2)
		go fastConsumer()
		go slowProducer()
		workers.Wait()
	},
}

func slowProducer() {
	defer workers.Done()
	produce(2)
}

func fastConsumer() {
	defer workers.Done()
	consume(0.5)
}

func produce(ms float64) {
	for i := range queued {
		burn(ms)
		items <- i
	}
	close(items)
}

func consume(ms float64) {
	for range items {
		burn(ms)
	}
}

const piped = 30

// aToB and bToC connect the stages of the pipelines.
var aToB, bToC chan int

var pipelineUnbuffered = scenario{
	Name: "s20-pipeline", ID: "S20", Procs: 2,
	Doc: "Three stages over unbuffered channels, 30 items, 1 ms, 3 ms and 1 ms of work for each: 92 ms. The first waits to send all items but the first, the last waits for each, the one in the middle for none but the first: it is the bottleneck, busy all the time, the others a third of it.",
	Usual: map[string]int{
		"main.stageA blocked-sync/chan-send":    piped - 1,
		"main.stageB blocked-sync/chan-receive": 1,
		"main.stageC blocked-sync/chan-receive": piped,
	},
	Waits:  map[string]int{"main.main blocked-sync/waitgroup": 1},
	before: func() { aToB, bToC = make(chan int), make(chan int) },
	run:    runPipeline,
}

var pipelineBackpressure = scenario{
	Name: "pipeline-backpressure", Procs: 2,
	Doc: "The same over channels that hold two: the buffers fill and change nothing. The first stage waits to send all items but the first three or four.",
	Usual: map[string]int{
		"main.stageB blocked-sync/chan-receive": 1,
		"main.stageC blocked-sync/chan-receive": piped,
	},
	Waits:  map[string]int{"main.main blocked-sync/waitgroup": 1},
	before: func() { aToB, bToC = make(chan int, 2), make(chan int, 2) },
	run:    runPipeline,
}

func runPipeline() {
	workers.Add(3)
	go stageC()
	go stageB()
	go stageA()
	workers.Wait()
}

func stageA() {
	defer workers.Done()
	for i := range piped {
		burn(1)
		aToB <- i
	}
	close(aToB)
}

func stageB() {
	defer workers.Done()
	for i := range aToB {
		burn(3)
		bToC <- i
	}
	close(bToC)
}

func stageC() {
	defer workers.Done()
	for range bToC {
		burn(1)
	}
}

var closeReleases = scenario{
	Name: "s25-close-releases", ID: "S25", Procs: 2,
	Doc: "main computes for 20 ms and closes a channel that 16 goroutines wait for; each computes for 1 ms. One line wakes 16 within microseconds, once: a start, not a thundering herd.",
	Waits: map[string]int{
		"main.gateWaiter blocked-sync/chan-receive": 16,
		"main.main blocked-sync/waitgroup":          1,
	},
	before: func() { gate = make(chan int) },
	run: func() {
		for range 16 {
			workers.Add(1)
			go gateWaiter()
		}
		burnMarked(20)
		close(gate)
		workers.Wait()
		burnMarked(10)
	},
}

var gate chan int

func gateWaiter() {
	defer workers.Done()
	<-gate
	burn(1)
}

const rallies = 1000

var pingPong = scenario{
	Name: "s17-ping-pong", ID: "S17", Procs: 2,
	Doc: "Two goroutines send a number to and fro over unbuffered channels 1000 times and compute 0.02 ms for it on each side: 40 ms and what the 2000 hand-overs cost, for each of which one waits. The two take turns, never parallel, at some ten thousand hand-overs in a second.",
	// Nearly all of them to receive. One that comes late to its own receive makes
	// the other wait to send instead.
	Usual: map[string]int{
		"main.pingSide blocked-sync": rallies,
		"main.pongSide blocked-sync": rallies,
	},
	Waits:  map[string]int{"main.main blocked-sync/waitgroup": 1},
	before: func() { pings, pongs = make(chan int), make(chan int) },
	run: func() {
		workers.Add(2)
		go pingSide()
		go pongSide()
		workers.Wait()
	},
}

var pings, pongs chan int

func pingSide() {
	defer workers.Done()
	for i := range rallies {
		burn(0.02)
		pings <- i
		<-pongs
	}
}

func pongSide() {
	defer workers.Done()
	for range rallies {
		i := <-pings
		burn(0.02)
		pongs <- i
	}
}
