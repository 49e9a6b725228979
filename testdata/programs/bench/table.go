package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const unknown = "–"

// processTable compares the rows that ran.
func processTable(rows []*row, events int) string {
	lines := [][]string{{"WHOLE PROCESS", "GOMAXPROCS", "RUNS", "WALL s", "TIME/BARE", "M EVENTS/s", "CPU s", "PEAK MB"}}
	for _, r := range rows {
		if len(r.runs) == 0 {
			continue
		}
		wall := median(r.runs, usage.wallSeconds)
		lines = append(lines, []string{
			r.name, strconv.Itoa(r.procs), strconv.Itoa(len(r.runs)),
			fmt.Sprintf("%.2f", wall),
			toBare(r, rows),
			fmt.Sprintf("%.2f", float64(events)/wall/1e6),
			fmt.Sprintf("%.2f", median(r.runs, usage.cpuSeconds)),
			peakOf(r.runs),
		})
	}
	return aligned(lines)
}

func (u usage) wallSeconds() float64 { return u.wall.Seconds() }
func (u usage) cpuSeconds() float64  { return u.cpu.Seconds() }

// toBare is the median of a row's time as a multiple of the bare loop's in the
// same round, at the same GOMAXPROCS.
func toBare(r *row, rows []*row) string {
	i := slices.IndexFunc(rows, func(b *row) bool { return b.bare && b.procs == r.procs })
	if i < 0 || len(rows[i].runs) < len(r.runs) {
		return unknown
	}
	var ratios []float64
	for n, u := range r.runs {
		ratios = append(ratios, u.wall.Seconds()/rows[i].runs[n].wall.Seconds())
	}
	return fmt.Sprintf("%.2f", median(ratios, func(f float64) float64 { return f }))
}

// peakOf is the most of any run: that is what must be there.
func peakOf(runs []usage) string {
	var peak int64
	for _, u := range runs {
		peak = max(peak, u.peak)
	}
	if peak == 0 {
		return unknown
	}
	return grouped(peak / 1e6)
}

// decoderNames says what the sub-benchmarks are.
var decoderNames = map[string]string{
	"bare":    "golang.org/x/exp/trace",
	"varints": "varints only, nothing ordered: the floor",
	"fast":    "conctrace's own decoder",
}

// decoderTable compares the decoders, if they were measured, below another table.
func decoderTable(decoders []decoder) string {
	if len(decoders) == 0 {
		return ""
	}
	bare := make(map[int]float64)
	for _, d := range decoders {
		if d.name == "bare" {
			bare[d.procs] = d.perEvent
		}
	}
	lines := [][]string{{"DECODER ALONE", "GOMAXPROCS", "ns/EVENT", "TIME/BARE", "M EVENTS/s"}}
	for _, d := range decoders {
		name, ratio := decoderNames[d.name], unknown
		if name == "" {
			name = d.name
		}
		if b := bare[d.procs]; b > 0 {
			ratio = fmt.Sprintf("%.2f", d.perEvent/b)
		}
		lines = append(lines, []string{name, strconv.Itoa(d.procs),
			fmt.Sprintf("%.1f", d.perEvent), ratio, fmt.Sprintf("%.2f", 1e3/d.perEvent)})
	}
	return "\n" + aligned(lines)
}

// median of an even number is the lower of the two in the middle, a time that
// was measured.
func median[T any](of []T, value func(T) float64) float64 {
	var values []float64
	for _, x := range of {
		values = append(values, value(x))
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// aligned has the first column to the left, and the others, numbers, to the right.
func aligned(lines [][]string) string {
	widths := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&b, "%-*s", widths[0], line[0])
		for i, cell := range line[1:] {
			fmt.Fprintf(&b, "  %*s", widths[i+1], cell)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// grouped has a comma at every three digits.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
