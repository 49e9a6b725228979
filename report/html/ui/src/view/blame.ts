// Who blocks whom: what filled the waits, which groups waited for which, and
// circles in that.

import type { Edge, Knot, Piece } from '../data/result';
import { bodyOf, h } from '../dom';
import { count, counted, duration, percent } from '../format';
import { groupName } from '../model/words';
import type { Page } from '../page';
import { copyButton } from './copy';
import { groupLabel } from './groupname';
import { drawLinks } from './links';
import { momentButton } from './moment';
import { pieceLabel, pieceText } from './pieces';
import { wholeNote } from './range';
import { name, SortedTable, type Column } from './table';
import { whenShown } from './tabs';

export function mountBlame(page: Page): void {
  const { blame } = page.result;
  if (blame.edges.length === 0 && blame.pieces.length === 0) return;
  const body = bodyOf('blame');
  wholeNote(page, 'blame');
  const plot = h('div', { class: 'plot' });
  body.append(
    h('p', { class: 'scope' }, `${duration(blame.waited_ns)} of waiting, at rest left out. A wait that another goroutine ended consists of what that one did meanwhile, and so on back; waits for a processor stand beside it.`),
    unresolved(page),
    plot,
    edges(page),
    ...blame.knots.map((k) => knot(page, k)),
    pieces(page),
  );
  whenShown(page, 'blame', () => drawLinks(page, plot));
}

function unresolved(page: Page): HTMLElement | string {
  const b = page.result.blame;
  return b.unresolved_ns > 0 ? h('p', { class: 'warning' }, `For ${duration(b.unresolved_ns)} of it (${percent(b.unresolved_ns, b.waited_ns)}) it is not known what filled them: that is longer ago than what is remembered.`) : '';
}

const nodeWords: Record<string, string> = {
  others: 'goroutines not asked for', io: 'the network', timer: 'timers', syscall: 'system calls', gc: 'the runtime (GC)',
  scheduler: 'a processor', open: 'no end within the trace', unknown: 'the trace does not say', unresolved: 'longer ago than is remembered',
};

/** nodeName names the end of an edge. */
export function nodeName(page: Page, group: number, node = 'group'): string {
  return group >= 0 ? groupName(page.result, group) : (nodeWords[node] ?? node);
}

function edges(page: Page): HTMLElement {
  const { edges: all, edges_omitted: omitted } = page.result.blame;
  const columns: Column<Edge>[] = [
    { label: 'Who', by: (e) => nodeName(page, e.from), cell: (e) => groupLabel(page, e.from) },
    { label: 'For whom', by: (e) => nodeName(page, e.to, e.node), cell: (e) => (e.to === e.from ? 'each other' : e.to >= 0 ? groupLabel(page, e.to) : name(nodeName(page, e.to, e.node))) },
    { label: 'Kind', cell: (e) => kindsIn(e) },
    { label: 'Waits', numeric: true, by: (e) => e.waits, cell: (e) => (e.waits > 0 ? count(e.waits) : '–') },
    { label: 'Time', numeric: true, by: (e) => e.ns, cell: (e) => duration(e.ns) },
    { label: 'Filled mostly with', cell: (e) => (e.pieces?.[0] ? h('span', { class: 'cut', title: pieceText(page, e.pieces[0]) }, `${percent(e.pieces[0].ns, e.ns)} `, pieceText(page, e.pieces[0])) : '') },
    { label: 'Longest', cell: (e) => (e.at?.[0] ? momentButton(page, e.at[0]) : '') },
  ];
  const table = new SortedTable(columns, { caption: 'Who waited for whom, by group', sorted: 4, limit: 20 });
  table.show(all);
  table.element.append(copyButton(page, 'Who waited for whom', () => table.markdown()));
  if (omitted.count > 0) table.element.append(h('p', { class: 'muted' }, `${counted(omitted.count, 'further pair', 'further pairs')} with ${duration(omitted.ns)} not listed.`));
  return table.element;
}

function kindsIn(e: Edge): string {
  const kinds = Object.entries(e.kinds).sort((a, b) => b[1] - a[1]).map(([k]) => k);
  if (kinds.length === 0) return '';
  if (kinds[0]!.startsWith('runnable/')) return 'runnable';
  return kinds[0]!.slice(kinds[0]!.indexOf('/') + 1) + (kinds.length > 1 ? ', …' : '');
}

function pieces(page: Page): HTMLElement {
  const b = page.result.blame;
  const ns = (label: string, of: (p: Piece) => number): Column<Piece> => ({ label, numeric: true, by: of, cell: (p) => (of(p) > 0 ? duration(of(p)) : '–') });
  const table = new SortedTable<Piece>([
    { label: 'What', by: (p) => pieceText(page, p), cell: (p) => pieceLabel(page, p) },
    { label: 'Share', numeric: true, by: (p) => p.ns, cell: (p) => percent(p.ns, b.waited_ns) },
    ns('Time', (p) => p.ns), ns('Direct', (p) => p.direct_ns), ns('In turn', (p) => p.propagated_ns),
  ], { caption: 'What filled the waits. Direct: done by whoever ended them; in turn: by those for whom these waited', sorted: 2, limit: 20 });
  table.show(b.pieces);
  if (b.pieces_omitted.count > 0) table.element.append(h('p', { class: 'muted' }, `${counted(b.pieces_omitted.count, 'further piece', 'further pieces')} with ${duration(b.pieces_omitted.ns)} not listed.`));
  return table.element;
}

function knot(page: Page, k: Knot): HTMLElement {
  const names = k.groups.map((g) => nodeName(page, g)).join(', ');
  return h('div', { class: 'knot' },
    h('p', {}, h('strong', {}, 'They wait for each other in a circle: '), names),
    h('p', { class: 'scope' }, `${duration(k.inside_ns)} of waits for each other; in ${duration(k.work_ns)} of it one of the chain ran, in ${duration(k.timer_ns)} it waited for a timer` + (k.trapped_ns > 0 ? `, in ${duration(k.trapped_ns)} it waited in vain until a timer ended that` : '') + '. ', (k.at ?? []).map((m) => [momentButton(page, m), ' ']).flat()),
  );
}

