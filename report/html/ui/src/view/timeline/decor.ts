// What is written and drawn over the lanes: texts in spans, CPU samples, log
// marks, outlines of tasks and regions, marks of the garbage collector.

import { RangeMark, RangeSTW, type Log } from '../../data/log';
import { color } from '../../palette';
import { firstAfter } from '../../model/buckets';
import { goroutineOf, logsIn, logsOf, samplesIn, samplesOf, samplesOn } from '../../model/indexes';
import { single, type Lane } from '../../model/lanes';
import type { Buckets } from '../../model/buckets';
import { placeOf } from '../../model/stacks';
import { spanRows } from '../../model/spans';
import { goroutineName } from '../../model/words';
import type { Page } from '../../page';
import type { Drawn, Scene, Wide } from './scene';

type X = (t: number) => number;

const font = '11px system-ui, sans-serif';

/** Widths of texts in that font. */
const widths = new Map<string, number>();

function widthOf(ctx: CanvasRenderingContext2D, text: string): number {
  let w = widths.get(text);
  if (w === undefined) widths.set(text, (w = ctx.measureText(text).width));
  return w;
}

/** drawDecor draws everything over the lanes. */
export function drawDecor(ctx: CanvasRenderingContext2D, page: Page, scene: Scene): void {
  const { from, to } = page.store.state;
  const x: X = (t) => ((t - from) * scene.width) / (to - from);
  ctx.save();
  ctx.setTransform(scene.dpr, 0, 0, scene.dpr, 0, 0);
  ctx.font = font;
  ctx.textBaseline = 'middle';
  for (const d of scene.drawn) outlines(ctx, page, d, x, scene.width);
  for (const w of scene.wide) text(ctx, page, scene, w, x);
  for (const d of scene.drawn) marks(ctx, page, d, scene.width);
  if (page.store.state.overlays) drawStops(ctx, page.log, x, 0, scene.width, 0, scene.height, stopAlpha(page.log, from, to));
  ctx.restore();
}

/** drawMarks draws the phases in which the garbage collector marks as bands. */
export function drawMarks(ctx: CanvasRenderingContext2D, log: Log, x: X, left: number, right: number, y: number, height: number, alpha: number): void {
  const { n, code, start, ns } = log.ranges;
  ctx.save();
  ctx.globalAlpha = alpha;
  ctx.fillStyle = color('--c-runtime');
  for (let r = 0; r < n; r++) {
    const a = Math.max(left, x(start[r]!));
    const b = Math.min(right, x(start[r]! + ns[r]!));
    if (code[r] === RangeMark && b >= left && a <= right) ctx.fillRect(a, y, Math.max(1, b - a), height);
  }
  ctx.restore();
}

/** drawStops draws stops of the world as lines, and what lies between them. */
export function drawStops(ctx: CanvasRenderingContext2D, log: Log, x: X, left: number, right: number, y: number, height: number, alpha: number): void {
  const { n, code, start, ns } = log.ranges;
  ctx.save();
  ctx.fillStyle = color('--stw');
  let drawn = -Infinity;
  for (let r = 0; r < n; r++) {
    const a = Math.max(left, x(start[r]!));
    const b = Math.min(right, x(start[r]! + ns[r]!));
    if (code[r] !== RangeSTW || b < left || a > right) continue;
    if (b - drawn < 1 && b - a < 1) continue; // on the line before
    ctx.globalAlpha = alpha;
    ctx.fillRect(a, y, 1, height);
    if (b - a > 3) {
      ctx.fillRect(b - 1, y, 1, height);
      ctx.globalAlpha = alpha / 5;
      ctx.fillRect(a, y, b - a, height);
    }
    drawn = b;
  }
  ctx.restore();
}

/** stopAlpha makes lines fainter where there are many, so that they do not cover the lanes. */
function stopAlpha(log: Log, from: number, to: number): number {
  let seen = 0;
  for (let r = 0; r < log.ranges.n; r++) if (log.ranges.code[r] === RangeSTW && log.ranges.start[r]! < to && log.ranges.start[r]! + log.ranges.ns[r]! > from) seen++;
  return Math.max(0.12, Math.min(0.7, 6 / Math.max(1, seen)));
}

