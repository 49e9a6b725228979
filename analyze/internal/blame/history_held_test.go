package blame

import "reflect"

// bytes is the memory that a history has, as the store accounts for it.
func (h *history) bytes() (n int64) {
	v := reflect.ValueOf(h).Elem()
	list := func(name string, each int64) {
		if f := v.FieldByName(name); f.IsValid() {
			n += int64(f.Cap()) * each
		}
	}
	list("blocks", blockBytes)
	list("ring", blockBytes)
	list("base", shareBytes)
	list("marks", 32)
	if f := v.FieldByName("marks"); f.IsValid() {
		for i := range f.Len() {
			n += 8 * int64(f.Index(i).FieldByName("sums").Cap())
		}
	}
	for i, mixes := 0, v.FieldByName("mixes"); i < mixes.Len(); i++ {
		if m := sharesOfMix(mixes.Index(i)); m.IsValid() {
			n += int64(m.Cap()) * shareBytes
		}
	}
	return n
}

// sharesIn are the pieces of a stretch that are in no known order.
func sharesIn(s *stretch) (out []share) {
	m := sharesOfMix(reflect.ValueOf(s).Elem().FieldByName("mix"))
	for i := range m.Len() {
		out = append(out, share{key(m.Index(i).FieldByName("key").Uint()), m.Index(i).FieldByName("ns").Int()})
	}
	return out
}

func sharesOfMix(m reflect.Value) reflect.Value {
	if m.Kind() == reflect.Pointer {
		if m.IsNil() {
			return reflect.Value{}
		}
		return m.Elem().FieldByName("shares")
	}
	return m
}
