package wire

// padding stands behind a generation's bytes, so that numbers can be read
// without a look at where the bytes end: an event is a type and at most five
// numbers of at most ten bytes, and whether it ended in its batch is checked
// once behind it.
const padding = 64

// uvarint reads a number at buf[i] and returns the offset behind it. A number of
// more than ten bytes or 64 bits is damage, for which it returns an offset in the
// padding.
//
// It is a loop over bytes, small enough for the compiler to put it where it is
// called: there a processor learns how long the numbers of an event mostly are,
// and goes on to the next one before this one is known. Taking eight bytes at
// once and shifting, without a branch, makes each number wait for the one
// before it, and took 2.7 times as long.
func uvarint(buf []byte, i int) (v uint64, end int) {
	for shift := 0; shift < 70; shift += 7 {
		b := buf[i]
		i++
		v |= uint64(b&0x7f) << (shift & 63)
		if b < 0x80 {
			if shift == 63 && b > 1 {
				break
			}
			return v, i
		}
	}
	return 0, len(buf) - padding + 1
}
