package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"go/format"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const readmePath = "../../README.md"

// block is a fenced block of README.md.
type block struct {
	lang, body string
	from, to   int // of body, in bytes of the file
}

var fence = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")

func readme(t *testing.T) (text string, blocks []block) {
	t.Helper()
	data, err := os.ReadFile(readmePath)
	if err != nil {
		t.Fatal(err)
	}
	text = string(data)
	for _, m := range fence.FindAllStringSubmatchIndex(text, -1) {
		blocks = append(blocks, block{text[m[2]:m[3]], text[m[4]:m[5]], m[4], m[5]})
	}
	return text, blocks
}

// The first thing that a reader tries is these two lines.
func TestReadmeBeginsWithTwoCommands(t *testing.T) {
	_, blocks := readme(t)
	for _, b := range blocks {
		if b.lang == "sh" {
			if want := "go run ./cmd/conctrace analyze testdata/traces/go1.26/server.trace\ngo test ./...\n"; b.body != want {
				t.Errorf("the first commands are\n%swant\n%s", b.body, want)
			}
			return
		}
	}
	t.Error("README.md has no block of commands")
}

// shellLine is one line of a shell as the README writes them.
type shellLine struct {
	text   string
	stages [][]string // the words of each command of the pipeline
	stdin  string     // file, after <
	stdout string     // file, after > or >>
	more   bool       // stdout is appended to
	exit   int        // from a comment "exit N"
}

var (
	token   = regexp.MustCompile(`'[^']*'|>>|[|<>#]|[^\s|<>#']+`)
	exitSay = regexp.MustCompile(`\bexit (\d+)`)
)

// parseShell knows words, single quotes, pipes, <, > and comments.
func parseShell(text string) shellLine {
	l := shellLine{text: text, stages: [][]string{nil}}
	for rest := text; ; {
		m := token.FindStringIndex(rest)
		if m == nil {
			return l
		}
		word := rest[m[0]:m[1]]
		rest = rest[m[1]:]
		last := len(l.stages) - 1
		switch word {
		case "#":
			if say := exitSay.FindStringSubmatch(rest); say != nil {
				l.exit, _ = strconv.Atoi(say[1])
			}
			return l
		case "|":
			l.stages = append(l.stages, nil)
		case "<":
			m = token.FindStringIndex(rest)
			l.stdin, rest = rest[m[0]:m[1]], rest[m[1]:]
		case ">", ">>":
			m = token.FindStringIndex(rest)
			l.stdout, rest = strings.Trim(rest[m[0]:m[1]], `"`), rest[m[1]:]
			l.more = word == ">>"
		default:
			l.stages[last] = append(l.stages[last], strings.Trim(word, "'"))
		}
	}
}

// ours is the arguments of the stage that runs conctrace, and its place in the
// pipeline.
func (l shellLine) ours() (args []string, at int, ok bool) {
	for i, words := range l.stages {
		for _, name := range [][]string{{"conctrace"}, {"go", "run", "./cmd/conctrace"}} {
			if len(words) >= len(name) && slices.Equal(words[:len(name)], name) {
				return words[len(name):], i, true
			}
		}
	}
	return nil, 0, false
}

// commands is every line of the README that a shell is to run.
func commands(blocks []block) (lines []shellLine) {
	for _, b := range blocks {
		for line := range strings.Lines(b.body) {
			line = strings.TrimSpace(line)
			switch {
			case b.lang == "sh" && line != "":
				lines = append(lines, parseShell(line))
			case b.lang == "console" && strings.HasPrefix(line, "$ "):
				lines = append(lines, parseShell(line[2:]))
			}
		}
	}
	return lines
}

