package html

import (
	"html/template"
	"io"
	"net/url"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/plain"
	"github.com/conctrace/conctrace/report/internal/units"
)

var indexTemplate = template.Must(template.New("index").Parse(indexSource))

// IndexPage is a page that an index links to.
type IndexPage struct {
	File   string // beside the index
	Result *result.Result
}

// indexRow is a page's line in the index.
type indexRow struct {
	File, Title, Path, Label, Sentence string
	Worst                              *finding
	Duration, Procs, Goroutines        string
}

// WriteIndex writes a page that links to others, in their order, and says of which
// traces there is none.
func WriteIndex(w io.Writer, pages []IndexPage, failed []string) error {
	data := struct {
		Assets assets
		Pages  []indexRow
		Failed []string
	}{Assets: ownAssets()}
	for _, p := range pages {
		r := p.Result
		row := indexRow{
			File: "./" + url.PathEscape(p.File), Title: title(r), Path: plain.Text(r.Trace.File), Label: r.Verdict.Label, Sentence: plain.Text(r.Verdict.Sentence),
			Duration: units.Duration(r.Trace.DurationNs), Goroutines: units.Count(int64(r.Scope.Goroutines)), Procs: "–",
		}
		if n := len(r.Trace.Gomaxprocs); n > 0 {
			row.Procs = units.Count(int64(r.Trace.Gomaxprocs[n-1].N))
		}
		if len(r.Findings) > 0 {
			worst := newFinding(r, 0)
			row.Worst = &worst
		}
		data.Pages = append(data.Pages, row)
	}
	for _, f := range failed {
		data.Failed = append(data.Failed, plain.Text(f))
	}
	return indexTemplate.Execute(w, data)
}
