// Of which range a number speaks, and how sure it is.

import { byID, h } from '../dom';
import { duration, instant } from '../format';
import type { Summary } from '../model/summary';
import type { Page } from '../page';

/** about marks a number that merged intervals are in. */
export function about(s: Summary, text: string): string {
  return s.exact ? text : '≈' + text;
}

/** rangeText says which range it is. */
export function rangeText(page: Page, from: number, to: number): string {
  const { from: first, to: last } = page.store.bounds;
  if (from === first && to === last) return 'whole trace';
  const step = (to - from) / 1000;
  return `${instant(from, step)} to ${instant(to, step)} (${duration(to - from)})`;
}

/** followNote writes beside a section's heading which range its numbers are of. */
export function followNote(page: Page, id: string): void {
  const note = noteOf(id);
  const write = (s: Summary): void => {
    note.textContent = rangeText(page, s.from, s.to) + (s.exact ? '' : ' · ≈');
    note.title = s.exact ? '' : '≈: intervals that are merged in this page count in proportion to how much of their bin of time lies in the range';
  };
  write(page.summary());
  page.onSummary(write);
}

/** wholeNote writes there, while a range is chosen, that the section does not follow it. */
export function wholeNote(page: Page, id: string): void {
  const note = noteOf(id);
  const write = (): void => void (note.textContent = page.store.whole ? '' : 'whole trace');
  write();
  page.store.watch(['from', 'to'], write);
}

function noteOf(id: string): HTMLElement {
  const section = byID(id);
  const heading = section.querySelector('h2, h3');
  const note = h('span', { class: 'scope' });
  if (heading) {
    heading.append(' ', note);
  } else {
    section.prepend(h('p', {}, note));
  }
  return note;
}

/** around is a range with some room on both sides of a stretch. */
export function around(page: Page, from: number, to: number): { from: number; to: number } {
  const pad = Math.max((to - from) * 0.25, 1000);
  const { from: first, to: last } = page.store.bounds;
  return { from: Math.max(first, from - pad), to: Math.min(last, to + pad) };
}
