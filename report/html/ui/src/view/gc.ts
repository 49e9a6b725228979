// The garbage collector and other stops of the world: the numbers of the trace,
// and the heap over time.

import { bodyOf, h, onResize, s as svg } from '../dom';
import { count, counted, duration, percent, size, instant } from '../format';
import type { Page } from '../page';
import { RangeMark, RangeSTW } from '../data/log';
import { overlap } from '../model/time';
import type { Summary } from '../model/summary';
import { momentButton } from './moment';
import { about, rangeText, wholeNote } from './range';
import { SortedTable } from './table';
import { stackList } from './stack';

export function mountGC(page: Page): void {
  const { gc } = page.result;
  if (gc.cycles === 0 && gc.assist_ns === 0 && gc.stw.length === 0) return;
  const body = bodyOf('gc');
  wholeNote(page, 'gc');
  const inRange = h('p', { class: 'scope' });
  const follow = (s: Summary): void => void (inRange.textContent = rangeNumbers(page, s));
  follow(page.summary());
  page.onSummary(follow, 'gc');
  body.append(facts(page), inRange, heap(page), h('div', { class: 'columns' }, stops(page), longest(page)));
}

function facts(page: Page): HTMLElement {
  const { gc, scope, time } = page.result;
  const length = scope.to_ns - scope.from_ns;
  const said: [string, string][] = [];
  if (gc.cycles > 0) said.push(['Cycles', count(gc.cycles)], ['Marking', `${percent(gc.mark_ns, length)} of the time (${duration(gc.mark_ns)})`]);
  if (gc.mark.count > 0) said.push(['Longest mark phase', duration(gc.mark.max_ns)]);
  if (gc.worker_ns > 0) said.push(['Mark workers ran', duration(gc.worker_ns)]);
  const own = time.kinds['running/gc-assist'] ?? 0;
  if (own > 0) said.push(['Assists of the program’s goroutines', duration(own)]);
  if (gc.assist_ns > own) said.push([own > 0 ? 'Assists, the runtime’s goroutines included' : 'Assists of the runtime’s goroutines', duration(gc.assist_ns)]);
  if (gc.sweep_ns > 0) said.push(['Sweeping', duration(gc.sweep_ns)]);
  if (gc.stw_total_ns > 0) said.push(['World stopped', duration(gc.stw_total_ns)]);
  if (gc.heap_max_b > 0) said.push(['Live heap at most', size(gc.heap_max_b)]);
  if (gc.heap_goal_b > 0) said.push(['Last goal', size(gc.heap_goal_b)]);
  return h('dl', { class: 'evidence' }, said.map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))));
}

function rangeNumbers(page: Page, s: Summary): string {
  const { ranges } = page.log;
  const { kept } = page.log.header;
  const least = kept.keptRanges < kept.ranges ? 'at least ' : ''; // short ones are left out
  let [mark, stopped, stops] = [0, 0, 0];
  for (let i = 0; i < ranges.n; i++) {
    const ns = overlap(ranges.start[i]!, ranges.start[i]! + ranges.ns[i]!, s.from, s.to);
    if (ns === 0) continue;
    if (ranges.code[i] === RangeMark) mark += ns;
    if (ranges.code[i] === RangeSTW) [stopped, stops] = [stopped + ns, stops + 1];
  }
  const others = `the runtime's and the tracer's own goroutines ran for ${about(s, duration(s.system.engagedOf('running')))}`;
  if (s.whole) return others[0]!.toUpperCase() + others.slice(1) + '.';
  return `In ${rangeText(page, s.from, s.to)}: marking ${least}${percent(mark, s.to - s.from)} of the time, ${least}${counted(stops, 'stop', 'stops')} of ${duration(stopped)} in all, assists of the program’s goroutines ${about(s, duration(s.times.of('running/gc-assist')))}, ${others}.`;
}

function stops(page: Page): HTMLElement | null {
  const { stw } = page.result.gc;
  if (stw.length === 0) return null;
  type Row = (typeof stw)[number];
  const ns = (label: string, of: (x: Row) => number) => ({ label, numeric: true, by: of, cell: (x: Row) => duration(of(x)) });
  const table = new SortedTable<Row>([
    { label: 'World stopped for', by: (x) => x.reason, cell: (x) => (x.frames && x.frames.length > 0 ? h('details', {}, h('summary', {}, x.reason), stackList(x.frames, 8)) : x.reason) },
    { label: 'Stops', numeric: true, by: (x) => x.pauses.count, cell: (x) => count(x.pauses.count) },
    ns('Total', (x) => x.total_ns), ns('Median', (x) => x.pauses.p50_ns), ns('p99', (x) => x.pauses.p99_ns), ns('Max', (x) => x.pauses.max_ns),
  ], { caption: 'Stops of the world by reason', sorted: 2 });
  table.show(stw);
  return table.element;
}

