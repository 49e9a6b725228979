// Package units writes durations, sizes, numbers and shares as the reports show them.
package units

import (
	"math"
	"strconv"
	"strings"
)

// NBSP stands between a number and its unit, so that no line breaks there. The
// page writes it as a plain space.
const NBSP = "\u00a0"

// unit is a unit of time or size and the number of units from which the next
// larger one reads better.
type unit struct {
	name  string
	size  int64
	limit int64
}

var (
	timeUnits = []unit{
		{"µs", 1e3, 1000},
		{"ms", 1e6, 1000},
		{"s", 1e9, 120},
		{"min", 60e9, 120},
		{"h", 3600e9, math.MaxInt64},
	}
	sizeUnits = []unit{
		{"kB", 1e3, 1000},
		{"MB", 1e6, 1000},
		{"GB", 1e9, math.MaxInt64},
	}
)

// Duration formats nanoseconds with three digits and the unit that fits.
func Duration(ns int64) string { return quantity(ns, "ns", timeUnits) }

// Size formats a number of bytes.
func Size(bytes int64) string { return quantity(bytes, "B", sizeUnits) }

func quantity(n int64, base string, units []unit) string {
	if n < 0 {
		return "-" + quantity(-max(n, -math.MaxInt64), base, units)
	}
	if n < units[0].size {
		return strconv.FormatInt(n, 10) + NBSP + base
	}
	for _, u := range units {
		if digits, whole := threeDigits(n, u.size); whole < u.limit {
			return digits + NBSP + u.name
		}
	}
	panic("report: the last unit has no limit")
}

// threeDigits formats n ÷ unit with three significant digits, all digits if the
// whole part has more, and returns the whole part, rounded likewise.
func threeDigits(n, unit int64) (digits string, whole int64) {
	for decimals, scale := 2, int64(100); decimals > 0; decimals, scale = decimals-1, scale/10 {
		if n/unit >= 100 {
			break
		}
		if scaled := divRound(n*scale, unit); scaled < 1000 {
			fraction := strconv.FormatInt(scale+scaled%scale, 10)[1:]
			return strconv.FormatInt(scaled/scale, 10) + "." + fraction, scaled / scale
		}
	}
	whole = divRound(n, unit)
	return Count(whole), whole
}

func divRound(n, d int64) int64 {
	q := n / d
	if n%d >= (d+1)/2 {
		q++
	}
	return q
}

// Count formats an integer with its digits in groups of three.
func Count(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	var b strings.Builder
	for i, c := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return sign + b.String()
}

// Percent formats a share of a whole. A share that is there never reads 0%,
// and one that is not all never reads 100%.
func Percent(part, whole int64) string {
	if part <= 0 || whole <= 0 {
		return "0%"
	}
	p := 100 * float64(part) / float64(whole)
	switch {
	case p < 0.5:
		return "<1%"
	case p >= 99.5 && part < whole:
		return ">99%"
	}
	return strconv.FormatFloat(math.Round(p), 'f', 0, 64) + "%"
}

// PercentOf formats a share between 0 and 1.
func PercentOf(share float64) string {
	const whole = 1e9
	return Percent(int64(min(max(share, 0), 1)*whole), whole)
}

// Average formats a mean number of things: 0.04, 2.1, 37.
func Average(x float64) string {
	decimals := 0
	switch {
	case math.Abs(x) < 0.995:
		decimals = 2
	case math.Abs(x) < 99.5:
		decimals = 1
	}
	return strconv.FormatFloat(x, 'f', decimals, 64)
}

// Plural picks the word that follows a number.
func Plural(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// Counted is a number with its noun.
func Counted(n int64, one, many string) string {
	return Count(n) + NBSP + Plural(n, one, many)
}
