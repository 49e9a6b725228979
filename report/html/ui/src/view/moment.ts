// Links from a number to the moment that it is about.

import type { Moment } from '../data/result';
import { button } from '../dom';
import { duration, instant } from '../format';
import { around, revealing } from '../model/navigate';
import type { Page } from '../page';
import type { State } from '../state';

/** momentText says when something was. */
function momentText(m: Moment): string {
  const length = m.to_ns - m.from_ns;
  return `${instant(m.from_ns, Math.max(length / 100, 1000))} for ${duration(length)}`;
}

/** momentButton sets the range around a moment, and reveals its goroutine. */
export function momentButton(page: Page, m: Moment, label = momentText(m)): HTMLButtonElement {
  return button(label, () => showMoment(page, m), { class: 'plain', title: 'Show this moment in the timeline' });
}

/** showMoment goes to a moment, and changes what else is asked for with it, as one step. */
export function showMoment(page: Page, m: Moment, also: Partial<State> = {}): void {
  const known = m.goroutine !== undefined && page.goroutineAt(m.goroutine, m.from_ns) >= 0;
  const lane = known ? revealing(page, m.goroutine!, m.from_ns) : {};
  const open = new Set([...(lane.open ?? page.store.state.open), ...(also.open ?? [])]);
  page.store.set({ ...lane, ...also, ...around(page.store, m.from_ns, m.to_ns), by: 'group', open: [...open] });
  document.getElementById('timeline')?.scrollIntoView();
}
