// What a goroutine did for some time, in words.

import { CellAtRest, CellInferred, CellMerged, RangeSTW, type Log } from '../data/log';
import type { Result } from '../data/result';
import { count, counted, duration, instant, shortFunc } from '../format';
import { looks } from '../palette';
import { once } from './buckets';
import { lookBits, mergedBit, restBit } from './cells';
import { livesOf, ranOnP, wakerOf } from './indexes';
import type { Columns } from './series';
import { placeOf } from './stacks';

/** entryName is the short name of a group's entry function, which other groups may have too. */
export function entryName(result: Result, group: number): string {
  const g = result.groups[group];
  return g ? shortFunc(g.name) || 'entry function unknown' : 'unknown group';
}

/** origins are where the goroutines of groups were created whose short name another group of the program has too. */
const origins = once((result: Result): Map<number, string> => {
  const alike = new Map<string, number[]>();
  for (const g of result.groups) if (!g.system) alike.set(entryName(result, g.id), [...(alike.get(entryName(result, g.id)) ?? []), g.id]);
  const out = new Map<number, string>();
  for (const ids of alike.values()) {
    if (ids.length < 2) continue;
    const chains = ids.map((id) => result.groups[id]!.created_by.split(' < '));
    // The innermost caller that is not the same for all.
    const depth = Math.max(...chains.map((c) => c.length));
    let tells = 0;
    while (tells < depth - 1 && chains.every((c) => c[tells] === chains[0]![tells])) tells++;
    ids.forEach((id, i) => out.set(id, originText(chains[i]![tells] ?? chains[i]!.at(-1)!)));
  }
  return out;
});

/** originText shortens a function and its line. */
function originText(created: string): string {
  const space = created.lastIndexOf(' ');
  if (created === '') return 'older than the trace';
  return space < 0 ? shortFunc(created) : `${shortFunc(created.slice(0, space))} ${created.slice(space + 1)}`;
}

/** groupOrigin is where a group's goroutines were created, where its name alone does not tell it from others; else ''. */
export function groupOrigin(result: Result, group: number): string {
  return origins(result).get(group) ?? '';
}

/** groupName is the short name of a group, with what tells it from others of that name. */
export function groupName(result: Result, group: number): string {
  const origin = groupOrigin(result, group);
  return entryName(result, group) + (origin === '' ? '' : ` (${origin})`);
}

/** goroutineID is the ID of a goroutine, and which of its lives where there are several. */
export function goroutineID(log: Log, g: number): string {
  const id = log.goroutines.id[g]!;
  const lives = livesOf(log, id);
  return lives.length > 1 ? `G${id} (life ${lives.indexOf(g) + 1} of ${lives.length})` : `G${id}`;
}

/** goroutineName is ID and group of a goroutine. */
export function goroutineName(result: Result, log: Log, g: number): string {
  return `${goroutineID(log, g)} ${groupName(result, log.goroutines.group[g]!)}`;
}

/** at writes an instant of the trace as exactly as telling things apart within a length needs. */
export function at(t: number, length: number): string {
  return instant(t, Math.max(1, length / 1000));
}

/** kindOf is what interval i was, in words. */
export function kindOf(log: Log, i: number): string {
  const cell = log.intervals.cell[i]!;
  const label = log.kinds[log.cells.kind[cell]!]!.label;
  const flags = log.cells.flags[cell]!;
  if (flags & CellMerged) return `${counted(log.intervals.who[i]!, 'interval', 'intervals')} merged, mostly ${label}`;
  return label + (flags & CellAtRest ? ', at rest' : '') + (flags & CellInferred ? ' (inferred)' : '');
}

/** sentenceOf tells an interval in one line. range is the length of what is looked at. */
export function sentenceOf(log: Log, i: number, range: number): string {
  const { start, end, cell } = log.intervals;
  const parts = [kindOf(log, i), `${at(start[i]!, range)} for ${duration(end[i]! - start[i]!)}`];
  const place = placeOf(log, log.cells.stack[cell[i]!]!);
  if (place !== '') parts.push(`in ${place}`);
  const p = ranOnP(log, i);
  if (p >= 0) parts.push(`on P${p}`);
  const waker = wakerOf(log, i);
  if (waker > 0) parts.push(`woken by G${waker} at ${at(end[i]!, range)}`);
  return parts.join(' · ');
}

/** countsOf tells how many goroutines of each look there were in column x; with ≈ where merged intervals are in it. */
export function countsOf(c: Columns, x: number): string {
  const ns = looks.map(() => 0);
  let rest = 0;
  let rough = '';
  for (let band = 0; band < c.bands; band++) {
    const n = c.at(band, x);
    if (n <= 0) continue;
    if (band & mergedBit) rough = '≈\u00a0';
    if (band & restBit) rest += n;
    else ns[band & lookBits]! += n;
  }
  const parts = ns.flatMap((n, i) => (n >= 0.005 ? [`${rough}${means(n)} ${looks[i]!.label}`] : []));
  if (rest >= 0.005) parts.push(`${rough}${means(rest)} at rest`);
  return parts.length > 0 ? parts.join(', ') : 'no goroutine';
}

/** means writes a mean number of things. */
export function means(n: number): string {
  const whole = Math.round(n);
  return Math.abs(n - whole) < 0.005 ? count(whole) : n.toFixed(n < 9.95 ? 2 : 1);
}

/** rangesAt tells what the runtime did to everyone at an instant. */
export function rangesAt(log: Log, t: number): string[] {
  const out: string[] = [];
  for (let r = 0; r < log.ranges.n && log.ranges.start[r]! <= t; r++) {
    if (log.ranges.start[r]! + log.ranges.ns[r]! < t) continue;
    out.push(log.ranges.code[r] === RangeSTW ? `world stopped: ${log.strings[log.ranges.reason[r]!]!}, ${duration(log.ranges.ns[r]!)}` : `GC marking, ${duration(log.ranges.ns[r]!)}`);
  }
  return out;
}
