package main

import (
	"context"
	"time"
)

var selectTimer = scenario{
	Name: "select-timer",
	Doc:  "two goroutines select twice, until a timeout ends it",
	Expect: []expectation{
		{Func: "main.timeoutSelecter", Kind: "timer/timer-channel", Reason: "select", Goroutines: 2, Waits: 4},
	},
	run: func() {
		selectTimerState.never = make(chan int)
		selectTimerState.start(2, timeoutSelecter)
		selectTimerState.join()
	},
}

var selectTimerState struct {
	never chan int
	crew
}

func timeoutSelecter() {
	s := &selectTimerState
	defer s.leave()
	for i := 0; i < 2; i++ {
		select {
		case <-s.never:
		case <-time.After(5 * time.Millisecond):
		}
	}
}

var timerChannel = scenario{
	Name: "timer-channel",
	Doc:  "two goroutines receive twice from a timer's channel",
	Expect: []expectation{
		{Func: "main.timerReceiver", Kind: "timer/timer-channel", Reason: "chan receive", Goroutines: 2, Waits: 4},
	},
	run: func() {
		timerChannelState.start(2, timerReceiver)
		timerChannelState.join()
	},
}

var timerChannelState struct{ crew }

func timerReceiver() {
	defer timerChannelState.leave()
	for i := 0; i < 2; i++ {
		<-time.After(5 * time.Millisecond)
	}
}

var ticker = scenario{
	Name: "ticker",
	Doc:  "a goroutine receives five ticks",
	Expect: []expectation{
		// A tick that was late is there at once when the next one is asked for.
		{Func: "main.tickReceiver", Kind: "timer/timer-channel", Reason: "chan receive", Goroutines: 1, Waits: 3, AtLeast: true},
	},
	run: func() {
		tickerState.start(1, tickReceiver)
		tickerState.join()
	},
}

var tickerState struct{ crew }

func tickReceiver() {
	defer tickerState.leave()
	t := time.NewTicker(4 * time.Millisecond)
	defer t.Stop()
	for i := 0; i < 5; i++ {
		<-t.C
	}
}

var contextDeadline = scenario{
	Name: "context-deadline",
	Doc:  "two goroutines wait for a context's deadline",
	Expect: []expectation{
		// It is a goroutine without a creator that ends these.
		{Func: "main.deadlineWaiter", Kind: "timer/timer-channel", Reason: "chan receive", Goroutines: 2, Waits: 2},
	},
	run: func() {
		contextDeadlineState.start(2, deadlineWaiter)
		contextDeadlineState.join()
	},
}

var contextDeadlineState struct{ crew }

func deadlineWaiter() {
	defer contextDeadlineState.leave()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	<-ctx.Done()
}

var sleep = scenario{
	Name: "sleep",
	Doc:  "three goroutines sleep twice",
	Expect: []expectation{
		{Func: "main.sleeper", Kind: "timer/sleep", Reason: "sleep", Goroutines: 3, Waits: 6},
	},
	run: func() {
		sleepState.start(3, sleeper)
		sleepState.join()
	},
}

var sleepState struct{ crew }

func sleeper() {
	defer sleepState.leave()
	for i := 0; i < 2; i++ {
		time.Sleep(3 * time.Millisecond)
	}
}
