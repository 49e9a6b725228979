package report

import "github.com/conctrace/conctrace/analyze/result"

// traceAbout is the trace of the fixtures.
var traceAbout = result.About{File: "api-server.trace", GoVersion: "1.26", DurationNs: 12.4 * s, Complete: true}

// groupIDs are the groups of the fixtures.
func groupIDs() []result.GroupID {
	return []result.GroupID{
		{Name: "net/http.(*conn).serve", CreatedBy: "net/http.(*Server).Serve server.go:3454 < main.main main.go:52"},
		{Name: "github.com/acme/shop/internal/db.(*Pool).worker", CreatedBy: "github.com/acme/shop/internal/db.NewPool pool.go:88"},
		{Name: "main.hog", CreatedBy: "main.main main.go:31"},
		{Name: "runtime.gcBgMarkWorker", System: true},
	}
}

// told builds steps one after the other.
type told struct {
	now   int64
	steps []result.Step
}

// from begins to tell at an instant.
func from(at int64) *told { return &told{now: at} }

// then adds a step of some length. What is left open is filled in.
func (t *told) then(ns int64, s result.Step) *told {
	s.FromNs, s.ToNs = t.now, t.now+ns
	t.now += ns
	t.steps = append(t.steps, s)
	return t
}

// lockWait is a wait for the cache's lock.
func lockWait(g, waker int64, steps []result.Step) result.Step {
	lock := []result.Frame{{Func: "sync.(*Mutex).Lock", File: "/usr/local/go/src/sync/mutex.go", Line: 45}, *get}
	unlock := []result.Frame{{Func: "sync.(*Mutex).Unlock", File: "/usr/local/go/src/sync/mutex.go", Line: 64}, *put}
	return result.Step{Kind: "wait", WaitKind: "blocked-sync/mutex", Goroutine: g, Frame: get, Frames: lock, Waker: at(waker), WakerGroup: at(0), WakerFrames: unlock, Steps: steps}
}

