// Waits by the place in the code: how long, who ended them, what filled them.
// All of it is of the whole trace.

import type { Site, Waker } from '../data/result';
import { bodyOf, button, h } from '../dom';
import { count, counted, duration, percent } from '../format';
import { parseQuery } from '../model/query';
import { groupName } from '../model/words';
import { lookOf, looks } from '../palette';
import type { Page } from '../page';
import { copyButton } from './copy';
import { groupLabel } from './groupname';
import { momentButton } from './moment';
import { piecesBar } from './pieces';
import { wholeNote } from './range';
import { mountQueues, sitePlace } from './queues';
import { placeName, stackList } from './stack';
import { name, SortedTable, type Column } from './table';
import { whenShown } from './tabs';

export function mountSites(page: Page): void {
  const { sites, sites_omitted: omitted } = page.result;
  if (sites.length === 0) return;
  const body = bodyOf('sites');
  wholeNote(page, 'sites');
  const table = new SortedTable<Site>(columns(page), {
    caption: 'Of the whole trace, at rest left out; a row opens its stack, who ended the waits and what filled them',
    sorted: 3, limit: 200,
    empty: () => (parseQuery(page.store.state.query).empty ? 'At every place where goroutines waited they were at rest.' : 'No place matches the filter.'),
  });
  const said = h('span', { class: 'scope', role: 'status' });
  body.append(h('div', { class: 'tools' }, copyButton(page, 'Waits by place', () => table.markdown()), said), table.element);
  if (omitted.count > 0) body.append(h('p', { class: 'muted' }, `${counted(omitted.count, 'further place', 'further places')} with ${duration(omitted.total_ns)} of waits are not told apart.`));
  mountQueues(page, body);
  const draw = (): void => {
    const { query, hideRest } = page.store.state;
    const q = parseQuery(query);
    const names = (s: Site): string[] => [s.kind, s.rule?.name ?? '', ...s.frames.map((f) => f.func), ...s.groups.map((g) => page.result.groups[g]?.name ?? '')];
    const matching = q.empty ? sites : sites.filter((s) => q.includes(...names(s)) && !q.excludes(...names(s)));
    const shown = hideRest ? matching.filter((s) => s.waits > 0) : matching;
    table.show(shown);
    const resting = matching.length - shown.length;
    said.textContent = [
      q.problem !== '' ? q.problem : q.empty ? '' : `${matching.length} of ${sites.length} match the filter`,
      resting > 0 ? `${counted(resting, 'place', 'places')} where goroutines only were at rest ${resting === 1 ? 'is' : 'are'} hidden` : '',
    ].filter(Boolean).join(' · ');
  };
  const update = whenShown(page, 'sites', draw);
  page.store.watch(['query', 'hideRest'], update);
}

function columns(page: Page): Column<Site>[] {
  const look = new Map(page.log.kinds.map((k) => [k.label, looks[lookOf(k)]!.name]));
  const ns = (label: string, of: (s: Site) => number): Column<Site> => ({ label, numeric: true, by: of, cell: (s) => (s.waits > 0 ? duration(of(s)) : '–') });
  return [
    { label: 'Kind', title: 'class and kind', by: (s) => s.kind, cell: (s) => h('span', { title: `${s.class}/${s.kind}` }, h('span', { class: `swatch c-${look.get(`${s.class}/${s.kind}`) ?? 'unknown'}` }), ` ${s.kind}`) },
    {
      label: 'Place', title: 'the first function outside the standard library’s plumbing', by: (s) => sitePlace(s),
      cell: (s) => {
        const b = button(sitePlace(s), () => toggle(page, b, s), { class: 'plain cut', title: sitePlace(s), 'aria-expanded': 'false', dir: 'auto' });
        return b;
      },
    },
    { label: 'Waits', numeric: true, by: (s) => s.waits, cell: (s) => (s.waits > 0 ? count(s.waits) : '–') },
    ns('Total', (s) => s.total_ns), ns('Median', (s) => s.p50_ns), ns('p90', (s) => s.p90_ns), ns('p99', (s) => s.p99_ns), ns('Max', (s) => s.max_ns),
    { label: 'Ps idled', title: 'processor time that idled meanwhile, shared equally among all that were blocked', numeric: true, by: (s) => s.idle_blocked_ns, cell: (s) => (s.idle_blocked_ns > 0 ? duration(s.idle_blocked_ns) : '–') },
    { label: 'Ended by', by: (s) => endedBy(page, s), cell: (s) => h('span', { class: 'cut', title: endedBy(page, s), dir: 'auto' }, endedBy(page, s)) },
    { label: 'At rest', title: 'waits here that are idle by design', numeric: true, by: (s) => s.at_rest_ns, cell: (s) => (s.at_rest_waits > 0 ? h('span', { class: 'muted' }, `${count(s.at_rest_waits)} · ${duration(s.at_rest_ns)}`) : '–') },
  ];
}

