package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/conctrace/conctrace/analyze/detect"
	"github.com/conctrace/conctrace/analyze/siterule"
)

const example = `
[lock-serialises]
low = 0.2
high = 1
least-waits = 20

[stuck-goroutines]
least-wait = "2s"

[late-timers]
off = true

[[site]]
name = "orders pool"
stack = ['orders\.\(\*Pool\)\.Get', 'main\.handle']
kind = "blocked-sync/chan-receive"
is = "pool"

[[site]]
name = "loop"
stack = ["loop$"]
`

func TestParse(t *testing.T) {
	for name, text := range map[string]string{"as it is": example, "with a mark": "\ufeff" + example, "line ends": strings.ReplaceAll(example, "\n", "\r\n")} {
		s, err := Parse("x.toml", strings.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := detect.Settings{
			"lock-serialises":  {Values: map[string]float64{"low": 0.2, "high": 1, "least-waits": 20}},
			"stuck-goroutines": {Values: map[string]float64{"least-wait": float64(2 * time.Second)}},
			"late-timers":      {Off: true, Values: map[string]float64{}},
		}
		if diff := cmp.Diff(want, s.Thresholds); diff != "" || s.File != "x.toml" {
			t.Errorf("%s: thresholds of %s (-want +got):\n%s", name, s.File, diff)
		}
		if err := s.Thresholds.Check(); err != nil {
			t.Error(err)
		}
		if len(s.Sites) != 2 {
			t.Fatalf("%d rules", len(s.Sites))
		}
		if r := s.Sites[0]; r.Name != "orders pool" || r.Kind != "blocked-sync/chan-receive" || r.Is != siterule.Pool || len(r.Stack) != 2 || !r.Stack[0].MatchString("orders.(*Pool).Get") {
			t.Errorf("%+v", r)
		}
		if r := s.Sites[1]; r.Is != "" || r.Kind != "" {
			t.Errorf("%+v", r)
		}
	}
	if s, err := Parse("x", strings.NewReader("")); err != nil || len(s.Thresholds) != 0 || s.Sites != nil {
		t.Errorf("an empty file: %+v, %v", s, err)
	}
}

// The file of defaults has every threshold of every detector, and changes nothing.
func TestDefaultsComeBack(t *testing.T) {
	var b bytes.Buffer
	if err := WriteDefaults(&b); err != nil {
		t.Fatal(err)
	}
	s, err := Parse("defaults", bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	want := detect.Settings{}
	for i := range detect.All {
		set := detect.Setting{Values: map[string]float64{}}
		for _, threshold := range detect.All[i].Thresholds() {
			set.Values[threshold.Name] = threshold.Default
		}
		want[detect.All[i].Name] = set
	}
	if diff := cmp.Diff(want, s.Thresholds); diff != "" || len(s.Sites) > 0 {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for line := range strings.Lines(b.String()) {
		if len([]rune(line)) > commentWidth+5 {
			t.Errorf("a long line: %s", line)
		}
	}
	// The example of a site rule is one, once it is no comment any more.
	_, rule, _ := strings.Cut(b.String(), "# [[site]]")
	s, err = Parse("example", strings.NewReader("[[site]]"+strings.ReplaceAll(rule, "\n# ", "\n")))
	if err != nil || len(s.Sites) != 1 || s.Sites[0].Is != siterule.Pool {
		t.Errorf("%+v, %v", s.Sites, err)
	}
}

// A detector is neither called as the site rules are, nor has it a threshold that
// turns it off.
func TestNamesAreApart(t *testing.T) {
	for i := range detect.All {
		if detect.All[i].Name == siteKey {
			t.Error("a detector is called as the site rules are")
		}
		for _, threshold := range detect.All[i].Thresholds() {
			if threshold.Name == offKey {
				t.Errorf("%s has a threshold %s", detect.All[i].Name, offKey)
			}
		}
	}
}

func TestProblems(t *testing.T) {
	site := "[[site]]\nname = 'n'\nstack = ['f']\n"
	for _, tc := range []struct{ text, want string }{
		{"[lock-serialises]\nlow = 0.1 0.2", "x:2: not TOML: "},
		{"[lock-serialises]\nlow = 0.1\nlow = 0.2", "x:3: not TOML: "},
		{"[late-timers]\n[lock-serialises]\n[late-timers]", "x:3: not TOML: "},
		{"\n\n[lock-serialize]\nlow = 0.1", `x:3: there is no detector "lock-serialize"; there is lock-serialises, `},
		{"[Zebra]", `x:1: there is no detector "Zebra"; conctrace detectors lists them`},
		{"low = 0.1", `x:1: "low" stands alone: a threshold stands below the name of its detector`},
		{"lock-serialises = 3", "x:1: lock-serialises is the number 3: its thresholds stand below [lock-serialises]"},
		{"[lock-serialises]\n# a comment\n\nleast_waits = 3", `x:4: lock-serialises has no threshold "least_waits"; it has off, low, high, least-waits, most-parallel`},
		{"lock-serialises.least_waits = 3", `x:1: lock-serialises has no threshold "least_waits"`},
		{"[late-timers]\n\n[lock-serialises]\nlow = '0.1'", `x:4: low: it is the string "0.1", but must be a number, such as 0.1`},
		{"[lock-serialises]\nlow = true", "x:2: low: it is true, but must be a number"},
		{"[lock-serialises]\nlow = [0.1]", "x:2: low: it is a list, but must be a number"},
		{"[lock-serialises]\n[lock-serialises.low]\nx=1", "x:2: low: it is a table, but must be a number"},
		{"[lock-serialises]\nlow = 1979-05-27", "x:2: low: it is a date or time"},
		{"[lock-serialises]\nlow = nan", "x:2: low: it is NaN, but must be a number from 0 on"},
		{"[lock-serialises]\nlow = inf", "x:2: low: it is +Inf"},
		{"[lock-serialises]\nlow = -0.1", "x:2: low: it is -0.1, but must be a number from 0 on"},
		{"[lock-serialises]\nlow = 10", "x:2: low: it is 10, but must be a share, from 0 to 1: 10 % is 0.1"},
		{"[lock-serialises]\nlow = 0.3", "x:1: detector lock-serialises: low is 0.3 and high is 0.3: low must be above 0 and below high"},
		{"[lock-serialises]\noff = 1", "x:2: off is the number 1: it is true or false"},
		{"[stuck-goroutines]\nleast-wait = 2", "x:2: least-wait: it is the number 2, but must be a duration, a string with a unit such as \""},
		{"[stuck-goroutines]\nleast-wait = '2'", `x:2: least-wait: it is the string "2", but must be a duration as Go writes it`},
		{"[stuck-goroutines]\nleast-wait = '-2s'", `x:2: least-wait: it is the string "-2s", but a duration cannot be negative`},
		{"site = 3", "x:1: site is the number 3: each site rule stands below a [[site]] of its own"},
		{"[site]\nname = 'n'", "x:1: site is a table: each site rule stands below a [[site]] of its own"},
		{"site = [3]", "x:1: site is a list with the number 3"},
		{site + "[[site]]\n", `x:4: site rule "": it has no name`},
		{site + site + "pattern = ['f']", `x:7: a site rule has no "pattern"; it has name, stack, kind, is`},
		{"[[site]]\nname = 'n'", `x:1: site rule "n": it has no stack`},
		{"[[site]]\nname = 3\nstack = ['f']", "x:2: name is the number 3, but must be a string"},
		{"[[site]]\nname = ''\nstack = ['f']", "x:2: name is empty"},
		{"[[site]]\nname = 'n'\nstack = 'f'", `x:3: stack is the string "f", but must be a list of regular expressions`},
		{"[[site]]\nname = 'n'\nstack = ['f', 3]", "x:3: stack has the number 3 in it"},
		{"[[site]]\nname = 'n'\nstack = ['']", "x:3: stack has the string \"\" in it"},
		{"[[site]]\nname = 'n'\nstack = ['f(']", "x:3: stack: error parsing regexp: missing closing ): `f(`"},
		{site + "is = 'queue'", `is = "queue" says nothing; there are pool, call, idle, limiter`},
		{site + "is = true", "x:4: is is true, but must be a string"},
		{site + "kind = 'mutex'", `kind = "mutex" is no kind of wait; it is one of blocked-sync, blocked-io, timer, runtime, unknown`},
		{"[[site]]\nname = \"a\\u0007b\"\nstack = ['f']", "its name has characters that cannot be printed"},
	} {
		_, err := Parse("x", strings.NewReader(tc.text))
		if err == nil || !strings.HasPrefix(err.Error(), "x:") || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s\n  gives %v\n  want  %s", tc.text, err, tc.want)
		}
	}
}

// All problems are told at once, in the order of the file, as far as one reads.
func TestSeveralProblems(t *testing.T) {
	_, err := Parse("x", strings.NewReader("[late-timers]\nb = 1\n[lock-serialises]\nc = 1\na = 1\n"))
	var lines []string
	for line := range strings.Lines(err.Error()) {
		lines = append(lines, line[:4])
	}
	if got := strings.Join(lines, ""); got != "x:2:x:4:x:5:" {
		t.Error(err)
	}
	_, err = Parse("x", strings.NewReader("[late-timers]\n"+numbered(500, "k%d = 1\n")))
	if got := strings.Split(err.Error(), "\n"); len(got) != maxProblems+1 || got[maxProblems] != "x: and 490 more like these" || !strings.HasPrefix(got[0], "x:2: ") {
		t.Error(err)
	}
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// Whatever a file has in it, reading it ends, with an error in words: the limits on
// size, lines, keys and nesting are what this protects.
func TestHostileFiles(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"huge":            {strings.Repeat("# nothing", 1<<20), "x is larger than 1024 KiB"},
		"binary":          {"go 1.26 trace\x00\x00\x00\x01\xff\xfe", "x:1: not TOML: "},
		"not UTF-8":       {"[late-timers]\n\"\xff\" = 1", "x:2: not TOML: "},
		"deep lists":      {"a = " + strings.Repeat("[", 1<<19), "x:1: not TOML: "},
		"deep tables":     {"[" + strings.Repeat("a.", 1<<18) + "a]", `there is no detector "a"`},
		"deep dots":       {strings.Repeat("a.", 1<<18) + "a = 1", `there is no detector "a"`},
		"deep braces":     {"a = " + strings.Repeat("{a = ", 9_000), "x:1: not TOML: "},
		"many rules":      {strings.Repeat("[[site]]\nname='n'\nstack=['f']\n", 10_000), "x has more than 10000 lines"},
		"too many rules":  {strings.Repeat("[[site]]\nname='n'\nstack=['f']\n", 1000), "1000 site rules: 100 are the most"},
		"many patterns":   {"[[site]]\nname='n'\nstack=[" + strings.Repeat("'f',", 10_000) + "]", "stack has 10000 patterns: 20 are the most"},
		"many keys":       {numbered(9_000, "k%d = 1\n"), "and 8990 more like these"},
		"too many keys":   {"a = {" + numbered(50_000, "k%d = 1, ") + "}", "x has more than 10000 lines or keys"},
		"many tables":     {numbered(9_000, "[k%d]\n"), "and 8990 more like these"},
		"long name":       {"[[site]]\nstack=['f']\nname='" + strings.Repeat("n", 1<<19) + "'", "longer than 100"},
		"large pattern":   {"[[site]]\nname='n'\nstack=['((a{1000}){1000}){1000}']", "x:3: stack: error parsing regexp"},
		"a table of both": {"[late-timers]\n[[late-timers]]", "x:2: not TOML: "},
	} {
		_, err := Parse("x", strings.NewReader(tc.text))
		switch {
		case err == nil || !strings.Contains(err.Error(), tc.want):
			t.Errorf("%s: %.300v, want %s", name, err, tc.want)
		case len(err.Error()) > 1<<20:
			t.Errorf("%s: an error of %d bytes", name, len(err.Error()))
		}
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.toml")
	if _, err := File(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte(example), 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err := File(path); err != nil || s.File != path || len(s.Sites) != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := File(filepath.Dir(path)); err == nil {
		t.Error("a folder can be read")
	}
}

// What can be read is what can be used, and what cannot is told with a line.
func FuzzParse(f *testing.F) {
	f.Add(example)
	f.Add("[lock-serialises]\nlow = 0.3\n[[site]]\nname = 3\n[site.x]\n")
	f.Add("site = [{name = 'n', stack = ['f(']}]\n\"\" = {}")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("x", strings.NewReader(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "x") {
				t.Error(err)
			}
			return
		}
		if err := errors.Join(s.Thresholds.Check(), siterule.Check(s.Sites)); err != nil {
			t.Errorf("%q gives %v", text, err)
		}
	})
}
