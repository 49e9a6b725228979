package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/pprof/profile"
)

// secret is what only those may see who were let in.
const secret = "what the trace says"

// whole is the window that test servers serve.
var whole = Window{0, int64(10 * time.Second)}

// stage is a server and what it does.
type stage struct {
	*testing.T
	*Server
	address  *Address
	analyses atomic.Int32 // that began
	now      atomic.Int32 // that go on
	most     atomic.Int32 // that went on at once
	changed  atomic.Bool
	made     atomic.Int32 // profiles
	cookie   *http.Cookie

	listening string // where
}

// staged is a server whose analyses call analyse, if it is given.
func staged(t *testing.T, analyse func(context.Context, Window) error) *stage {
	t.Helper()
	l, a, err := Listen(t.Context(), "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{T: t, address: a, listening: l.Addr().String()}
	work := func(ctx context.Context, w Window) error {
		s.analyses.Add(1)
		now := s.now.Add(1)
		for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
		}
		defer s.now.Add(-1)
		if analyse == nil {
			return nil
		}
		return analyse(ctx, w)
	}
	ctx, end := context.WithCancel(context.Background())
	s.Server = New(ctx, a, Options{
		Title: "a trace", Whole: whole, First: []byte(secret),
		Report: func(ctx context.Context, w Window) ([]byte, error) {
			return []byte(secret + " in " + w.String()), work(ctx, w)
		},
		Profiles: func(ctx context.Context, w Window) ([]Profile, error) {
			return []Profile{s.profileOf(1, false), s.profileOf(3, true)}, work(ctx, w)
		},
		Unchanged: func() error {
			if s.changed.Load() {
				return ErrChanged
			}
			return nil
		},
	})
	h := s.HTTPServer()
	go func() { _ = h.Serve(l) }() // ends with Close
	t.Cleanup(func() {
		end()
		_ = h.Close()
	})
	s.cookie = &http.Cookie{Name: s.guard.cookie, Value: s.guard.session}
	return s
}

// hostile is a name that would run, were it not taken as text.
const hostile = `main.</script><script>alert(1)</script><style>*{}</style>"'` + "`${alert(1)}"

// sample is a profile of n samples of 1 ms, with names that a trace may have.
func sample(n int) *profile.Profile {
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "blocked-sync-count", Unit: "count"}, {Type: "blocked-sync", Unit: "nanoseconds"}}, DefaultSampleType: "blocked-sync"}
	p.Mapping = []*profile.Mapping{{ID: 1, File: hostile, HasFunctions: true}}
	for i := range n {
		fn := &profile.Function{ID: uint64(i + 1), Name: fmt.Sprint(hostile, i), Filename: "/etc/passwd"}
		at := &profile.Location{ID: uint64(i + 1), Mapping: p.Mapping[0], Line: []profile.Line{{Function: fn, Line: 1}}}
		p.Function, p.Location = append(p.Function, fn), append(p.Location, at)
		p.Sample = append(p.Sample, &profile.Sample{Location: []*profile.Location{at}, Value: []int64{1, int64(time.Millisecond)}, Label: map[string][]string{"group": {hostile}}})
	}
	return p
}

// profileOf is a profile of n samples that is made when somebody asks.
func (s *stage) profileOf(n int, atRest bool) Profile {
	return Profile{Class: "blocked-sync", AtRest: atRest, Samples: n, Ns: int64(n) * int64(time.Millisecond), Make: func() (*profile.Profile, error) {
		s.made.Add(1)
		return sample(n), nil
	}}
}

// ask answers a request of somebody who was let in, after change.
func (s *stage) ask(target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	s.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = s.address.Host
	r.AddCookie(s.cookie)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }

func noCookie(r *http.Request) { r.Header.Del("Cookie") }

// from is a request that a browser makes for a page of another site, or port.
func from(site, mode, dest string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", site)
		r.Header.Set("Sec-Fetch-Mode", mode)
		r.Header.Set("Sec-Fetch-Dest", dest)
	}
}

