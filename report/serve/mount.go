package serve

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/pprof/driver"
	"github.com/google/pprof/profile"
)

// views are the pages of pprof that are served. It has others: they run dot, open the
// files that a profile names, or write settings.
var views = []string{"flamegraph", "top", "peek", download}

const download = "download" // the profile itself

// mounts are pprof's pages for the profiles of a window.
type mounts struct {
	window  Window
	list    []*mounted
	samples int
}

// mounted is a profile, and pprof's pages of it once somebody has asked for one.
type mounted struct {
	Profile
	once     sync.Once
	handlers map[string]http.Handler
	likeness map[string]elements
	err      error
}

func newMounts(w Window, list []Profile) *mounts {
	m := &mounts{window: w}
	for _, p := range list {
		m.list = append(m.list, &mounted{Profile: p})
		m.samples += p.Samples
	}
	return m
}

// What is in progress, and with what is at rest, as addresses have it.
const (
	inProgress = "in-progress"
	withRest   = "all"
)

func waitsOf(p *Profile) string {
	if p.AtRest {
		return withRest
	}
	return inProgress
}

func (m *mounts) of(waits, class string) *mounted {
	i := slices.IndexFunc(m.list, func(p *mounted) bool { return p.Class == class && waitsOf(&p.Profile) == waits })
	if i < 0 {
		return nil
	}
	return m.list[i]
}

// page is one of pprof's pages, as pprof wrote it, with the headers that go with it.
type page struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (p *page) Header() http.Header { return p.header }

func (p *page) WriteHeader(status int) {
	if p.status == 0 {
		p.status = status
	}
}

func (p *page) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.body.Write(b)
}

// view has pprof write one of its pages.
func (m *mounted) view(ctx context.Context, name, query string) (*page, error) {
	m.once.Do(m.mount)
	if m.err != nil {
		return nil, m.err
	}
	p, err := rendered(ctx, m.handlers, name, query)
	if err != nil || name == download || p.status != http.StatusOK {
		return p, err
	}
	if err := p.fit(m.likeness[name]); err != nil {
		return nil, fmt.Errorf("pprof's page %s: %w", name, err)
	}
	return p, nil
}

func (m *mounted) mount() {
	m.err = errors.New("pprof's pages could not be made") // should what follows not come to its end
	p, err := m.Make()
	if err != nil {
		m.err = err
		return
	}
	if m.handlers, m.err = handlersOf(p); m.err == nil {
		m.likeness, m.err = likenessOf(p.SampleType)
	}
}

// driverState is what the driver keeps for the whole process: a call of driver.PProf
// writes it, its pages read it.
var driverState sync.RWMutex

