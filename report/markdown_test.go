package report

import (
	"bytes"
	"fmt"
	"html"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	renderer "github.com/yuin/goldmark/renderer/html"
	gfmtext "github.com/yuin/goldmark/text"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/nonull"
)

func markdownOf(t testing.TB, r *result.Result, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := markdownFormat.Write(&b, Document{Result: r}, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMarkdownGolden(t *testing.T) {
	for name, o := range map[string]Options{
		"rich.md":       {Detectors: make([]Detector, 23)},
		"rich.ascii.md": {ASCII: true, Goroutines: true, Top: 3},
		"rich.quiet.md": {Quiet: true},
		"damaged.md":    {},
		"idle.md":       {Detectors: make([]Detector, 23)},
		"empty.md":      {},
		"hostile.md":    {},
	} {
		fixture, _, _ := strings.Cut(name, ".")
		out := markdownOf(t, fixtures[fixture](), o)
		checkGolden(t, name, out)
		checkMarkdown(t, out, o)
	}
}

// gfm reads Markdown as GitHub does, and leaves HTML in it as it is.
var gfm = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(renderer.WithUnsafe()))

// ownHTML is the only HTML that a summary has.
var ownHTML = regexp.MustCompile(`^(?:<details><summary>(?:\d{1,3}(?:,\d{3})* [a-z ]+)</summary>|</details>)\n$`)

// headings is how headings begin, by level.
var headings = map[int]*regexp.Regexp{
	2: regexp.MustCompile(`^conctrace: `),
	3: regexp.MustCompile(`^(?:Findings|Where the time went|Parallelism|Groups|Waits|Locks and channels|Tasks|Regions|Goroutines|Warnings)$`),
	4: regexp.MustCompile(`^(?:HIGH|MEDIUM): `),
}

// blocks are the blocks that a summary is made of, inlines what is in them: no link, no
// image, no HTML, no emphasis but bold.
var (
	markdownBlocks = []ast.NodeKind{
		ast.KindDocument, ast.KindHeading, ast.KindParagraph, ast.KindList, ast.KindListItem, ast.KindTextBlock, ast.KindBlockquote, ast.KindHTMLBlock,
		extast.KindTable, extast.KindTableHeader, extast.KindTableRow, extast.KindTableCell,
	}
	markdownInlines = []ast.NodeKind{ast.KindText, ast.KindString, ast.KindCodeSpan, ast.KindEmphasis}
)

// checkMarkdown holds a summary against what a parser makes of it, and returns the text
// that is to be seen.
func checkMarkdown(t testing.TB, out string, o Options) (seen string) {
	t.Helper()
	checkBytes(t, out, o)
	source := []byte(out)
	doc := gfm.Parser().Parse(gfmtext.NewReader(source))
	folds := 0
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if !slices.Contains(markdownBlocks, n.Kind()) && !slices.Contains(markdownInlines, n.Kind()) {
			t.Errorf("a %v in\n%s", n.Kind(), out)
		}
		switch n := n.(type) {
		case *ast.Heading:
			if says := string(plainOf(t, n, source)); headings[n.Level] == nil || !headings[n.Level].MatchString(says) {
				t.Errorf("heading of level %d: %q", n.Level, says)
			}
		case *ast.HTMLBlock:
			raw := string(n.Lines().Value(source))
			if !ownHTML.MatchString(raw) {
				t.Errorf("HTML that is not ours: %q", raw)
			}
			if folds += strings.Count(raw, "<details>") - strings.Count(raw, "</details>"); folds < 0 || folds > 1 {
				t.Errorf("%d folds are open at %q", folds, raw)
			}
		case *ast.Emphasis:
			if n.Level != 2 {
				t.Errorf("emphasis that is not bold: %q", plainOf(t, n, source))
			}
		case *ast.ListItem:
			if n.ChildCount() != 1 || n.Parent().(*ast.List).Marker != '-' {
				t.Errorf("not an item of ours: %q", plainOf(t, n, source))
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if folds != 0 {
		t.Errorf("%d folds stay open", folds)
	}
	checkTables(t, out)
	var page bytes.Buffer
	if err := gfm.Convert(source, &page); err != nil {
		t.Fatal(err)
	}
	checkAutolinks(t, page.String())
	return visible(page.String())
}

// plainOf is the text of a heading or an item.
func plainOf(t testing.TB, n ast.Node, source []byte) string {
	var b bytes.Buffer
	if err := gfm.Renderer().Render(&b, source, n); err != nil {
		t.Fatal(err)
	}
	return visible(b.String())
}

// checkBytes looks for what no reader of Markdown may see: terminals and CI systems read
// logs, too.
func checkBytes(t testing.TB, out string, o Options) {
	t.Helper()
	if len(out) > mostMarkdown || !strings.HasSuffix(out, "\n") || strings.HasSuffix(out, "</details>\n") {
		t.Errorf("%d bytes that end in %q", len(out), out[max(0, len(out)-20):])
	}
	bad := func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) || o.ASCII && r > '~' }
	if i := strings.IndexFunc(out, bad); i >= 0 || !utf8.ValidString(out) {
		t.Errorf("%+v: not valid, or a character that may not be there at %d", o, i)
	}
	for l := range strings.Lines(out) {
		if strings.HasPrefix(strings.TrimSpace(l), "::") || strings.Contains(l, "##[") || strings.Contains(l, "##vso[") {
			t.Errorf("a command to a CI system: %q", l)
		}
	}
}

var barsBetweenCells = regexp.MustCompile(`(?:^|[^\\])\|`)

// checkTables counts cells in the source, as the parser fills short rows up and cuts long
// ones.
func checkTables(t testing.TB, out string) {
	t.Helper()
	cells := 0
	for l := range strings.Lines(out) {
		if !strings.HasPrefix(l, "|") {
			cells = 0
			continue
		}
		n := len(barsBetweenCells.FindAllString(l, -1))
		if cells != 0 && n != cells {
			t.Errorf("%d cells, others have %d: %s", n, cells, l)
		}
		cells = n
	}
}

var (
	codeElement = regexp.MustCompile(`(?s)<code>.*?</code>`)
	element     = regexp.MustCompile(`<[^>]*>`)
	// autolink is what GitHub, GitLab and others make links or pictures of, outside code.
	autolink = regexp.MustCompile(`@[0-9A-Za-z]|#\d|[!$%&~][0-9A-Za-z]|[A-Za-z]-\d|://|[Ww]{3}\.|\b[0-9a-f]{7,40}\b|:[0-9A-Za-z_+-]+:`)
)

func checkAutolinks(t testing.TB, page string) {
	t.Helper()
	said := visible(codeElement.ReplaceAllString(page, " "))
	if at := autolink.FindStringIndex(said); at != nil {
		t.Errorf("%q may become a link in %q", said[at[0]:at[1]], said[max(0, at[0]-40):min(len(said), at[1]+40)])
	}
}

// visible is the text of a page, each space of whatever length as one.
func visible(page string) string {
	page = regexp.MustCompile(`</?(?:h\d|p|li|ul|td|th|tr|table|details|summary|blockquote|br)\b[^>]*>`).ReplaceAllString(page, " ")
	return spaced1(html.UnescapeString(element.ReplaceAllString(page, "")))
}

func spaced1(s string) string { return strings.Join(strings.Fields(s), " ") }

// arrives is a text of a trace as a reader is to see it.
func arrives(o Options, s string, most int) string {
	m := newMarkdown(o)
	cells := longestName
	if most == longestMarkdownText {
		cells = longestText
	}
	s = m.capped(m.cleanTo(s, cells), most)
	for strings.Contains(s, runnerCommand) {
		s = strings.ReplaceAll(s, runnerCommand, "# #")
	}
	return spaced1(m.inASCII("x" + s)[1:]) // at the start of a line some would be escaped
}

// evil is what names in a trace may try.
var evil = []string{
	badText,
	"github.com/acme/shop/internal/db.(*Pool[...]).worker.func1",
	"[click](javascript:alert(1)) ![x](http://evil.example/x.png) <http://evil.example> [a]: http://evil.example",
	"<script>alert(1)</script><img src=x onerror=alert(1)> <!-- --> </details></summary> <details open><summary>x",
	"&lt;b&gt; &#64;user &amp; &",
	"@user @org/team octocat@example.com mailto:a@b.example user@deadbeefcafe",
	"#1 GH-12 acme/shop#3 acme/shop@0123456789abcdef JIRA-77 deadbeef 0123456789abcdef0123456789abcdef01234567 !5 $6 &7 %8 ~label",
	"http://evil.example https://evil.example/a_b_c www.evil.example ftp://x.example evil.example",
	"a | b || c \\| d \\\\| e `|` `\\|`",
	"` `` ``` ```` a`b ``c`` `",
	"`code` ``more``",
	"*a* **b** ***c*** _d_ __e__ ~~f~~ ~g~ a*b*c a_b_c \\*h\\*",
	"# heading", "1. one", "1. on\xff", "1) one", "999999999. many", "- item", "+ item", "* item", "> quote", ">99% of it", "- [ ] task",
	"---", "===", "***", "```", "~~~", "    code", "\tcode", "| a | b |\n|---|---|\n| c | d |",
	"::error file=a,line=1::oops", "::set-output name=x::y", ":: x", "##[error]oops", "###[error] ####[x]", "##vso[task.complete]", "x ##teamcity[y",
	"a\nb\r\nc\u2028d\u0085e\x00f\x1b[31mg\u202eh\u2066i\u200bj\ufeffk",
	"\\", "\\\\", "a\\", "\\a", "`", "``", " ", "\u00a0", "\x00", "\xff\xfe",
	":smile: :+1: $x$ $`y`$ $$z$$",
	"main.main's (main.(*T).F) \"quoted\" 'single' (unbalanced )odd( it's",
	strings.Repeat("`", 400), strings.Repeat("|", 400), strings.Repeat("`|", 400), strings.Repeat("世界", 2000), strings.Repeat("Z\u0300\u0301", 2000), strings.Repeat("@x ", 2000),
	longText, strings.Repeat("`", 750) + "\xec\xc4x\xec" + strings.Repeat("`", 300),
}

// decides are the fields that say what a part of the Result is, and so whether it is
// shown.
var decides = map[string]bool{"Severity": true, "Class": true, "Kind": true, "Node": true}

// poison puts a text into every string of a value, or all but those that decide. The value
// must not share anything with others.
func poison(v reflect.Value, with string, all bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), with, all)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); all || f.Type.Kind() != reflect.String || !decides[f.Name] {
				poison(v.Field(i), with, all)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), with, all)
		}
	case reflect.String:
		v.SetString(with)
	}
}

