package analyze

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/exptrace"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/internal/tracefile"
	"github.com/conctrace/conctrace/analyze/internal/wire"
)

// pass is one reading of the trace.
type pass struct {
	machine *timeline.Machine
	tables  *event.Tables
	stats   event.Stats
	damage  error // what ended the reading early, nil for a whole trace
}

// Decoding is handed on in batches of this many events, of which a few are
// under way at once.
const (
	eventBatch    = 4096
	batchesAround = 4
)

// pass reads the trace once: one goroutine decodes, this one accounts.
func (a *analysis) pass(ctx context.Context, o timeline.Options, sink func(*event.Tables) timeline.Sink) (*pass, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d := newDecoding(ctx, func() (event.Decoder, error) {
		return exptrace.New(&interruptible{ctx, a.file}, a.file.Version(), wire.ScanLimits{MaxGenerationBytes: a.opts.MaxGenerationBytes})
	})
	defer func() {
		cancel()
		a.inUse = !d.wait()
	}()
	select {
	case <-d.opened:
	case <-ctx.Done():
		return nil, a.interrupted(ctx)
	}
	if d.dec == nil {
		return nil, a.unreadable(ctx, d.err)
	}
	p := &pass{tables: d.dec.Tables()}
	p.machine = timeline.New(p.tables, d.dec.Version(), o, sink(p.tables))
	if err := a.account(ctx, d, p); err != nil {
		return nil, err
	}
	if p.stats.Generations == 0 {
		return nil, a.unreadable(ctx, p.damage)
	}
	return p, a.finish(p)
}

// account feeds the machine with what the decoder yields.
func (a *analysis) account(ctx context.Context, d *decoding, p *pass) error {
	for {
		select {
		case <-ctx.Done():
			return a.interrupted(ctx)
		case batch, ok := <-d.full:
			if !ok {
				p.stats, p.damage = d.dec.Stats(), d.err
				return a.inputError(p)
			}
			if err := a.feed(p.machine, batch); err != nil {
				return fmt.Errorf("analyse %s: %w", a.src.name, err)
			}
			d.free <- batch[:cap(batch)]
			if a.opts.Progress != nil {
				a.opts.Progress(a.file.InputRead(), a.file.InputSize())
			}
		}
	}
}

// inputError puts the input's own trouble in front of what a decoder makes of
// it. Damaged compression is damage like any other; a limit ends the analysis.
func (a *analysis) inputError(p *pass) error {
	err := a.file.Err()
	if err == nil {
		return nil
	}
	p.damage = err
	if _, ok := errors.AsType[*tracefile.LimitError](err); ok {
		return err
	}
	return nil
}

func (a *analysis) interrupted(ctx context.Context) error {
	return fmt.Errorf("analyse %s: interrupted: %w", a.src.name, ctx.Err())
}

// feed guards the accounting: whatever a hostile file brings about here is an
// error about the file and not the end of the program.
func (a *analysis) feed(m *timeline.Machine, batch []event.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error while accounting, after event at clock %d: %v", batch[0].Time, p)
		}
	}()
	return m.Feed(batch)
}

func (a *analysis) finish(p *pass) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("analyse %s: internal error at the trace's end: %v", a.src.name, r)
		}
	}()
	p.machine.Finish()
	return nil
}

// unreadable puts into words why nothing of a file could be analysed.
func (a *analysis) unreadable(ctx context.Context, damage error) error {
	if ctx.Err() != nil {
		return a.interrupted(ctx)
	}
	if err := a.file.Err(); err != nil {
		damage = err
	}
	if _, ok := errors.AsType[*tracefile.LimitError](damage); ok {
		return damage
	}
	if _, ok := errors.AsType[*tracefile.ReadError](damage); ok {
		return damage
	}
	if format, ok := errors.AsType[*wire.FormatError](damage); ok && format.Limit {
		return fmt.Errorf("%s: %w", a.src.name, damage)
	}
	if damage == nil {
		return &NotTraceError{File: a.src.name, What: "a trace header without a single event", Hint: "the recording was cut before its first flush: stop the tracing (trace.Stop, the end of the /debug/pprof/trace request) before reading the file"}
	}
	if a.file.ConvertedLineEnds() {
		return &NotTraceError{File: a.src.name, What: "a trace whose line endings were converted on its way (CR LF), which destroys it: " + damage.Error(), Hint: "copy it as binary data"}
	}
	return &NotTraceError{File: a.src.name, What: "a trace of which no part is whole: " + damage.Error(), Hint: "record it again, and let the tracing end before the file is copied"}
}

// decoding is a decoder at work in a goroutine of its own.
type decoding struct {
	opened chan struct{} // closed when dec or err is there
	dec    event.Decoder // nil if the trace could not be opened
	full   chan []event.Event
	free   chan []event.Event
	err    error // of the decoder, nil at a whole trace's end; after full is closed
	done   chan struct{}
}

func newDecoding(ctx context.Context, open func() (event.Decoder, error)) *decoding {
	d := &decoding{
		opened: make(chan struct{}),
		full:   make(chan []event.Event, batchesAround),
		free:   make(chan []event.Event, batchesAround),
		done:   make(chan struct{}),
	}
	for range batchesAround {
		d.free <- make([]event.Event, eventBatch)
	}
	go func() {
		defer close(d.done)
		defer close(d.full)
		dec, err := open()
		if err != nil {
			d.err = err
			close(d.opened)
			return
		}
		d.dec = dec
		close(d.opened)
		d.run(ctx)
		dec.Close()
	}()
	return d
}

func (d *decoding) run(ctx context.Context) {
	for {
		var buf []event.Event
		select {
		case buf = <-d.free:
		case <-ctx.Done():
			return
		}
		n, err := d.dec.Next(buf)
		if n > 0 {
			select {
			case d.full <- buf[:n]:
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			if err != io.EOF {
				d.err = err
			}
			return
		}
	}
}

// wait waits for the decoder's end after its context was cancelled. It reports
// false if the decoder does not notice, because it waits for a terminal or a
// pipe that nobody writes to.
func (d *decoding) wait() bool {
	select {
	case <-d.done:
		return true
	case <-time.After(patience):
		return false
	}
}

// patience is how long a cancelled decoder may take.
const patience = 2 * time.Second

// interruptible ends a reading when its context does.
type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (r *interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
