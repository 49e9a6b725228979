// What the filter matches: groups by name, by goroutine, and by the functions on
// the stacks on which they waited.

import type { Log } from '../data/log';
import type { Result } from '../data/result';
import { parseQuery } from './query';

export interface Matcher {
  empty: boolean;
  problem: string;
  group(g: number): boolean;
  goroutine(i: number): boolean;
  /** names says whether texts that are neither match. */
  names(...texts: string[]): boolean;
}

let last: { query: string; log: Log; matcher: Matcher } | undefined;

/** matcher prepares a filter; the last one is kept. */
export function matcher(result: Result, log: Log, query: string): Matcher {
  if (last?.query !== query || last.log !== log) last = { query, log, matcher: prepare(result, log, query) };
  return last.matcher;
}

function prepare(result: Result, log: Log, text: string): Matcher {
  const q = parseQuery(text);
  const all = { empty: q.empty, problem: q.problem, group: () => true, goroutine: () => true, names: () => true };
  if (q.empty) return all;
  const cells = matchingCells(log, q.includes);
  const { id, group, at } = log.goroutines;
  // 0: no; 1: only those of its goroutines that were seen in a function; 2: by name.
  const groups = new Uint8Array(result.groups.length);
  for (let c = 0; c < cells.length; c++) if (cells[c]) groups[log.cells.group[c]!] = 1;
  result.groups.forEach((g, i) => {
    if (q.excludes(g.name)) groups[i] = 0;
    else if (q.includes(g.name)) groups[i] = 2;
  });
  for (let i = 0; i < log.goroutines.n; i++) {
    const g = group[i]!;
    if (groups[g] === 0 && !q.excludes(result.groups[g]?.name ?? '') && q.includes(`G${id[i]!}`)) groups[g] = 1;
  }
  const seen = (i: number): boolean => {
    for (let k = at[i]!; k < at[i + 1]!; k++) if (cells[log.intervals.cell[k]!]) return true;
    return false;
  };
  return {
    ...all,
    problem: q.problem, // now that all has been looked for
    group: (g) => groups[g]! > 0,
    goroutine: (i) => groups[group[i]!] === 2 || (groups[group[i]!] === 1 && (q.includes(`G${id[i]!}`) || seen(i))),
    names: (...texts) => q.includes(...texts) && !q.excludes(...texts),
  };
}

/** matchingCells are the cells with a function on their stack that the filter asks for. */
function matchingCells(log: Log, includes: (...texts: string[]) => boolean): Uint8Array {
  const { fn } = log.frames;
  const names = new Map<number, boolean>();
  const frames = Uint8Array.from({ length: fn.length }, (_, f) => {
    let hit = names.get(fn[f]!);
    if (hit === undefined) names.set(fn[f]!, (hit = includes(log.strings[fn[f]!]!)));
    return hit ? 1 : 0;
  });
  const stacks = new Uint8Array(log.stackAt.length);
  for (let s = 0; s + 1 < log.stackAt.length; s++) {
    for (let k = log.stackAt[s]!; k < log.stackAt[s + 1]!; k++) if (frames[log.stackFrames[k]!]) stacks[s] = 1;
  }
  return Uint8Array.from(log.cells.stack, (s) => stacks[s]!);
}
