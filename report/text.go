package report

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

var textFormat = Format{
	Name:       "text",
	Extensions: []string{".txt"},
	Doc:        "for people, in a terminal",
	Write:      writeText,
}

// textSections is the text report from top to bottom. A section without data
// draws nothing.
var textSections = []func(*page, *result.Result){
	drawHeader,
	drawDamage,
	drawVerdict,
	drawFindings,
	drawTime,
	drawWallTime,
	drawProcessors,
	drawGroups,
	drawWaits,
	drawQueues,
	drawFilled,
	drawWhoForWhom,
	drawGC,
	drawTasks,
	drawRegions,
	drawGoroutines,
	drawLogs,
	drawWarnings,
	drawNext,
}

func writeText(w io.Writer, d Document, o Options) error {
	r := d.Result
	p := newPage(o)
	if o.Quiet {
		drawQuiet(p, r)
	} else {
		for _, draw := range textSections {
			draw(p, r)
		}
	}
	_, err := w.Write(p.out.Bytes())
	return err
}

// drawQuiet is the verdict with the file's name, as the inputs can be several,
// and what was found.
func drawQuiet(p *page, r *result.Result) {
	p.wrap(nil, 2, append(text(plain, p.fileName(r.Trace.File)+": "), p.verdict(r)...))
	drawDamage(p, r)
	drawFindingLines(p, r)
}

// drawHeader says what was analysed.
func drawHeader(p *page, r *result.Result) {
	file := text(strong, p.keepEnd(p.fileName(r.Trace.File), p.Width))
	p.wrap(nil, 2, joined(append([]line{file}, p.aboutItems(r)...)...))
	if items := p.scopeItems(r); len(items) > 0 {
		p.wrap(text(strong, "only  "), 6, joined(items...))
	}
}

// aboutItems say what kind of trace it is, beside its file.
func (p *page) aboutItems(r *result.Result) []line {
	t := r.Trace
	items := []line{text(plain, units.Duration(t.DurationNs))}
	if procs := processorCounts(t.Gomaxprocs); procs != "" {
		items = append(items, text(plain, procs))
	}
	goroutines := units.Counted(int64(r.Scope.Goroutines), "goroutine", "goroutines")
	if n := r.Scope.SystemGoroutines; n > 0 {
		goroutines += " (+" + units.Count(int64(n)) + " of the runtime)"
	}
	items = append(items, text(plain, goroutines))
	items = append(items, p.formatItems(t.GoVersion)...)
	items = append(items, text(plain, units.Size(t.Bytes)))
	if t.StartedAt != "" {
		items = append(items, text(plain, "started "+p.clean(t.StartedAt)))
	}
	if file := r.Scope.Thresholds; file != "" {
		items = append(items, text(plain, "thresholds of "+p.clean(file)))
	}
	return items
}

// formatItems is the version of the trace's format, if it is known.
func (p *page) formatItems(version string) []line {
	v := p.clean(version)
	if v == "" {
		return nil
	}
	return []line{text(plain, "go"+strings.TrimPrefix(v, "go")+" format")}
}

func (p *page) fileName(file string) string {
	switch file {
	case "-":
		return "standard input"
	case "":
		return "(unnamed)"
	}
	return p.clean(file)
}

// processorCounts is "8 Ps", or "2→4 Ps" where GOMAXPROCS changed.
func processorCounts(values []result.Gomaxprocs) string {
	if len(values) == 0 {
		return ""
	}
	const most = 4
	var parts []string
	for _, v := range values {
		parts = append(parts, strconv.Itoa(v.N))
	}
	parts = slices.Compact(parts)
	if n := len(parts); n > most {
		parts = append(parts[:most-1], "…", parts[n-1])
	}
	return strings.Join(parts, "→") + " " + units.Plural(int64(values[len(values)-1].N), "P", "Ps")
}

// mostProcessors is the highest GOMAXPROCS of the trace.
func mostProcessors(r *result.Result) int {
	n := 0
	for _, v := range r.Trace.Gomaxprocs {
		n = max(n, v.N)
	}
	return n
}

// scopeItems say which part of the trace the numbers cover, if not all.
func (p *page) scopeItems(r *result.Result) []line {
	s := r.Scope
	var items []line
	if s.FromNs != 0 || s.ToNs != r.Trace.DurationNs {
		items = append(items, text(plain, units.Duration(s.FromNs)+" to "+units.Duration(s.ToNs)+" ("+units.Duration(s.DurationNs())+")"))
	}
	if s.Group != "" {
		items = append(items, text(plain, "groups matching /"+p.clean(s.Group)+"/"))
	}
	if s.Task != "" {
		items = append(items, text(plain, "tasks matching /"+p.clean(s.Task)+"/"))
	}
	return items
}

// drawDamage warns, before any number, that a part of the file is missing.
func drawDamage(p *page, r *result.Result) {
	label, message := damage(r.Trace)
	if label == "" {
		return
	}
	label += "  "
	p.wrap(text(alarm, label), hanging(p, label), text(alarm, message))
}

