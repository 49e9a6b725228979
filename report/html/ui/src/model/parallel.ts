// How many goroutines ran at once in a range, and what each of its instants is
// called: the partition of wall time (analyze/internal/collect/instant.go).

import { CellAtRest, CellGap, CellJoin, type Log } from '../data/log';
import type { Partition, Result } from '../data/result';
import { firstAfter } from './buckets';
import { overlap, sum } from './time';

export interface Parallelism {
  /** For how long exactly k user goroutines ran. */
  histogram: number[];
  partition: Partition;
  averageRunning: number;
  /** The mean while at least one ran. */
  averageParallelism: number;
}

/** parallelism works a range out. */
export function parallelism(result: Result, log: Log, from: number, to: number): Parallelism {
  const gap = (result.trace.gaps ?? []).reduce((ns, g) => ns + overlap(g.from_ns, g.to_ns, from, to), 0);
  const found = log.complete ? swept(result, log, from, to, gap) : fromBins(result, log, from, to, gap);
  while (found.histogram.length > 1 && found.histogram.at(-1) === 0) found.histogram.pop();
  let ran = 0;
  for (let k = 1; k < found.histogram.length; k++) ran += k * found.histogram[k]!;
  const any = sum(found.histogram) - found.histogram[0]!;
  const length = to - from - gap;
  return { ...found, averageRunning: length > 0 ? ran / length : 0, averageParallelism: any > 0 ? ran / any : 0 };
}

type Found = Pick<Parallelism, 'histogram' | 'partition'>;

const labels = ['idle', 'latency_bound', 'stalled', 'serial', 'interleaved', 'parallel'] as const;

function emptyPartition(gap: number): Partition {
  return { idle: 0, latency_bound: 0, stalled: 0, serial: 0, interleaved: 0, parallel: 0, unknown: gap };
}

function fromBins(result: Result, log: Log, from: number, to: number, gap: number): Found {
  const { header, sweep } = log;
  const idle = header.sweep.labels.indexOf('idle');
  const { gaps, shares } = sweepBins(result, log, from, to);
  const histogram = [0];
  const partition = emptyPartition(gap);
  const names = header.sweep.labels.map((l) => l.replace('-', '_') as keyof Partition);
  for (let i = 0; i < sweep.n; i++) {
    const bin = sweep.bin[i]!;
    const k = sweep.running[i]!;
    // Nobody is seen to do anything in a gap, which looks like idle time.
    const empty = k === 0 && sweep.label[i] === idle ? gaps[bin]! : 0;
    const ns = Math.max(0, sweep.ns[i]! - empty) * shares[bin]!;
    if (ns === 0) continue;
    while (histogram.length <= k) histogram.push(0);
    histogram[k]! += ns;
    const name = names[sweep.label[i]!]!;
    partition[name] = (partition[name] ?? 0) + ns;
  }
  return { histogram, partition };
}

/** sweepBins is the time of gaps in each bin of sweep, and which share of the rest of it lies in a range. */
function sweepBins(result: Result, log: Log, from: number, to: number): { gaps: Float64Array; shares: Float64Array } {
  const { from: first, width, n } = log.header.sweep;
  const gaps = new Float64Array(n);
  const shares = new Float64Array(n);
  for (let bin = 0; bin < n; bin++) {
    const lo = first + bin * width;
    const hi = Math.min(lo + width, log.to);
    let missed = 0;
    for (const g of result.trace.gaps ?? []) {
      gaps[bin]! += overlap(g.from_ns, g.to_ns, lo, hi);
      missed += overlap(g.from_ns, g.to_ns, Math.max(lo, from), Math.min(hi, to));
    }
    const whole = hi - lo - gaps[bin]!;
    if (whole > 0) shares[bin] = (overlap(lo, hi, from, to) - missed) / whole;
  }
  return { gaps, shares };
}

// What a goroutine is at an instant.
const Absent = 0; // or at rest, or represented by others, or nobody knows
const Runs = 1;
const Ready = 2;
const Waits = 3;

