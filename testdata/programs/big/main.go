// Big records a trace of about so many events at a steady rate, for benchmarks:
// a mix of channels, contended locks, timers, HTTP over loopback, tasks with
// regions and messages, files, garbage, and goroutines that come and go.
//
//	big [-o FILE] [-events N] [-seconds S] [-procs N] [-only CREW]
//
// The work is divided into units, each of which makes a known number of events,
// and is done by the clock, so that another machine makes about the same trace:
// a faster one sleeps more between the units. One that is too slow takes longer.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/trace"
	"time"
)

// eventsPerSecond is what a busy service on two processors makes.
const eventsPerSecond = 850_000

func main() {
	out := flag.String("o", "-", "write the trace to this `file`; - is standard output")
	events := flag.Int("events", 17_000_000, "make about so many events")
	seconds := flag.Float64("seconds", 0, "in so many seconds; 0 is one for each 850,000 events")
	procs := flag.Int("procs", 2, "GOMAXPROCS")
	only := flag.String("only", "", "have only this `crew` work, to measure what a unit of it makes")
	flag.Parse()
	if *seconds <= 0 {
		*seconds = float64(*events) / eventsPerSecond
	}
	runtime.GOMAXPROCS(*procs)
	length := time.Duration(*seconds * float64(time.Second))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *out, *only, float64(*events), length); err != nil {
		fmt.Fprintln(os.Stderr, "big:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, only string, events float64, length time.Duration) error {
	if out == "-" {
		return record(ctx, os.Stdout, only, events, length)
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	return errors.Join(record(ctx, f, only, events, length), f.Close())
}

func record(ctx context.Context, w io.Writer, only string, events float64, length time.Duration) error {
	b := bufio.NewWriterSize(w, 1<<20)
	if err := trace.Start(b); err != nil {
		return err
	}
	err := work(ctx, only, events, length)
	trace.Stop()
	return errors.Join(err, b.Flush())
}
