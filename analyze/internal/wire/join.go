package wire

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
)

// Next returns the next events.
func (d *Decoder) Next() (events []event.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			d.err = fmt.Errorf("internal error after %d events: %v", d.stats.Events, p)
			events, err = nil, d.err
		}
	}()
	if events := d.kept; events != nil {
		d.kept = nil
		return events, nil
	}
	for d.err == nil {
		c, r, err := d.take()
		switch {
		case err != nil:
			return d.finish(err)
		case c != nil:
			events := d.deliver(r, c)
			switch {
			case len(events) == 0:
			case d.gapErr != nil && d.stats.Events > int64(len(events)):
				return d.behindGap(events), nil
			default:
				d.gap, d.gapErr = 0, nil // what is missing in front of all is no gap
				return events, nil
			}
		case r.err == nil:
			d.complete(r)
		case r.alone:
			d.inSequence(r)
		default:
			d.skip(r)
		}
	}
	return nil, d.err
}

// take waits for the next chunk of the first run, for that run's end, or for the
// end of all.
func (d *Decoder) take() (*chunk, *run, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lentChunk != nil {
		d.release(d.lentChunk)
		d.lentChunk = nil
	}
	for {
		if err := d.ctx.Err(); err != nil {
			return nil, nil, err
		}
		if len(d.runs) > 0 {
			r := d.runs[0]
			if !r.alone && r.own == nil {
				d.begin(r)
			}
			if len(r.chunks) > 0 {
				c := r.chunks[0]
				r.chunks = r.chunks[1:]
				return c, r, nil
			}
			if r.done {
				return nil, r, nil
			}
		} else if d.cutErr != nil {
			return nil, nil, d.cutErr
		}
		d.change.Wait()
	}
}

// begin starts the ordering of the first run in sequence.
func (d *Decoder) begin(r *run) {
	if r.initial {
		d.before.clear()
	}
	if gap := r.g.gap; gap != nil {
		d.miss(gap.bytes, gap.err)
		r.g.gap = nil
	}
	r.own, r.last = d.before, d.began
	go d.order(r, r.own)
}

// miss notes that something is missing here.
func (d *Decoder) miss(bytes int64, err error) {
	d.gap += bytes
	if d.gapErr == nil {
		d.gapErr = err
	}
	if d.damage == nil {
		d.damage = err
	}
}

// deliver makes a chunk's events those of the whole trace, or puts its
// generation in sequence if it does not stand alone.
func (d *Decoder) deliver(r *run, c *chunk) []event.Event {
	d.lentChunk = c
	events := c.events
	if r.alone {
		if d.verdict.before == nil {
			d.verdict = verdict{before: d.before, left: make(map[int64]int)}
		}
		if !d.verdict.hold(c.assumed, events) || !d.joins(events) {
			d.inSequence(r)
			return nil
		}
	}
	r.out += int64(len(events))
	if n := min(r.skip, int64(len(events))); n > 0 {
		r.skip -= n
		events = events[n:]
	}
	if len(events) > 0 {
		d.last = events[len(events)-1].Time
		d.stats.Events += int64(len(events))
	}
	return events
}

// joins makes the times of a generation that stands alone rise above those of
// the one before, as they would have in sequence: whatever is not later than the
// event before it comes a nanosecond after it. Once an event is later, so are
// all that follow.
func (d *Decoder) joins(events []event.Event) bool {
	last := d.last
	for i := range events {
		e := &events[i]
		if e.Time > last {
			return e.Time-last <= MaxSpanNs || i > 0
		}
		last++
		e.Time = last
	}
	return true
}

// inSequence orders the first run's generation again, with the state that the
// generations before have left.
func (d *Decoder) inSequence(r *run) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cancel(r)
	d.reordered++
	d.verdict = verdict{}
	d.runs[0] = &run{g: r.g, skip: r.out}
}

// cancel ends a run. The lock is held.
func (d *Decoder) cancel(r *run) {
	r.canceled = true
	if d.lentChunk != nil && d.lentChunk.of == r {
		d.release(d.lentChunk)
		d.lentChunk = nil
	}
	d.change.Broadcast()
	for !r.done {
		d.change.Wait()
	}
	for _, c := range r.chunks {
		d.release(c)
	}
	r.chunks = nil
}

// complete goes on to the next generation.
func (d *Decoder) complete(r *run) {
	if r.alone {
		d.verdict.absorb(r.own)
		d.verdict = verdict{}
		select {
		case d.states <- r.own:
		default:
		}
	}
	if d.completed != nil {
		d.completed(r.alone)
	}
	d.stats.Generations++
	d.stats.CompleteBytes += int64(r.g.size)
	d.began = d.last
	d.cutter.recycle(r.g)
	select {
	case d.spareTables <- r.g.tables:
	default:
	}
	d.mu.Lock()
	d.drop()
	d.mu.Unlock()
}

// drop takes out the first run. The lock is held.
func (d *Decoder) drop() {
	d.bytes -= int64(d.runs[0].g.size)
	d.runs = slices.Delete(d.runs, 0, 1)
	d.change.Broadcast()
}

// skip leaves a damaged generation out: the next one tells all states anew.
func (d *Decoder) skip(r *run) {
	d.miss(int64(r.g.size), r.err)
	d.began = d.last
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drop()
	for len(d.runs) == 0 && d.cutErr == nil && d.ctx.Err() == nil {
		d.change.Wait()
	}
	if len(d.runs) == 0 {
		return
	}
	if next := d.runs[0]; next.alone {
		d.cancel(next)
		d.runs[0] = &run{g: next.g, initial: true}
	} else {
		next.initial = true
	}
}

// behindGap hands out an event that stands for what is missing, and keeps those
// that follow for the next time.
func (d *Decoder) behindGap(events []event.Event) []event.Event {
	d.stats.Gaps = append(d.stats.Gaps, event.Missing{Bytes: d.gap, Problem: d.gapErr.Error()})
	d.end = append(d.end[:0], event.Event{Kind: event.Gap, Time: d.began, G: event.NoG, P: event.NoP, M: event.NoM, Arg: d.gap})
	d.gap, d.gapErr, d.kept = 0, nil, events
	return d.end
}

// finish closes the trace, once.
func (d *Decoder) finish(err error) ([]event.Event, error) {
	d.err = err
	format, damaged := errors.AsType[*FormatError](err)
	if d.damage != nil && (err == io.EOF || damaged && !format.Limit) {
		d.err = d.damage // the first tells most
	}
	if errors.Is(err, d.ctx.Err()) || d.stats.Events == 0 {
		return nil, d.err
	}
	d.last++
	d.stats.Events++
	d.end = append(d.end[:0], event.Event{Kind: event.Sync, Time: d.last, G: event.NoG, P: event.NoP, M: event.NoM})
	return d.end, nil
}
