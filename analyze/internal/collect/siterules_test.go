package collect

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/siterule"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// rule is a site rule called what its first pattern is.
func rule(is siterule.Role, kind string, patterns ...string) siterule.Rule {
	r := siterule.Rule{Name: patterns[0], Kind: kind, Is: is}
	for _, p := range patterns {
		r.Stack = append(r.Stack, regexp.MustCompile(p))
	}
	return r
}

// Patterns match functions in their order from the leaf outwards, each one another.
func TestSiteRulesMatchStacks(t *testing.T) {
	for _, tc := range []struct {
		patterns []string
		funcs    []string
		matches  bool
	}{
		{[]string{"b"}, []string{"a", "b", "c"}, true},
		{[]string{"a", "c"}, []string{"a", "b", "c"}, true},
		{[]string{"c", "a"}, []string{"a", "b", "c"}, false},
		{[]string{"x"}, []string{"x", "y"}, true},
		{[]string{"x", "x"}, []string{"x", "y"}, false},
		{[]string{"x", "x"}, []string{"x", "y", "x"}, true},
		{[]string{"[xy]", "x"}, []string{"x", "y"}, false},
		{[]string{"[xy]", "x"}, []string{"y", "x"}, true},
		{[]string{"[xy]", "[xy]", "[xy]"}, []string{"x", "y"}, false},
		{[]string{"^b$"}, []string{"main.b"}, false},
		{[]string{"b"}, nil, false},
	} {
		// Between others, since rules share the numbers of patterns.
		s := newSiteRules([]siterule.Rule{rule("", "", "never", "[xy]"), rule("", "", tc.patterns...), rule("", "", "[xy]", "never")})
		for range 2 { // and once more, when it is known
			if got := s.sets[s.of(tc.funcs)]; slices.Contains(got, 1) != tc.matches || len(got) > 1 {
				t.Errorf("%v on %v: %v", tc.patterns, tc.funcs, got)
			}
		}
	}
}

// The first rule that is about the kind counts; there is no other work without one.
func TestTheFirstRuleCounts(t *testing.T) {
	tables := event.NewTables()
	stack := tables.InternStack([]event.Frame{{Func: "get"}, {Func: "main"}})
	rules := []siterule.Rule{rule("", "timer", "get"), rule(siterule.Call, "blocked-sync/select", "get"), rule("", "blocked-sync", "main"), rule(siterule.Idle, "", "get")}
	s := newStackFacts(Options{Sites: rules}, tables)
	for kind, want := range map[waitkind.Kind]string{
		waitkind.Sleep: "get timer", waitkind.Select: "get blocked-sync/select", waitkind.Mutex: "main blocked-sync", waitkind.Network: "get ", waitkind.GCWait: "",
	} {
		got := ""
		if r := s.rule(kind, stack); r != nil {
			got = r.Name + " " + r.Kind
		}
		eq(t, kind.Label(), got, want)
		eq(t, kind.Label()+" is a call", s.isCall(kind, stack), kind == waitkind.Select)
	}
	none := newStackFacts(Options{}, tables)
	if none.rule(waitkind.Select, stack) != nil || none.of(stack).rules != 0 {
		t.Error("a rule out of nowhere")
	}
}

// Many rules on many stacks cost a look into a table.
func BenchmarkSiteRules(b *testing.B) {
	var rules []siterule.Rule
	for i := range siterule.MaxRules {
		rules = append(rules, rule("", "", fmt.Sprintf(`(a|b)*pool%d\.(\w+\.)*Get`, i), `main`))
	}
	funcs := make([]string, 60)
	for i := range funcs {
		funcs[i] = fmt.Sprintf("example.com/module/pool%d.handle.func%d", i%7, i)
	}
	s := newSiteRules(rules)
	for b.Loop() {
		s.of(funcs)
	}
}

// caller plays a goroutine that asks another three times and waits 1 ms for each
// answer; the other waits for nothing outside. Then a helper of the same kind.
func caller(t *testing.T) *model {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.spawns(0, 2, 1, 1, "rpc.(*conn).loop")
	for i := range int64(3) {
		at := 100 + i*1100
		m.blocks(at, 1, event.ReasonChanReceive, "runtime.chanrecv1", "rpc.(*Client).Call", "main.main")
		m.wakes(at+1000, 1, 2, "runtime.chansend1", "rpc.(*conn).loop")
		m.starts(at+1000, 1, 0)
	}
	m.blocks(4000, 1, event.ReasonChanReceive, "runtime.chanrecv1", "main.join", "main.main")
	m.wakes(5000, 1, 2, "runtime.chansend1", "rpc.(*conn).loop")
	m.starts(5000, 1, 0)
	return m
}

