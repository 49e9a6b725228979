package wire

import "io"

// Again is how many generations a decoder had to order again, in sequence.
func Again(d *Decoder) int { return d.reordered }

// CountEvents reads the numbers of every event of a trace, in the order of the
// file: the least that decoding takes.
func CountEvents(r io.Reader, version int) (n int64, err error) {
	c := newCutter(r, NewScanner(version, ScanLimits{}))
	for {
		g, err := c.next()
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		g.tables = newTables()
		if err := g.takeApart(version); err != nil {
			return n, err
		}
		for _, batches := range g.batches {
			for _, b := range batches {
				n += countBatch(g.data, b)
			}
		}
		c.recycle(g)
	}
}

func countBatch(data []byte, b batch) (n int64) {
	for pos := b.begin; pos < b.end; n++ {
		args := argCount[data[pos]] + 1
		pos++
		for range args {
			_, pos = uvarint(data, pos)
		}
	}
	return n
}
