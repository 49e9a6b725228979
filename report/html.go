package report

import (
	"io"

	"github.com/conctrace/conctrace/report/html"
)

var htmlFormat = Format{
	Name:       "html",
	Extensions: []string{".html", ".htm"},
	Doc:        "one page to look at and to mail, without a network",
	Intervals:  true,
	Alone:      true,
	Write:      writeHTML,
}

func writeHTML(w io.Writer, d Document, o Options) error {
	return html.Write(w, d.Result, d.Log, html.Options{MaxBytes: o.MaxBytes, Detectors: o.Detectors})
}
