package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// told is a stream that may be read while it is written to.
type told struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *told) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *told) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// serving is a conctrace serve that runs, with a browser that it let in.
type serving struct {
	*testing.T
	url         string // as printed
	base        string // without the token
	out, errs   *told
	interrupt   context.CancelFunc
	code        chan int
	client      *http.Client
	interrupted bool
}

var printed = regexp.MustCompile(`^conctrace: serving (.*) at ((http://[^/]*)/\?token=[A-Z0-9]{26,})\n`)

// serveTrace starts conctrace serve and waits until it has printed its address.
func serveTrace(t *testing.T, in io.Reader, args ...string) *serving {
	t.Helper()
	ctx, interrupt := context.WithCancel(context.Background())
	s := &serving{T: t, out: new(told), errs: new(told), interrupt: interrupt, code: make(chan int, 1)}
	go func() {
		s.code <- run(ctx, append([]string{"serve"}, args...), streams{in, s.out, s.errs}, func(string) string { return "" })
	}()
	for printed.FindString(s.out.String()) == "" {
		select {
		case code := <-s.code:
			interrupt()
			t.Fatalf("exit %d before an address was printed: %s", code, s.errs)
		case <-time.After(time.Millisecond):
		}
	}
	m := printed.FindStringSubmatch(s.out.String())
	s.url, s.base = m[2], m[3]
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.client = &http.Client{Jar: jar}
	t.Cleanup(func() { s.end() })
	return s
}

// end interrupts it, as Ctrl-C does, and fails the test unless it ends well.
func (s *serving) end() {
	s.Helper()
	if s.interrupted {
		return
	}
	s.interrupted = true
	s.interrupt()
	select {
	case code := <-s.code:
		if code != exitDone {
			s.Errorf("exit %d after Ctrl-C: %s", code, s.errs)
		}
	case <-time.After(time.Minute):
		s.Fatal("it does not end")
	}
}

// get is the answer to a request for a path.
func (s *serving) get(path string) (status int, body []byte) {
	s.Helper()
	resp, err := s.client.Get(s.base + path)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	return resp.StatusCode, body
}

// enter opens the printed address.
func (s *serving) enter() []byte {
	s.Helper()
	status, body := s.get(strings.TrimPrefix(s.url, s.base))
	if status != 200 {
		s.Fatalf("the printed address: %d: %.300s", status, body)
	}
	return body
}

var dataResult = regexp.MustCompile(`id="data-result">([^<]*)<`)

// resultIn is the result in a page.
func resultIn(t *testing.T, page []byte) (r result.Result) {
	t.Helper()
	m := dataResult.FindSubmatch(page)
	if m == nil {
		t.Fatalf("this is no report: %.300s", page)
	}
	zip, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(m[1])))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(zip).Decode(&r); err != nil {
		t.Fatal(err)
	}
	return r
}

