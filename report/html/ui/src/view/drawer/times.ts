// What one goroutine did, by kind: a bar and a table.

import { CellMerged } from '../../data/log';
import { h } from '../../dom';
import { count, duration, percent } from '../../format';
import { firstAfter } from '../../model/buckets';
import { cellCodes, restBit } from '../../model/cells';
import { lookOf, looks } from '../../palette';
import type { Page } from '../../page';

interface KindTime {
  kind: number;
  atRest: boolean;
  merged: boolean;
  n: number;
  /** Whether n is a share of merged intervals of which only a part lies in the range. */
  cut: boolean;
  ns: number;
  /** Lengths of single intervals, as far as they lie in the range. */
  lengths: number[];
}

/** timesTable sums goroutine g up between two instants. */
export function timesTable(page: Page, g: number, from: number, to: number): HTMLElement {
  const rows = sums(page, g, from, to);
  const all = rows.reduce((sum, r) => sum + r.ns, 0);
  if (all === 0) return h('p', { class: 'muted' }, 'It was not there in this range.');
  const bar = h('div', { class: 'dr-bar', 'aria-hidden': 'true' }, rows.map((r) => {
    const part = h('span', { class: `fill c-${lookName(page, r)}` });
    part.style.flexGrow = String(r.ns / all);
    return part;
  }));
  const head = ['kind', 'n', 'total', 'share', 'p50', 'p99', 'max'].map((t, i) => h('th', { scope: 'col', class: i > 0 ? 'n' : null }, t));
  return h('div', {}, bar, h('div', { class: 'scroll' }, h('table', { class: 'dr-times' }, h('thead', {}, h('tr', {}, head)), h('tbody', {}, rows.map((r) => row(page, r, all))))));
}

function lookName(page: Page, r: KindTime): string {
  if (r.merged) return 'unknown';
  return r.atRest ? 'rest' : looks[lookOf(page.log.kinds[r.kind]!)]!.name;
}

function sums(page: Page, g: number, from: number, to: number): KindTime[] {
  const { log } = page;
  const { start, end, cell, who } = log.intervals;
  const codes = cellCodes(log);
  const by = new Map<string, KindTime>();
  const hi = log.goroutines.at[g + 1]!;
  for (let i = firstAfter((k) => end[k]!, log.goroutines.at[g]!, hi, from); i < hi && start[i]! < to; i++) {
    const c = cell[i]!;
    const merged = (log.cells.flags[c]! & CellMerged) !== 0;
    const atRest = (codes[c]! & restBit) !== 0;
    const key = merged ? 'merged' : `${log.cells.kind[c]!} ${atRest}`;
    let sum = by.get(key);
    if (!sum) by.set(key, (sum = { kind: log.cells.kind[c]!, atRest, merged, n: 0, cut: false, ns: 0, lengths: [] }));
    const ns = Math.min(end[i]!, to) - Math.max(start[i]!, from);
    sum.ns += ns;
    const whole = end[i]! - start[i]!;
    sum.n += merged ? (who[i]! * ns) / Math.max(1, whole) : 1;
    if (merged && ns < whole) sum.cut = true;
    if (!merged) sum.lengths.push(ns);
  }
  for (const s of by.values()) s.lengths.sort((a, b) => a - b);
  return [...by.values()].sort((a, b) => b.ns - a.ns);
}

function row(page: Page, r: KindTime, all: number): HTMLElement {
  const { lengths } = r;
  const rank = (p: number): string => (lengths.length === 0 ? '' : duration(lengths[Math.min(lengths.length, Math.max(1, Math.ceil(p * lengths.length))) - 1]!));
  const name = r.merged ? 'merged intervals' : page.log.kinds[r.kind]!.label + (r.atRest ? ', at rest' : '');
  const title = r.merged ? 'Too short to be kept one by one; of what kinds they were is known of the group only' : page.log.kinds[r.kind]!.doc;
  return h('tr', {},
    h('th', { scope: 'row', title }, h('span', { class: `swatch c-${lookName(page, r)}` }), ' ', name),
    [(r.cut ? '≈' : '') + count(Math.max(1, r.n)), duration(r.ns), percent(r.ns, all), rank(0.5), rank(0.99), rank(1)].map((t) => h('td', { class: 'n' }, t)),
  );
}
