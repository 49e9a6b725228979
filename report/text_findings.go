package report

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/units"
)

// mark is how the severity of a finding is shown: by word, shape and colour.
type mark struct {
	severity string // as in the Result
	word     string
	shape    string
	tone     tone
}

// marks is every severity, worst first. What is not known counts as the last.
var marks = []mark{
	{"high", "HIGH", "▲", alarm},
	{"medium", "MED", "◆", caution},
	{"low", "LOW", "●", muted},
}

func markOf(severity string) mark {
	for _, m := range marks {
		if m.severity == severity {
			return m
		}
	}
	return marks[len(marks)-1]
}

// span is the mark in as many cells as any other.
func (m mark) span() span {
	return span{m.shape + " " + m.word + strings.Repeat(" ", 6-len(m.word)), m.tone}
}

// findingIndent is where the text of a finding begins, under its title.
func (p *page) findingIndent() int {
	if p.Width < 60 {
		return 2
	}
	return 8
}

// drawFindings shows what stands out, worst first, or that nothing does.
func drawFindings(p *page, r *result.Result) {
	if len(r.Findings) == 0 {
		p.heading("FINDINGS", p.nothingFound(r))
		return
	}
	note := "worst first; conctrace detectors explains them; the times are for --from and --to"
	p.heading("FINDINGS", note)
	for _, f := range r.Findings {
		drawFinding(p, r, f)
	}
	if n := int64(r.FindingsOmitted); n > 0 {
		p.wrap(spaces(2), 2, text(muted, units.Counted(n, "further finding is", "further findings are")+" not listed."))
	}
}

// nothingFound says what was looked for in vain.
func (p *page) nothingFound(r *result.Result) string {
	switch {
	case r.Verdict.Label == "too-little-data":
		return "none: there is too little to judge by"
	case len(p.Detectors) > 0:
		return "none of " + units.Counted(int64(len(p.Detectors)), "detector", "detectors") + " found anything (conctrace detectors lists what they look for)"
	}
	return "none"
}

// drawFinding shows one finding; of a low one no more than what and where.
func drawFinding(p *page, r *result.Result, f result.Finding) {
	m := markOf(f.Severity)
	title := line{{p.clean(f.Title), strong}, {units.NBSP + "· " + p.clean(f.Detector), muted}}
	if f.LostNs > 0 {
		title = append(title, span{units.NBSP + "· lost" + units.NBSP + units.Duration(f.LostNs), muted})
	}
	indent := p.findingIndent()
	p.wrap(line{m.span()}, indent, title)
	if f.Sentence != "" {
		p.wrap(spaces(indent), indent, text(plain, p.cleanText(f.Sentence)))
	}
	p.detail("where", text(plain, p.clean(names.ShortPlace(f.Culprit))))
	if m != marks[len(marks)-1] {
		drawReasons(p, r, f)
	}
	p.detail("more", p.pasteable(f.Explain))
}

// drawReasons is what stands behind a finding.
func drawReasons(p *page, r *result.Result, f result.Finding) {
	p.detail("try", text(plain, p.cleanText(f.Remedy)))
	p.detail("caveat", text(muted, p.cleanText(f.Caveat)))
	p.detail("worst", p.moments(f.At))
	for _, s := range f.Stacks[:min(len(f.Stacks), 3)] {
		p.detail(roleLabel(s.Role), p.briefStack(s.Frames))
	}
	p.detail("groups", p.concerned(r, f))
	p.detail("explains", p.names(f.Merged))
}

// pasteable is a command, in one piece if it fits. What cannot be shown as it is
// cannot be pasted either.
func (p *page) pasteable(command string) line {
	if p.cleanText(command) != command {
		return nil
	}
	return text(plain, strings.ReplaceAll(command, " ", units.NBSP))
}

// detailWidth is the width of the labels below a finding.
const detailWidth = 10

// detail writes a labelled paragraph below a finding, if there is one.
func (p *page) detail(label string, l line) {
	if strings.Trim(plainText(l), " "+units.NBSP) == "" {
		return
	}
	indent := p.findingIndent()
	head := append(spaces(indent), span{label + strings.Repeat(" ", max(1, detailWidth-len(label))), muted})
	if p.Width < 60 {
		head[len(head)-1].text = label + "  "
		p.wrap(head, indent+2, l)
		return
	}
	p.wrap(head, indent+detailWidth, l)
}

