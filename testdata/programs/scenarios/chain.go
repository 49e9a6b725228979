package main

import "sync"

const relayed = 8

var transitiveWait = scenario{
	Name: "s33-transitive-wait", ID: "S33", Procs: 2,
	Doc: "asker waits for an answer from relay, which waits for a mutex, which lockHolder holds while it computes for 20 ms; eight rounds, 160 ms. relay ends asker's waits and has next to no part in them: to blame for both is lockHolder.",
	Usual: map[string]int{
		"main.asker blocked-sync/chan-receive": relayed,
		"main.relay blocked-sync/mutex":        relayed,
	},
	Waits: map[string]int{"main.main blocked-sync/waitgroup": relayed},
	run: func() {
		for range relayed {
			workers.Add(3)
			go lockHolder()
			<-holding
			go asker()
			go relay()
			workers.Wait()
		}
	},
}

// shared is what lockHolder works on and relay reads.
var shared struct {
	mu sync.Mutex
	n  int
}

func lockHolder() {
	defer workers.Done()
	shared.mu.Lock()
	holding <- true
	burn(20)
	shared.n++
	shared.mu.Unlock()
}

func relay() {
	defer workers.Done()
	shared.mu.Lock()
	n := shared.n
	shared.mu.Unlock()
	results <- n
}

func asker() {
	defer workers.Done()
	<-results
}

const prepared = 6

var waitsForCreator = scenario{
	Name: "s34-waits-for-creator", ID: "S34", Procs: 2,
	Doc: "resultWaiter waits for a result. main computes for 15 ms in prepareRequest and only then starts answerRequest, which computes for 10 ms and sends it; six rounds, 150 ms. answerRequest ends all of resultWaiter's waits and did not exist for most of them: to blame is main for three fifths, in prepareRequest, and answerRequest for the rest.",
	Waits: map[string]int{
		"main.resultWaiter blocked-sync/chan-receive": prepared,
		"main.main blocked-sync/waitgroup":            prepared,
	},
	run: func() {
		go resultWaiter()
		for range prepared {
			prepareRequest()
			workers.Add(1)
			go answerRequest()
			workers.Wait()
		}
	},
}

func resultWaiter() {
	for range prepared {
		<-results
	}
}

// prepareRequest is in the trace by the stacks of its regions.
func prepareRequest() { burnMarked(15) }

func answerRequest() {
	defer workers.Done()
	burn(10)
	results <- 1
}
