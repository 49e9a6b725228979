package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/conctrace/conctrace/report"
	"github.com/conctrace/conctrace/report/html"
)

// destination is where the reports of conctrace analyze go.
type destination interface {
	// terminal is where they are read, nil if they go to files.
	terminal() io.Writer
	write(arg string, d report.Document, o report.Options) error
	// failed says that there is no report of a trace.
	failed(err error)
	close() error
}

// openDestination chooses by what -o names: a folder gets a file for each trace.
func openDestination(f analyzeFlags, format report.Format, traces int, s streams) (destination, error) {
	if isFolder(f.output) {
		return &folder{path: f.output, format: format, quiet: f.quiet, log: s.err, taken: map[string]bool{}}, nil
	}
	if format.Alone && traces > 1 {
		return nil, fmt.Errorf("%d traces do not fit into one file as %s: name a folder (-o reports/), which gets a page for each and an index", traces, format.Name)
	}
	return &stream{output: openOutput(f.output, s.out), format: format, quiet: f.quiet, log: s.err}, nil
}

// isFolder says whether a path means a folder: by its last character, or because it
// is one.
func isFolder(path string) bool {
	if path == "" || path == "-" {
		return false
	}
	if strings.HasSuffix(path, "/") || os.IsPathSeparator(path[len(path)-1]) {
		return true
	}
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// stream is one file, or standard output, for all reports.
type stream struct {
	*output
	format report.Format
	quiet  bool
	log    io.Writer
	any    bool
}

func (s *stream) terminal() io.Writer { return s.output.terminal }

func (s *stream) failed(error) {}

func (s *stream) write(_ string, d report.Document, o report.Options) error {
	if s.any && s.format.Name == "text" && !s.quiet {
		fmt.Fprintln(s)
	}
	s.any = true
	if err := s.format.Write(s, d, o); err != nil {
		return fmt.Errorf("write %s: %w", s.name, err)
	}
	return nil
}

func (s *stream) close() error {
	if err := s.output.close(); err != nil {
		return fmt.Errorf("write %s: %w", s.name, err)
	}
	if s.file != nil && !s.quiet {
		tellWritten(s.log, s.name, s.written)
	}
	return nil
}

func tellWritten(w io.Writer, name string, bytes int) {
	fmt.Fprintf(w, "wrote %s (%d bytes)\n", name, bytes)
}

// output is where a report goes. A file is written when the report is whole, so
// that a failed analysis leaves an older report as it was.
type output struct {
	io.Writer
	name     string
	file     *bytes.Buffer // nil for standard output
	terminal io.Writer     // standard output if the report goes there
	written  int
}

func openOutput(path string, stdout io.Writer) *output {
	if path == "" || path == "-" {
		return &output{Writer: stdout, name: "standard output", terminal: stdout}
	}
	buf := new(bytes.Buffer)
	return &output{Writer: buf, name: path, file: buf}
}

func (o *output) close() error {
	if o.file == nil {
		return nil
	}
	o.written = o.file.Len()
	if o.written == 0 {
		o.file = nil // nothing could be analysed, which has been told
		return nil
	}
	return os.WriteFile(o.name, o.file.Bytes(), 0o644)
}

// folder is a file for each report, and for pages an index.
type folder struct {
	path   string
	format report.Format
	quiet  bool
	log    io.Writer
	taken  map[string]bool // names of files
	pages  []html.IndexPage
	errs   []string
}

func (f *folder) terminal() io.Writer { return nil }

func (f *folder) failed(err error) { f.errs = append(f.errs, err.Error()) }

func (f *folder) write(arg string, d report.Document, o report.Options) error {
	if err := os.MkdirAll(f.path, 0o755); err != nil {
		return fmt.Errorf("make a folder for the reports: %w", err)
	}
	name := f.nameFor(arg)
	if err := f.save(name, func(w io.Writer) error { return f.format.Write(w, d, o) }); err != nil {
		return err
	}
	f.pages = append(f.pages, html.IndexPage{File: name, Result: d.Result})
	return nil
}

// save writes a file once all of it is there.
func (f *folder) save(name string, write func(io.Writer) error) error {
	path := filepath.Join(f.path, name)
	var buf bytes.Buffer
	if err := write(&buf); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.WriteFile(path, buf.Bytes(), 0o644); err != nil {
		return err
	}
	if !f.quiet {
		tellWritten(f.log, path, buf.Len())
	}
	return nil
}

// nameFor is a name for the report of a trace that no other one has.
func (f *folder) nameFor(arg string) string {
	base := filepath.Base(arg)
	if arg == "-" {
		base = "standard-input"
	}
	for _, ext := range []string{".gz", ".zst", ".trace", ".out"} {
		base = strings.TrimSuffix(base, ext)
	}
	if base == "" || base == "." || base == "index" {
		base = "trace"
	}
	name := base + f.format.Extensions[0]
	for n := 2; f.taken[strings.ToLower(name)]; n++ {
		name = fmt.Sprintf("%s-%d%s", base, n, f.format.Extensions[0])
	}
	f.taken[strings.ToLower(name)] = true
	return name
}

func (f *folder) close() error {
	if f.format.Name != "html" || len(f.pages) == 0 {
		return nil
	}
	return f.save("index.html", func(w io.Writer) error {
		return html.WriteIndex(w, f.pages, f.errs)
	})
}
