// Big records a trace of at least so many events, for benchmarks: channel
// ping-pong between many goroutines, contended mutexes, timers, allocations and
// goroutines that come and go.
//
//	big [-o FILE] [-events N] [-procs N]
package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

func main() {
	out := flag.String("o", "-", "write the trace to this `file`; - is standard output")
	events := flag.Int("events", 5_000_000, "events at least")
	procs := flag.Int("procs", runtime.GOMAXPROCS(0), "GOMAXPROCS")
	flag.Parse()
	if err := run(*out, *events, *procs); err != nil {
		fmt.Fprintln(os.Stderr, "big:", err)
		os.Exit(1)
	}
}

func run(out string, events, procs int) error {
	runtime.GOMAXPROCS(procs)
	w := os.Stdout
	if out != "-" {
		var err error
		if w, err = os.Create(out); err != nil {
			return err
		}
	}
	b := bufio.NewWriterSize(w, 1<<20)
	if err := trace.Start(b); err != nil {
		return err
	}
	work(events)
	trace.Stop()
	if err := b.Flush(); err != nil {
		return err
	}
	return w.Close()
}

// pairs play ping-pong. A transfer over an unbuffered channel blocks one side:
// three events at least (block, unblock, start). That alone makes the number.
const pairs = 64

// Each player stands on a stack of its own depth and computes a little between
// two strokes, so that the trace has many stacks, and a million events or two in
// a second rather than ten.
const (
	deepest     = 24
	strokeSteps = 500
)

func work(events int) {
	stop := make(chan bool)
	var background sync.WaitGroup
	for _, f := range []func(<-chan bool){contend, sleepOften, allocate, spawn} {
		for i := 0; i < 4; i++ {
			f := f
			background.Add(1)
			go func() {
				defer background.Done()
				f(stop)
			}()
		}
	}

	rounds := events/(3*2*pairs) + 1
	var players sync.WaitGroup
	for i := 0; i < pairs; i++ {
		ping, pong := make(chan int), make(chan int)
		players.Add(2)
		depth := i % deepest
		go func() {
			defer players.Done()
			at(depth, func() {
				for n := 0; n < rounds; n++ {
					ping <- n
					<-pong
					stroke()
				}
			})
		}()
		go func() {
			defer players.Done()
			at(depth/2, func() {
				for n := 0; n < rounds; n++ {
					pong <- <-ping
					stroke()
				}
			})
		}()
	}
	players.Wait()
	close(stop)
	background.Wait()
}

// at calls f on a stack that is deeper by so many frames.
//
//go:noinline
func at(depth int, f func()) {
	if depth == 0 {
		f()
		return
	}
	at(depth-1, f)
}

func stroke() {
	x := uint64(strokeSteps)
	for i := 0; i < strokeSteps; i++ {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	runtime.KeepAlive(x)
}

var contended sync.Mutex

func contend(stop <-chan bool) {
	for !stopped(stop) {
		contended.Lock()
		time.Sleep(20 * time.Microsecond)
		contended.Unlock()
	}
}

func sleepOften(stop <-chan bool) {
	for !stopped(stop) {
		time.Sleep(100 * time.Microsecond)
	}
}

func allocate(stop <-chan bool) {
	for !stopped(stop) {
		var garbage [][]byte
		for i := 0; i < 50; i++ {
			garbage = append(garbage, make([]byte, 2048))
		}
		runtime.KeepAlive(garbage)
		time.Sleep(time.Millisecond)
	}
}

func spawn(stop <-chan bool) {
	for !stopped(stop) {
		done := make(chan bool)
		for i := 0; i < 8; i++ {
			go func() { done <- true }()
		}
		for i := 0; i < 8; i++ {
			<-done
		}
		time.Sleep(200 * time.Microsecond)
	}
}

func stopped(stop <-chan bool) bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}
