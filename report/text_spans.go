package report

import (
	"cmp"
	"slices"

	"github.com/charmbracelet/x/ansi"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

func drawTasks(p *page, r *result.Result) {
	drawSpans(p, r, "TASKS", "TASK", r.Tasks, "(began before the trace)", "(older)")
}

func drawRegions(p *page, r *result.Result) {
	drawSpans(p, r, "REGIONS", "REGION", r.Regions, "(unnamed)")
}

// drawSpans shows tasks or regions by type. Unnamed is what those without a
// type are called, in forms.
func drawSpans(p *page, r *result.Result, title, first string, spans []result.Span, unnamed ...string) {
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
	spans = sortedSpans(spans)
	shown := spans[:min(len(spans), p.Top)]
	for _, s := range shown {
		t.rows = append(t.rows, p.spanRow(s, unnamed))
	}
	t.draw(p, 0)
	p.more(len(spans)-len(shown), len(spans), "type", "types")
	drawPaths(p, r, shown, unnamed[0])
	drawWork(p, shown, unnamed[0])
}

// sortedSpans are types of tasks or regions, those with the most time in them first.
func sortedSpans(spans []result.Span) []result.Span {
	return slices.SortedStableFunc(slices.Values(spans), func(a, b result.Span) int {
		return cmp.Or(compareDesc(engagedNs(a.Time), engagedNs(b.Time)), compareDesc(a.Count, b.Count), cmp.Compare(a.Type, b.Type))
	})
}

// drawPaths says what had to happen one after the other until runs were done: the
// three largest parts of it.
func drawPaths(p *page, r *result.Result, spans []result.Span, unnamed string) {
	headed := false
	for _, s := range spans {
		if s.Path == nil || s.Path.Ns <= 0 || len(s.Path.Pieces) == 0 {
			continue
		}
		if !headed {
			p.wrap(spaces(2), 2, text(muted, "What filled the runs, where they waited what those did who ended it:"))
			headed = true
		}
		items := p.pieceItems(mainPieces(s.Path.Pieces, s.Path.Ns, 3), s.Path.Ns, p.groupsOf(r))
		p.wrap(p.spanHead(s, unnamed), 6, joined(items...))
	}
}

// spanHead is the type of tasks or regions before what is said of them.
func (p *page) spanHead(s result.Span, unnamed string) line {
	name := p.clean(s.Type)
	if name == "" {
		name = unnamed
	}
	return append(spaces(4), span{ansi.Truncate(name, p.Width/2, p.ellipsis()) + "  ", plain})
}

// drawWork is the work and the span of the runs that were measured.
func drawWork(p *page, spans []result.Span, unnamed string) {
	headed := false
	for _, s := range spans {
		if s.Work == nil || s.Work.Runs <= 0 || s.Work.WorkNs <= 0 {
			continue
		}
		if !headed {
			p.wrap(spaces(2), 2, text(muted, "Work, and the longest chain of it in which nothing could begin before the one before:"))
			headed = true
		}
		p.wrap(p.spanHead(s, unnamed), 6, joined(p.workItems(s)...))
	}
}

// workItems are the numbers of a Work. What follows from them is said only of
// what is not mostly latency, and was measured more than once or twice.
func (p *page) workItems(s result.Span) []line {
	w := s.Work
	items := []line{
		text(plain, units.Count(w.Runs)+" of "+units.Counted(s.Complete, "run", "runs")+" measured"),
		text(plain, "work "+units.Duration(w.WorkNs)),
		text(plain, "longest chain "+units.Duration(w.SpanNs)),
	}
	if w.Runs >= fewRuns && w.SpanLatencyNs <= 2*w.SpanLocksNs {
		items = append(items, text(plain, "at most "+units.Average(w.Parallelism())+" Ps busy on average"))
	}
	if more := w.SpanLocksNs - w.SpanNs; more > 0 {
		items = append(items, text(plain, "locks add "+units.Duration(more)))
	}
	if more := w.SpanOutsideNs - w.SpanNs; more > 0 {
		items = append(items, text(plain, "waits for what does not belong to it add "+units.Duration(more)))
	}
	return items
}

// fewRuns is from how many runs on something is said of all.
const fewRuns = 3

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
	row := []cell{name, txt(plain, units.Count(s.Count)), txt(plain, units.Count(s.Complete))}
	if s.Duration.Count > 0 {
		row = append(row, txt(plain, units.Duration(s.Duration.P50Ns)), txt(plain, units.Duration(s.Duration.P99Ns)), txt(plain, units.Duration(s.Duration.MaxNs)))
	} else {
		row = append(row, nil, nil, nil)
	}
	if engagedNs(s.Time) <= 0 {
		return row
	}
	return append(row, classCells(s.Time)...)
}