// checkPoisoned renders the rich fixture with a text in all strings, and looks for it
// wherever it has to be.
func checkPoisoned(t testing.TB, with string, o Options, all bool) {
	t.Helper()
	r := nonull.Copy(rich()).(*result.Result) // fixtures share frames
	poison(reflect.ValueOf(r), with, all)
	seen := checkMarkdown(t, markdownOf(t, r, o), o)
	m := newMarkdown(o)
	sentence := arrives(o, with, longestMarkdownText)
	name := arrives(o, with, longestMarkdownName)
	title := arrives(o, m.capped(m.clean(with), longestMarkdownName), longestMarkdownText)
	wants := map[string]string{"verdict": sentence, "file": name}
	if !all {
		wants["finding"] = spaced1("HIGH: " + title + " (" + name + ")")
		if name == "" {
			wants["file"], wants["finding"] = "(unnamed)", "HIGH: (no title)"
		}
		if !o.Quiet {
			wants["remedy"], wants["caveat"] = "Try: "+sentence, "Caveat: "+sentence
			wants["warning"] = spaced1(name + ": " + sentence)
		}
	}
	if sentence == "" { // then those lines are left out
		for _, what := range []string{"remedy", "caveat", "warning"} {
			delete(wants, what)
		}
	}
	if o.Quiet && !all {
		wants["finding"] = spaced1("HIGH " + name + ": " + title)
	}
	if _, left, _ := strings.Cut(seen, "Left out, "); strings.Contains(left, "1 warning") {
		delete(wants, "warning")
	}
	for what, want := range wants {
		if !strings.Contains(seen, want) {
			t.Errorf("%+v: the %s does not arrive as %q in\n%s", o, what, want, seen)
		}
	}
}

