package report

import (
	"bytes"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/conctrace/conctrace/report/internal/units"
)

// page collects the lines of a text report, none wider than its width.
type page struct {
	Options
	ink ink
	out bytes.Buffer
}

func newPage(o Options) *page {
	o = o.withDefaults()
	return &page{Options: o, ink: newInk(o)}
}

// span is a piece of text in one tone, line a row of them.
type (
	span struct {
		text string
		tone tone
	}
	line []span
)

func (s span) width() int { return ansi.StringWidth(s.text) }

func (l line) width() int {
	n := 0
	for _, s := range l {
		n += s.width()
	}
	return n
}

// text is a line of one tone.
func text(t tone, s string) line { return line{{s, t}} }

// emit writes a line: clipped to the width, without spaces at its end, painted.
// It is the only way onto the page.
func (p *page) emit(l line) {
	l = merge(clip(l, p.Width))
	if n := len(l); n > 0 {
		l[n-1].text = strings.TrimRight(l[n-1].text, " "+units.NBSP)
	}
	for _, s := range l {
		p.out.WriteString(p.ink.paintText(s.tone, p.printable(s.text)))
	}
	p.out.WriteByte('\n')
}

// merge joins spans of one tone, across spaces, and drops spaces at the end, so
// that a line takes few escape sequences.
func merge(l line) line {
	var merged line
	pending := "" // spaces since the last visible span
	for _, s := range l {
		if strings.Trim(s.text, " "+units.NBSP) == "" {
			pending += s.text
			continue
		}
		last := len(merged) - 1
		switch {
		case last >= 0 && merged[last].tone == s.tone:
			merged[last].text += pending + s.text
		case pending != "":
			merged = append(merged, span{pending, plain}, s)
		default:
			merged = append(merged, s)
		}
		pending = ""
	}
	return merged
}

// clip returns a copy of l that is at most width cells wide.
func clip(l line, width int) line {
	clipped := make(line, 0, len(l))
	for _, s := range l {
		if w := s.width(); w <= width {
			width -= w
		} else {
			s.text, width = ansi.Truncate(s.text, width, ""), 0
		}
		clipped = append(clipped, s)
	}
	return clipped
}

// keepStart cuts a line at its right to fit.
func keepStart(p *page, l line, width int) line {
	if l.width() <= width {
		return l
	}
	mark := span{p.ellipsis(), muted}
	return append(clip(l, width-mark.width()), mark)
}

// blank writes an empty line.
func (p *page) blank() { p.out.WriteByte('\n') }

// wrap writes l after the head, broken at spaces; the lines that follow are
// indented. The page is wide enough for the indent and a few cells more.
func (p *page) wrap(head line, indent int, l line) {
	current, used := append(line{}, head...), head.width()
	start := used // where the text begins on the current line
	next := func() {
		p.emit(current)
		current, used, start = spaces(indent), indent, indent
	}
	for _, w := range p.fitting(words(l), indent) {
		gap := min(used-start, 1)
		if used+gap+w.width() > p.Width && used > indent {
			next()
			gap = 0
		}
		current, used = append(current, spaces(gap)...), used+gap
		for used+w.width() > p.Width { // longer than a whole line
			var piece line
			piece, w = split(w, p.Width-used)
			current = append(current, piece...)
			next()
		}
		current, used = append(current, w...), used+w.width()
	}
	p.emit(current)
}

// fitting breaks up those words that are items of several, held together by
// non-breaking spaces, and too long for a line. The dot after an item stays
// with it.
func (p *page) fitting(all []line, indent int) []line {
	var fitted []line
	for _, w := range all {
		if w.width() <= p.Width-indent {
			fitted = append(fitted, w)
			continue
		}
		loose := make(line, len(w))
		for i, s := range w {
			loose[i] = span{strings.ReplaceAll(strings.ReplaceAll(s.text, units.NBSP, " "), " ·", units.NBSP+"·"), s.tone}
		}
		fitted = append(fitted, words(loose)...)
	}
	return fitted
}

func spaces(n int) line {
	if n <= 0 {
		return nil
	}
	return text(plain, strings.Repeat(" ", n))
}

// words splits a line at its spaces. A word can have several tones.
func words(l line) []line {
	var all []line
	var word line
	for _, s := range l {
		for i, part := range strings.Split(s.text, " ") {
			if i > 0 && len(word) > 0 {
				all, word = append(all, word), nil
			}
			if part != "" {
				word = append(word, span{part, s.tone})
			}
		}
	}
	if len(word) > 0 {
		all = append(all, word)
	}
	return all
}

// split cuts a line that is wider than width.
func split(l line, width int) (head, rest line) {
	head = clip(l, max(width, 0))
	for i, s := range l {
		if i < len(head) && head[i].text == s.text {
			continue
		}
		return head[:i+1], append(line{{s.text[len(head[i].text):], s.tone}}, l[i+1:]...)
	}
	return head, nil
}

// heading opens a section.
func (p *page) heading(title, note string) {
	p.blank()
	p.wrap(line{{title, strong}, {"  ", plain}}, 2, text(muted, note))
}

// factIndent is where the text of a fact begins.
const factIndent = 20

// fact writes a labelled paragraph.
func (p *page) fact(label string, l line) {
	head, indent := line{{label + strings.Repeat(" ", max(0, factIndent-ansi.StringWidth(label))), plain}}, factIndent
	if p.Width < 60 {
		head, indent = line{{label + "  ", plain}}, 4
	}
	p.wrap(head, indent, l)
}

// joined sets a dot between items, which break only between each other.
func joined(items ...line) line {
	var l line
	for i, item := range items {
		if i > 0 {
			l = append(l, span{units.NBSP + "· ", muted})
		}
		for _, s := range item {
			l = append(l, span{strings.ReplaceAll(s.text, " ", units.NBSP), s.tone})
		}
	}
	return l
}

// ellipsis marks text that was cut.
func (p *page) ellipsis() string {
	if p.ASCII {
		return ".."
	}
	return "…"
}

// keepEnd cuts text at its left to fit, where its end says more.
func (p *page) keepEnd(s string, width int) string {
	w := ansi.StringWidth(s)
	if w <= width {
		return s
	}
	mark := p.ellipsis()
	room := width - ansi.StringWidth(mark)
	if room <= 0 {
		return ansi.Truncate(s, width, "")
	}
	// A wide character at the cut can leave the rest a cell too wide.
	for cut := w - room; cut <= w; cut++ {
		if rest := ansi.TruncateLeft(s, cut, ""); ansi.StringWidth(rest) <= room {
			return mark + rest
		}
	}
	return mark
}
