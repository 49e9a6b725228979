package report

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/conctrace/conctrace/analyze/result"
)

func TestShortFunc(t *testing.T) {
	for name, want := range map[string]string{
		"main.main":      "main.main",
		"runtime.goexit": "runtime.goexit",
		"github.com/acme/shop/internal/db.(*Pool).worker":   "db.(*Pool).worker",
		"github.com/acme/shop.Run.func1.2":                  "shop.Run.func1.2",
		"example.com/orders/v2.(*Queue).pop":                "orders/v2.(*Queue).pop",
		"gopkg.in/yaml%2ev3.Unmarshal":                      "yaml.v3.Unmarshal",
		"main.Map[go.shape.int]":                            "main.Map[...]",
		"example.com/a/b.Each[example.com/c/d.T,int].func1": "b.Each[...].func1",
		"example.com/a/b.(*Tree[...]).Walk":                 "b.(*Tree[...]).Walk",
		"":                                                  "",
	} {
		if got := shortFunc(name); got != want {
			t.Errorf("shortFunc(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestShortPlace(t *testing.T) {
	for place, want := range map[string]string{
		"example.com/a/b.Run /home/u/a/b/run.go:12":             "b.Run b/run.go:12",
		"example.com/a/b.(*Server).Serve C:\\src\\b\\run.go:12": "b.(*Server).Serve b/run.go:12",
		"main.main:31": "main.main:31",
		"":             "",
	} {
		if got := shortPlace(place); got != want {
			t.Errorf("shortPlace(%q) = %q, want %q", place, got, want)
		}
	}
}

// A wait is named by the code that wanted it, not by what it went through.
func TestCaller(t *testing.T) {
	frames := func(names ...string) []result.Frame {
		var fs []result.Frame
		for _, n := range names {
			fs = append(fs, result.Frame{Func: n})
		}
		return fs
	}
	for _, tc := range []struct {
		frames []result.Frame
		want   string
	}{
		{frames("runtime.chanrecv1", "main.worker"), "main.worker"},
		{frames("sync.(*Mutex).Lock", "internal/poll.(*FD).Read", "net.(*conn).Read", "net/http.(*conn).serve", "main.main"), "net/http.(*conn).serve"},
		{frames("time.Sleep", "ossify.Wait"), "ossify.Wait"},
		{frames("runtime.park", "os/signal.loop"), "os/signal.loop"},
		{nil, ""},
	} {
		if got, _ := caller(tc.frames); got.Func != tc.want {
			t.Errorf("caller(%v) = %q, want %q", tc.frames, got.Func, tc.want)
		}
	}
}

func TestClean(t *testing.T) {
	unicodePage, asciiPage := newPage(Options{}), newPage(Options{ASCII: true})
	for _, tc := range []struct{ in, want, ascii string }{
		{"main.main", "main.main", "main.main"},
		{"a\x1b[31mb\x07\x00c\u009b2J", "a[31mbc2J", "a[31mbc2J"},
		{"a\r\nb\t\u2028 c ", "a b c", "a b c"},
		{"exe\u202Egpj\u2066\u200F", "exegpj", "exegpj"},
		{"z\u200Be\uFEFFr\u2060o\u00AD\u3164", "zero", "zero"},
		{"Z\u0300\u0301\u0302\u0303", "Z\u0300\u0301", "Z??"},
		{"世界", "世界", "??"},
		{"12 µs – ok…", "12 µs – ok…", "12 us - ok..."},
		{"\xff\xfe", "\uFFFD\uFFFD", "??"},
	} {
		if got := unicodePage.clean(tc.in); got != tc.want {
			t.Errorf("clean(%q) = %q, want %q", tc.in, got, tc.want)
		}
		if got := asciiPage.clean(tc.in); got != tc.ascii {
			t.Errorf("clean(%q) in ASCII = %q, want %q", tc.in, got, tc.ascii)
		}
	}
	for _, endless := range []string{strings.Repeat("a", 1e6), strings.Repeat("世", 1e6), strings.Repeat("\u0301", 1e6)} {
		if w := ansi.StringWidth(unicodePage.clean(endless)); w > longestName {
			t.Errorf("an endless string keeps %d cells", w)
		}
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{
		"trace.out": "trace.out", "-": "-", "": "TRACE", "a b": "'a b'", "it's": `'it'\''s'`, "$(rm x)": "'$(rm x)'", "-f": "./'-f'",
	} {
		if got := shellQuote(in); got != want {
			t.Errorf("shellQuote(%q) = %q, want %q", in, got, want)
		}
	}
}
