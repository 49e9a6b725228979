package analyze

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"time"

	"github.com/conctrace/conctrace/analyze/detect"
	"github.com/conctrace/conctrace/analyze/internal/collect"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/internal/tracefile"
	"github.com/conctrace/conctrace/analyze/internal/wire"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/siterule"
)

// Options choose what is analysed. The zero value is the whole trace.
type Options struct {
	// From and To are a window, relative to the trace's start. To 0 is its end.
	From, To time.Duration
	// Group and Task keep only the goroutines whose entry function, or one of
	// the types of whose tasks, matches. With both, both must.
	Group, Task *regexp.Regexp
	// AtRest names further goroutines (by entry function) or waits (by a
	// function of the stack) to regard as idle by design.
	AtRest *regexp.Regexp
	// Thresholds are where detectors decide otherwise than by themselves, Sites what
	// places in the program are called and what waits there mean. The package
	// settings reads both from a file; SettingsFile is what the Result calls it.
	Thresholds   detect.Settings
	Sites        []siterule.Rule
	SettingsFile string
	// Goroutines fills Result.Goroutines.
	Goroutines bool

	// MaxBytes bounds the decompressed size, MaxGenerationBytes that of one
	// generation, MaxGoroutines how many goroutines may live at once. 0 is the
	// default of each.
	MaxBytes           int64
	MaxGenerationBytes int64
	MaxGoroutines      int
	// BlameBytes bounds the memory for what is known of the past to say what filled
	// a wait; what falls out of it is told as unresolved. 0 is the default.
	BlameBytes int64

	// Decoder chooses who decodes the trace; all find the same.
	Decoder Decoder

	// CPUs is the number of cores that the program really had, where GOMAXPROCS
	// is more; 0 where it is not known.
	CPUs int

	// Progress, if given, is called now and then, from one goroutine, with how
	// much of the input was read. size is -1 where it is not known.
	Progress func(read, size int64)
}

// Decoder says who decodes a trace.
type Decoder uint8

const (
	// DecoderAuto is the fast decoder for the versions that it reads, and the
	// reference for others.
	DecoderAuto Decoder = iota
	// DecoderFast is conctrace's own, for traces of Go 1.22 and later.
	DecoderFast
	// DecoderReference is golang.org/x/exp/trace.
	DecoderReference
)

// Source is where a trace comes from.
type Source struct {
	name string
	open func(tracefile.Limits) (*tracefile.File, error)
}

// Name is what messages call the source.
func (s Source) Name() string { return s.name }

// File is the trace in a file, plain or compressed with gzip or zstd.
func File(path string) Source {
	return Source{path, func(l tracefile.Limits) (*tracefile.File, error) { return tracefile.Open(path, l) }}
}

// Copy is the trace in a file that is a copy of something else; name is what messages
// and the Result call it.
func Copy(name, path string) Source {
	return Source{name, func(l tracefile.Limits) (*tracefile.File, error) { return tracefile.OpenCopy(name, path, l) }}
}

// Reader is the trace that r yields; name is what messages call it.
func Reader(name string, r io.Reader) Source {
	return Source{name, func(l tracefile.Limits) (*tracefile.File, error) { return tracefile.FromReader(name, r, l) }}
}

// NotTraceError says what a file is that is not a readable trace, and what to
// do. Analyze returns it, wrapped or not, when nothing could be analysed.
type NotTraceError = tracefile.NotTraceError

// LimitError says that a trace is larger than Options.MaxBytes.
type LimitError = tracefile.LimitError

// Analyze analyses one trace.
//
// A damaged trace of which whole generations could be read gives a Result
// without an error: Trace.Complete is false, Trace.BytesLost and the warnings
// say what was lost. A file of which nothing can be read gives a
// *NotTraceError, and other errors mean that it could not be opened or read.
func Analyze(ctx context.Context, src Source, o Options) (*result.Result, error) {
	a := analysis{src: src, opts: o}
	if err := a.begin(ctx); err != nil {
		return nil, err
	}
	defer a.close()
	r, _, err := a.collected(ctx, func(_ *event.Tables, set *collect.Set) timeline.Sink { return set })
	return r, err
}

// analysis is one run of Analyze.
type analysis struct {
	src      Source
	file     *tracefile.File
	opts     Options
	selected func(goroutine int64) bool
	messages int  // how many different messages of logs a reading keeps
	inUse    bool // a decoder that could not be stopped still reads file
}

