package wire

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/conctrace/conctrace/analyze/internal/event"
)

// Decoder decodes one trace of Go 1.22 or later: the same events in the same
// order, at the same times and on the same stacks as golang.org/x/exp/trace.
//
//	cutter ── generations ──► workers, each generation alone ──► Next, in sequence
//
// One goroutine reads and cuts (cutter.go), one for each generation under way
// takes it apart and orders it (order.go), and Next hands their chunks out in
// turn (join.go), after it has held what they rest on against the state that it
// keeps (assume.go).
type Decoder struct {
	ctx     context.Context
	version int
	size    int // of chunks, in events
	cutter  *cutter
	tables  *event.Tables
	stats   event.Stats

	workers     int         // generations that may be ordered at the same time
	states      chan *state // to be used again
	spareTables chan *tables
	ended       chan struct{}
	stop        context.CancelFunc

	mu     sync.Mutex
	change *sync.Cond // of what follows
	runs   []*run     // under way, in the order of the file
	cutErr error      // what ended the cutter
	bytes  int64      // of the generations under way
	ahead  int        // chunks in use
	free   []*chunk

	// Of Next alone.
	before    *state // at the beginning of runs[0]
	began     int64  // time of the last event before runs[0]
	verdict   verdict
	last      int64  // time of the last event
	lentChunk *chunk // Next handed its events out
	end       []event.Event
	err       error
	reordered int              // generations that were ordered again, in sequence
	gap       int64            // bytes that are missing in front of the next event
	gapErr    error            // why
	kept      []event.Event    // to be handed out next
	completed func(alone bool) // for tests: before is at the end of runs[0]
	damage    error            // the first
}

// run is the ordering of one generation.
type run struct {
	g        *generation
	alone    bool
	initial  bool
	last     int64  // time of the event before, in sequence
	own      *state // the state at its end, where alone
	skip     int64  // events that were handed out already, by an earlier run
	out      int64  // events that were handed out
	chunks   []*chunk
	inUse    int // chunks, ready or being filled
	done     bool
	err      error
	canceled bool
}

// chunk is some events and what they rest on.
type chunk struct {
	of      *run
	events  []event.Event
	assumed assumptions
}

const (
	// chunkEvents is how many events are handed on at once: 128 KiB, so that
	// they are still in a cache when they are read.
	chunkEvents = 2048
	// headChunks bounds the chunks of the generation that Next is at,
	// aheadChunks (32 MiB) those of the generations behind it, for each worker
	// but one, and aheadBytes the bytes of the file under way.
	headChunks  = 8
	aheadChunks = 32 << 20 / (chunkEvents * 64) // an event takes 64 bytes
	aheadBytes  = 64 << 20
	// mostWorkers is how many generations are ordered at once at most: whoever
	// takes their events is busy with fewer.
	mostWorkers = 4
)

// Reads says whether a Decoder reads traces of a version.
func Reads(version int) bool {
	switch version {
	case 22, 23, 25, 26:
		return true
	}
	return false
}

// NewDecoder returns a decoder of the trace of a version that r yields from its
// header on. It must be closed.
func NewDecoder(ctx context.Context, r io.Reader, version int, limits ScanLimits) *Decoder {
	return newDecoder(ctx, r, version, limits, chunkEvents)
}

func newDecoder(ctx context.Context, r io.Reader, version int, limits ScanLimits, size int) *Decoder {
	ctx, stop := context.WithCancel(ctx)
	d := &Decoder{
		ctx: ctx, stop: stop, version: version, size: size,
		cutter:      newCutter(r, NewScanner(version, limits)),
		tables:      event.NewTables(),
		workers:     min(runtime.GOMAXPROCS(0), mostWorkers),
		states:      make(chan *state, mostWorkers),
		spareTables: make(chan *tables, mostWorkers),
		ended:       make(chan struct{}),
		before:      newState(),
	}
	d.tables.KeepMessages(limits.Messages)
	d.change = sync.NewCond(&d.mu)
	d.stats.CompleteBytes = headerSize
	context.AfterFunc(ctx, d.wake)
	go d.cut()
	return d
}

// wake makes all who wait look again.
func (d *Decoder) wake() {
	d.mu.Lock()
	d.change.Broadcast()
	d.mu.Unlock()
}

// Tables holds the stacks and strings.
func (d *Decoder) Tables() *event.Tables { return d.tables }

// Stats is what was read.
func (d *Decoder) Stats() event.Stats {
	s := d.stats
	s.Warnings = append(s.Warnings, d.tables.Warnings()...)
	return s
}

