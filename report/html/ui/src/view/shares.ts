// A whole divided into parts: a bar, and a table that is its legend.

import { h } from '../dom';
import { duration, percent } from '../format';

export interface Part {
  name: string;
  /** Class of CSS that gives it its colour. */
  look: string;
  ns: number;
}

/** sharesOf shows the parts that are there, in the order given, as shares of a whole; the bar is filled as far as they go. */
export function sharesOf(title: string, caption: string, parts: readonly Part[], whole: number): HTMLElement | null {
  const there = parts.filter((p) => p.ns > 0);
  if (there.length === 0 || whole <= 0) return null;
  const bar = h('div', { class: 'bar tall', 'aria-hidden': 'true' }, there.map((p) => {
    const part = h('div', { class: `fill ${p.look}`, title: `${p.name} ${percent(p.ns, whole)}` });
    part.style.width = `${(100 * p.ns) / whole}%`;
    return part;
  }));
  const rows = there.map((p) => h('tr', {},
    h('th', { scope: 'row', class: 'means' }, h('span', { class: `swatch ${p.look}` }), ` ${p.name}`),
    h('td', { class: 'n' }, percent(p.ns, whole)),
    h('td', { class: 'n' }, duration(p.ns)),
  ));
  return h('div', {}, h('h4', {}, title), bar, h('table', { class: 'wide' }, h('caption', {}, caption), h('tbody', {}, rows)));
}