// begin opens the source and finds out which goroutines are asked for. If it fails
// there is nothing to close.
func (a *analysis) begin(ctx context.Context) error {
	o := &a.opts
	if o.From < 0 || o.To < 0 || o.To > 0 && o.To <= o.From {
		return fmt.Errorf("analyse %s: the window from %v to %v is empty", a.src.name, o.From, o.To)
	}
	if err := errors.Join(o.Thresholds.Check(), siterule.Check(o.Sites)); err != nil {
		return fmt.Errorf("analyse %s: %w", a.src.name, err)
	}
	if err := a.open(ctx); err != nil {
		return err
	}
	if o.Group == nil && o.Task == nil {
		return nil
	}
	selected, err := a.selection(ctx)
	if err != nil {
		a.close()
		return err
	}
	a.selected = selected
	return nil
}

// open opens the source, which may have to wait for a pipe's first bytes.
func (a *analysis) open(ctx context.Context) error {
	type opened struct {
		file *tracefile.File
		err  error
	}
	done := make(chan opened, 1)
	go func() {
		file, err := a.src.open(tracefile.Limits{MaxBytes: a.opts.MaxBytes})
		done <- opened{file, err}
	}()
	select {
	case o := <-done:
		a.file = o.file
		return o.err
	case <-ctx.Done():
		return a.interrupted(ctx)
	}
}

func (a *analysis) close() {
	if !a.inUse {
		a.file.Close()
	}
}

// scope is the part of the trace that every reading of it is about.
func (a *analysis) scope() timeline.Options {
	return timeline.Options{From: int64(a.opts.From), To: int64(a.opts.To), MaxGoroutines: a.opts.MaxGoroutines, Select: a.selected}
}

// collected reads the trace and makes the result. sink is where the records go, the
// collectors or what hands on to them.
func (a *analysis) collected(ctx context.Context, sink func(*event.Tables, *collect.Set) timeline.Sink) (*result.Result, *collect.Set, error) {
	var set *collect.Set
	defer func() {
		if set != nil {
			set.Close()
		}
	}()
	pass, err := a.pass(ctx, a.scope(), func(tables *event.Tables) timeline.Sink {
		set = collect.New(collect.Options{Goroutines: a.opts.Goroutines, AtRest: a.opts.AtRest, Sites: a.opts.Sites, From: int64(a.opts.From), BlameBytes: a.opts.BlameBytes}, tables)
		return sink(tables, set)
	})
	if err != nil {
		return nil, nil, err
	}
	r := &result.Result{SchemaVersion: result.SchemaVersion}
	if err := a.describe(pass, r); err != nil {
		return nil, nil, err
	}
	if err := a.conclude(pass, set, r); err != nil {
		return nil, nil, err
	}
	return r, set, nil
}

// conclude writes what was collected and what follows from it. It guards the
// program like feed does.
func (a *analysis) conclude(p *pass, set *collect.Set, r *result.Result) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("analyse %s: internal error while summing up: %v", a.src.name, fault)
		}
	}()
	set.Finish(collect.End{Tables: p.tables, Groups: p.machine.Groups(), Late: p.machine.Late(), From: r.Scope.FromNs, To: r.Scope.ToNs}, r)
	if err := plausible(r); err != nil {
		return fmt.Errorf("analyse %s: %w", a.src.name, err)
	}
	warn(r, a.selected != nil)
	detect.Run(r, a.opts.Thresholds)
	return nil
}

// describe writes what the file is and how much of it was read.
func (a *analysis) describe(p *pass, r *result.Result) error {
	m := p.machine
	total, err := a.file.Drain()
	if err != nil && p.damage == nil {
		p.damage = err
	}
	r.Trace = result.Trace{
		File:        a.src.name,
		GoVersion:   fmt.Sprintf("1.%d", a.file.Version()),
		Compression: a.file.Compression(),
		DurationNs:  m.DurationNs(),
		Bytes:       total,
		Events:      p.stats.Events,
		Generations: p.stats.Generations,
		Complete:    p.damage == nil,
		Warnings:    []result.Warning{},
	}
	if wall := m.WallStart(); wall > 0 {
		r.Trace.StartedAt = time.Unix(0, wall).UTC().Format(time.RFC3339Nano)
	}
	from, to := m.Window()
	r.Scope = result.Scope{FromNs: from, ToNs: to, Group: source(a.opts.Group), Task: source(a.opts.Task), AtRest: source(a.opts.AtRest), CPUs: a.opts.CPUs, Thresholds: a.opts.SettingsFile}
	if a.opts.From > 0 && from >= m.DurationNs() {
		return fmt.Errorf("analyse %s: the window starts at %v, but the trace is only %v long", a.src.name, a.opts.From, time.Duration(m.DurationNs()))
	}
	a.tellDamage(p, total, r)
	for _, w := range p.stats.Warnings {
		r.Trace.Warnings = append(r.Trace.Warnings, result.Warning{Code: w.Code, Message: w.Message})
	}
	if n := m.Inconsistent(); n > 0 {
		r.Trace.Warnings = append(r.Trace.Warnings, result.Warning{
			Code:    "inconsistent-states",
			Message: fmt.Sprintf("%d changes of state contradict the state before; the times around them are doubtful", n),
		})
	}
	return nil
}