// checkHeaders fails the test if an answer lacks what every answer has.
func checkHeaders(t *testing.T, what string, h http.Header) {
	t.Helper()
	for name, want := range map[string]string{
		"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %s is %q, want %q", what, name, got, want)
		}
	}
	policy := h.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("%s: the policy %q lacks %s", what, policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
		t.Errorf("%s: the policy %q allows too much", what, policy)
	}
	for _, name := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin"} {
		if got := h.Get(name); got != "" {
			t.Errorf("%s: %s is %q", what, name, got)
		}
	}
}

// Whoever has no business here gets a refusal, sets off no work and learns nothing.
func TestStrangersGetNothing(t *testing.T) {
	s := staged(t, nil)
	other := staged(t, nil)
	port := s.address.port
	method := func(m string) func(*http.Request) { return func(r *http.Request) { r.Method = m } }
	target := "/?from=1s&to=2s"
	for name, c := range map[string]struct {
		target string
		change []func(*http.Request)
		status int
	}{
		"no cookie":                       {target, []func(*http.Request){noCookie}, 403},
		"an empty cookie":                 {target, []func(*http.Request){header("Cookie", s.guard.cookie+"=")}, 403},
		"a cookie with the token":         {target, []func(*http.Request){header("Cookie", s.guard.cookie+"="+s.guard.token)}, 403},
		"the cookie of another start":     {target, []func(*http.Request){header("Cookie", s.guard.cookie+"="+other.guard.session)}, 403},
		"the cookie by another name":      {target, []func(*http.Request){header("Cookie", "session="+s.guard.session)}, 403},
		"a longer cookie":                 {target, []func(*http.Request){header("Cookie", s.guard.cookie+"="+s.guard.session+"A")}, 403},
		"another host":                    {target, []func(*http.Request){host("evil.example:" + port)}, 421},
		"a host that begins alike":        {target, []func(*http.Request){host("127.0.0.1.evil.example:" + port)}, 421},
		"a host with a dot behind":        {target, []func(*http.Request){host("127.0.0.1.:" + port)}, 421},
		"localhost where it is not":       {target, []func(*http.Request){host("localhost:" + port)}, 421},
		"another spelling of the address": {target, []func(*http.Request){host("2130706433:" + port)}, 421},
		"IPv6 for the address":            {target, []func(*http.Request){host("[::ffff:127.0.0.1]:" + port)}, 421},
		"another port":                    {target, []func(*http.Request){host("127.0.0.1:1")}, 421},
		"no port":                         {target, []func(*http.Request){host("127.0.0.1")}, 421},
		"no host":                         {target, []func(*http.Request){host("")}, 421},
		"a user before the host":          {target, []func(*http.Request){host("evil@" + s.address.Host)}, 421},
		"the right host, and a token":     {"/?token=" + s.guard.token, []func(*http.Request){host("evil.example:" + port)}, 421},
		"a link on another site":          {target, []func(*http.Request){from("cross-site", "navigate", "document")}, 403},
		"a picture on another site":       {target, []func(*http.Request){from("cross-site", "no-cors", "image")}, 403},
		"a frame of another port":         {target, []func(*http.Request){from("same-site", "navigate", "iframe")}, 403},
		"a script of another port":        {target, []func(*http.Request){from("same-site", "no-cors", "script")}, 403},
		"a fetch of another port":         {target, []func(*http.Request){from("same-site", "cors", "empty"), header("Origin", "http://127.0.0.1:1")}, 403},
		"an origin alone":                 {target, []func(*http.Request){header("Origin", "http://evil.example")}, 403},
		"the origin null":                 {target, []func(*http.Request){header("Origin", "null")}, 403},
		"a site that is no word":          {target, []func(*http.Request){header("Sec-Fetch-Site", "Same-Origin")}, 403},
		"a token in a frame":              {"/?token=" + s.guard.token, []func(*http.Request){from("cross-site", "navigate", "iframe")}, 403},
		"a token in a fetch":              {"/?token=" + s.guard.token, []func(*http.Request){from("cross-site", "no-cors", "empty")}, 403},
		"a token elsewhere":               {"/pprof/0-1000/?token=" + s.guard.token, []func(*http.Request){noCookie}, 403},
		"the token of another start":      {"/?token=" + other.guard.token, nil, 403},
		"the session as a token":          {"/?token=" + s.guard.session, []func(*http.Request){noCookie}, 403},
		"an empty token":                  {"/?token=", []func(*http.Request){noCookie}, 403},
		"two tokens":                      {"/?token=" + s.guard.token + "&token=x", []func(*http.Request){noCookie}, 403},
		"a form of another site":          {target, []func(*http.Request){method("POST"), from("cross-site", "navigate", "document")}, 403},
		"POST":                            {target, []func(*http.Request){method("POST")}, 405},
		"PUT":                             {target, []func(*http.Request){method("PUT")}, 405},
		"DELETE":                          {target, []func(*http.Request){method("DELETE")}, 405},
		"OPTIONS":                         {target, []func(*http.Request){method("OPTIONS"), header("Access-Control-Request-Method", "PUT")}, 405},
		"TRACE":                           {target, []func(*http.Request){method("TRACE")}, 405},
		"a method that is none":           {target, []func(*http.Request){method("GETT")}, 405},
		"something to take":               {target, []func(*http.Request){func(r *http.Request) { r.ContentLength = 10 }}, 400},
		"something of unknown length":     {target, []func(*http.Request){func(r *http.Request) { r.ContentLength = -1 }}, 400},
		"a huge query":                    {"/?from=" + strings.Repeat("1", maxURL), nil, 414},
		"a huge path":                     {"/pprof/" + strings.Repeat("1", maxURL), nil, 414},
	} {
		t.Run(name, func(t *testing.T) {
			w := s.ask(c.target, c.change...)
			if w.Code != c.status {
				t.Errorf("status %d, want %d: %s", w.Code, c.status, w.Body)
			}
			if body := w.Body.String(); strings.Contains(body, secret) || strings.Contains(body, s.guard.token) || strings.Contains(body, s.guard.session) {
				t.Errorf("the answer tells: %s", body)
			}
			if got := w.Header().Get("Set-Cookie"); got != "" {
				t.Errorf("a cookie is set: %s", got)
			}
			checkHeaders(t, name, w.Header())
		})
	}
	if n := s.analyses.Load(); n != 0 {
		t.Errorf("strangers set off %d analyses", n)
	}
}

