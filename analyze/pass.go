package analyze

import (
	"context"
	"errors"
	"fmt"
	"io"

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

// pass reads the trace once: the decoder decodes in goroutines of its own, this
// one accounts.
func (a *analysis) pass(ctx context.Context, o timeline.Options, sink func(*event.Tables) timeline.Sink) (*pass, error) {
	dec, err := a.decoder(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { a.inUse = !dec.Close() }()
	p := &pass{tables: dec.Tables()}
	p.machine = timeline.New(p.tables, a.file.Version(), o, sink(p.tables))
	if err := a.account(ctx, dec, p); err != nil {
		return nil, err
	}
	if p.stats.Generations == 0 {
		return nil, a.unreadable(ctx, p.damage)
	}
	return p, a.finish(p)
}

// decoder begins to decode with the decoder that the options and the trace's
// version ask for.
func (a *analysis) decoder(ctx context.Context) (event.Decoder, error) {
	version, input := a.file.Version(), &interruptible{ctx, a.file}
	limits := wire.ScanLimits{MaxGenerationBytes: a.opts.MaxGenerationBytes, Messages: a.messages}
	switch {
	case a.opts.Decoder != DecoderReference && wire.Reads(version):
		return wire.NewDecoder(ctx, input, version, limits), nil
	case a.opts.Decoder == DecoderFast:
		return nil, fmt.Errorf("analyse %s: the fast decoder does not read traces of Go 1.%d: leave the choice to auto", a.src.name, version)
	}
	return exptrace.New(ctx, input, version, limits), nil
}

// account feeds the machine with what the decoder yields.
func (a *analysis) account(ctx context.Context, dec event.Decoder, p *pass) error {
	for {
		events, err := dec.Next()
		if ctx.Err() != nil {
			return a.interrupted(ctx)
		}
		if err != nil {
			if p.stats = dec.Stats(); err != io.EOF {
				p.damage = err
			}
			return a.inputError(p)
		}
		if err := a.feed(p.machine, events); err != nil {
			return fmt.Errorf("analyse %s: %w", a.src.name, err)
		}
		if a.opts.Progress != nil {
			a.opts.Progress(a.file.InputRead(), a.file.InputSize())
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
