package detect

import (
	"testing"

	"github.com/conctrace/conctrace/analyze/result"
)

// TestTheCommandAsksAboutTheSameView: the window and the filters, or the number would
// mean another finding; and a shell takes every word as it is.
func TestTheCommandAsksAboutTheSameView(t *testing.T) {
	r := &result.Result{Trace: result.Trace{File: "my trace.out", DurationNs: 1000}, Scope: result.Scope{ToNs: 1000}}
	for _, c := range []struct {
		set  func()
		want string
	}{
		{func() {}, "conctrace explain 'my trace.out' --finding 2"},
		{func() { r.Trace.File = "-" }, "conctrace explain TRACE --finding 2"},
		{func() { r.Trace.File = "-x" }, "conctrace explain ./-x --finding 2"},
		{func() { r.Trace.File = "~x" }, "conctrace explain '~x' --finding 2"},
		{func() { r.Trace.File = "it's" }, `conctrace explain 'it'\''s' --finding 2`},
		{func() { r.Trace.File, r.Scope.FromNs, r.Scope.ToNs = "t", 10, 900 }, "conctrace explain t --from 10ns --to 900ns --finding 2"},
		{func() { r.Scope.Group, r.Scope.Task, r.Scope.AtRest, r.Scope.CPUs = "-g", "a|b", "$c", 2 }, "conctrace explain t --from 10ns --to 900ns --group '-g' --task 'a|b' --at-rest '$c' --cpus 2 --finding 2"},
		{func() { r.Scope = result.Scope{ToNs: r.Trace.DurationNs, Thresholds: "my own.toml"} }, "conctrace explain t --thresholds 'my own.toml' --finding 2"},
	} {
		c.set()
		if got := explainCommand(r, 2); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
