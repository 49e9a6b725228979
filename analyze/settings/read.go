package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/conctrace/conctrace/analyze/detect"
)

// file is a file while it is read.
type file struct {
	name     string
	data     []byte
	out      Settings
	lines    map[string]int // by key; nil before the first problem
	problems []problem
}

// Names in the file that are no detector's and no threshold's.
const (
	siteKey = "site"
	offKey  = "off"
)

// read makes settings of the values of the file.
func (f *file) read(tree map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		at, value := key{name}, tree[name]
		if name == siteKey {
			f.sites(at, value)
			continue
		}
		i := slices.IndexFunc(detect.All, func(d detect.Detector) bool { return d.Name == name })
		table, isTable := value.(map[string]any)
		switch {
		case i >= 0 && isTable:
			f.detector(at, &detect.All[i], table)
		case i >= 0:
			f.problem(at, "%s is %s: its thresholds stand below [%s]", name, said(value), name)
		case isTable:
			f.problem(at, "there is no detector %q; %s", name, like(name))
		default:
			f.problem(at, "%q stands alone: a threshold stands below the name of its detector, as in [%s]", name, detect.All[0].Name)
		}
	}
}

// like names the detectors that a name may be meant for.
func like(name string) string {
	var out []string
	for i := range detect.All {
		of := strings.Split(detect.All[i].Name, "-")
		if slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(name), notLetter), func(word string) bool { return slices.Contains(of, word) }) {
			out = append(out, detect.All[i].Name)
		}
	}
	if len(out) == 0 {
		return "conctrace detectors lists them"
	}
	return "there is " + strings.Join(out, ", ") + " (conctrace detectors lists all)"
}

func notLetter(r rune) bool { return r < 'a' || r > 'z' }

// detector takes what is set of one detector.
func (f *file) detector(at key, d *detect.Detector, table map[string]any) {
	before := len(f.problems)
	set := detect.Setting{Values: map[string]float64{}}
	known := d.Thresholds()
	for _, name := range slices.Sorted(maps.Keys(table)) {
		inside, value := at.within(name), table[name]
		if name == offKey {
			off, ok := value.(bool)
			if !ok {
				f.problem(inside, "off is %s: it is true or false", said(value))
			}
			set.Off = off
			continue
		}
		i := slices.IndexFunc(known, func(t detect.Threshold) bool { return t.Name == name })
		if i < 0 {
			f.problem(inside, "%s has no threshold %q; it has %s", d.Name, name, namesOf(known))
			continue
		}
		v, err := valueOf(known[i], value)
		if err != nil {
			f.problem(inside, "%s: %v", name, err)
			continue
		}
		set.Values[name] = v
	}
	one := detect.Settings{d.Name: set}
	if err := one.Check(); err != nil && len(f.problems) == before {
		f.problem(at, "%v", err)
	}
	f.out.Thresholds[d.Name] = set
}

func namesOf(known []detect.Threshold) string {
	names := []string{offKey}
	for _, t := range known {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

// valueOf is a value of the file as a threshold has it.
func valueOf(t detect.Threshold, value any) (float64, error) {
	if t.Unit == detect.Duration {
		return durationOf(t, value)
	}
	v, isNumber := value.(float64)
	if n, ok := value.(int64); ok {
		v, isNumber = float64(n), true
	}
	switch {
	case !isNumber:
		return 0, fmt.Errorf("it is %s, but must be a number, such as %s", said(value), Text(t))
	case !(v >= 0) || v > 1e300:
		return 0, fmt.Errorf("it is %v, but must be a number from 0 on, such as %s", v, Text(t))
	case t.Unit == detect.Share && v > 1:
		return 0, fmt.Errorf("it is %v, but must be a share, from 0 to 1: %v %% is %v", v, v, v/100)
	}
	return v, nil
}

// durationOf is a duration of the file in ns.
func durationOf(t detect.Threshold, value any) (float64, error) {
	text, ok := value.(string)
	if !ok {
		return 0, fmt.Errorf("it is %s, but must be a duration, a string with a unit such as %s", said(value), Text(t))
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, fmt.Errorf("it is %s, but must be a duration as Go writes it, such as %s", said(value), Text(t))
	case d < 0:
		return 0, fmt.Errorf("it is %s, but a duration cannot be negative", said(value))
	}
	return float64(d), nil
}

// said is what a value of the file is, in words.
func said(value any) string {
	const most = 40
	switch v := value.(type) {
	case string:
		if runes := []rune(v); len(runes) > most {
			v = string(runes[:most]) + "…"
		}
		return fmt.Sprintf("the string %q", v)
	case int64, float64:
		return fmt.Sprintf("the number %v", v)
	case bool:
		return fmt.Sprint(v)
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	}
	return "a date or time"
}
