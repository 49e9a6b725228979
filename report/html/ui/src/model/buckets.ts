// Sorting things by a small whole number, the way in which every index of the
// page is made: linear, stable, two typed arrays.

export interface Buckets {
  /** Items of bucket b: items[at[b]] to items[at[b+1]], in the order in which they were. */
  at: Uint32Array;
  items: Uint32Array;
}

/** buckets sorts 0 to n by key; a key below zero or past the size leaves an item out. */
export function buckets(n: number, size: number, key: (i: number) => number): Buckets {
  const at = new Uint32Array(size + 1);
  let kept = 0;
  for (let i = 0; i < n; i++) {
    const k = key(i);
    if (k < 0 || k >= size) continue;
    at[k + 1]!++;
    kept++;
  }
  for (let b = 0; b < size; b++) at[b + 1]! += at[b]!;
  const next = at.slice(0, size);
  const items = new Uint32Array(kept);
  for (let i = 0; i < n; i++) {
    const k = key(i);
    if (k >= 0 && k < size) items[next[k]!++] = i;
  }
  return { at, items };
}

/** once computes something of an object when it is first asked for, and keeps it. */
export function once<O extends object, V>(compute: (of: O) => V): (of: O) => V {
  const known = new WeakMap<O, V>();
  return (of) => {
    let v = known.get(of);
    if (v === undefined) known.set(of, (v = compute(of)));
    return v;
  };
}

/** firstAfter is the first index in lo..hi whose value, ascending, is greater than x; hi if none is. */
export function firstAfter(value: (i: number) => number, lo: number, hi: number, x: number): number {
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if (value(mid) <= x) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

/** sortByTime sorts items by an instant in from..to; nearly linear, as the instants are spread. */
export function sortByTime(items: Uint32Array, time: (item: number) => number, from: number, to: number): void {
  const n = items.length;
  const size = Math.max(1, n);
  const scale = to > from ? (size - 1) / (to - from) : 0;
  const place = (i: number): number => Math.min(size - 1, Math.max(0, Math.floor((time(items[i]!) - from) * scale)));
  const rough = buckets(n, size, place).items.map((i) => items[i]!);
  for (let i = 1; i < n; i++) {
    const item = rough[i]!;
    const t = time(item);
    let j = i - 1;
    while (j >= 0 && time(rough[j]!) > t) {
      rough[j + 1] = rough[j]!;
      j--;
    }
    rough[j + 1] = item;
  }
  items.set(rough);
}
