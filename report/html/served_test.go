package html_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/report/html"
)

// A page says what its server has, and how to see what was merged: by a range, where
// there is a server, by flags where there is none.
func TestServedPage(t *testing.T) {
	for _, served := range []*html.Served{nil, {FromNs: 5, ToNs: 99}} {
		page, err := os.ReadFile(write(t, serverTrace, analyze.Options{}, html.Options{MaxBytes: 1, Served: served}).path)
		if err != nil {
			t.Fatal(err)
		}
		_, frame, _ := strings.Cut(string(page), "<body>")
		frame, _, _ = strings.Cut(frame, "<script") // whatever the script may say
		for text, want := range map[string]bool{
			`<main data-served-from="5" data-served-to="99">`: served != nil, "recompute it": served != nil, "--html-max-size": served == nil, "<main>": served == nil,
		} {
			if got := strings.Contains(frame, text); got != want {
				t.Errorf("served %v: %s is in the page: %v", served, text, got)
			}
		}
	}
}

// A page in which there is nothing to choose a range from still leads to what else its
// server has.
func TestServedPageOfNothing(t *testing.T) {
	o := analyze.Options{Group: regexp.MustCompile("nothing is called so"), From: 1000, To: 5000}
	p := open(t, write(t, serverTrace, o, html.Options{Served: &html.Served{FromNs: 0, ToNs: 1 << 40}}), "")
	const links = "[...document.querySelectorAll('.served a')].filter(a => a.checkVisibility({visibilityProperty: true})).map(a => a.textContent + ' ' + a.getAttribute('href')).join(', ')"
	if got, want := eval[string](p, links), "All that is served /, all profiles /pprof/1000-5000/"; got != want {
		t.Errorf("it leads to %s, want %s", got, want)
	}
}
