// How long waits and runs took: the distribution of one class or kind, and the
// percentiles of all.

import type { Latency } from '../data/result';
import { classNames } from '../data/log';
import { bodyOf, button, h, onResize, s as svg } from '../dom';
import { count, duration } from '../format';
import { lower } from '../model/histogram';
import type { Summary } from '../model/summary';
import { classWords, lookOf, looks } from '../palette';
import type { Page } from '../page';
import { logAxis } from './chart';
import { copyButton } from './copy';
import { about, coarseLengths, followNote } from './range';
import { SortedTable } from './table';

interface Row {
  label: string;
  name: string;
  look: string;
  /** Whether it is a part of the row above. */
  part: boolean;
  latency: Latency;
}

export function mountLatency(page: Page): void {
  const body = bodyOf('latency');
  followNote(page, 'latency', coarseLengths);
  let chosen = 'runnable';
  const select = h('select', { 'aria-label': 'Distribution of' });
  const chart = h('div', { class: 'plot' });
  const said = h('p', { class: 'scope', 'aria-live': 'polite' });
  const drawn = h('p', { class: 'scope' });
  const table = new SortedTable<Row>(columns(page, (label) => choose(label)), { caption: 'Intervals that lie in the range, or the part that does; at rest left out', limit: 60, fixed: true });
  body.append(h('div', { class: 'tools' }, h('label', {}, 'Distribution of ', select)), chart, drawn, said, table.element, copyButton(page, 'Latencies', () => table.markdown()));

  const choose = (label: string): void => {
    chosen = label;
    draw(page.summary());
  };
  const draw = (s: Summary): void => {
    const rows = rowsOf(page, s);
    if (!rows.some((r) => r.label === chosen)) chosen = rows[0]?.label ?? '';
    select.replaceChildren(...rows.map((r) => h('option', { value: r.label, selected: r.label === chosen }, r.label)));
    table.show(rows);
    const row = rows.find((r) => r.label === chosen);
    said.textContent = row
      ? `${row.label}: ${about(s, count(row.latency.count))} · median ${about(s, duration(row.latency.p50_ns))} · p90 ${about(s, duration(row.latency.p90_ns))} · p99 ${about(s, duration(row.latency.p99_ns))} · longest ${about(s, duration(row.latency.max_ns))}`
      : 'Nothing of the kind lies in the range.';
    chart.replaceChildren(...(row ? [bars(s, row, !page.log.complete, Math.max(240, chart.clientWidth))] : []));
    drawn.textContent = row && !page.log.complete ? `Bars ≈: of merged intervals it is known in which quarter of a power of two their lengths are.` : '';
  };
  select.addEventListener('change', () => choose(select.value));
  draw(page.summary());
  onResize(chart, () => draw(page.summary()));
  page.onSummary(draw, 'latency');
}

function columns(page: Page, choose: (label: string) => void): ConstructorParameters<typeof SortedTable<Row>>[0] {
  const ns = (label: string, of: (l: Latency) => number) => ({ label, numeric: true, by: (r: Row) => of(r.latency), cell: (r: Row) => about(page.summary(), duration(of(r.latency))) });
  return [
    { label: 'Kind', by: (r) => r.label, cell: (r) => h('span', { class: r.part ? 'with-swatch kind' : 'with-swatch', title: r.label }, h('span', { class: `swatch c-${r.look}` }), button(r.name, () => choose(r.label), { class: 'plain cut' })) },
    { label: 'n', title: 'how many', numeric: true, by: (r) => r.latency.count, cell: (r) => about(page.summary(), count(r.latency.count)) },
    ns('p50', (l) => l.p50_ns), ns('p90', (l) => l.p90_ns), ns('p99', (l) => l.p99_ns), ns('Max', (l) => l.max_ns),
  ];
}

/** rowsOf lists the classes, each with its kinds below it where these are more than one. */
function rowsOf(page: Page, s: Summary): Row[] {
  const out: Row[] = [];
  for (const name of classNames) {
    const kinds = page.log.kinds.filter((k) => k.class === name).map((k) => ({ k, latency: s.latency(k.label) })).filter((x) => x.latency.count > 0);
    if (kinds.length === 0) continue;
    const classLook = looks[lookOf(kinds[0]!.k)]!.name;
    const of = classWords[name];
    if (kinds.length > 1) out.push({ label: name, name: of, look: classLook, part: false, latency: s.latency(name) });
    for (const { k, latency } of kinds) {
      const kind = k.label.slice(name.length + 1);
      out.push({ label: k.label, name: kinds.length > 1 ? kind : kind === of ? of : `${of}: ${kind}`, look: looks[lookOf(k)]!.name, part: kinds.length > 1, latency });
    }
  }
  return out;
}

const height = 110;

function bars(s: Summary, row: Row, rough: boolean, width: number): SVGElement {
  const hist = s.histogram(row.label);
  // Four bars for each power of two: finer ones are noise at this width.
  const joined = new Map<number, number>();
  hist.counts.forEach((n, i) => {
    if (n > 0) joined.set((hist.first + i) >> 3, (joined.get((hist.first + i) >> 3) ?? 0) + n);
  });
  const at = [...joined.keys()];
  const first = Math.min(...at) - 1;
  const last = Math.max(...at) + 2;
  const most = Math.max(...joined.values());
  const [left, right] = [4, 4];
  const x = (b: number): number => left + ((b - first) / (last - first)) * (width - left - right);
  const xOf = (ns: number): number => x((32 * Math.log2(Math.max(ns, 1))) / 8);
  const base = height - 18;
  const marks = ([['p50', row.latency.p50_ns], ['p90', row.latency.p90_ns], ['p99', row.latency.p99_ns]] as const).map(([label, ns]) => mark(label, xOf(ns), base));
  return svg('svg', { class: 'chart', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `Distribution of ${row.label}${rough ? ', merged intervals by coarse buckets' : ''}; the table below has its percentiles` },
    logAxis(lower(8 * first), lower(8 * last), xOf, base, 12),
    [...joined].map(([b, n]) => {
      const tall = Math.max(1, (n / most) * (base - 16));
      return svg('rect', { class: `fill c-${row.look}`, x: x(b) + 0.5, y: base - tall, width: Math.max(1, x(b + 1) - x(b) - 1), height: tall },
        svg('title', {}, `${duration(lower(8 * b))} to ${duration(lower(8 * (b + 1)))}: ${n < 0.5 ? '<1' : (rough ? '≈' : '') + count(n)}`));
    }),
    svg('line', { class: 'axis', x1: left, x2: width - right, y1: base, y2: base }),
    apart(marks),
  );
}

function mark(label: string, at: number, base: number): { at: number; line: SVGElement; text: SVGElement } {
  return {
    at,
    line: svg('line', { class: 'quantile', x1: at, x2: at, y1: 12, y2: base }),
    text: svg('text', { class: 'strong', x: at, y: 9, 'text-anchor': 'middle' }, label),
  };
}

/** apart leaves labels out that would lie on one another. */
function apart(marks: { at: number; line: SVGElement; text: SVGElement }[]): SVGElement[] {
  let free = -Infinity;
  return marks.flatMap((m) => {
    if (m.at - 12 < free) return [m.line];
    free = m.at + 14;
    return [m.line, m.text];
  });
}