function text(ctx: CanvasRenderingContext2D, page: Page, scene: Scene, w: Wide, x: X): void {
  const { log } = page;
  const cell = log.intervals.cell[w.interval]!;
  const left = Math.max(0, x(log.intervals.start[w.interval]!)) + 4;
  const room = Math.min(scene.width, x(log.intervals.end[w.interval]!)) - left - 4;
  const kind = log.kinds[log.cells.kind[cell]!]!.label;
  const name = kind.slice(kind.indexOf('/') + 1);
  const place = placeOf(log, log.cells.stack[cell]!);
  const merged = scene.isMerged(w.interval);
  const g = w.whose ? goroutineOf(log, w.interval) : -1;
  const texts = merged ? [`${log.intervals.who[w.interval]!} merged`, 'merged']
    : w.whose ? [goroutineName(page.result, log, g), `G${log.goroutines.id[g]!}`]
    : [`${name} · ${place}`, name].slice(place === '' ? 1 : 0);
  // One goroutine ends where the next begins: a gap tells them apart.
  if (w.whose) ctx.clearRect(Math.round(x(log.intervals.start[w.interval]!)), w.y, 1, w.height);
  const fitting = texts.find((t) => t.length < 80 && widthOf(ctx, t) <= room);
  if (fitting === undefined) return;
  const code = scene.codeAt(w.interval);
  ctx.fillStyle = scene.tiles.ink[code]!;
  // Over a pattern, text stands on its own ground.
  if (!scene.tiles.plain[code]) {
    ctx.save();
    ctx.globalAlpha = 0.85;
    ctx.fillStyle = color('--panel');
    ctx.fillRect(left - 2, w.y + 2, widthOf(ctx, fitting) + 4, w.height - 4);
    ctx.restore();
    ctx.fillStyle = color('--text');
  }
  ctx.fillText(fitting, left, w.y + w.height / 2 + 0.5);
}

function outlines(ctx: CanvasRenderingContext2D, page: Page, d: Drawn, x: X, width: number): void {
  const { log } = page;
  ctx.strokeStyle = color('--text');
  ctx.lineWidth = 1;
  const outline = (start: number, ns: number, name: string): void => {
    const a = Math.max(-2, x(start));
    const b = Math.min(width + 2, x(start + ns));
    if (b < 0 || a > width) return;
    ctx.globalAlpha = b - a < 4 ? 0.35 : 0.8;
    ctx.strokeRect(Math.round(a) + 0.5, Math.round(d.y) + 0.5, Math.max(1, Math.round(b - a) - 1), d.height - 1);
    ctx.globalAlpha = 1;
    const short = name.slice(0, 60);
    const left = Math.max(0, a) + 3;
    if (short === '' || b - left < 24 || widthOf(ctx, short) > b - left - 6) return;
    ctx.globalAlpha = 0.85;
    ctx.fillStyle = color('--panel');
    ctx.fillRect(left, d.y + 3, widthOf(ctx, short) + 6, d.height - 6);
    ctx.globalAlpha = 1;
    ctx.fillStyle = color('--text');
    ctx.fillText(short, left + 3, d.y + d.height / 2 + 0.5);
  };
  if (d.lane.kind === 'task') outline(log.tasks.start[d.lane.index]!, log.tasks.ns[d.lane.index]!, '');
  if (d.lane.kind !== 'regions') return;
  const { from, to } = page.store.state;
  for (const r of spanRows(log).regions(d.lane.index)) {
    const start = log.regions.start[r]!;
    if (start > to) break;
    if (start + log.regions.ns[r]! >= from) outline(start, log.regions.ns[r]!, log.strings[log.regions.type[r]!]!);
  }
}

/** A run of items of buckets. */
interface Marks {
  of: Buckets;
  key: number;
}

/** marksOf are the CPU samples and the log messages of a lane; of a group's those of all its goroutines. */
function marksOf({ log, result }: Page, { kind, index }: Lane): { samples?: Marks; logs?: Marks } {
  if (kind === 'P') return { samples: { of: samplesOn(log), key: index } };
  const g = kind === 'goroutine' || kind === 'owner' ? index : kind === 'group' ? single(result, log, index) : -1;
  if (g >= 0) return { samples: { of: samplesOf(log), key: g }, logs: { of: logsOf(log), key: g } };
  return kind === 'group' ? { samples: { of: samplesIn(log), key: index }, logs: { of: logsIn(log), key: index } } : {};
}

/** eachPixel calls back for every pixel of a range in which there is an item. */
function eachPixel({ of, key }: Marks, time: ArrayLike<number>, from: number, to: number, width: number, draw: (x: number) => void): void {
  const ns = (to - from) / width;
  const hi = of.at[key + 1] ?? 0;
  const at = (k: number): number => time[of.items[k]!]!;
  for (let k = firstAfter(at, of.at[key] ?? 0, hi, from - 1); k < hi && at(k) <= to; ) {
    const x = Math.floor((at(k) - from) / ns);
    draw(x);
    k = firstAfter(at, k + 1, hi, from + (x + 1) * ns - 1e-6);
  }
}

/** marks draws CPU samples as ticks at the bottom of a lane and log messages as wedges at its top. */
function marks(ctx: CanvasRenderingContext2D, page: Page, d: Drawn, width: number): void {
  const { log } = page;
  const { from, to } = page.store.state;
  const { samples, logs } = marksOf(page, d.lane);
  ctx.fillStyle = color('--text');
  ctx.strokeStyle = color('--panel');
  if (samples) eachPixel(samples, log.samples.at, from, to, width, (x) => ctx.fillRect(x, d.y + d.height - 4, 1, 4));
  if (logs) {
    eachPixel(logs, log.logs.at, from, to, width, (x) => {
      ctx.beginPath();
      ctx.moveTo(x - 4, d.y - 1);
      ctx.lineTo(x + 4, d.y - 1);
      ctx.lineTo(x, d.y + 6);
      ctx.closePath();
      ctx.stroke();
      ctx.fill();
    });
  }
}
