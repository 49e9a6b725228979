// The timeline: lanes of what goroutines did, over the range that is chosen.

import '../style/timeline.css';
import { bodyOf, byID, h, onResize } from '../dom';
import { count, counted, duration } from '../format';
import { laneList, Lanes, single, type Lane } from '../model/lanes';
import { fit, opening, toWaker } from '../model/navigate';
import type { Page } from '../page';
import { color } from '../palette';
import { onLook } from './look';
import { Overlay } from './timeline/arrows';
import { drawAxis } from './timeline/axis';
import { drawDecor, drawMarks, drawStops } from './timeline/decor';
import { hitAt, tell, type Hit } from './timeline/hit';
import { Gutter } from './timeline/gutter';
import { followPointer } from './timeline/pointer';
import { laneHeight, Scene } from './timeline/scene';
import { lanesTable } from './timeline/table';
import { timelineTools } from './timeline/tools';

const axisHeight = 26;

export function mountTimeline(page: Page): void {
  if (page.log.to <= page.log.from || page.log.goroutines.n + page.log.rest.n === 0) return;
  new Timeline(page, bodyOf('timeline')).start();
}

/** context is a canvas's pen. */
function context(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const ctx = canvas.getContext('2d');
  if (!ctx) throw new Error('the browser gives no 2d canvas');
  return ctx;
}

class Timeline {
  private readonly details = h('p', { class: 'tl-details' });
  private readonly head = h('div', { class: 'tl-head' });
  private readonly axis = h('canvas', { class: 'tl-axis', 'aria-hidden': 'true' });
  private readonly canvas = h('canvas', { class: 'tl-canvas', 'aria-hidden': 'true' });
  /** Below the lanes, so that it shows between them and does not change their colours. */
  private readonly under = h('canvas', { class: 'tl-under', 'aria-hidden': 'true' });
  private readonly over = h('canvas', { class: 'tl-over', 'aria-hidden': 'true' });
  private readonly plot = h('div', { class: 'tl-plot' }, this.under, this.canvas, this.over);
  private readonly spacer = h('div', { class: 'tl-spacer' });
  private readonly scroller = h('div', { class: 'tl-scroll' });
  private readonly notes = h('p', { class: 'tl-notes muted' });
  private readonly table = h('div', { class: 'tl-tablebox', hidden: true });
  private readonly scene: Scene;
  private readonly overlay: Overlay;
  private readonly gutter: Gutter;
  private hit: Hit | null = null;
  private pointer: [number, number] | null = null;
  /** Whether the chosen goroutine's lane is to be brought into view when the list of lanes follows the range. */
  private seeking = false;
  private due = 0;
  /** Index of the goroutine that the list of lanes was made for. */
  private listed = -1;
  private drawings = 0;

  constructor(
    private readonly page: Page,
    private readonly body: HTMLElement,
  ) {
    this.scene = new Scene(page, context(this.canvas));
    this.overlay = new Overlay(page, context(this.over), this.scene);
    this.gutter = new Gutter(page, this.scene, { open: (lane) => this.open(lane), scrollTo: (i) => this.scrollTo(i) });
  }

  start(): void {
    const { page } = this;
    const view = h('div', { class: 'tl-view' }, this.gutter.element, this.plot);
    this.scroller.append(this.spacer, view);
    this.head.append(h('div', { class: 'tl-corner' }), this.axis);
    this.body.append(this.details, this.head, this.scroller, this.notes, this.table);
    timelineTools(page, {
      table: (shown) => this.showTable(shown),
      toWaker: () => toWaker(page),
    });
    this.scroller.addEventListener('scroll', () => this.redraw());
    followPointer(page, this.plot, {
      width: () => this.scene.width,
      hover: (x, y) => this.hover(x, y),
      press: (x, y) => this.press(x, y),
    });
    this.plot.addEventListener('dblclick', () => fit(page));
    onResize(this.plot, () => this.resize());
    addEventListener('resize', () => this.resize());
    onLook(() => {
      this.scene.recolor();
      this.redraw();
    });
    page.store.watch(['by', 'open', 'group', 'query', 'hideRest'], () => void (this.relist() || this.redraw()));
    page.store.watch(['from', 'to', 'overlays'], () => this.redraw());
    page.store.watch(['goroutine', 'instant'], () => {
      if (this.chosen() !== this.listed) this.relist(); // another life under the same ID
      this.follow();
    });
    // Which goroutines are there in the range is asked when the range rests.
    page.onSummary(() => {
      this.relist();
      this.seeking = false;
    }, 'timeline');
    this.relist();
    if (page.store.state.goroutine > 0) this.follow();
  }

