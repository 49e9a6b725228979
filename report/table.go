package report

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// table is rows of cells under titles. A row is never wrapped: where the page
// is narrow, columns shrink and drop out.
type table struct {
	columns []column
	rows    [][]cell
}

// column is one column of a table.
type column struct {
	title string
	right bool // numbers: aligned at their right
	// least, if not 0, is the width down to which the column may shrink.
	least int
	// drop is when the column drops out: 1 first, 0 never.
	drop int
}

// cell is what stands where a row and a column meet.
type cell interface {
	natural() int // the width at which nothing is lost
	draw(p *page, width int) line
}

// textCell is text after a lead, which stays whole.
type textCell struct {
	lead  line
	forms []string // the first that fits is drawn, else what fits of the last
	tone  tone
	start bool // of the last form keep the start; else the end
}

// txt is a cell of one form.
func txt(t tone, s string) cell { return textCell{forms: []string{s}, tone: t} }

func (c textCell) natural() int {
	if len(c.forms) == 0 {
		return c.lead.width()
	}
	return c.lead.width() + text(c.tone, c.forms[0]).width()
}

func (c textCell) draw(p *page, width int) line {
	l := append(line{}, c.lead...)
	room := width - l.width()
	for i, form := range c.forms {
		if i == len(c.forms)-1 || text(c.tone, form).width() <= room {
			if c.start {
				form = ansi.Truncate(form, max(room, 0), p.ellipsis())
			} else {
				form = p.keepEnd(form, max(room, 0))
			}
			return append(l, span{form, c.tone})
		}
	}
	return l
}

// barCell is a share as a bar.
type barCell struct {
	share   float64
	look    look
	longest int // cells for 100 %
}

func (c barCell) natural() int { return c.longest }

func (c barCell) draw(p *page, width int) line {
	return line{c.look.bar(p, c.share, width)}
}

// bar draws a share of width; what is there at all gets a cell.
func (l look) bar(p *page, share float64, width int) span {
	fill := l.fill
	if p.ASCII {
		fill = l.ascii
	}
	cells := int(min(max(share, 0), 1)*float64(width) + 0.5)
	if share > 0 {
		cells = max(cells, 1)
	}
	return span{strings.Repeat(fill, cells), l.tone}
}

// wideCell, alone in a row, takes the whole row and no part in the layout.
type wideCell line

func (c wideCell) natural() int { return 0 }

func (c wideCell) draw(p *page, width int) line { return keepStart(p, line(c), width) }

// gap is the space between columns.
const gap = 2

// draw writes the table, each row after the indent.
func (t *table) draw(p *page, indent int) {
	if len(t.rows) == 0 {
		return
	}
	widths := t.layout(p.Width - indent)
	titles := make([]cell, len(t.columns))
	titled := false
	for i, c := range t.columns {
		titles[i] = txt(muted, c.title)
		titled = titled || c.title != ""
	}
	if titled {
		p.emit(t.row(p, indent, widths, titles))
	}
	for _, r := range t.rows {
		p.emit(t.row(p, indent, widths, r))
	}
}

// shows reports whether a column is there and does not drop out at a width.
func (t *table) shows(title string, width int) bool {
	i := slices.IndexFunc(t.columns, func(c column) bool { return c.title == title })
	return i >= 0 && t.layout(width)[i] > 0
}

// layout gives each column its width: 0 to the ones that are left out.
func (t *table) layout(width int) []int {
	natural := t.naturalWidths()
	widths := make([]int, len(natural))
	for {
		total := -gap
		for i, n := range natural {
			if widths[i] = n; n > 0 && t.columns[i].least > 0 {
				widths[i] = min(n, t.columns[i].least)
			}
			if n > 0 {
				total += widths[i] + gap
			}
		}
		spare := width - total
		if spare < 0 {
			if out := t.nextToDrop(natural); out >= 0 {
				natural[out] = 0
				continue
			}
		}
		t.spread(widths, natural, spare)
		return widths
	}
}

// spread gives what is to spare to the columns that can use it, and takes what
// is missing from those that can shrink.
func (t *table) spread(widths, natural []int, spare int) {
	for i, c := range t.columns {
		if c.least == 0 || natural[i] == 0 {
			continue
		}
		grown := min(max(widths[i]+spare, 1), natural[i])
		spare -= grown - widths[i]
		widths[i] = grown
	}
}

// naturalWidths is 0 for columns without content.
func (t *table) naturalWidths() []int {
	natural := make([]int, len(t.columns))
	for _, r := range t.rows {
		for i, c := range r {
			if c != nil {
				natural[i] = max(natural[i], c.natural())
			}
		}
	}
	for i, c := range t.columns {
		if natural[i] > 0 {
			natural[i] = max(natural[i], text(plain, c.title).width())
		}
	}
	return natural
}

// nextToDrop picks the column of least value, -1 if the rest must stay.
func (t *table) nextToDrop(natural []int) int {
	out := -1
	for i, c := range t.columns {
		if c.drop > 0 && natural[i] > 0 && (out < 0 || c.drop < t.columns[out].drop) {
			out = i
		}
	}
	return out
}

// row sets cells side by side. A row may have fewer cells than columns.
func (t *table) row(p *page, indent int, widths []int, cells []cell) line {
	l := spaces(indent)
	if wide, ok := cells[0].(wideCell); ok {
		return append(l, wide.draw(p, p.Width-indent)...)
	}
	first := true
	for i, width := range widths {
		if width == 0 {
			continue
		}
		if !first {
			l = append(l, spaces(gap)...)
		}
		first = false
		var content line
		if i < len(cells) && cells[i] != nil {
			content = cells[i].draw(p, width)
		}
		pad := spaces(width - content.width())
		if t.columns[i].right {
			l = append(append(l, pad...), content...)
		} else {
			l = append(append(l, content...), pad...)
		}
	}
	return l
}
