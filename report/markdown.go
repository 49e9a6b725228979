package report

import (
	"cmp"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

var markdownFormat = Format{
	Name:       "markdown",
	Extensions: []string{".md", ".markdown"},
	Doc:        "a summary for a pull request, a chat or the summary of a CI job",
	Write:      writeMarkdown,
}

// markdownSections is the summary from top to bottom. A section without data writes
// nothing.
var markdownSections = []func(*markdown, *result.Result){
	markdownHeader,
	markdownVerdict,
	markdownFindings,
	markdownTime,
	markdownParallelism,
	markdownGroups,
	markdownSites,
	markdownQueues,
	markdownTasks,
	markdownRegions,
	markdownGoroutines,
	markdownWarnings,
}

// mostMarkdown is how many bytes a summary takes at most. A comment on GitHub may have
// 65,536 characters, and whoever posts it may want to add something.
const mostMarkdown = 50_000

// markdownEnd is what of it is kept for the last lines.
const markdownEnd = 2_000

// markdown is a summary on its way. The page within it has the names and sentences that
// the text report has, too.
type markdown struct {
	*page
	ascii bool
	left  []string // what there was no room for
}

func newMarkdown(o Options) *markdown {
	o.Width = 200 // lines are broken by whoever shows them; names come in full
	m := &markdown{ascii: o.ASCII}
	o.ASCII = false // add sees to it, when all is escaped: a dot becomes a bar on a page
	m.page = newPage(o)
	return m
}

func writeMarkdown(w io.Writer, d Document, o Options) error {
	m := newMarkdown(o)
	if o.Quiet {
		markdownQuiet(m, d.Result)
	} else {
		for _, write := range markdownSections {
			write(m, d.Result)
		}
		m.end(d.Result)
	}
	_, err := w.Write(m.out.Bytes())
	return err
}

// room is how many bytes are left.
func (m *markdown) room() int { return mostMarkdown - markdownEnd - m.out.Len() }

// add writes blocks, each between empty lines, if there is room for all of them.
func (m *markdown) add(blocks ...string) bool {
	all := m.out.Bytes()
	all = all[:len(all):len(all)]
	for _, b := range blocks {
		if len(all) > 0 {
			all = append(all, '\n')
		}
		all = append(append(all, m.inASCII(b)...), '\n')
	}
	if len(all) > mostMarkdown-markdownEnd {
		return false
	}
	m.out.Reset()
	m.out.Write(all)
	return true
}

// inASCII is a block in ASCII if asked for. What would make a list of a line is escaped;
// a bar, which ends a cell, does not come up.
func (m *markdown) inASCII(block string) string {
	if !m.ascii {
		return block
	}
	var b strings.Builder
	before := '\n'
	for _, r := range block {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case string(r) == units.NBSP:
			b.WriteByte(' ')
		default:
			if before == '\n' {
				b.WriteByte('\\')
			}
			b.WriteString(strings.ReplaceAll(asciiFor(r), "|", "-"))
		}
		before = r
	}
	return b.String()
}

// say is a sentence of conctrace's, which may have text from a trace in it, as a block.
func (m *markdown) say(s string) string { return string(lineStart(m.prose(s))) }

// list is items as a block. Each of them begins a line within it.
func list(items []md) string {
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString("- " + string(lineStart(item)))
	}
	return b.String()
}

// fold is blocks that are shown when a reader opens them. The empty lines let Markdown
// count within.
func fold(summary md, blocks ...string) []string {
	return slices.Concat([]string{"<details><summary>" + string(summary) + "</summary>"}, blocks, []string{"</details>"})
}

// leave notes what there was no room for.
func (m *markdown) leave(n int, one, many string) {
	if n > 0 {
		m.left = append(m.left, strings.ReplaceAll(units.Counted(int64(n), one, many), units.NBSP, " "))
	}
}

// end says what was left out and where everything is. The last line is never HTML, so
// that a summary which follows begins anew.
func (m *markdown) end(r *result.Result) {
	last := ""
	if len(m.left) > 0 {
		last = "Left out, so that this fits into a comment: " + strings.Join(m.left, ", ") + ". "
	}
	const page = "-o report.html"
	if r.Trace.File != "-" && r.Scope.Group == "" && r.Scope.Task == "" {
		last += "Everything, with a timeline: " + string(m.code(m.command(r, page, m.commandForm(r, page))))
	} else {
		last += "Everything, with a timeline, is in the page that `" + page + "` writes."
	}
	if m.out.Len() > 0 {
		m.out.WriteByte('\n')
	}
	m.out.WriteString(m.inASCII(last) + "\n")
}

// markdownQuiet is the verdict and a line for each finding that is not low.
func markdownQuiet(m *markdown, r *result.Result) {
	m.add(m.title(r))
	m.scope(r)
	m.damage(r)
	m.add(m.verdictText(r))
	m.findingLines(r)
}

func (m *markdown) title(r *result.Result) string {
	return "## conctrace: " + string(cmp.Or(m.code(m.fileName(r.Trace.File)), "(unnamed)"))
}

// markdownHeader says what was analysed.
func markdownHeader(m *markdown, r *result.Result) {
	m.add(m.title(r), m.say(plainText(joined(m.aboutItems(r)...))))
	m.scope(r)
	m.damage(r)
}

// scope says which part of the trace all that follows is about, if not all.
func (m *markdown) scope(r *result.Result) {
	if items := m.scopeItems(r); len(items) > 0 {
		m.add("**Only** " + string(m.prose(plainText(joined(items...)))))
	}
}

// damage warns, before any number, that a part of the file is missing.
func (m *markdown) damage(r *result.Result) {
	if label, message := damage(r.Trace); label != "" {
		m.add("> **" + label + "** " + string(m.prose(message)))
	}
}

func markdownVerdict(m *markdown, r *result.Result) { m.add(m.verdictText(r)) }

// verdictText is the label and the sentence, which may begin with the label.
func (m *markdown) verdictText(r *result.Result) string {
	var b strings.Builder
	for i, s := range m.verdict(r) {
		switch {
		case i == 0:
			b.WriteString(string(lineStart(bold(m.prose(s.text)))))
		case strings.TrimSpace(s.text) == "–":
			b.WriteString(" –")
		default:
			b.WriteString(string(m.continued(s.text, i > 1)))
		}
	}
	return b.String()
}

// continued is prose that goes on, after a space if there is one in the text or has to be.
func (m *markdown) continued(s string, apart bool) md {
	if apart || strings.HasPrefix(s, " ") {
		return " " + m.prose(s)
	}
	return m.prose(s)
}

// markdownWarnings says what limits the numbers.
func markdownWarnings(m *markdown, r *result.Result) {
	all := r.Trace.Warnings
	items := fitting(len(all), m.room(), func(i int) md { return m.code(all[i].Code) + ": " + m.prose(all[i].Message) })
	if len(items) > 0 && !m.add("### Warnings", "What limits the numbers above:", list(items)) {
		items = nil
	}
	m.leave(len(all)-len(items), "warning", "warnings")
}

// fitting is the first items of a list, as many as fit into some bytes. The others are
// not even made: there can be many.
func fitting(n, room int, item func(i int) md) []md {
	var items []md
	for i := range n {
		s := item(i)
		if room -= len(s) + len("- \n"); room < 0 {
			break
		}
		items = append(items, s)
	}
	return items
}
