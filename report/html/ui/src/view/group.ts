// What a row of the table of groups opens.

import { button, h } from '../dom';
import { average, count, counted, duration, percent, shortFunc } from '../format';
import { groupName } from '../model/words';
import { lookOf, looks } from '../palette';
import type { Page } from '../page';
import type { GroupRow } from './groups';
import { about } from './range';
import { placeName, stackList } from './stack';
import { name } from './table';

const words: Record<string, string> = {
  'whole-trace': 'waited throughout', 'known-site': 'known idle place', 'idle-connection': 'idle connection',
  'parked-workers': 'parked workers', 'context-watch': 'watches a context', ticker: 'ticker', asked: 'asked for', 'site-rule': 'site rule',
};

/** ruleWords says why something is at rest. */
export function ruleWords(rule: string): string {
  return words[rule] ?? rule;
}

export function groupDetails(page: Page, row: GroupRow): HTMLElement {
  return h('div', {}, facts(page, row), h('div', { class: 'columns' }, percentiles(page, row), inside(page, row), openSites(row), atRest(row)));
}

function facts(page: Page, { group, sum }: GroupRow): HTMLElement {
  const show = button('Show in timeline', () => {
    page.store.set({ by: 'group', group: group.id, open: [...new Set([...page.store.state.open, group.id])] });
    document.getElementById('timeline')?.scrollIntoView();
  });
  const parents = (group.parents ?? []).map((p) => `${count(p.count)} by ${groupName(page.result, p.group)}`);
  const rest = sum.times.atRest;
  const said = [
    group.created_by === '' ? 'created before the trace' : `created by ${group.created_by}`,
    parents.length > 0 ? `of them ${parents.slice(0, 4).join(', ')}` : '',
    rest > 0 ? `at rest for ${about(page.summary(), duration(rest))}` : '',
    `${counted(group.parallelism.most_engaged, 'goroutine', 'goroutines')} in progress at most, whole trace`,
  ];
  return h('p', { class: 'name', dir: 'auto' }, show, ' ', h('strong', {}, group.name), ' · ', said.filter(Boolean).join(' · '));
}

function table(caption: string, head: readonly string[], rows: HTMLElement[]): HTMLElement | null {
  if (rows.length === 0) return null;
  return h('div', { class: 'scroll short' }, h('table', {}, h('caption', {}, caption), h('thead', {}, h('tr', {}, head.map((t, i) => h('th', { scope: 'col', class: i > 0 ? 'n' : null }, t)))), h('tbody', {}, rows)));
}

function line(first: Node | string, ...rest: string[]): HTMLElement {
  return h('tr', {}, h('td', {}, first), rest.map((t) => h('td', { class: 'n' }, t)));
}

function percentiles(page: Page, { group }: GroupRow): HTMLElement | null {
  const s = page.summary();
  const rows = page.log.kinds.flatMap((k) => {
    const l = s.latency(k.label, group.id);
    if (l.count === 0) return [];
    const first = h('span', {}, h('span', { class: `swatch c-${looks[lookOf(k)]!.name}` }), ' ', k.label);
    return [line(first, about(s, count(l.count)), ...[l.p50_ns, l.p90_ns, l.p99_ns, l.max_ns].map((ns) => about(s, duration(ns))))];
  });
  return table('Intervals in the range; at rest left out', ['Kind', 'Number', 'p50', 'p90', 'p99', 'Max'], rows);
}

function inside(page: Page, { group }: GroupRow): HTMLElement | null {
  const rows = (group.inside ?? []).slice(0, 20).map((x) => {
    const engaged = x.time.lifetime_ns - x.time.at_rest_ns;
    return line(name(x.func === '' ? 'the library, or no stack' : shortFunc(x.func), x.func), duration(engaged), percent(x.time.running_ns, engaged), average(engaged / Math.max(1, page.log.to - page.log.from)));
  });
  return table('Inside the library code, whole trace', ['First function outside it', 'Time', 'Run', 'Mean at once'], rows);
}

function openSites({ group }: GroupRow): HTMLElement | null {
  const rows = (group.open_sites ?? []).map((o) =>
    line(h('details', {}, h('summary', { title: placeName(o.frames) }, placeName(o.frames)), stackList(o.frames)), o.kind, count(o.count), duration(o.longest_ns), count(o.closed)));
  return table('Still blocked at the end of the trace', ['Place', 'Kind', 'Goroutines', 'Longest', 'Ended before'], rows);
}

function atRest({ group }: GroupRow): HTMLElement | null {
  const rows = (group.at_rest ?? []).slice(0, 12).map((r) =>
    line(h('details', {}, h('summary', { title: placeName(r.frames) }, placeName(r.frames)), stackList(r.frames ?? [])), ruleWords(r.rule), r.kind, count(r.waits), duration(r.total_ns)));
  return table('At rest, whole trace', ['Place', 'Why', 'Kind', 'Waits', 'Time'], rows);
}
