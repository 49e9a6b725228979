//go:build go1.25

package main

import (
	"io"
	"runtime/trace"
	"time"
)

func init() { recordings[true] = recordFlight }

// recordFlight runs with a flight recorder that has forgotten the first
// generation by then: its file begins in the middle of the program's life.
func recordFlight(w io.Writer, run func()) error {
	r := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: 200 * time.Millisecond})
	if err := r.Start(); err != nil {
		return err
	}
	defer r.Stop()
	time.Sleep(2200 * time.Millisecond)
	run()
	_, err := r.WriteTo(w)
	return err
}
