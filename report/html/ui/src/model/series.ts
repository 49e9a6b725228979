// How many goroutines of each look there were, column by column of a picture:
// time-weighted means, from single intervals and, where those were merged, bins.

import type { Log } from '../data/log';
import { firstAfter } from './buckets';
import { cellCodes, mergedBit } from './cells';
import { members, procRows, ranOn, restSums } from './indexes';
import { binLength, keptOn, Pieces } from './merged';

/** Bands are codes of cells: looks, at rest, from bins of merged intervals. */
export const bandCount = 32;

/** A mean below this is an error of rounding. */
const least = 1e-8;

/** Columns sums stretches of time into columns, band by band. */
export class Columns {
  /**
   * By band × stride + column: until finish was called by how much the sum differs
   * from that of the column before, then the mean. So a stretch costs four
   * additions, however many columns it covers.
   */
  private readonly sums: Float64Array;
  /** Bands that have anything. */
  private readonly used: Uint8Array;
  private readonly scale: number;
  private readonly stride: number;

  constructor(
    readonly width: number,
    readonly bands: number,
    readonly from: number,
    readonly to: number,
  ) {
    this.stride = width + 2;
    this.sums = new Float64Array(bands * this.stride);
    this.used = new Uint8Array(bands);
    this.scale = width / (to - from);
  }

  /** clear makes it empty again. */
  clear(): this {
    const { stride } = this;
    for (let band = 0; band < this.bands; band++) {
      if (this.used[band]) this.sums.fill(0, band * stride, (band + 1) * stride);
      this.used[band] = 0;
    }
    return this;
  }

  /** add counts so many from one instant to another. */
  add(band: number, from: number, to: number, weight: number): void {
    const a = from <= this.from ? 0 : (from - this.from) * this.scale;
    const b = to >= this.to ? this.width : (to - this.from) * this.scale;
    if (b <= a) return;
    this.used[band] = 1;
    const { sums } = this;
    const first = a | 0;
    const last = b | 0;
    const p = band * this.stride + first;
    const q = band * this.stride + last;
    sums[p]! += (1 - a + first) * weight;
    sums[p + 1]! += (a - first) * weight;
    sums[q]! -= (1 - b + last) * weight;
    sums[q + 1]! -= (b - last) * weight;
  }

  /**
   * addRun counts intervals lo to hi of one goroutine, which follow each other
   * without a hole; merged ones are put aside. It is add, for millions.
   */
  addRun(of: { start: Float64Array; end: Float64Array; cell: ArrayLike<number> }, codes: Uint8Array, lo: number, hi: number, standIns: Pieces | null): void {
    const { sums, used, scale, from, to, width, stride } = this;
    const { end, cell } = of;
    const begin = Math.max(0, (of.start[lo]! - from) * scale);
    let first = begin | 0;
    let after = begin - first;
    for (let i = lo; i < hi && first < width; i++) {
      const e = end[i]!;
      const b = e >= to ? width : (e - from) * scale;
      const last = b | 0;
      const rest = b - last;
      const code = codes[cell[i]!]!;
      if (code < mergedBit) {
        const p = code * stride + first;
        const q = code * stride + last;
        used[code] = 1;
        sums[p]! += 1 - after;
        sums[p + 1]! += after;
        sums[q]! -= 1 - rest;
        sums[q + 1]! -= rest;
      } else if (standIns) {
        standIns.add(of.start[i]!, e);
      }
      first = last;
      after = rest;
    }
  }

  /** addTo counts so many in one column. */
  addTo(band: number, column: number, mean: number): void {
    this.used[band] = 1;
    this.sums[band * this.stride + column]! += mean;
    this.sums[band * this.stride + column + 1]! -= mean;
  }

  finish(): this {
    const { sums, stride } = this;
    for (let band = 0; band < this.bands; band++) {
      if (!this.used[band]) continue;
      let sum = 0;
      for (let i = band * stride; i < (band + 1) * stride; i++) {
        sum += sums[i]!;
        sums[i] = sum < least ? 0 : sum;
      }
    }
    return this;
  }

  at(band: number, x: number): number {
    return this.sums[band * this.stride + x]!;
  }

  has(band: number): boolean {
    return this.used[band] === 1;
  }

  /** row is the means of a band, column by column. */
  row(band: number): Float64Array {
    return this.sums.subarray(band * this.stride, band * this.stride + this.width);
  }

  /** most is the most that some bands have together in any column. */
  most(bands: readonly { band: number }[]): number {
    const there = bands.filter(({ band }) => this.used[band]);
    let most = 0;
    for (let x = 0; x < this.width; x++) {
      let sum = 0;
      for (const { band } of there) sum += this.at(band, x);
      if (sum > most) most = sum;
    }
    return most;
  }
}

