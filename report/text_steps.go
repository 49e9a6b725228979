package report

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

// deepest is how many levels of a chain of causes are told.
const deepest = 8

// chain lays out steps, each with what stands behind it.
type chain struct {
	p      *page
	groups who
	from   int64 // where the story begins
	whole  int64 // its length
	most   int   // steps of a level that are told one by one
	lines  []chainLine
	short  stepRun // what is too short to be told
}

// chainLine is one line of a story.
type chainLine struct {
	from, ns int64
	depth    int
	several  bool // steps that are not told one by one
	untimed  bool
	text     string
}

// stepRun is steps, one after the other, that are not told one by one.
type stepRun struct {
	from, ns, count int64
	pieces          []result.Piece // those with a name
}

// level is what a step is read after: whose it should be, the wait that it is a part
// of, and the wait before it.
type level struct {
	depth, group   int
	around, before *result.Step
}

// story is the lines of steps.
func (c *chain) story(steps []result.Step, at level) []chainLine {
	if c.add(steps, at); c.short.count > 0 {
		c.lines = append(c.lines, c.several(c.short, true, 0))
	}
	return c.lines
}

// add lays out the steps of a level, in their order.
func (c *chain) add(steps []result.Step, at level) {
	told := c.told(steps)
	var run stepRun
	for i := range steps {
		s := &steps[i]
		if !told[i] {
			run.add(s)
			continue
		}
		c.flush(&run, at.depth)
		c.lines = append(c.lines, chainLine{from: s.FromNs, ns: s.Ns(), depth: at.depth, text: c.p.stepText(s, at, c.groups)})
		if at.group = s.Group; s.Kind == "wait" {
			at.before = s
		}
		c.behind(s, at.depth+1)
	}
	c.flush(&run, at.depth)
}

// behind lays out what filled a step.
func (c *chain) behind(s *result.Step, depth int) {
	switch {
	case len(s.Steps) == 0:
	case depth == deepest:
		c.lines = append(c.lines, chainLine{depth: depth, several: true, untimed: true, text: c.p.ellipsis() + " and so on back, " + units.Counted(stepCount(s.Steps), "more step", "more steps")})
	default:
		c.add(s.Steps, level{depth: depth, group: s.BehindGroup(), around: s})
	}
}

// told are the steps of a level that are told one by one: the longest, each of which
// takes a hundredth of the story.
func (c *chain) told(steps []result.Step) []bool {
	longest := make([]int, len(steps))
	for i := range steps {
		longest[i] = i
	}
	slices.SortStableFunc(longest, func(i, j int) int { return cmp.Compare(steps[j].Ns(), steps[i].Ns()) })
	told := make([]bool, len(steps))
	for _, i := range longest[:min(len(longest), c.most)] {
		told[i] = steps[i].Ns() >= c.whole/100 && steps[i].Kind != "other"
	}
	return told
}

// flush lays out a run that takes a hundredth of the story, and keeps shorter ones
// for the end.
func (c *chain) flush(run *stepRun, depth int) {
	switch {
	case run.count == 0:
	case run.ns >= c.whole/100:
		c.lines = append(c.lines, c.several(*run, false, depth))
	default:
		c.short.count += run.count
		c.short.ns += run.ns
	}
	*run = stepRun{}
}

// several is the line of a run, or of all that were too short.
func (c *chain) several(run stepRun, all bool, depth int) chainLine {
	said := c.p.ellipsis() + " " + units.Counted(run.count, "shorter step", "shorter steps")
	if all {
		if run.count > 1 {
			said += " in all"
		}
		return chainLine{from: c.from - 1, ns: run.ns, several: true, text: said}
	}
	if x, ok := run.mostly(); ok {
		said += ", mostly: " + c.p.pieceForms(x, c.groups)[0]
	}
	return chainLine{from: run.from, ns: run.ns, depth: depth, several: true, text: said}
}

// add takes a step into a run.
func (r *stepRun) add(s *result.Step) {
	if r.count == 0 {
		r.from = s.FromNs
	}
	r.ns += s.Ns()
	r.count += max(int64(s.Merged), 1)
	r.leaves(s)
}

// leaves sums up what a step is, or what it waited for.
func (r *stepRun) leaves(s *result.Step) {
	if len(s.Steps) > 0 {
		for i := range s.Steps {
			r.leaves(&s.Steps[i])
		}
		return
	}
	x := stepPiece(s)
	for i := range r.pieces {
		if samePiece(&r.pieces[i], &x) {
			r.pieces[i].Ns += x.Ns
			return
		}
	}
	if len(r.pieces) < 100 { // then it is no one thing mostly
		r.pieces = append(r.pieces, x)
	}
}

// mostly is what a run is for more than half of it, if there is such a thing.
func (r *stepRun) mostly() (result.Piece, bool) {
	for _, x := range r.pieces {
		if x.Kind != "other" && x.Ns > r.ns/2 {
			return x, true
		}
	}
	return result.Piece{}, false
}

// samePiece says whether two pieces read the same but for their lines.
func samePiece(x, y *result.Piece) bool {
	fn := func(f *result.Frame) string {
		if f == nil {
			return ""
		}
		return f.Func
	}
	group := func(g *int) int {
		if g == nil {
			return -1
		}
		return *g
	}
	return x.Kind == y.Kind && fn(x.Frame) == fn(y.Frame) && x.Region == y.Region && x.Stopped == y.Stopped && group(x.Group) == group(y.Group)
}