// No spelling of a path reaches anything but a page, and none is sent anywhere else.
func TestPathsLeadNowhere(t *testing.T) {
	s := staged(t, nil)
	conn := func(target string) (int, http.Header, string) { // as it is, past net/url's and net/http's clients
		t.Helper()
		c, err := net.Dial("tcp", s.address.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nConnection: close\r\n\r\n", target, s.address.Host, s.cookie)
		all, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := strings.Cut(string(all), "\r\n\r\n")
		h := http.Header{}
		for line := range strings.Lines(head) {
			if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
				h.Add(name, value)
			}
		}
		var status int
		if _, err := fmt.Sscanf(head, "HTTP/1.1 %d", &status); err != nil {
			t.Fatalf("%q: %v", head, err)
		}
		return status, h, body
	}
	if status, _, body := conn("/"); status != 200 || body != secret {
		t.Fatalf("the page itself: %d, %q", status, body)
	}
	view := "/pprof/0-1000/in-progress/blocked-sync/"
	for _, target := range []string{
		"/../etc/passwd", "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/%2e%2e%2fetc%2fpasswd", "/..%2fetc/passwd", "/..%5c..%5cetc%5cpasswd", `/..\..\etc\passwd`,
		"/%252e%252e/etc/passwd", "/..%c0%afetc/passwd", "/..;/etc/passwd", "/./etc/passwd", "/etc/passwd", "/C:/Windows/win.ini", "/%00", "/%0d%0aX-Injected:1", "/\u00e9", "/%ff",
		"//evil.example", "///evil.example/", "//evil.example/%2f..", `/\evil.example`, "/%5cevil.example", "/%2fevil.example", "/pprof/%2f%2fevil.example/", "/?//evil.example/..",
		"/index.html", "/page.js", "/debug/pprof/", "/pprof", "/pprof/", "/pprof//", "/pprof/x/", "/pprof/0-1000", "/pprof/1-", "/pprof/-1-2/", "/pprof/01-2/", "/pprof/1-2-3/", "/pprof/0x1-2/", "/pprof/0-99999999999999999999/", "/pprof/0-9999999999999999999/",
		"/pprof/../pprof/0-1000/", "/pprof/0-1000/../0-1000/", "/pprof/0-1000/%2e%2e/", "/pprof/0-1000/x/blocked-sync/", "/pprof/0-1000/x/blocked-sync/top", "/pprof/0-1000/all/nothing/top", "/pprof/0-1000/all/%2e%2e/top", "/pprof/0-1000/all/blocked-sync/top/", "/pprof/0-1000/all/blocked-sync/top/x",
		view + "graph", view + "source", view + "source?f=main", view + "disasm", view + "disasm?f=main", view + "saveconfig?config=x", view + "deleteconfig?config=x", view + "flamegraph2", view + "flamegraphold", view + "Flamegraph", view + "weblist", view + "svg", view + "..", view + "%2e%2e/top",
	} {
		status, h, body := conn(target)
		slash := status == 307 && h.Get("Location") == target+"/" // and there is nothing there
		if status != 404 && status != 400 && !slash {
			t.Errorf("%s: status %d, to %q", target, status, h.Get("Location"))
		}
		for _, tells := range []string{secret, "root:x:", "alert(1)"} {
			if strings.Contains(body, tells) {
				t.Errorf("%s: the answer has %q", target, tells)
			}
		}
		if h.Get("X-Injected") != "" || strings.Contains(h.Get("Location"), "evil") {
			t.Errorf("%s: headers %v", target, h)
		}
	}
	for _, target := range []string{"http://evil.example/", "http://evil.example:" + s.address.port + "/"} { // names the host by itself
		if status, _, body := conn(target); status != 421 || strings.Contains(body, secret) {
			t.Errorf("%s: %d, %q", target, status, body)
		}
	}
	if status, _, body := conn("/?x=" + strings.Repeat("x", maxHeaderBytes+8192)); status != 431 && status != 414 || strings.Contains(body, secret) {
		t.Errorf("a line that is too long: %d", status)
	}
}

