// The lanes in view as numbers: what a lane's goroutines did in the range.

import { h } from '../../dom';
import { duration, percent } from '../../format';
import { cellCodes, lookBits, mergedBit, restBit } from '../../model/cells';
import type { Lane } from '../../model/lanes';
import { addGroup, addProcessor, bandCount, Columns, ranSystem, ranUser } from '../../model/series';
import { firstAfter } from '../../model/buckets';
import { spanRows } from '../../model/spans';
import { looks } from '../../palette';
import type { Page } from '../../page';
import { wholeName } from './names';
import type { Scene } from './scene';

/** Time of a lane in the range. */
export interface LaneTimes {
  /** By look; at rest left out. */
  ns: Float64Array;
  atRest: number;
  /** Of merged intervals: known by bins, or not by class at all. */
  rough: boolean;
  merged: number;
}

/** laneTimes sums a lane up. */
export function laneTimes(page: Page, lane: Lane): LaneTimes {
  const { log, store } = page;
  const { from, to } = store.state;
  const out: LaneTimes = { ns: new Float64Array(looks.length), atRest: 0, rough: false, merged: 0 };
  const g = lane.kind === 'goroutine' || lane.kind === 'owner' ? lane.index : -1;
  if (g >= 0) addTimes(page, out, g, from, to);
  else if (lane.kind === 'group') {
    const c = new Columns(1, bandCount, from, to);
    addGroup(c, log, lane.index);
    c.finish();
    for (let b = 0; b < bandCount; b++) {
      const ns = c.at(b, 0) * (to - from);
      if (b & restBit) out.atRest += ns;
      else out.ns[b & lookBits]! += ns;
      if (b & mergedBit && ns > 0) out.rough = !store.whole;
    }
  } else if (lane.kind === 'P') {
    const c = new Columns(1, 3, from, to);
    addProcessor(c, log, lane.index, (x) => (page.result.groups[x]?.system ? ranSystem : ranUser));
    c.finish();
    out.ns[0] = c.at(ranUser, 0) * (to - from);
    out.ns[1] = c.at(ranSystem, 0) * (to - from);
    out.rough = !log.complete;
  } else if (lane.kind === 'task') {
    const owner = page.goroutineAt(log.tasks.g[lane.index]!, log.tasks.start[lane.index]);
    const start = log.tasks.start[lane.index]!;
    if (owner >= 0) addTimes(page, out, owner, Math.max(from, start), Math.min(to, start + log.tasks.ns[lane.index]!));
  } else {
    const rows = spanRows(log);
    const owner = rows.goroutine(lane.index);
    for (const r of rows.regions(lane.index)) {
      const start = log.regions.start[r]!;
      if (owner >= 0) addTimes(page, out, owner, Math.max(from, start), Math.min(to, start + log.regions.ns[r]!));
    }
  }
  return out;
}

function addTimes(page: Page, out: LaneTimes, g: number, from: number, to: number): void {
  const { start, end, cell } = page.log.intervals;
  const codes = cellCodes(page.log);
  const hi = page.log.goroutines.at[g + 1]!;
  for (let i = firstAfter((k) => end[k]!, page.log.goroutines.at[g]!, hi, from); i < hi && start[i]! < to; i++) {
    const ns = Math.min(end[i]!, to) - Math.max(start[i]!, from);
    const code = codes[cell[i]!]!;
    if (code & mergedBit) out.merged += ns;
    else if (code & restBit) out.atRest += ns;
    else out.ns[code & lookBits]! += ns;
  }
}

/** spoken says a lane's times in one sentence. */
export function spoken(t: LaneTimes): string {
  const all = t.ns.reduce((a, b) => a + b, 0) + t.atRest + t.merged;
  if (all === 0) return 'nothing in this range';
  const parts = looks.map((l, i) => ({ label: l.label, ns: t.ns[i]! }));
  parts.push({ label: 'at rest', ns: t.atRest }, { label: 'in merged intervals', ns: t.merged });
  return parts.filter((p) => p.ns > 0).map((p) => `${p.label} ${duration(p.ns)} (${percent(p.ns, all)})`).join(', ');
}

/** lanesTable is the lanes in view as a table. */
export function lanesTable(page: Page, scene: Scene): HTMLElement {
  const rows = scene.drawn.map((d) => ({ lane: d.lane, times: laneTimes(page, d.lane) }));
  const used = looks.map((l, i) => ({ l, i })).filter(({ i }) => rows.some((r) => r.times.ns[i]! > 0));
  const anyMerged = rows.some((r) => r.times.merged > 0);
  const cell = (r: (typeof rows)[number], ns: number): HTMLElement => h('td', { class: 'n' }, ns > 0 ? (r.times.rough ? '≈\u00a0' : '') + duration(ns) : '');
  return h(
    'table', { class: 'tl-table' },
    h('caption', {}, 'Time of the lanes in view, by class, in the range that is shown'),
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'lane'), used.map(({ l }) => h('th', { scope: 'col', class: 'n' }, `${l.letter} ${l.label}`)), h('th', { scope: 'col', class: 'n' }, 'at rest'), anyMerged && h('th', { scope: 'col', class: 'n', title: 'Intervals too short to keep; their group has their time by class' }, 'merged'))),
    h('tbody', {}, rows.map((r) => {
      return h('tr', {}, h('th', { scope: 'row', class: 'cut' }, wholeName(page, r.lane).slice(0, 400)), used.map(({ i }) => cell(r, r.times.ns[i]!)), cell(r, r.times.atRest), anyMerged && cell(r, r.times.merged));
    })),
  );
}
