// Minimum mutator utilisation: the least share of the processors that the
// program had in any window of a length.

import { bodyOf, h, onResize, s as svg } from '../dom';
import { duration } from '../format';
import type { Page } from '../page';
import { logAxis } from './chart';
import { wholeNote } from './range';

interface Point {
  window_ns: number;
  utilization: number;
}

export function mountMMU(page: Page): void {
  const points = page.result.gc.mmu ?? [];
  if (points.length < 2 || page.result.gc.cycles === 0 && page.result.gc.stw.length === 0) return;
  const body = bodyOf('mmu');
  wholeNote(page, 'mmu');
  const plot = h('div', { class: 'plot' });
  body.append(
    h('p', { class: 'scope' }, 'The least share of the processors that was left to the program in any window of a length, stops and collection taken off.'),
    plot,
    h('details', {}, h('summary', {}, 'As a table'), table(points)),
  );
  onResize(plot, (width) => plot.replaceChildren(curve(points, Math.max(240, width))));
}

function table(points: readonly Point[]): HTMLElement {
  const rows = points.map((p) => h('tr', {}, h('td', { class: 'n' }, duration(p.window_ns)), h('td', { class: 'n' }, share(p.utilization))));
  return h('div', { class: 'scroll short' }, h('table', {}, h('thead', {}, h('tr', {}, h('th', { scope: 'col', class: 'n' }, 'Window'), h('th', { scope: 'col', class: 'n' }, 'At least'))), h('tbody', {}, rows)));
}

function share(u: number): string {
  return `${(100 * u).toFixed(u > 0 && u < 0.1 ? 1 : 0)}%`;
}

const height = 240;

function curve(points: readonly Point[], width: number): SVGElement {
  const [left, right, top, base] = [34, 8, 8, height - 20];
  const lo = points[0]!.window_ns;
  const hi = points.at(-1)!.window_ns;
  const x = (ns: number): number => left + (Math.log(ns / lo) / Math.log(hi / lo)) * (width - left - right);
  const y = (u: number): number => base - u * (base - top);
  const line = points.map((p) => `${x(p.window_ns).toFixed(1)},${y(p.utilization).toFixed(1)}`).join(' ');
  const rungs = [0, 0.25, 0.5, 0.75, 1].flatMap((u) => [
    svg('line', { class: u === 0 ? 'axis' : 'grid', x1: left, x2: width - right, y1: y(u), y2: y(u) }),
    svg('text', { x: left - 5, y: y(u) + 4, 'text-anchor': 'end' }, `${100 * u}%`),
  ]);
  return svg('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `Minimum mutator utilisation from windows of ${duration(lo)} to ${duration(hi)}; the table below has the numbers` },
    logAxis(lo, hi, x, base, top),
    rungs,
    svg('polyline', { class: 'line', points: line }),
    points.map((p) => svg('circle', { class: 'dot', cx: x(p.window_ns), cy: y(p.utilization), r: 2.5 }, svg('title', {}, `windows of ${duration(p.window_ns)}: at least ${share(p.utilization)}`))),
  );
}
