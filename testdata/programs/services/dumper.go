package main

import (
	"net/http"
	"runtime"
	"time"
)

var stackDumper = service{
	Name: "stack-dumper", Procs: 2,
	Doc:    "A web service with 500 sessions, goroutines that wait for messages, and four clients that ask every 10 ms for what takes 0.7 ms to compute. watchStacks asks for the stacks of all goroutines every 10 ms, with runtime.Stack, which stops the world for milliseconds each time: a good part of the time nothing can run.",
	Expect: []string{"stop-the-world"}, Culprit: "main.dumpStacks",
	idle: true,
	before: func() {
		startSessions()
		startServing(http.HandlerFunc(handleQuote), 4, 10*time.Millisecond, 0)
		go watchStacks()
	},
	run: serve,
}

var withoutDumper = service{
	Name: "without-dumper", Procs: 2, Twin: "stack-dumper",
	Doc:  "The same without the watcher. Healthy.",
	idle: true,
	before: func() {
		startSessions()
		startServing(http.HandlerFunc(handleQuote), 4, 10*time.Millisecond, 0)
	},
	run: serve,
}

type session struct{ inbox chan string }

func startSessions() {
	for range 500 {
		s := &session{make(chan string)}
		go s.readLoop()
	}
	time.Sleep(10 * time.Millisecond)
}

func (s *session) readLoop() {
	for m := range s.inbox {
		s.handle(m)
	}
}

func (s *session) handle(string) { burn(0.1) }

func handleQuote(w http.ResponseWriter, r *http.Request) {
	burn(0.7)
	w.Write([]byte("42"))
}

func watchStacks() {
	for range time.Tick(10 * time.Millisecond) {
		dumpStacks()
	}
}

// stackBuffer has place for all stacks.
var stackBuffer = make([]byte, 4<<20)

func dumpStacks() int { return runtime.Stack(stackBuffer, true) }
