package detect

import (
	"strconv"
	"strings"
)

// The words of sentences. Package report, which is not to be imported from here,
// has its own for tables, where numbers are set apart by look.

// duration is a length of time in words: three digits.
func duration(ns int64) string {
	f := float64(ns)
	for _, u := range []struct {
		ns   float64
		unit string
	}{{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}} {
		if f >= u.ns*0.9995 {
			return digits(f/u.ns) + " " + u.unit
		}
	}
	return strconv.FormatInt(ns, 10) + " ns"
}

func digits(x float64) string {
	switch {
	case x >= 99.95:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x >= 9.995:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}

// number is an average in words: two digits below ten, whole above; a whole
// number as such.
func number(x float64) string {
	switch {
	case x >= 9.95:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x < 0.005:
		return "0"
	case x < 0.095:
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
}

// average is a mean in words: one digit after the point below ten.
func average(x float64) string {
	switch {
	case x >= 9.95:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x > 0 && x < 0.05:
		return strconv.FormatFloat(x, 'f', 2, 64)
	}
	return strconv.FormatFloat(x, 'f', 1, 64)
}

// percent is a share in words. All but a little is not all, and a little is not
// nothing.
func percent(x float64) string {
	switch p := 100 * x; {
	case p > 0 && p < 0.5:
		return "under 1%"
	case p > 99.5 && p < 100:
		return "over 99%"
	default:
		return strconv.FormatFloat(p, 'f', 0, 64) + "%"
	}
}

// counted is a number of things.
func counted(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// grouped is a number with its thousands apart.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// processors is GOMAXPROCS in words.
func processors(n float64) string {
	if number(n) == "1" {
		return "1 processor"
	}
	return number(n) + " processors"
}

// allOf is every processor in words.
func allOf(n float64) string {
	switch number(n) {
	case "1":
		return "the only processor"
	case "2":
		return "both processors"
	}
	return "all " + number(n) + " processors"
}

// verb is the form of a verb that goes with a number.
func verb(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// goroutines is a number of them in words.
func goroutines(n int64) string { return counted(n, "goroutine", "goroutines") }