// richExplanation tells of a wait through others, of one without a story, and of a
// task.
func richExplanation() *result.Explanation {
	const begin = 3_204_118_733
	holder := result.Step{Kind: "lock-holder", Goroutine: 90, Frame: put, How: "stack", HeldIn: put}
	first := from(begin).
		then(4*ms, lockWait(89, 90, from(begin).then(3.9*ms, holder).then(100*us, result.Step{Kind: "scheduler", WaitKind: "runnable/preempted", Goroutine: 90, Antagonist: at(2), HeldIn: put}).steps)).
		then(2*us, result.Step{Kind: "scheduler", WaitKind: "runnable/woken", Goroutine: 89, HeldIn: put}).
		then(5*ms, result.Step{Kind: "wait", WaitKind: "blocked-sync/chan-receive", Goroutine: 89, Frame: checkout, Frames: []result.Frame{*checkout}, Waker: at[int64](31), WakerGroup: at(1),
			WakerFrames: []result.Frame{{Func: "runtime.closechan"}, *worker}, Steps: from(begin+4*ms+2*us).
					then(4*ms, result.Step{Kind: "io", WaitKind: "blocked-io/network", Goroutine: 31, Group: 1, Frame: receive, HeldIn: put}).
					then(400*us, result.Step{Kind: "syscall", WaitKind: "blocked-io/file", Goroutine: 31, Group: 1, Frame: &result.Frame{Func: "os.(*File).Sync"}, HeldIn: put}).
					then(600*us, result.Step{Kind: "code", Goroutine: 31, Group: 1, Frame: worker, Caller: checkout, How: "stack", HeldIn: put, Merged: 14}).steps}).
		then(1.1*ms, result.Step{Kind: "other", Merged: 14, Group: -1}).
		then(1*ms, lockWait(89, 91, deep(begin+10*ms, 12))).
		then(990*us, result.Step{Kind: "lock-holder", Goroutine: 89, Frame: put, How: "stack", HeldIn: put})
	wait := lockWait(88, 89, first.steps)
	wait.FromNs, wait.ToNs = begin, first.now
	return &result.Explanation{
		SchemaVersion: result.SchemaVersion, Trace: traceAbout, Groups: groupIDs(),
		Question: "finding 1, Lock convoy: Goroutines queued for one lock for 61 % of the time.",
		Stories: []result.Story{
			{
				Title: "the longest of 53 waits there", Goroutine: 88, FromNs: begin, ToNs: first.now, Kind: "blocked-sync/mutex", Frames: wait.Frames, Steps: []result.Step{wait},
				Pieces: []result.Piece{{Kind: "lock-holder", Frame: put, How: "stack", Ns: 5.5 * ms, HeldNs: 5.5 * ms, HeldIn: put}, {Kind: "io", Frame: receive, Ns: 4 * ms, HeldNs: 4 * ms, HeldIn: put}, {Kind: "other", Ns: 1.1 * ms},
					{Kind: "code", Frame: worker, Ns: 600 * us}, {Kind: "syscall", Frame: &result.Frame{Func: "os.(*File).Sync"}, Ns: 400 * us}, {Kind: "scheduler", Group: at(2), Ns: 100 * us, HeldNs: 100 * us, HeldIn: put}, {Kind: "scheduler", Ns: 2 * us}, {Kind: "unknown", Ns: 2 * us}},
				All: &result.WaitSum{Waits: 53, TotalNs: 0.4 * s, Pieces: []result.Piece{{Kind: "lock-holder", Frame: put, Ns: 0.3 * s}, {Kind: "io", Frame: receive, Ns: 0.09 * s, HeldNs: 0.09 * s, HeldIn: put}, {Kind: "other", Ns: 10 * ms}}},
			},
			{Title: "the second longest wait of the goroutine", Goroutine: 412, Group: 1, FromNs: 5 * s, ToNs: 5.3 * s, Kind: "blocked-io/network", Pieces: []result.Piece{{Kind: "io", Frame: receive, Ns: 0.3 * s}},
				Steps: from(5*s).then(0.3*s, result.Step{Kind: "io", WaitKind: "blocked-io/network", Goroutine: 412, Group: 1, Frame: receive}).steps},
			{Title: "the slowest of 308", Goroutine: 1, Group: -1, FromNs: 7 * s, ToNs: 7.88 * s, Kind: "task", Name: "checkout", Pieces: []result.Piece{{Kind: "code", How: "region", Region: "encode response", Ns: 0.8 * s}},
				Steps: from(7*s).
					then(0.2*s, result.Step{Kind: "code", Goroutine: 1, Group: -1, How: "region", Region: "encode response"}).
					then(0.2*s, result.Step{Kind: "code", Goroutine: 1, Group: -1, How: "creation", Frame: &result.Frame{Func: "main.main"}}).
					then(0.1*s, result.Step{Kind: "gc", WaitKind: "runtime/gc-assist-wait", Goroutine: 1, Group: -1, Frame: checkout}).
					then(0.1*s, result.Step{Kind: "scheduler", WaitKind: "runnable/woken", Goroutine: 1, Group: -1, Stopped: true}).
					then(0.1*s, result.Step{Kind: "wait", WaitKind: "blocked-sync/waitgroup", Goroutine: 1, Group: -1, Frame: checkout, Frames: []result.Frame{*checkout}, Waker: at[int64](14), WakerGroup: at(1),
						WakerFrames: []result.Frame{*worker}, LateNs: at[int64](1.9 * ms), RunnerUp: at[int64](12), Steps: from(7.6*s).then(0.1*s, result.Step{Kind: "timer", WaitKind: "timer/sleep", Goroutine: 14, Group: 1, Frame: worker}).steps}).
					then(0.02*s, result.Step{Kind: "unresolved", Goroutine: 1, Group: -1}).
					then(0.02*s, result.Step{Kind: "unknown", Goroutine: 1, Group: -1}).
					then(0.14*s, result.Step{Kind: "open", WaitKind: "blocked-sync/select", Goroutine: 1, Group: -1, Frame: checkout}).steps},
		},
		Notes: []string{"what was before 1.2s did not fit into memory and is unresolved: raise --blame-memory"},
	}
}

// deep is a wait for a wait for a wait.
func deep(begin int64, levels int64) []result.Step {
	if levels == 0 {
		return from(begin).then(1*ms, result.Step{Kind: "lock-holder", Goroutine: 91, Frame: put, HeldIn: put}).steps
	}
	return from(begin).then(1*ms, lockWait(90+levels, 89+levels, deep(begin, levels-1))).steps
}

