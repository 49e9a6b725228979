package export

import (
	"cmp"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/plain"
	"github.com/conctrace/conctrace/report/pprof"
)

var csvFormat = Format{
	Name:       "csv",
	Extensions: []string{".csv"},
	Doc:        "tables: groups of goroutines, sites where they waited, every interval of every goroutine, and the stacks that it names",
	Parts:      []string{"groups", "sites", "intervals", "stacks"},
	New: func(w map[string]io.Writer, _ pprof.Options) Exporter {
		t := &tables{}
		for part, out := range w {
			sheet := csv.NewWriter(out)
			switch part {
			case "groups":
				t.groups = sheet
			case "sites":
				t.sites = sheet
			case "intervals":
				t.intervals = sheet
			case "stacks":
				t.stacks = sheet
			}
		}
		return t
	},
}

// tables writes CSV with a header each, quotes as RFC 4180 has them and lines that end
// in LF. Durations and instants are nanoseconds, instants from the trace's start.
type tables struct {
	interval.Nothing
	groups, sites, intervals, stacks *csv.Writer // nil where nobody asks for it

	result  *result.Result
	tables  *interval.Tables
	written int              // stacks
	callers map[int32]string // by stack
	row     []string         // scratch
	err     error
}

// cell is a text from a trace as a spreadsheet may have it: none takes it for a formula.
func cell(s string) string {
	s = plain.Text(s)
	if s != "" && strings.ContainsRune("=+-@", rune(s[0])) {
		return "'" + s
	}
	return s
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// yes is a mark.
func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// frameText is a stack in one cell, root first.
func frameText(frames []result.Frame) string {
	var parts []string
	for _, f := range slices.Backward(frames) {
		parts = append(parts, separators.Replace(cmp.Or(plain.Text(f.Func), "(no name)")))
	}
	return cell(strings.Join(parts, ";"))
}

// put writes a row; the first error stays.
func (t *tables) put(w *csv.Writer, row ...string) {
	if err := w.Write(row); err != nil && t.err == nil {
		t.err = err
	}
}

// Err is what writing came to.
func (t *tables) Err() error { return t.err }

// Begin writes the tables that the first reading has whole.
func (t *tables) Begin(r *result.Result, tables *interval.Tables) {
	t.result, t.tables, t.callers = r, tables, map[int32]string{}
	if t.groups != nil {
		t.writeGroups()
	}
	if t.sites != nil {
		t.writeSites()
	}
	if t.intervals != nil {
		t.put(t.intervals, "goroutine", "group_id", "group", "start_ns", "duration_ns", "class", "kind", "reason", "processor", "waker", "waker_group_id",
			"waker_function", "culprit", "task", "task_type", "at_rest", "censored", "inferred", "continues", "system", "function", "stack_id", "waker_stack_id")
	}
	if t.stacks != nil {
		t.put(t.stacks, "stack_id", "stack")
	}
}

func (t *tables) writeGroups() {
	t.put(t.groups, "group_id", "group", "created_by", "system", "goroutines", "ended", "verdict", "lifetime_ns", "running_ns", "runnable_ns", "blocked_sync_ns",
		"blocked_io_ns", "timer_ns", "runtime_ns", "unknown_ns", "at_rest_ns", "run_count", "wait_p50_ns", "wait_p99_ns", "ready_p50_ns", "ready_p99_ns", "ready_max_ns")
	for i := range t.result.Groups {
		g := &t.result.Groups[i]
		tm := &g.Time
		sync, ready := g.Waits["blocked-sync"], g.Waits["runnable"]
		t.put(t.groups, number(int64(i)), cell(g.Name), cell(g.CreatedBy), yes(g.System), number(int64(g.Count)), number(int64(g.Ended)), g.Verdict, number(tm.LifetimeNs),
			number(tm.RunningNs), number(tm.RunnableNs), number(tm.BlockedSyncNs), number(tm.BlockedIONs), number(tm.TimerNs), number(tm.RuntimeNs), number(tm.UnknownNs),
			number(tm.AtRestNs), number(g.RunCount), number(sync.P50Ns), number(sync.P99Ns), number(ready.P50Ns), number(ready.P99Ns), number(ready.MaxNs))
	}
}

func (t *tables) writeSites() {
	t.put(t.sites, "class", "kind", "function", "groups", "waits", "total_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns", "at_rest_waits", "at_rest_ns",
		"idle_blocked_ns", "main_cause", "main_cause_ns", "main_waker", "stack")
	for i := range t.result.Sites {
		s := &t.result.Sites[i]
		var groups []string
		for _, g := range s.Groups {
			groups = append(groups, separators.Replace(t.result.Groups[g].Name))
		}
		cause, causeNs := mainCause(s)
		t.put(t.sites, s.Class, s.Kind, cell(callerOf(s.Frames)), cell(strings.Join(groups, ";")), number(s.Waits), number(s.TotalNs), number(s.P50Ns), number(s.P90Ns),
			number(s.P99Ns), number(s.MaxNs), number(s.AtRestWaits), number(s.AtRestNs), number(s.IdleBlockedNs), cell(cause), causeNs, cell(t.mainWaker(s)), frameText(s.Frames))
	}
}

// callerOf is the function that a reader will recognise.
func callerOf(frames []result.Frame) string {
	f, _ := names.Caller(frames)
	return f.Func
}

// mainCause is what most of the waits at a place consisted of.
func mainCause(s *result.Site) (cause, ns string) {
	if len(s.Pieces) == 0 {
		return "", ""
	}
	return s.Pieces[0].Culprit().Func, number(s.Pieces[0].Ns)
}

// mainWaker is the function that ended most of the waits at a place.
func (t *tables) mainWaker(s *result.Site) string {
	if len(s.Wakers) == 0 {
		return ""
	}
	w := &s.Wakers[0]
	switch {
	case len(w.Frames) > 0:
		return callerOf(w.Frames)
	case w.Group >= 0:
		return t.result.Groups[w.Group].Name
	}
	return ""
}

// Stretch writes an interval, or a part of one.
func (t *tables) Stretch(s *interval.Stretch) {
	t.writeStacks()
	if t.intervals == nil || s.Ns() <= 0 {
		return
	}
	c := &t.tables.Cells[s.Cell]
	groupID, group := t.group(c.Group)
	wakerGroup, _ := t.group(s.WakerGroup)
	culprit, task := "", ""
	if s.Culprit >= 0 {
		culprit = t.tables.Frames[s.Culprit].Func
	}
	if s.Task != interval.NoTask {
		task = number(s.Task)
	}
	t.row = append(t.row[:0], number(s.G), groupID, cell(group), number(s.Start), number(s.Ns()), c.Kind.Class().String(), c.Kind.String(), cell(c.Reason), known(int64(s.P)), known(s.Waker),
		wakerGroup, t.caller(s.WakerStack), cell(culprit), task, cell(s.TaskType), c.Rule, s.Censored(), yes(c.Inferred), yes(s.Split), yes(c.System),
		t.caller(c.Stack), number(int64(c.Stack)), number(int64(s.WakerStack)))
	t.put(t.intervals, t.row...)
}

// writeStacks writes the stacks that are new. Stack 0 is empty: there is none.
func (t *tables) writeStacks() {
	if t.stacks == nil {
		return
	}
	for ; t.written < len(t.tables.Stacks); t.written++ {
		t.put(t.stacks, number(int64(t.written)), frameText(t.tables.StackOf(int32(t.written))))
	}
}

// known is a number that is -1 where it is not known.
func known(n int64) string {
	if n < 0 {
		return ""
	}
	return number(n)
}

// group is a group's number and name.
func (t *tables) group(at int) (id, name string) {
	if at < 0 || at >= len(t.result.Groups) {
		return "", ""
	}
	return number(int64(at)), t.result.Groups[at].Name
}

// caller is the function of a stack that a reader will recognise.
func (t *tables) caller(stack int32) string {
	text, ok := t.callers[stack]
	if !ok {
		text = cell(callerOf(t.tables.StackOf(stack)))
		t.callers[stack] = text
	}
	return text
}

// Close writes what is buffered.
func (t *tables) Close() error {
	t.writeStacks()
	for _, w := range []*csv.Writer{t.groups, t.sites, t.intervals, t.stacks} {
		if w == nil {
			continue
		}
		w.Flush()
		if err := w.Error(); err != nil && t.err == nil {
			t.err = err
		}
	}
	return t.err
}
