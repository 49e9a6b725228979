// The row of numbers under the verdict: what the goroutines did in the range.

import { bodyOf, h } from '../dom';
import { average, duration, percent } from '../format';
import type { Summary } from '../model/summary';
import { overlap, sum } from '../model/time';
import { looks } from '../palette';
import type { Page } from '../page';
import { RangeSTW } from '../data/log';
import { about, coarseBoth, rangeText, wholeNote } from './range';

interface Tile {
  name: string;
  look: string;
  value: string;
  note: string;
  share: number;
}

export function mountTiles(page: Page): void {
  const list = h('ul', { class: 'tiles' });
  const note = h('p', { class: 'scope' });
  bodyOf('verdict').append(note, list);
  wholeNote(page, 'verdict');
  const draw = (s: Summary): void => {
    const { short, long } = coarseBoth(page, s);
    note.textContent = s.whole ? '' : `The numbers below: ${rangeText(page, s.from, s.to)}${short === '' ? '' : ` · ${short}`}`;
    note.title = long;
    note.hidden = s.whole;
    list.replaceChildren(...tilesOf(page, s).map((t) => draught(s, t)));
  };
  draw(page.summary());
  page.onSummary(draw, 'verdict');
}

function draught(s: Summary, t: Tile): HTMLElement {
  const bar = h('div', { class: 'bar' }, h('div', { class: `fill c-${t.look}` }));
  (bar.firstElementChild as HTMLElement).style.width = `${Math.min(100, 100 * t.share)}%`;
  return h('li', { class: 'tile' },
    h('div', { class: 'what' }, h('span', { class: `swatch c-${t.look}` }), t.name),
    h('div', { class: 'value' }, about(s, t.value)),
    h('div', { class: 'note' }, t.note),
    bar,
  );
}

function tilesOf(page: Page, s: Summary): Tile[] {
  const procs = processorsIn(page, s.from, s.to);
  const p = s.parallel();
  const out: Tile[] = [{
    name: 'Parallelism', look: 'running',
    value: `${average(p.averageRunning)} of ${procs}`,
    note: p.averageParallelism > 0 ? `${about(s, average(p.averageParallelism))} while any ran` : 'nothing ran',
    share: p.averageRunning / procs,
  }];
  const engaged = s.times.engaged;
  const time = s.times.byLook();
  for (const i of [0, 2, 3, 4, 5, 6, 1, 7]) {
    const look = looks[i]!;
    if (time[i] === 0 && (look.name === 'unknown' || look.name === 'timer' || look.name === 'syscall')) continue;
    out.push({ name: look.title, look: look.name, value: percent(time[i]!, engaged), note: noteOf(page, s, look.name, time[i]!), share: engaged > 0 ? time[i]! / engaged : 0 });
  }
  const rest = s.times.atRest;
  if (rest > 0) out.push({ name: 'At rest', look: 'rest', value: duration(rest), note: 'idle by design, left out', share: rest / sum(s.times.ns) });
  return out;
}

function noteOf(page: Page, s: Summary, look: string, ns: number): string {
  if (look === 'runnable' && ns > 0) return `${about(s, duration(ns))} · p99 ${about(s, duration(s.schedulingLatency().p99_ns))}`;
  if (look !== 'runtime') return about(s, duration(ns));
  const { ranges, header } = page.log;
  const least = header.kept.keptRanges < header.kept.ranges ? '≥' : ''; // short ones are left out
  let stopped = 0;
  for (let i = 0; i < ranges.n; i++) if (ranges.code[i] === RangeSTW) stopped += overlap(ranges.start[i]!, ranges.start[i]! + ranges.ns[i]!, s.from, s.to);
  const assists = s.times.of('running/gc-assist');
  return [about(s, duration(ns)), assists > 0 ? `program assists ${about(s, duration(assists))}` : '', stopped > 0 ? `stopped ${least}${duration(stopped)}` : ''].filter(Boolean).join(' · ');
}

/** processorsIn is the highest GOMAXPROCS in a range. */
export function processorsIn(page: Page, from: number, to: number): number {
  const values = page.result.trace.gomaxprocs;
  const held = values.filter((v, i) => v.at_ns < to && (values[i + 1]?.at_ns ?? Infinity) > from);
  return Math.max(1, ...held.map((v) => v.n));
}
