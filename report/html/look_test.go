package html_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/html"
	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/units"
)

const lockTrace = "../../testdata/traces/scenarios/lock-serialises.trace"

// ranged is the range that the page's address says, ns; the whole trace if none.
func (p *tab) ranged() (from, to int64) {
	p.Helper()
	t := p.hash().Get("t")
	if t == "" {
		return p.page.log.From, p.page.log.To
	}
	if _, err := fmt.Sscanf(t, "%d-%dns", &from, &to); err != nil {
		p.Fatalf("the range in the address is %q", t)
	}
	return from, to
}

// groupCells are the cells of the groups' table by group: n, time, and the shares.
func (p *tab) groupCells() map[string][]string {
	p.Helper()
	rows := eval[[][]string](p, `[...document.querySelectorAll('#groups tbody tr[data-group]')].map(tr => [tr.dataset.group, ...[...tr.cells].slice(1, 10).map(td => td.textContent)])`)
	out := map[string][]string{}
	for _, r := range rows {
		out[r[0]] = r[1:]
	}
	return out
}

// wantGroupCells are the cells that a result gives, for the group of the same name.
func wantGroupCells(g *result.Group) []string {
	t := &g.Time
	engaged := t.LifetimeNs - t.AtRestNs
	share := func(label string, kinds ...string) string {
		var ns int64
		for _, k := range kinds {
			for kind, v := range t.Kinds {
				if kind == k || strings.HasPrefix(kind, k+"/") {
					ns += v - t.AtRestKinds[kind]
				}
			}
		}
		if ns == 0 {
			return "–"
		}
		text := units.Percent(ns, engaged)
		if p99 := g.Waits[label].P99Ns; label != "" && p99 > 0 {
			text += " (" + units.Duration(p99) + ")"
		}
		return text
	}
	return []string{
		units.Count(int64(g.Count)), units.Duration(engaged),
		share("", "running"), share("runnable", "runnable"), share("blocked-sync", "blocked-sync"), share("blocked-io/network", "blocked-io/network"),
		share("", "blocked-io/syscall", "blocked-io/file"), share("", "timer"), share("", "runtime"),
	}
}

// The tables follow the brush, and say of its range what the analysis of that window
// says, word for word.
func TestTablesFollowTheBrush(t *testing.T) {
	p := open(t, write(t, lockTrace, analyze.Options{}, html.Options{}), "")
	length := p.page.log.To
	check := func(when string) {
		t.Helper()
		p.settle()
		from, to := p.ranged()
		r := p.page.result
		if from > 0 || to < length {
			var err error
			if r, err = analyze.Analyze(t.Context(), analyze.File(lockTrace), analyze.Options{From: time.Duration(from), To: time.Duration(to)}); err != nil {
				t.Fatal(err)
			}
		}
		got, compared := p.groupCells(), 0
		for i := range r.Groups {
			g := &r.Groups[i]
			for id, whole := range p.page.result.Groups {
				if whole.Name != g.Name || whole.CreatedBy != g.CreatedBy || g.System {
					continue
				}
				cells, shown := got[fmt.Sprint(id)]
				if !shown {
					continue // at rest
				}
				compared++
				if diff := cmp.Diff(wantGroupCells(g), cells); diff != "" {
					t.Errorf("%s, %d to %d, %s (-analysis +page):\n%s", when, from, to, g.Name, diff)
				}
			}
		}
		if compared == 0 {
			t.Errorf("%s: no group of the analysis is in the page", when)
		}
	}
	check("at the start")

	p.do(chromedp.Evaluate[chromedp.Void](`void document.querySelector('#overview [data-edge=from]').focus()`))
	for range 12 {
		p.press(kb.ArrowRight)
	}
	from, _ := p.ranged()
	if from == 0 {
		t.Fatal("the arrow keys do not move the brush's edge")
	}
	check("after moving an edge by keys")
	p.press("0")
	p.settle()

	x := eval[[]float64](p, `(() => { const r = document.querySelector('#overview [data-edge=to]').parentElement.getBoundingClientRect(); return [r.left, r.width, r.top + r.height / 2]; })()`)
	drag(p, x[0]+x[1]*0.4, x[2], x[0]+x[1]*0.7, x[2])
	from, to := p.ranged()
	if to-from < length/10 || to-from > length/2 {
		t.Errorf("dragging over a third of the overview chose %d to %d of %d", from, to, length)
	}
	check("after drawing a range")
	p.press("0")
	check("after the whole trace")
	if p.hash().Has("t") {
		t.Error("0 does not choose the whole trace")
	}
}

