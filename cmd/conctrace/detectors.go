package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/conctrace/conctrace/analyze/detect"
	"github.com/conctrace/conctrace/analyze/settings"
	"github.com/spf13/cobra"
)

func newDetectors(s streams) *cobra.Command {
	var format string
	var width int
	var defaults bool
	cmd := &cobra.Command{
		Use:   "detectors",
		Short: "List what findings there are and what they mean",
		Long: `Lists the detectors that conctrace analyze runs: the name by which a finding refers to its
detector, a title, and what a finding means and when it is reported.

With --defaults it prints the thresholds that they decide by, as a file that --thresholds of
conctrace analyze, explain and path takes; it has an example of a site rule, too.`,
		Example: `  conctrace detectors
  conctrace detectors --defaults > thresholds.toml
  conctrace detectors -f json | jq -r '.[].name'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if defaults {
				if cmd.Flags().Changed("format") || cmd.Flags().Changed("width") {
					return errors.New("--defaults prints a file of thresholds: --format and --width are for the list")
				}
				return settings.WriteDefaults(s.out)
			}
			if width < 0 {
				return fmt.Errorf("--width %d: a list needs columns", width)
			}
			switch format {
			case "text":
				return listDetectors(s.out, listWidth(s.out, width))
			case "json":
				return writeDetectors(s.out)
			}
			return fmt.Errorf("--format %q is not known; there are text, json", format)
		},
	}
	cmd.Flags().StringVarP(&format, "format", "f", "text", "output `FORMAT`: text, json")
	cmd.Flags().BoolVar(&defaults, "defaults", false, "print all thresholds at their defaults, as a file for --thresholds")
	cmd.Flags().IntVar(&width, "width", 0, "`COLUMNS` of the list (default: the terminal's, else 100)")
	return cmd
}

// listWidth is the width that was asked for, else the terminal's, else 100.
func listWidth(out io.Writer, asked int) int {
	if asked > 0 {
		return asked
	}
	if w, ok := terminalWidth(out); ok {
		return w
	}
	return 100
}

// listDetectors writes the detectors for people.
func listDetectors(out io.Writer, width int) error {
	var b strings.Builder
	for i, d := range detect.All {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s: %s\n", d.Name, d.Title)
		b.WriteString(wrapped(d.Doc, "  ", width))
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// wrapped breaks a text at its spaces into indented lines. A longer word has a
// line of its own.
func wrapped(text, indent string, width int) string {
	var b strings.Builder
	used := 0
	for _, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case used == 0:
			b.WriteString(indent)
			used = len(indent)
		case used+1+n > width:
			b.WriteString("\n" + indent)
			used = len(indent)
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	if used > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

// unitNames is what scripts read of the unit of a threshold.
var unitNames = map[detect.Unit]string{detect.Share: "share", detect.Number: "number", detect.Duration: "ns"}

// writeDetectors writes the detectors for scripts.
func writeDetectors(out io.Writer) error {
	type threshold struct {
		Name    string  `json:"name"`
		Default float64 `json:"default"`
		Unit    string  `json:"unit"`
		Doc     string  `json:"doc"`
	}
	type detector struct {
		Name       string      `json:"name"`
		Title      string      `json:"title"`
		Doc        string      `json:"doc"`
		Thresholds []threshold `json:"thresholds"`
	}
	list := []detector{}
	for i := range detect.All {
		d := &detect.All[i]
		thresholds := []threshold{}
		for _, t := range d.Thresholds() {
			thresholds = append(thresholds, threshold{t.Name, t.Default, unitNames[t.Unit], t.Doc})
		}
		list = append(list, detector{d.Name, d.Title, d.Doc, thresholds})
	}
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(list)
}