// damage is what of a file is missing, in a word and a sentence; both are empty
// where nothing is.
func damage(t result.Trace) (label, message string) {
	switch {
	case t.Complete && t.BytesLost <= 0:
		return "", ""
	case t.Complete:
		return "TRAILING", units.Size(t.BytesLost) + " behind the end of the trace were ignored."
	}
	message = "The trace does not end as it should"
	if t.BytesLost > 0 {
		message = units.Percent(t.BytesLost, t.Bytes) + " of the file was not analysed (" + units.Size(t.BytesLost) + " of " + units.Size(t.Bytes) + ")"
	}
	var unknown int64
	for _, gap := range t.Gaps {
		unknown += gap.ToNs - gap.FromNs
	}
	switch {
	case len(t.Gaps) == 0:
		message += ": the numbers cover the " + units.Duration(t.DurationNs) + " that could be read."
	case t.BytesLost > 0:
		message += ": " + units.Duration(unknown) + " within the trace count as unknown."
	default:
		message = "A part of the trace is missing: " + units.Duration(unknown) + " within it count as unknown."
	}
	return "INCOMPLETE", message
}

// hanging is the indent of a paragraph with a label: under its text, unless
// that takes too much of a narrow page.
func hanging(p *page, label string) int {
	if p.Width < 60 {
		return 2
	}
	return ansi.StringWidth(label)
}

const verdictLabel = "VERDICT  "

func drawVerdict(p *page, r *result.Result) {
	p.blank()
	indent := hanging(p, verdictLabel)
	p.wrap(text(strong, verdictLabel), indent, p.verdict(r))
	if r.Time.LifetimeNs <= 0 {
		return
	}
	for _, l := range []line{p.timeInBrief(r.Time), p.restInBrief(r)} {
		if len(l) > 0 {
			p.wrap(spaces(indent), indent, l)
		}
	}
}

// verdict is the label and the sentence, which may begin with the label.
func (p *page) verdict(r *result.Result) line {
	label, sentence := p.clean(r.Verdict.Label), p.cleanText(r.Verdict.Sentence)
	if label == "" && sentence == "" {
		return text(strong, "none")
	}
	said := strings.ReplaceAll(label, "-", " ")
	if n := len(label); n > 0 && n <= len(sentence) && (strings.EqualFold(sentence[:n], label) || strings.EqualFold(sentence[:n], said)) {
		return line{{sentence[:n], strong}, {sentence[n:], plain}}
	}
	if sentence == "" || label == "" {
		return text(strong, label+sentence)
	}
	return line{{label, strong}, {" – ", muted}, {sentence, plain}}
}

// timeInBrief is the classes of the goroutines' time, largest first.
func (p *page) timeInBrief(t result.Time) line {
	shares, engaged := engagedShares(t)
	if engaged <= 0 {
		return nil
	}
	slices.SortStableFunc(shares, func(a, b share) int { return compareDesc(a.ns, b.ns) })
	items := []line{}
	for _, s := range shares {
		if s.ns > 0 {
			items = append(items, line{{s.look.word + " ", plain}, {units.Percent(s.ns, engaged), strong}})
		}
	}
	return append(text(plain, "Goroutine time: "), joined(items...)...)
}

// restInBrief says what was left out of it.
func (p *page) restInBrief(r *result.Result) line {
	if r.Time.AtRestNs <= 0 {
		return nil
	}
	s := "At rest and left out: "
	if engagedNs(r.Time) <= 0 {
		s = "All of the goroutines' time was at rest: "
	}
	if n := r.Scope.AtRestGoroutines; n > 0 {
		s += units.Counted(int64(n), "whole goroutine", "whole goroutines") + ", "
	}
	return text(muted, s+units.Duration(r.Time.AtRestNs)+" in all")
}

// drawLogs counts the messages of runtime/trace.Log.
func drawLogs(p *page, r *result.Result) {
	if len(r.Logs) == 0 {
		return
	}
	var total int64
	for _, l := range r.Logs {
		total += l.Count
	}
	logs := slices.Clone(r.Logs)
	slices.SortStableFunc(logs, func(a, b result.LogCount) int { return compareDesc(a.Count, b.Count) })
	var items []line
	for _, l := range logs[:min(len(logs), p.Top)] {
		category := p.clean(l.Category)
		if category == "" {
			category = "(no category)"
		}
		items = append(items, line{{category + " ", plain}, {units.Count(l.Count), plain}})
	}
	if left := len(logs) - p.Top; left > 0 {
		items = append(items, text(muted, units.Count(int64(left))+" more categories"))
	}
	p.heading("LOGS", units.Counted(total, "message", "messages")+" by category")
	p.wrap(spaces(2), 2, joined(items...))
}

