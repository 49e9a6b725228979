package siterule

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/waitkind"
)

var get = []*regexp.Regexp{regexp.MustCompile(`Get`)}

func TestAbout(t *testing.T) {
	for _, tc := range []struct {
		kind    string
		of      waitkind.Kind
		isAbout bool
	}{
		{"", waitkind.ChanReceive, true},
		{"", waitkind.Network, true},
		{"", waitkind.Unsaid, true},
		{"", waitkind.GCWait, false}, // holds a goroutine up anywhere
		{"", waitkind.User, false},
		{"", waitkind.Woken, false},
		{"runtime", waitkind.GCWait, true},
		{"blocked-sync", waitkind.Mutex, true},
		{"blocked-sync", waitkind.Network, false},
		{"blocked-sync/mutex", waitkind.Mutex, true},
		{"blocked-sync/mutex", waitkind.Select, false},
	} {
		if r := (Rule{Kind: tc.kind}); r.About(tc.of) != tc.isAbout {
			t.Errorf("kind %q, %s: %v", tc.kind, tc.of.Label(), !tc.isAbout)
		}
	}
}

func TestCheck(t *testing.T) {
	good := Rule{Name: "pool", Stack: get, Kind: "blocked-sync", Is: Pool}
	if err := Check(slices.Repeat([]Rule{good}, MaxRules)); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*Rule){
		"no name":                   func(r *Rule) { r.Name = " " },
		"longer than 100":           func(r *Rule) { r.Name = strings.Repeat("ä", 101) },
		"cannot be printed":         func(r *Rule) { r.Name = "a\x1b[2Jb" },
		"no stack":                  func(r *Rule) { r.Stack = nil },
		"21 patterns":               func(r *Rule) { r.Stack = slices.Repeat(get, 21) },
		"pattern that is missing":   func(r *Rule) { r.Stack = []*regexp.Regexp{nil} },
		"pool, call, idle, limiter": func(r *Rule) { r.Is = "queue" },
		"blocked-sync, blocked-io, timer, runtime, unknown": func(r *Rule) { r.Kind = "running/user" },
	} {
		bad := good
		change(&bad)
		if err := Check([]Rule{good, bad}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "site rule 2") {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := Check(slices.Repeat([]Rule{good}, MaxRules+1)); err == nil {
		t.Error("as many rules as one likes")
	}
}