func TestCallsAreWaitsForAnswersFromOutside(t *testing.T) {
	site := func(r *result.Result, fn string) result.Site {
		i := slices.IndexFunc(r.Sites, func(s result.Site) bool { return s.Frames[1].Func == fn })
		if i < 0 {
			t.Fatalf("no site in %s", fn)
		}
		return r.Sites[i]
	}
	without := caller(t).play(6000, Options{})
	with := caller(t).play(6000, Options{Sites: []siterule.Rule{rule(siterule.Call, "", `\.Call$`)}})

	eq(t, "asked without", [2]int64{site(without, "rpc.(*Client).Call").AskedWaits, site(without, "rpc.(*Client).Call").AskedNs}, [2]int64{})
	call, join := site(with, "rpc.(*Client).Call"), site(with, "main.join")
	eq(t, "asked", [2]int64{call.AskedWaits, call.AskedNs}, [2]int64{3, 3000 * us})
	eq(t, "asked elsewhere", join.AskedWaits, 0)
	eq(t, "rule", call.Rule, &result.SiteRule{Name: `\.Call$`, Is: "call"})
	eq(t, "rule elsewhere", join.Rule, nil)
	eq(t, "class and time", [2]any{call.Class, call.TotalNs}, [2]any{"blocked-sync", int64(3000 * us)}) // what it was stays

	// While one runs and the other waits for it, that is a dependency, and with the
	// rule the latency of something outside.
	eq(t, "cause without", without.Concurrency.InterleavedCauseNs["dependency"], 4000*us)
	eq(t, "causes", [2]int64{with.Concurrency.InterleavedCauseNs["dependency"], with.Concurrency.InterleavedCauseNs["latency"]}, [2]int64{1000 * us, 3000 * us})
}

// A call counts as one whoever ends it, a timer or one whom a timer woke, and also
// if nobody does within the trace; a wait for the network there stays one.
func TestCallsWhoeverEndsThem(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.main")
	m.has(2, 1, "main.ticks") // no child of 1, which would stand for who waits for it
	m.blocks(100, 1, event.ReasonSelect, "runtime.selectgo", "rpc.Call", "main.main")
	m.blocks(200, 2, event.ReasonSleep, "time.Sleep", "main.ticks")
	m.fires(1200, 2, 1)
	m.starts(1200, 2, 1)
	m.wakes(1200, 1, 2, "runtime.chansend1", "main.ticks")
	m.starts(1200, 1, 0)
	m.ends(1200, 2)
	m.blocks(2000, 1, event.ReasonNetwork, "internal/poll.(*FD).Read", "rpc.Call", "main.main")
	m.fires(3000, 1, 0)
	m.starts(3000, 1, 0)
	m.blocks(4000, 1, event.ReasonSelect, "runtime.selectgo", "rpc.Call", "main.main")
	r := m.play(5000, Options{Sites: []siterule.Rule{rule(siterule.Call, "", "rpc")}})
	asked := map[string][2]int64{}
	for _, s := range r.Sites {
		asked[s.Kind] = [2]int64{s.AskedWaits, s.AskedNs}
	}
	// What is open at the end has not been answered.
	eq(t, "asked", asked, map[string][2]int64{"select": {1, 1100 * us}, "network": {1, 1000 * us}, "sleep": {}})
	io := r.Concurrency.LatencyCauseNs
	eq(t, "waits for input and output", io, map[string]int64{"io": (1000 + 1000 + 1000) * us})
}

// Waits at an idle place are at rest, before any other rule and also in a region.
func TestIdlePlacesAreAtRest(t *testing.T) {
	play := func(sites ...siterule.Rule) *result.Result {
		s := newScript(t, 2)
		s.old(0, 2, event.GoRunning, "main.worker")
		s.annotate(1, 2, event.RegionBegin, 0, 0, "work")
		for i := range int64(2) {
			at := 100 + i*3000
			s.block(at, 2, event.ReasonCond, "sync.(*Cond).Wait", "main.next", "main.worker")
			s.wake(at+2000, 2, event.NoG)
			s.run(at+2001, 2)
		}
		s.block(7000, 2, event.ReasonSync, "sync.(*Mutex).Lock", "main.next", "main.worker")
		return s.play(10_000, Options{Sites: sites, AtRest: regexp.MustCompile("Cond")})
	}
	for _, tc := range []struct {
		rules []siterule.Rule
		want  map[string]string // rule by kind
	}{
		{nil, map[string]string{"blocked-sync/cond": "asked"}},
		{[]siterule.Rule{rule(siterule.Idle, "", "next")}, map[string]string{"blocked-sync/cond": "site-rule", "blocked-sync/mutex": "site-rule"}},
		{[]siterule.Rule{rule(siterule.Idle, "blocked-sync/cond", "next")}, map[string]string{"blocked-sync/cond": "site-rule"}},
		{[]siterule.Rule{rule(siterule.Pool, "", "next"), rule(siterule.Idle, "", "next")}, map[string]string{"blocked-sync/cond": "asked"}},
	} {
		r := play(tc.rules...)
		got := map[string]string{}
		for _, rest := range group(t, r, "main.worker").AtRest {
			got[rest.Kind] = rest.Rule
		}
		eq(t, fmt.Sprint(tc.rules), got, tc.want)
	}
}

// Pools, limiters and mere names are told, and change nothing.
func TestNamedPlacesAreTold(t *testing.T) {
	plain := caller(t).play(6000, Options{})
	for _, is := range []siterule.Role{siterule.Pool, siterule.Limiter, ""} {
		r := caller(t).play(6000, Options{Sites: []siterule.Rule{rule(is, "blocked-sync/chan-receive", "Call")}})
		want := &result.SiteRule{Name: "Call", Is: string(is)}
		var sites, classes []*result.SiteRule
		for i := range r.Sites {
			sites = append(sites, r.Sites[i].Rule)
			r.Sites[i].Rule = nil
		}
		for i := range r.SiteClasses {
			classes = append(classes, r.SiteClasses[i].Rule)
			r.SiteClasses[i].Rule = nil
		}
		eq(t, "rules of sites", sites, []*result.SiteRule{want, nil})
		if !slices.ContainsFunc(classes, func(c *result.SiteRule) bool { return c != nil && *c == *want }) {
			t.Errorf("rules of classes: %v", classes)
		}
		eq(t, "all else", r, plain)
	}
}
