// Locks and channels: places that end each other's waits. All of it is of the whole
// trace.

import type { Site, SiteClass } from '../data/result';
import { h } from '../dom';
import { average, count, duration, percent } from '../format';
import type { Page } from '../page';
import { copyButton } from './copy';
import { placeName } from './stack';
import { SortedTable, type Column } from './table';

/** mountQueues adds the table, where anybody was seen to end a wait. */
export function mountQueues(page: Page, body: HTMLElement): void {
  const queues = page.result.site_classes.filter((c) => c.hand_offs > 0 && c.total_ns > 0);
  if (queues.length === 0) return;
  const table = new SortedTable<SiteClass>(columns(page), {
    caption: 'Of the whole trace, at rest left out. A trace does not name locks and channels: places that end each other’s waits count as one, so that a lock for each key, or a channel for each client, looks like one for all',
    sorted: 8, limit: 50,
  });
  table.show(queues);
  body.append(h('h4', {}, 'Locks and channels'), h('div', { class: 'tools' }, copyButton(page, 'Locks and channels', () => table.markdown())), table.element);
}

/** sitePlace is what the user calls a place, before what it is in the code. */
export function sitePlace(s: Site | undefined): string {
  const place = placeName(s?.frames);
  return s?.rule ? `${s.rule.name}: ${place}` : place;
}

function columns(page: Page): Column<SiteClass>[] {
  const { scope, sites, scheduler } = page.result;
  const length = scope.to_ns - scope.from_ns;
  const processors = Object.values(scheduler.p_time_ns).reduce((sum, ns) => sum + ns, 0);
  const place = (c: SiteClass): string => sitePlace(sites[c.sites[0] ?? -1]);
  const queue = (c: SiteClass): number => (c.busy_ns > 0 ? c.waiting_ns / c.busy_ns : 0);
  return [
    { label: 'Kind', by: (c) => c.kind, cell: (c) => c.kind },
    { label: 'Mostly waited for in', by: place, cell: (c) => h('span', { class: 'cut', title: place(c), dir: 'auto' }, place(c)) },
    { label: 'Waits', numeric: true, by: (c) => c.waits, cell: (c) => count(c.waits) },
    { label: 'Total', numeric: true, by: (c) => c.total_ns, cell: (c) => duration(c.total_ns) },
    { label: 'Queue', title: 'goroutines that waited on average while any did', numeric: true, by: queue, cell: (c) => average(queue(c)) },
    { label: 'Most', title: 'goroutines that waited at once', numeric: true, by: (c) => c.most_waiting, cell: (c) => count(c.most_waiting) },
    { label: 'Busy', title: 'share of the time in which any waited', numeric: true, by: (c) => c.busy_ns, cell: (c) => percent(c.busy_ns, length) },
    { label: 'Every', title: 'median time from one hand-off to the next while others waited', numeric: true, by: (c) => c.service.p50_ns, cell: (c) => (c.service.count > 0 ? duration(c.service.p50_ns) : '–') },
    { label: 'Ps idled', title: 'share of the processors’ time that idled meanwhile', numeric: true, by: (c) => c.idle_blocked_ns, cell: (c) => percent(c.idle_blocked_ns, processors) },
    { label: 'To send', title: 'share of the time in which goroutines waited to send', numeric: true, by: (c) => c.send_ns, cell: (c) => (c.kind === 'channel' ? percent(c.send_ns, c.total_ns) : '–') },
    { label: 'Convoys', title: 'time in which goroutines kept queueing', numeric: true, by: (c) => c.convoys?.ns ?? 0, cell: (c) => (c.convoys ? duration(c.convoys.ns) : '–') },
  ];
}
