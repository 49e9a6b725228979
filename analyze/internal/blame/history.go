package blame

import (
	"math/bits"
	"slices"
)

// history is what filled a goroutine's time, up to now.
//
// A look into it asks for what was since some instant, and mostly not long ago.
// What is recent is kept piece by piece. Neighbours become one block that only
// knows the sum of each piece once they are, together, shorter than a 32nd of how
// long ago they were: a look that begins within such a block cannot know what of
// it was before and what after, so that at most such a share of what it asks for
// stays unresolved. The number of blocks grows with the logarithm of the time.
//
// Where there is no memory left for that, the oldest blocks go.
type history struct {
	start  int64   // since when it is known
	before key     // what was before that, where no parent tells
	pin    int64   // no block reaches across this instant
	blocks []block // the oldest first, without gaps
	mixes  []*mix
	unused []uint32 // of mixes

	// parent is the history of the goroutine that created this one, at the
	// instant since; nil if that is not known, or was too long ago. It is kept
	// for as long as a child may look into it.
	parent *history
	since  int64
	heirs  int32 // histories of which this is the parent
	depth  int32 // how many parents there are, at most
	ended  bool
}

// block is a stretch that ends at end: one piece, or a mix of them.
type block struct {
	end int64
	key key
}

// share is how much of a piece there is in something.
type share struct {
	key key
	ns  int64
}

const (
	// defaultFineness is how long ago a block must be, in lengths of it, to be a mix.
	defaultFineness = 32
	// firstBlocks is how many blocks a history begins with. From roomyBlocks on it
	// is worth the time to sum up, or from scantBlocks on where memory is short.
	firstBlocks = 4
	scantBlocks = 32
	roomyBlocks = 256
	// fewest is how many blocks are made one at least.
	fewest = 8
	// mostShares is how many pieces a mix has at most.
	mostShares = 64
	// mostParents bounds the chain of creators that is kept.
	mostParents = 1024

	blockBytes = 16
	shareBytes = 16
)

// store makes histories and keeps account of their memory.
type store struct {
	budget   int64 // bytes
	used     int64
	fineness int64
	free     []*history        // without blocks
	spare    [5][][]block      // lists without blocks, by their length
	mixes    [maxPooled][]*mix // by number of shares, to be used again
	merge    []share           // scratch
}

// mix is several pieces in no known order.
type mix struct{ shares []share }

// maxPooled is how many shares a mix has at most that is used again.
const maxPooled = 32

// begin returns the history of a goroutine that is there since an instant.
func (s *store) begin(at int64) *history {
	n := len(s.free)
	if n == 0 {
		return &history{start: at, pin: -1}
	}
	h := s.free[n-1]
	s.free = s.free[:n-1]
	*h = history{start: at, pin: -1, mixes: h.mixes, unused: h.unused}
	return h
}

// descends makes a history go on in that of the goroutine's creator.
func (s *store) descends(h, parent *history, at int64) {
	h.parent, h.since, h.depth = parent, at, parent.depth+1
	parent.heirs++
	if h.depth <= mostParents {
		return
	}
	// The half that is furthest away goes.
	for h.depth = mostParents/2 + 1; parent.depth > mostParents/2 && parent.parent != nil; parent = parent.parent {
		parent.depth -= mostParents / 2
	}
	s.orphan(parent)
}

// orphan cuts a history off from its parent.
func (s *store) orphan(h *history) {
	parent := h.parent
	h.parent, h.depth = nil, 0
	if parent != nil {
		parent.heirs--
		s.recycle(parent)
	}
}

// end takes in that a goroutine is gone. Its history stays for as long as that of
// one that it created goes on in it.
func (s *store) end(h *history) {
	h.ended = true
	s.recycle(h)
}

func (s *store) recycle(h *history) {
	for h != nil && h.ended && h.heirs == 0 {
		for _, m := range h.mixes {
			s.giveBack(m)
		}
		clear(h.mixes)
		s.release(h)
		parent := h.parent
		h.parent, h.mixes, h.unused = nil, h.mixes[:0], h.unused[:0]
		s.free = append(s.free, h)
		if parent != nil {
			parent.heirs--
		}
		h = parent
	}
}

// upTo is the instant until which the history says something.
func (h *history) upTo() int64 {
	if n := len(h.blocks); n > 0 {
		return h.blocks[n-1].end
	}
	return h.start
}

