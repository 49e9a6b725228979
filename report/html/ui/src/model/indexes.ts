// Ways into the log: who belongs to a group, what ran on a processor, whom a
// goroutine woke. Each is made when it is first needed.

import { CellMerged, GoSystem, type Log } from '../data/log';
import { buckets, firstAfter, once, sortByTime, type Buckets } from './buckets';
import { cellCodes, restBit } from './cells';

/** lastOf is the index of each ID's goroutine: of the last, where threads of C code come back under one ID. */
const lastOf = once((log: Log): Map<number, number> => {
  const out = new Map<number, number>();
  for (let i = 0; i < log.goroutines.n; i++) out.set(log.goroutines.id[i]!, i);
  return out;
});

/** indexOf is the index of a goroutine by its ID, -1 if the page does not have it. Of several of one ID it is the one that was there at t. */
export function indexOf(log: Log, id: number, t = -1): number {
  const { id: ids, start } = log.goroutines;
  let g = lastOf(log).get(id) ?? -1;
  while (t >= 0 && g > 0 && start[g]! > t && ids[g - 1] === id) g--;
  return g;
}

/** livesOf are the goroutines of an ID, in the order of time. There is more than one where threads of C code come back. */
export function livesOf(log: Log, id: number): number[] {
  const out: number[] = [];
  for (let g = indexOf(log, id); g >= 0 && log.goroutines.id[g] === id; g--) out.unshift(g);
  return out;
}

function groupCount(log: Log): number {
  let n = 0;
  for (const of of [log.cells.group, log.goroutines.group]) for (let i = 0; i < of.length; i++) n = Math.max(n, of[i]! + 1);
  return n;
}

/** members are the goroutines of each group. */
export const members = once((log: Log): Buckets => buckets(log.goroutines.n, groupCount(log), (g) => log.goroutines.group[g]!));

/** RestSums is log.rest without stacks: ns by group, bin and code. */
export interface RestSums {
  /** Rows of group g: at[g] to at[g+1], by bin. */
  at: Uint32Array;
  bin: Uint32Array;
  code: Uint8Array;
  ns: Float64Array;
}

/** restSums sums log.rest up. A group has many cells, but few codes. */
export const restSums = once((log: Log): RestSums => {
  const { bin, cell, ns, n } = log.rest;
  const codes = cellCodes(log);
  const by = buckets(n, groupCount(log), (r) => log.cells.group[cell[r]!]!);
  const out = { at: new Uint32Array(by.at.length), bin: new Uint32Array(n), code: new Uint8Array(n), ns: new Float64Array(n) };
  let rows = 0;
  const rowOf = new Int32Array(256);
  for (let g = 0; g + 1 < by.at.length; g++) {
    rowOf.fill(-1);
    for (let k = by.at[g]!; k < by.at[g + 1]!; k++) {
      const r = by.items[k]!;
      const code = codes[cell[r]!]!;
      let row = rowOf[code]!;
      if (row < 0 || out.bin[row] !== bin[r]) {
        rowOf[code] = row = rows++;
        out.bin[row] = bin[r]!;
        out.code[row] = code;
      }
      out.ns[row]! += ns[r]!;
    }
    out.at[g + 1] = rows;
  }
  return { ...out, bin: out.bin.slice(0, rows), code: out.code.slice(0, rows), ns: out.ns.slice(0, rows) };
});

/** children are the goroutines that each goroutine created. */
export const children = once((log: Log): Buckets => buckets(log.goroutines.n, log.goroutines.n, (g) => log.goroutines.parent[g]! > 0 ? indexOf(log, log.goroutines.parent[g]!, log.goroutines.start[g]) : -1));

export const logsOf = once((log: Log): Buckets => buckets(log.logs.n, log.goroutines.n, (i) => indexOf(log, log.logs.g[i]!, log.logs.at[i])));
export const samplesOf = once((log: Log): Buckets => buckets(log.samples.n, log.goroutines.n, (i) => indexOf(log, log.samples.g[i]!, log.samples.at[i])));
export const regionsOf = once((log: Log): Buckets => buckets(log.regions.n, log.goroutines.n, (i) => indexOf(log, log.regions.g[i]!, log.regions.start[i])));

export const tasksOf = once((log: Log): Buckets => buckets(log.tasks.n, log.goroutines.n, (i) => indexOf(log, log.tasks.g[i]!, log.tasks.start[i])));

/** groupAt is the group of a goroutine by its ID at an instant, -1 if the page does not have it. */
const groupAt = (log: Log, id: number, t: number): number => log.goroutines.group[indexOf(log, id, t)] ?? -1;

/** logsIn and samplesIn are those of the goroutines of each group, by time. */
export const logsIn = once((log: Log): Buckets => inTime(log, log.logs.at, buckets(log.logs.n, groupCount(log), (i) => groupAt(log, log.logs.g[i]!, log.logs.at[i]!))));
export const samplesIn = once((log: Log): Buckets => inTime(log, log.samples.at, buckets(log.samples.n, groupCount(log), (i) => groupAt(log, log.samples.g[i]!, log.samples.at[i]!))));

/** inTime sorts every bucket by time. */
function inTime(log: Log, time: ArrayLike<number>, of: Buckets): Buckets {
  for (let b = 0; b + 1 < of.at.length; b++) {
    if (of.at[b + 1]! - of.at[b]! > 1) sortByTime(of.items.subarray(of.at[b]!, of.at[b + 1]!), (i) => time[i]!, log.from, log.to);
  }
  return of;
}

/** onP says of each cell whether its intervals' who is the P that they ran on. */
const onP = once((log: Log): Uint8Array => {
  const runs = log.kinds.map((k) => k.label === 'running/user' || k.label === 'running/gc-assist');
  return Uint8Array.from(log.cells.flags, (flags, c) => (runs[log.cells.kind[c]!] && !(flags & CellMerged) ? 1 : 0));
});

