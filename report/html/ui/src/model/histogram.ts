// Distributions of durations, with the buckets of the analysis
// (analyze/internal/collect/histogram.go), so that percentiles are the same to
// the nanosecond: 32 buckets for each power of two.

import type { Latency } from '../data/result';

const perOctave = 32;
const octaves = 53;

/** bounds[i] is the lower bound of bucket i of each octave, where the octave begins at 2^32. */
const bounds = Float64Array.from({ length: perOctave + 1 }, (_, i) => Math.ceil(2 ** (i / perOctave) * 2 ** 32));

/** scales[e] brings a duration of 2^e to 2^(e+1) to where bounds are. */
const scales = Float64Array.from({ length: octaves }, (_, e) => 2 ** (32 - e));

/** guess[i] is the bucket of the smallest fraction whose leading six bits are i: the right one is this or the next. */
const guess = Uint8Array.from({ length: 64 }, (_, i) => {
  let g = 0;
  while (g < perOctave - 1 && bounds[g + 1]! <= 2 ** 32 + i * 2 ** 26) g++;
  return g;
});

/** bucket is the index of a duration, 0 for all below 2 ns. */
export function bucket(ns: number): number {
  if (ns < 2) return 0;
  const e = ns < 4294967296 ? 31 - Math.clz32(ns) : 63 - Math.clz32(ns / 4294967296);
  const fraction = ns * scales[e]!;
  const i = guess[(fraction / 67108864) & 63]!;
  return e * perOctave + i + (fraction >= bounds[i + 1]! ? 1 : 0);
}

/** lower is the duration with which a bucket begins. */
export function lower(b: number): number {
  return 2 ** (b / perOctave);
}

function middle(b: number): number {
  return Math.round(2 ** ((b + 0.5) / perOctave));
}

/** Buckets of the analysis in one of those that merged intervals are counted by. */
export const coarse = 8;

export class Histogram {
  n = 0;
  max = 0;
  first = 0;
  /** How many there are in buckets first, first+1, …; shares of bins make them fractions. */
  counts = new Float64Array(0);

  add(ns: number): void {
    if (ns > this.max) this.max = ns;
    this.addTo(bucket(ns), 1);
  }

  /** addTo counts n durations in a bucket. */
  addTo(b: number, n: number): void {
    this.n += n;
    const i = b - this.first;
    if (i < 0 || i >= this.counts.length) this.grow(b);
    this.counts[b - this.first]! += n;
  }

  private grow(b: number): void {
    const last = this.first + this.counts.length;
    const first = this.counts.length === 0 ? b : Math.min(b, this.first);
    const room = Math.max(b + 1, last, first + Math.min(2 * this.counts.length, 512)) - first;
    const grown = new Float64Array(room);
    grown.set(this.counts, this.counts.length === 0 ? 0 : this.first - first);
    this.first = first;
    this.counts = grown;
  }

  merge(o: Histogram): void {
    for (let i = 0; i < o.counts.length; i++) if (o.counts[i]! > 0) this.addTo(o.first + i, o.counts[i]!);
    if (o.max > this.max) this.max = o.max;
  }

  /** percentile is the duration at quantile q by nearest rank. */
  percentile(q: number): number {
    let rank = Math.max(1, Math.ceil(q * this.n));
    if (rank >= this.n) return this.max;
    for (let i = 0; i < this.counts.length; i++) {
      rank -= this.counts[i]!;
      if (rank <= 0) return Math.min(middle(this.first + i), this.max);
    }
    return this.max;
  }

  latency(): Latency {
    if (this.n < 0.5) return { count: 0, p50_ns: 0, p90_ns: 0, p99_ns: 0, max_ns: 0 };
    return { count: Math.round(this.n), p50_ns: this.percentile(0.5), p90_ns: this.percentile(0.9), p99_ns: this.percentile(0.99), max_ns: this.max };
  }
}
