package collect

import (
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
)

// In a trace of more steps than can be held back a wait counts as those before it
// at its place did. What turns out otherwise at the end is told: here a loop over a
// ticker, at rest until it wakes somebody who waited for it.
func TestWaitsCountedTooEarlyAreTold(t *testing.T) {
	const ticks = 250_000 // of three steps
	long := func(wakes bool) []string {
		s := newScript(t, 2)
		s.old(0, 1, event.GoRunning, "main.main")
		s.spawn(1, 2, 1, "main.loop")
		s.spawn(1, 3, 1, "main.asker")
		s.run(2, 3)
		s.block(3, 3, event.ReasonChanReceive, "runtime.chanrecv1", "main.asker")
		s.run(4, 2)
		at := int64(10)
		for range ticks {
			s.block(at, 2, event.ReasonChanReceive, "runtime.chanrecv1", "main.loop")
			s.g(at+8, 2, event.GoWaiting, event.GoRunnable, event.NoG, 0, 0, 0)
			s.run(at+9, 2)
			at += 10
		}
		if wakes {
			s.wake(at, 3, 2, "runtime.chansend1", "main.loop")
			s.run(at+1, 3)
		}
		var codes []string
		for _, w := range s.play(at+10, Options{}).Trace.Warnings {
			codes = append(codes, w.Code)
		}
		return codes
	}
	if codes := strings.Join(long(false), " "); strings.Contains(codes, "at-rest-late") {
		t.Errorf("a loop that is at rest to the end gives %s", codes)
	}
	if codes := strings.Join(long(true), " "); !strings.Contains(codes, "at-rest-late") {
		t.Errorf("a loop that was no rest gives only %q", codes)
	}
}