// checkout changes into a directory that looks like the root of the repository
// and has the files that the README's commands name.
func checkout(t *testing.T) (sample string) {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"testdata", "README.md"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(dir, name)); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	// A trace that is longer than the windows of the examples.
	sample = filepath.Join(root, "testdata/traces/go1.26/generations.trace")
	for name, from := range map[string]string{
		"trace.out":    sample,
		"before.out":   filepath.Join(root, "testdata/traces/go1.25/server.trace"),
		"after.out":    filepath.Join(root, "testdata/traces/go1.26/server.trace"),
		"server.out":   filepath.Join(root, "testdata/traces/go1.26/server.trace"), // with findings and tasks
		"trace.out.gz": filepath.Join(root, "testdata/bad/good.trace.gz"),
	} {
		if err := os.Symlink(from, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	_, blocks := readme(t)
	i := slices.IndexFunc(blocks, func(b block) bool { return b.lang == "toml" })
	if i < 0 {
		t.Fatal("the README shows no file of thresholds")
	}
	if err := os.WriteFile(filepath.Join(dir, "thresholds.toml"), []byte(blocks[i].body), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	return sample
}

// execute runs one command line as main does, with an empty environment.
func execute(args []string, stdin io.Reader) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(context.Background(), args, streams{stdin, &out, &err}, func(string) string { return "" })
	return code, out.String(), err.String()
}

func TestReadmeCommandsRun(t *testing.T) {
	_, blocks := readme(t)
	sample := checkout(t)
	ran := 0
	for _, line := range commands(blocks) {
		args, at, ok := line.ours()
		if !ok {
			continue
		}
		ran++
		t.Run(line.text, func(t *testing.T) {
			from := line.stdin
			if at > 0 { // what stands before the pipe would fetch a trace
				from = sample
			}
			var stdin io.Reader = strings.NewReader("")
			if from != "" {
				file, err := os.Open(from)
				if err != nil {
					t.Fatal(err)
				}
				defer file.Close()
				stdin = file
			}
			if args[0] == "serve" { // which ends when it is told to
				serveTrace(t, stdin, args[1:]...).enter()
				return
			}
			code, stdout, stderr := execute(args, stdin)
			if code != line.exit {
				t.Fatalf("exit code %d, want %d\n%s", code, line.exit, stderr)
			}
			if line.stdout != "" {
				flags := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
				if line.more {
					flags = os.O_CREATE | os.O_WRONLY | os.O_APPEND
				}
				file, err := os.OpenFile(line.stdout, flags, 0o644)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := file.WriteString(stdout); err != nil {
					t.Fatal(err)
				}
				if err := file.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if i := slices.Index(args, "-o"); i >= 0 {
				if info, err := os.Stat(args[i+1]); err != nil || info.Size() == 0 {
					t.Errorf("%s was not written: %v", args[i+1], err)
				}
			} else if code == 0 && stdout == "" {
				t.Error("nothing was printed")
			}
			if at+1 < len(line.stages) && line.stages[at+1][0] == "jq" && !json.Valid([]byte(stdout)) {
				t.Errorf("jq cannot read this:\n%s", stdout)
			}
		})
	}
	if ran < 10 {
		t.Errorf("only %d commands were found: has the README another form?", ran)
	}
}

// The example is real: each of its sections is one of what the command prints,
// word for word and in order. With -update they are written anew.
func TestReadmeExampleIsReal(t *testing.T) {
	text, blocks := readme(t)
	file, err := filepath.Abs(readmePath)
	if err != nil {
		t.Fatal(err)
	}
	checkout(t)
	found := false
	for _, b := range slices.Backward(blocks) { // -update moves what follows
		first, shown, _ := strings.Cut(b.body, "\n")
		args, _, ok := parseShell(strings.TrimPrefix(first, "$ ")).ours()
		if b.lang != "console" || !ok {
			continue
		}
		found = true
		code, stdout, stderr := execute(args, nil)
		if code != 0 {
			t.Fatalf("%s: exit code %d\n%s", first, code, stderr)
		}
		want, err := sameSections(shown, stdout)
		if err != nil {
			t.Fatalf("%s: %v", first, err)
		}
		if *update {
			text = text[:b.from] + first + "\n" + want + text[b.to:]
		} else if shown != want {
			t.Errorf("%s: the README shows\n%s\nbut conctrace prints\n%s\n(rewrite it: go test ./cmd/conctrace -update)", first, shown, want)
		}
	}
	if !found {
		t.Error("the README shows no output")
	}
	if *update && !t.Failed() {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// sameSections is the sections of a report that begin with the same words as
// those that are shown.
func sameSections(shown, printed string) (string, error) {
	split := func(s string) []string { return strings.Split(strings.TrimRight(s, "\n"), "\n\n") }
	word := func(section string) string { return strings.Fields(section + " ?")[0] }
	var same []string
	left := split(printed)
	for _, s := range split(shown) {
		i := slices.IndexFunc(left, func(p string) bool { return word(p) == word(s) })
		if i < 0 {
			return "", errors.New("it prints no section " + word(s) + ", or not in this order")
		}
		same, left = append(same, left[i]), left[i+1:]
	}
	return strings.Join(same, "\n\n") + "\n", nil
}

// Every piece of Go is whole, formatted and compiles; a program that ends by
// itself records a trace that conctrace reads.
func TestReadmeSnippetsCompile(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command: the snippets are not compiled")
	}
	_, blocks := readme(t)
	dir := t.TempDir()
	write := func(name, body string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module snippets\n\ngo 1.25\n")
	var programs []string
	for i, b := range blocks {
		if b.lang != "go" {
			continue
		}
		name := "snippet" + strconv.Itoa(i)
		write(name+"/snippet.go", b.body)
		if formatted, err := format.Source([]byte(b.body)); err != nil || string(formatted) != b.body {
			t.Errorf("not formatted, or not Go (%v):\n%s", err, b.body)
		}
		if strings.Contains(b.body, "func main()") && !strings.Contains(b.body, "ListenAndServe") {
			programs = append(programs, name)
		}
	}
	goCommand := func(dir string, args ...string) {
		t.Helper()
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GOTOOLCHAIN=local", "GOPROXY=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	goCommand(dir, "vet", "./...")
	for _, name := range programs {
		goCommand(filepath.Join(dir, name), "run", ".")
		code, _, stderr := execute([]string{"analyze", filepath.Join(dir, name, "trace.out")}, nil)
		if code != 0 {
			t.Errorf("the trace of %s: exit code %d\n%s", name, code, stderr)
		}
	}
	if len(programs) == 0 {
		t.Error("no snippet records a trace by itself")
	}
}

var (
	longFlag  = regexp.MustCompile("(?:^|[\\s`])--([a-z][a-z-]*)")
	goSnippet = regexp.MustCompile("(?ms)^```go\n.*?^```$")
)

// The README names no flag that does not exist, and every one that is not
// hidden.
func TestReadmeNamesTheFlags(t *testing.T) {
	text, _ := readme(t)
	named := map[string]bool{}
	for _, m := range longFlag.FindAllStringSubmatch(goSnippet.ReplaceAllString(text, ""), -1) {
		named[m[1]] = true
	}
	exist := map[string]bool{}
	root := newRoot(streams{}, func(string) string { return "" })
	root.InitDefaultVersionFlag()
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		cmd.InitDefaultHelpFlag()
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			exist[f.Name] = true
			if !f.Hidden && !named[f.Name] {
				t.Errorf("--%s of %s is not mentioned", f.Name, cmd.Name())
			}
			if s := f.Shorthand; s != "" && s != "h" && s != "v" && !strings.Contains(text, "`-"+s+"`") {
				t.Errorf("-%s of %s is not mentioned", s, cmd.Name())
			}
		})
	}
	for name := range named {
		if !exist[name] {
			t.Errorf("--%s does not exist", name)
		}
	}
}

var (
	tableRow = regexp.MustCompile("(?m)^\\| `([a-z-]+)`[^|]*\\|(.*)\\|$")
	inCode   = regexp.MustCompile("`([a-z-]+)`")
)

// The tables of classes and of verdicts are complete.
func TestReadmeNamesKindsAndVerdicts(t *testing.T) {
	text, _ := readme(t)
	rows := map[string]string{}
	for _, m := range tableRow.FindAllStringSubmatch(text, -1) {
		rows[m[1]] = m[2]
	}
	kinds := map[string][]string{}
	for _, row := range waitkind.Table {
		kinds[row.Class.String()] = append(kinds[row.Class.String()], row.Name)
	}
	for class, want := range kinds {
		var got []string
		for _, m := range inCode.FindAllStringSubmatch(rows[class], -1) {
			got = append(got, m[1])
		}
		if !slices.Equal(got, want) {
			t.Errorf("the kinds of %s are given as %v, want %v", class, got, want)
		}
	}
	for _, label := range verdictLabels(t) {
		if rows[label] == "" {
			t.Errorf("the verdict %s is not explained", label)
		}
	}
}

// verdictLabels is what the schema of the JSON allows.
func verdictLabels(t *testing.T) []string {
	t.Helper()
	var schema struct {
		Defs struct {
			Verdict struct {
				Properties struct {
					Label struct {
						Enum []string `json:"enum"`
					} `json:"label"`
				} `json:"properties"`
			} `json:"verdict"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(result.Schema, &schema); err != nil {
		t.Fatal(err)
	}
	labels := schema.Defs.Verdict.Properties.Label.Enum
	if len(labels) == 0 {
		t.Fatal("the schema names no verdict")
	}
	return labels
}
