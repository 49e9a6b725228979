package main

import (
	"sync/atomic"
	"time"
)

var hundredSleepers = scenario{
	Name: "s06-hundred-sleepers", ID: "S06", Procs: 2,
	Doc: "A hundred goroutines sleep for 10 ms, five times. Latency-bound by timers at least 90 % of the time; the wakers are outside of the program; no finding about locks or channels.",
	Waits: map[string]int{
		"main.oneOfHundred timer/sleep":    500,
		"main.main blocked-sync/waitgroup": 1,
	},
	run: func() {
		for range 100 {
			workers.Add(1)
			go oneOfHundred()
		}
		workers.Wait()
	},
}

func oneOfHundred() {
	defer workers.Done()
	for range 5 {
		time.Sleep(10 * time.Millisecond)
	}
}

var timerChannel = scenario{
	Name: "s35-timer-channel", ID: "S35", Procs: 2,
	Doc: "A goroutine receives from the channel of a timer of 2 ms, 30 times. The wait is one for a timer, not for another goroutine.",
	Waits: map[string]int{
		"main.timerWaiter timer/timer-channel": 30,
		"main.main blocked-sync/waitgroup":     1,
	},
	run: func() {
		workers.Add(1)
		go timerWaiter()
		workers.Wait()
	},
}

func timerWaiter() {
	defer workers.Done()
	for range 30 {
		<-time.After(2 * time.Millisecond)
		burn(0.05)
	}
}

var threeSleepsOneProc = scenario{
	Name: "three-sleeps-one-proc", Procs: 1,
	Doc:   "Three goroutines each sleep for 100 ms at the same time, eight times. Concurrent without any parallelism, and latency-bound: it takes 0.8 s, not 2.4 s, with one processor.",
	Waits: threeSleepsWaits,
	run:   runThreeSleeps,
}

var threeSleeps = scenario{
	Name: "three-sleeps", Procs: 2,
	Doc:   "The same with two processors. They change nothing.",
	Waits: threeSleepsWaits,
	run:   runThreeSleeps,
}

var threeSleepsWaits = map[string]int{
	"main.sleeper timer/sleep":         24,
	"main.main blocked-sync/waitgroup": 1,
}

func runThreeSleeps() {
	for range 3 {
		workers.Add(1)
		go sleeper()
	}
	workers.Wait()
}

func sleeper() {
	defer workers.Done()
	for range 8 {
		time.Sleep(100 * time.Millisecond)
		burn(0.05)
	}
}

var overSleep = scenario{
	Name: "oversleep", Procs: 1,
	Doc: "A hog computes for 200 ms on the only processor. Two goroutines ask for 5 ms, one with Sleep, one with a timer's channel, and get about 20 ms each time; they then run at once, so that nothing was ever ready: the delay is hidden in the waits.",
	run: func() {
		heavy.Add(1)
		workers.Add(2)
		go loopSleeper()
		go afterWaiter()
		go hog()
		heavy.Wait()
		stopping.Store(true)
		workers.Wait()
	},
}

func loopSleeper() {
	defer workers.Done()
	for !stopping.Load() {
		time.Sleep(5 * time.Millisecond)
		burn(0.05)
	}
}

func afterWaiter() {
	defer workers.Done()
	for !stopping.Load() {
		<-time.After(5 * time.Millisecond)
		burn(0.05)
	}
}

// hog computes for 200 ms in one go.
func hog() {
	defer heavy.Done()
	burn(200)
}

const limited = 25

var semaphoreOfTwo = scenario{
	Name: "s31-semaphore", ID: "S31", Procs: 2,
	Doc: "Six goroutines each do something that takes 2 ms and no processor (they sleep), 25 times, under a semaphore that lets two at a time: 150 ms and what the timers are late. Four of them wait for a place in acquire nearly all the time, while both processors idle: the semaphore is too small, unless it is to protect something.",
	Waits: map[string]int{
		"main.semaphoreUser timer/sleep":   6 * limited,
		"main.main blocked-sync/waitgroup": 1,
	},
	Usual:  map[string]int{"main.semaphoreUser blocked-sync/chan-send": 6*limited - 2},
	before: func() { semaphore = make(chan struct{}, 2) },
	run: func() {
		for range 6 {
			workers.Add(1)
			go semaphoreUser()
		}
		workers.Wait()
	},
}

var semaphore chan struct{}

func semaphoreUser() {
	defer workers.Done()
	for range limited {
		acquire()
		useResource()
		release()
	}
}

// acquire takes a place in the semaphore.
//
//go:noinline
func acquire() { semaphore <- struct{}{} }

//go:noinline
func release() { <-semaphore }

func useResource() { time.Sleep(2 * time.Millisecond) }

const (
	tickers       = 50
	alignedPeriod = 20 * time.Millisecond
	tickPeriods   = 15
)

var alignedTickers = scenario{
	Name: "s32-aligned-tickers", ID: "S32", Procs: 2,
	Doc:   "50 goroutines each compute for 0.1 ms at the ticks of a ticker of 20 ms, 15 times: 300 ms, an eighth of both processors. All tickers started at the same moment and fire together: 50 become ready at once, the last has to wait for 2.5 ms until it runs, and then nobody has anything to do for 17.5 ms.",
	Usual: map[string]int{"main.tickerWorker timer/timer-channel": tickers * tickPeriods},
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	run: func() {
		runTickers(0)
	},
}

var jitteredTickers = scenario{
	Name: "jittered-tickers", Procs: 2,
	Doc: "The same, but each of the tickers starts 0.4 ms after the one before, so that they are spread over the period: one at a time has something to do, and does it at once. Healthy.",
	Usual: map[string]int{
		"main.tickerWorker timer/timer-channel": tickers * tickPeriods,
	},
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	run: func() {
		runTickers(alignedPeriod / tickers)
	},
}

var (
	tickerOffset time.Duration
	nextTicker   atomic.Int32
)

func runTickers(offset time.Duration) {
	tickerOffset = offset
	for range tickers {
		workers.Add(1)
		go tickerWorker()
	}
	workers.Wait()
}

func tickerWorker() {
	defer workers.Done()
	if i := nextTicker.Add(1); tickerOffset > 0 {
		time.Sleep(time.Duration(i) * tickerOffset)
	}
	t := time.NewTicker(alignedPeriod)
	defer t.Stop()
	for range tickPeriods {
		<-t.C
		burn(0.1)
	}
}