/** processors is how many Ps the page tells of. */
export const processors = once((log: Log): number => {
  const on = onP(log);
  let n = 0;
  for (let i = 0; i < log.intervals.n; i++) if (on[log.intervals.cell[i]!]) n = Math.max(n, log.intervals.who[i]!);
  for (let i = 0; i < log.procs.n; i++) n = Math.max(n, log.procs.p[i]! + 1);
  return n;
});

/** ranOn are the single intervals that each P ran, by start. */
export const ranOn = once((log: Log): Buckets => {
  const on = onP(log);
  const { cell, who, start } = log.intervals;
  const out = buckets(log.intervals.n, processors(log), (i) => (on[cell[i]!] ? who[i]! - 1 : -1));
  return inTime(log, start, out);
});

/** ranOnP is the P that an interval ran on, -1 where it did not or the page does not tell. */
export function ranOnP(log: Log, i: number): number {
  return onP(log)[log.intervals.cell[i]!] ? log.intervals.who[i]! - 1 : -1;
}

/** procRows are the rows of log.procs of each P. */
export const procRows = once((log: Log): Buckets => buckets(log.procs.n, processors(log), (r) => log.procs.p[r]!));

/** samplesOn are the CPU samples of each P. */
export const samplesOn = once((log: Log): Buckets => buckets(log.samples.n, processors(log), (i) => log.samples.p[i]! - 1));

/** waits says of each cell whether its intervals' who is the goroutine that ended them. */
const waits = once((log: Log): Uint8Array => {
  const waiting = log.kinds.map((k) => k.class !== 'running' && k.class !== 'runnable');
  return Uint8Array.from(log.cells.flags, (flags, c) => (waiting[log.cells.kind[c]!] && !(flags & CellMerged) ? 1 : 0));
});

/** isWait says whether an interval is a single wait. */
export function isWait(log: Log, i: number): boolean {
  return waits(log)[log.intervals.cell[i]!] === 1;
}

/** wakerOf is the ID of the goroutine that ended an interval, 0 where none did or the page does not tell. */
export function wakerOf(log: Log, i: number): number {
  return isWait(log, i) ? log.intervals.who[i]! : 0;
}

/** ended are the waits that each goroutine ended, by the instant at which it did. */
const ended = once((log: Log): Buckets => {
  const { who, end, cell, n } = log.intervals;
  const waiting = waits(log);
  return inTime(log, end, buckets(n, log.goroutines.n, (i) => (waiting[cell[i]!] && who[i]! > 0 ? indexOf(log, who[i]!, end[i]) : -1)));
});

/** endedBy lists the waits that goroutine g ended from one instant to another, at most so many. */
export function endedBy(log: Log, g: number, from: number, to: number, most: number): number[] {
  const { at, items } = ended(log);
  const end = log.intervals.end;
  const out: number[] = [];
  for (let k = firstAfter((i) => end[items[i]!]!, at[g]!, at[g + 1]!, from - 1); k < at[g + 1]! && out.length < most; k++) {
    if (end[items[k]!]! > to) break;
    out.push(items[k]!);
  }
  return out;
}

/** goroutineOf is the index of the goroutine that an interval belongs to. */
export function goroutineOf(log: Log, interval: number): number {
  return firstAfter((g) => log.goroutines.at[g]!, 0, log.goroutines.n + 1, interval) - 1;
}

/** intervalAt is what goroutine g did at t: an index in log.intervals, -1 if it was not there. */
export function intervalAt(log: Log, g: number, t: number): number {
  const { start, end } = log.intervals;
  const [lo, hi] = [log.goroutines.at[g]!, log.goroutines.at[g + 1]!];
  if (lo === hi) return -1;
  const i = Math.min(firstAfter((k) => end[k]!, lo, hi, t), hi - 1);
  return start[i]! <= t && t <= end[i]! ? i : -1;
}

/** stirs says of each cell whether its time is not at rest. The runtime's own goroutines rest while they wait. */
const stirs = once((log: Log): Uint8Array => {
  const system = new Uint8Array(groupCount(log));
  for (let g = 0; g < log.goroutines.n; g++) if (log.goroutines.flags[g]! & GoSystem) system[log.goroutines.group[g]!] = 1;
  const codes = cellCodes(log);
  return Uint8Array.from(codes, (code, c) => {
    const name = log.kinds[log.cells.kind[c]!]!.class;
    return code & restBit || (system[log.cells.group[c]!] && name !== 'running' && name !== 'runnable') ? 0 : 1;
  });
});

/** awake says of each goroutine whether any of its time is not at rest. */
export const awake = once((log: Log): Uint8Array => {
  const stir = stirs(log);
  const out = new Uint8Array(log.goroutines.n);
  for (let g = 0; g < out.length; g++) {
    for (let i = log.goroutines.at[g]!; i < log.goroutines.at[g + 1]!; i++) {
      if (!stir[log.intervals.cell[i]!]) continue;
      out[g] = 1;
      break;
    }
  }
  return out;
});

/** groupsAwake says of each group whether any of its time is not at rest. */
export const groupsAwake = once((log: Log): Uint8Array => {
  const stir = stirs(log);
  const out = new Uint8Array(groupCount(log));
  const up = awake(log);
  for (let g = 0; g < up.length; g++) if (up[g]) out[log.goroutines.group[g]!] = 1;
  for (let r = 0; r < log.rest.n; r++) {
    const c = log.rest.cell[r]!;
    if (stir[c]) out[log.cells.group[c]!] = 1;
  }
  return out;
});
