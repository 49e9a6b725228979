// What lies at a point of the timeline, and what is said of it.

import { count, duration } from '../../format';
import { firstAfter } from '../../model/buckets';
import { goroutineOf, intervalAt, logsOf, ranOn, samplesOf } from '../../model/indexes';
import { single } from '../../model/lanes';
import { addGroup, addProcessor, bandCount, Columns, ranOther, ranSystem, ranUser } from '../../model/series';
import { spanRows } from '../../model/spans';
import { callsOf } from '../../model/stacks';
import { at, countsOf, goroutineName, groupName, rangesAt, sentenceOf } from '../../model/words';
import { percent, shortFunc } from '../../format';
import type { Page } from '../../page';
import type { Drawn } from './scene';

export interface Hit {
  drawn: Drawn;
  t: number;
  /** Index in log.intervals, -1 where there is no single goroutine. */
  interval: number;
  /** Index in log.goroutines, or -1. */
  goroutine: number;
}

/** hitAt finds what a drawn lane shows at an instant. */
export function hitAt(page: Page, drawn: Drawn, t: number, within: number): Hit {
  const { log, result } = page;
  const { kind, index } = drawn.lane;
  let goroutine = -1;
  let interval = -1;
  if (kind === 'goroutine' || kind === 'owner') goroutine = index;
  else if (kind === 'group') goroutine = single(result, log, index);
  else if (kind === 'P') {
    interval = onP(page, index, t, within);
    if (interval >= 0) goroutine = goroutineOf(log, interval);
  } else if (kind === 'task') {
    const [start, ns] = [log.tasks.start[index]!, log.tasks.ns[index]!];
    if (t >= start && t <= start + ns) goroutine = page.goroutineAt(log.tasks.g[index]!, start);
  } else if (regionAt(page, index, t, within) >= 0) goroutine = spanRows(log).goroutine(index);
  if (interval < 0 && goroutine >= 0) interval = intervalAt(log, goroutine, t);
  return { drawn, t, interval, goroutine };
}

function onP(page: Page, p: number, t: number, within: number): number {
  const { start, end } = page.log.intervals;
  const { at: ats, items } = ranOn(page.log);
  const k = firstAfter((i) => end[items[i]!]!, ats[p]!, ats[p + 1]!, t - within);
  return k < ats[p + 1]! && start[items[k]!]! <= t + within ? items[k]! : -1;
}

function regionAt(page: Page, row: number, t: number, within: number): number {
  const { regions } = page.log;
  const of = spanRows(page.log).regions(row);
  const k = firstAfter((i) => regions.start[of[i]!]! + regions.ns[of[i]!]!, 0, of.length, t - within);
  return k < of.length && regions.start[of[k]!]! <= t + within ? of[k]! : -1;
}

/** tell says what a hit is: its name, and the rest. */
export function tell(page: Page, hit: Hit, within: number): [string, string] {
  const { log, result, store } = page;
  const { from, to } = store.state;
  const range = to - from;
  const { kind, index } = hit.drawn.lane;
  const parts: string[] = [];
  let name = '';
  if (kind === 'group' && hit.goroutine < 0) {
    name = `${groupName(result, index)} ×${count(result.groups[index]!.count)}`;
    const c = new Columns(1, bandCount, hit.t, Math.min(hit.t + within, log.to) > hit.t ? Math.min(hit.t + within, log.to) : hit.t + 1);
    addGroup(c, log, index);
    parts.push(`${at(hit.t, range)}: ${countsOf(c.finish(), 0)}`);
  } else if (kind === 'P') {
    name = `P${index}`;
    if (hit.interval < 0) parts.push(busyOf(page, index, hit.t, within));
  } else if (kind === 'task') {
    name = `task ${log.tasks.id[index]!} ${log.strings[log.tasks.type[index]!]!}`;
    parts.push(`${at(log.tasks.start[index]!, range)} for ${duration(log.tasks.ns[index]!)}`);
  } else if (kind === 'regions') {
    const r = regionAt(page, index, hit.t, within);
    name = r < 0 ? 'between regions' : `region ${log.strings[log.regions.type[r]!]!}`;
    if (r >= 0) parts.push(`${at(log.regions.start[r]!, range)} for ${duration(log.regions.ns[r]!)}`);
  }
  if (hit.goroutine >= 0) {
    const g = goroutineName(result, log, hit.goroutine);
    if (name === '') name = g;
    else parts.push(g);
  }
  if (hit.interval >= 0) parts.push(sentenceOf(log, hit.interval, range));
  else if (hit.goroutine >= 0) parts.push(`not there at ${at(hit.t, range)}`);
  parts.push(...marksAt(page, hit, within), ...rangesAt(log, hit.t));
  return [name, parts.join(' · ')];
}

function busyOf(page: Page, p: number, t: number, within: number): string {
  const { from, to } = page.store.state;
  const c = new Columns(1, 3, t, t + Math.max(1, within));
  addProcessor(c, page.log, p, (g) => (page.result.groups[g]?.system ? ranSystem : ranUser));
  c.finish();
  const [user, system, others] = [c.at(ranUser, 0), c.at(ranSystem, 0), c.at(ranOther, 0)];
  return `${at(t, to - from)}: ` + (user + system + others < 0.005 ? 'runs no goroutine' : `${percent(user, 1)} program, ${percent(system, 1)} runtime${others > 0 ? `, ${percent(others, 1)} goroutines that are not in this page` : ' (merged intervals)'}`);
}

/** marksAt tells the log messages and CPU samples of a goroutine near an instant. */
function marksAt(page: Page, hit: Hit, within: number): string[] {
  const { log } = page;
  const g = hit.goroutine;
  if (g < 0 || hit.drawn.lane.kind === 'P') return [];
  const out: string[] = [];
  const near = (of: { at: Uint32Array; items: Uint32Array }, ats: ArrayLike<number>): number => {
    const k = firstAfter((i) => ats[of.items[i]!]!, of.at[g]!, of.at[g + 1]!, hit.t - 4 * within);
    return k < of.at[g + 1]! && ats[of.items[k]!]! <= hit.t + 4 * within ? of.items[k]! : -1;
  };
  const m = near(logsOf(log), log.logs.at);
  if (m >= 0) out.push(`log ${log.strings[log.logs.category[m]!]!}: ${log.strings[log.logs.message[m]!]!}`);
  const s = near(samplesOf(log), log.samples.at);
  const leaf = s >= 0 ? callsOf(log, log.samples.stack[s]!)[0] : undefined;
  if (leaf) out.push(`CPU sample in ${shortFunc(leaf.fn)}`);
  return out;
}