// tellDamage says what was lost of the file.
func (a *analysis) tellDamage(p *pass, total int64, r *result.Result) {
	if p.damage == nil {
		return
	}
	warn := func(code, format string, args ...any) {
		r.Trace.Warnings = append(r.Trace.Warnings, result.Warning{Code: code, Message: fmt.Sprintf(format, args...)})
	}
	r.Trace.BytesLost = max(0, total-p.stats.CompleteBytes)
	r.Trace.Gaps = gaps(p)
	format, ok := errors.AsType[*wire.FormatError](p.damage)
	switch {
	case ok && format.Trailing && len(r.Trace.Gaps) == 0:
		r.Trace.Complete = true
		warn("trailing-bytes", "%s behind the end of the trace: not read (%v)", inBytes(r.Trace.BytesLost), p.damage)
	case r.Trace.BytesLost > 0:
		share := 100 * float64(r.Trace.BytesLost) / float64(max(total, 1))
		warn("damaged", "the trace is damaged: up to %d of %d bytes (%.1f %%) were not analysed (%v)%s", r.Trace.BytesLost, total, share, p.damage, inGaps(r.Trace.Gaps))
	case len(r.Trace.Gaps) > 0:
		warn("damaged", "the trace is damaged: a part of it is missing (%v)%s", p.damage, inGaps(r.Trace.Gaps))
	default:
		warn("damaged", "the trace was read to its end, but what it is packed in is damaged (%v)", p.damage)
	}
}

// gaps are the stretches of which nothing is known.
func gaps(p *pass) []result.Gap {
	var out []result.Gap
	for i, g := range p.machine.Gaps() {
		missing := p.stats.Gaps[i]
		out = append(out, result.Gap{FromNs: g.From, ToNs: g.To, BytesLost: missing.Bytes, Problem: missing.Problem})
	}
	return out
}

// inGaps says how much of the trace is missing within it.
func inGaps(gaps []result.Gap) string {
	var ns int64
	for _, g := range gaps {
		ns += g.ToNs - g.FromNs
	}
	switch len(gaps) {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf("; it goes on after %v, which count as unknown", time.Duration(ns))
	}
	return fmt.Sprintf("; it goes on after %d gaps of %v in all, which count as unknown", len(gaps), time.Duration(ns))
}

func inBytes(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// plausible refuses sums that do not fit into 64 bits, as only a damaged clock
// makes them.
func plausible(r *result.Result) error {
	goroutines := float64(r.Scope.Goroutines + r.Scope.SystemGoroutines)
	if goroutines*float64(r.Trace.DurationNs) > math.MaxInt64/2 {
		return fmt.Errorf("%.0f goroutines over %v cannot be right: the clock in the file is damaged", goroutines, time.Duration(r.Trace.DurationNs))
	}
	return nil
}

// warn adds what a reader of the numbers should know beyond damage.
func warn(r *result.Result, filtered bool) {
	add := func(code, format string, args ...any) {
		r.Trace.Warnings = append(r.Trace.Warnings, result.Warning{Code: code, Message: fmt.Sprintf(format, args...)})
	}
	if t := r.Time; t.LifetimeNs > 0 && float64(t.UnknownNs) > 0.2*float64(t.LifetimeNs) {
		add("much-unknown", "%.0f %% of the goroutines' time is unknown: waits that began before the trace and for which it has no stack", 100*float64(t.UnknownNs)/float64(t.LifetimeNs))
	}
	for _, g := range r.Groups {
		if g.Name == timeline.Unidentified {
			add("unidentified-goroutines", "goroutines without a stack anywhere in the trace: %d; they are counted with the runtime's own", g.Count)
		}
	}
	if filtered && r.Scope.Goroutines+r.Scope.SystemGoroutines == 0 {
		add("nothing-selected", "no goroutine of the trace matches the filter")
	}
}

// source is a regular expression as it was given, or "".
func source(re *regexp.Regexp) string {
	if re == nil {
		return ""
	}
	return re.String()
}

// spoolDir is where standard input is kept for a second reading.
func spoolDir() string { return os.TempDir() }
