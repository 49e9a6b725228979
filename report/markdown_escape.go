package report

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// md is inline Markdown that is safe to write. Constants become one by themselves;
// everything else only by code, prose and bold, and numbers that conctrace formats.
type md string

// How many bytes a text from a trace may take, before it is escaped: a comment on
// GitHub has 65,536 in all.
const (
	longestMarkdownName = 300
	longestMarkdownText = 1000
)

// code is a text from a trace in a code span, in which nothing has a meaning: neither
// Markdown nor HTML, and GitHub links no names, numbers and addresses there.
func (m *markdown) code(s string) md {
	return codeSpan(m.capped(m.clean(s), longestMarkdownName))
}

// short is prose that is no longer than a name.
func (m *markdown) short(s string) md {
	return m.prose(m.capped(m.clean(s), longestMarkdownName))
}

// prose is a sentence with text from a trace in it. What is more than a plain word or a
// number, such as the name of a function, is set in a code span: no other escape keeps
// GitHub from making links of @names, #numbers, hashes and addresses.
func (m *markdown) prose(s string) md {
	words := strings.Fields(m.capped(m.cleanText(s), longestMarkdownText))
	for i, w := range words {
		words[i] = proseWord(w)
	}
	return md(strings.Join(words, " "))
}

// bold sets prose in bold, as far as it may be: next to code or punctuation the asterisks
// would not always count.
func bold(s md) md {
	last, _ := utf8.DecodeLastRuneInString(string(s))
	if strings.Contains(string(s), "`") || !unicode.IsLetter(last) && !unicode.IsDigit(last) {
		return s
	}
	return "**" + s + "**"
}

// capped is the beginning of a text, if all of it is too long.
func (m *markdown) capped(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return strings.TrimRight(s[:most], " ") + m.ellipsis()
}

// runnerCommand begins a command to some CI system wherever in a log it stands.
const runnerCommand = "##"

// codeSpan sets one line between more backticks than follow each other in it.
func codeSpan(s string) md {
	if s == "" {
		return ""
	}
	for strings.Contains(s, runnerCommand) {
		s = strings.ReplaceAll(s, runnerCommand, "# #")
	}
	longest, run := 0, 0
	for _, c := range s {
		if c != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence, pad := strings.Repeat("`", longest+1), ""
	if s[0] == '`' || s[len(s)-1] == '`' {
		pad = " "
	}
	return md(fence + pad + s + pad + fence)
}

// proseWord is a word of a sentence: the punctuation around it as it is, and what is
// within in a code span unless it is harmless.
func proseWord(w string) string {
	from, to := 0, len(w)
	for from < to && (w[from] == '"' || w[from] == '\'' || w[from] == '(' && unbalanced(w[from:to])) {
		from++
	}
	for from < to {
		last := w[to-1]
		if !strings.ContainsRune(`.,;:!?"'`, rune(last)) && (last != ')' || !unbalanced(w[from:to])) {
			break
		}
		to--
	}
	if inner, ok := bracketed(w[from:to]); ok {
		from, to = from+1, from+1+len(inner)
	}
	core := w[from:to]
	if said, ok := strings.CutSuffix(core, "…"); ok { // where a text was cut
		core, to = said, to-len("…")
	}
	if name, ok := strings.CutSuffix(core, "'s"); ok && name != "" {
		core, to = name, to-2
	}
	if core == "" || harmless(core) {
		return w
	}
	return w[:from] + string(codeSpan(core)) + w[to:]
}

// bracketed is what is between the brackets of a word that has no others.
func bracketed(w string) (inner string, ok bool) {
	if len(w) < 3 || w[0] != '(' || w[len(w)-1] != ')' {
		return "", false
	}
	inner = w[1 : len(w)-1]
	return inner, !strings.ContainsAny(inner, "()")
}

// unbalanced reports that brackets of a word have their other halves elsewhere.
func unbalanced(w string) bool { return strings.Count(w, "(") != strings.Count(w, ")") }

var (
	number = regexp.MustCompile(`^[<>+-]?\d[\d,]*(?:\.\d+)?(?:%|\pL{1,3})?$`)
	// hash is what GitHub may take for that of a commit.
	hash = regexp.MustCompile(`[0-9a-fA-F]{7}`)
)

// harmless reports words that mean nothing to Markdown or GitHub: numbers, and letters
// and digits with hyphens between letters only, as GH-1 is a link.
func harmless(w string) bool {
	switch {
	case hash.MatchString(w):
		return false
	case number.MatchString(w), w == "I/O", w == "<", w == ">":
		return true
	}
	if _, n := utf8.DecodeRuneInString(w); n == len(w) && n > 1 {
		return true // an arrow, a dash, a dot between items
	}
	before := rune(0)
	for i, r := range w {
		after, _ := utf8.DecodeRuneInString(w[i+utf8.RuneLen(r):])
		switch {
		case unicode.In(r, unicode.L, unicode.M, unicode.N):
		case (r == '-' || r == '\'') && unicode.IsLetter(before) && unicode.IsLetter(after):
		case r == '–' && unicode.IsDigit(before) && unicode.IsDigit(after):
		default:
			return false
		}
		before = r
	}
	return true
}

// listNumber is what makes a list of a line that begins so.
var listNumber = regexp.MustCompile(`^(\d+)([.)])(\s|$)`)

// lineStart makes text that is to begin a line stay text: neither list nor quotation,
// and no command to a CI system that reads the log.
func lineStart(s md) md {
	s = md(listNumber.ReplaceAllString(string(s), `$1\$2$3`))
	if s != "" && strings.ContainsRune(`-+<>=~:.,;!?"'()`, rune(s[0])) {
		return `\` + s
	}
	return s
}

// tableCell is text within a table, where a bar ends a cell even in a code span.
func tableCell(s md) string { return strings.ReplaceAll(string(s), "|", `\|`) }
