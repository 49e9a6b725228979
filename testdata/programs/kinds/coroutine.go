//go:build go1.23

package main

import "iter"

func init() { tagged = append(tagged, coroutine) }

var coroutine = scenario{
	Name: "coroutine",
	Doc:  "a goroutine pulls five values from an iterator with iter.Pull",
	Expect: []expectation{
		// One switch for each value and one for the end.
		{Func: "main.puller", Kind: "blocked-sync/coroutine", Goroutines: 1, Waits: 6},
	},
	run: func() {
		coroutineState.start(1, puller)
		coroutineState.join()
	},
}

var coroutineState struct{ crew }

func puller() {
	defer coroutineState.leave()
	next, stop := iter.Pull(func(yield func(int) bool) {
		for i := 0; i < 5 && yield(i); i++ {
		}
	})
	defer stop()
	for _, ok := next(); ok; _, ok = next() {
	}
}
