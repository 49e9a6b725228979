package serve

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/singleflight"
)

// errBusy says that as much is being done as may be, and as many wait for it.
var errBusy = errors.New("busy")

// limit bounds how much goes on at once, and how many wait for their turn.
type limit struct {
	admitted chan struct{} // those that run or wait
	running  chan struct{}
}

func newLimit(running, waiting int) *limit {
	return &limit{make(chan struct{}, running+waiting), make(chan struct{}, running)}
}

// enter waits for a turn and returns what ends it. It fails with errBusy where too many
// wait, and when ctx ends.
func (l *limit) enter(ctx context.Context) (leave func(), err error) {
	select {
	case l.admitted <- struct{}{}:
	default:
		return nil, errBusy
	}
	select {
	case l.running <- struct{}{}:
		return func() { <-l.running; <-l.admitted }, nil
	case <-ctx.Done():
		<-l.admitted
		return nil, ctx.Err()
	}
}

// store makes things of windows. What is asked for by several at once is made once, and
// given up when the last of them has gone; what was made last is kept.
type store[T any] struct {
	ctx   context.Context
	limit *limit
	make  func(context.Context, Window) (T, error)
	group singleflight.Group

	mu      sync.Mutex
	flights map[Window]*flight
	kept    recent[T]
}

// flight is something that is being made, for so many.
type flight struct {
	ctx     context.Context
	cancel  context.CancelFunc
	waiting int
}

// newStore returns a store that keeps what size sums to at most.
func newStore[T any](ctx context.Context, l *limit, most int, make func(context.Context, Window) (T, error), size func(T) int) *store[T] {
	return &store[T]{ctx: ctx, limit: l, make: make, flights: map[Window]*flight{}, kept: newRecent(most, size)}
}

// keep takes what was made already.
func (s *store[T]) keep(w Window, v T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept.put(w, v)
}

// get returns what there is of a window, which it may have to make. It fails with
// errBusy, with ctx, and as making it does.
func (s *store[T]) get(ctx context.Context, w Window) (v T, err error) {
	s.mu.Lock()
	if v, ok := s.kept.get(w); ok {
		s.mu.Unlock()
		return v, nil
	}
	f := s.flights[w]
	if f == nil {
		f = new(flight)
		f.ctx, f.cancel = context.WithCancel(s.ctx)
		s.flights[w] = f
	}
	f.waiting++
	made := s.group.DoChan(w.String(), func() (any, error) { return s.made(f.ctx, w) })
	s.mu.Unlock()
	defer s.leave(w, f)
	select {
	case m := <-made:
		if m.Err != nil {
			return v, m.Err
		}
		return m.Val.(T), nil
	case <-ctx.Done():
		return v, ctx.Err()
	}
}

// leave is called by whoever waits no longer. Who asks after the last has gone begins
// anew.
func (s *store[T]) leave(w Window, f *flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.waiting--; f.waiting > 0 {
		return
	}
	f.cancel()
	delete(s.flights, w)
	s.group.Forget(w.String())
}

// made makes what is of a window when it is its turn. A fault stays an error: in the
// goroutine of a singleflight it would end the program.
func (s *store[T]) made(ctx context.Context, w Window) (v T, err error) {
	leave, err := s.limit.enter(ctx)
	if err != nil {
		return v, err
	}
	defer leave()
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("internal error: %v", fault)
		}
	}()
	if v, err = s.make(ctx, w); err == nil {
		s.keep(w, v)
	}
	return v, err
}

// recent keeps what was used last, up to a size; the last always.
type recent[T any] struct {
	most, sum int
	size      func(T) int
	order     *list.List // of entries, the last used in front
	at        map[Window]*list.Element
}

type entry[T any] struct {
	window Window
	value  T
}

func newRecent[T any](most int, size func(T) int) recent[T] {
	return recent[T]{most: most, size: size, order: list.New(), at: map[Window]*list.Element{}}
}

func (c *recent[T]) get(w Window) (v T, ok bool) {
	e, ok := c.at[w]
	if !ok {
		return v, false
	}
	c.order.MoveToFront(e)
	return e.Value.(entry[T]).value, true
}

func (c *recent[T]) put(w Window, v T) {
	if e, ok := c.at[w]; ok {
		c.drop(e)
	}
	c.at[w] = c.order.PushFront(entry[T]{w, v})
	for c.sum += c.size(v); c.sum > c.most && c.order.Len() > 1; {
		c.drop(c.order.Back())
	}
}

func (c *recent[T]) drop(e *list.Element) {
	old := c.order.Remove(e).(entry[T])
	delete(c.at, old.window)
	c.sum -= c.size(old.value)
}
