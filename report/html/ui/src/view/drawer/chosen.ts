// The chosen interval: what it was, where, who ended it, and why it has its class.

import { CellAtRest, CellInferred, CellJoin, CellMerged, CellWhole, type Log } from '../../data/log';
import { button, h } from '../../dom';
import { counted, duration } from '../../format';
import { endedBy, goroutineOf, ranOnP, wakerOf } from '../../model/indexes';
import { toWaker } from '../../model/navigate';
import { callsOf, deciding } from '../../model/stacks';
import { at, goroutineName, kindOf } from '../../model/words';
import { lookOf, looks } from '../../palette';
import type { Page } from '../../page';
import { goroutineLink } from './link';
import { ruleWords } from '../group';
import { stackList } from '../stack';

/** chosen tells interval i. */
export function chosen(page: Page, i: number): HTMLElement {
  const { log } = page;
  const { start, end, cell } = log.intervals;
  const c = cell[i]!;
  const kind = log.kinds[log.cells.kind[c]!]!;
  const merged = (log.cells.flags[c]! & CellMerged) !== 0;
  const range = log.to - log.from;
  const p = ranOnP(log, i);
  return h('div', { class: 'dr-chosen' },
    h('h3', {}, h('span', { class: `swatch c-${looks[lookOf(kind)]!.name}` }), ' ', kindOf(log, i)),
    h('p', {}, `${at(start[i]!, range / 1e3)} to ${at(end[i]!, range / 1e3)}, ${duration(end[i]! - start[i]!)}`, p >= 0 ? ` on P${p}` : null),
    waker(page, i),
    woken(page, i),
    stack(log, log.cells.stack[c]!, kind.class === 'running' ? 'Where it stopped running' : kind.class === 'runnable' ? 'Where it goes on' : 'Where it waited'),
    h('details', { open: true }, h('summary', {}, 'Why this class'), h('ul', { class: 'dr-why' }, (merged ? whyMerged(log, i) : why(log, i)).map((t) => h('li', {}, t)))),
  );
}

function frames(log: Log, s: number): { func: string; file: string; line: number }[] {
  return callsOf(log, s).map((c) => ({ func: c.fn, file: c.file, line: c.line }));
}

function stack(log: Log, s: number, title: string): HTMLElement | null {
  return s === 0 ? null : h('div', {}, h('h4', {}, title), stackList(frames(log, s), 40));
}

function waker(page: Page, i: number): HTMLElement | null {
  const { log } = page;
  const id = wakerOf(log, i);
  if (id === 0) return null;
  const g = page.goroutineAt(id, log.intervals.end[i]);
  const when = at(log.intervals.end[i]!, (log.to - log.from) / 1e3);
  return h('div', {},
    h('p', { class: 'dr-waker' }, 'woken by ', h('bdi', {}, g < 0 ? `G${id}, which is not in this page by itself` : goroutineName(page.result, log, g).slice(0, 300)), ` at ${when} `, g < 0 ? null : button('Go there (U)', () => toWaker(page))),
    stack(log, log.intervals.stack[i]!, 'Where the waker was'),
  );
}

/** woken lists whom a running goroutine woke meanwhile. */
function woken(page: Page, i: number): HTMLElement | null {
  const { log } = page;
  if (ranOnP(log, i) < 0) return null;
  const all = endedBy(log, goroutineOf(log, i), log.intervals.start[i]!, log.intervals.end[i]!, 1000);
  if (all.length === 0) return null;
  return h('p', {}, `woke ${counted(all.length, 'goroutine', 'goroutines')}: `, all.slice(0, 12).flatMap((w) => [goroutineLink(page, log.goroutines.id[goroutineOf(log, w)]!, log.intervals.start[w]!), ' ']), all.length > 12 ? '…' : null);
}

/** why says by what rules an interval has its class. */
function why(log: Log, i: number): string[] {
  const c = log.intervals.cell[i]!;
  const kind = log.kinds[log.cells.kind[c]!]!;
  const flags = log.cells.flags[c]!;
  const reason = log.strings[log.cells.reason[c]!] ?? '';
  const rule = log.strings[log.cells.rule[c]!] ?? '';
  const calls = callsOf(log, log.cells.stack[c]!);
  const n = deciding(calls);
  const out = [`${kind.label}: ${kind.doc}.`];
  if (reason !== '') out.push(`The runtime gave the reason “${reason}”.`);
  const waits = kind.class !== 'running' && kind.class !== 'runnable';
  if (waits && n > 0) out.push(`Frames that decided: ${calls.slice(0, n).map((f) => f.fn).join(', ')}.`);
  if (/\/(syscall|file|syscall-short)$/.test(kind.label)) out.push('A system call of 20 µs or more counts as blocked, whole; a shorter one as running.');
  if (flags & CellInferred) out.push('It began before the trace, so that the reason is not told: the kind is inferred from the stack.');
  if (flags & CellWhole) out.push('It lasted from the beginning of the trace to its end.');
  if (flags & CellAtRest) out.push(`At rest, which is idle by design: ${rule === '' ? 'no rule is named' : ruleWords(rule)}.`);
  if (flags & CellJoin) out.push('It is represented by the goroutines that it waits for: not in progress by itself.');
  return out;
}

function whyMerged(log: Log, i: number): string[] {
  return [
    `${counted(log.intervals.who[i]!, 'interval', 'intervals')} shorter than ${duration(log.header.kept.belowNs)} stand here as one, to keep the page small. Most of their time was ${log.kinds[log.cells.kind[log.intervals.cell[i]!]!]!.label}, if any kind had more than half.`,
    'Their stacks and wakers are not in the page. A window (--from, --to) or a larger page (--html-max-size) has them.',
  ];
}
