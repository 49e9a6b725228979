package detect

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Threshold is a number that a detector decides by.
type Threshold struct {
	Name    string // kebab-case, unique within its detector
	Default float64
	Unit    Unit
	Doc     string // what is held against it
}

// Unit is what a threshold counts in.
type Unit uint8

// The units.
const (
	Share    Unit = iota // of a whole that is 1
	Number               // of things, or a ratio
	Duration             // nanoseconds
)

// Scale is what the score of a detector's findings goes by: 25 from Low on, 75 at
// High.
type Scale struct {
	Of        string // what is measured
	Unit      Unit
	Low, High float64
}

// Names of the thresholds that every detector has.
const (
	scaleLow  = "low"
	scaleHigh = "high"
)

// Thresholds are all that a detector decides by: its scale and its bounds.
func (d *Detector) Thresholds() []Threshold {
	return append([]Threshold{
		{scaleLow, d.Scale.Low, d.Scale.Unit, d.Scale.Of + ", from which on it is reported"},
		{scaleHigh, d.Scale.High, d.Scale.Unit, "the same, from which on it is high"},
	}, d.Bounds...)
}

// Settings are what a user decides otherwise than the detectors do, by the
// detector's name. The zero value is the defaults.
type Settings map[string]Setting

// Setting is what a user decides otherwise about one detector.
type Setting struct {
	Off    bool // it finds nothing
	Values map[string]float64
}

// Check says what of settings no detector has, or makes no sense.
func (s Settings) Check() error {
	for _, name := range sortedKeys(s) {
		i := slices.IndexFunc(All, func(d Detector) bool { return d.Name == name })
		if i < 0 {
			return fmt.Errorf("there is no detector %q; conctrace detectors lists them", name)
		}
		if err := s[name].check(&All[i]); err != nil {
			return fmt.Errorf("detector %s: %w", name, err)
		}
	}
	return nil
}

func (s Setting) check(d *Detector) error {
	known := d.Thresholds()
	for _, name := range sortedKeys(s.Values) {
		if !slices.ContainsFunc(known, func(t Threshold) bool { return t.Name == name }) {
			return fmt.Errorf("it has no threshold %q, but %s", name, strings.Join(names(known), ", "))
		}
		if v := s.Values[name]; math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return fmt.Errorf("%s is %v: a threshold is a number from 0 on", name, v)
		}
	}
	if low, high := s.of(known[0]), s.of(known[1]); low <= 0 || low >= high {
		return fmt.Errorf("low is %v and high is %v: low must be above 0 and below high", low, high)
	}
	return nil
}

// of is the value of a threshold: the user's or the default.
func (s Setting) of(t Threshold) float64 {
	if v, ok := s.Values[t.Name]; ok {
		return v
	}
	return t.Default
}

func names(list []Threshold) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.Name
	}
	return out
}

// limit is the value of one of the thresholds of the detector at work.
func (e *evidence) limit(t Threshold) float64 { return e.setting.of(t) }

// limitNs is one that is a duration, ns, or a whole number.
func (e *evidence) limitNs(t Threshold) int64 { return int64(e.limit(t)) }

// low is where the scale of the detector at work begins.
func (e *evidence) low() float64 { return e.setting.of(e.detector.Thresholds()[0]) }

// scored is the score of a value on the scale of the detector at work.
func (e *evidence) scored(v float64) float64 {
	t := e.detector.Thresholds()
	return score(v, e.setting.of(t[0]), e.setting.of(t[1]))
}

// sortedKeys are the keys of a map in their order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