// A header that is too large ends the connection, whoever sends it.
func TestHugeHeadersAreNotRead(t *testing.T) {
	s := staged(t, nil)
	r, err := http.NewRequest(http.MethodGet, "http://"+s.address.Host+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(s.cookie)
	r.Header.Set("X-Long", strings.Repeat("x", maxHeaderBytes+8192))
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return // closed before the request was read, which is as well
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge || strings.Contains(string(body), secret) {
		t.Errorf("status %d: %s", resp.StatusCode, body)
	}
}

// The printed address lets a browser in: it gets a cookie that only this server is sent
// and no script sees, and goes on to the page without the token.
func TestTokenBuysTheCookie(t *testing.T) {
	s := staged(t, nil)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var passed []string
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		passed = append(passed, r.URL.String())
		return nil
	}}
	resp, err := client.Get(s.URL() + "&from=1s&to=2s")
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if want := secret + " in 1000000000-2000000000"; resp.StatusCode != 200 || string(body) != want {
		t.Errorf("%d, %q, want %q", resp.StatusCode, body, want)
	}
	if want := "http://" + s.address.Host + "/?from=1s&to=2s"; len(passed) != 1 || passed[0] != want {
		t.Errorf("it went to %v, want %s", passed, want)
	}
	w := s.ask("/?token="+s.guard.token, noCookie)
	c, err := http.ParseSetCookie(w.Header().Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || !strings.Contains(c.Name, s.address.port) || len(c.Value) < 26 {
		t.Errorf("the cookie is %v", c)
	}
	if len(s.guard.token) < 26 || s.guard.token == s.guard.session || s.guard.token == staged(t, nil).guard.token { // 26 letters of 5 bits
		t.Error("the token is not a secret of its own")
	}
	if got := w.Header().Get("Location"); w.Code != 303 || got != "/" {
		t.Errorf("%d to %q", w.Code, got)
	}
	checkHeaders(t, "the token's answer", w.Header())
}