// hostileExplanation tries to break out by every string and number in it.
func hostileExplanation(bad, long string) *result.Explanation {
	const huge = 1<<63 - 1
	e := richExplanation()
	e.Trace.File, e.Trace.GoVersion, e.Trace.DurationNs, e.Trace.Complete, e.Question = bad, bad, -huge, false, long+bad
	e.Notes = []string{bad, long, ""}
	for i := range e.Groups {
		e.Groups[i].Name = []string{bad, long}[i%2]
	}
	for i := range e.Stories {
		s := &e.Stories[i]
		s.Title, s.Kind, s.Name = bad, bad, long
		for j := range s.Steps {
			spoil(&s.Steps[j], bad, long)
		}
		for j := range s.Pieces {
			s.Pieces[j].Frame, s.Pieces[j].Region, s.Pieces[j].Group = &result.Frame{Func: long, File: bad, Line: -1}, bad, at(-1<<40)
		}
	}
	e.Stories[0].All.Waits, e.Stories[0].All.TotalNs = huge, huge
	last := &e.Stories[2]
	last.FromNs, last.ToNs, last.Goroutine = -huge, huge, huge
	last.Steps[0].FromNs, last.Steps[1].ToNs, last.Steps[2].Merged, last.Steps[3].Goroutine = -huge, huge, 1<<62, -5
	return e
}

// spoil makes a step hostile, and what stands behind it.
func spoil(s *result.Step, bad, long string) {
	if s.Frame != nil {
		s.Frame = &result.Frame{Func: bad, File: long, Line: 1 << 60}
	}
	if s.Kind != "wait" && s.Goroutine%2 == 0 {
		s.Kind = bad
	}
	s.WaitKind, s.Region, s.Group, s.How = bad, long, 1<<40, "region"
	s.Frames, s.WakerFrames = []result.Frame{{Func: long, File: bad}}, []result.Frame{{}, {Func: bad}}
	for i := range s.Steps {
		spoil(&s.Steps[i], bad, long)
	}
}

// richPaths has a path with bounds, and one that is refused them.
func richPaths() *result.PathReport {
	return &result.PathReport{
		SchemaVersion: result.SchemaVersion, Trace: traceAbout, Groups: groupIDs(), Question: `the critical path of tasks whose type matches "check"`,
		Paths: []result.CriticalPath{
			{
				Title: "the slowest of 308", Of: "task", Type: "checkout", Goroutine: 88, FromNs: 3.2 * s, ToNs: 4.08 * s,
				Steps: from(3.2*s).
					then(0.1*s, result.Step{Kind: "code", Goroutine: 88, Frame: checkout, Caller: serveHTTP, How: "stack"}).
					then(0.4*s, result.Step{Kind: "lock-holder", Goroutine: 90, Frame: put, How: "stack", HeldIn: put}).
					then(0.2*s, result.Step{Kind: "io", WaitKind: "blocked-io/network", Goroutine: 31, Group: 1, Frame: receive, HeldIn: put}).
					then(1*ms, result.Step{Kind: "code", Goroutine: 31, Group: 1, Frame: worker}).
					then(0.1*s, result.Step{Kind: "other", Group: -1, Merged: 200}).
					then(0.03*s, result.Step{Kind: "scheduler", WaitKind: "runnable/woken", Goroutine: 88, Antagonist: at(2)}).
					then(0.049*s, result.Step{Kind: "code", Goroutine: 88, Frame: checkout, How: "stack", Merged: 3}).steps,
				KindsNs: map[string]int64{"code": 0.15 * s, "lock-holder": 0.4 * s, "io": 0.2 * s, "other": 0.1 * s, "scheduler": 0.03 * s},
				Pieces: []result.Piece{
					{Kind: "lock-holder", Frame: put, How: "stack", Ns: 0.4 * s, PropagatedNs: 0.4 * s, HeldNs: 0.4 * s, HeldIn: put},
					{Kind: "io", Frame: receive, Ns: 0.2 * s, PropagatedNs: 0.2 * s, HeldNs: 0.2 * s, HeldIn: put},
					{Kind: "code", Frame: checkout, Caller: serveHTTP, How: "stack", Ns: 0.15 * s, DirectNs: 0.15 * s},
					{Kind: "scheduler", Group: at(2), Ns: 0.03 * s, DirectNs: 0.03 * s},
					{Kind: "other", Ns: 0.1 * s, PropagatedNs: 0.1 * s},
				},
				RunnerUp: &result.RunnerUp{Goroutine: 12, Group: 1, EndedNs: 3.9 * s, SlackNs: 1.9 * ms},
				Work: &result.Bounds{
					Work: result.Work{Runs: 1, Ns: 0.88 * s, WorkNs: 2.1 * s, SpanNs: 0.41 * s, SpanLocksNs: 0.6 * s, SpanLatencyNs: 0.8 * s, SpanBurdenedNs: 0.43 * s},
					Processors: []result.ProcessorBound{
						{P: 1, AtLeastNs: 2.1 * s, AboutNs: 2.1 * s}, {P: 2, AtLeastNs: 1.05 * s, AboutNs: 1.4 * s}, {P: 4, AtLeastNs: 0.8 * s}, {P: 8, AtLeastNs: 0.8 * s}, {P: 32, AtLeastNs: 0.8 * s}},
					WhatIf: []result.WhatIf{
						{What: "lock", Frame: put, AtLeastNs: 0.463 * s, SpeedUpAtMost: 1.9}, {What: "io", Frame: receive, Factor: 0.5, AtLeastNs: 0.6 * s, SpeedUpAtMost: 1.47},
						{What: "code", Frame: checkout, Factor: 0.25, AtLeastNs: 0.7 * s, SpeedUpAtMost: 1.26}, {What: "timer", Frame: worker, AtLeastNs: 0.79 * s, SpeedUpAtMost: 1.11}, {What: "syscall", Frame: &result.Frame{Func: "os.(*File).Sync"}, AtLeastNs: 0.79 * s, SpeedUpAtMost: 1.1}},
				},
			},
			{
				Title: "from its begin to its end, through the goroutine that ran last", Of: "stretch", Goroutine: 1, Group: -1, FromNs: 0, ToNs: 12.4 * s, KindsNs: map[string]int64{"code": 12.4 * s},
				Steps: short(0, 12.4*s, 620), Pieces: []result.Piece{{Kind: "code", Frame: checkout, How: "sample", Ns: 12.4 * s, DirectNs: 12.4 * s}},
				Refused: "Work and span are not told of a stretch of the trace.",
			},
		},
		Notes: []string{"what was before 1.2s did not fit into memory and is unresolved: raise --blame-memory"},
	}
}

