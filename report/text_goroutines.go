package report

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

// drawGoroutines shows single goroutines: those that spent the most time
// neither running nor at rest.
func drawGoroutines(p *page, r *result.Result) {
	if !p.Goroutines {
		return
	}
	user := userGoroutines(r)
	if len(user) == 0 {
		return
	}
	p.heading("GOROUTINES", "longest held up first; TIME is without rest; "+sharesNote)
	t := table{columns: append([]column{
		{title: "ID", right: true},
		{title: "ENTRY", least: 16, drop: 9},
		{title: "TIME", right: true},
	}, append(classColumns(2),
		column{title: "RUNS", right: true, drop: 5},
		column{title: "FROM", right: true, drop: 1},
		column{title: "TO", right: true, drop: 1})...)}
	shown := user[:min(len(user), p.Top)]
	for _, g := range shown {
		t.rows = append(t.rows, p.goroutineRow(g))
	}
	t.draw(p, 0)
	p.more(len(user)-len(shown), len(user), "goroutine", "goroutines")
}

// userGoroutines are the program's own, longest held up first.
func userGoroutines(r *result.Result) []*result.Goroutine {
	user := make([]*result.Goroutine, 0, len(r.Goroutines))
	for i := range r.Goroutines {
		if g := &r.Goroutines[i]; !g.System {
			user = append(user, g)
		}
	}
	slices.SortStableFunc(user, func(a, b *result.Goroutine) int {
		return cmp.Or(compareDesc(held(a), held(b)), compareDesc(a.LifetimeNs, b.LifetimeNs), cmp.Compare(a.ID, b.ID))
	})
	return user
}

// held is for how long something kept a goroutine from running.
func held(g *result.Goroutine) int64 { return engagedNs(g.Time) - g.Time.RunningNs }

func (p *page) goroutineRow(g *result.Goroutine) []cell {
	row := []cell{
		txt(plain, strconv.FormatInt(g.ID, 10)),
		textCell{forms: p.funcForms(g.Name)},
		txt(plain, units.Duration(engagedNs(g.Time))),
	}
	row = append(row, classCells(g.Time)...)
	return append(row, txt(plain, units.Count(g.RunCount)), edge(g.CreatedNs, "before"), edge(g.EndedNs, "after"))
}

// edge is an end of a goroutine's life; beyond says where it lies if the trace
// does not show it.
func edge(at *int64, beyond string) cell {
	if at == nil {
		return txt(muted, beyond)
	}
	return txt(plain, units.Duration(*at))
}
