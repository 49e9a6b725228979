package html_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/html"
)

// browserNames are what Chromium and its kin are called.
var browserNames = []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"}

// browser is the one that all tests share, started by the first that needs it.
var browser struct {
	sync.Once
	ctx   context.Context
	close func()
	err   error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if browser.close != nil {
		browser.close()
	}
	os.Exit(code)
}

// startBrowser returns the browser, or skips the test where there is none.
func startBrowser(t testing.TB) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("starts a browser")
	}
	path := ""
	for _, name := range browserNames {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skipf("no browser: none of %s is on the PATH (Debian: apt-get install chromium)", strings.Join(browserNames, ", "))
	}
	browser.Do(func() {
		opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true), chromedp.WindowSize(1280, 1000))
		alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
		ctx, stop := chromedp.NewContext(alloc)
		browser.ctx, browser.close = ctx, func() { stop(); stopAlloc() }
		browser.err = chromedp.Do(ctx, chromedp.Navigate("about:blank"))
	})
	if browser.err != nil {
		t.Fatalf("start %s: %v", path, browser.err)
	}
	return browser.ctx
}

// tab is a page that is open, and what went wrong in it.
type tab struct {
	testing.TB
	ctx  context.Context
	file string // file: URL without a hash
	page written

	mu       sync.Mutex
	requests []string
	problems []string
}

// written is a page in a file.
type written struct {
	path   string
	result *result.Result
	log    *interval.Log
}

// write makes a page of a trace.
func write(t testing.TB, trace string, o analyze.Options, ho html.Options) written {
	t.Helper()
	r, log, err := analyze.Detailed(context.Background(), analyze.File(trace), o, 0)
	if err != nil {
		t.Fatal(err)
	}
	return writeResult(t, r, log, ho)
}

func writeResult(t testing.TB, r *result.Result, log *interval.Log, ho html.Options) written {
	t.Helper()
	var b bytes.Buffer
	if err := html.Write(&b, r, log, ho); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return written{path, r, log}
}

// open opens a page at a hash and waits until it is ready.
func open(t testing.TB, page written, hash string) *tab {
	t.Helper()
	p := visit(t, page, hash)
	p.ready()
	return p
}

// visit opens a page at a hash, or nothing yet at about:blank. When the test ends nothing may have gone wrong in it.
func visit(t testing.TB, page written, hash string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(startBrowser(t))
	ctx, timeout := context.WithTimeout(ctx, 10*time.Minute)
	p := &tab{TB: t, ctx: ctx, file: (&url.URL{Scheme: "file", Path: page.path}).String(), page: page}
	if err := chromedp.Listen(ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	call(p, network.Enable, network.EnableParams{})
	call(p, runtime.Enable, cdp.Empty{})
	call(p, cdplog.Enable, cdp.Empty{})
	if hash == "about:blank" {
		p.do(chromedp.Navigate(hash))
	} else {
		p.do(chromedp.Navigate(p.file + hash))
	}
	t.Cleanup(func() {
		p.checkQuiet()
		timeout()
		cancel()
	})
	return p
}

func call[P, R any](p *tab, command cdp.Command[P, R], params P) {
	p.Helper()
	if _, err := chromedp.Call(p.ctx, command, params); err != nil {
		p.Fatal(err)
	}
}

// listen notes what the page asks for and what goes wrong in it.
func (p *tab) listen(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := ev.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += ": " + e.ExceptionDetails.Exception.Description
		}
		p.problems = append(p.problems, "exception: "+text)
	case *runtime.EventConsoleAPICalled:
		p.problems = append(p.problems, fmt.Sprintf("console.%s", e.Type))
	case *cdplog.EventEntryAdded:
		p.problems = append(p.problems, fmt.Sprintf("log: %s: %s", e.Entry.Level, e.Entry.Text))
	}
}

// checkQuiet fails the test for every request but the file's own, every exception and
// everything on the console.
func (p *tab) checkQuiet() {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.requests {
		if plain, _, _ := strings.Cut(r, "#"); plain != p.file && r != "data:," && r != "about:blank" {
			p.Errorf("the page asked for %.200s", r)
		}
	}
	for _, problem := range p.problems {
		p.Errorf("in the page: %s", problem)
	}
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.Fatal(err)
	}
}

// ready waits until scripts have drawn the page.
func (p *tab) ready() {
	p.Helper()
	p.until("document.documentElement.dataset.ready !== undefined || !document.getElementById('broken').hidden")
	if notice := eval[string](p, "document.getElementById('broken').textContent"); notice != "" {
		p.Fatalf("the page is broken: %s", notice)
	}
}

// until waits for an expression to become true.
func (p *tab) until(expression string) {
	p.Helper()
	if _, err := chromedp.Run(p.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(2*time.Minute), chromedp.WithPollingInterval(20*time.Millisecond))); err != nil {
		p.Fatalf("waiting for %s: %v", expression, err)
	}
}

// eval is the value of an expression in the page.
func eval[T any](p *tab, expression string) T {
	p.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.Fatalf("%s: %v", expression, err)
	}
	return v
}

// press types keys.
func (p *tab) press(keys string, opts ...chromedp.KeyOption) {
	p.Helper()
	p.do(chromedp.KeyEvent(keys, opts...))
}

// hash is what the page's address says beyond the file.
func (p *tab) hash() url.Values {
	p.Helper()
	p.settle() // while the range is dragged the address follows a little later
	v, err := url.ParseQuery(strings.TrimPrefix(eval[string](p, "location.hash"), "#"))
	if err != nil {
		p.Fatal(err)
	}
	return v
}

// prefers sets the colour scheme that the browser says is preferred.
func (p *tab) prefers(scheme string) {
	p.Helper()
	call(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// settle waits until what was set off has been drawn: the sums follow a little later.
func (p *tab) settle() {
	p.Helper()
	defer p.until("document.documentElement.dataset.busy === undefined")
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[any](`new Promise(done => setTimeout(() => requestAnimationFrame(() => requestAnimationFrame(() => done(0))), 100))`, chromedp.EvalAwaitPromise)); err != nil {
		p.Fatal(err)
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