func drawWarnings(p *page, r *result.Result) {
	if len(r.Trace.Warnings) == 0 {
		return
	}
	p.heading("WARNINGS", "what limits the numbers above")
	for _, w := range r.Trace.Warnings {
		p.wrap(text(alarm, "! "), 2, line{{p.clean(w.Code) + ": ", strong}, {p.cleanText(w.Message), plain}})
	}
}

// middle is a part of the scope that shows how a window is asked for.
func middle(r *result.Result) result.SlowRun {
	length := r.Scope.DurationNs()
	return result.SlowRun{BeginNs: r.Scope.FromNs + 2*length/5, DurationNs: length / 5}
}

// drawNext shows the commands that lead on from here.
func drawNext(p *page, r *result.Result) {
	if r.Trace.File == "-" || r.Scope.Group != "" || r.Scope.Task != "" {
		return // standard input is gone, and a filter is better kept by hand
	}
	next := []struct{ flags, purpose string }{
		{"--goroutines", "every goroutine by itself"},
		{windowFlags(middle(r)), "a part of the time"},
		{"-f json", "everything, for scripts"},
	}
	if p.Goroutines {
		next = next[1:]
	}
	if run, what := worstMoment(r); what != "" {
		next[len(next)-2].flags, next[len(next)-2].purpose = windowFlags(run), what
	}
	form, t := 0, table{columns: []column{{}, {drop: 1}}}
	for _, n := range next {
		form = max(form, p.commandForm(r, n.flags))
	}
	for _, n := range next {
		t.rows = append(t.rows, []cell{txt(plain, p.command(r, n.flags, form)), txt(muted, n.purpose)})
	}
	p.heading("NEXT", "")
	t.draw(p, 2)
}

// command is a command line that goes on from here: with the file's name (0),
// without it (1), or the flags alone (2).
func (p *page) command(r *result.Result, flags string, form int) string {
	const tool = "conctrace analyze "
	switch form {
	case 0:
		return tool + flags + " " + shellQuote(r.Trace.File)
	case 1:
		return tool + flags + " TRACE"
	}
	return flags
}

// commandForm is the first form of a command that fits on the page. A file name
// that cannot be shown as it is cannot be pasted either.
func (p *page) commandForm(r *result.Result, flags string) int {
	for form := range 2 {
		if form == 0 && p.clean(r.Trace.File) != r.Trace.File {
			continue
		}
		if ansi.StringWidth(p.command(r, flags, form)) <= p.Width-2 {
			return form
		}
	}
	return 2
}

// worstMoment is the stretch of time to look at first, and what it is: of the
// worst finding, or else the slowest task or region.
func worstMoment(r *result.Result) (result.SlowRun, string) {
	for _, f := range r.Findings {
		if len(f.At) > 0 {
			return result.SlowRun{BeginNs: f.At[0].FromNs, DurationNs: f.At[0].ToNs - f.At[0].FromNs}, "a finding's worst moment"
		}
	}
	return slowestRun(r)
}

// slowestRun is the longest task, or else region, and what it is.
func slowestRun(r *result.Result) (result.SlowRun, string) {
	var slowest result.SlowRun
	what := ""
	for _, kind := range []struct {
		spans []result.Span
		what  string
	}{{r.Tasks, "the slowest task"}, {r.Regions, "the slowest region"}} {
		for _, s := range kind.spans {
			for _, run := range s.Slowest {
				if run.DurationNs > slowest.DurationNs {
					slowest, what = run, kind.what
				}
			}
		}
		if what != "" {
			break
		}
	}
	return slowest, what
}

// windowFlags covers a run.
func windowFlags(run result.SlowRun) string {
	from, to := window(run.BeginNs, run.BeginNs+run.DurationNs)
	return "--from " + from + " --to " + to
}

// window is a stretch of time to be typed, rounded outwards: to milliseconds if
// it is long. It is never empty, even if the stretch is.
func window(fromNs, toNs int64) (from, to string) {
	step := time.Millisecond
	if toNs-fromNs < int64(10*step) {
		step = time.Microsecond
	}
	start := time.Duration(fromNs).Truncate(step)
	end := max((time.Duration(toNs) + step - 1).Truncate(step), start+step)
	return asciiDuration(start), asciiDuration(end)
}

// asciiDuration is a duration to be typed: time.ParseDuration takes "us" too.
func asciiDuration(d time.Duration) string { return strings.ReplaceAll(d.String(), "µ", "u") }

// shellQuote makes a file name safe to paste.
func shellQuote(s string) string {
	safe := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("._/-+,=:@%", r)
	}
	if s == "" {
		return "TRACE"
	}
	if strings.IndexFunc(s, func(r rune) bool { return !safe(r) }) < 0 && (s == "-" || s[0] != '-') {
		return s
	}
	quoted := "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	if s[0] == '-' {
		return "./" + quoted
	}
	return quoted
}

// compareDesc orders numbers from large to small.
func compareDesc(a, b int64) int {
	switch {
	case a > b:
		return -1
	case a < b:
		return 1
	}
	return 0
}
