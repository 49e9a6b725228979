package blame

import "slices"

// Arc is that one node of a graph waits for another.
type Arc struct{ From, To int }

// Circles are the sets of two nodes or more each of which can be reached from each
// other along the arcs: the strongly connected components (Tarjan's algorithm).
// Nodes are numbers from 0 to n-1. Each set is in order, and the sets by their
// first node.
func Circles(n int, arcs []Arc) [][]int {
	c := circles{next: make([][]int, n), index: make([]int, n), low: make([]int, n), on: make([]bool, n)}
	for _, a := range arcs {
		c.next[a.From] = append(c.next[a.From], a.To)
	}
	for v := range n {
		if c.index[v] == 0 {
			c.visit(v)
		}
	}
	slices.SortFunc(c.found, slices.Compare)
	return c.found
}

type circles struct {
	next  [][]int
	index []int // in the order of visits, from 1; 0 is not visited
	low   []int
	on    []bool // on the stack
	stack []int
	count int
	found [][]int
}

// visit follows the arcs from a node. It keeps its own list of what is open, as a
// chain may have as many nodes as a trace has groups.
func (c *circles) visit(root int) {
	type open struct{ v, arc int }
	c.enter(root)
	for work := []open{{v: root}}; len(work) > 0; {
		top := &work[len(work)-1]
		if top.arc < len(c.next[top.v]) {
			to := c.next[top.v][top.arc]
			top.arc++
			switch {
			case c.index[to] == 0:
				c.enter(to)
				work = append(work, open{v: to})
			case c.on[to]:
				c.low[top.v] = min(c.low[top.v], c.index[to])
			}
			continue
		}
		v := top.v
		work = work[:len(work)-1]
		if len(work) > 0 {
			up := work[len(work)-1].v
			c.low[up] = min(c.low[up], c.low[v])
		}
		if c.low[v] == c.index[v] {
			c.close(v)
		}
	}
}

func (c *circles) enter(v int) {
	c.count++
	c.index[v], c.low[v], c.on[v] = c.count, c.count, true
	c.stack = append(c.stack, v)
}

// close takes the set that a node is the first of.
func (c *circles) close(v int) {
	i := slices.Index(c.stack, v)
	set := slices.Clone(c.stack[i:])
	c.stack = c.stack[:i]
	for _, w := range set {
		c.on[w] = false
	}
	if len(set) > 1 {
		slices.Sort(set)
		c.found = append(c.found, set)
	}
}
