// Package wording says things that several formats say alike.
package wording

import (
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

var lostOf = map[string]string{"processors": " of processor time", "goroutines": " of goroutine time", "wall": " of the clock's time"}

// Lost says how much time a finding is about, "" if that is not known.
func Lost(f *result.Finding) string {
	if f.LostNs <= 0 {
		return ""
	}
	return "lost " + units.Duration(f.LostNs) + lostOf[f.LostOf]
}
