// Package nonull readies values for scripts that read them as JSON.
package nonull

import (
	"reflect"
	"strings"
)

// Copy copies a value such that encoding/json writes no null for it: lists and maps
// that are nil become empty, so that a script can iterate over them unseen. Those that
// are left out when empty stay nil.
func Copy(v any) any { return withoutNulls(reflect.ValueOf(v)).Interface() }

func withoutNulls(v reflect.Value) reflect.Value {
	clone := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		clone.Set(reflect.New(v.Type().Elem()))
		clone.Elem().Set(withoutNulls(v.Elem()))
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.IsZero() && strings.Contains(v.Type().Field(i).Tag.Get("json"), ",omitempty") {
				clone.Field(i).Set(f)
			} else {
				clone.Field(i).Set(withoutNulls(f))
			}
		}
	case reflect.Slice:
		clone.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			clone.Index(i).Set(withoutNulls(v.Index(i)))
		}
	case reflect.Map:
		clone.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		for it := v.MapRange(); it.Next(); {
			clone.SetMapIndex(it.Key(), withoutNulls(it.Value()))
		}
	default:
		return v
	}
	return clone
}