// analysed is the result of conctrace analyze.
func analysed(t *testing.T, args ...string) (r result.Result) {
	t.Helper()
	code, out, errs := command(t, nil, append([]string{"analyze", "-f", "json"}, args...)...)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// The report that is served has the numbers of conctrace analyze, of the whole and of any
// window, with the command's filters.
func TestServeHasTheNumbersOfAnalyze(t *testing.T) {
	t.Chdir(repositoryRoot(t))
	s := serveTrace(t, nil, server)
	if diff := cmp.Diff(analysed(t, server), resultIn(t, s.enter())); diff != "" {
		t.Errorf("the whole (-analyze +serve):\n%s", diff)
	}
	for query, args := range map[string][]string{
		"from=100ms&to=200ms":      {"--from", "100ms", "--to", "200ms"},
		"from_ns=123456789":        {"--from", "123456789ns"},
		"to_ns=98765432":           {"--to", "98765432ns"},
		"from_ns=1000&to_ns=2000":  {"--from", "1us", "--to", "2us"},
		"from=0.1s&to_ns=20000000": nil,
	} {
		status, page := s.get("/?" + query)
		if args == nil {
			if status != 400 {
				t.Errorf("%s: %d", query, status)
			}
			continue
		}
		if diff := cmp.Diff(analysed(t, append(args, server)...), resultIn(t, page)); diff != "" {
			t.Errorf("%s (-analyze +serve):\n%s", query, diff)
		}
	}

	filter := []string{"--group", "main", "--at-rest", `main\.client`, "--from", "50ms", "--to", "300ms"}
	s = serveTrace(t, nil, append(filter, server)...)
	s.enter()
	_, page := s.get("/?from=100ms&to=200ms")
	if diff := cmp.Diff(analysed(t, "--group", "main", "--at-rest", `main\.client`, "--from", "100ms", "--to", "200ms", server), resultIn(t, page)); diff != "" {
		t.Errorf("with filters (-analyze +serve):\n%s", diff)
	}
	if status, _ := s.get("/?from=310ms"); status != 400 {
		t.Errorf("a window outside of --from and --to: %d", status)
	}
	_, page = s.get("/?from=10ms&to=100ms") // of which a part is served
	if scope := resultIn(t, page).Scope; scope.FromNs != 50e6 || scope.ToNs != 100e6 {
		t.Errorf("the scope of a part is %+v", scope)
	}
}

// Each class has pprof's pages and a profile, which sums to the class of the JSON of the
// same window, with what is at rest and without.
func TestServedProfilesSumToTheJSON(t *testing.T) {
	t.Chdir(repositoryRoot(t))
	s := serveTrace(t, nil, server)
	s.enter()
	for window, args := range map[string][]string{"100000000-200000000": {"--from", "100ms", "--to", "200ms"}, "0-9000000000000000000": nil} {
		r := analysed(t, append(args, server)...)
		want := map[string]int64{}
		for label, ns := range r.Time.Kinds {
			class, _, _ := strings.Cut(label, "/")
			want["all/"+class] += ns
			want["in-progress/"+class] += ns - r.Time.AtRestKinds[label]
		}
		status, list := s.get("/pprof/" + window + "/")
		if status != 200 {
			t.Fatalf("%s: %d", window, status)
		}
		for class := range waitkind.NumClasses {
			for _, waits := range []string{"in-progress/", "all/"} {
				at := "/pprof/" + window + "/" + waits + class.String() + "/"
				_, body := s.get(at + "download")
				p, err := profile.Parse(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				var ns int64
				for _, sample := range p.Sample {
					ns += sample.Value[1]
				}
				if name := waits + class.String(); ns != want[name] {
					t.Errorf("%s, %s: %d ns, the JSON has %d", window, name, ns, want[name])
				}
				status, body := s.get(at)
				if status != 200 || !bytes.Contains(body, []byte("stackViewer(")) {
					t.Errorf("%s: %d", at, status)
				}
				if linked := bytes.Contains(list, []byte(`href="`+waits+class.String()+`/flamegraph"`)); linked != (ns > 0) {
					t.Errorf("%s: linked %v, %d ns", at, linked, ns)
				}
			}
		}
	}
}

// What is not a trace, or not to be had, is an error like that of conctrace analyze, and
// nothing is served.
func TestServeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no trace":            {nil, exitUsage, "which trace?"},
		"two":                 {[]string{server, server}, exitUsage, "2 traces"},
		"no file":             {[]string{"no-such-file"}, exitUsage, "no-such-file: no such file"},
		"a folder":            {[]string{"testdata"}, exitUsage, "directory"},
		"not a trace":         {[]string{"go.mod"}, exitUnreadable, "go.mod"},
		"no window":           {[]string{server, "--from", "9s"}, exitUsage, "only"},
		"an empty window":     {[]string{server, "--from", "2s", "--to", "1s"}, exitUsage, "empty"},
		"a bad filter":        {[]string{server, "--group", "("}, exitUsage, "--group"},
		"all addresses":       {[]string{server, "--http", ":0"}, exitUsage, "--allow-remote"},
		"another's address":   {[]string{server, "--http", "0.0.0.0:0"}, exitUsage, "unencrypted"},
		"no address":          {[]string{server, "--http", "8080"}, exitUsage, "HOST:PORT"},
		"a port that is none": {[]string{server, "--http", "127.0.0.1:99999"}, exitUsage, "99999"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := command(t, nil, append([]string{"serve", "--no-browser"}, c.args...)...)
			if code != c.code || out != "" || !strings.Contains(strings.ToLower(errs), strings.ToLower(c.says)) {
				t.Errorf("exit %d, want %d; out %q; errors %q, want %q in it", code, c.code, out, errs, c.says)
			}
		})
	}
	code, out, errs := command(t, strings.NewReader("<html>"), "serve", "-")
	if code != exitUnreadable || out != "" || !strings.Contains(errs, "HTML") || strings.Contains(errs, "conctrace-") {
		t.Errorf("standard input that is no trace: exit %d, out %q, errors %q", code, out, errs)
	}
}

