package collect

import (
	"context"
	"io"
	"math"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/internal/tracefile"
	"github.com/conctrace/conctrace/analyze/internal/wire"
	"github.com/conctrace/conctrace/analyze/result"
)

// decoded is a whole trace in memory.
type decoded struct {
	version int
	tables  *event.Tables
	events  []event.Event
}

// bigTrace decodes the trace that CONCTRACE_BIG_TRACE names, once.
var bigTrace = sync.OnceValues(func() (*decoded, error) {
	file, err := tracefile.Open(os.Getenv("CONCTRACE_BIG_TRACE"), tracefile.Limits{})
	if err != nil {
		return nil, err
	}
	defer file.Close()
	dec := wire.NewDecoder(context.Background(), file, file.Version(), wire.ScanLimits{})
	defer dec.Close()
	d := &decoded{version: file.Version(), tables: dec.Tables()}
	for {
		events, err := dec.Next()
		if err == io.EOF {
			return d, nil
		}
		if err != nil {
			return nil, err
		}
		d.events = append(d.events, events...)
	}
})

// unheard is a sink that does nothing.
type unheard struct{}

func (unheard) Collect([]timeline.Record) {}

// inTurn is a set that collects in the goroutine of the timeline.
type inTurn struct{ timeline.Sink }

// BenchmarkAccount shows what the analysis takes behind the decoder: the
// timeline alone; with the collectors, in turn, which is the work in all; and
// beside each other. The floor is reading the events from memory, of which a
// decoder at work keeps the latest in a cache.
//
// A machine that others use wavers. The trace is therefore timed in stretches,
// and of each the fastest pass counts.
func BenchmarkAccount(b *testing.B) {
	d, err := bigTrace()
	if err != nil {
		b.Skipf("CONCTRACE_BIG_TRACE names no trace; make one with go run ./testdata/programs/big -o FILE: %v", err)
	}
	for _, way := range []struct {
		name string
		run  func(*decoded, *stretches)
	}{
		{"floor", readOnly},
		{"timeline", timelineOnly},
		{"in-turn", func(d *decoded, s *stretches) { account(d, s, func(set *Set) timeline.Sink { return inTurn{set} }) }},
		{"beside", func(d *decoded, s *stretches) { account(d, s, func(set *Set) timeline.Sink { return set }) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			var s stretches
			for b.Loop() {
				s.n = 0
				way.run(d, &s)
			}
			b.ReportMetric(float64(s.sum())/float64(len(d.events)), "ns/event")
		})
	}
}

// stretches are the parts of a trace, with the shortest time that each took.
type stretches struct {
	shortest []time.Duration
	n        int // of this pass
}

func (s *stretches) time(run func()) {
	if s.n == len(s.shortest) {
		s.shortest = append(s.shortest, math.MaxInt64)
	}
	start := time.Now()
	run()
	s.shortest[s.n] = min(s.shortest[s.n], time.Since(start))
	s.n++
}

func (s *stretches) sum() (all time.Duration) {
	for _, d := range s.shortest {
		all += d
	}
	return all
}

// over times a function over every stretch of the events.
func (s *stretches) over(events []event.Event, run func([]event.Event)) {
	const stretch = 8192
	for len(events) > 0 {
		n := min(len(events), stretch)
		s.time(func() { run(events[:n]) })
		events = events[n:]
	}
}

func readOnly(d *decoded, s *stretches) {
	var states int
	s.over(d.events, func(events []event.Event) {
		for i := range events {
			states += int(events[i].To)
		}
	})
	if states < 0 {
		panic(states)
	}
}

func timelineOnly(d *decoded, s *stretches) {
	m := timeline.New(d.tables, d.version, timeline.Options{}, unheard{})
	s.over(d.events, func(events []event.Event) { m.Feed(events) })
	s.time(m.Finish)
}

func account(d *decoded, s *stretches, sink func(*Set) timeline.Sink) {
	set := New(Options{}, d.tables)
	m := timeline.New(d.tables, d.version, timeline.Options{}, sink(set))
	s.over(d.events, func(events []event.Event) { m.Feed(events) })
	s.time(func() {
		m.Finish()
		from, to := m.Window()
		set.Finish(End{Tables: d.tables, Groups: m.Groups(), From: from, To: to}, &result.Result{})
	})
}
