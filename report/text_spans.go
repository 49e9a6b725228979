package report

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

func drawTasks(p *page, r *result.Result) {
	drawSpans(p, "TASKS", "TASK", r.Tasks, "(began before the trace)", "(older)")
}

func drawRegions(p *page, r *result.Result) {
	drawSpans(p, "REGIONS", "REGION", r.Regions, "(unnamed)")
}

// drawSpans shows tasks or regions by type. Unnamed is what those without a
// type are called, in forms.
func drawSpans(p *page, title, first string, spans []result.Span, unnamed ...string) {
	if len(spans) == 0 {
		return
	}
	p.heading(title, "DONE: began and ended in the trace, only those are measured; shares are of the time inside")
	t := table{columns: append([]column{
		{title: first, least: 14},
		{title: "N", right: true, drop: 6},
		{title: "DONE", right: true, drop: 7},
		{title: "MEDIAN", right: true, drop: 4},
		{title: "p99", right: true},
		{title: "MAX", right: true, drop: 5},
	}, spanClassColumns()...)}
	spans = slices.Clone(spans)
	slices.SortStableFunc(spans, func(a, b result.Span) int {
		return cmp.Or(compareDesc(engagedNs(a.Time), engagedNs(b.Time)), compareDesc(a.Count, b.Count), cmp.Compare(a.Type, b.Type))
	})
	shown := spans[:min(len(spans), p.Top)]
	for _, s := range shown {
		t.rows = append(t.rows, p.spanRow(s, unnamed))
	}
	t.draw(p, 0)
	p.more(len(spans)-len(shown), len(spans), "type", "types")
}

// spanClassColumns can all drop: how long a task took comes first.
func spanClassColumns() []column {
	columns := classColumns(1)
	for i := range columns {
		if columns[i].drop == 0 {
			columns[i].drop = 8
		}
	}
	return columns
}

func (p *page) spanRow(s result.Span, unnamed []string) []cell {
	name := textCell{forms: []string{p.clean(s.Type)}, start: true}
	if s.Type == "" {
		name = textCell{forms: unnamed, tone: muted}
	}
	row := []cell{name, txt(plain, count(s.Count)), txt(plain, count(s.Complete))}
	if s.Duration.Count > 0 {
		row = append(row, txt(plain, duration(s.Duration.P50Ns)), txt(plain, duration(s.Duration.P99Ns)), txt(plain, duration(s.Duration.MaxNs)))
	} else {
		row = append(row, nil, nil, nil)
	}
	if engagedNs(s.Time) <= 0 {
		return row
	}
	return append(row, classCells(s.Time)...)
}