// Who follows a link with the token on a page of another site is sent on by an own page:
// a redirect would still count as the other site's, without the cookie.
func TestTokenFromAnotherSite(t *testing.T) {
	s := staged(t, nil)
	w := s.ask(`/?token=`+s.guard.token+`&x="><script>alert(1)</script>`, noCookie, from("cross-site", "navigate", "document"))
	body := w.Body.String()
	if w.Code != 200 || w.Header().Get("Set-Cookie") == "" || !strings.Contains(body, `http-equiv="refresh" content="0;url=/?x=`) {
		t.Errorf("%d: %s", w.Code, body)
	}
	if strings.Contains(body, "<script") || strings.Contains(body, s.guard.token) {
		t.Errorf("the page has what it should not: %s", body)
	}
	checkHeaders(t, "the page", w.Header())
}

// The address for a command line, which other users see, lets one browser in.
func TestOnceURLIsGoodOnce(t *testing.T) {
	s := staged(t, nil)
	u, err := url.Parse(s.OnceURL())
	if err != nil || u.Host != s.address.Host {
		t.Fatal(u, err)
	}
	if w := s.ask("/?token=wrong", noCookie); w.Code != 403 {
		t.Errorf("a wrong token: %d", w.Code)
	}
	for i, want := range []int{303, 403} {
		if w := s.ask(u.RequestURI(), noCookie); w.Code != want || (w.Header().Get("Set-Cookie") != "") != (want == 303) {
			t.Errorf("time %d: %d, want %d", i+1, w.Code, want)
		}
	}
	if w := s.ask("/?token="+s.guard.token, noCookie); w.Code != 303 {
		t.Errorf("the printed address then: %d", w.Code)
	}
}

// It is good for as long as a browser takes to start.
func TestOnceURLEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGuard(&Address{Host: "127.0.0.1:99", port: "99"})
		old, now := g.forOnce(), g.forOnce()
		if g.admits(old) {
			t.Error("there are two")
		}
		time.Sleep(onceTime + time.Second)
		if g.admits(now) || !g.admits(g.token) {
			t.Error("it is good for too long, or the printed one is not")
		}
	})
}

// Everybody who was let in and does as browsers do gets the page, HEAD its headers.
func TestOwnPagesMayAsk(t *testing.T) {
	s := staged(t, nil)
	for name, change := range map[string]func(*http.Request){
		"no browser": func(*http.Request) {}, "typed": from("none", "navigate", "document"), "a link": from("same-origin", "navigate", "document"),
		"an own fetch": func(r *http.Request) {
			from("same-origin", "cors", "empty")(r)
			r.Header.Set("Origin", "http://"+s.address.Host)
		},
		"among other cookies": header("Cookie", "a=b; "+s.guard.cookie+"=old; "+s.cookie.String()+"; c=d"),
	} {
		if w := s.ask("/", change); w.Code != 200 || w.Body.String() != secret {
			t.Errorf("%s: %d, %q", name, w.Code, w.Body)
		}
	}
	if w := s.ask("/", func(r *http.Request) { r.Method = http.MethodHead }); w.Code != 200 || w.Header().Get("Content-Length") != fmt.Sprint(len(secret)) {
		t.Errorf("HEAD: %d, %v", w.Code, w.Header())
	}
}

