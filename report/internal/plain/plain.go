// Package plain makes text from a trace harmless for programs that show it.
package plain

import (
	"strings"
	"unicode"
)

// Longest is how many bytes of a text are kept.
const Longest = 2000

// Text is a text on one line without control and bidirectional characters, valid
// UTF-8 and not endless.
func Text(s string) string {
	if len(s) > Longest {
		s = s[:Longest] + "…"
	}
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if !unicode.IsGraphic(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// File is what a trace is called that a Result names.
func File(name string) string {
	if name == "-" {
		return "standard input"
	}
	return Text(name)
}
