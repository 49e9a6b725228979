// The layer over the lanes that follows the pointer: the crosshair, outlines of
// what is hovered and chosen, arrows from who woke whom.

import { color } from '../../palette';
import { endedBy, goroutineOf, intervalAt, isWait, ranOnP, wakerOf } from '../../model/indexes';
import type { Lane } from '../../model/lanes';
import { chosenInterval } from '../../model/navigate';
import { spanRows } from '../../model/spans';
import type { Page } from '../../page';
import type { Hit } from './hit';
import type { Scene } from './scene';

/** At most so many arrows leave one running goroutine. */
const most = 200;

interface Arrow {
  t: number;
  from: number;
  to: number;
  label: string;
}

/** Overlay draws that layer. */
export class Overlay {
  constructor(
    private readonly page: Page,
    private readonly ctx: CanvasRenderingContext2D,
    private readonly scene: Scene,
  ) {}

  private x(t: number): number {
    const { from, to } = this.page.store.state;
    return ((t - from) * this.scene.width) / (to - from);
  }

  draw(hit: Hit | null, scroll: number): void {
    const { ctx, scene } = this;
    const canvas = ctx.canvas;
    if (canvas.width !== scene.width * scene.dpr || canvas.height !== scene.height * scene.dpr) {
      canvas.width = Math.round(scene.width * scene.dpr);
      canvas.height = Math.round(scene.height * scene.dpr);
      canvas.style.width = `${scene.width}px`;
      canvas.style.height = `${scene.height}px`;
    }
    ctx.setTransform(scene.dpr, 0, 0, scene.dpr, 0, 0);
    ctx.clearRect(0, 0, scene.width, scene.height);
    if (hit) {
      ctx.fillStyle = color('--muted');
      ctx.globalAlpha = 0.5;
      ctx.fillRect(Math.round(this.x(hit.t)), 0, 1, scene.height);
      ctx.globalAlpha = 1;
    }
    const chosen = chosenInterval(this.page);
    if (hit && hit.interval >= 0 && hit.interval !== chosen) this.outline(hit.interval, scroll, 1);
    if (chosen >= 0) this.outline(chosen, scroll, 2);
    const about = new Set([chosen, hit?.interval ?? -1]);
    for (const i of about) if (i >= 0) for (const a of this.arrows(i, scroll)) this.arrow(a);
  }

  /** laneOf is where a goroutine is at an instant: its own lane, its group's, or its P's; -1 if it has none. */
  laneOf(g: number, t: number): number {
    const { page, scene } = this;
    switch (page.store.state.by) {
      case 'P': {
        const i = intervalAt(page.log, g, t);
        const p = i >= 0 ? ranOnP(page.log, i) : -1;
        return p >= 0 ? scene.lanes.find('P', p) : -1;
      }
      case 'task':
        return scene.drawn.find(({ lane }) => this.tells(lane, g, t))?.i ?? -1;
      default: {
        const own = scene.lanes.find('goroutine', g);
        return own >= 0 ? own : scene.lanes.find('group', page.log.goroutines.group[g]!);
      }
    }
  }

  /** tells says whether a lane of tasks or regions shows goroutine g at t. */
  private tells({ kind, index }: Lane, g: number, t: number): boolean {
    const { log } = this.page;
    if (kind === 'task') return this.page.goroutineAt(log.tasks.g[index]!, log.tasks.start[index]) === g && t >= log.tasks.start[index]! && t <= log.tasks.start[index]! + log.tasks.ns[index]!;
    if (kind !== 'regions') return kind === 'owner' && index === g;
    const rows = spanRows(log);
    return rows.goroutine(index) === g && t >= rows.start(index) && t <= rows.end(index);
  }

  private outline(i: number, scroll: number, thick: number): void {
    const { ctx, scene, page } = this;
    const { start, end } = page.log.intervals;
    const lane = this.laneOf(goroutineOf(page.log, i), (start[i]! + end[i]!) / 2);
    if (lane < 0) return;
    const y = scene.lanes.top[lane]! - scroll;
    const height = scene.lanes.top[lane + 1]! - scene.lanes.top[lane]! - 3;
    const a = Math.max(-4, this.x(start[i]!));
    const b = Math.min(scene.width + 4, this.x(end[i]!));
    if (b < 0 || a > scene.width) return;
    ctx.strokeStyle = color('--text');
    ctx.lineWidth = thick;
    ctx.strokeRect(a, y + thick / 2, Math.max(2, b - a), height - thick);
  }

  private arrows(i: number, scroll: number): Arrow[] {
    const { page, scene } = this;
    const { log } = page;
    const { start, end } = log.intervals;
    const g = goroutineOf(log, i);
    const out: Arrow[] = [];
    const middle = (lane: number): number => (scene.lanes.top[lane]! + scene.lanes.top[lane + 1]! - 3) / 2 - scroll;
    const connect = (waker: number, wait: number): void => {
      const t = end[wait]!;
      const from = this.laneOf(waker, t);
      // On P lanes a goroutine that was woken has a place only once it runs.
      const to = this.laneOf(goroutineOf(log, wait), page.store.state.by === 'P' ? (end[wait + 1] ?? t) : t);
      if (from < 0 || to < 0 || from === to) return;
      out.push({ t, from: middle(from), to: middle(to), label: `G${log.goroutines.id[waker]!}` });
    };
    if (isWait(log, i)) {
      const waker = page.goroutineAt(wakerOf(log, i), log.intervals.end[i]);
      if (waker >= 0) connect(waker, i);
    } else if (log.kinds[log.cells.kind[log.intervals.cell[i]!]!]!.class === 'running') {
      const { from, to } = page.store.state;
      for (const woken of endedBy(log, g, Math.max(from, start[i]!), Math.min(to, end[i]!), most)) connect(g, woken);
    }
    return out;
  }

  private arrow(a: Arrow): void {
    const { ctx, scene } = this;
    const x = this.x(a.t);
    if (x < -1 || x > scene.width + 1) return;
    const down = a.to > a.from ? 1 : -1;
    const edge = (y: number): number => Math.min(scene.height - 1, Math.max(1, y));
    ctx.strokeStyle = ctx.fillStyle = color('--accent');
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    ctx.moveTo(x, edge(a.from));
    ctx.lineTo(x, edge(a.to));
    ctx.stroke();
    ctx.beginPath();
    ctx.arc(x, edge(a.from), 2.5, 0, 7);
    ctx.fill();
    if (a.to >= 0 && a.to <= scene.height) {
      ctx.beginPath();
      ctx.moveTo(x, a.to);
      ctx.lineTo(x - 4, a.to - 7 * down);
      ctx.lineTo(x + 4, a.to - 7 * down);
      ctx.closePath();
      ctx.fill();
    }
    if (a.from >= 0 && a.from <= scene.height) return;
    // The waker's lane is out of view: say whose it is.
    ctx.font = '11px system-ui, sans-serif';
    const text = `${a.label} ${a.from < 0 ? '↑' : '↓'}`;
    const w = ctx.measureText(text).width + 6;
    const left = Math.min(x + 4, scene.width - w);
    const y = edge(a.from) + (a.from < 0 ? 2 : -18);
    ctx.fillRect(left, y, w, 16);
    ctx.fillStyle = color('--panel');
    ctx.textBaseline = 'middle';
    ctx.fillText(text, left + 3, y + 8.5);
  }
}