// Standard input is kept in one temporary file, which is gone at the end, also when it
// was no trace.
func TestServeKeepsStandardInput(t *testing.T) {
	t.Chdir(repositoryRoot(t))
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir)
	kept := func() int {
		t.Helper()
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	trace, err := os.ReadFile(server)
	if err != nil {
		t.Fatal(err)
	}
	s := serveTrace(t, bytes.NewReader(trace), "-")
	if page := s.enter(); !bytes.Contains(page, []byte("standard input")) || strings.Contains(fmt.Sprint(resultIn(t, page)), dir) {
		t.Error("the page does not call it standard input")
	}
	_, page := s.get("/?from=100ms&to=200ms")
	want := analysed(t, "--from", "100ms", "--to", "200ms", server)
	if diff := cmp.Diff(want.Time, resultIn(t, page).Time); diff != "" {
		t.Errorf("a window (-analyze +serve):\n%s", diff)
	}
	if n := kept(); n != 1 {
		t.Errorf("%d temporary files", n)
	}
	s.end()
	if n := kept(); n != 0 {
		t.Errorf("%d temporary files are left", n)
	}
	command(t, strings.NewReader("nothing"), "serve", "-")
	if n := kept(); n != 0 {
		t.Errorf("%d temporary files are left of what is no trace", n)
	}
}

// Ctrl-C while standard input still comes in ends the command as it does elsewhere.
func TestServeInterruptedBeforeItServes(t *testing.T) {
	ctx, interrupt := context.WithCancel(context.Background())
	in, writer := io.Pipe()
	defer writer.Close()
	var out, errs told
	code := make(chan int)
	go func() {
		code <- run(ctx, []string{"serve", "-"}, streams{in, &out, &errs}, func(string) string { return "" })
	}()
	if _, err := writer.Write([]byte("go 1.22 trace")); err != nil {
		t.Fatal(err)
	}
	interrupt()
	if got := <-code; got != exitInterrupted || out.String() != "" {
		t.Errorf("exit %d, out %q: %s", got, &out, &errs)
	}
}

// A file that changes while it is served is not mixed with what was read of it before.
func TestServedFileChanges(t *testing.T) {
	t.Chdir(repositoryRoot(t))
	trace, err := os.ReadFile(server)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(path string) error{
		"longer":   func(path string) error { return os.WriteFile(path, append(trace, 0), 0o644) },
		"replaced": func(path string) error { return os.Rename(path+".new", path) },
		"touched":  func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1e9, 0)) },
		"gone":     os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.trace")
			for _, p := range []string{path, path + ".new"} {
				if err := os.WriteFile(p, trace, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			s := serveTrace(t, nil, path)
			s.enter()
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			for _, target := range []string{"/", "/?from=100ms", "/pprof/0-1000000/", "/pprof/0-1000000/all/running/top"} {
				if status, _ := s.get(target); status != http.StatusConflict {
					t.Errorf("%s: %d", target, status)
				}
			}
		})
	}
}

