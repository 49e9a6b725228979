// Every interval of a goroutine, as a list of which only what is in view is made.

import { button, h } from '../../dom';
import { count, duration, instant } from '../../format';
import { cellCodes, lookBits } from '../../model/cells';
import { firstAfter } from '../../model/buckets';
import { wakerOf } from '../../model/indexes';
import { chosenInterval, revealing } from '../../model/navigate';
import { placeOf } from '../../model/stacks';
import { kindOf } from '../../model/words';
import { looks } from '../../palette';
import type { Page } from '../../page';

const rowHeight = 22;

/** IntervalList lists them and keeps the chosen one in view. */
export class IntervalList {
  readonly element = h('div', { class: 'dr-intervals' });
  private readonly rows = h('div', { class: 'dr-rows', role: 'listbox', tabindex: 0, 'aria-label': 'Intervals' });
  private readonly pad = h('div', { class: 'dr-pad' });
  private readonly filter = h('select', { 'aria-label': 'Class of the intervals that are listed' });
  private readonly total = h('span', { class: 'muted' });
  private items: Uint32Array = new Uint32Array();
  private g = -1;
  private chosen = -1;

  constructor(private readonly page: Page) {
    const step = (label: string, by: number, title: string): HTMLElement => button(label, () => stepInterval(page, by), { title, 'aria-label': title });
    this.element.append(h('div', { class: 'tools' }, this.filter, step('[', -1, 'Previous interval ([)'), step(']', 1, 'Next interval (])'), this.total), this.rows);
    this.rows.append(this.pad);
    this.filter.addEventListener('change', () => this.list());
    this.rows.addEventListener('scroll', () => this.draw());
    this.rows.addEventListener('click', (e) => {
      const row = (e.target as HTMLElement).closest<HTMLElement>('[data-interval]');
      if (row) this.pick(Number(row.dataset['interval']));
    });
    this.rows.addEventListener('keydown', (e) => this.key(e));
    new ResizeObserver(() => this.draw()).observe(this.rows);
  }

  /** show lists the intervals of goroutine g. */
  show(g: number): void {
    if (g === this.g) return;
    this.g = g;
    const { at } = this.page.log.goroutines;
    const codes = cellCodes(this.page.log);
    const there = new Set<number>();
    for (let i = at[g]!; i < at[g + 1]!; i++) there.add(codes[this.page.log.intervals.cell[i]!]! & lookBits);
    const was = this.filter.value;
    this.filter.replaceChildren(h('option', { value: '' }, 'all classes'), ...looks.flatMap((l, i) => (there.has(i) ? [h('option', { value: i }, `${l.letter} ${l.label}`)] : [])));
    if ([...this.filter.options].some((o) => o.value === was)) this.filter.value = was;
    this.list();
    this.rows.scrollTop = 0;
  }

  private list(): void {
    const { log } = this.page;
    const codes = cellCodes(log);
    const [lo, hi] = [log.goroutines.at[this.g]!, log.goroutines.at[this.g + 1]!];
    const all = Uint32Array.from({ length: hi - lo }, (_, k) => lo + k);
    const look = this.filter.value;
    this.items = look === '' ? all : all.filter((i) => (codes[log.intervals.cell[i]!]! & lookBits) === Number(look));
    this.total.textContent = look === '' ? count(all.length) : `${count(this.items.length)} of ${count(all.length)}`;
    this.pad.style.height = `${this.items.length * rowHeight}px`;
    this.draw();
  }

  /** choose marks an interval, -1 for none, and brings it into view. */
  choose(interval: number): void {
    this.chosen = interval;
    const k = this.index(interval);
    if (k >= 0) {
      const { scrollTop, clientHeight } = this.rows;
      if (k * rowHeight < scrollTop || (k + 1) * rowHeight > scrollTop + clientHeight) this.rows.scrollTop = k * rowHeight - clientHeight / 2;
    }
    this.draw();
  }

  /** index is where an interval stands in the list, -1 if it is not there. */
  private index(interval: number): number {
    const k = firstAfter((j) => this.items[j]!, 0, this.items.length, interval - 1);
    return this.items[k] === interval ? k : -1;
  }

  private draw(): void {
    if (this.g < 0) return;
    const { log } = this.page;
    const first = Math.max(0, Math.floor(this.rows.scrollTop / rowHeight) - 4);
    const last = Math.min(this.items.length, Math.ceil((this.rows.scrollTop + this.rows.clientHeight) / rowHeight) + 4);
    const made: HTMLElement[] = [];
    for (let k = first; k < last; k++) {
      const i = this.items[k]!;
      const { start, end, cell } = log.intervals;
      const waker = wakerOf(log, i);
      const look = looks[cellCodes(log)[cell[i]!]! & lookBits]!;
      const place = placeOf(log, log.cells.stack[cell[i]!]!);
      const row = h('div', { class: 'dr-row', role: 'option', id: `interval-${i}`, 'data-interval': i, 'aria-selected': String(i === this.chosen), 'aria-posinset': k + 1, 'aria-setsize': this.items.length },
        h('span', { class: 'n' }, instant(start[i]!, 1000)),
        h('span', { class: 'n' }, duration(end[i]! - start[i]!)),
        h('span', { class: `swatch c-${look.name}` }),
        h('span', { class: 'cut' }, kindOf(log, i), place === '' ? null : h('span', { class: 'muted' }, ` ${place}`)),
        h('span', { class: 'n muted' }, waker > 0 ? `← G${waker}` : ''),
      );
      row.style.top = `${k * rowHeight}px`;
      made.push(row);
    }
    this.rows.replaceChildren(this.pad, ...made);
    if (made.some((m) => m.dataset['interval'] === String(this.chosen))) this.rows.setAttribute('aria-activedescendant', `interval-${this.chosen}`);
    else this.rows.removeAttribute('aria-activedescendant');
  }

  private pick(interval: number): void {
    goToInterval(this.page, interval);
  }

  private key(e: KeyboardEvent): void {
    const by: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
    const step = by[e.key];
    if (step === undefined || e.ctrlKey || e.metaKey || e.altKey || this.items.length === 0) return;
    e.preventDefault();
    e.stopPropagation();
    const now = this.index(this.chosen);
    const k = Math.max(0, Math.min(this.items.length - 1, now < 0 ? 0 : now + step));
    this.pick(this.items[k]!);
  }
}

/** goToInterval chooses an interval of the goroutine in the drawer. */
function goToInterval(page: Page, i: number): void {
  page.store.set(revealing(page, page.store.state.goroutine, page.log.intervals.start[i]!));
}

/** stepInterval goes to the next or the previous interval. */
export function stepInterval(page: Page, by: number): void {
  const { log, store } = page;
  const g = store.state.goroutine > 0 ? page.goroutineAt(store.state.goroutine) : -1;
  if (g < 0) return page.announce('Choose a goroutine first.');
  const { start, end } = log.intervals;
  const [lo, hi] = [log.goroutines.at[g]!, log.goroutines.at[g + 1]!];
  const now = chosenInterval(page);
  let i = now < 0 ? firstAfter((k) => end[k]!, lo, hi, store.state.from) : now + by;
  // An instant without length cannot be chosen.
  while (i >= lo && i < hi && start[i] === end[i]) i += by;
  if (i < lo || i >= hi) return page.announce(by > 0 ? 'This is the last interval.' : 'This is the first interval.');
  goToInterval(page, i);
  page.announce(kindOf(log, i));
}
