package plain

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"main.(*T[go.shape.int]).F": "main.(*T[go.shape.int]).F",
		"a\nb\tc":                   "a b c",
		"\x1b[31mred\x00\u202Eevil": "[31mredevil",
		"\xff":                      "\uFFFD",
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Text(strings.Repeat("é", Longest)); len(got) > Longest+10 || !utf8.ValidString(got) {
		t.Errorf("%d bytes", len(got))
	}
}

func TestFile(t *testing.T) {
	if File("-") != "standard input" || File("a\x1bb") != "ab" {
		t.Errorf("%q, %q", File("-"), File("a\x1bb"))
	}
}
