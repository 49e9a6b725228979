package main

import "sync/atomic"

var unevenChunks = scenario{
	Name: "s26-uneven-chunks", ID: "S26", Procs: 2,
	Doc:   "Two goroutines of one go statement compute, one for 20 ms and the other for 80 ms; main waits for both. With chunks of 1 and 4, where the list of scenarios has 1, 2, 3 and 4 and four processors, that takes 80 ms, too: the load balance is 2.5/4, the second processor idles for 60 ms, and one with even chunks would take 50 ms.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	run: func() {
		for range chunks {
			workers.Add(1)
			go chunkWorker()
		}
		workers.Wait()
	},
}

var (
	chunks    = [...]int{20, 80} // ms
	nextChunk atomic.Int32
)

func chunkWorker() {
	defer workers.Done()
	computeChunk(chunks[nextChunk.Add(1)-1])
}

func computeChunk(ms int) { burnMarked(ms) }

var evenChunks = scenario{
	Name: "even-chunks", Procs: 2,
	Doc:   "The same 100 ms as 100 chunks of 1 ms, which two goroutines take from a channel: 50 ms. Both are busy to the end: healthy.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	before: func() {
		items = make(chan int, 100)
		for range cap(items) {
			items <- 1
		}
		close(items)
	},
	run: func() {
		for range 2 {
			workers.Add(1)
			go chunkTaker()
		}
		workers.Wait()
	},
}

func chunkTaker() {
	defer workers.Done()
	for ms := range items {
		computeChunk(ms)
	}
}

const refreshes = 3

var stragglerRounds = scenario{
	Name: "s27-straggler", ID: "S27", Procs: 2,
	Doc:   "Five goroutines of one go statement, joined by a WaitGroup: four compute for 4 ms in refreshShard, one for 50 ms in rebuildIndex; three rounds, 150 ms. The other four are done after 16 ms or less, and for the remaining 34 ms of each round main waits for the straggler alone while a processor idles.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": refreshes},
	run: func() {
		for range refreshes {
			for range 5 {
				workers.Add(1)
				go refresher()
			}
			workers.Wait()
		}
	},
}

func refresher() {
	defer workers.Done()
	if nextChunk.Add(1)%5 == 1 {
		rebuildIndex()
	} else {
		refreshShard()
	}
}

func refreshShard() { burnMarked(4) }

func rebuildIndex() { burnMarked(50) }

const (
	fanned     = 1000
	fanRounds  = 5
	fannedOnce = 200
)

var unboundedFanOut = scenario{
	Name: "s30-unbounded-fan-out", ID: "S30", Procs: 2,
	Doc:   "main starts 1000 goroutines at once that compute for 0.05 ms each, and waits for them; five rounds, 125 ms. Both processors are busy, and up to a thousand goroutines are ready: the last of them for 25 ms. A fan-out without a bound, at the go statement in fanOut.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": fanRounds},
	run: func() {
		for range fanRounds {
			fanOut()
		}
	},
}

func fanOut() {
	for range fanned {
		workers.Add(1)
		go tinyTask()
	}
	workers.Wait()
}

func tinyTask() {
	defer workers.Done()
	burn(0.05)
}

var boundedFanOut = scenario{
	Name: "s30-bounded-fan-out", ID: "S30", Procs: 2,
	Doc:    "The same through a semaphore that lets two compute at a time: main takes a place in it before it starts a goroutine, which gives the place back. 125 ms, both processors are busy, and hardly anybody is ready without a processor: no fan-out that is too wide.",
	before: func() { slots = make(chan int, 2) },
	run: func() {
		for range fanRounds {
			fanOutBounded()
		}
	},
}

func fanOutBounded() {
	for i := range fanned {
		slots <- i
		workers.Add(1)
		go tinyTaskInSlot()
	}
	workers.Wait()
}

func tinyTaskInSlot() {
	defer workers.Done()
	burn(0.05)
	<-slots
}

var fanOutDelaysOthers = scenario{
	Name: "fan-out-delays-others", Procs: 2,
	Doc:    "Beside an echo of messages that come every 5 ms and a heartbeat of 5 ms, startReports starts 200 goroutines at once that compute for 2 ms each: 200 ms on both processors. The echo and the heartbeat must wait for a processor behind them. To blame is the fan-out of reportTask.",
	before: func() { conns = startPinger(1) },
	run: func() {
		startHandlers()
		startReports()
		heavy.Wait()
		stopHandlers()
	},
}

func startReports() {
	for range fannedOnce {
		heavy.Add(1)
		go reportTask()
	}
}

func reportTask() {
	defer heavy.Done()
	burn(2)
}

const (
	batched = 100
	batches = 120
)

var workerChurn = scenario{
	Name: "worker-churn", Procs: 2,
	Doc:   "main prepares a batch of 100 items in 0.4 ms, starts a goroutine for each, which computes for 0.005 ms, and waits for them; 120 batches, 80 ms and what the goroutines cost: more than 50,000 are started in a second, for less work than it takes to start one and switch to it.",
	Usual: map[string]int{"main.main blocked-sync/waitgroup": batches},
	run: func() {
		for range batches {
			burn(0.4)
			handleBatch()
		}
	},
}

func handleBatch() {
	for range batched {
		workers.Add(1)
		go tinyItem()
	}
	workers.Wait()
}

func tinyItem() {
	defer workers.Done()
	burn(0.005)
}

var chunkedItems = scenario{
	Name: "chunked-items", Procs: 2,
	Doc:   "The same batches, but four goroutines compute 25 of a batch's items each: 0.125 ms. Hardly any churn.",
	Usual: map[string]int{"main.main blocked-sync/waitgroup": batches},
	run: func() {
		for range batches {
			burn(0.4)
			handleBatchInChunks()
		}
	},
}

func handleBatchInChunks() {
	for range 4 {
		workers.Add(1)
		go itemChunk()
	}
	workers.Wait()
}

func itemChunk() {
	defer workers.Done()
	for range batched / 4 {
		burn(0.005)
	}
}
