package report

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/conctrace/conctrace/analyze/result"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// fixtures are the Results by name.
var fixtures = map[string]func() *result.Result{
	"rich":    rich,
	"idle":    idle,
	"damaged": damaged,
	"empty":   func() *result.Result { return new(result.Result) },
	"hostile": hostile,
}

// goldens are the options that have golden files; the file is named by both.
var goldens = map[string]Options{
	"40":           {Width: 40},
	"60":           {Width: 60},
	"80":           {Width: 80},
	"100":          {Width: 100, Detectors: make([]Detector, 23)},
	"140":          {Width: 140, Goroutines: true},
	"100.ascii":    {Width: 100, ASCII: true, Goroutines: true},
	"100.ansi":     {Color: colorprofile.ANSI},
	"100.ansi256":  {Color: colorprofile.ANSI256, LightBackground: true},
	"100.rgb":      {Color: colorprofile.TrueColor},
	"100.no-color": {Color: colorprofile.ASCII, Top: 2},
	"quiet":        {Quiet: true},
}

func TestTextGolden(t *testing.T) {
	for fixture, build := range fixtures {
		for name, o := range goldens {
			if fixture != "rich" && strings.Contains(name, ".") && name != "100.ascii" {
				continue
			}
			t.Run(fixture+"."+name, func(t *testing.T) {
				checkGolden(t, fixture+"."+name, textOf(t, build(), o))
			})
		}
	}
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s differs (-want +got); after a look, refresh with -update:\n%s", file, diff)
	}
}

