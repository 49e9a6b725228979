import { button } from '../../dom';
import { revealing } from '../../model/navigate';
import type { Page } from '../../page';

/** goroutineLink goes to a goroutine at an instant. */
export function goroutineLink(page: Page, id: number, instant: number): HTMLElement {
  return button(`G${id}`, () => page.store.set(revealing(page, id, instant)), { class: 'plain' });
}
