package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

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
		return openFolder(f, format, s)
	}
	if format.Alone && traces > 1 {
		return nil, fmt.Errorf("%d traces do not fit into one file as %s: name a folder (-o reports/), which gets a page for each and an index", traces, format.Name)
	}
	return &stream{output: openOutput(f.output, s.out), format: format, quiet: f.quiet, log: s.err, most: f.htmlMaxSize}, nil
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
	most   int // bytes of a page
}

func (s *stream) terminal() io.Writer { return s.output.terminal }

func (s *stream) failed(error) {}

func (s *stream) write(_ string, d report.Document, o report.Options) error {
	if s.any && (s.format.Name == "markdown" || s.format.Name == "text" && !s.quiet) {
		fmt.Fprintln(s)
	}
	s.any = true
	out := &counting{Writer: s}
	if err := s.format.Write(out, d, o); err != nil {
		return fmt.Errorf("write %s: %w", s.name, err)
	}
	tellLarge(s.log, s.format, s.name, out.n, s.most)
	return nil
}

// counting counts what goes through it.
type counting struct {
	io.Writer
	n int
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += n
	return n, err
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

// tellLarge says that a page could not be made as small as it was asked for.
func tellLarge(w io.Writer, format report.Format, name string, bytes, most int) {
	if format.Name == "html" && bytes > most {
		fmt.Fprintf(w, "conctrace: %s: %d bytes are more than --html-max-size %d: the script, the tables and what the findings point to take that much\n", printable(name), bytes, most)
	}
}

func tellWritten(w io.Writer, name string, bytes int) {
	fmt.Fprintf(w, "wrote %s (%d bytes)\n", printable(name), bytes)
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
	most   int             // bytes of a page
	taken  map[string]bool // names of files
	pages  []html.IndexPage
	errs   []string
}

// openFolder makes the folder. An index that conctrace did not write stays.
func openFolder(f analyzeFlags, format report.Format, s streams) (*folder, error) {
	if err := os.MkdirAll(f.output, 0o755); err != nil {
		return nil, fmt.Errorf("make a folder for the reports: %w", err)
	}
	index := filepath.Join(f.output, indexName)
	if page, err := os.ReadFile(index); err == nil && format.Name == "html" && !bytes.Contains(page, []byte(html.Generator)) {
		return nil, fmt.Errorf("%s is not conctrace's and would be written over: choose another folder", index)
	}
	return &folder{path: f.output, format: format, quiet: f.quiet, log: s.err, most: f.htmlMaxSize, taken: map[string]bool{indexName: true}}, nil
}

const indexName = "index.html"

func (f *folder) terminal() io.Writer { return nil }

func (f *folder) failed(err error) { f.errs = append(f.errs, err.Error()) }

func (f *folder) write(arg string, d report.Document, o report.Options) error {
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
	tellLarge(f.log, f.format, path, buf.Len(), f.most)
	return nil
}

// reserved are names that Windows has for devices.
var reserved = func() map[string]bool {
	names := map[string]bool{"con": true, "prn": true, "aux": true, "nul": true}
	for n := 1; n <= 9; n++ {
		names[fmt.Sprint("com", n)], names[fmt.Sprint("lpt", n)] = true, true
	}
	return names
}()

// nameFor is a name for the report of a trace that no other one has.
func (f *folder) nameFor(arg string) string {
	base := filepath.Base(arg)
	if arg == "-" {
		base = "standard-input"
	}
	for _, ext := range []string{".gz", ".zst", ".trace", ".out"} {
		base = strings.TrimSuffix(base, ext)
	}
	base = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, base)
	if stem, _, _ := strings.Cut(base, "."); stem == "" || reserved[strings.ToLower(stem)] {
		base = "trace-" + base
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
	return f.save(indexName, func(w io.Writer) error {
		return html.WriteIndex(w, f.pages, f.errs)
	})
}
