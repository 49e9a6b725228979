package main

import (
	"runtime"
	"sync/atomic"
	"time"
)

// finished says that the long work is done: as a flag, or as a channel that is
// closed.
var (
	finished   atomic.Bool
	finishedCh = make(chan int)
)

var goschedLoop = scenario{
	Name: "s39-gosched-loop", ID: "S39", Procs: 2,
	Doc: "yieldLoop calls runtime.Gosched until a flag is set, and looks for it for 0.005 ms each time; flagSetter computes for 80 ms and sets it; neighbour computes for 0.5 ms at every tick of 1 ms. The loop keeps the second processor busy for nothing and yields thousands of times, and a tick can be late for want of an idle processor that looks for it.",
	run: func() {
		workers.Add(3)
		go neighbour()
		go yieldLoop()
		go flagSetter()
		workers.Wait()
	},
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
}

func yieldLoop() {
	defer workers.Done()
	for !finished.Load() {
		burn(0.005)
		runtime.Gosched()
	}
}

func flagSetter() {
	defer workers.Done()
	burn(80)
	finished.Store(true)
	close(finishedCh)
}

func neighbour() {
	defer workers.Done()
	t := time.NewTicker(time.Millisecond)
	defer t.Stop()
	for !finished.Load() {
		<-t.C
		burn(0.5)
	}
}

var waitsForFlag = scenario{
	Name: "waits-for-flag", Procs: 2,
	Doc: "The same, but flagWaiter receives from a channel that flagSetter closes: one wait of 80 ms. Healthy.",
	run: func() {
		workers.Add(3)
		go neighbour()
		go flagWaiter()
		go flagSetter()
		workers.Wait()
	},
	Waits: map[string]int{
		"main.flagWaiter blocked-sync/chan-receive": 1,
		"main.main blocked-sync/waitgroup":          1,
	},
}

func flagWaiter() {
	defer workers.Done()
	<-finishedCh
}

var sleepPoll = scenario{
	Name: "sleep-poll", Procs: 2,
	Doc: "flagPoller sleeps for 1 ms at a time until a flag is set; longJob computes for 150 ms and sets it. Some 140 sleeps of which each but the last is followed by another, and the poller learns of the end up to 1 ms late: polling, where a channel would do.",
	run: func() {
		workers.Add(2)
		go flagPoller()
		go longJob()
		workers.Wait()
	},
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
}

func flagPoller() {
	defer workers.Done()
	for !finished.Load() {
		time.Sleep(time.Millisecond)
	}
}

func longJob() {
	defer workers.Done()
	burn(150)
	finished.Store(true)
}

var tickerHeartbeat = scenario{
	Name: "heartbeat", Procs: 2,
	Doc: "beater computes for 0.05 ms at each of 75 ticks of 2 ms; longJob computes for 150 ms beside it. That is what tickers are for: no polling, healthy.",
	run: func() {
		workers.Add(2)
		go beater()
		go longJob()
		workers.Wait()
	},
	Waits: map[string]int{
		"main.main blocked-sync/waitgroup": 1,
	},
	Usual: map[string]int{"main.beater timer/timer-channel": 75},
}

func beater() {
	defer workers.Done()
	t := time.NewTicker(2 * time.Millisecond)
	defer t.Stop()
	for range 75 {
		<-t.C
		burn(0.05)
	}
}