// drag moves the pointer from one point to another with its button down.
func drag(p *tab, x0, y0, x1, y1 float64) {
	p.Helper()
	p.do(
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x0, y0),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, x0, y0, chromedp.ButtonLeft, chromedp.ClickCount(1)),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, (x0+x1)/2, y1, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x1, y1, chromedp.ButtonLeft),
		chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, x1, y1, chromedp.ButtonLeft, chromedp.ClickCount(1)),
	)
}

// Each letter does what the help says.
func TestKeys(t *testing.T) {
	p := open(t, write(t, serverTrace, analyze.Options{}, html.Options{}), "")
	length := p.page.log.To
	width := func() int64 { from, to := p.ranged(); return to - from }

	p.press("w")
	if got := width(); got >= length {
		t.Errorf("w does not zoom in: %d of %d", got, length)
	}
	from, _ := p.ranged()
	p.press("d")
	if got, _ := p.ranged(); got <= from {
		t.Errorf("d does not go right: %d, was %d", got, from)
	}
	small, _ := p.ranged()
	p.press("a")
	if got, _ := p.ranged(); got >= small {
		t.Errorf("a does not go left: %d, was %d", got, small)
	}
	p.press("w")
	p.press("w")
	from, _ = p.ranged()
	p.press("d")
	one, _ := p.ranged()
	p.press("a")
	p.press("D")
	if got, _ := p.ranged(); got-from < 2*(one-from) {
		t.Errorf("d goes %d ns on, Shift+D %d", one-from, got-from)
	}
	zoomed := width()
	p.press("s")
	if got := width(); got <= zoomed {
		t.Errorf("s does not zoom out: %d, was %d", got, zoomed)
	}
	p.press("0")
	if got := width(); got != length {
		t.Errorf("0 shows %d of %d", got, length)
	}

	// Arrows do what A and D do, and over the timeline what W and S do.
	p.press("w")
	from, _ = p.ranged()
	p.press(kb.ArrowRight)
	if got, _ := p.ranged(); got <= from {
		t.Errorf("the right arrow does not go right: %d, was %d", got, from)
	}
	p.press(kb.ArrowLeft)
	if got, _ := p.ranged(); got != from {
		t.Errorf("the left arrow goes to %d, wants %d", got, from)
	}
	spot := eval[[]float64](p, `(() => { const e = document.querySelector('#timeline'); e.scrollIntoView({block: 'center', behavior: 'instant'}); const r = e.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2]; })()`)
	p.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, spot[0], spot[1]))
	before := width()
	p.press(kb.ArrowUp)
	if got := width(); got >= before {
		t.Errorf("the up arrow over the timeline does not zoom in: %d, was %d", got, before)
	}
	p.press(kb.ArrowDown)
	if got := width(); got < before*99/100 {
		t.Errorf("the down arrow does not zoom out: %d, was %d", got, before)
	}
	p.press("0")

	// F fits the chosen interval.
	g := p.page.log.Goroutines[0]
	p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("void (location.hash = '#sel=G%d@%d')", g.ID, g.Start+g.Intervals[0].Ns/2)))
	p.settle()
	p.press("f")
	if from, to := p.ranged(); from > g.Start || to < g.Start+g.Intervals[0].Ns || to-from > 2*g.Intervals[0].Ns+1000 {
		t.Errorf("F shows %d to %d for an interval from %d of %d ns", from, to, g.Start, g.Intervals[0].Ns)
	}
	p.press("\x1b")
	p.press("0")

	// C copies the report.
	p.do(chromedp.Evaluate[chromedp.Void]("void (navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); })"))
	p.press("c")
	p.settle()
	if got := eval[string](p, "window.copied ?? ''"); !strings.Contains(got, "start") && !strings.Contains(got, p.page.result.Findings[0].Title) {
		t.Errorf("C copies %q", got)
	}

	for key, of := range map[string]struct{ name, value string }{"o": {"ov", "0"}, "p": {"p", "1"}} {
		p.press(key)
		if got := p.hash().Get(of.name); got != of.value {
			t.Errorf("%s: %s is %q in the address, want %q", key, of.name, got, of.value)
		}
		p.press(key)
		if p.hash().Has(of.name) {
			t.Errorf("%s pressed twice leaves %s in the address", key, of.name)
		}
	}
	p.press("t")
	if p.hash().Get("th") == "" {
		t.Error("t does not change the theme")
	}

	active := func() string {
		return eval[string](p, "document.activeElement.closest('.finding')?.id ?? ''")
	}
	p.press("j")
	if got := active(); got != "finding-1" {
		t.Errorf("j goes to %q", got)
	}
	if len(p.page.result.Findings) > 1 {
		p.press("j")
		p.press("k")
		if got := active(); got != "finding-1" {
			t.Errorf("j and k go to %q", got)
		}
	}

	p.press("?")
	if !eval[bool](p, "document.getElementById('help').open") {
		t.Error("? opens no help")
	}
	p.press("\x1b")
	if eval[bool](p, "document.getElementById('help').open") {
		t.Error("Esc does not close the help")
	}

	// Back and forward.
	p.do(chromedp.Evaluate[chromedp.Void]("void document.activeElement.blur()"))
	p.press("o")
	p.press(kb.ArrowLeft, chromedp.KeyModifiers(kb.ModifierAlt))
	p.until("!new URLSearchParams(location.hash.slice(1)).has('ov')")

	// What is typed into a field is text.
	p.search("wasd0p")
	if eval[string](p, "document.activeElement.id") != "search" || p.hash().Has("p") || eval[string](p, "document.activeElement.value") != "wasd0p" {
		t.Error("keys in the search do something else than writing")
	}
	p.press("\x1b")
}