function longest(page: Page): HTMLElement | null {
  const all = page.result.gc.longest_stws ?? [];
  if (all.length === 0) return null;
  const rows = all.map((p) => h('tr', {}, h('td', {}, momentButton(page, { from_ns: p.at_ns, to_ns: p.at_ns + p.duration_ns }, instant(p.at_ns, 1e5))), h('td', { class: 'n' }, duration(p.duration_ns)), h('td', {}, p.reason)));
  return h('div', { class: 'scroll' }, h('table', {}, h('caption', {}, 'Longest stops'), h('thead', {}, h('tr', {}, ['At', 'Stopped', 'For'].map((t, i) => h('th', { scope: 'col', class: i === 1 ? 'n' : null }, t)))), h('tbody', {}, rows)));
}

function heap(page: Page): HTMLElement | string {
  const { heap: at } = page.log;
  if (at.n < 2) return '';
  const plot = h('div', { class: 'plot' });
  let wide = 0;
  const draw = (): void => {
    if (wide > 0) plot.replaceChildren(heapChart(page, wide));
  };
  onResize(plot, (width) => {
    wide = Math.max(280, width);
    draw();
  });
  page.onSummary(draw, 'gc');
  return h('div', {}, h('h4', {}, 'Live heap, and the goal at which a cycle would end'), plot,
    h('ul', { class: 'legend' }, h('li', {}, h('span', { class: 'key line' }), 'live heap'), h('li', {}, h('span', { class: 'key line second' }), 'goal'), h('li', {}, h('span', { class: 'key marks' }), 'mark phases'), h('li', {}, h('span', { class: 'key range' }), 'the range')));
}

const height = 150;

function heapChart(page: Page, width: number): SVGElement {
  const { heap: sizes, from, to, ranges } = page.log;
  const [left, right, top, base] = [56, 8, 8, height - 20];
  let most = 1;
  for (let i = 0; i < sizes.n; i++) most = Math.max(most, sizes.bytes[i]!);
  const x = (t: number): number => left + ((t - from) / (to - from)) * (width - left - right);
  const y = (b: number): number => base - (b / most) * (base - top);
  const marks: SVGElement[] = [];
  for (let i = 0; i < ranges.n; i++) {
    if (ranges.code[i] === RangeMark) marks.push(svg('rect', { class: 'mark-phase', x: x(ranges.start[i]!), y: top, width: Math.max(0.5, x(ranges.start[i]! + ranges.ns[i]!) - x(ranges.start[i]!)), height: base - top }));
  }
  const rungs = [0, 0.5, 1].flatMap((f) => [
    svg('line', { class: f === 0 ? 'axis' : 'grid', x1: left, x2: width - right, y1: y(f * most), y2: y(f * most) }),
    svg('text', { x: left - 5, y: y(f * most) + 4, 'text-anchor': 'end' }, f === 0 ? '0' : size(f * most)),
  ]);
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((f) => svg('text', { x: x(from + f * (to - from)), y: base + 14, 'text-anchor': f === 0 ? 'start' : f === 1 ? 'end' : 'middle' }, instant(from + f * (to - from), (to - from) / 1000)));
  const { state, whole } = page.store;
  const range = whole ? null : svg('rect', { class: 'range', x: x(state.from), y: top, width: Math.max(1, x(state.to) - x(state.from)), height: base - top });
  return svg('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `Live heap over time, up to ${size(most)}` },
    marks, range, rungs, ticks,
    svg('path', { class: 'line second', d: stairs(page, 1, x, y, width) }),
    svg('path', { class: 'line', d: stairs(page, 0, x, y, width) }),
  );
}

/** stairs is a curve that keeps a value until the next; of a pixel with many it keeps the highest and the last. */
function stairs(page: Page, goal: number, x: (t: number) => number, y: (b: number) => number, width: number): string {
  const { at, bytes, goal: which, n } = page.log.heap;
  const parts: string[] = [];
  let [pixel, high, last] = [-1, 0, 0];
  const flush = (): void => {
    if (pixel < 0) return;
    parts.push(`${parts.length === 0 ? 'M' : 'H'}${pixel}${parts.length === 0 ? `,${y(high).toFixed(1)}` : `V${y(high).toFixed(1)}`}`);
    if (last !== high) parts.push(`V${y(last).toFixed(1)}`);
  };
  for (let i = 0; i < n; i++) {
    if (which[i] !== goal) continue;
    const p = Math.round(x(at[i]!) * 2) / 2;
    if (p !== pixel) {
      flush();
      [pixel, high] = [p, 0];
    }
    high = Math.max(high, bytes[i]!);
    last = bytes[i]!;
  }
  flush();
  return parts.length === 0 ? '' : parts.join('') + `H${width - 8}`;
}