// Whatever is answered has the headers, errors and pprof's pages too.
func TestEveryAnswerHasTheHeaders(t *testing.T) {
	s := staged(t, func(_ context.Context, w Window) error {
		switch w.FromNs {
		case 1:
			return errors.New("<b>the file</b> is gone")
		case 2:
			panic("a fault")
		case 3:
			return errBusy
		}
		return nil
	})
	view := "/pprof/0-1000/in-progress/blocked-sync/"
	for target, status := range map[string]int{
		"/": 200, "/?from=1s": 200, "/?from=x": 400, "/?from_ns=1": 500, "/?from_ns=2": 500, "/?from_ns=3": 503, "/favicon.ico": 204, "/nothing": 404, "/pprof/0-1000/": 200, "/pprof/2-1000/": 500,
		view: 303, view + "flamegraph": 200, view + "top": 200, view + "peek?f=.": 200, view + "peek?f=[": 400, view + "download": 200, view + "graph": 404, view + "top?si=nothing": 400, view + "top?n=x": 400,
	} {
		w := s.ask(target)
		if w.Code != status {
			t.Errorf("%s: status %d, want %d: %.300s", target, w.Code, status, w.Body)
		}
		checkHeaders(t, target, w.Header())
		if strings.Contains(w.Body.String(), "<b>the file") {
			t.Errorf("%s: an error's text is markup", target)
		}
		if retry := w.Header().Get("Retry-After"); (retry != "") != (status == 503) {
			t.Errorf("%s: Retry-After is %q", target, retry)
		}
	}
	s.changed.Store(true)
	for _, target := range []string{"/", "/?from=1s", "/pprof/0-1000/", view + "top"} {
		w := s.ask(target)
		if w.Code != 409 || strings.Contains(w.Body.String(), secret) {
			t.Errorf("%s of a file that changed: %d", target, w.Code)
		}
		checkHeaders(t, target, w.Header())
	}
}

// A file that changes while it is read spoils what was read, which is not kept.
func TestChangeWhileReading(t *testing.T) {
	var s *stage
	s = staged(t, func(context.Context, Window) error {
		s.changed.Store(true)
		return nil
	})
	if w := s.ask("/?from=1s"); w.Code != 409 {
		t.Errorf("status %d", w.Code)
	}
	s.changed.Store(false) // somebody put it back: what was read meanwhile is not to be trusted
	before := s.analyses.Load()
	s.ask("/?from=1s")
	if s.analyses.Load() != before+1 {
		t.Error("what was read of a file that changed was kept")
	}
}