// plainText is a line without its tones.
func plainText(l line) string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.text)
	}
	return b.String()
}

// roleLabel is what the goroutine of a stack did there.
func roleLabel(role string) string {
	switch role {
	case "blocked", "running", "created":
		return role
	case "waker":
		return "woken by"
	}
	return "stack"
}

// moments lists stretches of time as they can be typed.
func (p *page) moments(at []result.Moment) line {
	var items []line
	for _, m := range at[:min(len(at), 3)] {
		from, to := window(m.FromNs, m.ToNs)
		item := text(plain, from+" to "+to)
		if m.Goroutine > 0 {
			item = append(item, span{" (goroutine " + strconv.FormatInt(m.Goroutine, 10) + ")", muted})
		}
		items = append(items, item)
	}
	return joined(items...)
}

// concerned is the groups that a finding is about, and those that it slows.
func (p *page) concerned(r *result.Result, f result.Finding) line {
	l := p.groupNames(r, f.Groups)
	others := slices.DeleteFunc(slices.Clone(f.Victims), func(g int) bool { return slices.Contains(f.Groups, g) })
	slowed := p.groupNames(r, others)
	if len(slowed) == 0 {
		return l
	}
	if len(l) > 0 {
		l = append(l, span{units.NBSP + "· ", muted})
	}
	return slices.Concat(l, text(muted, "slows"+units.NBSP), slowed)
}

// groupNames names groups by their entry functions.
func (p *page) groupNames(r *result.Result, groups []int) line {
	var names []string
	for _, g := range groups {
		if g >= 0 && g < len(r.Groups) {
			names = append(names, p.groupName(r, g))
		}
	}
	return p.names(names)
}

// names lists names that are not yet clean: at most three, and each once.
func (p *page) names(all []string) line {
	const most = 3
	var items []line
	seen := map[string]bool{}
	for _, name := range all {
		if name = p.clean(name); name != "" && !seen[name] {
			seen[name] = true
			items = append(items, text(plain, name))
		}
	}
	if left := len(items) - most; left > 0 {
		items = append(items[:most], text(muted, units.Count(int64(left))+" more"))
	}
	return joined(items...)
}

// briefStack is a stack in one line, leaf first: what was called at its leaf,
// and as many of the program's own frames as fit, three at most.
func (p *page) briefStack(frames []result.Frame) line {
	if len(frames) == 0 {
		return nil
	}
	own := slices.DeleteFunc(slices.Clone(frames), func(f result.Frame) bool { return names.IsPlumbing(f.Func) })
	lead := ""
	switch {
	case len(own) == 0:
		own = frames
	case names.IsPlumbing(frames[0].Func):
		forms := p.funcForms(frames[0].Func)
		lead = forms[len(forms)-1] + units.NBSP + "< "
	}
	room := p.Width - p.findingIndent() - detailWidth
	for n := min(len(own), 3); ; n-- {
		for _, places := range []int{n, 1} {
			l := text(plain, lead+p.calls(own, n, places))
			if n <= 1 || l.width() <= room {
				return l
			}
		}
	}
}

// calls are the first n of some frames, as many as places with file and line.
func (p *page) calls(frames []result.Frame, n, places int) string {
	var b strings.Builder
	for i, f := range frames[:n] {
		if i > 0 {
			b.WriteString(units.NBSP + "< ")
		}
		b.WriteString(strings.ReplaceAll(p.funcForms(f.Func)[0], " ", units.NBSP))
		if f.File != "" && i < places {
			b.WriteString(" " + path.Base(p.clean(names.ShortFile(f.File))) + ":" + strconv.Itoa(f.Line))
		}
	}
	if n < len(frames) {
		b.WriteString(units.NBSP + "< " + p.ellipsis())
	}
	return b.String()
}

// drawFindingLines is a line for each finding that is not low, under the
// verdict of a quiet report.
func drawFindingLines(p *page, r *result.Result) {
	for _, f := range r.Findings {
		m := markOf(f.Severity)
		if m == marks[len(marks)-1] {
			continue
		}
		lead := append(spaces(2), m.span())
		said := p.clean(f.Detector) + ": " + p.clean(f.Title)
		if where := p.clean(names.ShortPlace(f.Culprit)); where != "" {
			said += ", " + where
		}
		p.emit(append(lead, span{ansi.Truncate(said, p.Width-lead.width(), p.ellipsis()), plain}))
	}
}
