package wire

import (
	"encoding/binary"
	"math/bits"
)

// padding stands behind a generation's bytes, so that numbers can be read
// without a look at where the bytes end: an event is a type and at most five
// numbers of at most ten bytes, and whether it ended in its batch is checked
// once behind it.
const padding = 64

// uvarint reads a number at buf[i] and returns the offset behind it. The eight
// bytes there are looked at at once, since a branch on each would be guessed
// wrongly too often. A number of more than ten bytes or 64 bits is damage, for
// which it returns an offset in the padding.
func uvarint(buf []byte, i int) (uint64, int) {
	x := binary.LittleEndian.Uint64(buf[i:])
	if x&0x80 == 0 {
		return x & 0x7f, i + 1
	}
	last := ^x & 0x8080808080808080 // the bytes that may be the last
	if last == 0 {
		return longUvarint(buf, i)
	}
	n := bits.TrailingZeros64(last) // of the last byte the highest bit
	x &= 1<<n - 1 | 1<<n
	x = x&0x007f007f007f007f | x&0x7f007f007f007f00>>1
	x = x&0x00003fff00003fff | x&0x3fff00003fff0000>>2
	x = x&0x000000000fffffff | x&0x0fffffff00000000>>4
	return x, i + (n+1)/8
}

// longUvarint reads a number of nine or ten bytes.
func longUvarint(buf []byte, i int) (v uint64, end int) {
	for n := range 10 {
		b := buf[i+n]
		v |= uint64(b&0x7f) << (7 * n)
		if b < 0x80 && (n < 9 || b <= 1) {
			return v, i + n + 1
		}
		if b < 0x80 {
			break
		}
	}
	return 0, len(buf) - padding + 1
}

// uvarint2 and uvarint3 read so many numbers, without a branch for those of up to
// four bytes: how long the next one is cannot be foreseen.
func uvarint2(buf []byte, i int) (v, w uint64, end int) {
	x := binary.LittleEndian.Uint64(buf[i:])
	v, n := shortUvarint(x)
	if n == 0 {
		v, i = uvarint(buf, i)
		w, i = uvarint(buf, i)
		return v, w, i
	}
	w, m := shortUvarint(x >> (n & 63))
	if m == 0 {
		w, i = uvarint(buf, i+int(n/8))
		return v, w, i
	}
	return v, w, i + int((n+m)/8)
}

func uvarint3(buf []byte, i int) (v, w, y uint64, end int) {
	v, w, i = uvarint2(buf, i)
	y, n := shortUvarint(binary.LittleEndian.Uint64(buf[i:]))
	if n == 0 {
		y, i = uvarint(buf, i)
		return v, w, y, i
	}
	return v, w, y, i + int(n/8)
}

// shortUvarint is the number in the lowest bytes of x and how many bits it takes,
// which is 0 if it is of more than four bytes.
func shortUvarint(x uint64) (v, n uint64) {
	last := ^x & 0x80808080 // the bytes that may be the last
	x &= last ^ (last - 1)  // all up to the first of them
	v = x&0x7f | x>>1&0x3f80 | x>>2&0x1fc000 | x>>3&0xfe00000
	return v, uint64(bits.TrailingZeros64(last)+1) & 0x38
}