// Close ends the decoding.
func (d *Decoder) Close() (ended bool) {
	d.stop()
	return event.HasEnded(d.ended)
}

// cut reads generations and sets workers to them.
func (d *Decoder) cut() {
	defer close(d.ended)
	for {
		g, err := d.nextGeneration()
		d.mu.Lock()
		if err != nil {
			d.cutErr = err
			d.change.Broadcast()
			d.mu.Unlock()
			return
		}
		for d.ctx.Err() == nil && len(d.runs) > 0 && (len(d.runs) >= max(2, d.workers) || d.bytes+int64(g.size) > aheadBytes) {
			d.change.Wait()
		}
		// The first is ordered in sequence, as there is nothing before it, and
		// so is the first behind a gap.
		r := &run{g: g, initial: g.index == 0 || g.gap != nil}
		r.alone = d.workers > 1 && !r.initial
		d.bytes += int64(g.size)
		d.runs = append(d.runs, r)
		d.change.Broadcast()
		d.mu.Unlock()
		if r.alone {
			go d.order(r, d.state())
		}
	}
}

// state is one to order a generation with that stands alone.
func (d *Decoder) state() *state {
	select {
	case s := <-d.states:
		s.clear()
		return s
	default:
		return newState()
	}
}

// freeTables are tables with nothing in them.
func (d *Decoder) freeTables() *tables {
	select {
	case t := <-d.spareTables:
		t.clear()
		return t
	default:
		return newTables()
	}
}

func (d *Decoder) nextGeneration() (g *generation, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error while reading, at byte %d: %v", d.cutter.base, p)
		}
	}()
	if err := d.ctx.Err(); err != nil {
		return nil, err
	}
	return d.cutter.next()
}

// order parses and orders a generation, in a goroutine of its own.
func (d *Decoder) order(r *run, s *state) {
	err := d.ordered(r, s)
	d.mu.Lock()
	r.done, r.err = true, err
	if r.alone {
		r.own = s
	}
	d.change.Broadcast()
	d.mu.Unlock()
}

// ordered guards the ordering: whatever a hostile file brings about is an error
// about the file and not the end of the program. What was ordered before stands.
func (d *Decoder) ordered(r *run, s *state) (err error) {
	o := &orderer{state: s, g: r.g, gen: uint32(r.g.index + 1), initial: r.initial, alone: r.alone, last: r.last}
	var c *chunk
	hand := func() {
		if c != nil {
			c.events, c.assumed = o.buf[:o.n], o.assumed
			d.hand(r, c)
		}
	}
	defer func() {
		if p := recover(); p != nil {
			o.n = o.before
			err = &FormatError{Offset: r.g.offset, Generation: r.g.number, Problem: fmt.Sprintf("internal error (%v) in the generation", p)}
		}
		hand()
	}()
	if err := r.g.parse(d.version, d.tables, d.freeTables); err != nil {
		return err
	}
	o.data, o.tables = r.g.data, r.g.tables
	o.flush = func() bool {
		hand()
		if c = d.chunk(r); c == nil {
			return false
		}
		o.buf, o.n, o.before, o.assumed = c.events[:cap(c.events)], 0, 0, c.assumed[:0]
		return true
	}
	if !o.flush() {
		return errStopped
	}
	return o.run()
}

// chunk waits until a run may go on and returns an empty chunk, or nil if it
// shall stop.
func (d *Decoder) chunk(r *run) *chunk {
	d.mu.Lock()
	defer d.mu.Unlock()
	for !r.canceled && d.ctx.Err() == nil {
		isHead := len(d.runs) > 0 && d.runs[0] == r
		if d.ahead < aheadChunks*(d.workers-1) || isHead && r.inUse < headChunks {
			d.ahead++
			r.inUse++
			if n := len(d.free); n > 0 {
				c := d.free[n-1]
				d.free = d.free[:n-1]
				c.of = r
				return c
			}
			return &chunk{of: r, events: make([]event.Event, 0, d.size)}
		}
		d.change.Wait()
	}
	return nil
}

// hand hands a chunk to Next.
func (d *Decoder) hand(r *run, c *chunk) {
	d.mu.Lock()
	if r.canceled {
		d.release(c)
	} else {
		r.chunks = append(r.chunks, c)
	}
	if len(d.runs) > 0 && d.runs[0] == r {
		d.change.Broadcast()
	}
	d.mu.Unlock()
}

// release takes a chunk back. The lock is held.
func (d *Decoder) release(c *chunk) {
	d.ahead--
	c.of.inUse--
	c.of = nil
	d.free = append(d.free, c)
	d.change.Broadcast()
}
