// The drawer: one goroutine with all that the page knows of it.

import { byID, button, h } from '../dom';
import { count, counted, duration, shortFunc } from '../format';
import { GoOlder, GoOpen, GoSystem } from '../data/log';
import { children, livesOf } from '../model/indexes';
import { chosenInterval, fit, opening } from '../model/navigate';
import { at, goroutineName, groupName } from '../model/words';
import type { Page } from '../page';
import { belongings } from './drawer/belongings';
import { chosen } from './drawer/chosen';
import { IntervalList } from './drawer/intervals';
import { goroutineLink } from './drawer/link';
import { timesTable } from './drawer/times';

export function mountDrawer(page: Page): void {
  const drawer = new Drawer(page, byID('drawer'));
  page.store.watch(['goroutine'], () => drawer.show());
  page.store.watch(['instant'], () => drawer.choose());
  page.onSummary(() => drawer.range());
  if (page.store.state.goroutine > 0) drawer.show();
}

class Drawer {
  private readonly head = h('h2', { id: 'drawer-head', tabindex: -1 });
  private readonly summary = h('div', { class: 'dr-part dr-summary' });
  private readonly times = h('div');
  private readonly middle = h('div', { class: 'dr-part dr-list' });
  private readonly detail = h('div', { class: 'dr-part dr-detail' });
  private readonly list: IntervalList;
  private wholeLife = false;
  /** What had the focus when the drawer opened. */
  private opener: HTMLElement | null = null;
  /** Index of the goroutine that is shown, -1 for one that the page does not have. */
  private shown = -1;

  constructor(
    private readonly page: Page,
    private readonly element: HTMLElement,
  ) {
    this.list = new IntervalList(page);
    const close = button('✕', () => closeDrawer(page), { 'aria-label': 'Close', title: 'Close (Esc)', class: 'dr-close' });
    element.append(h('div', { class: 'dr-head' }, this.head, close), h('div', { class: 'dr-body' }, this.summary, this.middle, this.detail));
    // A click into the drawer must not lose the place that Esc gives the focus back to.
    element.addEventListener('keydown', (e) => {
      if (e.key !== 'Escape') return;
      e.stopPropagation();
      closeDrawer(page);
    });
  }

  show(): void {
    const { page, element } = this;
    const id = page.store.state.goroutine;
    if (id <= 0) return this.hide();
    const opening = element.hidden;
    if (opening) this.opener = document.activeElement instanceof HTMLElement && document.activeElement !== document.body ? document.activeElement : null;
    element.hidden = false;
    const g = page.goroutineAt(id);
    this.shown = g;
    this.head.replaceChildren(h('bdi', { class: 'cut', title: g < 0 ? null : (page.result.groups[page.log.goroutines.group[g]!]?.name ?? '').slice(0, 1000) }, g < 0 ? `G${id}` : goroutineName(page.result, page.log, g)));
    if (g < 0) this.absent(id);
    else {
      this.summary.replaceChildren(this.facts(g), this.times, belongings(page, g));
      this.middle.replaceChildren(this.list.element);
      this.list.show(g);
      this.fillTimes();
    }
    this.choose();
    if (opening && document.documentElement.dataset['ready'] !== undefined) this.head.focus({ preventScroll: true });
    page.announce(g < 0 ? `G${id} is not in this page` : goroutineName(page.result, page.log, g).slice(0, 200));
  }

  private hide(): void {
    this.element.hidden = true;
    this.opener?.focus({ preventScroll: true });
    this.opener = null;
  }

  private absent(id: number): void {
    const { kept } = this.page.log.header;
    this.summary.replaceChildren(
      h('p', {}, kept.goroutines > kept.keptGoroutines
        ? `G${id} is not in this page by itself: all its intervals were too short to be kept one by one, and their time is in its group's.`
        : `G${id} is not in this trace.`),
      h('p', { class: 'muted' }, kept.sentence),
    );
    this.middle.replaceChildren();
  }

