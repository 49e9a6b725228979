package report

import (
	"image/color"

	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/colorprofile"
)

// A tone says what a piece of text is; the ink decides how that looks.
type tone int

const (
	plain   tone = iota
	strong       // headings, the verdict
	muted        // explanations
	alarm        // what limits the numbers, and what is worst
	caution      // what is bad
	toneRunning
	toneRunnable
	toneSync
	toneIO
	toneSyscall
	toneTimer
	toneRuntime
	toneUnknown
)

// look is how a class of goroutine time is shown. A class is never told by
// colour alone: each has a letter and a fill of its own.
type look struct {
	class  string // as in the Result; "" for the part of blocked-io that is in the kernel
	letter string
	label  string // where there is room
	word   string // in a sentence
	short  string // in a table
	fill   string // one cell of a bar
	ascii  string // the same under --ascii
	tone   tone
}

// kernelLook is the part of blocked-io that holds a thread in the kernel.
var kernelLook = look{"", "Y", "blocked in syscalls", "syscalls", "syscall", "▚", "%", toneSyscall}

// looks is every class, in the order of the reports.
var looks = []look{
	{"running", "R", "running", "running", "run", "█", "#", toneRunning},
	{"runnable", "W", "runnable (waits for P)", "runnable", "wait", "▒", "=", toneRunnable},
	{"blocked-sync", "S", "blocked on sync", "sync", "sync", "▓", "+", toneSync},
	{"blocked-io", "I", "blocked on I/O", "I/O", "io", "░", ":", toneIO},
	kernelLook,
	{"timer", "Z", "sleeping", "timers", "timer", "·", ".", toneTimer},
	{"runtime", "G", "runtime (GC)", "runtime", "runtime", "▞", "x", toneRuntime},
	{"unknown", "?", "unknown", "unknown", "unknown", "?", "?", toneUnknown},
}

// lookOf finds the look of a class.
func lookOf(class string) look {
	for _, l := range looks {
		if l.class == class && class != "" {
			return l
		}
	}
	return look{class: class, letter: "?", label: class, word: class, short: class, fill: "?", ascii: "?", tone: toneUnknown}
}

// paint is the colour of a tone on light and on dark backgrounds: truecolor and
// xterm-256; and one of the 16 ANSI colours for both. Without one it has none.
type paint struct {
	light, dark       string
	light256, dark256 string
	ansi              string
	bold              bool
}

// paints holds the computed palette: at least ΔE2000 16 between any two classes
// under normal, protan, deutan and tritan vision.
var paints = map[tone]paint{
	strong:       {bold: true},
	muted:        {light: "#57606A", dark: "#9AA4B2", light256: "241", dark256: "247", ansi: "8"},
	alarm:        {light: "#D7263D", dark: "#FF5C7A", light256: "161", dark256: "204", ansi: "9", bold: true},
	caution:      {light: "#B98017", dark: "#ECD062", light256: "136", dark256: "221", ansi: "3", bold: true},
	toneRunning:  {light: "#04A880", dark: "#69B183", light256: "36", dark256: "72", ansi: "2"},
	toneRunnable: {light: "#B98017", dark: "#ECD062", light256: "136", dark256: "221", ansi: "3"},
	toneSync:     {light: "#A13121", dark: "#E73B2C", light256: "124", dark256: "196", ansi: "1"},
	toneIO:       {light: "#132D94", dark: "#4871DD", light256: "19", dark256: "27", ansi: "4"},
	toneSyscall:  {light: "#2A7195", dark: "#6AE3FF", light256: "24", dark256: "81", ansi: "6"},
	toneTimer:    {light: "#CECECE", dark: "#3E434B", light256: "252", dark256: "238", ansi: "8"},
	toneRuntime:  {light: "#B574F5", dark: "#D083AF", light256: "135", dark256: "175", ansi: "5"},
	toneUnknown:  {light: "#57606A", dark: "#9AA4B2", light256: "241", dark256: "247", ansi: "8"},
}

// ink turns tones into escape sequences.
type ink map[tone]lipgloss.Style

// newInk mixes the ink for a terminal. Without a terminal it is empty.
func newInk(o Options) ink {
	mixed := ink{}
	if o.Color <= colorprofile.NoTTY {
		return mixed
	}
	for t, p := range paints {
		style, used := lipgloss.NewStyle(), p.bold
		if p.bold {
			style = style.Bold(true)
		}
		if p.ansi != "" && o.Color > colorprofile.ASCII {
			style, used = style.Foreground(p.color(o)), true
		}
		if used {
			mixed[t] = style
		}
	}
	return mixed
}

// color is the paint's colour as far as the terminal can show it.
func (p paint) color(o Options) color.Color {
	rgb, indexed := p.dark, p.dark256
	if o.LightBackground {
		rgb, indexed = p.light, p.light256
	}
	choose := lipgloss.Complete(o.Color)
	return choose(lipgloss.Color(p.ansi), lipgloss.Color(indexed), lipgloss.Color(rgb))
}

// paintText draws text in a tone.
func (i ink) paintText(t tone, text string) string {
	style, ok := i[t]
	if !ok || text == "" {
		return text
	}
	return style.Render(text)
}