// stepCount is how many steps there are on all levels.
func stepCount(steps []result.Step) int64 {
	n := int64(len(steps))
	for i := range steps {
		n += stepCount(steps[i].Steps)
	}
	return n
}

// drawChain writes the lines of a chain under titles, with as many columns as the
// page has room for.
func drawChain(p *page, c *chain) {
	t := table{columns: []column{{title: "AT", right: true}, {title: "FOR", right: true}, {title: "SHARE", right: true}}}
	for _, l := range c.lines {
		row := []cell{nil, nil, nil}
		if !l.untimed {
			row[1], row[2] = txt(plain, units.Duration(l.ns)), txt(plain, units.Percent(l.ns, c.whole))
		}
		if !l.untimed && l.from >= c.from {
			row[0] = txt(plain, "+"+units.Duration(l.from-c.from))
		}
		t.rows = append(t.rows, row)
	}
	widths := t.naturalWidths()
	if p.Width < 60 {
		widths[0] = 0
	}
	if p.Width < 40 {
		widths[2] = 0
	}
	p.emit(t.row(p, 2, widths, []cell{txt(muted, "AT"), txt(muted, "FOR"), txt(muted, "SHARE")}))
	for i, l := range c.lines {
		head := append(t.row(p, 2, widths, t.rows[i]), spaces(gap)...)
		head = append(head, spaces(min(l.depth*p.nesting(), (p.Width-head.width())/3))...)
		text := line{{l.text, plain}}
		if l.several {
			text[0].tone = muted
		}
		p.wrap(head, min(head.width()+2, p.Width-4), text)
	}
}

// nesting is how much further in a level of a chain begins than the one above it.
func (p *page) nesting() int {
	if p.Width < 80 {
		return 1
	}
	return 2
}

// stepText says what a goroutine did.
func (p *page) stepText(s *result.Step, at level, groups who) string {
	subject := p.goroutine(s.Goroutine, s.Group, at.group, groups)
	if s.Kind == "wait" {
		return subject + " waited " + p.waitText(s, at, groups)
	}
	x := stepPiece(s)
	x.Caller = nil // the steps around it tell where it belongs
	if at.around != nil {
		x.HeldIn = nil // and that
	}
	said := subject + " " + p.withPlace(p.wordOf(s.Kind).did, x, groups)[0]
	if s.Merged > 1 {
		said += ", in " + units.Count(int64(s.Merged)) + " stretches"
	}
	return said
}

// stepPiece is the piece that a step is.
func stepPiece(s *result.Step) result.Piece {
	x := result.Piece{Kind: s.Kind, Frame: s.Frame, Caller: s.Caller, How: s.How, Region: s.Region, Group: s.Antagonist, Stopped: s.Stopped, Ns: s.Ns()}
	if s.HeldIn != nil {
		x.HeldIn, x.HeldNs = s.HeldIn, x.Ns
	}
	return x
}

// goroutine names a goroutine, with its group where that is not the expected one.
func (p *page) goroutine(id int64, group, expected int, groups who) string {
	if id <= 0 {
		return "a goroutine"
	}
	said := "goroutine" + units.NBSP + strconv.FormatInt(id, 10)
	if name := groups(group); name != "" && group != expected {
		said += " (" + name + ")"
	}
	return said
}

// waitText says what a goroutine waited for, and who ended that. What it has in
// common with the wait around it, or before it, is not said again.
func (p *page) waitText(s *result.Step, at level, groups who) string {
	w := p.waitWordOf(s.WaitKind)
	where, by := p.waitPlace(s.Frames, s.Frame), p.wakerPlace(s)
	said, known := w.sought+" in "+where, -1
	for _, like := range []struct {
		wait *result.Step
		word string
	}{{at.around, "there too"}, {at.before, "there again"}} {
		if like.wait == nil || like.wait.WaitKind != s.WaitKind || p.waitPlace(like.wait.Frames, like.wait.Frame) != where {
			continue
		}
		said = like.word
		if known = like.wait.BehindGroup(); p.wakerPlace(like.wait) == by {
			by = ""
		}
		break
	}
	if s.Waker == nil {
		return said
	}
	if known != s.BehindGroup() {
		known = s.Group
	}
	ended := w.ended
	if closes(s.WakerFrames) {
		ended = "closed it"
	}
	said += ", until " + p.goroutine(*s.Waker, s.BehindGroup(), known, groups) + " " + ended
	if by != "" {
		said += " in " + by
	}
	if s.RunnerUp != nil && s.LateNs != nil {
		said += "; it came " + units.Duration(*s.LateNs) + " after goroutine" + units.NBSP + strconv.FormatInt(*s.RunnerUp, 10) + ", the last but one"
	}
	return said
}

// waitPlace is where a goroutine waited.
func (p *page) waitPlace(frames []result.Frame, frame *result.Frame) string {
	if len(frames) == 0 && frame != nil {
		frames = []result.Frame{*frame}
	}
	return p.place(frames)
}

// wakerPlace is where the goroutine that ended a wait did so, "" if that is not
// known.
func (p *page) wakerPlace(s *result.Step) string {
	if len(s.WakerFrames) == 0 {
		return ""
	}
	return p.place(s.WakerFrames)
}

// closes says whether a stack is that of a channel being closed.
func closes(frames []result.Frame) bool {
	return len(frames) > 0 && frames[0].Func == "runtime.closechan"
}
