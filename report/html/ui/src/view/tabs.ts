// The tabs below the groups. A panel without data has none.

import { byID, h } from '../dom';
import type { Page } from '../page';

const tabs = [
  { id: 'flame', label: 'Flame graphs' },
  { id: 'blame', label: 'Who blocks whom' },
  { id: 'spans', label: 'Tasks and regions' },
  { id: 'gc', label: 'Garbage collector' },
] as const;

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
  list.addEventListener('keydown', (e) => {
    const now = present.findIndex((t) => t.id === page.store.state.tab);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: present.length - 1 }[e.key];
    if (next === undefined) return;
    const i = (next + present.length) % present.length;
    page.store.set({ tab: present[i]!.id });
    buttons[i]!.focus();
    e.preventDefault();
    e.stopPropagation();
  });
  const choose = (): void =>
    present.forEach((t, i) => {
      const on = t.id === page.store.state.tab;
      buttons[i]!.setAttribute('aria-selected', String(on));
      buttons[i]!.tabIndex = on ? 0 : -1;
      byID(t.id).hidden = !on;
    });
  page.store.watch(['tab'], choose);
  if (!present.some((t) => t.id === page.store.state.tab)) page.store.set({ tab: present[0]!.id }, 'drag');
  choose();
}

/** whenShown puts off drawing a panel until its tab is chosen. It draws at once if that is so now. */
export function whenShown(page: Page, id: string, draw: () => void): () => void {
  let due = true;
  const update = (): void => {
    due = page.store.state.tab !== id;
    if (!due) draw();
  };
  page.store.watch(['tab'], () => due && update());
  update();
  return update;
}