  /** relist makes the list of lanes anew and keeps the lane at the top where it is. It says whether lanes came or went. */
  private relist(): boolean {
    const { page, scene } = this;
    const before = scene.lanes;
    const lanes = laneList(page.result, page.log, page.store.state);
    this.listed = this.chosen();
    this.note(lanes);
    if (lanes.same(before)) return false;
    const top = before.atHeight(this.scroller.scrollTop);
    const anchor = top >= 0 ? before.at(top) : null;
    const offset = top >= 0 ? this.scroller.scrollTop - before.top[top]! : 0;
    scene.lanes = lanes.layout(laneHeight(page));
    this.resize();
    const now = anchor ? scene.lanes.find(anchor.kind, anchor.index) : -1;
    if (now >= 0) this.scroller.scrollTop = scene.lanes.top[now]! + offset;
    if (this.seeking) this.follow();
    return true;
  }

  /** chosen is the index of the goroutine in the drawer, -1 without one. */
  private chosen(): number {
    const { goroutine } = this.page.store.state;
    return goroutine > 0 ? this.page.goroutineAt(goroutine) : -1;
  }

  private note(lanes: Lanes): void {
    const parts: string[] = [];
    if (lanes.n === 0) parts.push(lanes.problem === '' ? 'No lane matches. The filter, the group or the range leaves nothing.' : '');
    if (lanes.atRest > 0) parts.push(`${counted(lanes.atRest, 'lane', 'lanes')} at rest throughout ${lanes.atRest === 1 ? 'is' : 'are'} hidden.`);
    if (lanes.elsewhere > 0) parts.push(`${count(lanes.elsewhere)} with nothing in this range are not listed.`);
    this.notes.classList.toggle('wrong', lanes.problem !== '');
    this.notes.textContent = [lanes.problem, ...parts].filter((p) => p !== '').join(' ');
  }

  private resize(): void {
    const { scene } = this;
    const total = scene.lanes.top[scene.lanes.n]!;
    const height = Math.max(64, Math.min(total, Math.round(innerHeight * 0.62)));
    this.scroller.style.height = `${height}px`;
    this.spacer.style.height = `${Math.max(total, height)}px`;
    this.head.style.paddingRight = `${this.scroller.offsetWidth - this.scroller.clientWidth}px`;
    const width = this.plot.clientWidth;
    if (width === 0) return;
    scene.resize(width, height);
    this.redraw();
  }

  /** redraw draws everything with the next frame. */
  private redraw(): void {
    if (this.due === 0) this.due = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    this.due = 0;
    const began = performance.now();
    this.scene.draw(this.scroller.scrollTop);
    this.hit = this.pointer ? this.hitAt(...this.pointer) : null;
    drawDecor(this.canvas.getContext('2d')!, this.page, this.scene);
    this.drawAxis();
    this.overlay.draw(this.hit, this.scroller.scrollTop);
    this.gutter.draw();
    // What was measured long ago is forgotten, so that hours of looking do not fill memory.
    if (++this.drawings % 2000 === 0) performance.clearMeasures('timeline-draw');
    performance.measure('timeline-draw', { start: began, end: performance.now() });
    if (!this.table.hidden) this.showTable(true);
    this.say();
  }

  /** drawAxis draws the time above the lanes, and below them when the garbage collector marked. */
  private drawAxis(): void {
    const { axis, under, scene, page } = this;
    const { from, to, overlays } = page.store.state;
    const ctx = this.fresh(axis, axisHeight);
    drawAxis(ctx, from, to, 0, scene.width, 0, axisHeight - 6);
    const below = this.fresh(under, scene.height);
    if (overlays) {
      const x = (t: number): number => ((t - from) * scene.width) / (to - from);
      drawMarks(ctx, page.log, x, 0, scene.width, axisHeight - 6, 5, 1);
      drawStops(ctx, page.log, x, 0, scene.width, axisHeight - 6, 5, 1);
      drawMarks(below, page.log, x, 0, scene.width, 0, scene.height, 0.25);
    }
    ctx.fillStyle = color('--line');
    ctx.fillRect(0, axisHeight - 1, scene.width, 1);
  }

  /** fresh empties a canvas of the plot's width. */
  private fresh(canvas: HTMLCanvasElement, height: number): CanvasRenderingContext2D {
    const { width, dpr } = this.scene;
    canvas.width = Math.round(width * dpr);
    canvas.height = Math.round(height * dpr);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const ctx = context(canvas);
    ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
    return ctx;
  }

