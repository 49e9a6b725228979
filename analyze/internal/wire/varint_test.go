package wire

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// padded is bytes as a generation holds them.
func padded(b []byte) []byte { return append(b, make([]byte, padding)...) }

// TestNumbers of every length are read as encoding/binary writes them.
func TestNumbers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	values := []uint64{0, 1, 0x7f, 0x80, 0x3fff, 0x4000, 1 << 56, 1<<63 - 1, 1 << 63, math.MaxUint64}
	for range 2000 {
		values = append(values, random.Uint64()>>random.IntN(64))
	}
	for i := range len(values) - 3 {
		var b []byte
		for _, v := range values[i : i+3] {
			b = binary.AppendUvarint(b, v)
		}
		n := len(b)
		b = padded(b)
		pos := 0
		for _, want := range values[i : i+3] {
			var v uint64
			if v, pos = uvarint(b, pos); v != want {
				t.Fatalf("%x: %d before byte %d, want %d", b[:n], v, pos, want)
			}
		}
		if pos != n {
			t.Fatalf("%x: read to byte %d of %d", b[:n], pos, n)
		}
	}
}

// TestOverlongNumbers lead into the padding, behind every batch, and reading on
// from there does no harm.
func TestOverlongNumbers(t *testing.T) {
	for _, b := range [][]byte{
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02},             // 65 bits
		{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01},       // eleven bytes
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, // no end
	} {
		n := len(b)
		data := padded(b)
		_, pos := uvarint(data, 0)
		if pos <= n {
			t.Errorf("%x ends at %d", b, pos)
		}
		for range 4 {
			_, pos = uvarint(data, pos)
		}
		if pos >= len(data) {
			t.Errorf("%x leads to %d of %d", b, pos, len(data))
		}
	}
	// Padded numbers, as the runtime writes some, are no damage.
	if v, end := uvarint(padded([]byte{0x85, 0x80, 0x80, 0x80, 0x00}), 0); v != 5 || end != 5 {
		t.Errorf("%d to %d", v, end)
	}
}
