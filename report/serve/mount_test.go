package serve

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/pprof/profile"
)

const blocked = "/pprof/0-1000/in-progress/blocked-sync/"

// nowhere makes the user's folders and the current one empty ones, and fails the test if
// anything is in them when it ends.
func nowhere(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "AppData", "LocalAppData", "PPROF_TMPDIR", "TMPDIR"} {
		t.Setenv(name, dir)
	}
	t.Chdir(dir)
	t.Cleanup(func() {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if path != dir {
				t.Errorf("there is %s now", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// pprof's pages read no settings and write none, open no file that a profile names, and
// run nothing.
func TestPprofReachesNothing(t *testing.T) {
	nowhere(t)
	s := staged(t, nil)
	file, err := os.ReadFile("/etc/passwd")
	if err != nil {
		t.Logf("no file to tell of: %v", err)
	}
	first, _, _ := bytes.Cut(file, []byte("\n"))
	for _, target := range []string{
		"flamegraph", "flamegraph?source_path=/etc&trim_path=/x&output=out&tools=/bin", "flamegraph?f=alert&i=x&h=y&s=z&sf=w&g=files&sort=cum&tagroot=group", "top?si=blocked-sync-count", "top?n=100000&nf=0&ef=0&calltree=true&noinlines=true&showcolumns=t",
		"peek", "peek?f=main", "peek?f=/etc/passwd&g=addresses", "download?config=x", "flamegraph?config=../../../etc/passwd", "top?normalize=true&base=/etc/passwd&diff_base=/etc/passwd",
	} {
		w := s.ask(blocked + target)
		if w.Code != 200 {
			t.Errorf("%s: %d: %.200s", target, w.Code, w.Body)
		}
		if len(first) > 0 && bytes.Contains(w.Body.Bytes(), first) {
			t.Errorf("%s tells what is in a file that the profile names", target)
		}
	}
	for _, target := range []string{"saveconfig?config=mine&f=x", "deleteconfig?config=mine", "source?f=main", "disasm?f=main", "graph"} {
		if w := s.ask(blocked + target); w.Code != 404 {
			t.Errorf("%s: %d", target, w.Code)
		}
	}
}

// Settings that the user has for pprof are not looked at.
func TestSettingsAreNotRead(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, dir)
	}
	config, err := os.UserConfigDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(config, "pprof"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(config, "pprof", "settings.json"), []byte(`{"configs":[{"name":"my own configuration","focus":"x"}]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if w := staged(t, nil).ask(blocked + "flamegraph"); w.Code != 200 || strings.Contains(w.Body.String(), "my own configuration") {
		t.Errorf("%d, and the user's settings are in the page", w.Code)
	}
}

// While the driver notes where settings are, they are below the null device, on every
// system; afterwards the environment is as it was.
func TestEnvironmentIsPutBack(t *testing.T) {
	name := settingsVariable(runtime.GOOS)
	for _, was := range []string{"/somewhere", "unset"} {
		t.Setenv(name, was)
		if was == "unset" {
			os.Unsetenv(name)
		}
		before := os.Environ()
		err := withoutSettings(func() error {
			dir, err := os.UserConfigDir()
			if !strings.HasPrefix(dir, os.DevNull) {
				t.Errorf("settings are in %s", dir)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if after := os.Environ(); strings.Join(before, "\n") != strings.Join(after, "\n") {
			t.Errorf("%s was %s; the environment was\n%v\nand is\n%v", name, was, before, after)
		}
	}
	for system, want := range map[string]string{"linux": "XDG_CONFIG_HOME", "freebsd": "XDG_CONFIG_HOME", "darwin": "HOME", "windows": "AppData", "plan9": "home"} {
		if got := settingsVariable(system); got != want {
			t.Errorf("%s: %s, want %s", system, got, want)
		}
	}
}

// A server without any of the user's folders has pprof's pages all the same.
func TestWithoutAHome(t *testing.T) {
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	if w := staged(t, nil).ask(blocked + "top"); w.Code != 200 {
		t.Errorf("%d: %.300s", w.Code, w.Body)
	}
}

// Names of a trace stay text in pprof's pages, of which the policy allows the scripts by
// their hashes and nothing that a name could bring.
func TestNamesAreTextInPprofsPages(t *testing.T) {
	s := staged(t, nil)
	for _, view := range []string{"flamegraph", "top", "peek?f=.", "flamegraph?f=</script><script>alert(1)</script>", "top?tagroot=group", "flamegraph?tagleaf=group"} {
		w := s.ask(blocked + view)
		body, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
		if w.Code != 200 || !strings.Contains(body, "alert(1)") {
			t.Fatalf("%s: %d, and the name is not in the page", view, w.Code)
		}
		for _, markup := range []string{"<script>alert(1)", "<style>*{}", "</script><script>alert"} {
			if strings.Contains(body, markup) {
				t.Errorf("%s: %s is markup", view, markup)
			}
		}
		if !strings.Contains(policy, "script-src 'sha256-") || !strings.Contains(policy, "style-src 'sha256-") || strings.Contains(policy, hashes([]string{"alert(1)"})) {
			t.Errorf("%s: the policy is %s", view, policy)
		}
		if n, want := strings.Count(policy, "'sha256-"), strings.Count(body, "<script")+strings.Count(body, "<style"); n != want {
			t.Errorf("%s: the policy allows %d scripts and styles, the page has %d", view, n, want)
		}
	}
}

// A page that has a script or a style that pprof does not have is not shown, should its
// names ever be markup.
func TestForeignScriptsAreNotBlessed(t *testing.T) {
	s := staged(t, nil)
	s.ask(blocked + "top")
	m, err := s.profiles.get(t.Context(), Window{0, 1000})
	if err != nil {
		t.Fatal(err)
	}
	p := m.of(inProgress, "blocked-sync")
	for _, name := range []string{"flamegraph", "top", "peek"} {
		fresh := func() *page {
			t.Helper()
			got, err := rendered(t.Context(), p.handlers, name, "f=main")
			if err != nil || got.status != 200 {
				t.Fatal(got, err)
			}
			return got
		}
		if err := fresh().fit(p.likeness[name]); err != nil {
			t.Errorf("%s as it is: %v", name, err)
		}
		for _, change := range [][2]string{
			{"</body>", "<script>alert(1)</script></body>"}, {"<body>", "<body><script>alert(1)</script>"}, {"</head>", "<style>*{}</style></head>"}, {"<script>\n", "<script>\nalert(1);"}, {"</style>", "*{}</style>"},
		} {
			changed := fresh()
			text := strings.Replace(changed.body.String(), change[0], change[1], 1)
			if text == changed.body.String() {
				t.Fatalf("%s has no %s", name, change[0])
			}
			changed.body.Reset()
			changed.body.WriteString(text)
			if err := changed.fit(p.likeness[name]); err == nil {
				t.Errorf("%s with %s is shown with the policy %s", name, change[1], changed.header.Get("Content-Security-Policy"))
			}
		}
	}
}

// What is downloaded is the profile, under a name of the server's.
func TestDownload(t *testing.T) {
	s := staged(t, nil)
	for waits, want := range map[string]int64{inProgress: 1, withRest: 3} {
		w := s.ask("/pprof/0-1000/" + waits + "/blocked-sync/download")
		p, err := profile.Parse(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		var ns int64
		for _, sample := range p.Sample {
			ns += sample.Value[1]
		}
		if ns != want*int64(time.Millisecond) {
			t.Errorf("%s: %d ns", waits, ns)
		}
		if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="blocked-sync.pb.gz"` {
			t.Errorf("it is called %s", got)
		}
	}
}

// Many may look at many profiles at once, while others are being mounted.
func TestPprofInParallel(t *testing.T) {
	s := staged(t, nil)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 3 {
				w := Window{int64(i), int64(1000 + g%2)}
				if got := s.ask("/pprof/" + w.String() + "/"); got.Code != 200 && got.Code != http.StatusServiceUnavailable {
					t.Errorf("the list of %v: %d", w, got.Code)
				}
				for _, view := range []string{"flamegraph", "top?si=blocked-sync-count", "peek?f=main", "download"} {
					for _, waits := range []string{inProgress, withRest} {
						target := "/pprof/" + w.String() + "/" + waits + "/blocked-sync/" + view
						if got := s.ask(target); got.Code != 200 && got.Code != http.StatusServiceUnavailable {
							t.Errorf("%s: %d", target, got.Code)
						}
					}
				}
			}
		})
	}
	wg.Wait()
	if n := len(s.profiles.kept.at); n > keptProfiles {
		t.Errorf("the profiles of %d windows are kept", n)
	}
}
