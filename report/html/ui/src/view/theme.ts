// The page's looks: theme, patterns and overlays, and the buttons for them.

import { byID, button } from '../dom';
import type { Page } from '../page';
import { openHelp } from './help';
import { watchLook } from './look';

const themes = ['auto', 'light', 'dark'] as const;

/** nextTheme goes from the system's theme to light, to dark, and back. */
export function nextTheme(page: Page): void {
  const { theme } = page.store.state;
  page.store.set({ theme: themes[(themes.indexOf(theme) + 1) % themes.length]! });
  page.announce(`Theme: ${page.store.state.theme}`);
}

export function mountTheme(page: Page): void {
  watchLook(page);
  const { store } = page;
  const theme = button('', () => nextTheme(page));
  const patterns = button('▨', () => store.set({ patterns: !store.state.patterns }), { title: 'Patterns for classes (P)', 'aria-label': 'Patterns for classes' });
  const overlays = button('GC, STW', () => store.set({ overlays: !store.state.overlays }), { title: 'Show collections and stops of the world (O)', 'aria-label': 'Show collections and stops of the world: GC, STW' });
  const help = button('?', () => openHelp(page), { title: 'Keys and legend (?)', 'aria-label': 'Keys and legend' });
  const signs = { auto: '◐', light: '☀', dark: '☾' };
  const follow = (): void => {
    const s = store.state;
    theme.textContent = signs[s.theme];
    theme.title = `Theme: ${s.theme === 'auto' ? 'as the system has it' : s.theme} (T)`;
    theme.setAttribute('aria-label', theme.title);
    patterns.setAttribute('aria-pressed', String(s.patterns));
    overlays.setAttribute('aria-pressed', String(s.overlays));
  };
  store.watch(['theme', 'patterns', 'overlays'], follow);
  follow();
  byID('tools').append(theme, patterns, ...(page.log.ranges.n > 0 ? [overlays] : []), help);
}
