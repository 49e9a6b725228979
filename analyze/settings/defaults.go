package settings

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/conctrace/conctrace/analyze/detect"
)

// commentWidth is how wide the comments of a file are, in characters.
const commentWidth = 90

const introduction = `Thresholds of the detectors of conctrace, all at their defaults. Keep what you change, leave
out the rest, and give the file to conctrace analyze, explain and path with --thresholds.

Shares are numbers from 0 to 1, durations strings such as "10ms", all else is counts and
ratios. A finding's score is 25 where what is measured is low, 75 (severity high) where it
is high, and what is under low is not reported.`

const siteExample = `Site rules name places in your program. Each pattern is a regular expression that matches
a function of the stack; several match in this order, from where the goroutine waits
outwards. The first rule that fits a wait counts. kind (a class of waits, or class/kind) and
is can be left out. What waiting there means:
  is = "pool"     for a member of a limited pool
  is = "call"     for an answer from outside, as an RPC client does
  is = "idle"     at rest: idle by design
  is = "limiter"  held back on purpose

[[site]]
name = "orders pool"                 # what reports call it
stack = ['orders\.\(\*Pool\)\.Get']
kind = "blocked-sync/chan-receive"
is = "pool"`

// WriteDefaults writes a file in which every threshold is at its default, with what
// it means, and an example of a site rule as a comment. Parse reads it.
func WriteDefaults(w io.Writer) error {
	var b strings.Builder
	comment(&b, introduction)
	for i := range detect.All {
		d := &detect.All[i]
		b.WriteByte('\n')
		comment(&b, wrapped(d.Title+". "+d.Doc))
		fmt.Fprintf(&b, "[%s]\n# off = true\n", d.Name)
		for _, t := range d.Thresholds() {
			comment(&b, wrapped(t.Doc))
			fmt.Fprintf(&b, "%s = %s\n", t.Name, Text(t))
		}
	}
	b.WriteByte('\n')
	comment(&b, siteExample)
	_, err := io.WriteString(w, b.String())
	return err
}

// Text is the default of a threshold as a file has it.
func Text(t detect.Threshold) string {
	if t.Unit == detect.Duration {
		return strconv.Quote(strings.ReplaceAll(time.Duration(t.Default).String(), "µ", "u"))
	}
	return strconv.FormatFloat(t.Default, 'f', -1, 64)
}

// comment writes the lines of a text as comments.
func comment(b *strings.Builder, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
}

// wrapped breaks a text into lines of the width of comments.
func wrapped(text string) string {
	var b strings.Builder
	used := len("#")
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case used+1+n > commentWidth:
			b.WriteByte('\n')
			used = len("#")
		default:
			b.WriteByte(' ')
		}
		b.WriteString(word)
		used += 1 + n
	}
	return b.String()
}
