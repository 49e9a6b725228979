package blame

import (
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/exptrace"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/internal/tracefile"
	"github.com/conctrace/conctrace/analyze/internal/wire"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// corpus calls f with every recorded trace.
func corpus(t *testing.T, f func(t *testing.T, path string)) {
	t.Helper()
	roots := []string{"../../../testdata/traces"}
	if extra := os.Getenv("CONCTRACE_EXTRA_TRACES"); extra != "" {
		roots = append(roots, extra)
	}
	n := 0
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".trace") {
				if n++; testing.Short() && n%5 != 0 {
					return nil
				}
				t.Run(strings.TrimPrefix(path, root+"/"), func(t *testing.T) { f(t, path) })
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if n < 50 {
		t.Errorf("only %d traces: the test looks in the wrong place", n)
	}
}

// read runs a trace through a ledger that set prepares, and tells of each record.
func read(t testing.TB, path string, o Options, set func(*Ledger), see func(*timeline.Record)) (b *Ledger, end int64, groups []timeline.Group) {
	t.Helper()
	file, err := tracefile.Open(path, tracefile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var dec event.Decoder
	if wire.Reads(file.Version()) {
		dec = wire.NewDecoder(t.Context(), file, file.Version(), wire.ScanLimits{})
	} else {
		dec = exptrace.New(t.Context(), file, file.Version(), wire.ScanLimits{})
	}
	defer dec.Close()
	b = New(o, dec.Tables())
	if set != nil {
		set(b)
	}
	m := timeline.New(dec.Tables(), file.Version(), timeline.Options{}, sinkFunc(func(batch []timeline.Record) {
		for i := range batch {
			if see != nil {
				see(&batch[i])
			}
			b.take(&batch[i])
		}
	}))
	for {
		events, err := dec.Next()
		if err == io.EOF || err == context.Canceled {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Feed(events); err != nil {
			t.Fatal(err)
		}
	}
	m.Finish()
	return b, m.DurationNs(), m.Groups()
}

type sinkFunc func([]timeline.Record)

func (f sinkFunc) Collect(batch []timeline.Record) { f(batch) }

// TestTheLedgerAgreesWithTheWalk holds what the ledger sums, by histories and as
// records pass, against a walk back through the recording of all intervals, wait by
// wait: to the nanosecond, piece by piece.
func TestTheLedgerAgreesWithTheWalk(t *testing.T) {
	corpus(t, func(t *testing.T, path string) {
		rec := NewRecording([]Window{{0, 1 << 62}}, 1<<40)
		type wait struct {
			key      accountKey
			g        int64
			from, to int64
		}
		var waits []wait
		var b *Ledger
		b, _, _ = read(t, path, Options{Bytes: 1 << 40}, func(l *Ledger) {
			b = l
			l.store.fineness = 1 << 20 // nothing is long ago
			l.Record(rec)
		}, func(r *timeline.Record) {
			if r.Op != timeline.OpInterval || r.State != event.GoWaiting || r.OtherSlot < 0 || r.Has(timeline.FlagExternal) || r.Ns() == 0 || r.Kind.Class() == waitkind.Runtime {
				return
			}
			l := b.lives[r.Slot]
			if b.counts(l, r) && r.Kind != waitkind.Cond {
				waits = append(waits, wait{accountKey{l.ref, r.Kind, r.Stack, b.lives[r.OtherSlot].ref}, r.G, r.Start, r.End})
			}
		})
		want := map[accountKey]map[Piece]Share{}
		for _, w := range waits {
			steps := b.Walk(w.g, w.from, w.to)
			var ns int64
			for _, s := range steps {
				ns += s.Ns()
			}
			if len(steps) != 1 || ns != w.to-w.from || !steps[0].IsWait() {
				t.Fatalf("the walk from %d to %d of goroutine %d has %d steps of %d ns", w.from, w.to, w.g, len(steps), ns)
			}
			if want[w.key] == nil {
				want[w.key] = map[Piece]Share{}
			}
			for _, sh := range b.Sum(steps[0].Steps) {
				sum := want[w.key][sh.Piece]
				sum.Piece = sh.Piece
				sum.DirectNs += sh.DirectNs
				sum.PropagatedNs += sh.PropagatedNs
				want[w.key][sh.Piece] = sum
			}
		}
		b.Accounts(func(a Account, shares []Share) {
			if a.Kind == waitkind.Cond || a.Waker == NoOne {
				return
			}
			key := accountKey{a.Waiter, a.Kind, a.Stack, a.Waker}
			got := map[Piece]Share{}
			for _, sh := range shares {
				got[sh.Piece] = sh
			}
			if !maps.Equal(got, want[key]) {
				t.Errorf("account %+v\n got %v\nwant %v", a, got, want[key])
			}
			delete(want, key)
		})
		if len(want) > 0 {
			t.Errorf("%d accounts are missing", len(want))
		}
	})
}

// TestPiecesSumToWaits holds every account against the time of its waits, and every
// path against the lengths of its runs.
func TestPiecesSumToWaits(t *testing.T) {
	corpus(t, func(t *testing.T, path string) {
		for _, bytes := range []int64{0, 1} {
			b, _, _ := read(t, path, Options{Bytes: bytes}, nil, nil)
			b.Accounts(func(a Account, shares []Share) {
				var ns int64
				for _, s := range shares {
					ns += s.Ns()
					if s.DirectNs < 0 || s.PropagatedNs < 0 {
						t.Errorf("negative piece %+v", s)
					}
				}
				if ns != a.Ns {
					t.Errorf("with %d bytes: account %+v: pieces sum to %d", bytes, a, ns)
				}
			})
			for _, p := range b.Paths() {
				runs := append(slices.Clone(p.Slowest), p.Typical, Run{To: p.Ns, Shares: p.Shares})
				for _, run := range runs {
					var ns int64
					for _, s := range run.Shares {
						ns += s.Ns()
					}
					if ns != run.ns() {
						t.Errorf("with %d bytes: run %+v: pieces sum to %d", bytes, run, ns)
					}
				}
			}
		}
	})
}

// TestTakenProcessorsAreThoseOfTheTimeline holds the clock of taken processors against
// the time that the timeline's records of Ps have them busy or held in a system call.
func TestTakenProcessorsAreThoseOfTheTimeline(t *testing.T) {
	corpus(t, func(t *testing.T, path string) {
		if strings.Contains(path, "/go1.11/") || strings.Contains(path, "/go1.19/") || strings.Contains(path, "/go1.21/") {
			t.Skip("Ps of Go 1.21 and earlier are made up where there were none")
		}
		var taken, length int64
		b, end, _ := read(t, path, Options{}, nil, func(r *timeline.Record) {
			if r.Op == timeline.OpProc && r.Proc == event.ProcRunning {
				taken += r.Busy + r.Held
			}
		})
		b.busy.advance(end)
		length = end
		if off := b.busy.clock - taken; off*100 > length || -off*100 > length {
			t.Errorf("%d ns taken, %d by the Ps, of %d", b.busy.clock, taken, length)
		}
	})
}
