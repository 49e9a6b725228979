// The switch that leaves out what is at rest.

import { h } from '../dom';
import type { Page } from '../page';

/** restSwitch is a checkbox for state.hideRest, with what it hides. */
export function restSwitch(page: Page, label: Node | string = 'hide at rest'): HTMLElement {
  const box = h('input', { type: 'checkbox' });
  box.addEventListener('change', () => page.store.set({ hideRest: box.checked }));
  const follow = (): void => void (box.checked = page.store.state.hideRest);
  page.store.watch(['hideRest'], follow);
  follow();
  return h('label', { title: 'At rest: waiting by design, such as an idle worker or an open connection' }, box, label);
}
