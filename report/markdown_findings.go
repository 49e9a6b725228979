package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/units"
	"github.com/conctrace/conctrace/report/internal/wording"
)

// markdownFindings shows what stands out, worst first: all that there is to say of those
// that are more than low, a line of each other one behind a fold.
func markdownFindings(m *markdown, r *result.Result) {
	const title = "### Findings"
	if len(r.Findings) == 0 {
		m.add(title, m.say(upperFirst(m.nothingFound(r))+"."))
		return
	}
	m.add(title)
	graver, low := splitFindings(r.Findings)
	if len(graver) == 0 {
		m.add("None of high or medium severity.")
	}
	rest := m.fullFindings(graver)
	lines := fitting(len(rest), m.room()/3, func(i int) md { return m.findingLine(rest[i]) })
	if len(lines) > 0 && !m.add(list(lines)) {
		lines = nil
	}
	m.leave(len(rest)-len(lines), "finding", "findings")
	m.lowFindings(low)
	if n := int64(r.FindingsOmitted); n > 0 {
		m.add(m.say(units.Counted(n, "further finding is", "further findings are") + " not listed."))
	}
}

// fullFindings writes findings while there is room, and returns those that are left.
func (m *markdown) fullFindings(all []result.Finding) (rest []result.Finding) {
	room := m.room() / 2
	for i, f := range all {
		blocks := m.finding(f)
		if room -= size(blocks); room < 0 {
			return all[i:]
		}
		m.add(blocks...)
	}
	return nil
}

// size is how many bytes blocks take.
func size(blocks []string) int {
	n := 0
	for _, b := range blocks {
		n += len(b) + 2
	}
	return n
}

// splitFindings keeps the findings' order.
func splitFindings(all []result.Finding) (graver, low []result.Finding) {
	for _, f := range all {
		if markOf(f.Severity) == marks[len(marks)-1] {
			low = append(low, f)
		} else {
			graver = append(graver, f)
		}
	}
	return graver, low
}

// severityWord is the severity in full: there is room, and strangers read it.
func severityWord(f result.Finding) md { return md(strings.ToUpper(markOf(f.Severity).severity)) }

// finding is all of a finding: blocks under a heading.
func (m *markdown) finding(f result.Finding) []string {
	title := "#### " + severityWord(f) + ": " + cmp.Or(m.short(f.Title), "(no title)")
	if detector := m.code(f.Detector); detector != "" {
		title += " (" + detector + ")"
	}
	var items []md
	detail := func(label md, text md) {
		if text != "" {
			items = append(items, "**"+label+":** "+text)
		}
	}
	detail("Lost", m.prose(strings.TrimPrefix(wording.Lost(&f), "lost ")))
	detail("Where", m.prose(names.ShortPlace(f.Culprit)))
	detail("Try", m.prose(f.Remedy))
	detail("Caveat", m.prose(f.Caveat))
	for _, s := range f.Stacks[:min(len(f.Stacks), 3)] {
		detail(md(upperFirst(roleLabel(s.Role))), m.prose(plainText(m.briefStack(s.Frames))))
	}
	if command := plainText(m.pasteable(f.Explain)); command != "" {
		detail("More", m.code(command))
	}
	blocks := []string{string(title)}
	if f.Sentence != "" {
		blocks = append(blocks, m.say(f.Sentence))
	}
	if len(items) > 0 {
		blocks = append(blocks, list(items))
	}
	return blocks
}

// lowFindings are those that are rarely worth more than a glance.
func (m *markdown) lowFindings(low []result.Finding) {
	items := fitting(len(low), m.room()/4, func(i int) md {
		f := low[i]
		item := bold(m.short(f.Title)) + " (" + m.code(f.Detector) + "). " + m.prose(f.Sentence)
		if where := m.prose(names.ShortPlace(f.Culprit)); where != "" {
			item += " Where: " + where + "."
		}
		return item
	})
	if n := int64(len(items)); n > 0 && !m.add(fold(md(units.Count(n)+units.Plural(n, " finding", " findings")+" of low severity"), list(items))...) {
		items = nil
	}
	m.leave(len(low)-len(items), "finding of low severity", "findings of low severity")
}

// findingLines is a line for each finding that is not low.
func (m *markdown) findingLines(r *result.Result) {
	graver, _ := splitFindings(r.Findings)
	lines := fitting(len(graver), m.room(), func(i int) md { return m.findingLine(graver[i]) })
	if len(lines) > 0 && !m.add(list(lines)) {
		lines = nil
	}
	if left := len(graver) - len(lines); left > 0 {
		m.out.WriteString("\n" + m.inASCII(units.Count(int64(left))+" more did not fit.") + "\n")
	}
}

func (m *markdown) findingLine(f result.Finding) md {
	line := "**" + severityWord(f) + "** " + m.code(f.Detector) + ": " + m.short(f.Title)
	if where := m.short(names.ShortPlace(f.Culprit)); where != "" {
		line += ", " + where
	}
	return line
}

// upperFirst is a text of conctrace's own with a capital.
func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// largest is the most important of some pieces with its share, in the fullest form that
// a column has room for.
func (m *markdown) largest(pieces []result.Piece, whole int64, groups who) md {
	main := mainPieces(pieces, whole, 1)
	if len(main) == 0 {
		return ""
	}
	const column = 70
	forms := m.pieceForms(main[0], groups)
	i := slices.IndexFunc(forms, func(s string) bool { return len(s) <= column })
	if i < 0 {
		i = len(forms) - 1
	}
	return m.prose(units.Percent(main[0].Ns, whole) + " " + forms[i])
}
