package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/colorprofile"
	"github.com/conctrace/conctrace/report"
	"github.com/spf13/pflag"
	"golang.org/x/term"
)

// terminalFlags say how a report is drawn; what they leave open is read off
// the terminal and the environment.
type terminalFlags struct {
	color string
	ascii bool
	width int
}

func (f *terminalFlags) register(fl *pflag.FlagSet) {
	fl.StringVar(&f.color, "color", "auto", "colour; `WHEN` is auto, always or never")
	fl.BoolVar(&f.ascii, "ascii", false, "only ASCII characters")
	fl.IntVar(&f.width, "width", 0, "`COLUMNS` of the report (default: the terminal's, else 100)")
}

// reportOptions decides width, colour and characters for a report that goes to
// out, or to a file if out is nil.
func (f *terminalFlags) reportOptions(out io.Writer, getenv func(string) string) (report.Options, error) {
	o := report.Options{Width: f.width, ASCII: f.ascii || isASCII(getenv)}
	if f.width < 0 {
		return o, fmt.Errorf("--width %d: a report needs columns", f.width)
	}
	if w, ok := terminalWidth(out); ok && o.Width == 0 {
		o.Width = w
	}
	switch f.color {
	case "never":
		o.Color = colorprofile.NoTTY
	case "always":
		o.Color = max(colorprofile.ANSI256, colorprofile.Env(environ(getenv, "CLICOLOR_FORCE=1")))
	case "auto":
		o.Color = colorprofile.NoTTY
		if out != nil {
			o.Color = colorprofile.Detect(out, environ(getenv))
		}
	default:
		return o, fmt.Errorf("--color %q is not known; there are auto, always, never", f.color)
	}
	return o, nil
}

// isTerminal says whether somebody looks at what is written.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// terminalWidth is the number of columns of out if it is a terminal.
func terminalWidth(out io.Writer) (int, bool) {
	if !isTerminal(out) {
		return 0, false
	}
	w, _, err := term.GetSize(int(out.(*os.File).Fd()))
	return w, err == nil && w > 0
}

// isASCII says whether the environment asks for plain characters: a dumb
// terminal, or a locale that is named and is not UTF-8.
func isASCII(getenv func(string) string) bool {
	if getenv("TERM") == "dumb" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(getenv(name)); v != "" {
			return !strings.Contains(v, "utf-8") && !strings.Contains(v, "utf8")
		}
	}
	return false
}

// environ is the part of the environment that decides about colour.
func environ(getenv func(string) string, more ...string) (env []string) {
	for _, name := range []string{"TERM", "COLORTERM", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM_PROGRAM", "TMUX", "STY"} {
		if name == "CLICOLOR_FORCE" && getenv("NO_COLOR") != "" {
			continue // who asks for both wants no colour more
		}
		if v := getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return append(env, more...)
}
