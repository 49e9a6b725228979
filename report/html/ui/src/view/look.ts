// When canvases have to be painted again, and with which colours: the theme, the
// patterns, forced colours, and print, which is light and patterned.

import type { Page } from '../page';
import { forgetColors } from '../palette';

let printing = false;
const followers: (() => void)[] = [];

/** patterned says whether classes are told apart by patterns too. */
export function patterned(page: Page): boolean {
  return printing || page.store.state.patterns || matchMedia('(forced-colors: active)').matches;
}

/** onLook calls back when colours or patterns have changed. */
export function onLook(fn: () => void): void {
  followers.push(fn);
}

/** watchLook starts to follow the reader's choices and those of the system. */
export function watchLook(page: Page): void {
  const root = document.documentElement;
  const follow = (): void => {
    const theme = printing ? 'light' : page.store.state.theme;
    if (theme === 'auto') root.removeAttribute('data-theme');
    else root.setAttribute('data-theme', theme);
    forgetColors();
    root.toggleAttribute('data-patterns', patterned(page));
    for (const fn of followers) fn();
  };
  page.store.watch(['theme', 'patterns'], follow);
  for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) matchMedia(query).addEventListener('change', follow);
  addEventListener('beforeprint', () => {
    printing = true;
    follow();
  });
  addEventListener('afterprint', () => {
    printing = false;
    follow();
  });
  follow();
}
