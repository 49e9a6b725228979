// What each code looks like: a small square of pixels that repeats.

import { codeCount, lookBits, mergedBit, nothing, other, restBit } from '../../model/cells';
import { looks, rgb } from '../../palette';

type Color = readonly [number, number, number];

/** Whether a pixel of a square of 8 belongs to the pattern of a look (report-ux.md 6.3). */
const patterns: Record<string, (x: number, y: number) => boolean> = {
  running: () => false,
  runnable: (x, y) => (x + y) % 8 < 2,
  sync: (_, y) => y % 4 === 0,
  io: (x, y) => x % 4 < 2 && y % 4 < 2,
  syscall: (x) => x % 4 === 0,
  timer: () => false,
  runtime: (x, y) => (x + y) % 8 === 0 || (x - y + 8) % 8 === 0,
  unknown: (x, y) => (x + y) % 8 === 0,
};

function mergedMark(x: number, y: number): boolean {
  return (x - y + 8) % 4 === 0;
}

/** Tiles are the squares of all codes. */
export interface Tiles {
  /** Length of a side, a power of two. */
  side: number;
  /** By code, then y, then x. */
  px: Uint32Array;
  /** Whether all pixels of a code are the same. */
  plain: Uint8Array;
  /** Color of a code's text. */
  ink: string[];
}

function mix(a: Color, b: Color, share: number): Color {
  return [0, 1, 2].map((i) => Math.round(a[i]! * (1 - share) + b[i]! * share)) as unknown as Color;
}

function packed([r, g, b]: Color): number {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function luminance(c: Color): number {
  const [r, g, b] = c.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)) as unknown as Color;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function inkOn(c: Color): string {
  const l = luminance(c);
  return (l + 0.05) / 0.05 > 1.05 / (l + 0.05) ? '#000' : '#fff';
}

/** makeTiles reads the theme's colours. */
export function makeTiles(patterned: boolean, dpr: number): Tiles {
  const zoom = dpr >= 1.5 ? 2 : 1;
  const side = 8 * zoom;
  const out: Tiles = { side, px: new Uint32Array(codeCount * side * side), plain: new Uint8Array(codeCount), ink: [] };
  const ground = rgb('--panel');
  const grey = rgb('--muted');
  for (let code = 0; code < codeCount; code++) {
    if (code === nothing) {
      out.plain[code] = 1;
      out.ink.push('');
      continue;
    }
    const look = code === other ? 'timer' : looks[code & lookBits]!.name;
    const faded = code === other || (code & restBit) !== 0;
    const fade = (c: Color): Color => (faded ? mix(c, ground, 0.66) : c);
    const base = fade(rgb(`--c-${look}`));
    const unknown = look === 'unknown';
    const lines = unknown ? fade(grey) : mix(base, ground, 0.6);
    const merged = code !== other && (code & mergedBit) !== 0;
    const marked = (x: number, y: number): boolean =>
      ((patterned || unknown) && patterns[look]!(x, y)) || (merged && mergedMark(x, y));
    const pixels = out.px.subarray(code * side * side, (code + 1) * side * side);
    for (let i = 0; i < pixels.length; i++) {
      pixels[i] = packed(marked(Math.floor((i % side) / zoom), Math.floor(i / side / zoom)) ? lines : base);
    }
    out.plain[code] = pixels.every((p) => p === pixels[0]) ? 1 : 0;
    out.ink.push(inkOn(base));
  }
  return out;
}
