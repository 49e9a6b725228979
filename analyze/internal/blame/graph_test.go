package blame

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

// reachable are the circles of a graph by their definition: nodes of which each can be
// reached from each other.
func reachable(n int, arcs []Arc) (out [][]int) {
	to := make([][]bool, n)
	for v := range to {
		to[v] = make([]bool, n)
		to[v][v] = true
	}
	for _, a := range arcs {
		to[a.From][a.To] = true
	}
	for k := range n {
		for i := range n {
			for j := range n {
				to[i][j] = to[i][j] || to[i][k] && to[k][j]
			}
		}
	}
	seen := make([]bool, n)
	for v := range n {
		var set []int
		for w := v; w < n; w++ {
			if !seen[w] && to[v][w] && to[w][v] {
				set = append(set, w)
				seen[w] = true
			}
		}
		if len(set) > 1 {
			out = append(out, set)
		}
	}
	return out
}

// TestCirclesAreWhatCanBeReachedBothWays holds the algorithm against the definition, on
// random graphs, sparse and dense, with arcs that come twice and arcs from a node to
// itself.
func TestCirclesAreWhatCanBeReachedBothWays(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 4000 {
		n := r.IntN(14)
		var arcs []Arc
		if n > 0 {
			for range r.IntN(2*n + 1) {
				arcs = append(arcs, Arc{r.IntN(n), r.IntN(n)})
			}
		}
		if got, want := Circles(n, arcs), reachable(n, arcs); !reflect.DeepEqual(got, want) {
			t.Fatalf("%d nodes, %v: got %v, want %v", n, arcs, got, want)
		}
	}
}

// TestCirclesOfLongChains: ten thousand nodes, as many as a trace has groups, in one
// chain and in one circle, either way round.
func TestCirclesOfLongChains(t *testing.T) {
	const n = 10_000
	for _, up := range []bool{true, false} {
		var arcs []Arc
		for v := range n - 1 {
			if up {
				arcs = append(arcs, Arc{v, v + 1})
			} else {
				arcs = append(arcs, Arc{v + 1, v})
			}
		}
		is(t, fmt.Sprint("circles of a chain, up ", up), len(Circles(n, arcs)), 0)
		got := Circles(n, append(arcs, Arc{0, n - 1}, Arc{n - 1, 0}))
		if len(got) != 1 || len(got[0]) != n || got[0][0] != 0 || got[0][n-1] != n-1 {
			t.Errorf("up %v: %d circles", up, len(got))
		}
	}
}
