//go:build cgo

package main

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <unistd.h>

extern void cgoCallback(void);

static void *callBack(void *arg) {
	cgoCallback();
	return NULL;
}

// callFromThreads calls Go from n threads that C made, one after the other.
static void callFromThreads(int n) {
	for (int i = 0; i < n; i++) {
		pthread_t t;
		pthread_create(&t, NULL, callBack, NULL);
		pthread_join(t, NULL);
	}
}
*/
import "C"

func init() { tagged = append(tagged, cgoCall, cgoCallbacks) }

var cgoCall = scenario{
	Name: "cgo",
	Doc:  "two goroutines call C three times, 5 ms each",
	Expect: []expectation{
		{Func: "main.cgoCaller", Kind: "running/cgo", Goroutines: 2, Waits: 6},
	},
	run: func() {
		cgoCallState.start(2, cgoCaller)
		cgoCallState.join()
	},
}

var cgoCallState struct{ crew }

func cgoCaller() {
	defer cgoCallState.leave()
	for i := 0; i < 3; i++ {
		C.usleep(5000)
	}
}

var cgoCallbacks = scenario{
	Name: "cgo-callback",
	Doc:  "two threads of C call Go, which sleeps: goroutines that are born in a system call",
	Expect: []expectation{
		{Func: "main.threadStarter", Kind: "running/cgo", Goroutines: 1, Waits: 1},
		// The second thread gets the goroutine id of the first.
		{Func: "runtime.cgocallback", Kind: "timer/sleep", Reason: "sleep", Goroutines: 1, Waits: 2, since: 22},
	},
	run: func() {
		cgoCallbackState.start(1, threadStarter)
		cgoCallbackState.join()
	},
}

var cgoCallbackState struct{ crew }

func threadStarter() {
	defer cgoCallbackState.leave()
	C.callFromThreads(2)
}