function wakerName(page: Page, w: Waker): string {
  return w.group < 0 ? 'a timer, the poller or the runtime' : groupName(page.result, w.group);
}

/** endedBy is who ended most of the waits, and how many of them. */
function endedBy(page: Page, s: Site): string {
  const w = s.wakers?.[0];
  if (!w || s.waits === 0) return '';
  const place = w.frames.length > 0 ? ` in ${placeName(w.frames)}` : '';
  return `${percent(w.waits, s.waits)} ${wakerName(page, w)}${place}`;
}

function toggle(page: Page, b: HTMLButtonElement, s: Site): void {
  const tr = b.closest('tr')!;
  const open = b.getAttribute('aria-expanded') === 'true';
  b.setAttribute('aria-expanded', String(!open));
  if (open) tr.nextElementSibling?.remove();
  else tr.after(h('tr', { class: 'inner' }, h('td', { colspan: tr.cells.length }, details(page, s))));
}

function details(page: Page, s: Site): HTMLElement {
  return h('div', { class: 'columns' },
    h('div', {}, h('h4', {}, 'Stack'), s.frames.length > 0 ? stackList(s.frames, 60) : h('p', {}, 'no stack'), groups(page, s)),
    wakers(page, s),
    s.pieces.length > 0 ? h('div', {}, h('h4', {}, 'What filled the waits'), piecesBar(page, s.pieces, s.total_ns, 9)) : null,
    (s.worst ?? []).length > 0 ? h('div', {}, h('h4', {}, 'Longest'), h('ol', { class: 'runs' }, s.worst!.map((m) => h('li', {}, momentButton(page, m), m.goroutine === undefined ? '' : ` G${m.goroutine}`)))) : null,
  );
}

function groups(page: Page, s: Site): HTMLElement {
  return h('div', {}, h('h4', {}, 'Groups that waited here'), h('ul', { class: 'plain' }, s.groups.slice(0, 8).map((g) => h('li', {}, groupLabel(page, g))), s.groups.length > 8 ? h('li', { class: 'muted' }, `${s.groups.length - 8} more`) : null));
}

function wakers(page: Page, s: Site): HTMLElement | null {
  if (!s.wakers || s.wakers.length === 0) return null;
  const rows = s.wakers.map((w) => {
    const via = Object.entries(w.via_ns ?? {}).sort((a, b) => b[1] - a[1])[0];
    return h('li', {},
      h('details', {},
        h('summary', {}, name(`${percent(w.waits, s.waits)} ${wakerName(page, w)}`), h('span', { class: 'muted' }, ` ${duration(w.total_ns)}${via && via[1] >= w.total_ns / 2 ? `, itself woken by ${via[0]}` : ''}`)),
        w.frames.length > 0 ? stackList(w.frames) : h('p', { class: 'muted' }, 'no stack')));
  });
  return h('div', {}, h('h4', {}, 'Ended by'), h('ul', { class: 'plain' }, rows));
}