/** piecesOf are the pieces of columns, made once for all the groups that they show. */
const piecesOf = new WeakMap<Columns, Pieces>();

/** addGroup counts what the goroutines of a group did. */
export function addGroup(c: Columns, log: Log, group: number): void {
  const { at, items } = members(log);
  if (group + 1 >= at.length) return; // nothing of it is in the page
  const standIns = hasRest(log, group) ? cleared(c, log) : null;
  for (let m = at[group]!; m < at[group + 1]!; m++) addGoroutine(c, log, items[m]!, standIns);
  if (standIns) addRest(c, log, group, standIns);
}

function hasRest(log: Log, group: number): boolean {
  if (log.rest.n === 0) return false;
  const { at } = restSums(log);
  return at[group]! < at[group + 1]!;
}

function cleared(c: Columns, log: Log): Pieces {
  let pieces = piecesOf.get(c);
  if (!pieces) piecesOf.set(c, (pieces = new Pieces(log, c.width, c.from, c.to)));
  pieces.clear();
  return pieces;
}

/** addGoroutine counts the single intervals of one goroutine. */
function addGoroutine(c: Columns, log: Log, g: number, standIns: Pieces | null): void {
  const { start, end } = log.intervals;
  const lo = log.goroutines.at[g]!;
  const hi = log.goroutines.at[g + 1]!;
  if (lo === hi || start[lo]! >= c.to || end[hi - 1]! <= c.from) return;
  c.addRun(log.intervals, cellCodes(log), start[lo]! < c.from ? firstAfter((k) => end[k]!, lo, hi, c.from) : lo, hi, standIns);
}

/** addRest counts what is merged: the stand-ins say where it was, the bins what it was. */
function addRest(c: Columns, log: Log, group: number, standIns: Pieces): void {
  const { at, bin, code, ns } = restSums(log);
  const column = (c.to - c.from) / c.width;
  let first = at[group]!;
  standIns.settle();
  standIns.share(group, (x, b, share) => {
    if (bin[first] !== b) first = firstAfter((k) => bin[k]!, at[group]!, at[group + 1]!, b - 1);
    for (let r = first; r < at[group + 1]! && bin[r] === b; r++) c.addTo(code[r]! | mergedBit, x, (ns[r]! * share) / column);
  });
}

/** goroutineColumns is what all goroutines of some groups did. */
export function goroutineColumns(log: Log, width: number, groups: readonly number[]): Columns {
  const c = new Columns(width, bandCount, log.from, log.to);
  for (const g of groups) addGroup(c, log, g);
  return c.finish();
}

/** Bands of what Ps ran. */
export const ranUser = 0;
export const ranSystem = 1;
/** By goroutines that a filter does not match, or that the page was not made of. */
export const ranOther = 2;

/** addProcessor counts what a P ran; band says which of the three a goroutine of a group is, or -1. */
export function addProcessor(c: Columns, log: Log, p: number, band: (group: number) => number): void {
  const { at, items } = ranOn(log);
  const { start, end, cell } = log.intervals;
  const hi = at[p + 1]!;
  const rows = procRows(log);
  const taken = rows.at[p]! < rows.at[p + 1]! ? cleared(c, log) : null;
  for (let k = firstAfter((i) => end[items[i]!]!, at[p]!, hi, c.from); k < hi; k++) {
    const i = items[k]!;
    if (start[i]! >= c.to) break;
    taken?.add(start[i]!, end[i]!);
    const b = band(log.cells.group[cell[i]!]!);
    if (b >= 0) c.add(b, start[i]!, end[i]!, 1);
  }
  if (!taken) return;
  taken.settle();
  const { n } = log.header.bins;
  const column = (c.to - c.from) / c.width;
  for (let k = rows.at[p]!; k < rows.at[p + 1]!; k++) {
    const r = rows.items[k]!;
    const bin = log.procs.bin[r]!;
    const free = Math.max(1, binLength(log, bin) - keptOn(log)[p * n + bin]!);
    taken.within(bin, (x, length, filled) => {
      const share = Math.max(0, length - filled) / free / column;
      if (log.procs.user[r]! > 0) c.addTo(ranUser, x, log.procs.user[r]! * share);
      if (log.procs.system[r]! > 0) c.addTo(ranSystem, x, log.procs.system[r]! * share);
      if (log.procs.other[r]! > 0) c.addTo(ranOther, x, log.procs.other[r]! * share);
    });
  }
}
