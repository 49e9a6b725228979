// The time axis: round instants, labelled.

import { color } from '../../palette';

const steps = [1, 2, 5];

/** stepOf is a round length of time of which at least so many pixels go by. */
function stepOf(from: number, to: number, width: number, room: number): number {
  const least = ((to - from) * room) / Math.max(1, width);
  for (let scale = 1; ; scale *= 10) for (const s of steps) if (s * scale >= least) return s * scale;
}

const units: readonly [string, number][] = [['s', 1e9], ['ms', 1e6], ['µs', 1e3], ['ns', 1]];

/** labelled writes instants of an axis up to a last one, all in one unit. */
function labelled(to: number, step: number): (t: number) => string {
  const large = to >= 10e9 || step >= 1e8 ? 0 : to >= 1e7 || step >= 1e5 ? 1 : to >= 1e4 || step >= 100 ? 2 : 3;
  const [name, unit] = units[large]!;
  const decimals = Math.max(0, Math.ceil(Math.log10(unit / step)));
  return (t) => (t / unit).toFixed(decimals) + '\u00a0' + name;
}

/** drawAxis writes instants below each other's distance onto a canvas, from x on. */
export function drawAxis(ctx: CanvasRenderingContext2D, from: number, to: number, x0: number, width: number, y: number, height: number): void {
  const step = stepOf(from, to, width, 96);
  ctx.save();
  ctx.fillStyle = color('--muted');
  ctx.strokeStyle = color('--line');
  ctx.font = '11px system-ui, sans-serif';
  ctx.textBaseline = 'middle';
  ctx.lineWidth = 1;
  const label = labelled(to, step);
  let free = -Infinity;
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
    const x = x0 + ((t - from) * width) / (to - from);
    ctx.beginPath();
    ctx.moveTo(Math.round(x) + 0.5, y);
    ctx.lineTo(Math.round(x) + 0.5, y + 5);
    ctx.stroke();
    const text = label(t);
    const w = ctx.measureText(text).width;
    const left = Math.min(Math.max(x - w / 2, x0), x0 + width - w);
    if (left < free) continue;
    ctx.fillText(text, left, y + height / 2 + 2);
    free = left + w + 8;
  }
  ctx.restore();
}