// A window is what the address says, within what is served; what cannot be meant is an
// error, and none of it is analysed.
func TestWindows(t *testing.T) {
	s := staged(t, nil)
	for query, want := range map[string]string{
		"from=1s&to=2s": "1000000000-2000000000", "from_ns=5&to_ns=7": "5-7", "from=1.5us": "1500-10000000000", "to_ns=7": "0-7", "from_ns=5&to=1ms": "5-1000000", "from=2s&to=10h": "2000000000-10000000000",
	} {
		if w := s.ask("/?" + query); w.Code != 200 || w.Body.String() != secret+" in "+want {
			t.Errorf("%s: %d, %q, want %s", query, w.Code, w.Body, want)
		}
	}
	for _, same := range []string{"", "from=0", "from_ns=0&to_ns=10000000000", "to=10s", "to=1h"} { // is there already
		if w := s.ask("/?" + same); w.Code != 200 || w.Body.String() != secret {
			t.Errorf("%q: %d, %q", same, w.Code, w.Body)
		}
	}
	before := s.analyses.Load()
	for _, query := range []string{
		"from=2s&to=1s", "from=1s&to=1s", "from=-1s", "from_ns=-1", "to_ns=-1", "to_ns=0", "from=NaN", "from_ns=NaN", "from_ns=1e3", "from_ns=0x10", "from_ns=1.5", "from_ns=", "from=", "from=1", "from=Inf", "to=inf",
		"from_ns=9223372036854775808", "to_ns=99999999999999999999", "from=99999999h", "to_ns=-9223372036854775808", "from=10s", "from=11s", "from_ns=9223372036854775807",
		"from=1s&from=2s", "from=1s&from_ns=5", "to=1s&to_ns=5", "x=1", "From=1s", "from=1s&x", "from=1s;to=2s", "from=%zz", "from=1s%00", "from_ns=%31%00", "from_ns=+1", "from_ns=%201", "file=/etc/passwd", "trace=../x",
	} {
		w := s.ask("/?" + query)
		if w.Code != 400 || strings.Contains(w.Body.String(), secret) {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
	if n := s.analyses.Load(); n != before {
		t.Errorf("%d analyses of windows that are none", n-before)
	}
}

// Whatever an address says, the window lies within what is served and is not empty.
func FuzzWindow(f *testing.F) {
	for _, seed := range []string{"from=1s&to=2s", "from_ns=5", "to=9999h", "from=-1s", "1-2", "0-9223372036854775807", "from=NaN", "from_ns=9223372036854775807&to_ns=9223372036854775807"} {
		f.Add(seed)
	}
	part := Window{1e9, 5e9}
	f.Fuzz(func(t *testing.T, text string) {
		for _, read := range []func(string, Window) (Window, error){asked, inPath} {
			if w, err := read(text, part); err == nil && (w.FromNs < part.FromNs || w.ToNs > part.ToNs || w.FromNs >= w.ToNs) {
				t.Errorf("%q is %v", text, w)
			}
		}
	})
}

// Thousands of windows that are asked for at once are analysed two at a time; who would
// have to wait too long is told to come again, and what is kept stays small.
func TestFloodOfWindows(t *testing.T) {
	s := staged(t, func(ctx context.Context, _ Window) error {
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	s.reports.kept.most = 50 * len(secret)
	var wg sync.WaitGroup
	var answered, refused atomic.Int32
	for g := range 40 {
		wg.Go(func() {
			for i := range 100 {
				w := s.ask(fmt.Sprintf("/?from_ns=%d", 1+100*g+i))
				switch w.Code {
				case 200:
					answered.Add(1)
				case 503:
					refused.Add(1)
					if w.Header().Get("Retry-After") == "" {
						t.Error("nobody says when to come again")
					}
				default:
					t.Errorf("status %d", w.Code)
				}
			}
		})
	}
	wg.Wait()
	if most := s.most.Load(); most > maxAnalyses {
		t.Errorf("%d analyses at once", most)
	}
	if n := s.analyses.Load(); answered.Load() == 0 || refused.Load() == 0 || n != answered.Load() {
		t.Errorf("%d answers, %d refusals, %d analyses", answered.Load(), refused.Load(), n)
	}
	if c := &s.reports.kept; c.sum > c.most || len(c.at) != c.order.Len() || len(s.reports.flights) != 0 {
		t.Errorf("%d bytes are kept of %d windows, %d flights", c.sum, len(c.at), len(s.reports.flights))
	}
}

// waitUntil waits for something that other goroutines bring about.
func waitUntil(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func (s *stage) waiting(w Window) int {
	s.reports.mu.Lock()
	defer s.reports.mu.Unlock()
	if f := s.reports.flights[w]; f != nil {
		return f.waiting
	}
	return 0
}

// Who asks for the same at the same time shares one analysis, and who asks later gets
// what was kept.
func TestSameWindowIsAnalysedOnce(t *testing.T) {
	ready := make(chan struct{})
	s := staged(t, func(context.Context, Window) error {
		<-ready
		return nil
	})
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			if w := s.ask("/?from=1s"); w.Code != 200 {
				t.Errorf("status %d", w.Code)
			}
		})
	}
	w := Window{int64(time.Second), whole.ToNs}
	waitUntil(t, "all ask", func() bool { return s.waiting(w) == 30 })
	close(ready)
	wg.Wait()
	s.ask("/?from_ns=1000000000")
	if n := s.analyses.Load(); n != 1 {
		t.Errorf("%d analyses", n)
	}
}

// An analysis goes on while somebody waits for it, and ends when the last has gone. Who
// asks again gets a new one.
func TestLastToGoEndsTheAnalysis(t *testing.T) {
	ended := make(chan error, 1)
	hold := atomic.Bool{}
	hold.Store(true)
	s := staged(t, func(ctx context.Context, _ Window) error {
		if !hold.Load() {
			return nil
		}
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	})
	w := Window{int64(time.Second), whole.ToNs}
	leave := make([]context.CancelFunc, 2)
	var wg sync.WaitGroup
	for i := range leave {
		ctx, cancel := context.WithCancel(t.Context())
		leave[i] = cancel
		wg.Go(func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address.Host+"/?from=1s", nil)
			if err != nil {
				t.Error(err)
				return
			}
			r.AddCookie(s.cookie)
			if resp, err := new(http.Transport).RoundTrip(r); err == nil {
				resp.Body.Close()
				t.Errorf("who has gone is answered: %d", resp.StatusCode)
			}
		})
	}
	waitUntil(t, "both ask", func() bool { return s.waiting(w) == 2 })
	leave[0]()
	waitUntil(t, "one has gone", func() bool { return s.waiting(w) == 1 })
	select {
	case <-ended:
		t.Error("it ended while somebody waited for it")
	default:
	}
	leave[1]()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	wg.Wait()
	hold.Store(false)
	if w := s.ask("/?from=1s"); w.Code != 200 || s.analyses.Load() != 2 {
		t.Errorf("asked again: %d, %d analyses", w.Code, s.analyses.Load())
	}
}

