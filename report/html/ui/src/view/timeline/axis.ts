// The time axis: round instants, labelled.

import { instant } from '../../format';
import { color } from '../../palette';

const steps = [1, 2, 5];

/** stepOf is a round length of time of which at least so many pixels go by. */
function stepOf(from: number, to: number, width: number, room: number): number {
  const least = ((to - from) * room) / Math.max(1, width);
  for (let scale = 1; ; scale *= 10) for (const s of steps) if (s * scale >= least) return s * scale;
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
  let free = -Infinity;
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
    const x = x0 + ((t - from) * width) / (to - from);
    ctx.beginPath();
    ctx.moveTo(Math.round(x) + 0.5, y);
    ctx.lineTo(Math.round(x) + 0.5, y + 5);
    ctx.stroke();
    const text = instant(t, step);
    const w = ctx.measureText(text).width;
    const left = Math.min(Math.max(x - w / 2, x0), x0 + width - w);
    if (left < free) continue;
    ctx.fillText(text, left, y + height / 2 + 2);
    free = left + w + 8;
  }
  ctx.restore();
}