// Without the token nobody sees anything, and with --allow-remote it is still needed.
func TestServeAsksForTheToken(t *testing.T) {
	t.Chdir(repositoryRoot(t))
	for _, args := range [][]string{{server}, {server, "--http", "localhost:0"}, {server, "--http", "0.0.0.0:0", "--allow-remote"}} {
		s := serveTrace(t, nil, args...)
		for _, target := range []string{"/", "/?from=1ms", "/?token=", "/?token=AAAAAAAAAAAAAAAAAAAAAAAAAA", "/pprof/0-1000000/"} {
			if status, body := s.get(target); status != http.StatusForbidden || len(body) > 300 {
				t.Errorf("%v: %s: %d: %.300s", args, target, status, body)
			}
		}
		if warned := strings.Contains(s.errs.String(), "other machines"); warned != slices.Contains(args, "--allow-remote") {
			t.Errorf("%v: standard error says %q", args, s.errs)
		}
		s.enter()
		s.end()
	}
}

// What opens an address: nothing where a browser would open in the terminal.
func TestBrowserCommand(t *testing.T) {
	screen := func(name string) string { return map[string]string{"DISPLAY": ":0"}[name] }
	none := func(string) string { return "" }
	for _, c := range []struct {
		system string
		getenv func(string) string
		want   string
	}{{"linux", screen, "xdg-open"}, {"linux", none, ""}, {"freebsd", none, ""}, {"darwin", none, "open"}, {"windows", none, "rundll32 url.dll,FileProtocolHandler"}} {
		name, args := browserCommand(c.system, c.getenv)
		if got := strings.Join(append([]string{name}, args...), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.system, got, c.want)
		}
	}
	openBrowser("http://127.0.0.1:1/", func(string) string { return "" }) // nothing happens
}

// browserTab is a tab of a browser, or the test is skipped where there is none. Whatever
// goes wrong in the tab fails the test.
func browserTab(t *testing.T, base string) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome", "headless-shell"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no browser on the PATH (Debian: apt-get install chromium)")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1280, 1000))
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, stop := chromedp.NewContext(alloc)
	ctx, timeout := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(func() { timeout(); stop(); stopAlloc() })
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	if err := chromedp.Listen(ctx, func(ev any) {
		switch e := ev.(type) {
		case *network.EventRequestWillBeSent:
			if u := e.Request.URL; !strings.HasPrefix(u, base+"/") && !strings.HasPrefix(u, "data:") {
				t.Errorf("the browser asked for %.200s", u)
			}
		case *runtime.EventExceptionThrown:
			t.Errorf("exception: %s", e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			t.Errorf("console.%s", e.Type)
		case *cdplog.EventEntryAdded:
			t.Errorf("log: %s: %s", e.Entry.Level, e.Entry.Text)
		}
	}); err != nil {
		t.Fatal(err)
	}
	for _, enable := range []func() error{
		func() error { _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); return err },
		func() error { _, err := chromedp.Call(ctx, runtime.Enable, cdp.Empty{}); return err },
		func() error { _, err := chromedp.Call(ctx, cdplog.Enable, cdp.Empty{}); return err },
	} {
		if err := enable(); err != nil {
			t.Fatal(err)
		}
	}
	return ctx
}

