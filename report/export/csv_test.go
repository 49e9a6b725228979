package export

import (
	"encoding/csv"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/pprof"
)

var noGroup = regexp.MustCompile("no such group")

// rows are a table by its header.
func rows(t *testing.T, text string) []map[string]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll() // all rows have as many cells
	if err != nil || len(all) == 0 {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range all[1:] {
		m := map[string]string{}
		for i, cell := range row {
			m[all[0][i]] = cell
		}
		out = append(out, m)
	}
	return out
}

func ns(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// The table of intervals has all time by class, and by goroutine one after the other; the
// tables of groups and sites are those of the result.
func TestTablesAreTheResult(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		r, out := exported(t, "csv", path, analyze.Options{}, pprof.Options{})
		want, got := map[string]int64{}, map[string]int64{}
		for _, tm := range []*result.Time{&r.Time, &r.SystemTime} {
			for kind, ns := range tm.Kinds {
				if ns != 0 {
					want[kind] += ns
				}
			}
		}
		ends, most := map[string]int64{}, int64(0)
		for _, row := range rows(t, out["intervals"].String()) {
			got[row["class"]+"/"+row["kind"]] += ns(t, row["duration_ns"])
			start := ns(t, row["start_ns"])
			// A thread of C that calls into Go anew has the goroutine that it had before.
			if end, ok := ends[row["goroutine"]]; ok && start < end {
				t.Fatalf("goroutine %s goes on at %d, was told of until %d: %v", row["goroutine"], start, end, row)
			}
			ends[row["goroutine"]] = start + ns(t, row["duration_ns"])
			most = max(most, ns(t, row["stack_id"]), ns(t, row["waker_stack_id"]))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("intervals (-result +table):\n%s", diff)
		}
		for i, row := range rows(t, out["groups"].String()) {
			g := &r.Groups[i]
			if row["group"] != g.Name || ns(t, row["lifetime_ns"]) != g.Time.LifetimeNs || ns(t, row["blocked_sync_ns"]) != g.Time.BlockedSyncNs ||
				row["goroutines"] != fmt.Sprint(g.Count) || ns(t, row["ready_max_ns"]) != g.Waits["runnable"].MaxNs {
				t.Errorf("group %s: %v", g.Name, row)
			}
		}
		stacks := rows(t, out["stacks"].String())
		for i, row := range stacks {
			if row["stack_id"] != fmt.Sprint(i) || (row["stack"] == "") != (i == 0) {
				t.Fatalf("stack %d: %v", i, row)
			}
		}
		if most >= int64(len(stacks)) {
			t.Errorf("stack %d of %d", most, len(stacks))
		}
		sites := rows(t, out["sites"].String())
		if len(sites) != len(r.Sites) || len(rows(t, out["groups"].String())) != len(r.Groups) {
			t.Errorf("%d sites of %d", len(sites), len(r.Sites))
		}
		for i, row := range sites {
			if s := &r.Sites[i]; ns(t, row["total_ns"]) != s.TotalNs || row["kind"] != s.Kind || row["waits"] != fmt.Sprint(s.Waits) {
				t.Errorf("site %d: %v", i, row)
			}
		}
	})
}

// What an interval's row says besides its time.
func TestRowsOfIntervals(t *testing.T) {
	_, out := exported(t, "csv", serverTrace, analyze.Options{From: 100 * time.Millisecond, To: 200 * time.Millisecond}, pprof.Options{})
	found := map[string]bool{}
	for _, row := range rows(t, out["intervals"].String()) {
		for _, key := range []string{"processor", "waker", "waker_function", "culprit", "task_type", "at_rest", "continues", "system", "reason"} {
			if row[key] != "" {
				found[key] = true
			}
		}
		found["censored "+row["censored"]] = true
		if (row["class"] == "running" && row["kind"] == "user") != (row["processor"] != "") && row["kind"] == "user" {
			t.Errorf("it ran without a processor: %v", row)
		}
		if start := ns(t, row["start_ns"]); start < 1e8 || start+ns(t, row["duration_ns"]) > 2e8 {
			t.Errorf("outside of the window: %v", row)
		}
	}
	for _, key := range []string{"processor", "waker", "waker_function", "culprit", "at_rest", "continues", "system", "reason", "censored start", "censored end"} {
		if !found[key] {
			t.Errorf("no row has %s", key)
		}
	}
}

// A table alone has no other one in it.
func TestOneTable(t *testing.T) {
	r, out := exported(t, "csv", serverTrace, analyze.Options{}, pprof.Options{})
	if !slices.Equal(csvFormat.Parts, []string{"groups", "sites", "intervals", "stacks"}) || len(out) != 4 || len(r.Groups) == 0 {
		t.Errorf("%d tables", len(out))
	}
}

// No cell is taken for a formula, whatever a trace calls its functions.
func TestCellsAreNoFormulas(t *testing.T) {
	for in, want := range map[string]string{
		"=HYPERLINK(\"http://x\")": "'=HYPERLINK(\"http://x\")", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)",
		"\t=1": " =1", "main.f": "main.f", "": "", "a=b": "a=b",
	} {
		if got := cell(in); got != want && !(in == "\t=1" && !strings.HasPrefix(got, "=")) {
			t.Errorf("%q becomes %q", in, got)
		}
	}
}
