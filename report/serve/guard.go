package serve

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync/atomic"
	"time"
)

// guard decides who gets an answer.
type guard struct {
	address *Address
	// token is what the printed address has, once what the browser was started with
	// has until it is used, and session what the cookie has that either buys.
	token   string
	session string
	once    atomic.Pointer[string]
	cookie  string // its name: the ports of a host share their cookies
	cross   *http.CrossOriginProtection
}

func newGuard(a *Address) *guard {
	return &guard{address: a, token: newSecret(), session: newSecret(), cookie: "conctrace-" + a.port, cross: http.NewCrossOriginProtection()}
}

// newSecret has at least 128 random bits.
func newSecret() string { return rand.Text() }

// onceTime is how long a browser may take to start.
const onceTime = time.Minute

// forOnce is a new token that is good for one time, the only one of its kind.
func (g *guard) forOnce() string {
	once := newSecret()
	g.once.Store(&once)
	time.AfterFunc(onceTime, func() { g.once.CompareAndSwap(&once, nil) })
	return once
}

func (g *guard) url(token string) string { return "http://" + g.address.Host + "/?token=" + token }

// refusal is an answer to somebody who may not ask.
type refusal struct {
	status int
	text   string
}

// headers are on every answer. The policy allows nothing: who answers with a page says
// what that needs.
func headers(h http.Header) {
	h.Set("Content-Security-Policy", nothing)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
}

// nothing is the policy of an answer that is no page, framed ends that of one that is.
const (
	framed  = "; frame-ancestors 'none'"
	nothing = "default-src 'none'; base-uri 'none'; form-action 'none'" + framed
)

// ServeHTTP answers whoever may ask.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	headers(w.Header())
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // of the answer before on this connection
	defer func() {
		if fault := recover(); fault != nil {
			s.fail(w, r, fmt.Errorf("internal error: %v", fault))
		}
	}()
	g := s.guard
	if no := g.refuses(r); no != nil {
		if no.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, HEAD")
		}
		// Without waiting for what else is sent: net/http would read on for some of it.
		w.Header().Set("Connection", "close")
		_ = http.NewResponseController(w).SetReadDeadline(time.Now())
		plainly(w, no.status, no.text)
		return
	}
	query := r.URL.Query()
	if r.URL.Path == "/" && query.Has("token") {
		g.enter(w, r, query)
		return
	}
	if !g.knows(r) {
		plainly(w, http.StatusForbidden, "Open the address that conctrace serve printed, with its token: this browser has not done so yet, or another server was started since.\n")
		return
	}
	s.mux.ServeHTTP(w, r)
}

// plainly answers with a line of text.
func plainly(w http.ResponseWriter, status int, text string) {
	send(w, status, "text/plain; charset=utf-8", nothing, []byte(text))
}

// refuses says why a request gets no answer, whoever sent it; nil if it may.
func (g *guard) refuses(r *http.Request) *refusal {
	switch {
	case len(r.RequestURI) > maxURL:
		return &refusal{http.StatusRequestURITooLong, "The address is too long.\n"}
	case !g.address.answersTo(r.Host):
		return &refusal{http.StatusMisdirectedRequest, "This server has another name: use the address that conctrace serve printed.\n"}
	case g.cross.Check(r) != nil || foreign(r):
		return &refusal{http.StatusForbidden, "This was asked for by the page of another site or port. Open the address that conctrace serve printed.\n"}
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		return &refusal{http.StatusMethodNotAllowed, "Only GET and HEAD are answered.\n"}
	case r.ContentLength != 0:
		return &refusal{http.StatusBadRequest, "Nothing is taken.\n"}
	case !clean(r.URL):
		return &refusal{http.StatusNotFound, "There is no such page.\n"}
	}
	return nil
}

// foreign says whether the browser tells that a page of somebody else's asks. Another
// port of the same host is somebody else, although the cookie is sent to both. Whoever
// follows a link that has the token may come from anywhere.
func foreign(r *http.Request) bool {
	if origin := r.Header.Get("Origin"); origin != "" && origin != "http://"+r.Host {
		return true
	}
	if fromOwn(r) {
		return false
	}
	navigates := r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
	return !(navigates && r.URL.Path == "/" && r.URL.Query().Has("token"))
}

// fromOwn says whether a request comes from an own page, from the user, or from what is
// no browser of today.
func fromOwn(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "" || site == "none" || site == "same-origin"
}

// clean says whether a path is written the one way that own pages write it: without
// escapes, backslashes or dots to resolve.
func clean(u *url.URL) bool {
	p := u.Path
	if u.RawPath != "" || u.Opaque != "" || !strings.HasPrefix(p, "/") || strings.ContainsFunc(p, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' || r == '%' }) {
		return false
	}
	resolved := path.Clean(p)
	return p == resolved || p == resolved+"/"
}

// enter takes a token and gives the cookie for it. It sends the browser on to the same
// page without the token, which would stay in the history otherwise.
func (g *guard) enter(w http.ResponseWriter, r *http.Request, query url.Values) {
	if tokens := query["token"]; len(tokens) != 1 || !g.admits(tokens[0]) {
		plainly(w, http.StatusForbidden, "This token is not the one of the server that runs here now, or was good for one time only. Open the address that conctrace serve printed.\n")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: g.cookie, Value: g.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	query.Del("token")
	to := "/"
	if len(query) > 0 {
		to += "?" + query.Encode()
	}
	if fromOwn(r) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	// A redirect of what another site began still counts as begun there, and the browser
	// would keep the cookie to itself. What this page begins is its own.
	to = html.EscapeString(to)
	send(w, http.StatusOK, "text/html; charset=utf-8", nothing, fmt.Appendf(nil, passOn, to, to))
}

const passOn = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=%s"><title>conctrace</title></head><body><p><a href="%s">To the report</a></p></body></html>
`

// admits says whether a token is right, and uses it up if it is for once.
func (g *guard) admits(token string) bool {
	if same(token, g.token) {
		return true
	}
	once := g.once.Load()
	return once != nil && same(token, *once) && g.once.CompareAndSwap(once, nil)
}

// knows says whether a request has the cookie.
func (g *guard) knows(r *http.Request) bool {
	for _, c := range r.CookiesNamed(g.cookie) {
		if same(c.Value, g.session) {
			return true
		}
	}
	return false
}

// same compares secrets in a time that does not tell where they differ.
func same(x, y string) bool { return subtle.ConstantTimeCompare([]byte(x), []byte(y)) == 1 }

var errNotFound = errors.New("not found")