// add appends a piece that lasted until end.
func (s *store) add(h *history, k key, end int64) {
	n := len(h.blocks)
	if n > 0 && h.blocks[n-1].key == k && k&mixed == 0 && !h.pinned(h.blocks[n-1].end) {
		h.blocks[n-1].end = end
		return
	}
	if n == cap(h.blocks) {
		s.makeRoom(h, end)
	}
	h.blocks = append(h.blocks, block{end, k})
}

// makeRoom brings it about that one more block fits: while there is memory and
// what could be summed up is less than half, by a larger list.
func (s *store) makeRoom(h *history, now int64) {
	n := cap(h.blocks)
	if n >= roomyBlocks || n >= scantBlocks && s.used > s.budget/2 {
		if s.condense(h, now); len(h.blocks)*2 <= n {
			return
		}
	}
	if n == 0 || s.used+int64(n)*blockBytes <= s.budget {
		s.resize(h, max(firstBlocks, 2*n))
		return
	}
	if len(h.blocks)*4 > n*3 {
		s.forget(h, (len(h.blocks)+1)/2)
	}
}

// resize gives a history a list of so many blocks.
func (s *store) resize(h *history, n int) {
	var blocks []block
	if list := s.spareOf(n); list != nil && len(*list) > 0 {
		last := len(*list) - 1
		blocks, *list = (*list)[last], (*list)[:last]
	} else {
		blocks = make([]block, 0, n)
	}
	blocks = append(blocks, h.blocks...)
	s.release(h)
	h.blocks = blocks
	s.used += int64(n) * blockBytes
}

// release takes a history's list of blocks from it.
func (s *store) release(h *history) {
	n := cap(h.blocks)
	s.used -= int64(n) * blockBytes
	if list := s.spareOf(n); list != nil && len(*list) < mostSpare {
		*list = append(*list, h.blocks[:0])
	}
	h.blocks = nil
}

// mostSpare is how many lists of a length are kept to be used again.
const mostSpare = 256

// spareOf are the lists of so many blocks that are to be used again, nil for lengths
// of which none are.
func (s *store) spareOf(n int) *[][]block {
	switch n {
	case 4, 8, 16, 32, 64:
		return &s.spare[bits.Len(uint(n))-3]
	}
	return nil
}

// forget drops the oldest blocks.
func (s *store) forget(h *history, n int) {
	h.start, h.before = h.blocks[n-1].end, unresolvedKey
	for _, b := range h.blocks[:n] {
		s.drop(h, b.key)
	}
	h.blocks = slices.Delete(h.blocks, 0, n)
	if h.parent != nil {
		s.orphan(h)
	}
}

// drop frees the mix of a key, if it is one.
func (s *store) drop(h *history, k key) {
	if k&mixed != 0 {
		i := k & keyMask
		s.giveBack(h.mixes[i])
		h.mixes[i] = nil
		h.unused = append(h.unused, uint32(i))
	}
}

// giveBack lets a mix be used again.
func (s *store) giveBack(m *mix) {
	if m == nil {
		return
	}
	s.used -= int64(cap(m.shares)) * shareBytes
	if n := cap(m.shares); n < maxPooled {
		s.mixes[n] = append(s.mixes[n], m)
	}
}

// keep makes shares a mix of a history, or unresolved if there is no memory for that.
func (s *store) keep(h *history, shares []share) key {
	if s.used+int64(len(shares))*shareBytes > s.budget {
		return unresolvedKey
	}
	var m *mix
	for n := len(shares); n < maxPooled && n < len(shares)+2 && m == nil; n++ {
		if last := len(s.mixes[n]) - 1; last >= 0 {
			m, s.mixes[n] = s.mixes[n][last], s.mixes[n][:last]
		}
	}
	if m == nil {
		m = &mix{make([]share, 0, len(shares))}
	}
	m.shares = append(m.shares[:0], shares...)
	s.used += int64(cap(m.shares)) * shareBytes
	if n := len(h.unused); n > 0 {
		i := h.unused[n-1]
		h.unused = h.unused[:n-1]
		h.mixes[i] = m
		return mixed | key(i)
	}
	h.mixes = append(h.mixes, m)
	return mixed | key(len(h.mixes)-1)
}

