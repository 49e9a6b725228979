package report

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// How many cells a string from a trace may take.
const (
	longestName = 200
	longestText = 2000
)

// cleanText is clean for whole sentences.
func (p *page) cleanText(s string) string { return p.cleanTo(s, longestText) }

// clean makes a string from a trace fit to be shown: no control, bidirectional
// or zero-width characters, no piles of accents, not endless, one line.
func (p *page) clean(s string) string { return p.cleanTo(s, longestName) }

func (p *page) cleanTo(s string, cells int) string {
	if len(s) <= cells && isPlainASCII(s) {
		return s
	}
	// The cap on bytes comes first, so that a huge string costs nothing.
	mostBytes := 16 * cells
	cut := len(s) > mostBytes
	if cut {
		s = s[:mostBytes]
	}
	var b strings.Builder
	marks, space := 0, true
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			if !space {
				b.WriteByte(' ')
			}
			space = true
			continue
		case !unicode.IsGraphic(r) || invisible(r):
			continue
		case unicode.Is(unicode.M, r):
			if marks++; marks > 2 || space {
				continue
			}
		default:
			marks = 0
		}
		space = false
		if p.ASCII && r >= utf8.RuneSelf {
			b.WriteString(asciiFor(r))
		} else {
			b.WriteRune(r)
		}
	}
	cleaned := strings.TrimRight(b.String(), " ")
	if cut || ansi.StringWidth(cleaned) > cells {
		cleaned = ansi.Truncate(cleaned, cells-2, "") + p.ellipsis()
	}
	return cleaned
}

// isPlainASCII reports the usual case: nothing to clean.
func isPlainASCII(s string) bool {
	if strings.TrimSpace(s) != s || strings.Contains(s, "  ") {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// invisible reports characters that are graphic by category and yet take no
// ink, or change the width of the one before them.
func invisible(r rune) bool {
	switch r {
	case '\u034F', '\u115F', '\u1160', '\u17B4', '\u17B5', '\u2800', '\u3164', '\uFFA0':
		return true
	}
	return unicode.Is(unicode.Variation_Selector, r) || unicode.Is(unicode.Regional_Indicator, r) ||
		unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

// inASCII is how the report's own characters, and frequent ones in names, read
// in ASCII.
var inASCII = map[rune]string{
	'µ': "u", 'μ': "u", '·': "|", '–': "-", '—': "-", '−': "-", '×': "x", '…': "...",
	'▲': "!", '◆': "*", '●': "-",
	'→': "->", '↳': ">", '≥': ">=", '≤': "<=", '≈': "~", '‘': "'", '’': "'", '“': `"`, '”': `"`,
}

func asciiFor(r rune) string {
	if s, ok := inASCII[r]; ok {
		return s
	}
	return "?"
}

// printable is the last guard before the output: the report's own characters
// in ASCII if asked for, non-breaking spaces as plain ones, and nothing that a
// terminal would obey. Layout is done by now, so one cell stays one cell.
func (p *page) printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u00a0':
			return ' '
		case !unicode.IsGraphic(r):
			return -1
		case p.ASCII && r >= utf8.RuneSelf:
			return rune(asciiFor(r)[0])
		}
		return r
	}, s)
}
