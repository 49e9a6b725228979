package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every format is written to a file, by its extension or by its name, with its size.
func TestExportWritesFiles(t *testing.T) {
	dir := t.TempDir()
	for _, tc := range []struct {
		args  []string
		file  string
		wants string // in the file
	}{
		{nil, "t.perfetto-trace", "Goroutines"},
		{nil, "t.pftrace", "Processors"},
		{[]string{"--off-cpu", "--skip-at-rest"}, "t.folded", "off-cpu;main."},
		{[]string{"--class", "timer"}, "t.speedscope.json", `"name":"timer"`},
		{[]string{"-f", "folded", "--stack", "chain"}, "stacks.txt", "(woken by)"},
		{[]string{"--table", "sites"}, "t.csv", "class,kind,function"},
	} {
		path := filepath.Join(dir, tc.file)
		code, out, told := command(t, nil, append([]string{"export", server, "-o", path}, tc.args...)...)
		data, err := os.ReadFile(path)
		if code != exitDone || out != "" || err != nil || !bytes.Contains(data, []byte(tc.wants)) {
			t.Errorf("%s: exit code %d, %q, %v, %s", tc.file, code, out, err, told)
		}
		if want := "wrote " + path + " ("; !strings.Contains(told, want) {
			t.Errorf("%s tells %q", tc.file, told)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("%s: %v, %v", tc.file, info.Mode(), err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 6 {
		t.Errorf("%d files are there, %v", len(left), err)
	}
}

// A folder gets all tables, standard output the one that is asked for.
func TestExportTables(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new") + "/"
	if code, _, told := command(t, nil, "export", server, "-f", "csv", "-o", dir); code != exitDone || strings.Count(told, "wrote ") != 4 {
		t.Fatalf("exit code %d, %s", code, told)
	}
	whole, err := os.ReadFile(dir + "groups.csv")
	if err != nil {
		t.Fatal(err)
	}
	code, out, told := command(t, nil, "export", server, "-f", "csv", "--table", "groups")
	if code != exitDone || out != string(whole) || told != "" {
		t.Errorf("exit code %d, %d bytes, %q", code, len(out), told)
	}
}

func TestExportRefuses(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{[]string{server}, "which format? --format is one of perfetto, folded, speedscope, csv"},
		{[]string{server, "-o", "x.json"}, "the extension of x.json tells no format"},
		{[]string{server, "-f", "svg"}, `--format "svg" is not known`},
		{[]string{server, "-f", "csv"}, "which table?"},
		{[]string{server, "-f", "csv", "-o", "x.csv"}, "which table?"},
		{[]string{server, "-f", "csv", "--table", "rows"}, `--table "rows" is not known; there are groups, sites, intervals, stacks`},
		{[]string{server, "-f", "folded", "--table", "sites"}, "the format folded has no tables"},
		{[]string{server, "-f", "csv", "--table", "sites", "--off-cpu"}, "--off-cpu says nothing to the format csv"},
		{[]string{server, "-f", "perfetto"}, "a trace of Perfetto's is not text to read: name a file"},
		{[]string{server, "-f", "folded", "-o", t.TempDir()}, "is a folder: name a file in it"},
		{[]string{server, "-f", "folded", "-o", filepath.Join(t.TempDir(), "no", "folder")}, "write "},
	} {
		if code, _, told := command(t, nil, append([]string{"export"}, tc.args...)...); code != exitUsage || !strings.Contains(told, tc.want) {
			t.Errorf("%q: exit code %d, %s\nwant %q", tc.args, code, told, tc.want)
		}
	}
}

// What fails leaves an older file as it was, and nothing else.
func TestFailedExportsLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "old.folded")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, told := command(t, strings.NewReader("no trace"), "export", "-", "-o", path); code != exitUnreadable {
		t.Errorf("exit code %d, %s", code, told)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "old" {
		t.Errorf("%q, %v", data, err)
	}
	if code, _, told := command(t, nil, "export", server, "-o", path, "-q"); code != exitDone || told != "" {
		t.Errorf("exit code %d, %s", code, told)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() < 100 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%d files are there, %v", len(left), err)
	}
}

// A device stays what it is.
func TestExportToADevice(t *testing.T) {
	if _, err := os.Stat(os.DevNull); err != nil {
		t.Skip(err)
	}
	before, err := os.Stat(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	if code, _, told := command(t, nil, "export", server, "-f", "folded", "-o", os.DevNull); code != exitDone {
		t.Errorf("exit code %d, %s", code, told)
	}
	after, err := os.Stat(os.DevNull)
	if err != nil || after.Mode() != before.Mode() {
		t.Errorf("%v became %v, %v", before.Mode(), after.Mode(), err)
	}
}

// A link stays a link, and what it leads to is written.
func TestLinksAreFollowed(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target.folded"), filepath.Join(dir, "link.folded")
	if err := os.WriteFile(target, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		t.Skip(err)
	}
	for _, args := range [][]string{{"export", server, "-o", link}, {"pprof", server, "-o", link}} {
		if code, _, told := command(t, nil, args...); code != exitDone {
			t.Fatalf("exit code %d, %s", code, told)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("the link became %v, %v", info.Mode(), err)
		}
		if data, err := os.ReadFile(target); err != nil || len(data) < 100 {
			t.Errorf("%d bytes, %v", len(data), err)
		}
	}
}

// A trace is not written over.
func TestTheTraceIsNotWrittenOver(t *testing.T) {
	t.Chdir(repositoryRoot(t))
	data, err := os.ReadFile(server)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.folded")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"export", path, "-o", path}, {"pprof", path, "-o", path}} {
		if code, _, told := command(t, nil, args...); code != exitUsage || !strings.Contains(told, "is the trace itself") {
			t.Errorf("%q: exit code %d, %s", args, code, told)
		}
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, data) {
		t.Error("the trace is another")
	}
}

// A filter that means nobody is told.
func TestAnEmptySelectionIsTold(t *testing.T) {
	out := filepath.Join(t.TempDir(), "x.pb.gz")
	for _, args := range [][]string{{"pprof", server, "-o", out, "--group", "nosuch"}, {"export", server, "-f", "folded", "--task", "nosuch"}} {
		if code, _, told := command(t, nil, args...); code != exitDone || !strings.Contains(told, "no goroutine of the trace matches the filter") {
			t.Errorf("%q: exit code %d, %s", args, code, told)
		}
	}
}
