// Package export writes what happened in a trace for other tools: their timelines,
// flame graphs and spreadsheets.
//
// An Exporter is handed everything once (analyze.Stream) and writes as it goes, so that
// its memory does not depend on the trace's length: what it holds is what is open, and
// the different stacks and names.
//
// Each format has a file of its own and a line in Formats: perfetto.go (with proto.go,
// its encoding), folded.go, speedscope.go, csv.go.
package export

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/report/pprof"
)

// Exporter takes what happened in a trace.
type Exporter interface {
	interval.Sink
	// Close writes what is left. It comes once, after everything else.
	Close() error
}

// Format is one way to write a trace.
type Format struct {
	Name       string   // as in --format
	Extensions []string // of output files, each with its dot
	Doc        string   // one line for help texts
	// Stacks says that it is about stacks: pprof.Options choose which.
	Stacks bool
	// Parts are the files that it consists of, if that is not one.
	Parts []string
	// New returns an Exporter. w has a writer for each of the parts that are asked for;
	// of a format that has none, for "".
	New func(w map[string]io.Writer, o pprof.Options) Exporter
}

// Formats is every format, in the order in which help texts list them.
var Formats = []Format{perfettoFormat, foldedFormat, speedscopeFormat, csvFormat}

// Names lists the formats' names.
func Names() []string {
	var out []string
	for _, f := range Formats {
		out = append(out, f.Name)
	}
	return out
}

// ByName returns the format of that name.
func ByName(name string) (Format, bool) {
	return find(func(f Format) bool { return f.Name == name })
}

// ByExtension returns the format whose files end like path.
func ByExtension(path string) (Format, bool) {
	path = strings.ToLower(filepath.Base(path))
	return find(func(f Format) bool {
		return slices.ContainsFunc(f.Extensions, func(ext string) bool { return strings.HasSuffix(path, ext) })
	})
}

func find(match func(Format) bool) (Format, bool) {
	i := slices.IndexFunc(Formats, match)
	if i < 0 {
		return Format{}, false
	}
	return Formats[i], true
}