func rendered(ctx context.Context, handlers map[string]http.Handler, name, query string) (*page, error) {
	h := handlers["/"+name]
	if h == nil {
		return nil, errNotFound
	}
	driverState.RLock()
	defer driverState.RUnlock()
	p := &page{header: http.Header{}}
	r := (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/" + name, RawQuery: query}, Header: http.Header{}}).WithContext(ctx)
	h.ServeHTTP(p, r)
	return p, nil
}

// handlersOf are pprof's pages of a profile, by path. Every part of the driver that would
// reach out of it is given here: what it lacks it takes from the process, which are
// os.Args, the terminal, binaries, and the network.
func handlersOf(p *profile.Profile) (handlers map[string]http.Handler, err error) {
	driverState.Lock()
	defer driverState.Unlock()
	err = withoutSettings(func() error {
		return driver.PProf(&driver.Options{
			Flagset:       flags{},
			Fetch:         fetched{p},
			Sym:           symbols{},
			Obj:           objects{},
			UI:            silent{},
			HTTPTransport: network{},
			HTTPServer: func(a *driver.HTTPServerArgs) error {
				handlers = a.Handlers
				return nil
			},
		})
	})
	if err == nil && handlers == nil {
		err = errors.New("pprof has no pages")
	}
	return handlers, err
}

// withoutSettings runs do while the folder for settings is none. Each of pprof's pages
// reads the user's settings from a file of which driver.PProf notes the name, and nothing
// but the environment says which. It is set during the call and put back: a file below
// the null device is none. Nothing else of the process looks at the variable then: a
// program that it starts, such as a browser, is to be started before, or is to be given
// an environment of its own.
func withoutSettings(do func() error) error {
	name := settingsVariable(runtime.GOOS)
	was, had := os.LookupEnv(name)
	if err := os.Setenv(name, os.DevNull); err != nil {
		return err
	}
	defer func() {
		if had {
			_ = os.Setenv(name, was) // it was valid before
		} else {
			_ = os.Unsetenv(name)
		}
	}()
	return do()
}

// settingsVariable is what os.UserConfigDir goes by.
func settingsVariable(system string) string {
	switch system {
	case "windows":
		return "AppData"
	case "darwin", "ios":
		return "HOME"
	case "plan9":
		return "home"
	}
	return "XDG_CONFIG_HOME"
}

// flags answers for a command line: pages on an address, which is not listened at, and
// one profile, which has no name.
type flags struct{}

func (flags) Bool(name string, value bool, _ string) *bool {
	value = value || name == "no_browser"
	return &value
}

func (flags) Int(_ string, value int, _ string) *int             { return &value }
func (flags) Float64(_ string, value float64, _ string) *float64 { return &value }

func (flags) String(name, value, _ string) *string {
	switch name {
	case "http":
		value = "localhost:1" // without a port, the driver opens one to find one
	case "symbolize":
		value = "none"
	}
	return &value
}

func (flags) StringList(_, _, _ string) *[]*string { return new([]*string) }
func (flags) ExtraUsage() string                   { return "" }
func (flags) AddExtraUsage(string)                 {}
func (flags) Parse(func()) []string                { return []string{"profile"} }

// fetched is a profile that comes from nowhere: one with a source would be saved.
type fetched struct{ p *profile.Profile }

func (f fetched) Fetch(string, time.Duration, time.Duration) (*profile.Profile, string, error) {
	return f.p, "", nil
}

type symbols struct{}

func (symbols) Symbolize(string, driver.MappingSources, *profile.Profile) error { return nil }

var errClosed = errors.New("pprof's pages reach nothing but the profile here")

type objects struct{}

func (objects) Open(string, uint64, uint64, uint64, string) (driver.ObjFile, error) {
	return nil, errClosed
}

func (objects) Disasm(string, uint64, uint64, bool) ([]driver.Inst, error) { return nil, errClosed }

type network struct{}

func (network) RoundTrip(*http.Request) (*http.Response, error) { return nil, errClosed }

// silent is a user who reads and says nothing. What goes wrong with a page is in it.
type silent struct{}

func (silent) ReadLine(string) (string, error)     { return "", errClosed }
func (silent) Print(...any)                        {}
func (silent) PrintErr(...any)                     {}
func (silent) IsTerminal() bool                    { return false }
func (silent) WantBrowser() bool                   { return false }
func (silent) SetAutoComplete(func(string) string) {}

// unserved hides what leads to pages that are not served, and asks for no icon.
const unserved = `<style>#graphbtn,#list,#disasm,#config,#action-source,#action-source-tab,#action-title+hr{display:none!important}</style><link rel="icon" href="data:,">`

// fit makes a page of pprof's one of this server's: without what is not served, and with
// a policy that runs its own scripts and nothing else.
func (p *page) fit(harmless elements) error {
	text := p.body.String()
	if err := elementsOf(text).like(harmless); err != nil {
		return err
	}
	text = strings.Replace(text, "</head>", unserved+"</head>", 1)
	p.body.Reset()
	p.body.WriteString(text)
	p.header.Set("Content-Type", "text/html; charset=utf-8")
	p.header.Set("Content-Security-Policy", elementsOf(text).policy())
	return nil
}

// elements are the scripts and styles of a page.
type elements struct{ scripts, styles []string }

var element = regexp.MustCompile(`(?s)<(script|style)[^>]*>(.*?)</(?:script|style)>`)

func elementsOf(text string) (e elements) {
	for _, m := range element.FindAllStringSubmatch(text, -1) {
		if m[1] == "script" {
			e.scripts = append(e.scripts, m[2])
		} else {
			e.styles = append(e.styles, m[2])
		}
	}
	return e
}

// like says whether a page has the scripts and styles that the same page of a harmless
// profile has. Only the last script differs, which has the profile in it: whatever else a
// name had brought into a page would be one too many, or another one.
func (e elements) like(harmless elements) error {
	last := len(harmless.scripts) - 1
	if len(e.scripts) != last+1 || !slices.Equal(e.scripts[:last], harmless.scripts[:last]) || !slices.Equal(e.styles, harmless.styles) {
		return errors.New("it has scripts or styles that are not pprof's")
	}
	return nil
}

// policy allows the scripts and styles of a page, by their hashes.
func (e elements) policy() string {
	return "default-src 'none'; script-src " + hashes(e.scripts) + "; style-src " + hashes(e.styles) + "; img-src data:; base-uri 'none'; form-action 'none'" + framed
}

func hashes(texts []string) string {
	out := make([]string, len(texts))
	for i, text := range texts {
		sum := sha256.Sum256([]byte(text))
		out[i] = "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return strings.Join(out, " ")
}

// likenessOf are the scripts and styles of each of pprof's pages for a profile that has
// nothing of a trace in it. Their types are in a script and the same, which are classes.
func likenessOf(types []*profile.ValueType) (map[string]elements, error) {
	fn := &profile.Function{ID: 1, Name: "main.main"}
	at := &profile.Location{ID: 1, Line: []profile.Line{{Function: fn}}}
	handlers, err := handlersOf(&profile.Profile{
		SampleType: types,
		Sample:     []*profile.Sample{{Location: []*profile.Location{at}, Value: slices.Repeat([]int64{1}, len(types))}},
		Location:   []*profile.Location{at}, Function: []*profile.Function{fn},
	})
	if err != nil {
		return nil, err
	}
	out := map[string]elements{}
	for _, name := range views {
		if name == download {
			continue
		}
		p, err := rendered(context.Background(), handlers, name, "")
		if err != nil {
			return nil, err
		}
		if out[name] = elementsOf(p.body.String()); len(out[name].scripts) == 0 {
			return nil, fmt.Errorf("pprof's page %s has no script: %d", name, p.status)
		}
	}
	return out, nil
}