func TestMarkdownIsText(t *testing.T) {
	if testing.Short() {
		t.Skip("renders megabytes")
	}
	for i, with := range evil {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			for _, o := range []Options{{Goroutines: true}, {ASCII: true}, {Quiet: true}} {
				checkPoisoned(t, with, o, false)
				checkPoisoned(t, with, o, true)
			}
		})
	}
}

func FuzzMarkdown(f *testing.F) {
	for i, with := range evil {
		f.Add(with, i%2 == 0, i%3 == 0, i%5 == 0)
	}
	f.Fuzz(func(t *testing.T, with string, ascii, quiet, all bool) {
		checkPoisoned(t, with, Options{ASCII: ascii, Quiet: quiet, Goroutines: true}, all)
	})
}

// What a Result says is in the summary: its verdict, each finding, and of the graver ones
// all that there is to do.
func TestMarkdownSaysAll(t *testing.T) {
	r := rich()
	seen := checkMarkdown(t, markdownOf(t, r, Options{}), Options{})
	wants := []string{r.Verdict.Sentence, r.Trace.File, r.Trace.Warnings[0].Message, "2 further findings are not listed"}
	for i, f := range r.Findings {
		wants = append(wants, f.Title, f.Detector, f.Sentence)
		if f.Severity != "low" {
			wants = append(wants, f.Remedy, f.Caveat)
		}
		if i == 0 {
			wants = append(wants, "lost")
		}
	}
	for _, s := range r.Tasks {
		wants = append(wants, s.Type)
	}
	for _, want := range wants {
		if !strings.Contains(strings.ToLower(seen), strings.ToLower(want)) {
			t.Errorf("no %q in\n%s", want, seen)
		}
	}
	if quiet := markdownOf(t, damaged(), Options{Quiet: true}); !strings.Contains(quiet, "\n**Only** 1.20 s to 3.40 s") || !strings.Contains(quiet, "> **INCOMPLETE**") {
		t.Errorf("a quiet summary does not say what it leaves out:\n%s", quiet)
	}
	quiet := markdownOf(t, r, Options{Quiet: true})
	if n := strings.Count(quiet, "\n"); n != 6 || !strings.Contains(quiet, "**MEDIUM** `cpu-hog`") || strings.Contains(quiet, "data-quality") {
		t.Errorf("%d lines:\n%s", n, quiet)
	}
}

