package html

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// decoded is a block as its reader sees it.
type decoded struct {
	columns map[string][]int64
	header  map[string]any
}

// decode reads a block as ui/src/data/columns.ts does.
func decode(t *testing.T, raw []byte) decoded {
	t.Helper()
	n := binary.LittleEndian.Uint32(raw)
	var header struct {
		Columns []column `json:"columns"`
	}
	if err := json.Unmarshal(raw[4:4+n], &header); err != nil {
		t.Fatal(err)
	}
	d := decoded{columns: map[string][]int64{}}
	if err := json.Unmarshal(raw[4:4+n], &d.header); err != nil {
		t.Fatal(err)
	}
	rest := raw[4+n:]
	for _, c := range header.Columns {
		data, sum := rest[:c.Size], int64(0)
		rest = rest[c.Size:]
		values := make([]int64, 0, c.N)
		for range c.N {
			u, size := binary.Uvarint(data)
			if size <= 0 {
				t.Fatalf("column %s ends early", c.Name)
			}
			data = data[size:]
			v := int64(u)
			if c.Code != "u" {
				v = int64(u>>1) ^ -int64(u&1)
			}
			if c.Code == "d" {
				sum += v
				v = sum
			}
			if !c.Wide && (v > math.MaxUint32 || v < math.MinInt32) {
				t.Errorf("column %s has %d and is not wide", c.Name, v)
			}
			values = append(values, v)
		}
		if len(data) > 0 {
			t.Errorf("column %s has %d bytes too many", c.Name, len(data))
		}
		d.columns[c.Name] = values
	}
	if len(rest) > 0 {
		t.Errorf("%d bytes behind the last column", len(rest))
	}
	return d
}

// unpacked undoes packed.
func unpacked(t *testing.T, text string) []byte {
	t.Helper()
	z, err := gzip.NewReader(base64.NewDecoder(base64.StdEncoding, strings.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Numbers come out of a block as they went in, whatever their code.
func TestColumnsRoundTrip(t *testing.T) {
	values := []int64{0, 1, 127, 128, 300, 1 << 20, 1<<53 - 1, 5}
	below := []int64{-1, 7, -(1 << 40), 0}
	b := new(block)
	b.plain("plain", true, len(values), func(i int) int64 { return values[i] })
	b.signed("signed", true, len(below), func(i int) int64 { return below[i] })
	b.rising("rising", true, len(values), func(i int) int64 { return values[i] })
	b.plain("empty", false, 0, nil)
	raw, err := b.bytes(func(c []column) any { return map[string]any{"columns": c} })
	if err != nil {
		t.Fatal(err)
	}
	text, err := packed(raw)
	if err != nil {
		t.Fatal(err)
	}
	if back := unpacked(t, text); !bytes.Equal(back, raw) {
		t.Fatal("packing changed the block")
	}
	got := decode(t, raw).columns
	for name, want := range map[string][]int64{"plain": values, "signed": below, "rising": values, "empty": {}} {
		if !slices.Equal(got[name], want) {
			t.Errorf("%s: %v, want %v", name, got[name], want)
		}
	}
}
