// Wall time by what each instant is called, and how many goroutines ran at once.

import type { Partition } from '../data/result';
import { bodyOf, h } from '../dom';
import { average, duration, percent } from '../format';
import type { Parallelism } from '../model/parallel';
import type { Summary } from '../model/summary';
import { sum } from '../model/time';
import type { Page } from '../page';
import { about, coarseSweep, followNote } from './range';
import { processorsIn } from './tiles';

interface Label {
  key: keyof Partition;
  name: string;
  look: string;
  means: string;
}

const labels: readonly Label[] = [
  { key: 'parallel', name: 'parallel', look: 'parallel', means: 'two or more ran' },
  { key: 'interleaved', name: 'interleaved', look: 'interleaved', means: 'one ran while others were in progress' },
  { key: 'serial', name: 'serial', look: 'serial', means: 'one ran, nothing else was in progress' },
  { key: 'stalled', name: 'stalled', look: 'stalled', means: 'some were ready, none ran' },
  { key: 'latency_bound', name: 'latency-bound', look: 'latency', means: 'all that were in progress waited' },
  { key: 'idle', name: 'idle', look: 'idle', means: 'nothing was in progress' },
  { key: 'unknown', name: 'unknown', look: 'unknown', means: 'in a gap of the trace' },
];

export function mountWall(page: Page): void {
  const body = bodyOf('wall');
  followNote(page, 'wall', coarseSweep);
  const draw = (s: Summary): void => {
    const p = s.parallel();
    body.replaceChildren(...partition(page, s, p), ...runningAtOnce(page, s, p));
  };
  draw(page.summary());
  page.onSummary(draw, 'wall');
}

function partition(page: Page, s: Summary, { partition: parts }: Parallelism): HTMLElement[] {
  const length = s.to - s.from;
  const present = labels.filter((l) => (parts[l.key] ?? 0) > 0);
  const bar = h('div', { class: 'bar tall', 'aria-hidden': 'true' }, present.map((l) => segment(l, parts[l.key]!, length)));
  const rows = present.map((l) =>
    h('tr', {},
      h('th', { scope: 'row', class: 'means' }, h('span', { class: `swatch w-${l.look}` }), ` ${l.name} `, h('small', {}, l.means, causes(page, s, l))),
      h('td', { class: 'n' }, about(s, percent(parts[l.key]!, length))),
      h('td', { class: 'n' }, about(s, duration(parts[l.key]!))),
    ),
  );
  return [bar, h('div', { class: 'scroll' }, h('table', { class: 'wide' }, h('caption', {}, 'Each instant has one label; at rest left out'), h('tbody', {}, rows)))];
}

/** About so many letters go into the whole bar. */
const room = 48;

function segment(l: Label, ns: number, of: number): HTMLElement {
  const share = ns / of;
  const part = h('div', { class: `fill w-${l.look}`, title: `${l.name} ${percent(ns, of)}` }, share * room > l.name.length ? l.name : null);
  part.style.width = `${100 * share}%`;
  return part;
}

type CauseKey = 'parallel' | 'interleaved' | 'stalled' | 'latency_bound';

/** Where the Result splits a label's time by cause, and how the causes read: the same name means something else under another label. */
const causesOf: Record<CauseKey, { of: 'parallel_kind_ns' | 'interleaved_cause_ns' | 'stalled_cause_ns' | 'latency_cause_ns'; words: Record<string, string> }> = {
  parallel: { of: 'parallel_kind_ns', words: { partial: 'on some Ps', full: 'on all Ps', saturated: 'on all Ps, more were ready', wasteful: 'on some Ps, more were ready' } },
  interleaved: {
    of: 'interleaved_cause_ns',
    words: {
      capacity: 'others ready, no P free', dispatch: 'others ready, a P free', stw: 'others ready, the world stopped', dependency: 'others blocked on sync',
      latency: 'others on I/O or timers', coroutine: 'others in coroutines', runtime: 'others in the runtime', unknown: 'the trace does not say',
    },
  },
  stalled: {
    of: 'stalled_cause_ns',
    words: { stw: 'the world was stopped', gc: 'GC had the Ps', 'syscall-held': 'Ps were held in system calls', dispatch: 'a P was idle or looked for work', saturated: 'all Ps ran others' },
  },
  latency_bound: {
    of: 'latency_cause_ns',
    words: { io: 'for I/O', timer: 'for timers', sync: 'on sync', syscall: 'in system calls', cgo: 'in native code', runtime: 'for the runtime', coroutine: 'in coroutines', unknown: 'the trace does not say' },
  },
};

