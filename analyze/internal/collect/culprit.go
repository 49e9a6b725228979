package collect

import (
	"github.com/conctrace/conctrace/analyze/internal/blame"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// endedPlace is the waits at a place that goroutines of a group ended.
type endedPlace struct {
	idlePlace
	waker int32
}

// Culprits returns what says of the waits at a place that goroutines of a group ended
// what most of them consisted of: a function, or in brackets what is none. The places
// are those of another reading, with tables of its own. It may be called after Finish.
func (s *Set) Culprits(tables *event.Tables) func(at Place, waker int32) (result.Frame, bool) {
	ledger := s.blame.ledger
	sums := make(map[endedPlace]*pieceSums)
	ledger.Accounts(func(a blame.Account, shares []blame.Share) {
		if a.Waker == blame.NoOne {
			return
		}
		key := endedPlace{idlePlace{ledger.GroupOf(a.Waiter), a.Kind, stackText(s.accounting.tables, a.Stack), false}, ledger.GroupOf(a.Waker)}
		if sums[key] == nil {
			sums[key] = newPieceSums(s.end, ledger)
		}
		for _, sh := range shares {
			sums[key].add(sh, 0)
		}
	})
	frames := make(map[endedPlace]result.Frame, len(sums))
	for key, sum := range sums {
		if all := sum.list(); len(all) > 0 {
			frames[key] = all[0].Culprit()
		}
	}
	return func(at Place, waker int32) (result.Frame, bool) {
		f, ok := frames[endedPlace{idlePlace{at.Group, at.Kind, stackText(tables, at.Stack), false}, waker}]
		return f, ok
	}
}
