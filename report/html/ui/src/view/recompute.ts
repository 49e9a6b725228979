// What the server behind a page can do for the range that is chosen: make the page
// anew for it, and profiles. A page in a file has no server and none of this.

import { bodyOf, byID, h } from '../dom';
import type { Page } from '../page';
import type { Key } from '../state';
import { at } from '../model/words';

/** rangeURL is where the server has the report of a range, in ns. */
function rangeURL(from: number, to: number): string {
  return `/?from_ns=${from}&to_ns=${to}`;
}

/** profilesURL is where it has the profiles of a range: of one class with what is in progress, or a list of all. */
function profilesURL(from: number, to: number, label = ''): string {
  return `/pprof/${from}-${to}/` + (label === '' ? '' : `in-progress/${label}/flamegraph`);
}

/** elsewhere is what the address says that another report understands, too: how it looks, but not what it shows by number. */
function elsewhere(page: Page): string {
  const q = new URLSearchParams(page.store.hash());
  for (const own of ['t', 'o', 'sel']) q.delete(own);
  return q.size === 0 ? '' : '#' + q.toString();
}

const followed: readonly Key[] = ['from', 'to', 'by', 'group', 'query', 'hideRest', 'flame', 'tab', 'overlays', 'patterns', 'theme', 'keys'];

export function mountRecompute(page: Page): void {
  const { servedFrom, servedTo } = document.querySelector('main')!.dataset;
  if (servedFrom === undefined || servedTo === undefined) return;
  const { store } = page;
  const { from: first, to: last } = store.bounds;
  const all = Number(servedFrom) === 0 && Number(servedTo) === page.result.trace.duration_ns;
  const here = h('a', { class: 'act', title: 'Read the trace again for this range alone: with more of its intervals one by one, up to four million, and all numbers and findings of it' }, 'Recompute this range');
  const back = h('a', { class: 'act' }, all ? 'Whole trace' : 'All that is served');
  const about = h('span', { class: 'muted' }, `This page is of ${at(first, last - first)} to ${at(last, last - first)} alone.`);
  back.hidden = about.hidden = first === Number(servedFrom) && last === Number(servedTo);
  const list = h('a', {}, 'all profiles');
  const classes = profiled(page).map(([label, name]) => ({ label, link: h('a', { title: `pprof’s flame graph of ${label} in this range, at rest left out` }, name) }));
  const profiles = h('span', {}, h('span', { class: 'muted' }, 'This range in pprof: '), ...classes.flatMap(({ link }) => [link, ' · ']), list);
  home().append(h('div', { class: 'tools served', role: 'group', 'aria-label': 'This range, from the server' }, back, about, profiles, here));
  const follow = (): void => {
    const { from, to } = store.state;
    const look = elsewhere(page);
    here.href = rangeURL(from, to) + look;
    here.classList.toggle('unseen', store.whole); // it keeps its room: nothing moves below a pointer that drags
    back.href = '/' + look;
    list.href = profilesURL(from, to);
    for (const { label, link } of classes) link.href = profilesURL(from, to, label);
  };
  store.watch(followed, follow);
  follow();
}

/** profiled are the classes of which there is time in the page, with their names. */
function profiled(page: Page): [string, string][] {
  const time = page.result.time;
  const names: [string, string, number][] = [
    ['running', 'running', time.running_ns],
    ['runnable', 'runnable', time.runnable_ns],
    ['blocked-sync', 'sync', time.blocked_sync_ns],
    ['blocked-io', 'I/O', time.blocked_io_ns],
    ['timer', 'timers', time.timer_ns],
    ['runtime', 'runtime', time.runtime_ns],
    ['unknown', 'unknown', time.unknown_ns],
  ];
  return names.filter(([, , ns]) => ns > 0).map(([label, name]) => [label, name]);
}

/** home is where the range is chosen; where there is nothing to choose from, a section of its own. */
function home(): HTMLElement {
  const overview = byID('overview');
  if (!overview.hidden) {
    const tools = overview.querySelector<HTMLElement>('.tools')!;
    const under = h('div');
    tools.after(under);
    return under;
  }
  return bodyOf('overview');
}