// When the server ends, so does its work, and who waits is told.
func TestEndOfTheServer(t *testing.T) {
	ctx, end := context.WithCancel(context.Background())
	s := newStore(ctx, newLimit(1, 1), 1, func(ctx context.Context, _ Window) (int, error) {
		<-ctx.Done()
		return 0, ctx.Err()
	}, func(int) int { return 1 })
	done := make(chan error)
	for i := range int64(2) { // one has its turn, one waits for it
		go func() {
			_, err := s.get(context.Background(), Window{i, i + 1})
			done <- err
		}()
	}
	waitUntil(t, "both ask", func() bool { return len(s.limit.admitted) == 2 })
	if _, err := s.get(context.Background(), Window{5, 6}); !errors.Is(err, errBusy) {
		t.Errorf("a third gets %v", err)
	}
	end()
	for range 2 {
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("who waited gets %v", err)
		}
	}
	waitUntil(t, "all have left", func() bool { return len(s.limit.admitted) == 0 && len(s.limit.running) == 0 })
}

// raw sends bytes over a connection of its own and returns all that comes back until the
// server closes it.
func (s *stage) raw(request string) string {
	s.Helper()
	c, err := net.Dial("tcp", s.listening)
	if err != nil {
		s.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		s.Fatal(err)
	}
	if _, err := io.WriteString(c, request); err != nil {
		s.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		s.Errorf("%q: the connection stays open: %v", request, err)
	}
	return string(answer)
}

// A stranger who announces more than is sent does not keep a connection.
func TestConnectionsOfStrangersEnd(t *testing.T) {
	s := staged(t, nil)
	for request, status := range map[string]string{
		"GET / HTTP/1.1\r\nHost: evil\r\nContent-Length: 100\r\n\r\n":                                           "421",
		"POST / HTTP/1.1\r\nHost: " + s.address.Host + "\r\nTransfer-Encoding: chunked\r\n\r\n":                 "405",
		"GET / HTTP/1.1\r\nHost: " + s.address.Host + "\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n": "400",
		"OPTIONS * HTTP/1.1\r\nHost: evil\r\n\r\n":                                                              "421",
		"OPTIONS * HTTP/1.1\r\nHost: " + s.address.Host + "\r\nConnection: close\r\n\r\n":                       "405",
	} {
		answer := s.raw(request)
		if !strings.Contains(answer, " "+status+" ") || !strings.Contains(answer, "Content-Security-Policy: ") {
			t.Errorf("%q is answered with\n%s\nwant %s", request, answer, status)
		}
	}
}

// A profile is made when somebody looks at it, and once.
func TestProfilesAreMadeWhenTheyAreLookedAt(t *testing.T) {
	s := staged(t, nil)
	window := "/pprof/" + whole.String() + "/"
	if w := s.ask(window); w.Code != http.StatusOK || s.made.Load() != 0 {
		t.Errorf("the list: %d, %d profiles are made", w.Code, s.made.Load())
	}
	for range 2 {
		if w := s.ask(window + "in-progress/blocked-sync/top"); w.Code != http.StatusOK || s.made.Load() != 1 {
			t.Errorf("a view: %d, %d profiles are made", w.Code, s.made.Load())
		}
	}
}
