package html

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/gzip"
)

// A block is what scripts of the page read: a header in JSON and columns of numbers,
// each number in seven bits a byte (ui/src/data/columns.ts reads it).
type block struct {
	columns []column
	data    []byte
}

// column describes one column to the reader.
type column struct {
	Name string `json:"name"`
	Code string `json:"code"` // u: unsigned; z: zigzag; d: zigzag differences
	Wide bool   `json:"wide"` // a number may need more than 32 bits
	N    int    `json:"n"`
	Size int    `json:"bytes"`
}

// plain adds a column of numbers that are not negative.
func (b *block) plain(name string, wide bool, n int, at func(int) int64) {
	b.add(column{Name: name, Code: "u", Wide: wide, N: n}, func(i int) uint64 { return uint64(max(0, at(i))) })
}

// signed adds a column of numbers that may be negative.
func (b *block) signed(name string, wide bool, n int, at func(int) int64) {
	b.add(column{Name: name, Code: "z", Wide: wide, N: n}, func(i int) uint64 { return zigzag(at(i)) })
}

// rising adds a column of numbers that are near the one before.
func (b *block) rising(name string, wide bool, n int, at func(int) int64) {
	before := int64(0)
	b.add(column{Name: name, Code: "d", Wide: wide, N: n}, func(i int) uint64 {
		now := at(i)
		difference := zigzag(now - before)
		before = now
		return difference
	})
}

func (b *block) add(c column, at func(int) uint64) {
	before := len(b.data)
	for i := range c.N {
		b.data = binary.AppendUvarint(b.data, at(i))
	}
	c.Size = len(b.data) - before
	b.columns = append(b.columns, c)
}

func zigzag(n int64) uint64 { return uint64(n<<1) ^ uint64(n>>63) }

// bytes is the block with its header, which is marshalled with the columns.
func (b *block) bytes(header func([]column) any) ([]byte, error) {
	head, err := json.Marshal(header(b.columns))
	if err != nil {
		return nil, err
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(head)))
	return append(append(out, head...), b.data...), nil
}

// packed is data as an element of the page holds it: gzip, then base64.
func packed(data []byte) (string, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(data); err != nil {
		return "", fmt.Errorf("compress the page's data: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("compress the page's data: %w", err)
	}
	return base64.StdEncoding.EncodeToString(out.Bytes()), nil
}
