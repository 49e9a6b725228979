package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/detect"
)

// Each detector is listed in order, within the width.
func TestDetectorsAreListed(t *testing.T) {
	for _, width := range []string{"100", "40"} {
		code, out, errs := command(t, nil, "detectors", "--width", width)
		if code != 0 || errs != "" {
			t.Fatalf("exit %d: %s", code, errs)
		}
		rest := out
		for _, d := range detect.All {
			_, after, ok := strings.Cut(rest, d.Name+": "+d.Title+"\n")
			if !ok {
				t.Fatalf("%s is missing, or not in order:\n%s", d.Name, out)
			}
			rest = after
		}
	}
}

func TestDetectorsAsJSON(t *testing.T) {
	code, out, errs := command(t, nil, "detectors", "-f", "json")
	if code != 0 || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	var list []struct {
		Name, Title, Doc string
		Thresholds       []struct {
			Name, Unit, Doc string
			Default         float64
		}
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(out))).Decode(&list); err != nil || list == nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if len(list) != len(detect.All) {
		t.Fatalf("%d detectors, want %d", len(list), len(detect.All))
	}
	for i, d := range detect.All {
		if list[i].Name != d.Name || list[i].Title != d.Title || list[i].Doc != d.Doc {
			t.Errorf("%+v, want %s", list[i], d.Name)
		}
		want := d.Thresholds()
		if len(list[i].Thresholds) != len(want) {
			t.Fatalf("%s: %d thresholds, want %d", d.Name, len(list[i].Thresholds), len(want))
		}
		for j, got := range list[i].Thresholds {
			if got.Name != want[j].Name || got.Default != want[j].Default || got.Doc != want[j].Doc || got.Unit != unitNames[want[j].Unit] || got.Unit == "" {
				t.Errorf("%s: %+v, want %+v", d.Name, got, want[j])
			}
		}
	}
}

func TestWrapped(t *testing.T) {
	for _, tc := range []struct {
		text  string
		width int
		want  string
	}{
		{"", 10, ""},
		{"a b", 10, "  a b\n"},
		{"one two  three\nfour", 9, "  one two\n  three\n  four\n"},
		{"incomprehensible it is", 8, "  incomprehensible\n  it is\n"},
		{"µµµµµ µµ", 10, "  µµµµµ µµ\n"},
	} {
		if got := wrapped(tc.text, "  ", tc.width); got != tc.want {
			t.Errorf("%q at %d: %q, want %q", tc.text, tc.width, got, tc.want)
		}
	}
}
