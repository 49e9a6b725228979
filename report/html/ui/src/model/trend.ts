// What each group did over the whole trace, in a few steps.

import { CellAtRest, CellMerged, type Log } from '../data/log';
import { lookOf, looks } from '../palette';

export const steps = 24;

/** Trend is goroutine time in progress by step and look: group × steps × looks. */
export class Trend {
  private readonly ns: Float64Array;

  constructor(log: Log, groups: number) {
    this.ns = new Float64Array(groups * steps * looks.length);
    const { group, kind, flags } = log.cells;
    const base = Int32Array.from(group, (g, c) => (flags[c]! & CellAtRest || g >= groups ? -1 : g * steps * looks.length + lookOf(log.kinds[kind[c]!]!)));
    const scale = steps / Math.max(1, log.to - log.from);
    const add = (c: number, from: number, to: number, ns: number): void => {
      const first = Math.min(steps - 1, Math.floor((from - log.from) * scale));
      const last = Math.min(steps - 1, Math.floor((to - log.from) * scale));
      for (let b = first; b <= last; b++) {
        const share = first === last ? 1 : (Math.min(to, log.from + (b + 1) / scale) - Math.max(from, log.from + b / scale)) / (to - from);
        this.ns[base[c]! + b * looks.length]! += ns * share;
      }
    };
    const { start, end, cell, n } = log.intervals;
    for (let i = 0; i < n; i++) {
      const c = cell[i]!;
      if (base[c]! >= 0 && !(flags[c]! & CellMerged)) add(c, start[i]!, end[i]!, end[i]! - start[i]!);
    }
    const width = log.header.bins.width;
    for (let i = 0; i < log.rest.n; i++) {
      const from = log.from + log.rest.bin[i]! * width;
      if (base[log.rest.cell[i]!]! >= 0) add(log.rest.cell[i]!, from, Math.min(log.to, from + width), log.rest.ns[i]!);
    }
  }

  /** at is a group's time in a step, and the look that most of it has. */
  at(group: number, step: number): { ns: number; look: number } {
    const from = (group * steps + step) * looks.length;
    let ns = 0;
    let look = 0;
    for (let l = 0; l < looks.length; l++) {
      const x = this.ns[from + l]!;
      ns += x;
      if (x > this.ns[from + look]!) look = l;
    }
    return { ns, look };
  }
}
