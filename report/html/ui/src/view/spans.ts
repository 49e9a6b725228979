// The program's own tasks and regions, by type.

import type { SlowRun, Span } from '../data/result';
import { bodyOf, button, h } from '../dom';
import { average, count, counted, duration, percent } from '../format';
import { Times } from '../model/time';
import { looks } from '../palette';
import type { Page } from '../page';
import { momentButton } from './moment';
import { pieceLabel, piecesBar } from './pieces';
import { wholeNote } from './range';
import { SortedTable } from './table';

export function mountSpans(page: Page): void {
  const { tasks, regions } = page.result;
  if (tasks.length === 0 && regions.length === 0) return;
  const body = bodyOf('spans');
  wholeNote(page, 'spans');
  if (tasks.length > 0) body.append(table(page, 'Tasks', tasks, '(began before the trace)'));
  if (regions.length > 0) body.append(table(page, 'Regions', regions, '(no type)'));
  body.append(h('ul', { class: 'legend' }, looks.map((l) => h('li', {}, h('span', { class: `swatch c-${l.name}` }), l.label))));
}

function table(page: Page, caption: string, spans: readonly Span[], unnamed: string): HTMLElement {
  const out = new SortedTable<Span>([
    {
      label: caption.slice(0, -1), by: (x) => x.type,
      cell: (x) => {
        const b = button(x.type || unnamed, () => toggle(page, b, x), { class: 'plain cut', title: x.type || unnamed, 'aria-expanded': 'false', dir: 'auto' });
        return b;
      },
    },
    { label: 'Number', numeric: true, by: (x) => x.count, cell: (x) => count(x.count) },
    { label: 'Whole', title: 'with both ends in the trace: only they have a length', numeric: true, by: (x) => x.complete, cell: (x) => count(x.complete) },
    length('Median', (x) => x.duration.p50_ns), length('p99', (x) => x.duration.p99_ns), length('Max', (x) => x.duration.max_ns),
    { label: 'Time', title: 'of the goroutines inside, at rest left out', numeric: true, by: engaged, cell: (x) => duration(engaged(x)) },
    { label: 'What they did', cell: (x) => breakdown(page, x) },
    { label: 'Slowest', cell: (x) => (x.slowest?.[0] ? runButton(page, x.slowest[0]) : '') },
  ], { caption: `${caption}: a row opens what they consist of`, sorted: 6 });
  out.show(spans);
  return out.element;
}

function length(label: string, of: (x: Span) => number) {
  return { label, numeric: true, by: of, cell: (x: Span) => (x.duration.count > 0 ? duration(of(x)) : '–') };
}

function engaged(x: Span): number {
  return x.time.lifetime_ns - x.time.at_rest_ns;
}

function breakdown(page: Page, x: Span): HTMLElement {
  const byLook = Times.of(page.log.kinds, x.time).byLook();
  const said: string[] = [];
  const bar = h('div', { class: 'bar meter' });
  looks.forEach((l, i) => {
    if (byLook[i]! <= 0) return;
    const part = h('div', { class: `fill c-${l.name}` });
    part.style.width = `${(100 * byLook[i]!) / engaged(x)}%`;
    bar.append(part);
    said.push(`${l.label} ${percent(byLook[i]!, engaged(x))}`);
  });
  bar.title = said.join(', ');
  bar.setAttribute('role', 'img');
  bar.setAttribute('aria-label', said.join(', '));
  return bar;
}

function runButton(page: Page, r: SlowRun): HTMLButtonElement {
  return momentButton(page, { from_ns: r.begin_ns, to_ns: r.begin_ns + r.duration_ns, goroutine: r.goroutine });
}

function toggle(page: Page, b: HTMLButtonElement, x: Span): void {
  const tr = b.closest('tr')!;
  const open = b.getAttribute('aria-expanded') === 'true';
  b.setAttribute('aria-expanded', String(!open));
  if (open) tr.nextElementSibling?.remove();
  else tr.after(h('tr', { class: 'inner' }, h('td', { colspan: tr.cells.length }, h('div', { class: 'columns' }, path(page, x), work(page, x), slowest(page, x)))));
}

function path(page: Page, x: Span): HTMLElement | null {
  if (!x.path || x.path.runs === 0) return null;
  return h('div', {},
    h('h4', {}, `What they consist of: critical path of ${counted(x.path.runs, 'run', 'runs')}, ${duration(x.path.ns)}`),
    piecesBar(page, x.path.pieces, x.path.ns, 8));
}

function work(page: Page, x: Span): HTMLElement | null {
  const w = x.work;
  if (!w || w.runs === 0 || w.work_ns === 0) return null;
  const bound = w.span_ns > 0 ? w.work_ns / w.span_ns : 0;
  const chain = (w.chain ?? []).map((p) => h('li', {}, h('span', { class: 'n' }, duration(p.ns)), ' ', pieceLabel(page, p)));
  return h('div', {},
    h('h4', {}, 'Work and span'),
    h('p', {}, `${counted(w.runs, 'run', 'runs')} measured: work ${duration(w.work_ns)}, longest chain ${duration(w.span_ns)}. At most ${average(bound)} Ps busy on average, however many there are.`),
    chain.length > 0 ? h('div', { class: 'pieces' }, h('p', { class: 'scope' }, 'The chain mostly consists of:'), h('ul', {}, chain)) : null);
}

function slowest(page: Page, x: Span): HTMLElement | null {
  if (!x.slowest || x.slowest.length === 0) return null;
  const items = x.slowest.map((r) => h('li', {}, runButton(page, r), r.pieces ? piecesBar(page, r.pieces, r.duration_ns, 2) : null));
  const typical = x.typical ? h('p', {}, 'Typical: ', runButton(page, x.typical)) : null;
  return h('div', {}, h('h4', {}, 'Slowest'), h('ol', { class: 'runs' }, items), typical);
}
