// Flame graphs: the stacks on which goroutines spent the time of a class.

import { bodyOf, button, h } from '../dom';
import { count, counted, duration, percent, shortFunc } from '../format';
import { flameOf, flameTree, functions, selfOf, type FlameNode, type FunctionSum } from '../model/flame';
import { parseQuery } from '../model/query';
import { Times } from '../model/time';
import { groupName } from '../model/words';
import type { Summary } from '../model/summary';
import type { Page } from '../page';
import { Icicle } from './icicle';
import { onLook } from './look';
import { about, followNote } from './range';
import { sandwichOf } from './sandwich';
import { SortedTable } from './table';
import { whenShown } from './tabs';

interface Choice {
  id: string;
  label: string;
  look: string;
  /** What its stacks are. */
  says: string;
  wakers: boolean;
}

const choices: readonly Choice[] = [
  { id: 'blocked-sync', label: 'Sync', look: 'sync', says: 'Stacks on which goroutines waited for others.', wakers: true },
  { id: 'blocked-io', label: 'I/O', look: 'io', says: 'Stacks on which goroutines waited for the poller.', wakers: false },
  { id: 'syscall', label: 'System calls', look: 'syscall', says: 'Stacks on which goroutines were in a system call, files included.', wakers: false },
  { id: 'runnable', label: 'Runnable', look: 'runnable', says: 'Stacks from which goroutines waited for a processor: where they had blocked or left the last one.', wakers: false },
  { id: 'timer', label: 'Timers', look: 'timer', says: 'Stacks on which goroutines waited for a point in time.', wakers: false },
  { id: 'runtime', label: 'Runtime (GC)', look: 'runtime', says: 'Stacks on which goroutines were held up by the runtime.', wakers: true },
  { id: 'running', label: 'Running', look: 'running', says: 'Running time by the stack on which the goroutine left its processor: where it was in between is not in the trace.', wakers: false },
  { id: 'unknown', label: 'Unknown', look: 'unknown', says: 'Stacks of what the trace says no more about.', wakers: false },
  { id: 'samples', label: 'CPU samples', look: 'running', says: 'Sampled: each stands for about 10 ms of a core, the runtime included. Few samples tell little.', wakers: false },
];

