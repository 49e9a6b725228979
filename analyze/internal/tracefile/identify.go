package tracefile

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/pprof/profile"
)

// NotTraceError is a file that is not a readable trace.
type NotTraceError struct {
	File string
	What string // what it is instead
	Hint string // what to do; may be empty
}

func (e *NotTraceError) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("%s: not a readable Go execution trace: %s", e.File, e.What)
	}
	return fmt.Sprintf("%s: not a readable Go execution trace: %s; %s", e.File, e.What, e.Hint)
}

func (f *File) notTrace(what, hint string) error {
	return &NotTraceError{File: f.name, What: what, Hint: hint}
}

// headerSize is the length of "go 1.22 trace" with its zero bytes.
const headerSize = 16

// Versions are the headers' versions that can be read. Go releases between two
// of them write the older one.
var Versions = []int{11, 19, 21, 22, 23, 25, 26}

var headerRE = regexp.MustCompile(`^go (\d{1,9})\.(\d{1,9}) trace\x00`)

// recapture is the advice where the file is of no use.
const recapture = "record it again, for example with curl -o trace.out 'http://HOST/debug/pprof/trace?seconds=5'"

// identify reads the version off a file's first bytes, or says what the file is.
func (f *File) identify(head []byte, rest io.Reader) (version int, err error) {
	m := headerRE.FindSubmatch(head)
	if m == nil {
		what, hint := whatIs(head, rest)
		return 0, f.notTrace(what, hint)
	}
	major, _ := strconv.Atoi(string(m[1]))
	minor, _ := strconv.Atoi(string(m[2]))
	if major == 1 && slices.Contains(Versions, minor) {
		if len(head) <= headerSize {
			return 0, f.notTrace("a trace header without a single event", "the recording was cut before its first flush: stop the tracing (trace.Stop, the end of the /debug/pprof/trace request) before reading the file")
		}
		if !bytes.HasSuffix(head[:headerSize], []byte("trace\x00\x00\x00")) {
			return 0, f.notTrace("a trace whose header is damaged behind the version", recapture)
		}
		return minor, f.mangled(head)
	}
	return 0, f.unknownVersion(major, minor)
}

func (f *File) unknownVersion(major, minor int) error {
	what := fmt.Sprintf("a trace of format version go %d.%d, which is not known", major, minor)
	known := make([]string, len(Versions))
	for i, v := range Versions {
		known[i] = "1." + strconv.Itoa(v)
	}
	hint := "the versions read are " + strings.Join(known, ", ")
	newest := Versions[len(Versions)-1]
	switch {
	case major > 1 || minor > newest:
		hint += "; a newer conctrace may read it"
	case minor < Versions[0]:
		hint += "; it is too old, record it with Go 1.11 or later"
	default:
		hint += "; no Go release writes this version, so the header is damaged or the Go a development one"
	}
	return f.notTrace(what, hint)
}

// mangled finds what programs do to binary files that they take for text: the
// header survives it, the rest does not.
func (f *File) mangled(head []byte) error {
	body := head[min(len(head), headerSize):]
	f.crlf = convertedLineEnds(body)
	// U+FFFD alone proves nothing, as a program may log it; but no sound trace
	// is UTF-8 from end to end.
	if bytes.Count(body, []byte("\ufffd")) >= 3 && utf8.Valid(wholeRunes(body)) {
		return f.notTrace("a trace that was converted to UTF-8 on its way, and destroyed", "copy it as binary data")
	}
	return nil
}

// ConvertedLineEnds says whether every line feed near the beginning follows a
// carriage return. A program that copies a trace as text makes it so, but a
// short trace with such text in its logs may be sound: it is a suspicion, to be
// told when the trace cannot be read.
func (f *File) ConvertedLineEnds() bool { return f.crlf }

func convertedLineEnds(body []byte) bool {
	lf := bytes.Count(body, []byte("\n"))
	return lf >= 2 && bytes.Count(body, []byte("\r\n")) == lf
}

// wholeRunes leaves out the rune that the end of what was looked at cuts.
func wholeRunes(head []byte) []byte {
	for i := len(head) - 1; i >= max(0, len(head)-utf8.UTFMax); i-- {
		if utf8.RuneStart(head[i]) {
			if !utf8.FullRune(head[i:]) {
				return head[:i]
			}
			break
		}
	}
	return head
}

// whatIs says what a file is that does not begin like a trace, and what to do.
func whatIs(head []byte, rest io.Reader) (what, hint string) {
	for _, k := range kinds {
		if k.is(head) {
			return k.what, k.hint
		}
	}
	switch {
	case isProfile(head, rest):
		return "this is a pprof profile", "did you mean go tool pprof?"
	case isText(head):
		return fmt.Sprintf("a text file that begins with %q", firstLine(head)), recapture
	}
	return "it does not begin with a trace's header (“go 1.N trace”)", recapture
}

