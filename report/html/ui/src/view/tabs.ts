// The tabs below the groups. A panel without data has none.

import { byID, h } from '../dom';
import type { Page } from '../page';

const tabs = [
  { id: 'flame', label: 'Flame graphs' },
  { id: 'sites', label: 'Waits by place' },
  { id: 'blame', label: 'Who blocks whom' },
  { id: 'sched', label: 'Scheduler' },
  { id: 'spans', label: 'Tasks and regions' },
  { id: 'gc', label: 'Garbage collector' },
] as const;

/** The panel that is shown, once there are tabs, and what looks whether it is its own. */
const shown = new WeakMap<Page, string>();
const waiting: (() => void)[] = [];

/** mountTabs comes after the panels: those that have drawn nothing are still hidden. */
export function mountTabs(page: Page): void {
  const present = tabs.filter((t) => !byID(t.id).hidden);
  if (present.length === 0) return;
  const section = byID('tabs');
  section.hidden = false;
  const list = h('div', { role: 'tablist', 'aria-label': 'More of the range and of the trace' });
  const buttons = present.map((t) => {
    const b = h('button', { type: 'button', role: 'tab', id: `tab-${t.id}`, 'aria-controls': t.id }, t.label);
    b.addEventListener('click', () => page.store.set({ tab: t.id }));
    const panel = byID(t.id);
    panel.setAttribute('role', 'tabpanel');
    panel.setAttribute('aria-labelledby', b.id);
    return b;
  });
  list.append(...buttons);
  byID(present[0]!.id).before(list);
  /** chosen is which panel is shown: the first, where the address has one that is not there. */
  const chosen = (): number => Math.max(0, present.findIndex((t) => t.id === page.store.state.tab));
  list.addEventListener('keydown', (e) => {
    const now = chosen();
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: present.length - 1 }[e.key];
    if (next === undefined) return;
    const i = (next + present.length) % present.length;
    page.store.set({ tab: present[i]!.id });
    buttons[i]!.focus();
    e.preventDefault();
    e.stopPropagation();
  });
  const choose = (): void => {
    const now = chosen();
    present.forEach((t, i) => {
      buttons[i]!.setAttribute('aria-selected', String(i === now));
      buttons[i]!.tabIndex = i === now ? 0 : -1;
      byID(t.id).hidden = i !== now;
    });
    shown.set(page, present[now]!.id);
    for (const draw of waiting) draw();
  };
  page.store.watch(['tab'], choose);
  choose();
}

/** whenShown puts off drawing a panel until it is shown. What it returns draws it anew, or puts that off. */
export function whenShown(page: Page, id: string, draw: () => void): () => void {
  let due = true;
  const update = (): void => {
    due = shown.get(page) !== id;
    if (!due) draw();
  };
  waiting.push(() => due && update());
  return update;
}