// short are so many steps that fill a stretch.
func short(begin, end, n int64) []result.Step {
	t := from(begin)
	for i := range n {
		t.then((end-begin)/n, result.Step{Kind: []string{"code", "gc"}[i%2], Goroutine: 1 + i%3, Group: -1, Frame: checkout})
	}
	return t.steps
}

// hostilePaths tries to break out by every string and number in it.
func hostilePaths(bad, long string) *result.PathReport {
	const huge = 1<<63 - 1
	r := richPaths()
	r.Trace.File, r.Question, r.Notes = long, bad, []string{bad}
	for i := range r.Groups {
		r.Groups[i].Name = []string{long, bad}[i%2]
	}
	for i := range r.Paths {
		c := &r.Paths[i]
		c.Title, c.Of, c.Type, c.Refused = bad, long, bad, bad+long
		c.KindsNs[bad], c.KindsNs[long], c.KindsNs[""] = huge, -huge, 1
		for j := range c.Steps {
			spoil(&c.Steps[j], bad, long)
		}
		for j := range c.Pieces {
			c.Pieces[j].Kind, c.Pieces[j].Frame = []string{bad, "code", ""}[j%3], &result.Frame{Func: bad, File: long, Line: -1}
		}
	}
	c := &r.Paths[0]
	c.Steps[0].FromNs, c.ToNs, c.RunnerUp.Goroutine, c.RunnerUp.SlackNs = -huge, huge, huge, -huge
	w := c.Work
	w.Ns, w.WorkNs, w.SpanNs, w.SpanLatencyNs = -huge, huge, 1, huge
	w.Processors = append(w.Processors, result.ProcessorBound{}, result.ProcessorBound{P: -1 << 62, AtLeastNs: -huge, AboutNs: huge})
	w.WhatIf = append(w.WhatIf, result.WhatIf{What: bad, Factor: -1, SpeedUpAtMost: 1e300}, result.WhatIf{What: long, Frame: &result.Frame{Func: bad}, Factor: 1e-300})
	return r
}
