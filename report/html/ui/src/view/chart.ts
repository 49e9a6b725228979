// Axes that charts in SVG share.

import { s } from '../dom';

/** decades are the powers of ten from lo to hi, and what lies between them where these are few. */
function decades(lo: number, hi: number): number[] {
  const steps = Math.log10(hi / lo) < 2.5 ? [1, 2, 5] : [1];
  const out: number[] = [];
  for (let d = 10 ** Math.floor(Math.log10(lo)); d <= hi * 1.0001; d *= 10) {
    for (const m of steps) if (d * m >= lo * 0.9999 && d * m <= hi * 1.0001) out.push(d * m);
  }
  return out;
}

/** plainUnit writes a tick of an axis of time: 10 µs, 1 s. */
function plainUnit(ns: number): string {
  for (const [unit, name] of [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs']] as const) if (ns >= unit * 0.9999) return `${Math.round((ns / unit) * 100) / 100} ${name}`;
  return `${Math.round(ns)} ns`;
}

/** logAxis draws ticks of time below a chart, as many as have room. */
export function logAxis(lo: number, hi: number, x: (ns: number) => number, y: number, top: number): SVGElement[] {
  const out: SVGElement[] = [];
  let free = -Infinity;
  for (const t of decades(lo, hi)) {
    const at = x(t);
    out.push(s('line', { class: 'grid', x1: at, x2: at, y1: top, y2: y }));
    const label = plainUnit(t);
    const half = label.length * 3.4;
    if (at - half < free) continue;
    out.push(s('text', { x: at, y: y + 14, 'text-anchor': 'middle' }, label));
    free = at + half + 8;
  }
  return out;
}
