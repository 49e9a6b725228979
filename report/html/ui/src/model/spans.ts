// Regions in rows: those of one goroutine that do not overlap share a row, those
// that are nested stand below each other.

import type { Log } from '../data/log';
import { buckets, once } from './buckets';
import { indexOf } from './indexes';

export interface SpanRows {
  /** Indexes in log.tasks, by start. */
  tasks: number[];
  /** Rows of regions by the ID of their task. */
  ofTask: Map<number, number[]>;
  /** Rows of regions without a task in the page, by the index of their goroutine. */
  ofGoroutine: Map<number, number[]>;
  /** Indexes in log.regions of a row, by start. */
  regions(row: number): readonly number[];
  /** Index of a row's goroutine, -1 if the page does not have it. */
  goroutine(row: number): number;
  names(row: number): string[];
  start(row: number): number;
  end(row: number): number;
}

/** spanRows puts all regions into rows. */
export const spanRows = once((log: Log): SpanRows => {
  const { regions, tasks } = log;
  const owner = (r: number): number => indexOf(log, regions.g[r]!, regions.start[r]);
  const known = new Set<number>(tasks.id);
  const rows: number[][] = [];
  const ofTask = new Map<number, number[]>();
  const ofGoroutine = new Map<number, number[]>();
  const end = (r: number): number => regions.start[r]! + regions.ns[r]!;
  const byGoroutine = buckets(regions.n, log.goroutines.n + 1, (r) => (owner(r) < 0 ? log.goroutines.n : owner(r)));
  for (let g = 0; g + 1 < byGoroutine.at.length; g++) {
    const own = Array.from(byGoroutine.items.subarray(byGoroutine.at[g]!, byGoroutine.at[g + 1]!));
    own.sort((a, b) => regions.start[a]! - regions.start[b]! || end(b) - end(a));
    for (const r of own) {
      const inTask = known.has(regions.task[r]!);
      const [map, key] = inTask ? [ofTask, regions.task[r]!] : [ofGoroutine, g];
      if (!inTask && g === log.goroutines.n) continue; // of a goroutine that is not there
      let list = map.get(key);
      if (!list) map.set(key, (list = []));
      const fits = list.find((row) => regions.g[rows[row]![0]!] === regions.g[r] && end(rows[row]![rows[row]!.length - 1]!) <= regions.start[r]!);
      if (fits === undefined) list.push(rows.push([r]) - 1);
      else rows[fits]!.push(r);
    }
  }
  const order = Array.from({ length: tasks.n }, (_, t) => t).sort((a, b) => tasks.start[a]! - tasks.start[b]!);
  return {
    tasks: order, ofTask, ofGoroutine,
    regions: (row) => rows[row]!,
    goroutine: (row) => owner(rows[row]![0]!),
    names: (row) => [...new Set(rows[row]!.map((r) => log.strings[regions.type[r]!]!))],
    start: (row) => regions.start[rows[row]![0]!]!,
    end: (row) => end(rows[row]![rows[row]!.length - 1]!),
  };
});
