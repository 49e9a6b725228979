// What belongs to a goroutine beside its intervals: log messages, regions, tasks.

import { button, h } from '../../dom';
import { count, duration } from '../../format';
import { logsOf, regionsOf, samplesOf, tasksOf } from '../../model/indexes';
import { revealing } from '../../model/navigate';
import { at } from '../../model/words';
import type { Page } from '../../page';

/** At most so many of each are listed. */
const most = 100;

/** belongings lists them for goroutine g; nothing where there is nothing. */
export function belongings(page: Page, g: number): HTMLElement {
  const { log } = page;
  const id = log.goroutines.id[g]!;
  const range = log.to - log.from;
  const link = (t: number): HTMLElement => button(at(t, range / 1e2), () => page.store.set(revealing(page, id, t)), { class: 'plain n' });
  const own = (of: { at: Uint32Array; items: Uint32Array }): number[] => Array.from(of.items.subarray(of.at[g]!, of.at[g + 1]!));
  const part = (title: string, items: number[], line: (i: number) => (Node | string)[]): HTMLElement | null =>
    items.length === 0 ? null : h('details', {}, h('summary', {}, `${title} (${count(items.length)})`), h('ul', { class: 'dr-own' }, items.slice(0, most).map((i) => h('li', {}, line(i))), items.length > most && h('li', { class: 'muted' }, `… ${count(items.length - most)} more`)));
  const span = (name: string, start: number, ns: number): (Node | string)[] => [link(start), ' ', h('bdi', {}, name.slice(0, 300)), ` ${duration(ns)}`];
  const samples = own(samplesOf(log)).length;
  return h('div', { class: 'dr-belongings' },
    part('Log messages', own(logsOf(log)), (i) => [link(log.logs.at[i]!), ' ', h('bdi', {}, `${log.strings[log.logs.category[i]!]!}: ${log.strings[log.logs.message[i]!]!}`.slice(0, 500))]),
    part('Tasks', own(tasksOf(log)), (t) => span(`${log.strings[log.tasks.type[t]!]!} #${log.tasks.id[t]!}`, log.tasks.start[t]!, log.tasks.ns[t]!)),
    part('Regions', own(regionsOf(log)), (r) => span(log.strings[log.regions.type[r]!]!, log.regions.start[r]!, log.regions.ns[r]!)),
    samples > 0 ? h('p', { class: 'muted' }, `${count(samples)} CPU samples, ticks below its lane`) : null,
  );
}
