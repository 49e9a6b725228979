// Package serve answers a browser of this machine with the HTML report of a trace, made
// anew for any window of it, and with pprof's own pages for each class of time.
//
//  1. address.go decides where to listen, and by which names a browser may ask.
//  2. guard.go lets a request pass: it names this server, comes from the server's own
//     pages or from whoever was told the address, and only reads.
//  3. window.go reads which part of the trace is asked for.
//  4. store.go makes what is asked for: once for all who ask at the same time, a few at a
//     time, and keeps the last of it.
//  5. pages.go writes the answers; mount.go has pprof write its own.
//
// What is in a trace is the user's alone, and neither the trace nor who asks is trusted:
// another page in the same browser, another user of the machine, a name that somebody
// else's DNS points here. No part of a request reaches the file system.
//
// Two things it cannot keep out. The browser is started with an address that is good
// once and for a minute, but which other users of the machine can read in the list of
// processes: one who is faster than the browser has the session, and the browser is
// refused. And browsers send a cookie to every port of a host, so that
// the server of another user of this machine gets it when the user visits that one.
package serve

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/pprof/profile"
)

// Profile is one of the profiles of a window.
type Profile struct {
	Class string // as waitkind has it
	// AtRest says that the waits that are idle by design are in it.
	AtRest bool
	// Samples is how many it has, Ns the time in them.
	Samples int
	Ns      int64
	// Make makes it, when somebody asks for it; several may be made at once.
	Make func() (*profile.Profile, error)
}

// Options are what a Server has to show and where.
type Options struct {
	// Title is what the pages are about, such as the file's name.
	Title string
	// Whole is the window that is shown first and holds all others; First is its report.
	Whole Window
	First []byte
	// Report makes the HTML report of a window, with the policy of report/html.
	Report func(context.Context, Window) ([]byte, error)
	// Profiles makes the profiles of a window.
	Profiles func(context.Context, Window) ([]Profile, error)
	// Unchanged returns ErrChanged, wrapped or not, when the trace is not any more what
	// it was in First. It is asked before an answer and after the work for one.
	Unchanged func() error
	// Log is told of faults of the program, nil for nobody.
	Log func(error)
}

// ErrChanged says that the trace's file is not what it was when the server started.
var ErrChanged = errors.New("the file has changed since it was read")

// How much may be asked for at once, and what is kept.
const (
	// maxAnalyses is how many readings of the trace go on at once, maxWaiting how many
	// more may wait for their turn.
	maxAnalyses = 2
	maxWaiting  = 6
	// maxRenders is how many of pprof's pages are made at once.
	maxRenders        = 2
	maxRendersWaiting = 14
	// keptPageBytes bounds the reports that are kept, keptSamples the samples of the
	// profiles, and keptProfiles of how many windows there are some.
	keptPageBytes = 96 << 20
	keptSamples   = 400_000
	keptProfiles  = 4
)

// Server is an http.Handler for one trace.
type Server struct {
	o        Options
	guard    *guard
	reports  *store[[]byte]
	profiles *store[*mounts]
	renders  *limit
	fresh    fresh
	mux      *http.ServeMux
}

// New returns a Server that is reached at an address. When ctx ends, so does all work.
func New(ctx context.Context, a *Address, o Options) *Server {
	s := &Server{o: o, guard: newGuard(a), renders: newLimit(maxRenders, maxRendersWaiting), mux: http.NewServeMux()}
	readings := newLimit(maxAnalyses, maxWaiting)
	s.reports = newStore(ctx, readings, keptPageBytes, s.report, func(page []byte) int { return len(page) })
	s.profiles = newStore(ctx, readings, keptSamples, s.mounts, func(m *mounts) int { return max(m.samples, keptSamples/keptProfiles) })
	s.reports.keep(o.Whole, o.First)
	s.mux.HandleFunc("GET /{$}", s.answerReport)
	s.mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	s.mux.HandleFunc("GET /pprof/{window}/{$}", s.answerProfiles)
	s.mux.HandleFunc("GET /pprof/{window}/{waits}/{class}/{$}", s.answerFirstView)
	s.mux.HandleFunc("GET /pprof/{window}/{waits}/{class}/{view}", s.answerView)
	s.mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errNotFound) })
	return s
}

// URL is the address to print. Whoever has it may see the trace, until the server ends.
func (s *Server) URL() string { return s.guard.url(s.guard.token) }

// OnceURL is an address that lets one browser in, once and soon: it is for a command
// line, which other users of the machine can read.
func (s *Server) OnceURL() string { return s.guard.url(s.guard.forOnce()) }

// report makes a report and checks that it is of the trace that is served.
func (s *Server) report(ctx context.Context, w Window) ([]byte, error) {
	page, err := s.o.Report(ctx, w)
	return page, errors.Join(err, s.o.Unchanged())
}

func (s *Server) mounts(ctx context.Context, w Window) (*mounts, error) {
	list, err := s.o.Profiles(ctx, w)
	if err := errors.Join(err, s.o.Unchanged()); err != nil {
		return nil, err
	}
	return newMounts(w, list), nil
}

// How long a connection may take for what. An analysis takes as long as it takes: only
// writing its answer is timed.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	writeTimeout      = 2 * time.Minute
	maxHeaderBytes    = 16 << 10
	maxURL            = 8 << 10
)

// HTTPServer is a server of net/http with the limits that this one needs. It has no
// ReadTimeout, which ends the context of a request that takes longer to answer.
func (s *Server) HTTPServer() *http.Server {
	h := &http.Server{
		Handler: s,
		// OPTIONS * would be answered by net/http.
		DisableGeneralOptionsHandler: true,
		ConnState:                    s.fresh.follow,
		ReadHeaderTimeout:            readHeaderTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		ErrorLog:                     log.New(logged{s}, "", 0),
	}
	h.RegisterOnShutdown(s.fresh.close)
	return h
}

// fresh are the connections on which nothing was asked yet, as browsers open some in
// advance: nobody waits for them when the server ends.
type fresh struct{ conns sync.Map }

func (f *fresh) follow(c net.Conn, state http.ConnState) {
	if state == http.StateNew {
		f.conns.Store(c, true)
	} else {
		f.conns.Delete(c)
	}
}

func (f *fresh) close() {
	f.conns.Range(func(c, _ any) bool {
		_ = c.(net.Conn).Close() // it is not used
		return true
	})
}

// logged hands on what net/http has to tell.
type logged struct{ *Server }

func (l logged) Write(p []byte) (int, error) {
	l.log(errors.New(strings.TrimSpace(string(p))))
	return len(p), nil
}
