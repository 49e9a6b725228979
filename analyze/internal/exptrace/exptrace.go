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
// goroutine of its own (reader.go), converting in Next.
type Decoder struct {
	version int
	reader  *reader
	tables  *event.Tables
	stats   event.Stats
	err     error // what Next returned; it is returned for ever after

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

// New returns a decoder of the trace that r yields from its header on. It must
// be closed unless Next has returned an error.
func New(r io.Reader, version int, limits wire.ScanLimits) (*Decoder, error) {
	reader, err := newReader(r, version, limits)
	if err != nil {
		return nil, err
	}
	go reader.run()
	return &Decoder{
		version: version,
		reader:  reader,
		tables:  event.NewTables(),
		stacks:  make(map[trace.Stack]event.StackID),
	}, nil
}

// Close ends the reading. It does not wait for a Read of the input that is
// under way.
func (d *Decoder) Close() { d.reader.close() }

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
	defer func() {
		whole := d.chunk
		if p := recover(); p != nil {
			whole = d.done
			err = fmt.Errorf("damaged after event %d, near byte %d: %s", d.stats.Events, d.chunk.offset, oneLine(fmt.Sprint(p)))
		}
		if d.err = err; err != nil {
			d.stats.Generations, d.stats.CompleteBytes = whole.whole, whole.wholeEnd
			d.Close()
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
		ev := &d.chunk.events[d.i]
		d.i++
		d.stats.Events++
		if d.convert(ev, &buf[n]) {
			n++
		}
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
