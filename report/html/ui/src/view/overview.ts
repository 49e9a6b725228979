// The overview: what all goroutines of the program did and how busy the Ps were,
// over the whole trace, with the range that is chosen.

import '../style/timeline.css';
import { bodyOf, byID, h, onResize } from '../dom';
import { average } from '../format';
import { other } from '../model/cells';
import { addProcessor, Columns, goroutineColumns, ranOther, ranSystem, ranUser } from '../model/series';
import { processors } from '../model/indexes';
import { at, countsOf } from '../model/words';
import { color } from '../palette';
import type { Page } from '../page';
import { mountBrush } from './brush';
import { legend } from './legend';
import { onLook, patterned } from './look';
import { restSwitch } from './rest';
import { drawAxis } from './timeline/axis';
import { drawMarks, drawStops } from './timeline/decor';
import { paintArea, pixels, type Pixels } from './timeline/pixels';
import { classBands } from './timeline/scene';
import { makeTiles } from './timeline/tiles';

const left = 72;
const right = 12;
const goroutinesTop = 8;
const goroutinesHeight = 104;
const busyTop = goroutinesTop + goroutinesHeight + 14;
const busyHeight = 52;
const stripTop = busyTop + busyHeight + 3;
const axisTop = stripTop + 7;
const height = axisTop + 22;

export function mountOverview(page: Page): void {
  if (page.log.to <= page.log.from || page.log.goroutines.n + page.log.rest.n === 0) return;
  new Overview(page, bodyOf('overview')).start();
}

class Overview {
  private readonly canvas = h('canvas', { class: 'ov-canvas', role: 'img', 'aria-label': 'Goroutines by class and busy processors over the whole trace' });
  private readonly frame = h('div', { class: 'ov-frame' }, this.canvas);
  private readonly details = h('p', { class: 'ov-details' });
  private readonly brush;
  private width = 0;
  private dpr = 1;
  private goroutines: Columns | undefined;
  private busy: Columns | undefined;
  private picture: Pixels | undefined;

  constructor(
    private readonly page: Page,
    private readonly body: HTMLElement,
  ) {
    this.brush = mountBrush(page, this.frame, { left, right, top: goroutinesTop - 4, bottom: stripTop + 6, hover: (t) => this.hover(t) });
  }

  start(): void {
    const { page } = this;
    this.canvas.style.height = `${height}px`; // nothing below it moves when it is drawn
    const section = byID('overview');
    const tools = section.querySelector<HTMLElement>('.tools') ?? section.insertBefore(h('div', { class: 'tools' }), this.body);
    tools.replaceChildren(this.brush.range, restSwitch(page));
    this.body.append(legend(page), this.frame, this.details);
    onResize(this.frame, (width) => this.resize(width));
    onLook(() => this.draw());
    page.store.watch(['hideRest', 'overlays'], () => this.draw());
    this.hover(-1);
  }