// A reader opens the printed address, chooses a range, has it computed anew, looks at its
// flame graph in pprof, and goes back to the whole; nothing goes wrong on the way.
func TestServeInABrowser(t *testing.T) {
	t.Chdir(repositoryRoot(t))
	s := serveTrace(t, nil, server)
	ctx := browserTab(t, s.base)
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatal(err)
		}
	}
	text := func(js string) string {
		t.Helper()
		v, err := chromedp.Run(ctx, chromedp.Evaluate[string](js))
		if err != nil {
			t.Fatalf("%s: %v", js, err)
		}
		return v
	}
	until := func(js string) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
			// While one page takes the place of another there is nothing to ask.
			if is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](js)); err == nil && is {
				return
			} else if time.Now().After(deadline) {
				t.Fatalf("waited in vain for %s at %s: %v", js, text("location.href"), err)
			}
		}
	}
	const ready = "document.documentElement.dataset.ready !== undefined"
	const link = `[...document.querySelectorAll('.served a')].find(a => a.textContent === '%s')`
	follow := func(name string) {
		t.Helper()
		do(chromedp.Evaluate[chromedp.Void]("void " + fmt.Sprintf(link, name) + ".click()"))
	}
	unseen := func(name string) bool {
		t.Helper()
		return text("getComputedStyle("+fmt.Sprintf(link, name)+").visibility + "+fmt.Sprintf(link, name)+".checkVisibility()") != "visibletrue"
	}

	do(chromedp.Navigate(s.url))
	until(ready)
	if at := text("location.href"); at != s.base+"/" {
		t.Errorf("the address is %s", at)
	}
	if !unseen("Recompute this range") || !unseen("Whole trace") {
		t.Error("the whole trace can be computed anew, or gone back to")
	}
	do(chromedp.Evaluate[chromedp.Void]("void (location.hash = '#t=100-200ms&th=dark&hb=0')"))
	until("!" + fmt.Sprintf(link, "Recompute this range") + ".classList.contains('unseen')")

	follow("Recompute this range")
	until("location.search === '?from_ns=100000000&to_ns=200000000' && " + ready)
	if hash, err := url.ParseQuery(strings.TrimPrefix(text("location.hash"), "#")); err != nil || hash.Get("th") != "dark" || hash.Has("t") {
		t.Errorf("the new page is at %s", text("location.href"))
	}
	want := analysed(t, "--from", "100ms", "--to", "200ms", server)
	if got := text("document.querySelector('#verdict .sentence').textContent"); !strings.Contains(strings.ToLower(got), strings.ToLower(want.Verdict.Sentence)) {
		t.Errorf("the verdict is %q, analyze says %q", got, want.Verdict.Sentence)
	}
	if got, want := text("document.querySelector('.facts').textContent"), "window 0.100000\u00a0s to 0.200000\u00a0s"; !strings.Contains(got, want) {
		t.Errorf("the page is of %q, want %q", got, want)
	}

	follow("sync")
	until("location.pathname === '/pprof/100000000-200000000/in-progress/blocked-sync/flamegraph' && document.querySelectorAll('#stack-chart div').length > 10")
	if shown := text("[...document.querySelectorAll('#view a, #config')].filter(a => getComputedStyle(a).display !== 'none').map(a => a.id).join(' ')"); shown != "topbtn flamegraph peek" {
		t.Errorf("pprof's page leads to %s", shown)
	}
	blocked := want.Time.BlockedSyncNs
	for label, ns := range want.Time.AtRestKinds {
		if strings.HasPrefix(label, "blocked-sync/") {
			blocked -= ns
		}
	}
	if got, want := text("document.querySelector('#current-details-right').textContent"), fmt.Sprintf("%.2fs", float64(blocked)/1e9); !strings.Contains(got, want) {
		t.Errorf("the flame graph is of %q, want %s", got, want)
	}
	for view, there := range map[string]string{"top": "document.querySelectorAll('#rows tr').length > 3", "peek?f=fetch": "document.body.textContent.includes('main.(*service).fetch')"} {
		do(chromedp.Navigate(s.base + "/pprof/100000000-200000000/in-progress/blocked-sync/" + view))
		until(there)
	}

	do(chromedp.Navigate(s.base + "/pprof/100000000-200000000/"))
	until("document.querySelectorAll('tbody a[href$=flamegraph]').length > 5")
	do(chromedp.Evaluate[chromedp.Void]("void [...document.querySelectorAll('a')].find(a => a.textContent === 'report of this range').click()"))
	until("location.search === '?from_ns=100000000&to_ns=200000000' && " + ready)
	follow("Whole trace")
	until("location.pathname + location.search === '/' && " + ready)
}

// endless yields the same line for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = "y\n"[i%2]
	}
	return len(p), nil
}

// What is no trace is not copied to the disk to find that out, however long it is.
func TestServeLooksBeforeItCopies(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	code, _, told := command(t, endless{}, "serve", "-", "--no-browser")
	if code != exitUnreadable || !strings.Contains(told, "-: ") {
		t.Errorf("exit code %d, %s", code, told)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) != 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}
