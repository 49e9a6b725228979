package html_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
	"github.com/conctrace/conctrace/report/html"
)

// crowd is a page of goroutines that run, wait for locks and for the network in turn: so
// many intervals in all, over ten seconds.
func crowd(t testing.TB, intervals int) written {
	t.Helper()
	const goroutines, groups, length = 200, 10, int64(10e9)
	log := interval.New(0, length)
	log.Stacks = [][]int32{nil, {0, 1}}
	log.Frames = []result.Frame{{Func: "main.work", File: "main.go", Line: 1}, {Func: "main.main", File: "main.go", Line: 2}}
	r := &result.Result{
		SchemaVersion: result.SchemaVersion, Verdict: result.Verdict{Label: "parallel", Sentence: "Parallel."},
		Trace: result.Trace{File: "crowd", DurationNs: length, Gomaxprocs: []result.Gomaxprocs{{N: 8}}, Complete: true},
		Scope: result.Scope{ToNs: length, Goroutines: goroutines},
	}
	kinds := []waitkind.Kind{waitkind.User, waitkind.Mutex, waitkind.Woken, waitkind.Network, waitkind.Woken}
	for g := range groups {
		r.Groups = append(r.Groups, result.Group{ID: g, Name: fmt.Sprintf("main.worker%d", g), Count: goroutines / groups, Verdict: "mixed", Time: result.Time{Kinds: map[string]int64{}}})
		for _, k := range kinds {
			log.Cells = append(log.Cells, interval.Cell{Group: g, Kind: k, Stack: 1})
		}
	}
	r.Time.Kinds = map[string]int64{}
	state := uint32(1)
	for id := range goroutines {
		g := &interval.Goroutine{ID: int64(id + 1), Group: id % groups, Parent: -1, Older: true, Open: true}
		n := intervals / goroutines
		mean, at := length/int64(n), int64(0)
		for i := range n {
			state = state*1664525 + 1013904223 // numerical recipes' generator: any will do
			ns := max(1, int64(state>>8)*2*mean>>24)
			if i == n-1 || at+ns > length {
				ns = length - at
			}
			if ns <= 0 {
				break
			}
			cell := g.Group*len(kinds) + i%len(kinds)
			who := int64(-1)
			if i%len(kinds) == 0 {
				who = int64(id % 8)
			} else if kinds[i%len(kinds)] == waitkind.Mutex {
				who = int64((id+1)%goroutines + 1)
			}
			g.Intervals = append(g.Intervals, interval.Interval{Ns: ns, Cell: int32(cell), Who: who})
			at += ns
			log.Intervals++
			k := kinds[i%len(kinds)].Label()
			r.Time.Kinds[k] += ns
			r.Groups[g.Group].Time.Kinds[k] += ns
			r.Groups[g.Group].Time.LifetimeNs += ns
			r.Time.LifetimeNs += ns
		}
		log.Goroutines = append(log.Goroutines, g)
	}
	log.Seen = goroutines
	return writeResult(t, r, log, html.Options{MaxBytes: 64 << 20})
}

// drawn are the milliseconds that redraws of the timeline took since the last call.
func (p *tab) drawn() []float64 {
	p.Helper()
	p.settle()
	return eval[[]float64](p, `(() => { const all = performance.getEntriesByName('timeline-draw').map(e => e.duration); performance.clearMeasures('timeline-draw'); return all; })()`)
}

// How long redraws take is printed, not asserted: the machine decides. What is asserted
// is that each key redraws, and not more than a few times.
func TestRedrawOfManyIntervals(t *testing.T) {
	if testing.Short() {
		t.Skip("draws a million intervals")
	}
	p := open(t, crowd(t, 1_000_000), "#v=goroutine")
	t.Logf("ready after %s ms", eval[string](p, "document.documentElement.dataset.ready"))
	p.drawn()
	measure := func(what string, keys ...string) {
		t.Helper()
		var all []float64
		for _, key := range keys {
			p.press(key)
			took := p.drawn()
			if len(took) == 0 || len(took) > 6 {
				t.Errorf("%s: %d redraws", key, len(took))
			}
			all = append(all, took...)
		}
		from, to := p.ranged()
		t.Logf("%s (%.0f intervals in the range): redraws of %.1f ms", what, 1e6*float64(to-from)/10e9, all)
	}
	measure("by goroutine", "w", "s", "o", "o")
	p.do(chromedp.Evaluate[chromedp.Void]("void (location.hash = '#v=goroutine&t=4000000000-5000000000ns')"))
	p.drawn()
	measure("by goroutine, a tenth", "d", "a", "d", "a", "o", "o")
	p.do(chromedp.Evaluate[chromedp.Void]("void (location.hash = '#v=group&t=0-9990000000ns')"))
	p.drawn()
	measure("by group", "w", "s", "o", "o")
	p.do(chromedp.Evaluate[chromedp.Void]("void (location.hash = '#v=group&t=4000000000-5000000000ns')"))
	p.drawn()
	measure("by group, a tenth", "d", "a", "o", "o")
	p.do(chromedp.Evaluate[chromedp.Void]("void (location.hash = '#v=P')"))
	p.drawn()
	measure("by P", "w", "s", "o", "o")
}

// A large trace gives a page within its size that works; how long it takes to be ready
// is printed.
func TestPageOfALargeTrace(t *testing.T) {
	path := os.Getenv("CONCTRACE_BIG_TRACE")
	if path == "" {
		t.Skip("CONCTRACE_BIG_TRACE names no trace")
	}
	page := write(t, path, analyze.Options{}, html.Options{})
	if info, err := os.Stat(page.path); err != nil || info.Size() > html.DefaultMaxBytes {
		t.Errorf("the page has %d bytes: %v", info.Size(), err)
	}
	for range 3 {
		p := open(t, page, "")
		t.Logf("%d events, ready after %s ms", page.result.Trace.Events, eval[string](p, "document.documentElement.dataset.ready"))
		p.drawn()
		p.press("w")
		t.Logf("redraws of %.1f ms", p.drawn())
	}
}