  /** timeAt is the instant at a point of the plot, and the length of one pixel. */
  private timeAt(x: number): [number, number] {
    const { from, to } = this.page.store.state;
    const ns = (to - from) / this.scene.width;
    return [from + x * ns, ns];
  }

  private hitAt(x: number, y: number): Hit | null {
    const d = this.scene.drawn.find((l) => y >= l.y && y < l.y + l.height + 3);
    if (!d) return null;
    const [t, ns] = this.timeAt(x);
    return hitAt(this.page, d, t, ns);
  }

  private hover(x: number, y: number): void {
    this.pointer = x < 0 ? null : [x, y];
    this.hit = this.pointer ? this.hitAt(x, y) : null;
    this.overlay.draw(this.hit, this.scroller.scrollTop);
    this.plot.classList.toggle('over-span', this.hit !== null && this.hit.interval >= 0);
    this.say();
  }

  /** say writes what is hovered, else what is chosen, else how to go about. */
  private say(): void {
    const { page, hit } = this;
    if (hit) {
      const [name, rest] = tell(page, hit, this.timeAt(0)[1]);
      this.details.replaceChildren(h('strong', {}, name.slice(0, 300)), ' ', rest.slice(0, 1000));
      this.details.title = `${name} ${rest}`.slice(0, 1500);
      return;
    }
    const { from, to } = page.store.state;
    this.details.removeAttribute('title');
    this.details.replaceChildren(h('span', { class: 'muted' }, `${duration(to - from)} in view · point at a span for what it was, click for the goroutine · W S zoom, A D pan, drag, Ctrl+wheel`));
  }

  private press(x: number, y: number): void {
    const hit = this.hitAt(x, y);
    if (!hit) return;
    this.gutter.active = hit.drawn.i;
    if (hit.goroutine >= 0 && hit.interval >= 0) this.page.store.set({ goroutine: this.page.log.goroutines.id[hit.goroutine]!, instant: Math.round(hit.t) });
    else this.open(hit.drawn.lane);
  }

  /** open opens a lane: a group's members, or a goroutine's drawer. */
  private open(lane: Lane): void {
    const { page } = this;
    const { log, store, result } = page;
    const show = (g: number): void => store.set(opening(log, g));
    if (lane.kind === 'goroutine' || lane.kind === 'owner') return show(lane.index);
    if (lane.kind === 'task') return store.set({ goroutine: log.tasks.g[lane.index]!, instant: log.tasks.start[lane.index]! });
    if (lane.kind !== 'group') return;
    const g = single(result, log, lane.index);
    if (g >= 0) return show(g);
    const open = store.state.open.includes(lane.index) ? store.state.open.filter((x) => x !== lane.index) : [...store.state.open, lane.index];
    store.set({ open });
    page.announce(`${result.groups[lane.index]!.name.slice(0, 100)} ${open.includes(lane.index) ? 'opened' : 'closed'}`);
  }

  private scrollTo(i: number): void {
    const { lanes } = this.scene;
    const [top, bottom] = [lanes.top[i]!, lanes.top[i + 1]!];
    const { scrollTop, clientHeight } = this.scroller;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.scroller.scrollTop = bottom - clientHeight;
    this.scene.draw(this.scroller.scrollTop);
    this.redraw();
  }

  /** follow brings the lane of the chosen goroutine into view. */
  private follow(): void {
    const { page, scene } = this;
    this.seeking = true;
    const g = this.chosen();
    const i = g < 0 ? -1 : this.overlay.laneOf(g, page.store.state.instant);
    if (i >= 0 && i < scene.lanes.n) {
      this.scrollTo(i);
      requestAnimationFrame(() => this.uncover(i)); // the drawer opens after this
    }
    this.redraw();
  }

  /** uncover scrolls the page so far that the drawer does not lie over a lane. */
  private uncover(i: number): void {
    const box = this.scroller.getBoundingClientRect();
    const drawer = byID('drawer');
    const limit = drawer.hidden ? innerHeight : drawer.getBoundingClientRect().top;
    if (box.bottom < 0 || box.top > innerHeight) return; // the reader looks at something else
    if (i >= this.scene.lanes.n) return;
    const bottom = box.top + this.scene.lanes.top[i + 1]! - this.scroller.scrollTop + 12;
    if (bottom > limit) scrollBy({ top: bottom - limit });
  }

  private showTable(shown: boolean): void {
    this.table.hidden = !shown;
    this.table.replaceChildren(...(shown ? [lanesTable(this.page, this.scene)] : []));
  }
}