// search types into the search that / opens. The character of that key goes its own way
// here, other than in a browser that a hand types in.
func (p *tab) search(text string) {
	p.Helper()
	p.do(chromedp.Evaluate[chromedp.Void]("void document.activeElement.blur()"))
	p.press("/")
	if got := eval[string](p, "document.activeElement.id"); got != "search" {
		p.Fatalf("/ puts the cursor into %q", got)
	}
	p.do(chromedp.Evaluate[chromedp.Void]("void (document.activeElement.value = '')"))
	p.press(text)
	p.settle()
}

// A search finds goroutines, groups and functions, and goes there.
func TestSearch(t *testing.T) {
	p := open(t, write(t, serverTrace, analyze.Options{}, html.Options{}), "")
	id := p.page.log.Goroutines[len(p.page.log.Goroutines)/2].ID
	p.search(fmt.Sprintf("G%d", id))
	p.press("\r")
	p.settle()
	if got := p.hash().Get("sel"); !strings.HasPrefix(got, fmt.Sprintf("G%d", id)) {
		t.Errorf("searching for G%d chose %q", id, got)
	}
	p.search("persistConn")
	if n := eval[int](p, "document.querySelectorAll('#found [role=option]').length"); n == 0 {
		t.Error("nothing is found for persistConn")
	}
	p.search("/(/")
	if got := eval[string](p, "document.getElementById('found').innerText"); !strings.Contains(got, "regular expression") {
		t.Errorf("a pattern that is none gives %q", got)
	}
}

// waitWithWaker is a wait that another goroutine of the page ended: the goroutine, an
// instant in it, and who ended it.
func waitWithWaker(t testing.TB, page written) (g, at, waker int64) {
	t.Helper()
	there := map[int64]bool{}
	for _, g := range page.log.Goroutines {
		there[g.ID] = true
	}
	for _, g := range page.log.Goroutines {
		at := g.Start
		for _, iv := range g.Intervals {
			if c := page.log.Cells[iv.Cell]; !g.System && c.Kind.String() == "mutex" && there[iv.Who] && iv.Ns > 1000 {
				return g.ID, at + iv.Ns/2, iv.Who
			}
			at += iv.Ns
		}
	}
	t.Fatal("no wait for a lock in this trace")
	return 0, 0, 0
}

