package main

import "time"

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