// However much a Result holds, the summary fits into a comment and says what it lacks.
func TestMarkdownFits(t *testing.T) {
	if testing.Short() {
		t.Skip("renders megabytes")
	}
	for _, with := range []string{"", longText, strings.Repeat("世", 3000), strings.Repeat("a`b|", 600), strings.Repeat("```", 700)} {
		for _, o := range []Options{{}, {Top: 100_000, Goroutines: true}, {Quiet: true}, {Top: 100_000, ASCII: true}} {
			r := manyOfAll(1500)
			if with != "" {
				poison(reflect.ValueOf(r), with, false)
			}
			out := markdownOf(t, r, o)
			seen := checkMarkdown(t, out, o)
			left := "Left out, so that this fits into a comment: "
			if o.Quiet {
				left = " more did not fit."
			}
			if !strings.Contains(seen, left) || !strings.Contains(seen, arrives(o, r.Verdict.Sentence, longestMarkdownText)) || !strings.Contains(seen, "HIGH") {
				t.Errorf("%.20q, %+v: it does not say what is left out, the verdict, or a finding:\n%s", with, o, seen)
			}
			if o.Top > 0 && len(out) < mostMarkdown/2 {
				t.Errorf("%.20q: only %d bytes of %d are used", with, len(out), mostMarkdown)
			}
		}
	}
}

