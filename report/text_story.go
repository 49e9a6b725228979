package report

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

// ExplanationText writes what single waits, tasks, regions or moments were about,
// for people.
func ExplanationText(w io.Writer, e *result.Explanation, o Options) error {
	p := newPage(o)
	drawAbout(p, e.Trace, e.Question)
	groups := p.groupsNamed(e.Groups)
	for i := range e.Stories {
		drawStory(p, &e.Stories[i], numbered("STORY", i, len(e.Stories)), groups)
	}
	drawNotes(p, e.Notes, len(e.Stories) == 0)
	_, err := w.Write(p.out.Bytes())
	return err
}

// drawAbout says which trace an answer is about, and what was asked.
func drawAbout(p *page, t result.About, question string) {
	items := []line{text(strong, p.keepEnd(p.fileName(t.File), p.Width)), text(plain, units.Duration(t.DurationNs))}
	p.wrap(nil, 2, joined(append(items, p.formatItems(t.GoVersion)...)...))
	if !t.Complete {
		const label = "INCOMPLETE  "
		p.wrap(text(alarm, label), hanging(p, label), text(alarm, "A part of the trace is missing; what was in it is not told."))
	}
	if q := p.cleanText(question); q != "" {
		const label = "QUESTION  "
		p.blank()
		p.wrap(text(strong, label), hanging(p, label), text(plain, q))
	}
}

// groupsNamed names the groups of an answer.
func (p *page) groupsNamed(ids []result.GroupID) who {
	return func(group int) string {
		if group < 0 || group >= len(ids) {
			return ""
		}
		return p.funcForms(ids[group].Name)[0]
	}
}

// numbered is a title with its number, if there are several.
func numbered(title string, i, of int) string {
	if of > 1 {
		title += " " + strconv.Itoa(i+1)
	}
	return title
}

// noted is the note of a heading: what it is, of what kind and when.
func (p *page) noted(title, kind, name string, fromNs, toNs int64) string {
	if kind == "moment" {
		kind = "" // the title says so
	}
	from, to := window(fromNs, toNs)
	items := []string{p.clean(title), strings.TrimSpace(p.clean(kind) + " " + p.clean(name)), from + " to " + to}
	return strings.Join(slices.DeleteFunc(items, func(s string) bool { return s == "" }), " · ")
}

// mostStorySteps is how many steps of a level a story tells one by one.
const mostStorySteps = 12

func drawStory(p *page, s *result.Story, title string, groups who) {
	p.heading(title, p.noted(s.Title, s.Kind, s.Name, s.FromNs, s.ToNs))
	p.wrap(spaces(2), 2, text(plain, p.storySentence(s, groups)))
	whole := s.ToNs - s.FromNs
	if len(s.Pieces) > 1 {
		drawStoryPieces(p, s.Pieces, whole, groups)
	}
	if s.All != nil && s.All.Waits > 1 && s.All.TotalNs > 0 {
		items := p.pieceItems(mainPieces(s.All.Pieces, s.All.TotalNs, 3), s.All.TotalNs, groups)
		p.wrap(text(plain, "  All "+units.Count(s.All.Waits)+" waits there, "+units.Duration(s.All.TotalNs)+":  "), 4, joined(items...))
	}
	steps, at := s.Steps, level{group: s.Group}
	if only := onlyWait(s); only != nil {
		steps, at.group, at.around = only.Steps, only.BehindGroup(), only
	} else if len(steps) == 1 {
		return // it is what the sentence says
	}
	c := chain{p: p, groups: groups, from: s.FromNs, whole: whole, most: max(mostStorySteps, p.Top)}
	if len(c.story(steps, at)) > 0 {
		drawChain(p, &c)
	}
}

// onlyWait is the wait for a goroutine that a whole story is about, or nil.
func onlyWait(s *result.Story) *result.Step {
	if len(s.Steps) == 1 && s.Steps[0].Kind == "wait" {
		return &s.Steps[0]
	}
	return nil
}

// storySentence says whose time a story is about, and of a single wait what it was
// for and who ended it.
func (p *page) storySentence(s *result.Story, groups who) string {
	subject := p.goroutine(s.Goroutine, s.Group, -1, groups)
	subject = strings.ToUpper(subject[:1]) + subject[1:]
	length := units.Duration(s.ToNs - s.FromNs)
	switch only := onlyWait(s); {
	case only != nil:
		return subject + " waited " + length + " " + p.waitText(only, level{}, groups) + "."
	case len(s.Steps) == 0:
		return subject + ", " + length + "."
	case len(s.Steps) > 1:
		return subject + ", " + length + ":"
	}
	only := &s.Steps[0]
	return subject + ", " + length + ": it " + p.withPlace(p.wordOf(only.Kind).did, stepPiece(only), groups)[0] + "."
}

// drawStoryPieces sums a story up: the largest pieces, and what the others are
// together.
func drawStoryPieces(p *page, pieces []result.Piece, whole int64, groups who) {
	const most = 6
	t := table{columns: []column{{right: true}, {right: true}, {least: 20}}}
	add := func(x result.Piece) {
		t.rows = append(t.rows, []cell{p.pieceShare(x, whole), txt(plain, units.Duration(x.Ns)), p.pieceCell(x, groups)})
	}
	rest := result.Piece{Kind: "other"}
	for _, x := range pieces {
		if x.Kind == "other" || len(t.rows) == most {
			rest.Ns += x.Ns
		} else {
			add(x)
		}
	}
	if rest.Ns > 0 {
		add(rest)
	}
	t.draw(p, 4)
}

// drawNotes says what an answer leaves out.
func drawNotes(p *page, notes []string, empty bool) {
	if empty {
		p.blank()
		p.wrap(nil, 2, text(plain, "There is nothing to tell."))
	}
	for i, n := range notes {
		if i == 0 {
			p.blank()
		}
		p.wrap(text(muted, "Note:  "), hanging(p, "Note:  "), text(plain, p.cleanText(n)))
	}
}