  private resize(width: number): void {
    this.width = width;
    this.dpr = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * this.dpr);
    this.canvas.height = Math.round(height * this.dpr);
    const { log, result } = this.page;
    const columns = Math.max(1, Math.round((width - left - right) * this.dpr));
    if (this.goroutines?.width !== columns) {
      this.goroutines = goroutineColumns(log, columns, result.groups.flatMap((g, i) => (g.system ? [] : [i])));
      this.busy = new Columns(columns, 3, log.from, log.to);
      for (let p = 0; p < processors(log); p++) addProcessor(this.busy, log, p, (g) => (result.groups[g]?.system ? ranSystem : ranUser));
      this.busy.finish();
    }
    this.brush.resize(width);
    this.draw();
  }

  private draw(): void {
    if (!this.goroutines || !this.busy) return;
    const { page, dpr, width } = this;
    const ctx = this.canvas.getContext('2d')!;
    const { log } = page;
    const tiles = makeTiles(patterned(page), dpr);
    const plot = width - left - right;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const bands = classBands(!page.store.state.hideRest, false);
    const found = this.goroutines.most(bands);
    const most = roundUp(found);
    const limit = Math.max(1, this.mostProcs());
    const into = (this.picture = pixels(ctx, this.goroutines.width, this.canvas.height, this.picture));
    paintArea(into, tiles, Math.round(goroutinesTop * dpr), Math.round(goroutinesHeight * dpr), this.goroutines, bands, most);
    paintArea(into, tiles, Math.round(busyTop * dpr), Math.round(busyHeight * dpr), this.busy, [{ band: ranUser, code: 0 }, { band: ranSystem, code: 1 }, { band: ranOther, code: other }], limit);
    ctx.putImageData(into.image, Math.round(left * dpr), 0);
    ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
    const x = (t: number): number => left + ((t - log.from) * plot) / (log.to - log.from);
    this.gaps(ctx, x);
    if (page.store.state.overlays) {
      // Behind what was painted, so that it does not change its colours.
      ctx.globalCompositeOperation = 'destination-over';
      drawMarks(ctx, log, x, left, left + plot, goroutinesTop, stripTop - goroutinesTop, 0.2);
      ctx.globalCompositeOperation = 'source-over';
      drawMarks(ctx, log, x, left, left + plot, stripTop, 5, 1);
      drawStops(ctx, log, x, left, left + plot, stripTop - 2, 9, 1);
    }
    this.limits(ctx, x, limit);
    this.scales(ctx, most, limit, plot);
    if (found < 0.05) {
      ctx.textAlign = 'center';
      ctx.fillText(page.store.state.hideRest ? 'next to nothing but rest' : 'no goroutine', left + plot / 2, goroutinesTop + goroutinesHeight / 2);
      ctx.textAlign = 'left';
    }
    drawAxis(ctx, log.from, log.to, left, plot, axisTop, 20);
  }

  private mostProcs(): number {
    return Math.max(processors(this.page.log), ...this.page.result.trace.gomaxprocs.map((g) => g.n));
  }

  /** limits draws GOMAXPROCS over the busy Ps. */
  private limits(ctx: CanvasRenderingContext2D, x: (t: number) => number, limit: number): void {
    const { result, log } = this.page;
    const y = (n: number): number => Math.round(busyTop + busyHeight - (n / limit) * busyHeight) + 0.5;
    const steps = result.trace.gomaxprocs;
    ctx.strokeStyle = color('--text');
    ctx.lineWidth = 1;
    ctx.setLineDash([5, 3]);
    ctx.beginPath();
    steps.forEach((g, i) => {
      const from = Math.max(log.from, g.at_ns);
      const to = Math.min(log.to, steps[i + 1]?.at_ns ?? log.to);
      if (to <= from) return;
      ctx.lineTo(x(from), y(g.n));
      ctx.lineTo(x(to), y(g.n));
    });
    ctx.stroke();
    ctx.setLineDash([]);
  }

  /** gaps hatches what is missing from a damaged trace. */
  private gaps(ctx: CanvasRenderingContext2D, x: (t: number) => number): void {
    for (const gap of this.page.result.trace.gaps ?? []) {
      const a = x(Math.max(gap.from_ns, this.page.log.from));
      const b = Math.max(a + 2, x(Math.min(gap.to_ns, this.page.log.to)));
      ctx.save();
      ctx.beginPath();
      ctx.rect(a, goroutinesTop, b - a, stripTop - goroutinesTop);
      ctx.fillStyle = color('--panel');
      ctx.fill();
      ctx.clip();
      ctx.strokeStyle = color('--muted');
      for (let d = a - height; d < b; d += 6) {
        ctx.moveTo(d, stripTop);
        ctx.lineTo(d + height, stripTop - height);
      }
      ctx.stroke();
      ctx.restore();
    }
  }

  private scales(ctx: CanvasRenderingContext2D, most: number, limit: number, plot: number): void {
    ctx.font = '11px system-ui, sans-serif';
    ctx.textAlign = 'right';
    ctx.textBaseline = 'middle';
    ctx.strokeStyle = color('--line');
    ctx.fillStyle = color('--muted');
    for (const [top, h0, n] of [[goroutinesTop, goroutinesHeight, most], [busyTop, busyHeight, limit]] as const) {
      ctx.beginPath();
      ctx.moveTo(left - 0.5, top);
      ctx.lineTo(left - 0.5, top + h0 + 0.5);
      ctx.lineTo(left + plot, top + h0 + 0.5);
      ctx.stroke();
      ctx.fillText(n.toLocaleString('en'), left - 5, top + 5);
      ctx.fillText('0', left - 5, top + h0 - 4);
    }
    ctx.fillText('goroutines', left - 5, goroutinesTop + goroutinesHeight / 2);
    ctx.fillText('Ps busy', left - 5, busyTop + busyHeight / 2);
    ctx.textAlign = 'left';
  }

  /** hover tells what there was at an instant; before the trace: how to go about. */
  private hover(t: number): void {
    const { log, result } = this.page;
    if (t < log.from || !this.goroutines || !this.busy) {
      this.details.textContent = 'Drag to choose a range, drag its edges or move it; double click for the whole trace. Dashed: GOMAXPROCS.';
      return;
    }
    const x = Math.min(this.goroutines.width - 1, Math.floor(((t - log.from) * this.goroutines.width) / (log.to - log.from)));
    const gap = (result.trace.gaps ?? []).find((g) => t >= g.from_ns && t <= g.to_ns);
    this.details.textContent = gap
      ? `${at(t, log.to - log.from)}: not in the trace (${gap.problem})`
      : `${at(t, log.to - log.from)}: ${countsOf(this.goroutines, x)} · Ps busy ${average(this.busy.at(ranUser, x) + this.busy.at(ranSystem, x) + this.busy.at(ranOther, x))}, ${average(this.busy.at(ranSystem, x))} of them for the runtime${this.busy.at(ranOther, x) > 0 ? `, ${average(this.busy.at(ranOther, x))} for goroutines that are not in this page` : ''}`;
  }
}

/** roundUp is the next number that reads well on a scale. */
function roundUp(n: number): number {
  if (n <= 1) return 1;
  const scale = 10 ** Math.floor(Math.log10(n));
  for (const s of [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8]) if (s * scale >= n - 1e-3 && Number.isInteger(s * scale)) return s * scale;
  return 10 * scale;
}
