package collect

import (
	"slices"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// The places at which a pipeline's stages wait: one from a to b, another from b to c.
var (
	aSends    = []string{"runtime.chansend1", "main.stageA"}
	bReceives = []string{"runtime.chanrecv1", "main.stageB.in"}
	bSends    = []string{"runtime.chansend1", "main.stageB.out"}
	cReceives = []string{"runtime.chanrecv1", "main.stageC"}
)

// stagesOf are the names of the stages, with an asterisk for the bottleneck.
func stagesOf(r *result.Result) (out []string) {
	for _, s := range r.Patterns.Stages {
		name := r.Groups[s.Group].Name
		if s.Bottleneck {
			name += "*"
		}
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func stage(t *testing.T, r *result.Result, name string) result.Stage {
	t.Helper()
	for _, s := range r.Patterns.Stages {
		if r.Groups[s.Group].Name == name {
			s.Group = 0
			return s
		}
	}
	t.Fatalf("no stage %s", name)
	return result.Stage{}
}

// TestS20TheMiddleStageIsTheBottleneck: a, b and c compute w, 3 w and w for each of
// eight items and meet without a buffer. b takes the k-th at 1+3(k−1) w and passes it on
// at 1+3k; for the first it waits w. a has computed each but the first 2 w before that.
// c computes each at once and waits for the next, 4 w for the first and 2 for others.
func TestS20TheMiddleStageIsTheBottleneck(t *testing.T) {
	const n = 8
	m := newModel(t, 4)
	m.up(0, 0, 1, 2)
	m.has(1, 0, "main.stageA")
	m.has(2, 1, "main.stageB")
	m.has(3, 2, "main.stageC")
	m.blocks(0, 2, event.ReasonChanReceive, bReceives...)
	m.blocks(0, 3, event.ReasonChanReceive, cReceives...)
	m.wakes(w, 2, 1, aSends...)
	m.starts(w, 2, 1)
	for k := range int64(n) {
		took, passed := (1+3*k)*w, (4+3*k)*w
		if k > 0 {
			m.blocks(took-2*w, 1, event.ReasonChanSend, aSends...)
			m.wakes(took, 1, 2, bReceives...)
			m.starts(took, 1, 0)
		}
		m.wakes(passed, 3, 2, bSends...)
		m.starts(passed, 3, 2)
		if k < n-1 {
			m.blocks(passed+w, 3, event.ReasonChanReceive, cReceives...)
		}
	}
	m.ends((1+3*(n-1))*w, 1)
	m.ends((1+3*n)*w, 2)
	m.ends((2+3*n)*w, 3)
	r := m.result((2 + 3*n) * w)
	in, out := class(t, r, "main.stageA"), class(t, r, "main.stageC")
	little(t, in)
	little(t, out)
	eq(t, "a to b", [4]int64{in.SendWaits, in.SendNs, in.ReceiveWaits, in.ReceiveNs}, [4]int64{n - 1, (n - 1) * 2 * w * us, 1, w * us})
	eq(t, "b to c", [4]int64{out.SendWaits, out.SendNs, out.ReceiveWaits, out.ReceiveNs}, [4]int64{0, 0, n, (4 + (n-1)*2) * w * us})
	number := func(c result.SiteClass) []int {
		return []int{slices.IndexFunc(r.SiteClasses, func(o result.SiteClass) bool { return slices.Equal(o.Sites, c.Sites) })}
	}
	eq(t, "a", stage(t, r, "main.stageA"), result.Stage{Downstream: number(in), RunningNs: n * w * us, SendNs: 14 * w * us, ReceiversNs: w * us})
	eq(t, "b", stage(t, r, "main.stageB"), result.Stage{
		Upstream: number(in), Downstream: number(out), RunningNs: 3 * n * w * us,
		ReceiveNs: w * us, SendersNs: 14 * w * us, ReceiversNs: 18 * w * us, Bottleneck: true,
	})
	eq(t, "c", stage(t, r, "main.stageC"), result.Stage{Upstream: number(out), RunningNs: n * w * us, ReceiveNs: 18 * w * us})
	eq(t, "first", r.Groups[r.Patterns.Stages[0].Group].Name, "main.stageB")
	eq(t, "findings", findings(r), []string{"slow-consumer"})
}

// TestS21AWideStageIsNoBottleneck: b has three workers, of which each takes the item
// that a has just made: after w, 2 w and 3 w of waiting, and none from then on. c waits
// 4 w for the first item, and the others come when it has done the one before.
func TestS21AWideStageIsNoBottleneck(t *testing.T) {
	const n = 64
	m := newModel(t, 5)
	m.up(0, 0, 1, 2, 3, 4)
	m.has(1, 0, "main.stageA")
	m.has(9, 4, "main.stageC")
	m.blocks(0, 9, event.ReasonChanReceive, cReceives...)
	for i := range int64(3) {
		m.has(2+i, int32(i)+1, "main.stageB")
		m.blocks(0, 2+i, event.ReasonChanReceive, bReceives...)
		m.wakes((1+i)*w, 2+i, 1, aSends...)
		m.starts((1+i)*w, 2+i, int32(i)+1)
	}
	m.wakes(4*w, 9, 2, bSends...)
	m.starts(4*w, 9, 4)
	m.ends(n*w, 1)
	for i := range int64(3) { // the last items are done at n+1, n+2 and n+3
		m.ends((n+1+i)*w, 2+(n+i-2)%3)
	}
	m.ends((n+4)*w, 9)
	r := m.result((n + 4) * w)
	eq(t, "stages", stagesOf(r), []string{"main.stageA", "main.stageB", "main.stageC"})
	b := stage(t, r, "main.stageB")
	eq(t, "b", [4]int64{b.SendersNs, b.ReceiveNs, b.SendNs, b.ReceiversNs}, [4]int64{0, 6 * w * us, 0, 4 * w * us})
	if found := findings(r); slices.Contains(found, "slow-consumer") || slices.Contains(found, "slow-producer") {
		t.Errorf("findings %v", found)
	}
}

// TestASourceMayBeTheBottleneck: it makes eight items in 3 w each, which take the sink w
// each: that waits 3 w for the first and 2 w for the others.
func TestASourceMayBeTheBottleneck(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0, 1)
	m.has(1, 0, "main.stageA")
	m.has(2, 1, "main.stageC")
	for k := range int64(8) {
		m.blocks(max(0, 3*k*w+w)*min(k, 1), 2, event.ReasonChanReceive, cReceives...)
		m.wakes(3*(k+1)*w, 2, 1, aSends...)
		m.starts(3*(k+1)*w, 2, 1)
	}
	r := m.result(25 * w)
	eq(t, "stages", stagesOf(r), []string{"main.stageA*", "main.stageC"})
	eq(t, "source", stage(t, r, "main.stageA").ReceiversNs, (3+7*2)*w*us)
	eq(t, "findings", findings(r), []string{"slow-producer"})
}

// TestASinkMayBeTheBottleneck: of 3 w for an item, of which the source makes one in w.
func TestASinkMayBeTheBottleneck(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0, 1)
	m.has(1, 0, "main.stageA")
	m.has(2, 1, "main.stageC")
	for k := range int64(8) {
		m.blocks(3*k*w+w, 1, event.ReasonChanSend, aSends...)
		m.wakes(3*(k+1)*w, 1, 2, cReceives...)
		m.starts(3*(k+1)*w, 1, 0)
	}
	r := m.result(25 * w)
	eq(t, "stages", stagesOf(r), []string{"main.stageA", "main.stageC*"})
	eq(t, "sink", stage(t, r, "main.stageC").SendersNs, 8*2*w*us)
	eq(t, "findings", findings(r), []string{"slow-consumer"})
}
