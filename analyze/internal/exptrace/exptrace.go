// Package exptrace puts golang.org/x/exp/trace behind event.Decoder.
//
// It reads every version that the toolchain reads, Go 1.11 to 1.26, and is the
// reference that wire is held against. Nothing of x/exp/trace
// leaves it: stacks are interned by content, reasons become small integers.
//
// x/exp/trace trusts its input in places: its getters panic on some damaged
// files, and after an error the next read may succeed again. Both end here, as
// errors in words that are told once.
package exptrace

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/wire"
	"golang.org/x/exp/trace"
)

// Decoder decodes one trace with golang.org/x/exp/trace. Reading runs in a
// goroutine of its own (reader.go), converting in another.
type Decoder struct {
	ctx    context.Context
	stop   context.CancelFunc
	tables *event.Tables
	stats  event.Stats // of the batches taken

	full  chan batch
	free  chan []event.Event
	ended chan struct{} // closed when nothing reads the input any more

	last batch // what Next returned
}

// batch is some events, or what ended them.
type batch struct {
	events []event.Event
	err    error
	stats  event.Stats
}

const (
	batchSize     = 4096
	batchesAround = 4
)

// New returns a decoder of the trace of a version that r yields from its header
// on. It must be closed.
func New(ctx context.Context, r io.Reader, version int, limits wire.ScanLimits) *Decoder {
	ctx, stop := context.WithCancel(ctx)
	d := &Decoder{
		ctx: ctx, stop: stop, tables: event.NewTables(),
		full: make(chan batch, batchesAround), free: make(chan []event.Event, batchesAround), ended: make(chan struct{}),
	}
	d.tables.KeepMessages(limits.Messages)
	for range batchesAround {
		d.free <- make([]event.Event, batchSize)
	}
	go d.run(r, version, limits)
	return d
}

// run opens the trace and converts its events.
func (d *Decoder) run(r io.Reader, version int, limits wire.ScanLimits) {
	defer close(d.ended)
	reader, err := newReader(r, version, limits)
	if err != nil {
		d.full <- batch{err: err}
		return
	}
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		reader.run()
	}()
	defer func() {
		reader.close()
		<-reading
	}()
	c := converter{reader: reader, tables: d.tables, stacks: make(map[trace.Stack]event.StackID)}
	for {
		select {
		case buf := <-d.free:
			n, err := c.next(buf[:cap(buf)])
			select {
			case d.full <- batch{buf[:n], err, c.stats}:
			case <-d.ctx.Done():
				return
			}
			if err != nil {
				return
			}
		case <-d.ctx.Done():
			return
		}
	}
}

// Next returns the next events.
func (d *Decoder) Next() ([]event.Event, error) {
	if d.last.err != nil {
		return nil, d.last.err
	}
	if d.last.events != nil {
		d.free <- d.last.events
	}
	select {
	case d.last = <-d.full:
	case <-d.ctx.Done():
		d.last = batch{err: d.ctx.Err(), stats: d.last.stats}
	}
	d.stats = d.last.stats
	if len(d.last.events) == 0 {
		return nil, d.last.err
	}
	return d.last.events, nil
}

// Close ends the decoding.
func (d *Decoder) Close() (ended bool) {
	d.stop()
	return event.HasEnded(d.ended)
}

// Tables holds the interned stacks and strings.
func (d *Decoder) Tables() *event.Tables { return d.tables }

// Stats is what was read.
func (d *Decoder) Stats() event.Stats {
	s := d.stats
	s.Warnings = append(s.Warnings, d.tables.Warnings()...)
	return s
}

// converter turns what the reader yields into events.
type converter struct {
	reader *reader
	tables *event.Tables
	stats  event.Stats

	chunk chunk // of the reader
	i     int   // of its events, the next to convert
	done  chunk // the one before, of which all was converted

	// stacks maps the current generation's stack handles to interned stacks.
	// It is emptied at each generation, whose tables it would keep alive.
	stacks  map[trace.Stack]event.StackID
	recent  [1024]recentStack
	reasons [8]recentReason // by the state that a goroutine enters
	frames  []event.Frame
}

type recentStack struct {
	stack trace.Stack
	id    event.StackID
}

type recentReason struct {
	text string
	id   event.ReasonID
}

// next fills buf. An error ends the trace; the events before it stand.
func (d *converter) next(buf []event.Event) (n int, err error) {
	defer func() {
		whole := d.chunk
		if p := recover(); p != nil {
			whole = d.done
			err = fmt.Errorf("damaged after event %d, near byte %d: %s", d.stats.Events, d.chunk.offset, oneLine(fmt.Sprint(p)))
		}
		if err != nil {
			d.stats.Generations, d.stats.CompleteBytes = whole.whole, whole.wholeEnd
		}
	}()
	for n < len(buf) {
		if d.i == len(d.chunk.events) {
			if d.chunk.err != nil {
				return n, d.chunk.err
			}
			d.done = d.chunk
			d.chunk, d.i = d.reader.next(d.chunk), 0
			continue
		}
		d.convert(&d.chunk.events[d.i], &buf[n])
		d.i++
		d.stats.Events++
		n++
	}
	return n, nil
}

// oneLine cuts an error text to a readable length: a reader that is stuck
// prints its whole frontier, which may be megabytes. It may quote the file, so
// characters that do something to a terminal are left out.
func oneLine(s string) string {
	s, more, _ := strings.Cut(s, "\n")
	const limit = 300
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	if more != "" {
		s = strings.TrimSuffix(strings.TrimSuffix(s, ":"), ": frontier")
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
}
