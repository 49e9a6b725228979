package serve

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/conctrace/conctrace/report/html"
	"github.com/conctrace/conctrace/report/internal/plain"
	"github.com/conctrace/conctrace/report/internal/units"
)

//go:embed pages.html
var pagesSource string

var (
	pagesTemplate = template.Must(template.New("pages").Parse(pagesSource))
	pagesPolicy   = "default-src 'none'; style-src " + hashes([]string{html.Style()}) + "; img-src data:; base-uri 'none'; form-action 'none'" + framed
	reportPolicy  = html.Policy() + framed
)

// content is what pages.html writes: a notice, or the profiles of a window.
type content struct {
	Style    template.CSS
	Title    string
	Heading  string
	Notice   string
	Window   string
	Report   string // address of the window's report
	Profiles []profileRow
}

// profileRow is a class, with what is in progress and with all of it.
type profileRow struct {
	Class          string
	InProgress     string
	All            string
	From, FromRest string // addresses of the views
}

// answerReport answers with the report of the window that is asked for.
func (s *Server) answerReport(w http.ResponseWriter, r *http.Request) {
	window, err := asked(r.URL.RawQuery, s.o.Whole)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page, err := current(r.Context(), s, s.reports, window)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	send(w, http.StatusOK, "text/html; charset=utf-8", reportPolicy, page)
}

// current is what a store has of a window, if the trace is still the one that is served.
func current[T any](ctx context.Context, s *Server, from *store[T], w Window) (v T, err error) {
	if err := s.o.Unchanged(); err != nil {
		return v, err
	}
	return from.get(ctx, w)
}

// answerProfiles lists the profiles of a window.
func (s *Server) answerProfiles(w http.ResponseWriter, r *http.Request) {
	m, err := s.profilesOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	c := content{
		Heading: "Profiles", Window: m.window.words(),
		Report: "/?from_ns=" + strconv.FormatInt(m.window.FromNs, 10) + "&to_ns=" + strconv.FormatInt(m.window.ToNs, 10),
	}
	for _, p := range m.list {
		if p.AtRest {
			continue
		}
		row := profileRow{Class: p.Class, InProgress: spent(p.Ns), From: inProgress + "/" + p.Class + "/"}
		if rest := m.of(withRest, p.Class); rest != nil {
			row.All, row.FromRest = spent(rest.Ns), withRest+"/"+p.Class+"/"
		}
		c.Profiles = append(c.Profiles, row)
	}
	s.page(w, http.StatusOK, c)
}

// spent is a time in words, "" for none.
func spent(ns int64) string {
	if ns == 0 {
		return ""
	}
	return units.Duration(ns)
}

// profilesOf are the profiles of the window in a request's path.
func (s *Server) profilesOf(r *http.Request) (*mounts, error) {
	window, err := inPath(r.PathValue("window"), s.o.Whole)
	if err != nil {
		return nil, err
	}
	return current(r.Context(), s, s.profiles, window)
}

// answerFirstView sends on to the flame graph of a profile. It needs no reading of the
// trace to.
func (s *Server) answerFirstView(w http.ResponseWriter, r *http.Request) {
	window, err := inPath(r.PathValue("window"), s.o.Whole)
	if waits := r.PathValue("waits"); err == nil && waits != inProgress && waits != withRest {
		err = errNotFound
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Location", "/pprof/"+window.String()+"/"+r.PathValue("waits")+"/"+r.PathValue("class")+"/"+views[0])
	w.WriteHeader(http.StatusSeeOther)
}

// answerView answers with one of pprof's pages.
func (s *Server) answerView(w http.ResponseWriter, r *http.Request) {
	view := r.PathValue("view")
	if !slices.Contains(views, view) {
		s.fail(w, r, errNotFound)
		return
	}
	m, err := s.profilesOf(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p := m.of(r.PathValue("waits"), r.PathValue("class"))
	if p == nil {
		s.fail(w, r, errNotFound)
		return
	}
	leave, err := s.renders.enter(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	page, err := p.view(r.Context(), view, r.URL.RawQuery)
	leave() // whoever reads the answer slowly keeps nobody from asking
	if err != nil {
		s.fail(w, r, err)
		return
	}
	policy := nothing
	if own := page.header.Get("Content-Security-Policy"); own != "" {
		policy = own
	}
	if view == download {
		w.Header().Set("Content-Disposition", `attachment; filename="`+p.Class+`.pb.gz"`)
	}
	send(w, page.status, page.header.Get("Content-Type"), policy, page.body.Bytes())
}

// page writes one of the own pages.
func (s *Server) page(w http.ResponseWriter, status int, c content) {
	c.Style, c.Title = template.CSS(html.Style()), plain.Text(s.o.Title)
	var b bytes.Buffer
	if err := pagesTemplate.Execute(&b, c); err != nil {
		s.log(err)
		plainly(w, http.StatusInternalServerError, "The page could not be written.\n")
		return
	}
	send(w, status, "text/html; charset=utf-8", pagesPolicy, b.Bytes())
}

func (s *Server) log(err error) {
	if s.o.Log != nil {
		s.o.Log(err)
	}
}

// retryAfter is when it is worth trying again, in seconds.
const retryAfter = "5"

// fail answers with an error. Who has gone gets none.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return
	}
	c := content{Heading: "This cannot be shown"}
	status := http.StatusInternalServerError
	var bad badRequest
	switch {
	case errors.As(err, &bad):
		status, c.Notice = http.StatusBadRequest, string(bad)
	case errors.Is(err, errNotFound):
		status, c.Notice = http.StatusNotFound, "There is no such page. Of pprof’s pages, flamegraph, top, peek and download are served, for each class of time: the others would run programs, open the files that a profile names, or write settings."
	case errors.Is(err, ErrChanged):
		status, c.Notice = http.StatusConflict, "The file has changed since conctrace serve read it: what it said before and what is in it now do not go together. Start conctrace serve again."
	case errors.Is(err, errBusy):
		status, c.Notice = http.StatusServiceUnavailable, "Other ranges are being computed, and others wait for it. Try again in a few seconds."
		w.Header().Set("Retry-After", retryAfter)
	case errors.Is(err, context.Canceled):
		status, c.Notice = http.StatusServiceUnavailable, "The server is ending."
	default:
		s.log(err)
		c.Notice = plain.Text(err.Error())
	}
	s.page(w, status, c)
}

// send writes an answer. Only its writing is timed: making it took as long as it took.
func send(w http.ResponseWriter, status int, kind, policy string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout)) // what has no deadline needs none
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever asked may be gone
}