// condense makes one of neighbours where they were long enough ago.
func (s *store) condense(h *history, now int64) {
	out := 0 // where the next block goes
	from := h.start
	for i := 0; i < len(h.blocks); {
		j := i + 1
		single := h.blocks[i].key&mixed == 0
		pieces := h.pieces(i)
		for ; j < len(h.blocks) && !h.pinned(h.blocks[j-1].end); j++ {
			next := h.blocks[j]
			if single && next.key == h.blocks[i].key {
				continue // one piece, which can be cut anywhere
			}
			if pieces += h.pieces(j); pieces > mostShares || (next.end-from)*s.fineness > now-next.end {
				break
			}
			single = false
		}
		if j-i < fewest && !single {
			j = i + 1 // to join them now and again with others soon takes longer
		}
		h.blocks[out] = s.joined(h, from, i, j)
		from = h.blocks[out].end
		out++
		i = j
	}
	h.blocks = h.blocks[:out]
}

// pieces is how many pieces there are in a block.
func (h *history) pieces(i int) int {
	if k := h.blocks[i].key; k&mixed != 0 {
		return len(h.mixes[k&keyMask].shares)
	}
	return 1
}

// pinned says whether something may ask for what was since an instant exactly.
func (h *history) pinned(at int64) bool { return at == h.pin }

// joined makes one block of those from i to j, the first of which begins at from.
func (s *store) joined(h *history, from int64, i, j int) block {
	end := h.blocks[j-1].end
	if j == i+1 {
		return h.blocks[i]
	}
	s.merge = s.merge[:0]
	for _, b := range h.blocks[i:j] {
		if b.key&mixed == 0 {
			s.merge = addShare(s.merge, share{b.key, b.end - from})
		} else {
			for _, sh := range h.mixes[b.key&keyMask].shares {
				s.merge = addShare(s.merge, sh)
			}
			s.drop(h, b.key)
		}
		from = b.end
	}
	if len(s.merge) == 1 {
		return block{end, s.merge[0].key}
	}
	return block{end, s.keep(h, s.merge)}
}

// addShare adds to the share of the same key; there are few.
func addShare(to []share, sh share) []share {
	for i := range to {
		if to[i].key == sh.key {
			to[i].ns += sh.ns
			return to
		}
	}
	return append(to, sh)
}

// stretch is what filled a part of a goroutine's time: shares, in order where
// they are single pieces.
type stretch struct {
	share
	mix *mix // not nil: several pieces, in no known order
}

// addFound adds all shares of what was found.
func addFound(to []share, found []stretch) []share {
	for i := range found {
		s := &found[i]
		if s.mix == nil {
			to = addShare(to, s.share)
			continue
		}
		for _, sh := range s.mix.shares {
			to = addShare(to, sh)
		}
	}
	return to
}

// look appends what filled [from, to) to a list, in the order of time. Where to
// lies before the history's end, what comes later is left out. The pieces sum to
// to-from.
func (h *history) look(out []stretch, from, to int64) []stretch {
	if from >= to {
		return out
	}
	begin := max(from, h.start)
	if begin > from {
		if end := min(begin, to); h.parent != nil && from < h.since {
			out = h.parent.look(out, from, min(end, h.since))
			from = min(end, h.since)
		}
		if end := min(begin, to); end > from {
			out = append(out, stretch{share: share{h.before, end - from}})
		}
		if begin >= to {
			return out
		}
	}
	i := h.find(begin)
	at := begin
	if i < len(h.blocks) && h.blocks[i].end <= at {
		i++ // behind the end
	}
	for ; i < len(h.blocks) && at < to; i++ {
		b := h.blocks[i]
		end := min(b.end, to)
		switch {
		case b.key&mixed == 0:
			out = append(out, stretch{share: share{b.key, end - at}})
		case at == h.beginOf(i) && end == b.end:
			out = append(out, stretch{share: share{b.key, end - at}, mix: h.mixes[b.key&keyMask]})
		default:
			out = append(out, stretch{share: share{unresolvedKey, end - at}})
		}
		at = end
	}
	if at < to {
		out = append(out, stretch{share: share{unknownKey, to - at}})
	}
	return out
}

// find is the block in which an instant lies. Mostly that is one of the last.
func (h *history) find(at int64) int {
	n := len(h.blocks)
	for i := n - 1; i >= max(0, n-8); i-- {
		if h.beginOf(i) <= at {
			return i
		}
	}
	lo, hi := 0, max(0, n-8)
	for lo < hi {
		if mid := (lo + hi) / 2; h.blocks[mid].end <= at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (h *history) beginOf(i int) int64 {
	if i == 0 {
		return h.start
	}
	return h.blocks[i-1].end
}
