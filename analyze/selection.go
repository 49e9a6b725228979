package analyze

import (
	"context"
	"regexp"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// selection reads the trace to find the goroutines that a filter means. Neither
// the group of a goroutine that is older than the trace nor the tasks that one
// will take part in are known when its time begins to count.
func (a *analysis) selection(ctx context.Context) (func(int64) bool, error) {
	if err := a.file.Spool(spoolDir()); err != nil {
		return nil, err
	}
	var s *selector
	p, err := a.pass(ctx, timeline.Options{MaxGoroutines: a.opts.MaxGoroutines}, func(tables *event.Tables) timeline.Sink {
		s = &selector{tables: tables, group: a.opts.Group, task: a.opts.Task, groups: map[int64]int32{}, tasks: map[int64]bool{}, inTask: map[int64]bool{}}
		return s
	})
	if err != nil {
		return nil, err
	}
	if err := a.file.Rewind(); err != nil {
		return nil, err
	}
	return s.selected(p.machine.Groups()), nil
}

// selector notes each goroutine's group and tasks.
type selector struct {
	tables      *event.Tables
	group, task *regexp.Regexp
	groups      map[int64]int32 // group number by goroutine
	tasks       map[int64]bool  // tasks of a matching type
	inTask      map[int64]bool  // goroutines that took part in one
}

// Collect takes the records that tell who a goroutine is.
func (s *selector) Collect(batch []timeline.Record) {
	for i := range batch {
		r := &batch[i]
		switch r.Op {
		case timeline.OpBorn, timeline.OpIdentified:
			if s.group != nil && r.Group != timeline.NoGroup {
				s.groups[r.G] = r.Group
			}
		case timeline.OpTaskBegin:
			if s.task != nil && s.task.MatchString(s.tables.String(r.Name)) {
				s.tasks[r.Value] = true
			}
			s.partake(r)
		case timeline.OpTaskEnd, timeline.OpRegionBegin, timeline.OpRegionEnd, timeline.OpLog:
			s.partake(r)
		}
	}
}

func (s *selector) partake(r *timeline.Record) {
	if s.tasks[r.Value] && r.Slot >= 0 {
		s.inTask[r.G] = true
	}
}

// selected returns the filter that was found.
func (s *selector) selected(groups []timeline.Group) func(int64) bool {
	matches := make([]bool, len(groups))
	for i, g := range groups {
		matches[i] = s.group != nil && s.group.MatchString(g.Entry)
	}
	return func(g int64) bool {
		if s.group != nil {
			n, ok := s.groups[g]
			if !ok || !matches[n] {
				return false
			}
		}
		return s.task == nil || s.inTask[g]
	}
}
