package report

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

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
