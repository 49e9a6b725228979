// Names of groups in tables.

import { h } from '../dom';
import { entryName, groupOrigin } from '../model/words';
import type { Page } from '../page';

/** wholeName is a group's entry function in full, and where it was created if others have it too. */
export function wholeName(page: Page, group: number): string {
  const origin = groupOrigin(page.result, group);
  return (page.result.groups[group]?.name ?? '') + (origin === '' ? '' : ` (${origin})`);
}

/** nameParts are the short name, and muted what tells the group from others of that name. */
export function nameParts(page: Page, group: number): (Node | string)[] {
  const origin = groupOrigin(page.result, group);
  return [entryName(page.result, group), ...(origin === '' ? [] : [h('small', {}, ` ${origin}`)])];
}

/** groupLabel is a group's name in a cell: cut off, whole on hover. */
export function groupLabel(page: Page, group: number): HTMLElement {
  return h('span', { class: 'cut', title: wholeName(page, group), dir: 'auto' }, nameParts(page, group));
}
