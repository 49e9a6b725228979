package analyze

import (
	"context"
	"fmt"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/relay"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
)

// Stream analyses one trace as Analyze does, and reads it a second time to hand what
// happened in it to sink, one thing after the other. It holds none of it, so that its
// memory does not depend on the trace's length.
//
// Beside the errors of Analyze it returns the sink's. Standard input, and what else
// cannot be read twice, is kept in a temporary file meanwhile.
func Stream(ctx context.Context, src Source, o Options, sink interval.Sink) (*result.Result, error) {
	a := analysis{src: src, opts: o}
	if err := a.begin(ctx); err != nil {
		return nil, err
	}
	defer a.close()
	first, err := a.firstReading(ctx, event.NoG, 0)
	if err != nil {
		return nil, err
	}
	return first.Result, a.relay(ctx, first, sink, true)
}

// relay reads the trace again for a sink, with culprits if the sink is to know them.
func (a *analysis) relay(ctx context.Context, first *reading, sink interval.Sink, culprits bool) error {
	if err := a.file.Rewind(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	a.messages = maxMessages
	var r *relay.Relay
	again, err := a.pass(ctx, a.scope(), func(tables *event.Tables) timeline.Sink {
		o := relay.Options{
			Result: first.Result, Late: first.set.Late(), System: first.set.System, GroupAt: first.set.GroupAt, Idle: first.set.Idle(tables),
		}
		if culprits {
			o.Culprit = first.set.Culprits(tables)
		}
		r = relay.New(o, tables, sink)
		return &stoppable{r, sink, cancel}
	})
	if failed := sink.Err(); failed != nil {
		return failed
	}
	if err != nil {
		return err
	}
	if again.stats.Events != first.Trace.Events {
		return fmt.Errorf("analyse %s: it changed while it was read: %d events the first time, %d the second; copy it and try again", a.src.name, first.Trace.Events, again.stats.Events)
	}
	r.Finish()
	return sink.Err()
}

// stoppable ends a reading when its sink cannot take any more.
type stoppable struct {
	*relay.Relay
	sink   interval.Sink
	cancel context.CancelCauseFunc
}

// Collect hands a batch on.
func (s *stoppable) Collect(batch []timeline.Record) {
	s.Relay.Collect(batch)
	if err := s.sink.Err(); err != nil {
		s.cancel(err)
	}
}

// maxMessages is how many different messages of runtime/trace.Log are kept. Generations
// are decoded side by side, so that which are the first is chance: it is more than traces
// have.
const maxMessages = 1_000_000
