// Names of the lanes in view: a list that keyboards and screen readers go through,
// in step with the picture beside it.

import { h } from '../../dom';
import { single, type Lane } from '../../model/lanes';
import type { Page } from '../../page';
import { laneName, wholeName } from './names';
import { laneTimes, spoken } from './table';
import type { Drawn, Scene } from './scene';

export interface LaneActions {
  open(lane: Lane): void;
  scrollTo(i: number): void;
}

/** Gutter is that list. */
export class Gutter {
  readonly element = h('div', { class: 'tl-names', role: 'tree', tabindex: 0, id: 'lanes', 'aria-label': 'Lanes. Arrow keys move, Enter opens.' });
  /** The lane that the keyboard is at. */
  active = 0;
  private speak = 0;
  /** What the rows were made from. */
  private drawn: unknown[] = [];

  constructor(
    private readonly page: Page,
    private readonly scene: Scene,
    private readonly actions: LaneActions,
  ) {
    this.element.addEventListener('keydown', (e) => this.key(e));
    this.element.addEventListener('click', (e) => {
      const row = (e.target as HTMLElement).closest<HTMLElement>('[data-lane]');
      if (!row) return;
      this.active = Number(row.dataset['lane']);
      this.actions.open(this.scene.lanes.at(this.active));
    });
  }

  /** draw makes one row for each lane in view. */
  draw(): void {
    const { scene } = this;
    this.active = Math.max(0, Math.min(this.active, scene.lanes.n - 1));
    const { by, open, goroutine } = this.page.store.state;
    const chosen = goroutine > 0 ? this.page.goroutineAt(goroutine) : -1;
    const rows = scene.drawn;
    // While panning and zooming the rows stay as they are.
    const now: unknown[] = [scene.lanes, rows.length, rows[0]?.i, rows[0]?.y, this.active, by, open, chosen];
    if (now.some((v, i) => v !== this.drawn[i])) {
      this.drawn = now;
      this.element.classList.toggle('flat', by !== 'group');
      this.element.replaceChildren(...rows.map((d) => this.row(d, chosen)));
    }
    const shown = scene.drawn.some((d) => d.i === this.active);
    if (shown) this.element.setAttribute('aria-activedescendant', `lane-${this.active}`);
    else this.element.removeAttribute('aria-activedescendant');
    // What is spoken of a lane is summed when the picture rests.
    clearTimeout(this.speak);
    this.speak = window.setTimeout(() => this.label(), 250);
  }

  private row(d: Drawn, chosen: number): HTMLElement {
    const { page } = this;
    const [name, beside, note] = laneName(page, d.lane);
    const only = d.lane.kind === 'group' ? single(page.result, page.log, d.lane.index) : -1;
    const opens = d.lane.kind === 'group' && only < 0;
    const open = opens && page.store.state.open.includes(d.lane.index);
    const of = d.lane.kind === 'goroutine' || d.lane.kind === 'owner' ? d.lane.index : only;
    const row = h(
      'div',
      {
        id: `lane-${d.i}`, role: 'treeitem', class: `tl-name depth-${d.lane.depth}` + (d.i === this.active ? ' active' : ''),
        'aria-level': d.lane.depth + 1, 'aria-posinset': d.i + 1, 'aria-setsize': this.scene.lanes.n,
        'aria-expanded': opens ? String(open) : null, 'aria-selected': String(of >= 0 && of === chosen),
        'data-lane': d.i, title: wholeName(page, d.lane).slice(0, 400),
      },
      h('span', { class: 'tl-twisty', 'aria-hidden': 'true' }, opens ? (open ? '▾' : '▸') : ''),
      h('span', { class: 'tl-label' }, name.slice(0, 300)),
      note !== '' && h('span', { class: 'tl-note' }, note.slice(0, 200)),
      h('span', { class: 'tl-beside' }, beside.slice(0, 100)),
    );
    row.style.top = `${d.y}px`;
    row.style.height = `${d.height}px`;
    return row;
  }

  private label(): void {
    for (const d of this.scene.drawn) {
      const row = document.getElementById(`lane-${d.i}`);
      row?.setAttribute('aria-label', `${wholeName(this.page, d.lane)}: ${spoken(laneTimes(this.page, d.lane))}`);
    }
  }

  private key(e: KeyboardEvent): void {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const { lanes } = this.scene;
    if (lanes.n === 0) return;
    const lane = lanes.at(this.active);
    const opens = lane.kind === 'group' && single(this.page.result, this.page.log, lane.index) < 0;
    const open = opens && this.page.store.state.open.includes(lane.index);
    const page = Math.max(1, this.scene.drawn.length - 1);
    switch (e.key) {
      case 'ArrowDown':
        this.move(this.active + 1);
        break;
      case 'ArrowUp':
        this.move(this.active - 1);
        break;
      case 'PageDown':
        this.move(this.active + page);
        break;
      case 'PageUp':
        this.move(this.active - page);
        break;
      case 'Home':
        this.move(0);
        break;
      case 'End':
        this.move(lanes.n - 1);
        break;
      case 'ArrowRight':
        if (opens && !open) this.actions.open(lane);
        else if (!opens) return;
        break;
      case 'ArrowLeft':
        if (open) this.actions.open(lane);
        else if (lane.depth > 0) this.move(this.parent());
        else return;
        break;
      case 'Enter':
      case ' ':
        this.actions.open(lane);
        break;
      default:
        return;
    }
    e.preventDefault();
    e.stopPropagation();
  }

  private parent(): number {
    let i = this.active;
    while (i > 0 && this.scene.lanes.at(i).depth > 0) i--;
    return i;
  }

  private move(to: number): void {
    this.active = Math.max(0, Math.min(this.scene.lanes.n - 1, to));
    this.actions.scrollTo(this.active);
    this.draw();
    this.label();
  }
}
