package html_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/html"
)

// poison is text that would run, or break out, wherever it is not taken as text.
const poison = "</script><script>window.hurt=1</script><img src=x onerror=\"window.hurt=2\">'\"><svg onload=window.hurt=3>${window.hurt=4}{{7*7}}<!--\u202e\u0000\x1b[31m javascript:window.hurt=5 "

// enumerated are the fields that hold words of conctrace's own, by which the page goes.
var enumerated = map[string]bool{
	"Label": true, "Severity": true, "Verdict": true, "Class": true, "Kind": true, "Node": true, "LostOf": true, "Role": true, "Origin": true,
	"Code": true, "StartedAt": true, "Labels": true, "How": true,
}

// poisoned puts the poison into every string of a value that a trace could have a say
// in.
func poisoned(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			poisoned(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && (!enumerated[f.Name] || f.Type.Kind() == reflect.Struct) {
				poisoned(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poisoned(v.Index(i))
		}
	case reflect.String:
		if v.String() != "" { // which says that there is nothing
			v.SetString(poison + v.String() + poison)
		}
	}
}

// Whatever a trace has for names is shown as text and runs nothing, in the page as it
// is read and wherever a reader goes in it.
func TestHostileStringsAreText(t *testing.T) {
	for _, trace := range []string{"go1.26/server.trace", "go1.26/tasks.trace", "scenarios/lock-serialises.trace"} {
		t.Run(trace, func(t *testing.T) {
			r, log := hostile(t, "../../testdata/traces/"+trace)
			p := open(t, writeResult(t, r, log, html.Options{}), "")
			p.wander()
			if hurt := eval[any](p, "window.hurt ?? null"); hurt != nil {
				t.Errorf("a string of the trace ran: window.hurt is %v", hurt)
			}
			if n := eval[int](p, "document.querySelectorAll('img, main svg[onload], iframe, object, embed, main script, main style').length"); n > 0 {
				t.Errorf("%d elements were made of a trace's strings", n)
			}
			if n := eval[int](p, "[...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value))).length"); n > 0 {
				t.Errorf("%d elements have attributes that run", n)
			}
			if !eval[bool](p, "document.body.innerText.includes('<img src=x onerror=')") {
				t.Error("the text of the trace is not shown as it is")
			}
		})
	}
}

// hostile is a trace's result and intervals with poison in their strings.
func hostile(t testing.TB, path string) (*result.Result, *interval.Log) {
	t.Helper()
	page := write(t, path, analyze.Options{}, html.Options{})
	r, log := page.result, page.log
	r.Trace.Warnings = append(r.Trace.Warnings, result.Warning{Code: "x", Message: "warning"})
	poisoned(reflect.ValueOf(r))
	poisoned(reflect.ValueOf(log))
	if !strings.Contains(log.Frames[0].Func, "onerror") || !strings.Contains(r.Groups[0].Name, "onerror") {
		t.Fatal("nothing is poisoned")
	}
	return r, log
}

// wander goes through the page as a reader would: every tab, a goroutine, a search,
// help, every view of the timeline, every button of a finding.
func (p *tab) wander() {
	p.Helper()
	p.do(chromedp.Evaluate[chromedp.Void]("void document.querySelectorAll('details').forEach(d => d.open = true)"))
	p.do(chromedp.Evaluate[chromedp.Void]("void document.querySelectorAll('[role=tab]').forEach(b => b.click())"))
	p.do(chromedp.Evaluate[chromedp.Void]("void document.querySelectorAll('#groups tbody button').forEach(b => b.click())"))
	p.do(chromedp.Evaluate[chromedp.Void]("void document.querySelectorAll('#timeline .tools button').forEach(b => b.click())"))
	p.do(chromedp.Evaluate[chromedp.Void]("void document.querySelectorAll('#findings .actions button').forEach(b => b.click())"))
	g := p.page.log.Goroutines[len(p.page.log.Goroutines)/2]
	for _, hash := range []string{"#v=goroutine", "#v=P", "#v=task", "#tab=blame", "#tab=spans", "#tab=gc", "#q=img", "#sel=G" + itoa(g.ID)} {
		p.do(chromedp.Evaluate[chromedp.Void]("void (location.hash = '" + hash + "')"))
		p.settle()
	}
	p.press("]")
	p.search("img")
	p.press("\x1b")
	p.press("?")
	p.settle()
	p.press("\x1b")
}