// The drawer shows a goroutine's intervals one by one, says why each has its class, and
// leads to who ended a wait.
func TestDrawerAndWaker(t *testing.T) {
	page := write(t, lockTrace, analyze.Options{}, html.Options{})
	g, at, waker := waitWithWaker(t, page)
	p := open(t, page, fmt.Sprintf("#sel=G%d@%d", g, at))
	p.settle()
	text := eval[string](p, "document.getElementById('drawer').innerText")
	for _, want := range []string{fmt.Sprintf("G%d", g), "blocked-sync/mutex", fmt.Sprintf("G%d", waker), "sync.(*Mutex).Lock", "reason"} {
		if !strings.Contains(text, want) {
			t.Errorf("the drawer does not say %q:\n%s", want, text)
		}
	}
	var intervals int
	for _, x := range page.log.Goroutines {
		if x.ID == g {
			intervals = len(x.Intervals)
		}
	}
	if got := eval[string](p, "document.querySelector('#drawer [aria-setsize]').getAttribute('aria-setsize')"); got != fmt.Sprint(intervals) {
		t.Errorf("the drawer lists %s intervals, there are %d", got, intervals)
	}
	before := p.hash().Get("sel")
	p.press("]")
	next := p.hash().Get("sel")
	p.press("[")
	if next == before || !strings.HasPrefix(next, fmt.Sprintf("G%d@", g)) {
		t.Errorf("] goes from %s to %s", before, next)
	}
	p.press("u")
	p.settle()
	if got := p.hash().Get("sel"); !strings.HasPrefix(got, fmt.Sprintf("G%d@", waker)) {
		t.Errorf("u leads to %s, the waker is G%d", got, waker)
	}
	p.press("\x1b")
	p.settle()
	if !eval[bool](p, "document.getElementById('drawer').hidden") || p.hash().Has("sel") {
		t.Error("Esc does not close the drawer")
	}
}

// An address restores all that was chosen, also in another window.
func TestPermalinks(t *testing.T) {
	page := write(t, serverTrace, analyze.Options{}, html.Options{})
	g := page.log.Goroutines[len(page.log.Goroutines)/3].ID
	hash := fmt.Sprintf("t=100000000-200000000ns&v=goroutine&sel=G%d&q=serve&hb=0&f=blocked-io&tab=blame&ov=0&p=1&th=dark", g)
	p := open(t, page, "#"+hash)
	p.settle()
	p.press("\x1b") // closes the drawer
	p.press(kb.ArrowLeft, chromedp.KeyModifiers(kb.ModifierAlt))
	p.settle()
	if from, to := p.ranged(); from != 100e6 || to != 200e6 {
		t.Errorf("the range is %d to %d", from, to)
	}
	if eval[bool](p, "document.getElementById('drawer').hidden") {
		t.Error("the drawer is closed")
	}
	if got := eval[string](p, "document.documentElement.dataset.theme"); got != "dark" {
		t.Errorf("the theme is %q", got)
	}
	if eval[bool](p, "document.getElementById('blame').hidden") || !eval[bool](p, "document.getElementById('flame').hidden") {
		t.Error("the tab is not that of the address")
	}
	if got := eval[string](p, "document.querySelector('#groups input[type=search]').value"); got != "serve" {
		t.Errorf("the filter is %q", got)
	}
	if eval[bool](p, "document.querySelector('#groups input[type=checkbox]').checked") {
		t.Error("what is at rest is hidden")
	}
	want, got := p.hash(), map[string][]string(nil)
	q := open(t, page, "#"+eval[string](p, "location.hash.slice(1)"))
	got = q.hash()
	if diff := cmp.Diff(map[string][]string(want), got); diff != "" {
		t.Errorf("another window (-first +second):\n%s", diff)
	}
	// What is no address of the page is passed over.
	open(t, page, "#t=9-1ns&v=circle&g=99999&sel=G0&o=7.x.99999&q=%ff&tab=none&f=none")
}

// Both themes have the page's colours, and the text in them is readable.
func TestThemes(t *testing.T) {
	p := open(t, write(t, lockTrace, analyze.Options{}, html.Options{}), "")
	background := "getComputedStyle(document.documentElement).getPropertyValue('--panel').trim().toLowerCase()"
	p.prefers("light")
	light := eval[string](p, background)
	p.prefers("dark")
	dark := eval[string](p, background)
	if light == dark {
		t.Errorf("light and dark pages are both %s", light)
	}
	// T goes round: the other one, and back to what the system prefers.
	p.prefers("light")
	seen := map[string]bool{}
	for range 3 {
		p.press("t")
		p.settle()
		seen[eval[string](p, background)] = true
	}
	if !seen[light] || !seen[dark] {
		t.Errorf("T goes through %v, not through both themes", seen)
	}
	for theme, colors := range map[string][2]string{"light": {"#04a880", "#132d94"}, "dark": {"#69b183", "#4871dd"}} {
		p.prefers(theme)
		p.do(chromedp.Evaluate[chromedp.Void]("void (location.hash = '')"))
		p.settle()
		for i, name := range []string{"--c-running", "--c-io"} {
			if got := eval[string](p, fmt.Sprintf("getComputedStyle(document.documentElement).getPropertyValue('%s').trim().toLowerCase()", name)); got != colors[i] {
				t.Errorf("%s: %s is %s, want %s", theme, name, got, colors[i])
			}
		}
	}
}

