package html

import (
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/units"
)

// part is a part of a whole, by name.
type part struct {
	name string
	ns   int64
}

// rows are the parts that are there, with their share of the whole; 0 is their sum.
func rows(whole int64, parts ...part) (out []row) {
	if whole == 0 {
		for _, p := range parts {
			whole += p.ns
		}
	}
	for _, p := range parts {
		if p.ns > 0 {
			out = append(out, row{Label: p.name, Time: units.Duration(p.ns), Share: units.Percent(p.ns, whole)})
		}
	}
	return out
}

func processors(r *result.Result) []row {
	p := &r.Scheduler.PTimeNs
	return rows(0, part{"running goroutines", p.User}, part{"runtime and GC", p.GC}, part{"in system calls", p.Syscall}, part{"looking for work", p.Spinning},
		part{"world stopped", p.STW}, part{"idle", p.Idle}, part{"unknown, in gaps", p.Unknown})
}

func ready(r *result.Result) []row {
	c := &r.Scheduler.ReadyCauseNs
	return rows(0, part{"all Ps ran others", c.Saturated}, part{"Ps were held in system calls", c.SyscallHeld}, part{"GC had the Ps", c.GC},
		part{"the world was stopped", c.STW}, part{"a P was idle or looked for work", c.Dispatch})
}

func idleBlocked(r *result.Result) []row {
	b := &r.Scheduler.IdleBlockedNs
	return rows(r.Scheduler.PTimeNs.Sum(), part{"synchronisation", b.Sync}, part{"I/O", b.IO}, part{"timers", b.Timer}, part{"system calls", b.Syscall}, part{"the runtime", b.Runtime})
}

func sites(r *result.Result) (out []site) {
	for i := range r.Sites {
		s := &r.Sites[i]
		if s.Waits == 0 {
			continue
		}
		if len(out) == staticRows {
			return out
		}
		where := "(no stack)"
		if f, ok := names.Caller(s.Frames); ok {
			where = place(f)
		}
		out = append(out, site{s.Kind, where, units.Count(s.Waits), units.Duration(s.TotalNs), units.Duration(s.P50Ns), units.Duration(s.P99Ns), units.Duration(s.MaxNs)})
	}
	return out
}
