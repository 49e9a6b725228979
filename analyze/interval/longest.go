package interval

import "slices"

// Longest keeps the longest of a list, at most so many, in their order. Of those that
// are just as long the first stay. The list is written over.
func Longest[T any](list []T, most int, ns func(*T) int64) []T {
	if len(list) <= most {
		return list
	}
	lengths := make([]int64, len(list))
	for i := range list {
		lengths[i] = ns(&list[i])
	}
	slices.Sort(lengths)
	least := lengths[len(lengths)-most]
	after, _ := slices.BinarySearch(lengths, least+1)
	equal := most - (len(lengths) - after) // of those that are just as long
	kept := list[:0]
	for i := range list {
		switch n := ns(&list[i]); {
		case n < least || n == least && equal == 0:
			continue
		case n == least:
			equal--
		}
		kept = append(kept, list[i])
	}
	return kept
}