// On a narrow screen, a dense one and one with colours of its own nothing goes wrong, and
// the page scrolls up and down only.
func TestNarrowDenseAndForced(t *testing.T) {
	page := write(t, serverTrace, analyze.Options{}, html.Options{})
	for name, set := range map[string]func(*tab){
		"narrow": func(p *tab) { p.do(chromedp.EmulateViewport(400, 800)) },
		"dense":  func(p *tab) { p.do(chromedp.EmulateViewport(1280, 900, chromedp.EmulateScale(2))) },
		"forced colours": func(p *tab) {
			call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, page, "")
			set(p)
			p.settle()
			p.wander()
			if wide := eval[int](p, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); wide > 0 {
				t.Errorf("the page is %d pixels too wide", wide)
			}
		})
	}
}

// Where scripts do not run, the answers are seen and what needs scripts is not.
func TestWithoutScripts(t *testing.T) {
	page := write(t, serverTrace, analyze.Options{}, html.Options{})
	p := visit(t, page, "about:blank")
	call(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	p.do(chromedp.Navigate(p.file))
	for selector, want := range map[string]bool{"#verdict": true, "#findings li": true, "#groups table": true, "#gc": true, "noscript p": true, "#overview": false, "#timeline": false, "#drawer": false} {
		if got := eval[bool](p, fmt.Sprintf("(() => { const e = document.querySelector('%s'); return !!e && e.getBoundingClientRect().height > 0; })()", selector)); got != want {
			t.Errorf("%s is seen: %v, want %v", selector, got, want)
		}
	}
}

// Print gives the report, with its tables.
func TestPrint(t *testing.T) {
	p := open(t, write(t, serverTrace, analyze.Options{}, html.Options{}), "")
	pdf, err := chromedp.Run(p.ctx, chromedp.PrintToPDF())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(pdf, []byte("%PDF")) || len(pdf) < 20_000 {
		t.Errorf("the PDF has %d bytes", len(pdf))
	}
	if pages := bytes.Count(pdf, []byte("/Type /Page\n")) + bytes.Count(pdf, []byte("/Type /Page ")); pages == 0 || pages > 30 {
		t.Errorf("the PDF has %d pages", pages)
	}
}

// Without scripts verdict, findings and tables are there, with the JSON's numbers.
func TestStaticPage(t *testing.T) {
	page := write(t, serverTrace, analyze.Options{}, html.Options{})
	text := strings.NewReplacer("&nbsp;", "\u00a0", "&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&amp;", "&", "&#43;", "+").Replace(string(mustRead(t, page.path)))
	r := page.result
	for _, want := range []string{r.Verdict.Sentence, units.Duration(r.Trace.DurationNs), "<noscript>"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, f := range r.Findings {
		for _, want := range []string{f.Title, f.Sentence, f.Remedy, f.Caveat, units.Duration(f.LostNs)} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the page does not say %q", f.Detector, want)
			}
		}
	}
	for i := range r.Groups {
		if g := &r.Groups[i]; !g.System && i < 50 {
			if !strings.Contains(text, names.ShortFunc(g.Name)) || !strings.Contains(text, units.Duration(g.Time.LifetimeNs-g.Time.AtRestNs)) {
				t.Errorf("group %s or its time is not in the page", g.Name)
			}
		}
	}
	if regexp.MustCompile(`(?i)(src|href)="?(https?:)?//`).MatchString(text) {
		t.Error("the page refers to something outside")
	}
}

