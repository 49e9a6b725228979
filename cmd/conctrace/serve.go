package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/detect"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
	"github.com/conctrace/conctrace/report/html"
	"github.com/conctrace/conctrace/report/pprof"
	"github.com/conctrace/conctrace/report/serve"
	"github.com/google/pprof/profile"
	"github.com/spf13/cobra"
)

// serveFlags are the flags of conctrace serve, as given.
type serveFlags struct {
	http                   string
	noBrowser, allowRemote bool
	quiet                  bool
	readingFlags
}

func newServe(s streams, getenv func(string) string) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve TRACE",
		Short: "Show the HTML report in a browser, with any range read anew and pprof's pages",
		Long: `Analyses a trace and shows its HTML report in a browser, with the trace behind it: a range that
is chosen in the page can be computed anew, with up to four million of its intervals one by one,
and pprof's own pages show the stacks of each class of time in it. The filters of the command hold for all of it.

It answers this machine alone, at the address that it prints: the token in it lets a browser
in, and is another one with every start. Ctrl-C ends it.

TRACE is a file, which must stay as it is meanwhile, or - for standard input, which is kept in a
temporary file. The exit codes are those of conctrace analyze; ended with Ctrl-C it is 0.`,
		Example: `  conctrace serve trace.out
  conctrace serve trace.out --no-browser --http 127.0.0.1:8080
  conctrace serve trace.out --group 'api\.handle' --from 1s --to 5s
  curl -s localhost:6060/debug/pprof/trace?seconds=5 | conctrace serve -`,
		Args: oneTrace,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.readingFlags.check(cmd.Flags()); err != nil {
				return err
			}
			return runServe(cmd.Context(), args[0], &f, s, getenv)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.http, "http", "127.0.0.1:0", "listen at `HOST:PORT`; port 0 is one that is free")
	fl.BoolVar(&f.noBrowser, "no-browser", false, "open no browser; one is opened if standard output is a terminal")
	fl.BoolVar(&f.allowRemote, "allow-remote", false, "let --http name an address that other machines can reach: what is in the trace then crosses the network unencrypted")
	fl.StringVar(&f.task, "task", "", "only goroutines that took part in a task whose type matches `RE`")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	f.readingFlags.register(fl)
	return cmd
}

