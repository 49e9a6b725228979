package report

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/colorprofile"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/html"
)

// Formats is every output format, in the order in which help texts list them.
// The first is the default.
var Formats = []Format{
	textFormat,
	jsonFormat,
	markdownFormat,
	htmlFormat,
}

// Format is one way to write a Document.
type Format struct {
	Name       string   // as in --format
	Extensions []string // of output files, each with its dot
	Doc        string   // one line for help texts
	// Intervals says that it needs Document.Log.
	Intervals bool
	// Alone says that a file holds one document only.
	Alone bool
	Write func(w io.Writer, d Document, o Options) error
}

// Document is what there is to write of one trace.
type Document struct {
	*result.Result
	// Log is what each goroutine did; nil where no format asks for it. Writing may make
	// it coarser.
	Log *interval.Log
}

// Detector is one that looked for findings.
type Detector = html.Detector

// Options is what a reader may choose. The zero value is plain text, 100
// columns wide.
type Options struct {
	// Width is the number of columns that no line exceeds; 0 means 100, and
	// less than 20 means 20.
	Width int
	// ASCII keeps the output to printable ASCII.
	ASCII bool
	// Color is what the terminal can show. The zero value and NoTTY give no
	// escape sequence at all, ASCII gives bold but no colour.
	Color colorprofile.Profile
	// LightBackground picks the colours for a light background.
	LightBackground bool
	// Top is the number of rows per table; 0 means 10.
	Top int
	// Goroutines adds the table of single goroutines, if the Result has them.
	Goroutines bool
	// Detectors are those that looked for findings; none where that is not
	// known.
	Detectors []Detector
	// MaxBytes is how large an HTML report may be; 0 means html.DefaultMaxBytes.
	MaxBytes int
	// Quiet leaves everything out but the verdict and a line for each finding
	// that is not low.
	Quiet bool
}

const (
	defaultWidth = 100
	leastWidth   = 20
	defaultTop   = 10
)

// withDefaults fills in what was left open.
func (o Options) withDefaults() Options {
	if o.Width <= 0 {
		o.Width = defaultWidth
	}
	o.Width = max(o.Width, leastWidth)
	if o.Top <= 0 {
		o.Top = defaultTop
	}
	return o
}

// Names lists the formats' names.
func Names() []string {
	names := make([]string, len(Formats))
	for i, f := range Formats {
		names[i] = f.Name
	}
	return names
}

// ByName returns the format of that name.
func ByName(name string) (Format, bool) {
	return find(func(f Format) bool { return f.Name == name })
}

// ByExtension returns the format whose files end like path.
func ByExtension(path string) (Format, bool) {
	ext := strings.ToLower(filepath.Ext(path))
	return find(func(f Format) bool { return ext != "" && slices.Contains(f.Extensions, ext) })
}

func find(match func(Format) bool) (Format, bool) {
	i := slices.IndexFunc(Formats, match)
	if i < 0 {
		return Format{}, false
	}
	return Formats[i], true
}
