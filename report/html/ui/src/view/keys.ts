// The keyboard.

import { fit, pan, toWaker, wholeTrace, zoom } from '../model/navigate';
import type { Page } from '../page';
import { copyReport } from './copy';
import { closeDrawer } from './drawer';
import { stepInterval } from './drawer/intervals';
import { openHelp } from './help';
import { focusSearch } from './search';
import { nextTheme } from './theme';
import { pointerTime } from './timeline/pointer';

type Press = (page: Page, e: KeyboardEvent) => void;

const far = (e: KeyboardEvent): number => (e.shiftKey ? 5 : 1);
const panBy = (share: number): Press => (page, e) => pan(page.store, share * far(e));
const zoomBy = (factor: number): Press => (page, e) => zoom(page.store, factor ** (e.shiftKey ? 3 : 1), pointerTime(page));

/** Keys that write a character; they can be switched off. */
const letters: Record<string, Press> = {
  w: zoomBy(0.75),
  s: zoomBy(1 / 0.75),
  a: panBy(-0.1),
  d: panBy(0.1),
  f: (page) => fit(page),
  '0': (page) => wholeTrace(page.store),
  '/': () => focusSearch(),
  j: () => finding(1),
  k: () => finding(-1),
  '[': (page) => stepInterval(page, -1),
  ']': (page) => stepInterval(page, 1),
  u: (page) => toWaker(page),
  o: (page) => page.store.set({ overlays: !page.store.state.overlays }),
  p: (page) => page.store.set({ patterns: !page.store.state.patterns }),
  t: (page) => nextTheme(page),
  c: (page) => copyReport(page),
  '?': (page) => openHelp(page),
};

/** Where a key belongs to what has the focus. */
const typing = 'input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]';
const moving = `${typing}, [role=slider], [role=tree], [role=listbox], [role=tab], [role=tablist], input`;

export function mountKeys(page: Page): void {
  addEventListener('keydown', (e) => {
    if (e.defaultPrevented || e.isComposing) return;
    const press = pressed(page, e);
    if (!press) return;
    e.preventDefault();
    press(page, e);
  });
}

function pressed(page: Page, e: KeyboardEvent): Press | undefined {
  const target = e.target instanceof Element ? e.target : document.body;
  if (e.altKey && !e.ctrlKey && !e.metaKey) {
    if (target.closest(typing)) return undefined;
    return e.key === 'ArrowLeft' ? () => history.back() : e.key === 'ArrowRight' ? () => history.forward() : undefined;
  }
  if (e.ctrlKey || e.metaKey) return undefined;
  if (document.querySelector('dialog[open]')) return e.key === '?' && page.store.state.keys ? letters['?'] : undefined;
  if (e.key === 'Escape') return page.store.state.goroutine > 0 ? () => closeDrawer(page) : undefined;
  if (e.key.startsWith('Arrow')) return target.closest(moving) ? undefined : arrow(e);
  return page.store.state.keys && !target.closest(typing) ? letters[e.key.toLowerCase()] : undefined;
}

function arrow(e: KeyboardEvent): Press | undefined {
  if (e.key === 'ArrowLeft') return letters['a'];
  if (e.key === 'ArrowRight') return letters['d'];
  // Up and down scroll the page, but over what they can zoom.
  if (!document.querySelector('#timeline:hover, #overview:hover')) return undefined;
  return e.key === 'ArrowUp' ? letters['w'] : letters['s'];
}

/** finding goes to the next or the previous finding. */
function finding(by: number): void {
  const all = [...document.querySelectorAll<HTMLElement>('#findings ol > li.finding')];
  if (all.length === 0) return;
  const now = all.findIndex((li) => li.contains(document.activeElement));
  const next = all[now < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, now + by))]!;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest' });
}