// The index links to pages and loads nothing.
func TestIndex(t *testing.T) {
	page := write(t, serverTrace, analyze.Options{}, html.Options{})
	var b bytes.Buffer
	if err := html.WriteIndex(&b, []html.IndexPage{{File: "a b#1.html", Result: page.result}}, []string{"x: <b>not a trace</b>"}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{`href="./a%20b%231.html"`, "&lt;b&gt;not a trace", page.result.Verdict.Label} {
		if !strings.Contains(text, want) {
			t.Errorf("the index does not have %q", want)
		}
	}
	path := filepath.Join(t.TempDir(), "index.html")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	p := visit(t, written{path: path}, "")
	if got := eval[string](p, "getComputedStyle(document.documentElement).getPropertyValue('--panel')"); got == "" {
		t.Error("the index has no style")
	}
	if wide := eval[int](p, "document.documentElement.scrollWidth - innerWidth"); wide > 0 {
		t.Errorf("the index is %d pixels too wide", wide)
	}
}

// Threads of C code come back under one ID: an address leads to the life that its
// instant is in.
func TestOneIDOfSeveralLives(t *testing.T) {
	page := write(t, "../../testdata/traces/go1.26/all.trace", analyze.Options{}, html.Options{})
	lives := map[int64][]*interval.Goroutine{}
	for _, g := range page.log.Goroutines {
		lives[g.ID] = append(lives[g.ID], g)
	}
	for id, all := range lives {
		if len(all) < 2 {
			continue
		}
		p := open(t, page, "")
		for _, i := range []int{0, len(all) - 1} {
			p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf("void (location.hash = '#sel=G%d@%d')", id, all[i].Start+all[i].Intervals[0].Ns/2)))
			p.settle()
			if got, want := eval[string](p, "document.querySelector('#drawer [aria-setsize]').getAttribute('aria-setsize')"), fmt.Sprint(len(all[i].Intervals)); got != want {
				t.Errorf("life %d of G%d: the drawer lists %s intervals, want %s", i, id, got, want)
			}
			if got, want := eval[string](p, "document.querySelector('#drawer .dr-facts').innerText"), units.Duration(lengthOf(all[i])); !strings.Contains(got, want) {
				t.Errorf("life %d of G%d: the drawer says %q, want a life of %s", i, id, got, want)
			}
		}
		return
	}
	t.Fatal("no ID of several lives in this trace")
}

func lengthOf(g *interval.Goroutine) (ns int64) {
	for _, iv := range g.Intervals {
		ns += iv.Ns
	}
	return ns
}

// The detectors that found nothing are told, but not those that could not judge.
func TestWhatWasLookedFor(t *testing.T) {
	page := write(t, lockTrace, analyze.Options{}, html.Options{})
	all := []html.Detector{{Name: "lock-serialises", Title: "Serialised by a lock"}, {Name: "interleaved-not-parallel", Title: "Takes turns"}, {Name: "wait-knot", Title: "Goroutines wait for each other"}}
	text := func(r *result.Result) string {
		var b bytes.Buffer
		if err := html.Write(&b, r, page.log, html.Options{Detectors: all}); err != nil {
			t.Fatal(err)
		}
		_, after, _ := strings.Cut(b.String(), `<details class="passed">`)
		passed, _, _ := strings.Cut(after, "</details>")
		return passed
	}
	if got := text(page.result); !strings.Contains(got, "wait-knot") || strings.Contains(got, "lock-serialises") || strings.Contains(got, "interleaved-not-parallel") {
		t.Errorf("looked for in vain: %s", got)
	}
	filtered := *page.result
	filtered.Scope.Group = "store"
	if got := text(&filtered); got != "" {
		t.Errorf("of some goroutines alone: %s", got)
	}
}

// The table of locks and channels has what the result has, by what idled meanwhile.
func TestLocksAndChannels(t *testing.T) {
	page := write(t, lockTrace, analyze.Options{}, html.Options{})
	p := open(t, page, "#tab=sites")
	rows := eval[[][]string](p, `[...[...document.querySelectorAll('#sites table')].at(-1).tBodies[0].rows].map(tr => [...tr.cells].map(td => td.textContent))`)
	c := page.result.SiteClasses[0]
	if len(rows) != 1 {
		t.Fatalf("%d rows, want one: %v", len(rows), rows)
	}
	want := []string{"lock", "149", units.Duration(c.TotalNs), "5", units.Duration(c.Service.P50Ns)}
	if got := []string{rows[0][0], rows[0][2], rows[0][3], rows[0][5], rows[0][7]}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