// kind is a kind of file that is told by its first bytes.
type kind struct {
	is         func(head []byte) bool
	what, hint string
}

var kinds = []kind{
	{func(h []byte) bool { return len(h) == 0 }, "the file is empty", "nothing was recorded: check that trace.Start returned no error and that trace.Stop ran before the program ended"},
	{partOf("go 1."), "a trace's header that is cut short", "the recording was cut before its first flush: " + recapture},
	{prefix("\xef\xbb\xbfgo 1."), "a trace with a byte order mark in front, added by a program that took it for text", "copy it as binary data"},
	{prefix("\xff\xfeg\x00o\x00 \x00", "\xfe\xff\x00g\x00o\x00 "), "a trace that was converted to UTF-16, as PowerShell does with >, and destroyed", "let the program write the file itself, as curl.exe -o does"},
	{prefix("HTTP/1.", "HTTP/2"), "a saved HTTP response with its headers", "save the body alone: curl without -i"},
	{contains("Could not enable tracing"), "the server's message that tracing could not be enabled, as another trace was being recorded", "end the other recording (or wait for it) and record again"},
	{prefix("404 page not found"), "the server's message “404 page not found”", "import _ \"net/http/pprof\" in the server, and check host and port of the address"},
	{prefix("Trace Go1."), "the text form of a trace, as the toolchain's tests use it", "convert it with the toolchain's internal/trace/raw first"},
	{html, "this is an HTML page, perhaps a login page saved by curl", "open it in a browser to see what the server wanted; " + recapture},
	{contains(`"traceEvents"`), "this is a Chrome or Perfetto trace in JSON", "open it at ui.perfetto.dev; conctrace reads what runtime/trace writes"},
	{json, "this is a JSON file", "conctrace reads what runtime/trace writes"},
	{prefix("PK\x03\x04", "PK\x05\x06"), "this is a zip archive", "unpack it and name the trace in it"},
	{prefix("\x7fELF", "MZ", "\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe"), "this is a program, not a trace", "with go test, the trace is the file that -trace names, not the test binary"},
	{func(h []byte) bool { return len(bytes.TrimSpace(h)) == 0 }, "the file holds nothing but white space", recapture},
	{prefix("BZh"), "this is bzip2 data", "decompress it first; gzip and zstd are read as they are"},
	{prefix("\xfd7zXZ"), "this is xz data", "decompress it first; gzip and zstd are read as they are"},
	{prefix("PERFILE2"), "this is a recording of Linux perf", "conctrace reads what runtime/trace writes"},
}

func prefix(prefixes ...string) func([]byte) bool {
	return func(head []byte) bool {
		for _, p := range prefixes {
			if bytes.HasPrefix(head, []byte(p)) {
				return true
			}
		}
		return false
	}
}

// partOf is a file that begins like a trace and ends within the header.
func partOf(start string) func([]byte) bool {
	return func(head []byte) bool {
		return len(head) < headerSize && (bytes.HasPrefix(head, []byte(start)) || strings.HasPrefix(start, string(head)))
	}
}

func contains(text string) func([]byte) bool {
	return func(head []byte) bool { return bytes.Contains(head, []byte(text)) }
}

func html(head []byte) bool {
	// "<a href" is what net/http.Redirect answers, to a login page for example.
	return prefix("<!doctype html", "<html", "<head", "<body", "<a href")(bytes.ToLower(bytes.TrimSpace(head)))
}

func json(head []byte) bool {
	start := bytes.TrimSpace(head)
	return len(start) > 0 && (start[0] == '{' || start[0] == '[') && isText(head)
}

// maxProfile bounds how much of a file is read to see whether it is a profile.
const maxProfile = 16 << 20

// isProfile says whether a file is a profile of pprof. Its protocol buffer has
// no magic number, so the whole must parse.
func isProfile(head []byte, rest io.Reader) bool {
	if len(head) == 0 || head[0] != 0x0a { // field 1, the sample types
		return false
	}
	data, err := io.ReadAll(io.LimitReader(rest, maxProfile))
	if err != nil {
		return false
	}
	p, err := profile.ParseUncompressed(data)
	return err == nil && len(p.SampleType) > 0
}

// isText says whether the beginning of a file is readable text.
func isText(head []byte) bool {
	head = head[:min(len(head), 512)]
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n == 1 && len(head) >= utf8.UTFMax || !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return false
		}
		head = head[n:]
	}
	return true
}

// printable makes a file's name or an error's text fit for a line of a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// firstLine is the first line of a text, short enough for a message.
func firstLine(head []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(head)), "\n")
	if r := []rune(line); len(r) > 60 {
		line = string(r[:60]) + "…"
	}
	return strings.TrimSpace(line)
}
