package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"os"
	"sync"
)

const (
	logSenders = 8
	logLines   = 75 // of each
)

var fanInLogger = service{
	Name: "fan-in-logger", Procs: 2,
	Doc:    "Eight goroutines work for 0.1 ms at a time and log each time: they send an event over a channel that holds 16 to writeLog, which formats it, 0.4 ms of computing, and writes it to a file with log.Logger. 600 lines, 240 ms. The senders wait for the one writer nearly all the time, and most of the second processor idles: the writer is the bottleneck.",
	Expect: []string{"slow-consumer"}, Culprit: "main.writeLog",
	before: openLog,
	run:    logEvents,
}

var formattingSenders = service{
	Name: "formatting-senders", Procs: 2, Twin: "fan-in-logger",
	Doc:    "The same lines, but the senders format, and the writer only appends to a bufio.Writer: 150 ms on both processors, which are the bound. The writer waits for lines: healthy.",
	before: openLog,
	run:    logFormatted,
}

type event struct{ sender, n int }

var logFile io.Writer

// openLog opens a file that is gone when the process ends, where that is possible.
func openLog() {
	f := must(os.CreateTemp("", "conctrace-log"))
	os.Remove(f.Name())
	logFile = f
}

func logEvents() {
	events := make(chan event, 16)
	var writer sync.WaitGroup
	writer.Go(func() { writeLog(events) })
	for i := range logSenders {
		workers.Go(func() { logSender(i, events) })
	}
	workers.Wait()
	close(events)
	writer.Wait()
}

func logFormatted() {
	lines := make(chan []byte, 16)
	var writer sync.WaitGroup
	writer.Go(func() { appendLines(lines) })
	for i := range logSenders {
		workers.Go(func() { formattingSender(i, lines) })
	}
	workers.Wait()
	close(lines)
	writer.Wait()
}

func logSender(id int, to chan<- event) {
	for n := range logLines {
		burn(0.1)
		to <- event{id, n}
	}
}

// writeLog formats and writes one event after the other.
func writeLog(from <-chan event) {
	l := log.New(logFile, "service: ", log.LstdFlags|log.Lmicroseconds)
	for e := range from {
		l.Print(format(e))
	}
}

func format(e event) string {
	burn(0.4)
	return fmt.Sprintf("sender=%d n=%d level=info", e.sender, e.n)
}

func formattingSender(id int, to chan<- []byte) {
	for n := range logLines {
		burn(0.1)
		to <- []byte(format(event{id, n}) + "\n")
	}
}

func appendLines(from <-chan []byte) {
	w := bufio.NewWriter(logFile)
	for line := range from {
		must(w.Write(line))
	}
	check(w.Flush())
}
