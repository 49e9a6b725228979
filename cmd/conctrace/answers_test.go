package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const chain = "testdata/traces/scenarios/s33-transitive-wait.trace"

// TestAnswersFollowTheirSchemas: what explain and path write as JSON, for findings,
// places, tasks and regions of a real trace.
func TestAnswersFollowTheirSchemas(t *testing.T) {
	for _, c := range []struct {
		schema []byte
		args   []string
	}{
		{result.ExplanationSchema, []string{"explain", server, "--finding", "1"}},
		{result.ExplanationSchema, []string{"explain", server, "--site", "fetch"}},
		{result.ExplanationSchema, []string{"explain", server, "--task", "request"}},
		{result.ExplanationSchema, []string{"explain", server, "--region", "fetch"}},
		{result.ExplanationSchema, []string{"explain", chain, "--site", "asker", "--from", "10ms", "--to", "150ms"}},
		{result.PathSchema, []string{"path", server}},
		{result.PathSchema, []string{"path", server, "--task", "request"}},
		{result.PathSchema, []string{"path", chain, "--region", "s33"}},
		{result.PathSchema, []string{"path", chain, "--goroutine", "1"}},
	} {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(c.schema))
		if err != nil {
			t.Fatal(err)
		}
		compiler := jsonschema.NewCompiler()
		if err := compiler.AddResource("schema.json", doc); err != nil {
			t.Fatal(err)
		}
		schema, err := compiler.Compile("schema.json")
		if err != nil {
			t.Fatal(err)
		}
		code, out, errs := command(t, nil, append(c.args, "-f", "json")...)
		if code != exitDone {
			t.Errorf("%q: exit %d: %s", c.args, code, errs)
			continue
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Errorf("%q: %v", c.args, err)
		}
	}
}

// TestEveryFindingsCommandRuns types what analyze prints below the findings.
func TestEveryFindingsCommandRuns(t *testing.T) {
	for _, args := range [][]string{
		{server}, {chain}, {"testdata/traces/scenarios/lock-serialises.trace"}, {"testdata/traces/scenarios/s07-sequential-reads.trace"},
		{"testdata/traces/scenarios/s41-two-lock-cycle.trace"}, {server, "--from", "100ms", "--to", "300ms"}, {server, "--group", "service", "--at-rest", "main\\.answer"},
	} {
		code, out, errs := command(t, nil, append([]string{"analyze", "-f", "json"}, args...)...)
		if code != exitDone {
			t.Fatalf("%q: exit %d: %s", args, code, errs)
		}
		var r result.Result
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		for _, f := range r.Findings {
			if f.Explain == "" {
				continue
			}
			words, _, ok := parseShell(f.Explain).ours()
			if !ok {
				t.Fatalf("%q is no command of ours", f.Explain)
			}
			code, out, errs := command(t, nil, words...)
			if code != exitDone || !strings.Contains(out, "STORY") {
				t.Errorf("%s: exit %d\n%s%s", f.Explain, code, out, errs)
			}
		}
	}
}

// TestAnswersFromStandardInput: both read it twice, packed or not.
func TestAnswersFromStandardInput(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repositoryRoot(t), filepath.FromSlash(chain)))
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string][]byte{"plain": data, "gzip": packed.Bytes()} {
		for _, args := range [][]string{{"explain", "-", "--site", "asker"}, {"path", "-", "--region", "s33"}} {
			code, out, errs := command(t, bytes.NewReader(in), args...)
			if code != exitDone || !strings.Contains(out, "main.lockHolder") {
				t.Errorf("%s %q: exit %d\n%s%s", name, args, code, out, errs)
			}
		}
	}
}

// TestAnAnswerGoesToAFile, whose extension says the format.
func TestAnAnswerGoesToAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "why.json")
	code, out, errs := command(t, nil, "explain", chain, "--site", "asker", "-o", path)
	if code != exitDone || out != "" || !strings.Contains(errs, "wrote "+path) {
		t.Errorf("exit %d, out %q, errors %q", code, out, errs)
	}
	data, err := os.ReadFile(path)
	if err != nil || !json.Valid(data) {
		t.Errorf("%v: %s", err, data)
	}
}

// TestQuestionsThatCannotBeMeant exit with two, unreadable traces with three; both say
// why in a line or two.
func TestQuestionsThatCannotBeMeant(t *testing.T) {
	for _, c := range []struct {
		code int
		args []string
	}{
		{exitUsage, []string{"explain"}},
		{exitUsage, []string{"explain", server}},
		{exitUsage, []string{"explain", server, server, "--finding", "1"}},
		{exitUsage, []string{"explain", server, "--finding", "0"}},
		{exitUsage, []string{"explain", server, "--finding", "99"}},
		{exitUsage, []string{"explain", server, "--finding", "1", "--site", "x"}},
		{exitUsage, []string{"explain", server, "--site", "("}},
		{exitUsage, []string{"explain", server, "--site", ""}},
		{exitUsage, []string{"explain", server, "--at", "1s"}},
		{exitUsage, []string{"explain", server, "--goroutine", "1", "--at", "-1s"}},
		{exitUsage, []string{"explain", server, "--goroutine", "-1"}},
		{exitUsage, []string{"explain", server, "--goroutine", "999999"}},
		{exitUsage, []string{"explain", server, "--finding", "1", "-f", "yaml"}},
		{exitUsage, []string{"explain", server, "--finding", "1", "-o", "why.docx"}},
		{exitUsage, []string{"explain", server, "--finding", "1", "--blame-memory", "0"}},
		{exitUsage, []string{"explain", "no-such-file", "--finding", "1"}},
		{exitUnreadable, []string{"explain", "go.mod", "--finding", "1"}},
		{exitUsage, []string{"path"}},
		{exitUsage, []string{"path", server, "--task", "x", "--region", "y"}},
		{exitUsage, []string{"path", server, "--task", "nothing"}},
		{exitUsage, []string{"path", server, "--goroutine", "0"}},
		{exitUnreadable, []string{"path", "go.mod"}},
	} {
		code, out, errs := command(t, nil, c.args...)
		if code != c.code || out != "" || !strings.HasPrefix(errs, "conctrace: ") || strings.Count(errs, "\n") > 4 {
			t.Errorf("%q: exit %d, out %q, errors %q", c.args, code, out, errs)
		}
	}
}

// TestDamagedFilesAreExplainedOrRefused: no bad file breaks explain or path.
func TestDamagedFilesAreExplainedOrRefused(t *testing.T) {
	t.Chdir(repositoryRoot(t))
	files, err := filepath.Glob("testdata/bad/*")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d bad files: %v", len(files), err)
	}
	for _, file := range files {
		for _, args := range [][]string{{"explain", file, "--site", "."}, {"path", file}} {
			if code, _, errs := command(t, nil, args...); code != exitDone && code != exitUsage && code != exitUnreadable || strings.Contains(errs, "internal error") {
				t.Errorf("%q: exit %d: %s", args, code, errs)
			}
		}
	}
}