  /** choose shows the interval at the chosen instant. */
  choose(): void {
    const { page } = this;
    if (this.element.hidden) return;
    if (page.goroutineAt(page.store.state.goroutine) !== this.shown) return this.show(); // another life under the same ID
    const i = chosenInterval(page);
    this.list.choose(i);
    if (i >= 0) this.detail.replaceChildren(chosen(page, i));
    else this.detail.replaceChildren(h('p', { class: 'muted' }, page.goroutineAt(page.store.state.goroutine) < 0 ? '' : 'Choose an interval in the list or the timeline for its stack, its waker, and why it has its class. [ and ] go to the previous and the next.'));
  }

  /** range follows the range, when it rests. */
  range(): void {
    if (!this.element.hidden && !this.wholeLife) this.fillTimes();
  }

  private fillTimes(): void {
    const { page } = this;
    const g = page.goroutineAt(page.store.state.goroutine);
    if (g < 0) return;
    const pick = (label: string, life: boolean): HTMLElement => button(label, () => {
      this.wholeLife = life;
      this.fillTimes();
    }, { 'aria-pressed': String(this.wholeLife === life) });
    const { from, to } = this.wholeLife ? page.store.bounds : page.store.state;
    this.times.replaceChildren(
      h('div', { class: 'joined dr-scope', role: 'group', 'aria-label': 'Time summed' }, pick('in the range', false), pick('whole life', true)),
      timesTable(page, g, from, to),
    );
  }

  private facts(g: number): HTMLElement {
    const { page } = this;
    const { log, result, store } = page;
    const { goroutines, intervals } = log;
    const [lo, hi] = [goroutines.at[g]!, goroutines.at[g + 1]!];
    const group = goroutines.group[g]!;
    const flags = goroutines.flags[g]!;
    const [start, end] = [intervals.start[lo] ?? goroutines.start[g]!, hi > lo ? intervals.end[hi - 1]! : goroutines.start[g]!];
    const parent = goroutines.parent[g]!;
    const range = log.to - log.from;
    const life = `${flags & GoOlder ? 'older than the trace' : `from ${at(start, range)}`}, ${flags & GoOpen ? 'still there at the end' : `ended at ${at(end, range)}`}; ${duration(end - start)}`;
    const made = result.groups[group]?.created_by ?? '';
    const kids = children(log);
    const lives = livesOf(log, goroutines.id[g]!);
    const own = Array.from(kids.items.subarray(kids.at[g]!, kids.at[g + 1]!));
    const fact = (name: string, ...what: (Node | string | null)[]): (HTMLElement | null)[] => [h('dt', {}, name), h('dd', {}, what)];
    return h('dl', { class: 'dr-facts' },
      fact('group', button(groupName(result, group), () => store.set({ by: 'group', group: store.state.group === group ? -1 : group }), { class: 'plain cut', title: 'Limit the timeline to this group' }), flags & GoSystem ? ' (the runtime’s own)' : null),
      fact('created by', parent > 0 ? goroutineLink(page, parent, start) : 'creator not in the trace', made === '' ? null : h('span', { class: 'name' }, ` at ${shortFunc(made)}`)),
      fact('lived', life),
      own.length > 0 && fact('its own', `${counted(own.length, 'goroutine', 'goroutines')}: `, ...own.slice(0, 12).flatMap((c) => [goroutineLink(page, goroutines.id[c]!, goroutines.start[c]!), ' ']), own.length > 12 ? '…' : null),
      lives.length > 1 && fact('its ID', `stands for ${lives.length} goroutines, one after the other: `, ...lives.flatMap((x, i) => [x === g ? `${i + 1}` : button(`${i + 1}`, () => store.set(opening(log, x)), { class: 'plain' }), ` from ${at(goroutines.start[x]!, range)}${i + 1 < lives.length ? ', ' : ''}`])),
      fact('intervals', `${count(hi - lo)} in this page `, button('Fit (F)', () => fit(page), { class: 'plain' })),
    );
  }
}

/** closeDrawer closes it, and says whether it was open. */
export function closeDrawer(page: Page): boolean {
  if (page.store.state.goroutine === 0) return false;
  page.store.set({ goroutine: 0, instant: -1 });
  return true;
}