export function mountFlame(page: Page): void {
  const { log, result, store } = page;
  const { kept } = log.header;
  const whole = Times.of(log.kinds, result.time);
  const spent = new Set(log.kinds.flatMap((k, i) => (whole.ns[i]! > whole.rest[i]! ? [flameOf(k)] : [])));
  const present = choices.filter((c) => (c.id === 'samples' ? log.samples.n > 0 : spent.has(c.id)));
  if (present.length === 0 || log.stackFrames.length === 0) return;
  const body = bodyOf('flame');
  followNote(page, 'flame');
  let wakers = false;
  let marked = '';
  let total = 0;
  const chosen = (): Choice => present.find((c) => c.id === store.state.flame) ?? present[0]!;
  // Samples are counted as they are in the page; where that is not all of them, it is said.
  const rough = (text: string): string => (chosen().id === 'samples' ? text : about(page.summary(), text));
  const inUnit = (n: number): string => (chosen().id === 'samples' ? counted(n, 'sample', 'samples') : rough(duration(n)));

  const details = h('p', { class: 'flame-line', 'aria-live': 'polite' });
  const tell = (n: FlameNode): void => {
    details.replaceChildren(
      h('strong', { class: 'name', dir: 'auto' }, n.parent ? shortFunc(n.name) : chosen().label),
      ` ${inUnit(n.total)}, ${rough(percent(n.total, total))} of all · by itself ${inUnit(selfOf(n))}`,
      n.place === '' ? '' : h('span', { class: 'muted cut', title: n.place }, n.place),
    );
  };
  const icicle = new Icicle(tell);
  const table = new SortedTable<FunctionSum>([
    { label: 'Function', by: (f) => f.name, cell: (f) => button(shortFunc(f.name), () => choose(marked === f.name ? '' : f.name), { class: 'plain cut', title: `${f.name}: mark it in the graph, and show who calls it and what it calls` }) },
    { label: 'Self', numeric: true, by: (f) => f.self, cell: (f) => (f.self > 0 ? inUnit(f.self) : '–') },
    { label: 'Total', numeric: true, by: (f) => f.total, cell: (f) => inUnit(f.total) },
  ], { caption: 'Functions', sorted: 2, limit: 50, fixed: true });
  const between = h('div', { 'aria-live': 'polite' });
  const kinds = h('div', { role: 'group', 'aria-label': 'Time of', class: 'choice' });
  const says = h('p', { class: 'scope' });
  const matched = h('span', { class: 'scope', role: 'status' });
  const both = button('Stacks + waker', () => ((wakers = !wakers), draw()), { title: 'Below the stack that waited, the stack that ended the wait, from its innermost function on' });
  const all = button('Clear group', () => store.set({ group: -1 }));
  body.append(
    h('div', { class: 'tools' }, kinds, both, button('Whole graph', () => icicle.zoomTo(null)), all, matched),
    says,
    h('div', { class: 'split' }, h('div', {}, details, icicle.element), h('div', {}, table.element, between)),
  );

  const choose = (fn: string): void => {
    marked = fn;
    mark(tree);
  };
  const mark = (root: FlameNode | null): void => {
    if (!root) return;
    between.replaceChildren(...(marked === '' ? [] : [sandwichOf(root, marked, inUnit, choose)]));
    const q = parseQuery(store.state.query);
    const matches = (fn: string): boolean => (marked !== '' ? fn === marked : !q.empty && q.includes(fn) && !q.excludes(fn));
    icicle.highlight(matches);
    const what = marked !== '' ? shortFunc(marked) : q.empty ? '' : 'search';
    matched.textContent = what === '' ? q.problem : `${what}: ${rough(percent(matching(root, matches), root.total))} of it`;
  };
  let tree: FlameNode | null = null;
  const draw = (): void => {
    const choice = chosen();
    const { group } = store.state;
    kinds.replaceChildren(...present.map((c) => button(c.label, () => store.set({ flame: c.id }), { 'aria-pressed': String(c.id === choice.id) })));
    both.hidden = !choice.wakers;
    both.setAttribute('aria-pressed', String(wakers && choice.wakers));
    all.hidden = group < 0;
    const s: Summary = page.summary();
    tree = flameTree(result, log, s, { what: choice.id, wakers: wakers && choice.wakers, group }, (id, t) => groupOf(page, id, t));
    total = tree.total;
    const whose = group < 0 ? (choice.id === 'samples' ? 'All goroutines' : 'All goroutines of the program, at rest left out') : `Only ${groupName(result, group)}`;
    says.textContent = `${choice.says} ${whose}: ${inUnit(total)}.` + (total === 0 ? ' Nothing of the kind lies in the range.' : '') + (choice.id === 'samples' && kept.keptSamples < kept.samples ? ` Only ${count(kept.keptSamples)} of the trace’s ${count(kept.samples)} samples are in this page.` : '');
    icicle.show(tree, choice.look);
    const found = functions(tree);
    if (!found.some((f) => f.name === marked)) marked = '';
    table.show(found);
    mark(tree);
  };
  const update = whenShown(page, 'flame', draw);
  page.onSummary(update, 'flame');
  store.watch(['flame', 'group'], update);
  store.watch(['query'], () => {
    marked = '';
    mark(tree);
  });
  onLook(() => icicle.redraw());
}

function groupOf(page: Page, goroutine: number, t: number): string {
  const i = page.goroutineAt(goroutine, t);
  return i < 0 ? 'a goroutine that the page does not show' : groupName(page.result, page.log.goroutines.group[i]!);
}

/** matching is the time of the stacks with a function that matches. */
function matching(node: FlameNode, matches: (name: string) => boolean): number {
  if (node.parent && matches(node.name)) return node.total;
  let sum = 0;
  for (const child of node.children.values()) sum += matching(child, matches);
  return sum;
}