// manyOfAll is the rich fixture n times over.
func manyOfAll(n int) *result.Result {
	r := nonull.Copy(rich()).(*result.Result)
	many := func(list any) {
		v := reflect.ValueOf(list).Elem()
		all := v
		for all.Len() < n {
			all = reflect.AppendSlice(all, v)
		}
		v.Set(all.Slice(0, n))
	}
	for _, list := range []any{&r.Findings, &r.Groups, &r.Sites, &r.SiteClasses, &r.Tasks, &r.Regions, &r.Goroutines, &r.Trace.Warnings} {
		many(list)
	}
	return r
}

// Several summaries in one stream stay apart, whatever the first ends with.
func TestMarkdownSummariesFollowEachOther(t *testing.T) {
	for _, o := range []Options{{}, {Quiet: true}} {
		for _, first := range []string{"rich", "idle", "damaged", "empty"} {
			out := markdownOf(t, fixtures[first](), o) + markdownOf(t, rich(), o)
			doc := gfm.Parser().Parse(gfmtext.NewReader([]byte(out)))
			titles := 0
			for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
				if h, ok := n.(*ast.Heading); ok && h.Level == 2 {
					titles++
				}
			}
			if titles != 2 {
				t.Errorf("%s, %+v: %d titles in\n%s", first, o, titles, out)
			}
		}
	}
}

func TestMarkdownWords(t *testing.T) {
	m := newMarkdown(Options{})
	for in, want := range map[string]string{
		"":                              "",
		"It waited 12 times, 5.03 s.":   "It waited 12 times, 5.03 s.",
		"main.(*T).F waited":            "`main.(*T).F` waited",
		"(called by main.(*T).F)":       "(called by `main.(*T).F`)",
		"main.f's lock":                 "`main.f`'s lock",
		"(done).":                       "(done).",
		"(+11 of the runtime)":          "(+11 of the runtime)",
		"<1% of 1,024, >99% and 20%.":   "<1% of 1,024, >99% and 20%.",
		"latency-bound I/O isn't GH-1":  "latency-bound I/O isn't `GH-1`",
		"see #1, @me or deadbee":        "see `#1`, `@me` or `deadbee`",
		"a < b | c":                     "a < b `|` c",
		"x`y":                           "``x`y``",
		"``":                            "``` `` ```",
		"##[error]":                     "`# #[error]`",
		"4–7 for 17%":                   "4–7 for 17%",
		"from 176.014ms to 1s":          "from 176.014ms to 1s",
		"Größe, 20 µs – nicht übel · 2": "Größe, 20 µs – nicht übel · 2",
	} {
		if got := string(m.prose(in)); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	for in, want := range map[md]md{"1. x": `1\. x`, "12) x": `12\) x`, ">99% x": `\>99% x`, ":: x": `\:: x`, "x": "x", "": "", "358 ms": "358 ms", "6.20 s": "6.20 s", "1.": `1\.`} {
		if got := lineStart(in); got != want {
			t.Errorf("line %q became %q, want %q", in, got, want)
		}
	}
}

// The facts that a summary picks exist.
func TestMarkdownKeyFacts(t *testing.T) {
	m := newMarkdown(Options{})
	for _, key := range keyFacts {
		if !slices.ContainsFunc(m.processorFacts(rich()), func(f processorFact) bool { return f.label == key.label }) {
			t.Errorf("there is no fact %q", key.label)
		}
	}
}