func textOf(t *testing.T, r *result.Result, o Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := textFormat.Write(&b, Document{Result: r}, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// At every width, no line is wider, nothing in the output can move the cursor
// or turn text around, and ASCII is ASCII.
func TestTextKeepsItsBounds(t *testing.T) {
	options := []Options{
		{},
		{Goroutines: true, ASCII: true},
		{Goroutines: true, Color: colorprofile.TrueColor, Top: 100},
		{Quiet: true},
	}
	for fixture, build := range fixtures {
		t.Run(fixture, func(t *testing.T) {
			t.Parallel()
			r := build()
			for width := leastWidth; width <= 200; width++ {
				for i, o := range options {
					if fixture != "hostile" && i != width%len(options) {
						continue // every option at every width takes long
					}
					o.Width = width
					checkBounds(t, o, textOf(t, r, o))
				}
			}
		})
	}
}

func checkBounds(t *testing.T, o Options, out string) {
	t.Helper()
	if o.Color == colorprofile.Unknown && strings.Contains(out, "\x1b") {
		t.Errorf("escape sequence without colour: %+v", o)
	}
	for l := range strings.Lines(ansi.Strip(out)) {
		l = strings.TrimSuffix(l, "\n")
		if w := ansi.StringWidth(l); w > o.Width {
			t.Errorf("%d cells at width %d: %q", w, o.Width, l)
		}
		if strings.HasSuffix(l, " ") {
			t.Errorf("line ends with a space at width %d: %q", o.Width, l)
		}
		for _, r := range l {
			if !unicode.IsGraphic(r) || r == '\u00a0' {
				t.Errorf("%U in the output: %+v", r, o)
			}
			if o.ASCII && r > '~' {
				t.Errorf("%U in ASCII output: %+v", r, o)
			}
		}
	}
}

// Only sequences that set colours and bold may be there.
func TestTextColoursOnly(t *testing.T) {
	for name, build := range fixtures {
		out := textOf(t, build(), Options{Color: colorprofile.TrueColor})
		for _, after := range strings.Split(out, "\x1b")[1:] {
			sequence, _, ok := strings.Cut(after, "m")
			if !ok || strings.Trim(sequence, "[0123456789;") != "" {
				t.Errorf("%s: unexpected sequence ESC %q", name, after[:min(len(after), 12)])
			}
		}
	}
}

func TestTextIgnoresEnvironment(t *testing.T) {
	o := Options{Color: colorprofile.ANSI256, Goroutines: true}
	want := textOf(t, rich(), o)
	for _, env := range []string{"NO_COLOR=1", "CLICOLOR_FORCE=1", "TERM=dumb", "COLUMNS=33", "LANG=C", "RUNEWIDTH_EASTASIAN=1"} {
		key, value, _ := strings.Cut(env, "=")
		t.Setenv(key, value)
		if textOf(t, rich(), o) != want {
			t.Errorf("%s changes the output", env)
		}
	}
}

func TestColourChangesNoText(t *testing.T) {
	want := textOf(t, rich(), Options{})
	for profile := colorprofile.NoTTY; profile <= colorprofile.TrueColor; profile++ {
		if got := ansi.Strip(textOf(t, rich(), Options{Color: profile})); got != want {
			t.Errorf("%v: other text than without colour:\n%s", profile, cmp.Diff(want, got))
		}
	}
}

func TestTopAndGoroutines(t *testing.T) {
	out := textOf(t, damaged(), Options{Top: 3})
	if !strings.Contains(out, "11 more groups (--top 14)") {
		t.Errorf("the groups that are left out are not counted:\n%s", out)
	}
	if strings.Contains(textOf(t, rich(), Options{}), "GOROUTINES ") {
		t.Error("goroutines table without being asked for")
	}
	if !strings.Contains(textOf(t, rich(), Options{Goroutines: true}), "GOROUTINES ") {
		t.Error("no goroutines table")
	}
}

func TestTinyShareDoesNotVanish(t *testing.T) {
	out := textOf(t, damaged(), Options{})
	for _, want := range []string{"S  blocked on sync         ▓ ", "<1%  30.0 µs"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func TestBuckets(t *testing.T) {
	for _, tc := range []struct {
		histogram  int
		processors int
		want       string
	}{
		{0, 4, "[]"},
		{2, 2, "[0 1]"},
		{9, 8, "[0 1 2 3 4–7 8]"},
		{5, 6, "[0 1 2 3 4–6]"},
		{17, 16, "[0 1 2 3 4–7 8–15 16]"},
		{20, 64, "[0 1 2 3 4–7 8–15 16–31]"},
	} {
		if got := fmt.Sprint(buckets(make([]int64, tc.histogram), tc.processors)); got != tc.want {
			t.Errorf("%d counts on %d Ps: %s, want %s", tc.histogram, tc.processors, got, tc.want)
		}
	}
}

func TestVerdictDoesNotSayItsLabelTwice(t *testing.T) {
	for _, tc := range []struct{ label, sentence, want string }{
		{"idle", "Nothing to do.", "idle – Nothing to do."},
		{"idle", "Idle: nothing to do.", "Idle: nothing to do."},
		{"idle", "", "idle"},
		{"", "Nothing to do.", "Nothing to do."},
		{"", "", "none"},
		{"a", "aİİİİİ", "aİİİİİ"}, // longer in lower case
		{"k", "\u212A", "k – \u212A"},
	} {
		var got strings.Builder
		for _, s := range newPage(Options{}).verdict(&result.Result{Verdict: result.Verdict{Label: tc.label, Sentence: tc.sentence}}) {
			got.WriteString(s.text)
		}
		if got.String() != tc.want {
			t.Errorf("%q, %q: got %q, want %q", tc.label, tc.sentence, got.String(), tc.want)
		}
	}
}

// A place that a site rule names has its name before what it is in the code, and
// alone where there is no room for both.
func TestNamedPlaces(t *testing.T) {
	r := rich()
	r.Scope.Thresholds = "orders.toml"
	name := "orders pool"
	r.Sites[0].Rule = &result.SiteRule{Name: name, Is: "pool"}
	place := newPage(Options{Width: 100}).placeForms(r.Sites[0].Frames)[0]
	for width, want := range map[int][]string{140: {name + ": " + place, "thresholds of orders.toml"}, 40: {name}} {
		var b bytes.Buffer
		if err := writeText(&b, Document{Result: r}, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("no %q at %d columns:\n%s", w, width, b.String())
			}
		}
	}
}
