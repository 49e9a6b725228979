package exptrace

import (
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/conctrace/conctrace/analyze/internal/wire"
	"golang.org/x/exp/trace"
)

// reader reads events in a goroutine of its own, so that what x/exp/trace
// takes and what converting takes do not add up on a machine with two cores.
type reader struct {
	version int
	r       *trace.Reader
	scan    *wire.Scanner
	input   *wire.Reader

	full chan chunk
	free chan []trace.Event
	stop chan struct{}

	events int64
	syncs  int
	lastNs int64
}

// chunk is some events and how far the reading had come with them.
type chunk struct {
	events   []trace.Event
	err      error // what follows the events; nil if more may come
	offset   int64 // of the input, about
	whole    int   // generations delivered whole, these events included
	wholeEnd int64 // where the last of them ends
}

const (
	chunkSize    = 4096
	chunksAround = 4
)

// newReader opens the trace. That reads all of a trace of Go 1.11–1.21.
func newReader(input io.Reader, version int, limits wire.ScanLimits) (r *reader, err error) {
	r = &reader{
		version: version,
		scan:    wire.NewScanner(version, limits),
		full:    make(chan chunk, chunksAround),
		free:    make(chan []trace.Event, chunksAround),
		stop:    make(chan struct{}),
	}
	for range chunksAround {
		r.free <- make([]trace.Event, 0, chunkSize)
	}
	r.input = wire.NewReader(input, r.scan)
	defer r.recovered(&err)
	r.r, err = trace.NewReader(r.input)
	if err != nil {
		return nil, r.explain(err)
	}
	return r, nil
}

// next returns the next chunk and takes the last one back.
func (r *reader) next(last chunk) chunk {
	if cap(last.events) > 0 {
		r.free <- last.events[:0]
	}
	return <-r.full
}

// close ends run at its next chunk. It may be called more than once, by the
// goroutine that calls next.
func (r *reader) close() {
	select {
	case <-r.stop:
	default:
		close(r.stop)
	}
}

// run reads until an error, or until close.
func (r *reader) run() {
	for {
		select {
		case events := <-r.free:
			c := r.fill(events)
			select {
			case r.full <- c:
			case <-r.stop:
				return
			}
			if c.err != nil {
				return
			}
		case <-r.stop:
			return
		}
	}
}

// fill reads a chunk.
func (r *reader) fill(events []trace.Event) (c chunk) {
	defer func() {
		c.events, c.offset = events, r.scan.Offset()
		c.whole, c.wholeEnd = r.delivered(c.err == io.EOF)
	}()
	defer r.recovered(&c.err)
	for len(events) < cap(events) {
		ev, err := r.r.ReadEvent()
		if err == io.EOF {
			if err := r.input.Err(); err != nil {
				return chunk{err: err}
			}
			// x/exp/trace takes numbers that a batch cuts off for the file's end.
			if whole, _ := r.scan.Whole(math.MaxInt); r.version >= 22 && r.syncs-1 < whole {
				return chunk{err: r.at(io.ErrUnexpectedEOF)}
			}
			return chunk{err: io.EOF}
		}
		if err != nil {
			return chunk{err: r.explain(err)}
		}
		if err := r.checkTime(&ev); err != nil {
			return chunk{err: err}
		}
		events = append(events, ev)
		r.events++
		if ev.Kind() == trace.EventSync {
			r.syncs++
		}
	}
	return chunk{}
}

// recovered turns a panic of x/exp/trace into an error.
func (r *reader) recovered(err *error) {
	if p := recover(); p != nil {
		*err = r.at(fmt.Errorf("damaged: %s", oneLine(fmt.Sprint(p))))
	}
}

// explain puts an error of x/exp/trace into words. It is given whole
// generations only, but before Go 1.26 it takes the next one, or the file's end,
// to tell: what cut the last one short there is why it cannot be read.
func (r *reader) explain(err error) error {
	cut := r.input.Err()
	whole, _ := r.scan.Whole(math.MaxInt)
	if n, _ := r.delivered(false); cut == nil || whole > 0 && (r.version >= 26 || n < whole-1) {
		return r.at(errors.New(oneLine(err.Error())))
	}
	if format, ok := errors.AsType[*wire.FormatError](cut); ok && format.Trailing {
		notTrailing := *format
		notTrailing.Trailing = false
		return &notTrailing
	}
	return cut
}

// at adds where in the file the reading is.
func (r *reader) at(err error) error {
	if r.version < 22 {
		return fmt.Errorf("%w (after event %d)", err, r.events)
	}
	n, begin := r.delivered(false)
	return fmt.Errorf("%w (after event %d, in generation %d, which begins at byte %d)", err, r.events, r.scan.Generation(n), begin)
}

var errClock = errors.New("the timestamps are not plausible: the clock frequency or the times in the file are damaged")

// checkTime rejects times that only damage explains. x/exp/trace accepts any
// frequency and hands on infinite, negative or standing times.
func (r *reader) checkTime(ev *trace.Event) error {
	t := int64(ev.Time())
	// The converter of Go 1.11–1.21 begins a nanosecond before its first event.
	if t < -1 || (r.syncs > 0 && t-r.lastNs > wire.MaxSpanNs) {
		return r.at(errClock)
	}
	r.lastNs = t
	return nil
}

// delivered is how much of the file was delivered whole: the generations before
// the one that x/exp/trace has announced, or has taken up and found damaged.
func (r *reader) delivered(ended bool) (generations int, end int64) {
	if r.version >= 22 {
		return r.scan.Whole(max(r.syncs, r.input.Begun()) - 1)
	}
	if ended && r.syncs > 1 {
		return 1, r.scan.Offset()
	}
	return 0, 0
}
