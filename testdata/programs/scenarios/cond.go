package main

import (
	"sync"
	"time"
)

const (
	herd       = 24
	herdRounds = 5
)

var condHerd = scenario{
	Name: "s24-cond-herd", ID: "S24", Procs: 2,
	Doc:   "24 goroutines wait in a loop around (*sync.Cond).Wait for one item each. broadcaster computes 0.8 ms for an item and wakes all that wait with Broadcast: one takes the item, to compute 0.3 ms with it, the others wait again. Five rounds of 24 items, 100 ms: n(n+1)/2 = 300 waits in a round, n(n-1)/2 = 276 of them ended in vain. A thundering herd, woken in broadcastItem, and most of what the second processor does is to switch between those who then wait again.",
	Usual: map[string]int{"main.itemWaiter blocked-sync/cond": herdRounds * herd * (herd + 1) / 2},
	Waits: map[string]int{"main.main blocked-sync/waitgroup": herdRounds},
	run:   func() { runItemRounds(broadcaster) },
}

var condSignal = scenario{
	Name: "cond-signal", Procs: 2,
	Doc:   "The same with Signal: each item wakes the one that takes it, 24 waits in a round and none in vain. Healthy.",
	Usual: map[string]int{"main.itemWaiter blocked-sync/cond": herdRounds * herd},
	Waits: map[string]int{"main.main blocked-sync/waitgroup": herdRounds},
	run:   func() { runItemRounds(signaller) },
}

// itemStore holds the items that are ready and nobody has taken yet.
var itemStore = struct {
	mu    sync.Mutex
	cond  *sync.Cond
	ready int
}{}

// runItemRounds starts the waiters of a round and then who has items for them.
func runItemRounds(giver func()) {
	itemStore.cond = sync.NewCond(&itemStore.mu)
	for range herdRounds {
		for range herd {
			workers.Add(1)
			go itemWaiter()
		}
		workers.Add(1)
		go giver()
		workers.Wait()
	}
}

func itemWaiter() {
	defer workers.Done()
	itemStore.mu.Lock()
	for itemStore.ready == 0 {
		itemStore.cond.Wait()
	}
	itemStore.ready--
	itemStore.mu.Unlock()
	burn(0.3)
}

func broadcaster() {
	defer workers.Done()
	time.Sleep(time.Millisecond) // for all to wait
	for range herd {
		broadcastItem()
	}
}

func broadcastItem() {
	burn(0.8)
	itemStore.mu.Lock()
	itemStore.ready++
	itemStore.mu.Unlock()
	itemStore.cond.Broadcast()
}

func signaller() {
	defer workers.Done()
	time.Sleep(time.Millisecond) // for all to wait
	for range herd {
		signalItem()
	}
}

func signalItem() {
	burn(0.8)
	itemStore.mu.Lock()
	itemStore.ready++
	itemStore.mu.Unlock()
	itemStore.cond.Signal()
}

const (
	subscribed = 64
	announced  = 10
)

var herdOfHandlers = scenario{
	Name: "herd-of-handlers", Procs: 2,
	Doc:   "64 goroutines wait for the next configuration; announcer closes the channel they wait for, ten times, 20 ms apart, and then all of them compute for 0.2 ms: 200 ms. No wait ends in vain. But each time 64 goroutines become ready at once and the last of them has to wait for 6 ms until it runs, while both processors idle for two thirds of the time: bursts.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	Usual: map[string]int{
		"main.announcer timer/timer-channel":        announced,
		"main.subscriber blocked-sync/chan-receive": subscribed * announced,
	},
	before: func() {
		for i := range generations {
			generations[i] = make(chan int)
		}
	},
	run: func() {
		for range subscribed {
			workers.Add(1)
			go subscriber()
		}
		workers.Add(1)
		go announcer()
		workers.Wait()
	},
}

// generations are closed one after the other.
var generations [announced]chan int

func announcer() {
	defer workers.Done()
	t := time.NewTicker(20 * time.Millisecond)
	defer t.Stop()
	for _, g := range generations {
		<-t.C
		announce(g)
	}
}

//go:noinline
func announce(generation chan int) { close(generation) }

func subscriber() {
	defer workers.Done()
	for _, g := range generations {
		<-g
		burn(0.2)
	}
}