// runServe serves a trace until ctx ends. It listens first, so that an address that
// cannot be had is no surprise after a long reading, and answers nobody before the
// trace was read.
func runServe(ctx context.Context, arg string, f *serveFlags, s streams, getenv func(string) string) error {
	o, err := f.options()
	if err != nil {
		return err
	}
	listener, address, err := serve.Listen(ctx, f.http, f.allowRemote)
	if err != nil {
		return fmt.Errorf("--http: %w", err)
	}
	defer listener.Close()
	t, err := openServed(ctx, arg, o, s)
	if err != nil {
		return err
	}
	defer t.close()
	first, err := t.first(ctx, s, f.quiet)
	if err != nil {
		return err
	}

	working, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	log := func(err error) { tell(s.err, err) }
	srv := serve.New(working, address, serve.Options{
		Title: t.title(), Whole: t.whole, First: first,
		Report: t.report, Profiles: t.profiles, Unchanged: t.unchanged, Log: log,
	})
	tellServed(s, arg, srv, address)
	if !f.noBrowser && isTerminal(s.out) {
		openBrowser(srv.OnceURL(), getenv) // before anything is answered: see report/serve's withoutSettings
	}
	h := srv.HTTPServer()
	done := make(chan error, 1)
	go func() { done <- h.Serve(listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve %s: %w", arg, err)
	case <-ctx.Done():
	}
	end()
	shutDown(h)
	return nil
}

// shutdownTime is how long answers that are being written may take when the server ends.
const shutdownTime = 2 * time.Second

// shutDown ends a server, at the latest after some time.
func shutDown(h *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if h.Shutdown(ctx) != nil {
		_ = h.Close() // whoever was still being answered has had the time
	}
}

// tellServed says where the report is, and how to end.
func tellServed(s streams, arg string, srv *serve.Server, a *serve.Address) {
	name := arg
	if arg == "-" {
		name = "standard input"
	}
	fmt.Fprintf(s.out, "conctrace: serving %s at %s\n", printable(name), srv.URL())
	if a.Remote {
		fmt.Fprintln(s.err, "conctrace: warning: other machines can reach this address; what is in the trace crosses the network unencrypted")
	}
	fmt.Fprintln(s.err, "Ctrl-C ends it.")
}

// served is a trace that is served.
type served struct {
	source analyze.Source
	path   string // of the file
	temp   bool   // it is a copy of standard input
	opts   analyze.Options
	info   fs.FileInfo // of the file when it was read first
	whole  serve.Window
}

// openServed finds the file of a trace, or makes one of standard input and of whatever
// else can be read only once.
func openServed(ctx context.Context, arg string, o analyze.Options, s streams) (*served, error) {
	t := &served{source: analyze.File(arg), path: arg, opts: o}
	info, err := os.Stat(arg)
	switch {
	case arg == "-":
		err = t.spool(ctx, source(arg, s))
	case err == nil && !info.Mode().IsRegular() && !info.IsDir():
		err = t.spool(ctx, source(arg, s))
	case err != nil:
		if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathErr.Err // messages begin with the name as it was given
		}
		err = fmt.Errorf("%s: %w", arg, err)
	}
	if err == nil {
		t.info, err = os.Stat(t.path)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// spool copies a trace that can be read only once into a temporary file.
func (t *served) spool(ctx context.Context, from analyze.Source) error {
	temp, err := os.CreateTemp("", "conctrace-*.trace")
	if err != nil {
		return fmt.Errorf("keep %s in a temporary file: %w", from.Name(), err)
	}
	t.source, t.path, t.temp = analyze.Copy(from.Name(), temp.Name()), temp.Name(), true
	return errors.Join(analyze.CopyTo(ctx, from, t.opts, temp), temp.Close())
}

// close removes what was made.
func (t *served) close() {
	if t.temp {
		_ = os.Remove(t.path) // it is in the folder for such files
	}
}

func (t *served) title() string {
	if t.source.Name() == "-" {
		return "standard input"
	}
	return filepath.Base(t.source.Name())
}

// unchanged says whether the file is the one that was read first.
func (t *served) unchanged() error {
	info, err := os.Stat(t.path)
	if err != nil || !os.SameFile(info, t.info) || info.Size() != t.info.Size() || !info.ModTime().Equal(t.info.ModTime()) {
		return serve.ErrChanged
	}
	return nil
}

// first is the report of all that is served, and says how long that is.
func (t *served) first(ctx context.Context, s streams, quiet bool) ([]byte, error) {
	bar := newProgress(s.err, t.source.Name(), quiet)
	defer bar.finish()
	o := t.opts
	o.Progress = bar.update
	r, log, err := analyze.Detailed(ctx, t.source, o, 0)
	if err != nil {
		return nil, err
	}
	bar.finish()
	tellDamage(s.err, r)
	if err := t.unchanged(); err != nil {
		return nil, fmt.Errorf("%s: %w", t.source.Name(), err)
	}
	t.whole = serve.Window{FromNs: r.Scope.FromNs, ToNs: r.Scope.ToNs}
	return t.page(r, log, wholeBytes)
}

// options are those of a window. The edges of the whole are those of the command, so
// that what goes on beyond the trace's end is not taken for cut there.
func (t *served) options(w serve.Window) analyze.Options {
	o := t.opts
	if w.FromNs != t.whole.FromNs {
		o.From = time.Duration(w.FromNs)
	}
	if w.ToNs != t.whole.ToNs {
		o.To = time.Duration(w.ToNs)
	}
	return o
}

// How large a page may be, and how many intervals are told one by one: it crosses no
// network. That of the whole trace is the first to be seen and is to come soon, that of a
// range is to have all of it.
const (
	wholeBytes     = 16 << 20
	rangeBytes     = 64 << 20
	rangeIntervals = 4_000_000
)

// report is the page of a window.
func (t *served) report(ctx context.Context, w serve.Window) ([]byte, error) {
	intervals, bytes := rangeIntervals, rangeBytes
	if w == t.whole {
		intervals, bytes = 0, wholeBytes
	}
	r, log, err := analyze.Detailed(ctx, t.source, t.options(w), intervals)
	if err == nil {
		err = ctx.Err() // a page takes a while to write
	}
	if err != nil {
		return nil, err
	}
	return t.page(r, log, bytes)
}

// page writes the page of what was found, so many bytes large.
func (t *served) page(r *result.Result, log *interval.Log, most int) ([]byte, error) {
	o := html.Options{MaxBytes: most, Served: &html.Served{FromNs: t.whole.FromNs, ToNs: t.whole.ToNs}}
	for _, d := range detect.All {
		o.Detectors = append(o.Detectors, html.Detector{Name: d.Name, Title: d.Title, Doc: d.Doc})
	}
	var b bytes.Buffer
	err := html.Write(&b, r, log, o)
	return b.Bytes(), err
}

// profiles are those of a window, of every class, of one reading.
func (t *served) profiles(ctx context.Context, w serve.Window) ([]serve.Profile, error) {
	c := pprof.New(pprof.Options{})
	if _, err := analyze.Stream(ctx, t.source, t.options(w), c); err != nil {
		return nil, err
	}
	var out []serve.Profile
	for class := range waitkind.NumClasses {
		for _, atRest := range []bool{false, true} {
			p := serve.Profile{Class: class.String(), AtRest: atRest, Make: func() (*profile.Profile, error) { return c.Of(class, atRest) }}
			p.Samples, p.Ns = c.Sum(class, atRest)
			out = append(out, p)
		}
	}
	return out, nil
}
