// Buttons above the timeline.

import { byID, button, h } from '../../dom';
import { chosenInterval, fit, readiedBy, wholeTrace, zoom } from '../../model/navigate';
import { groupName } from '../../model/words';
import type { Page } from '../../page';
import type { LanesBy } from '../../state';
import { legend } from '../legend';
import { restSwitch } from '../rest';

export interface ToolActions {
  table(shown: boolean): void;
  toWaker(): void;
}

const orders: readonly [LanesBy, string][] = [['group', 'group'], ['goroutine', 'goroutine'], ['P', 'P'], ['task', 'task']];

/** timelineTools fills the timeline's tools. */
export function timelineTools(page: Page, actions: ToolActions): void {
  const { store, log } = page;
  const section = byID('timeline');
  const tools = section.querySelector<HTMLElement>('.tools') ?? section.insertBefore(h('div', { class: 'tools' }), section.querySelector('.body'));
  const offered = orders.filter(([by]) => by !== 'task' || log.tasks.n + log.regions.n > 0);
  const by = offered.map(([order, label]) => button(label, () => store.set({ by: order }), { 'aria-pressed': 'false', 'data-by': order }));
  const waker = button('To waker (U)', actions.toWaker, { title: 'Go to the goroutine that ended the chosen wait, or made it ready' });
  const table = button('Show window as table', () => {
    const shown = table.getAttribute('aria-pressed') !== 'true';
    table.setAttribute('aria-pressed', String(shown));
    actions.table(shown);
  }, { 'aria-pressed': 'false' });
  const chips = h('span', { class: 'tl-chips' });
  tools.replaceChildren(
    h('span', { class: 'joined', role: 'group', 'aria-label': 'Lanes by' }, h('span', { class: 'muted' }, 'by'), by),
    h('span', { class: 'joined', role: 'group', 'aria-label': 'Zoom' },
      button('−', () => zoom(store, 2), { title: 'Zoom out (S)', 'aria-label': 'Zoom out' }),
      button('+', () => zoom(store, 0.5), { title: 'Zoom in (W)', 'aria-label': 'Zoom in' }),
      button('Fit', () => fit(page), { title: 'Fit the chosen interval or goroutine (F)' }),
      button('Whole', () => wholeTrace(store), { title: 'Show the whole trace (0)' })),
    waker,
    table,
    restSwitch(page),
    chips,
    legend(page),
  );
  const follow = (): void => {
    const s = store.state;
    for (const b of by) b.setAttribute('aria-pressed', String(b.dataset['by'] === s.by));
    const i = chosenInterval(page);
    waker.disabled = i < 0 || readiedBy(log, i) === null;
    chips.replaceChildren(
      ...(s.group >= 0 ? [chip(`only ${groupName(page.result, s.group)}`, () => store.set({ group: -1 }))] : []),
      ...(s.query !== '' ? [chip(`filter ${s.query}`, () => store.set({ query: '' }))] : []),
    );
  };
  store.watch(['by', 'group', 'query', 'goroutine', 'instant'], follow);
  follow();
}

function chip(text: string, clear: () => void): HTMLElement {
  return button(`${text.slice(0, 60)} ✕`, clear, { class: 'chip', title: `${text.slice(0, 400)}: click to take away`, dir: 'auto' });
}