/** causes says why, which only the analysis of the whole trace knows. */
function causes(page: Page, s: Summary, l: Label): string {
  if (!s.whole) return '';
  const split = causesOf[l.key as CauseKey];
  if (!split) return '';
  const all = Object.entries(page.result.concurrency[split.of]).sort((a, b) => b[1] - a[1]);
  const whole = sum(all.map(([, ns]) => ns));
  if (whole === 0) return '';
  return ': ' + all.slice(0, 3).map(([name, ns]) => `${split.words[name] ?? name} ${percent(ns, whole)}`).join(', ');
}

interface Rung {
  from: number;
  to: number;
  ns: number;
}

/** rungs joins numbers of running goroutines where there are too many for a row each. */
function rungs(histogram: readonly number[], procs: number): Rung[] {
  const most = Math.max(procs, histogram.length - 1);
  const out: Rung[] = [{ from: 0, to: 0, ns: histogram[0] ?? 0 }];
  const step = most <= 12 ? 1 : most / 10;
  for (let i = 0, from = 1; from <= most; i++) {
    const to = most <= 12 ? from : Math.min(most, Math.max(from, Math.round(step * (i + 1))));
    out.push({ from, to, ns: sum(histogram.slice(from, to + 1)) });
    from = to + 1;
  }
  return out;
}

/** band is how much of the processors so many take up. */
function band(k: number, procs: number): string {
  const share = k / procs;
  if (k === 0 || share < 0.005) return 'idle';
  return share <= 0.5 ? 'poor' : share <= 0.85 ? 'ok' : 'ideal';
}

function runningAtOnce(page: Page, s: Summary, p: Parallelism): HTMLElement[] {
  const procs = processorsIn(page, s.from, s.to);
  const all = sum(p.histogram);
  const most = Math.max(1, ...rungs(p.histogram, procs).map((r) => r.ns));
  const rows = rungs(p.histogram, procs).map((r) => {
    const fill = h('div', { class: 'fill c-running' });
    fill.style.width = `${(100 * r.ns) / most}%`;
    return h('tr', { class: r.from <= procs && procs <= r.to ? 'procs' : null },
      h('th', { scope: 'row', class: 'n' }, r.from === r.to ? r.from : `${r.from}–${r.to}`),
      h('td', { class: 'meter' }, h('div', { class: 'bar' }, fill)),
      h('td', { class: 'n' }, about(s, percent(r.ns, all))),
      h('td', {}, h('small', {}, band(r.to, procs) + (r.from <= procs && procs <= r.to ? ' · GOMAXPROCS' : ''))),
    );
  });
  const head = h('thead', {}, h('tr', {}, ['at once', '', 'time', 'use of the Ps'].map((t, i) => h('th', { scope: 'col', class: i === 0 || i === 2 ? 'n' : null }, t))));
  return [
    h('h4', {}, 'Goroutines running at once'),
    h('p', { class: 'scope' }, `${about(s, average(p.averageRunning))} running on average on ${procs} Ps, ${about(s, average(p.averageParallelism))} while any ran`),
    h('div', { class: 'scroll short' }, h('table', { class: 'wide' }, head, h('tbody', {}, rows))),
  ];
}
