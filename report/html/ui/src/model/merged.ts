// Where merged intervals were. What they were is known by group and bin; where
// they were is known exactly of goroutines that have a lane, whose stand-ins have
// the extent, and to the bin of the others. On a P they were between the single ones.

import { CellMerged, type Log } from '../data/log';
import { firstAfter, once } from './buckets';
import { ranOn, restSums } from './indexes';

/** MergedRows is the merged time of a group in a bin. */
export interface MergedRows {
  /** Rows of group g: at[g] to at[g+1], by bin. */
  at: Uint32Array;
  bin: Uint32Array;
  ns: Float64Array;
  /** The part of it that no stand-in has: of goroutines without a lane. */
  stray: Float64Array;
}

export const mergedRows = once((log: Log): MergedRows => {
  const rest = restSums(log);
  const n = rest.bin.length;
  const out = { at: new Uint32Array(rest.at.length), bin: new Uint32Array(n), ns: new Float64Array(n), stray: new Float64Array(n) };
  let rows = 0;
  for (let g = 0; g + 1 < rest.at.length; g++) {
    for (let r = rest.at[g]!; r < rest.at[g + 1]!; r++) {
      if (rows === out.at[g] || out.bin[rows - 1] !== rest.bin[r]) out.bin[rows++] = rest.bin[r]!;
      out.ns[rows - 1]! += rest.ns[r]!;
    }
    out.at[g + 1] = rows;
  }
  const found = { at: out.at, bin: out.bin.slice(0, rows), ns: out.ns.slice(0, rows), stray: out.ns.slice(0, rows) };
  takeStandIns(log, found);
  return found;
});

/** takeStandIns leaves what no stand-in has. */
function takeStandIns(log: Log, rows: MergedRows): void {
  const { start, end, cell, n } = log.intervals;
  const { group, flags } = log.cells;
  const { width } = log.header.bins;
  for (let i = 0; i < n; i++) {
    const c = cell[i]!;
    if (!(flags[c]! & CellMerged) || group[c]! < 0 || group[c]! + 1 >= rows.at.length) continue;
    const first = Math.floor((start[i]! - log.from) / width);
    const last = rows.at[group[c]! + 1]!;
    for (let r = firstAfter((k) => rows.bin[k]!, rows.at[group[c]!]!, last, first - 1); r < last; r++) {
      const from = log.from + rows.bin[r]! * width;
      if (from >= end[i]!) break;
      rows.stray[r]! -= Math.min(end[i]!, from + width) - Math.max(start[i]!, from);
    }
  }
  for (let r = 0; r < rows.stray.length; r++) if (rows.stray[r]! < 0) rows.stray[r] = 0;
}

/** Pieces are the parts into which columns and bins together cut a stretch of time. */
export class Pieces {
  /** Where piece p begins. It lies in column c and bin b, where p = c + b - first. */
  private readonly at: Float64Array;
  private readonly first: number;
  private readonly last: number;
  private readonly scale: number;
  /** Stand-ins that fill piece p: the difference to the piece before; and the time of those that fill a part of it. */
  private readonly full: Float64Array;
  private readonly part: Float64Array;

  constructor(
    private readonly log: Log,
    private readonly width: number,
    private readonly from: number,
    private readonly to: number,
  ) {
    const bins = log.header.bins.width;
    this.first = Math.floor((from - log.from) / bins);
    this.last = Math.floor((to - log.from) / bins);
    this.scale = width / (to - from);
    const n = width + this.last - this.first;
    this.at = new Float64Array(n + 2).fill(to);
    this.full = new Float64Array(n + 2);
    this.part = new Float64Array(n + 1);
    this.at[0] = from;
    for (let p = 1, c = 1, b = this.first + 1; p <= n; p++) {
      const column = from + c / this.scale;
      const bin = log.from + b * bins;
      this.at[p] = Math.min(column, bin, to);
      if (column <= bin) c++;
      else b++;
    }
  }

  /** clear forgets the stand-ins. */
  clear(): void {
    this.full.fill(0);
    this.part.fill(0);
  }

  /** pieceOf is the piece of an instant. */
  private pieceOf(t: number): number {
    const column = Math.min(this.width, ((t - this.from) * this.scale) | 0);
    return column + Math.min(this.last, Math.floor((t - this.log.from) / this.log.header.bins.width)) - this.first;
  }

  /** add counts a stand-in. */
  add(start: number, end: number): void {
    const s = Math.max(start, this.from);
    const e = Math.min(end, this.to);
    if (e <= s) return;
    const p = this.pieceOf(s);
    const q = this.pieceOf(e);
    if (p === q) {
      this.part[p]! += e - s;
      return;
    }
    this.part[p]! += this.at[p + 1]! - s;
    this.part[q]! += e - this.at[q]!;
    this.full[p + 1]! += 1;
    this.full[q]! -= 1;
  }

  /** settle is called when all were added. */
  settle(): void {
    const { full } = this;
    for (let p = 1; p < full.length; p++) full[p]! += full[p - 1]!;
  }

  /** within calls back with the pieces of a bin: their column, their length, and how much was added in them. */
  within(bin: number, tell: (column: number, length: number, filled: number) => void): void {
    const { at, full, part, first, last } = this;
    if (bin < first || bin > last) return;
    const bins = this.log.header.bins.width;
    const from = this.log.from + bin * bins;
    const lo = Math.max(0, Math.floor((from - this.from) * this.scale));
    const hi = Math.min(this.width - 1, Math.floor((from + bins - this.from) * this.scale));
    for (let column = lo; column <= hi; column++) {
      const p = column + bin - first;
      const length = at[p + 1]! - at[p]!;
      if (length > 0) tell(column, length, part[p]! + full[p]! * length);
    }
  }

  /** share calls back with the column of each piece in which a group has merged time, the bin, and which share of the bin's it has. */
  share(group: number, tell: (column: number, bin: number, share: number) => void): void {
    const rows = mergedRows(this.log);
    for (let r = firstAfter((k) => rows.bin[k]!, rows.at[group]!, rows.at[group + 1]!, this.first - 1); r < rows.at[group + 1]! && rows.bin[r]! <= this.last; r++) {
      const bin = rows.bin[r]!;
      const stray = rows.stray[r]! / binLength(this.log, bin);
      this.within(bin, (column, length, filled) => {
        const ns = filled + stray * length;
        if (ns > 0) tell(column, bin, Math.min(1, ns / rows.ns[r]!));
      });
    }
  }
}

/** binLength is how long a bin is; the last may be shorter. */
export function binLength(log: Log, bin: number): number {
  const from = log.from + bin * log.header.bins.width;
  return Math.max(1, Math.min(from + log.header.bins.width, log.to) - from);
}

/** keptOn is for how long each P ran single intervals in each bin: by P × bins + bin. */
export const keptOn = once((log: Log): Float64Array => {
  const { at, items } = ranOn(log);
  const { start, end } = log.intervals;
  const { width, n } = log.header.bins;
  const out = new Float64Array(Math.max(0, at.length - 1) * n);
  for (let p = 0; p + 1 < at.length; p++) {
    for (let k = at[p]!; k < at[p + 1]!; k++) {
      const [s, e] = [start[items[k]!]!, end[items[k]!]!];
      for (let bin = Math.floor((s - log.from) / width); bin < n; bin++) {
        const from = log.from + bin * width;
        if (from >= e) break;
        out[p * n + bin]! += Math.min(e, from + width) - Math.max(s, from);
      }
    }
  }
  return out;
});
