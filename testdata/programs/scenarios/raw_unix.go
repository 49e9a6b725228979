//go:build unix

package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

func init() {
	tagged = append(tagged, rawRead, rawReadOneProc, rawReadBesidePolled)
	childRoles["beats"] = beats
	childRoles["answers"] = answers
}

const beatCount = 15

var rawRead = scenario{
	Name: "s28-raw-read", ID: "S28", Procs: 2,
	Doc: "A goroutine reads 15 times from a pipe in blocking mode, 5 ms each, in the system call itself. The call keeps its processor, but the other is idle: it harms nobody.",
	Waits: map[string]int{
		"main.rawReader blocked-io/syscall": beatCount,
		"main.main blocked-sync/waitgroup":  1,
	},
	before: func() { startChild([]*os.File{rawPipe()}, "beats", "1") },
	run: func() {
		workers.Add(1)
		go rawReader()
		beginChild()
		workers.Wait()
	},
}

var rawReadBesidePolled = scenario{
	Name: "raw-read-beside-polled", Procs: 2,
	Doc: "A goroutine reads 15 times from a pipe in blocking mode, 5 ms each, another as often from one that the poller watches. The first is in a system call and keeps a thread, the second waits for the network poller and keeps nothing.",
	Waits: map[string]int{
		"main.rawReader blocked-io/syscall": beatCount,
		"main.main blocked-sync/waitgroup":  1,
	},
	Usual: map[string]int{"main.polledReader blocked-io/network": beatCount}, // who is late finds it there
	before: func() {
		var w *os.File
		var err error
		polledEnd, w, err = os.Pipe()
		check(err)
		startChild([]*os.File{rawPipe(), w}, "beats", "2")
	},
	run: func() {
		workers.Add(2)
		go rawReader()
		go polledReader()
		beginChild()
		workers.Wait()
	},
}

var rawReadOneProc = scenario{
	Name: "s29-raw-read-one-proc", ID: "S29", Procs: 1,
	Doc: "A goroutine reads ten times from a pipe in blocking mode, 5 ms each, beside one that computes; there is one processor. The call keeps the processor until the runtime's monitor comes by, which looks every 10 ms when little happens: often for the whole call, while the other is ready. About half of the time nobody runs. Where the monitor did come, the call returns without a processor and the reader waits until the other is preempted.",
	before: func() {
		answer, w := blockingPipe()
		r, ask := blockingPipe()
		rawEnd, askEnd = answer, ask
		startChild([]*os.File{os.NewFile(uintptr(w), "answer"), os.NewFile(uintptr(r), "ask")}, "answers")
	},
	run: func() {
		beginChild()
		workers.Add(2)
		go askingReader()
		go besideReader()
		workers.Wait()
	},
}

var (
	rawEnd, askEnd int
	polledEnd      *os.File
)

// rawPipe makes a pipe for rawReader and returns its other end.
func rawPipe() *os.File {
	r, w := blockingPipe()
	rawEnd = r
	return os.NewFile(uintptr(w), "pipe")
}

// blockingPipe makes a pipe that the poller knows nothing of.
func blockingPipe() (r, w int) {
	var fds [2]int
	check(syscall.Pipe(fds[:]))
	syscall.CloseOnExec(fds[0])
	syscall.CloseOnExec(fds[1])
	return fds[0], fds[1]
}

func rawReader() {
	defer workers.Done()
	buf := make([]byte, 1)
	for range beatCount {
		must(syscall.Read(rawEnd, buf))
	}
}

func polledReader() {
	defer workers.Done()
	buf := make([]byte, 1)
	for range beatCount {
		must(polledEnd.Read(buf))
	}
}

func askingReader() {
	defer workers.Done()
	buf := make([]byte, 1)
	for range 10 {
		must(syscall.Write(askEnd, buf))
		must(syscall.Read(rawEnd, buf))
	}
	stopping.Store(true)
}

func besideReader() {
	defer workers.Done()
	for !stopping.Load() {
		burnMarked(1)
	}
}

// beats writes a byte to each of its pipes, every 5 ms.
func beats(args []string) func() {
	pipes := must(strconv.Atoi(args[0]))
	fmt.Println("ready")
	return func() {
		for range beatCount {
			time.Sleep(5 * time.Millisecond)
			for i := range pipes {
				must(syscall.Write(3+i, []byte{1}))
			}
		}
	}
}

// answers answers every byte of the second pipe with one in the first, 5 ms
// later.
func answers([]string) func() {
	fmt.Println("ready")
	return func() {
		buf := make([]byte, 1)
		for {
			if must(syscall.Read(4, buf)) == 0 {
				return
			}
			time.Sleep(5 * time.Millisecond)
			must(syscall.Write(3, buf))
		}
	}
}
