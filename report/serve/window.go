package serve

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/conctrace/conctrace/report/internal/units"
)

// Window is a part of the trace, in ns since its start: what is at FromNs is in it, what
// is at ToNs is not.
type Window struct{ FromNs, ToNs int64 }

// String is the window as addresses have it.
func (w Window) String() string { return fmt.Sprintf("%d-%d", w.FromNs, w.ToNs) }

func (w Window) words() string {
	return time.Duration(w.FromNs).String() + " to " + time.Duration(w.ToNs).String() + " (" + units.Duration(w.ToNs-w.FromNs) + ")"
}

// badRequest says what is wrong with what was asked for.
type badRequest string

func (b badRequest) Error() string { return string(b) }

// within is the part of w that whole has. One that is not before its end, or of which
// nothing is in whole, is an error.
func (w Window) within(whole Window) (Window, error) {
	if w == whole {
		return w, nil
	}
	if w.FromNs < 0 || w.ToNs < 0 {
		return w, badRequest("A window counts from the trace's start and cannot be negative.")
	}
	if w.FromNs >= whole.ToNs || w.ToNs <= whole.FromNs {
		return w, badRequest("The window lies outside of what is served, " + whole.words() + ".")
	}
	if w.FromNs >= w.ToNs {
		return w, badRequest("The window is empty: its end is not after its start.")
	}
	return Window{max(w.FromNs, whole.FromNs), min(w.ToNs, whole.ToNs)}, nil
}

// asked reads a window from a query: from and to as durations (1.2s, 350ms) or from_ns
// and to_ns as numbers. What is left open is that of whole.
func asked(query string, whole Window) (Window, error) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return whole, badRequest("The address cannot be read.")
	}
	w := whole
	given := map[*int64]bool{}
	for name, values := range q {
		edge, read := &w.FromNs, instant
		switch name {
		case "from":
		case "to":
			edge = &w.ToNs
		case "from_ns":
			read = nanoseconds
		case "to_ns":
			edge, read = &w.ToNs, nanoseconds
		default:
			return whole, badRequest(fmt.Sprintf("The address says %.40q, which means nothing: a window is from=1.2s&to=1.5s.", name))
		}
		if len(values) > 1 || given[edge] {
			return whole, badRequest("The address says the window's edge twice.")
		}
		given[edge] = true
		if *edge, err = read(values[0]); err != nil {
			return whole, badRequest(fmt.Sprintf("%.40q is no instant: write 1.2s or 350ms in from and to, and whole numbers in from_ns and to_ns.", values[0]))
		}
	}
	return w.within(whole)
}

func instant(text string) (int64, error) {
	d, err := time.ParseDuration(text)
	return int64(d), err
}

func nanoseconds(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }

var windowInPath = regexp.MustCompile(`^(0|[1-9][0-9]{0,18})-(0|[1-9][0-9]{0,18})$`)

// inPath reads a window from an address' path.
func inPath(text string, whole Window) (Window, error) {
	m := windowInPath.FindStringSubmatch(text)
	if m == nil {
		return whole, errNotFound
	}
	from, err := nanoseconds(m[1])
	if err != nil {
		return whole, errNotFound
	}
	to, err := nanoseconds(m[2])
	if err != nil {
		return whole, errNotFound
	}
	return Window{from, to}.within(whole)
}
