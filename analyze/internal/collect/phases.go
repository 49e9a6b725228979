package collect

import "github.com/conctrace/conctrace/analyze/result"

// phases says which label prevailed when. Time is cut into stretches of equal
// length, of which there are never more than maxPhaseBins: at first a
// millisecond, and double whenever the trace has become too long. At the end
// neighbours of one label are one phase.
type phases struct {
	from, width int64
	bins        []phaseBin
	current     phaseBin
	end         int64 // of the current bin
	running     map[runningCell]int64
}

// runningCell is the time in a bin under a label with so many goroutines running.
type runningCell struct {
	bin, running int32
	label        label
}

type phaseBin [numLabels]int64

const (
	maxPhaseBins  = 1000
	leastPhaseBin = 1_000_000
)

func newPhases(from int64) phases {
	return phases{from: from, width: leastPhaseBin, end: from + leastPhaseBin, running: make(map[runningCell]int64)}
}

// add books ns of a label that end at to, with so many goroutines running.
func (p *phases) add(l label, running int32, to, ns int64) {
	for to > p.end {
		here := p.end - (to - ns)
		p.book(l, running, here)
		ns -= here
		p.next()
	}
	p.book(l, running, ns)
}

// book books ns in the current bin.
func (p *phases) book(l label, running int32, ns int64) {
	p.current[l] += ns
	p.running[runningCell{int32(len(p.bins)), running, l}] += ns
}

// next begins another bin.
func (p *phases) next() {
	p.bins = append(p.bins, p.current)
	p.current = phaseBin{}
	if len(p.bins) >= maxPhaseBins {
		p.double()
	}
	p.end = p.from + int64(len(p.bins)+1)*p.width
}

// double joins every two bins, of which there is an even number.
func (p *phases) double() {
	half := len(p.bins) / 2
	for i := range half {
		for l := range numLabels {
			p.bins[i][l] = p.bins[2*i][l] + p.bins[2*i+1][l]
		}
	}
	p.bins = p.bins[:half]
	p.width *= 2
	joined := make(map[runningCell]int64, len(p.running))
	for c, ns := range p.running {
		c.bin /= 2
		joined[c] += ns
	}
	p.running = joined
}

// list returns the phases until the end of the scope. Bins within gaps of a
// damaged trace are unknown.
func (p *phases) list(to int64, gaps []topSpan) []result.Phase {
	out := []result.Phase{}
	bins := append(p.bins, p.current)
	for i, b := range bins {
		from, until := p.from+int64(i)*p.width, min(to, p.from+int64(i+1)*p.width)
		if from >= until {
			break
		}
		name := labelNames[b.most()]
		for _, g := range gaps {
			if min(g.to, until)-max(g.from, from) > (until-from)/2 {
				name = "unknown"
			}
		}
		if n := len(out); n > 0 && out[n-1].Label == name {
			out[n-1].ToNs = until
		} else {
			out = append(out, result.Phase{FromNs: from, ToNs: until, Label: name})
		}
	}
	return out
}

// most is the label with most time.
func (b *phaseBin) most() label {
	best := label(0)
	for l := range numLabels {
		if b[l] > b[best] {
			best = l
		}
	}
	return best
}
