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

// uvarint2 and uvarint3 read so many numbers. Most numbers are of one or two
// bytes, so that eight bytes hold several.
func uvarint2(buf []byte, i int) (v, w uint64, end int) {
	x := binary.LittleEndian.Uint64(buf[i:])
	switch {
	case x&0x80 == 0:
		v, x, i = x&0x7f, x>>8, i+1
	case x&0x8000 == 0:
		v, x, i = x&0x7f|x>>1&0x3f80, x>>16, i+2
	default:
		v, i = uvarint(buf, i)
		x = binary.LittleEndian.Uint64(buf[i:])
	}
	switch {
	case x&0x80 == 0:
		return v, x & 0x7f, i + 1
	case x&0x8000 == 0:
		return v, x&0x7f | x>>1&0x3f80, i + 2
	}
	w, i = uvarint(buf, i)
	return v, w, i
}

func uvarint3(buf []byte, i int) (v, w, y uint64, end int) {
	x := binary.LittleEndian.Uint64(buf[i:])
	switch {
	case x&0x80 == 0:
		v, x, i = x&0x7f, x>>8, i+1
	case x&0x8000 == 0:
		v, x, i = x&0x7f|x>>1&0x3f80, x>>16, i+2
	default:
		v, i = uvarint(buf, i)
		x = binary.LittleEndian.Uint64(buf[i:])
	}
	switch {
	case x&0x80 == 0:
		w, x, i = x&0x7f, x>>8, i+1
	case x&0x8000 == 0:
		w, x, i = x&0x7f|x>>1&0x3f80, x>>16, i+2
	default:
		w, i = uvarint(buf, i)
		x = binary.LittleEndian.Uint64(buf[i:])
	}
	switch {
	case x&0x80 == 0:
		return v, w, x & 0x7f, i + 1
	case x&0x8000 == 0:
		return v, w, x&0x7f | x>>1&0x3f80, i + 2
	}
	y, i = uvarint(buf, i)
	return v, w, y, i
}
