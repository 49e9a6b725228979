package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/report"
)

const tasks = "testdata/traces/go1.26/tasks.trace"

// A page is written to the file that -o names, or to standard output, and is the same.
func TestHTMLIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.html")
	code, out, errs := command(t, nil, "analyze", server, "-o", path)
	if code != 0 || out != "" || !strings.Contains(errs, "wrote "+path) {
		t.Fatalf("exit %d, out %q, errors %q", code, out, errs)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(page, []byte("<!doctype html>")) || !bytes.HasSuffix(bytes.TrimSpace(page), []byte("</html>")) {
		t.Error("the file is no whole page")
	}
	if _, out, _ := command(t, nil, "analyze", server, "-f", "html"); out != string(page) {
		t.Error("standard output has another page")
	}
	trace, err := os.Open(server)
	if err != nil {
		t.Fatal(err)
	}
	defer trace.Close()
	if code, out, errs := command(t, trace, "analyze", "-", "-f", "html"); code != 0 || !strings.Contains(out, "standard input") {
		t.Errorf("from standard input: exit %d, %s", code, errs)
	}
}

// A folder gets a page for each trace and an index that links to them and says which
// traces could not be read.
func TestSeveralTracesBecomeAFolder(t *testing.T) {
	for _, create := range []bool{true, false} { // a folder that is there needs no slash
		dir := filepath.Join(t.TempDir(), "reports")
		to := dir + "/"
		if create {
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			to = dir
		}
		code, _, errs := command(t, nil, "analyze", server, "go.mod", tasks, "testdata/traces/go1.25/server.trace", "-o", to)
		if code != exitUnreadable || !strings.Contains(errs, "go.mod") {
			t.Fatalf("exit %d: %s", code, errs)
		}
		index, err := os.ReadFile(filepath.Join(dir, "index.html"))
		if err != nil {
			t.Fatal(err)
		}
		var links []string
		for _, m := range regexp.MustCompile(`href="\./([^"]+)"`).FindAllSubmatch(index, -1) {
			links = append(links, string(m[1]))
		}
		if got, want := strings.Join(links, " "), "server.html tasks.html server-2.html"; got != want {
			t.Errorf("the index links to %q, want %q", got, want)
		}
		for _, link := range links {
			if info, err := os.Stat(filepath.Join(dir, link)); err != nil || info.Size() < 10_000 {
				t.Errorf("%s: %v", link, err)
			}
		}
		if !bytes.Contains(index, []byte("go.mod")) {
			t.Error("the index does not name the trace that could not be read")
		}
	}
}

// Other formats may have a file for each trace, too, without an index.
func TestAFolderOfJSON(t *testing.T) {
	dir := t.TempDir()
	if code, _, errs := command(t, nil, "analyze", server, tasks, "-f", "json", "-o", dir); code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) != 2 || !strings.HasSuffix(files[0], "server.json") || !strings.HasSuffix(files[1], "tasks.json") {
		t.Errorf("%v, %v", files, err)
	}
}

// Several pages do not fit into one file, and the message says where they do.
func TestSeveralPagesNeedAFolder(t *testing.T) {
	code, _, errs := command(t, nil, "analyze", server, tasks, "-o", filepath.Join(t.TempDir(), "x.html"))
	if code != exitUsage || !strings.Contains(errs, "folder") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// A page keeps to the size that is asked for, and says what that cost. One that fits as
// it is stays whole, and one that cannot be so small says so on standard error.
func TestHTMLKeepsToItsSize(t *testing.T) {
	if testing.Short() {
		t.Skip("writes many pages")
	}
	_, all, _ := command(t, nil, "analyze", server, "-f", "html")
	page := func(most int) (string, string) {
		t.Helper()
		code, out, errs := command(t, nil, "analyze", server, "-f", "html", "--html-max-size", strconv.Itoa(most))
		if code != 0 {
			t.Fatalf("exit %d: %s", code, errs)
		}
		return out, errs
	}
	const left = "leaves something out"
	if strings.Contains(all, left) {
		t.Error("the whole page says that something is left out")
	}
	if got, _ := page(len(all) + 2000); got != all {
		t.Error("a page that fits is not the whole one")
	}
	for _, share := range []int{95, 90} {
		most := len(all) * share / 100
		got, errs := page(most)
		if len(got) > most || errs != "" {
			t.Errorf("%d bytes, asked for %d; %s", len(got), most, errs)
		}
		if !strings.Contains(got, left) {
			t.Errorf("a page of %d %% does not say that something is left out", share)
		}
	}
	if got, errs := page(1000); len(got) <= 1000 || !strings.Contains(errs, "more than --html-max-size 1000") {
		t.Errorf("a page of %d bytes, asked for 1000, and standard error says %q", len(got), errs)
	}
	if code, _, _ := command(t, nil, "analyze", server, "-f", "html", "--html-max-size", "0"); code != exitUsage {
		t.Errorf("a page without room: exit %d", code)
	}
}

// The single goroutines are in the page once, in its intervals.
func TestHTMLWithGoroutinesIsNoLarger(t *testing.T) {
	_, with, _ := command(t, nil, "analyze", server, "-f", "html", "--goroutines")
	_, without, _ := command(t, nil, "analyze", server, "-f", "html")
	if with != without {
		t.Errorf("%d bytes with --goroutines, %d without", len(with), len(without))
	}
}

// A folder is made before the work, an index of somebody else's stays, and no two
// names are one on systems that do not tell case apart.
func TestFolderIsCareful(t *testing.T) {
	dir := t.TempDir()
	index := filepath.Join(dir, "index.html")
	if err := os.WriteFile(index, []byte("<p>my own"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := command(t, nil, "analyze", tasks, "-o", dir); code != exitUsage || !strings.Contains(errs, "choose another folder") {
		t.Errorf("over somebody else's index: exit %d, %s", code, errs)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := command(t, nil, "analyze", "no-such-trace", "-o", file+"/"); code != exitUsage || !strings.Contains(errs, "folder") || strings.Contains(errs, "no-such-trace") {
		t.Errorf("a folder that cannot be made: exit %d, %s", code, errs)
	}
	f := &folder{format: mustFormat(t, "html"), taken: map[string]bool{indexName: true}}
	seen := map[string]bool{}
	for _, arg := range []string{"a/Index.trace", "index.out", "con.trace", "x.trace", "X.trace", `we:ird "q"<b>.trace`, ".trace", "-", "b/x.trace.gz"} {
		name := f.nameFor(arg)
		if lower := strings.ToLower(name); seen[lower] || lower == indexName || strings.ContainsAny(name, `<>:"/\|?*`) || strings.HasPrefix(lower, "con.") {
			t.Errorf("%s becomes %s", arg, name)
		}
		seen[strings.ToLower(name)] = true
	}
	// Twice into one folder is no trouble.
	again := filepath.Join(dir, "again")
	for range 2 {
		if code, _, errs := command(t, nil, "analyze", tasks, "-o", again+"/"); code != 0 {
			t.Errorf("exit %d: %s", code, errs)
		}
	}
}

func mustFormat(t *testing.T, name string) report.Format {
	t.Helper()
	format, ok := report.ByName(name)
	if !ok {
		t.Fatalf("no format %s", name)
	}
	return format
}