/** statesOf is that by cell. */
function statesOf(result: Result, log: Log): Uint8Array {
  const { group, kind, flags } = log.cells;
  return Uint8Array.from({ length: kind.length }, (_, c) => {
    if (result.groups[group[c]!]?.system !== false || flags[c]! & CellGap) return Absent;
    const k = log.kinds[kind[c]!]!;
    if (k.label === 'running/user' || k.label === 'running/gc-assist') return Runs;
    if (k.class === 'runnable') return Ready;
    return flags[c]! & (CellAtRest | CellJoin) ? Absent : Waits;
  });
}

/** swept follows every change of state in the range, in the order of time. */
function swept(result: Result, log: Log, from: number, to: number, gap: number): Found {
  const changes = changesIn(log, statesOf(result, log), from, to);
  const counts = [0, 0, 0, 0];
  const histogram = [0];
  const spent = new Float64Array(labels.length);
  let at = 0;
  const pass = (until: number): void => {
    const running = counts[Runs]!;
    while (histogram.length <= running) histogram.push(0);
    histogram[running]! += until - at;
    spent[labelOf(running, counts[Ready]!, counts[Waits]!)]! += until - at;
    at = until;
  };
  for (const change of changes) {
    const t = Math.floor(change / 16);
    if (t > at) pass(t);
    const what = change - t * 16;
    counts[what >> 2]!--;
    counts[what & 3]!++;
  }
  pass(to - from);
  // Nobody is seen to do anything in a gap.
  histogram[0]! -= gap;
  spent[0]! -= gap;
  const partition = emptyPartition(gap);
  labels.forEach((name, i) => (partition[name] = spent[i]!));
  return { histogram, partition };
}

function labelOf(running: number, ready: number, waiting: number): number {
  if (running > 1) return 5;
  if (running === 1) return ready === 0 && waiting === 0 ? 3 : 4;
  if (ready > 0) return 2;
  return waiting > 0 ? 1 : 0;
}

/** changesIn lists changes of state as 16 × instant + 4 × before + after, instants from the range's start. */
function changesIn(log: Log, states: Uint8Array, from: number, to: number): Float64Array {
  const { start, end, cell } = log.intervals;
  const { at, n } = log.goroutines;
  let room = 0;
  for (let g = 0; g < n; g++) room += at[g + 1]! - at[g]! + 1;
  const out = new Float64Array(room);
  let used = 0;
  for (let g = 0; g < n; g++) {
    const last = at[g + 1]!;
    let before = Absent;
    let i = firstAfter((k) => end[k]!, at[g]!, last, from);
    for (; i < last && start[i]! < to; i++) {
      if (end[i] === start[i]) continue;
      const state = states[cell[i]!]!;
      if (state === before) continue;
      out[used++] = 16 * Math.max(0, start[i]! - from) + 4 * before + state;
      before = state;
    }
    if (before !== Absent && end[i - 1]! < to) out[used++] = 16 * (end[i - 1]! - from) + 4 * before + Absent;
  }
  return sorted(out.subarray(0, used), 16 * (to - from));
}

/** sorted sorts numbers between 0 and most: they are dealt out to bins of a few each, which takes a third of a plain sort's time. */
function sorted(keys: Float64Array, most: number): Float64Array {
  const bins = Math.max(1, keys.length >> 2);
  const scale = (bins - 1) / Math.max(1, most);
  const at = new Uint32Array(bins + 1);
  for (let i = 0; i < keys.length; i++) at[(keys[i]! * scale + 1) | 0]!++;
  for (let b = 0; b < bins; b++) at[b + 1]! += at[b]!;
  const out = new Float64Array(keys.length);
  const next = at.slice();
  for (let i = 0; i < keys.length; i++) out[next[(keys[i]! * scale) | 0]!++] = keys[i]!;
  for (let b = 0; b < bins; b++) {
    const lo = at[b]!;
    const hi = at[b + 1]!;
    if (hi - lo > 24) out.subarray(lo, hi).sort();
    else insertion(out, lo, hi);
  }
  return out;
}

function insertion(a: Float64Array, lo: number, hi: number): void {
  for (let i = lo + 1; i < hi; i++) {
    const key = a[i]!;
    let j = i - 1;
    for (; j >= lo && a[j]! > key; j--) a[j + 1] = a[j]!;
    a[j + 1] = key;
  }
}
