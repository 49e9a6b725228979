// Package exptrace puts golang.org/x/exp/trace behind event.Decoder.
//
// It reads every version that the toolchain reads, Go 1.11 to 1.26, and is the
// reference that a faster decoder is held against. Nothing of x/exp/trace
// leaves it: stacks are interned by content, reasons become small integers.
//
// x/exp/trace trusts its input in places: its getters panic on some damaged
// files, and after an error the next read may succeed again. Both end here, as
// errors in words that are told once.
package exptrace

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/wire"
	"golang.org/x/exp/trace"
)

// Decoder decodes one trace with golang.org/x/exp/trace.
type Decoder struct {
	version int
	r       *trace.Reader
	scan    *wire.Scanner
	tables  *event.Tables
	stats   event.Stats
	err     error // what Next returned; it is returned for ever after

	// stacks maps the current generation's stack handles to interned stacks.
	// It is emptied at each generation, whose tables it would keep alive.
	stacks  map[trace.Stack]event.StackID
	recent  [1024]recentStack
	reasons [8]recentReason // by the state that a goroutine enters
	frames  []event.Frame
	syncs   int
	lastNs  int64
}

type recentStack struct {
	stack trace.Stack
	id    event.StackID
}

type recentReason struct {
	text string
	id   event.ReasonID
}

// maxSpanNs bounds the time between two events, and so between the first and
// the last: more than a month is a damaged clock, not a trace.
const maxSpanNs = 31 * 24 * 3600 * 1e9

// New returns a decoder of the trace that r yields from its header on.
func New(r io.Reader, version int, limits wire.ScanLimits) (d *Decoder, err error) {
	d = &Decoder{
		version: version,
		scan:    wire.NewScanner(version, limits),
		tables:  event.NewTables(),
		stacks:  make(map[trace.Stack]event.StackID),
	}
	defer d.recovered(&err)
	d.r, err = trace.NewReader(io.TeeReader(r, d.scan))
	if err != nil {
		return nil, d.explain(err)
	}
	return d, nil
}

// Version is the version in the header.
func (d *Decoder) Version() int { return d.version }

// Tables holds the interned stacks and strings.
func (d *Decoder) Tables() *event.Tables { return d.tables }

// Stats is what was read.
func (d *Decoder) Stats() event.Stats {
	s := d.stats
	if d.tables.Dropped() > 0 {
		s.Warnings = append(s.Warnings, event.Warning{
			Code:    "names-dropped",
			Message: fmt.Sprintf("the trace has more distinct stacks and names than are kept; %d were left out", d.tables.Dropped()),
		})
	}
	return s
}

// Next fills buf.
func (d *Decoder) Next(buf []event.Event) (n int, err error) {
	if d.err != nil {
		return 0, d.err
	}
	defer func() { d.err = err }()
	defer d.recovered(&err)
	for n < len(buf) {
		ev, err := d.r.ReadEvent()
		if err == io.EOF {
			d.finish(true)
			if err := d.scan.Err(); err != nil {
				return n, err
			}
			return n, io.EOF
		}
		if err != nil {
			d.finish(false)
			return n, d.explain(err)
		}
		d.stats.Events++
		if err := d.checkTime(&ev); err != nil {
			d.finish(false)
			return n, err
		}
		if d.convert(&ev, &buf[n]) {
			n++
		}
	}
	return n, nil
}

// recovered turns a panic of x/exp/trace into an error.
func (d *Decoder) recovered(err *error) {
	if p := recover(); p != nil {
		d.finish(false)
		*err = fmt.Errorf("damaged after event %d, near byte %d: %s", d.stats.Events, d.scan.Offset(), oneLine(fmt.Sprint(p)))
	}
}

// explain puts an error of x/exp/trace into words: what the scan of the batch
// headers says comes first, since it knows where.
func (d *Decoder) explain(err error) error {
	if scanErr := d.scan.Err(); scanErr != nil {
		return scanErr
	}
	return fmt.Errorf("after event %d, near byte %d: %s", d.stats.Events, d.scan.Offset(), oneLine(err.Error()))
}

// oneLine cuts an error text to a readable length: a reader that is stuck
// prints its whole frontier, which may be megabytes.
func oneLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	const limit = 300
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	return s
}

var errClock = errors.New("the timestamps are not plausible: the clock frequency or the times in the file are damaged")

// checkTime rejects times that only damage explains. x/exp/trace accepts any
// frequency and hands on infinite, negative or standing times.
func (d *Decoder) checkTime(ev *trace.Event) error {
	t := int64(ev.Time())
	// The converter of Go 1.11–1.21 begins a nanosecond before its first event.
	if t < -1 || (d.syncs > 0 && t-d.lastNs > maxSpanNs) {
		return fmt.Errorf("after event %d, near byte %d: %w", d.stats.Events, d.scan.Offset(), errClock)
	}
	d.lastNs = t
	return nil
}

// finish notes how much of the file was delivered whole: the generations that
// both x/exp/trace has passed on and the scan found whole.
func (d *Decoder) finish(ended bool) {
	if ended {
		d.scan.Finish()
	}
	delivered := d.syncs - 1
	if d.version < 22 {
		if ended && delivered > 0 {
			d.stats.Generations, d.stats.CompleteBytes = 1, d.scan.Offset()
		}
		return
	}
	d.stats.Generations, d.stats.CompleteBytes = d.scan.Whole(delivered)
}
