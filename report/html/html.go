// Package html writes the HTML report: one file that opens without a network, with the
// answers as plain HTML and the intervals of the trace for scripts to draw.
//
//  1. fit.go makes the log small enough for the page's size.
//  2. log.go and columns.go write the log as columns of numbers, the result goes in as
//     its JSON; both are compressed and held by elements that no browser runs.
//  3. frame.go makes of the result what page.html writes: verdict, findings and tables,
//     which stand by themselves where scripts do not run.
//  4. page.js and page.css are made of ui by go generate. They take the tables' place
//     and let the reader look: by range, by group, by goroutine.
//
// A trace is not trusted: html/template escapes what is written here, and scripts set
// text only. The page's policy runs its own script, by its hash, and loads nothing.
package html

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/nonull"
)

//go:generate go run ./internal/bundle/generate

var (
	//go:embed page.js
	script string
	//go:embed page.css
	style string
	//go:embed page.html
	pageSource string
	//go:embed index.html
	indexSource string
)

// DefaultMaxBytes is how large a page may be unless told otherwise.
const DefaultMaxBytes = 4 << 20

// Options are what a page may be like.
type Options struct {
	// MaxBytes is how large it may be; 0 is DefaultMaxBytes. What does not fit is
	// merged, and the page says so. What the report points to stays, whatever it takes.
	MaxBytes int
	// Detectors are those that looked for findings; none where that is not known.
	Detectors []Detector
	// Served is set where a server stands behind the page, which can make it anew for
	// a range; nil for a page in a file.
	Served *Served
}

// Served is what the server of a page can be asked for: the window from FromNs to ToNs
// of the trace, ns since its start, at most.
// ui/src/view/recompute.ts has the addresses at which.
type Served struct{ FromNs, ToNs int64 }

// advice is how to see more than fits.
func (o *Options) advice() string {
	if o.Served != nil {
		return "Choose a range in the overview and recompute it: of a range four million are shown one by one, of a shorter one all."
	}
	return "A window (--from, --to) shows more of its part, and a larger --html-max-size more of all, up to 1,500,000 intervals."
}

// staticRows is how many rows the tables have where scripts do not run.
const staticRows = 50

// Detector is one that looked for findings.
type Detector struct {
	Name, Title, Doc string
}

// ErrNoLog means that there is nothing to draw a timeline from.
var ErrNoLog = errors.New("the HTML report needs the trace's intervals, not only a result: write it from the trace itself")

// Generator is what a page says that conctrace wrote.
const Generator = `<meta name="generator" content="conctrace">`

// policy is the page's content security policy.
var policy = fmt.Sprintf("default-src 'none'; script-src 'sha256-%s'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'", hash(script), hash(style))

// Policy is the content security policy that a page states itself, for the server of
// one to state it as well.
func Policy() string { return policy }

// Style is the style sheet of a page, for others that are to look like it.
func Style() string { return style }

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// assets are what every page has.
type assets struct {
	Policy string
	Script template.JS
	Style  template.CSS
}

func ownAssets() assets { return assets{policy, template.JS(script), template.CSS(style)} }

// sentenceRoom is more than the sentence takes that says what was left out.
const sentenceRoom = 1000

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// Write writes the page. It makes the log coarser where the page would be too large.
func Write(w io.Writer, r *result.Result, log *interval.Log, o Options) error {
	if log == nil {
		return ErrNoLog
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	own := *r
	own.Goroutines = nil // the log has them
	raw, err := json.Marshal(nonull.Copy(&own))
	if err != nil {
		return fmt.Errorf("write the page's data: %w", err)
	}
	data, err := packed(raw)
	if err != nil {
		return err
	}
	frame := newFrame(r, o)
	frame.Result = template.HTML(data) // base64: nothing in it is markup
	var empty bytes.Buffer
	if err := pageTemplate.Execute(&empty, frame); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	block, err := fit(log, o.MaxBytes-empty.Len()-sentenceRoom, o.advice())
	if err != nil {
		return err
	}
	frame.Log, frame.Left = template.HTML(block.text), block.kept.Sentence
	return pageTemplate.Execute(w, frame)
}
