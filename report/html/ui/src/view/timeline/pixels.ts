// Pictures made pixel by pixel: a lane of spans, of which each column shows the
// code that had most of its time, and areas of several bands on top of each other.

import type { Log } from '../../data/log';
import { codeCount, nothing } from '../../model/cells';
import type { Columns } from '../../model/series';
import type { Tiles } from './tiles';

/** Pixels is a canvas as numbers. */
export interface Pixels {
  image: ImageData;
  px: Uint32Array;
  width: number;
  height: number;
}

/** pixels makes an empty picture; one of the same size is emptied instead. */
export function pixels(ctx: CanvasRenderingContext2D, width: number, height: number, old?: Pixels): Pixels {
  if (old && old.width === width && old.height === height) {
    old.px.fill(0);
    return old;
  }
  const image = ctx.createImageData(width, height);
  return { image, px: new Uint32Array(image.data.buffer), width, height };
}

/** Row is one line of codes, one for each column. */
export class Row {
  readonly codes: Uint8Array;
  /** Spans wide enough for a text: indexes in log.intervals. */
  readonly wide: number[] = [];
  private readonly sums = new Float64Array(codeCount);
  private readonly touched: number[] = [];
  private column = -1;

  constructor(
    readonly width: number,
    readonly from: number,
    readonly to: number,
    private readonly wideFrom: number,
  ) {
    this.codes = new Uint8Array(width + 1).fill(nothing);
  }

  clear(): void {
    this.codes.fill(nothing);
    this.wide.length = 0;
    this.column = -1;
  }

  /** x is the column, with its fraction, of an instant. */
  x(t: number): number {
    return ((t - this.from) * this.width) / (this.to - this.from);
  }

  private flush(): void {
    let most = 0;
    let code = -1;
    for (const c of this.touched) {
      if (this.sums[c]! > most || code < 0) {
        most = this.sums[c]!;
        code = c;
      }
      this.sums[c] = 0;
    }
    if (code >= 0) this.codes[this.column] = code;
    this.touched.length = 0;
  }

  private part(column: number, code: number, share: number): void {
    if (column !== this.column) {
      this.flush();
      this.column = column;
    }
    if (this.sums[code] === 0) {
      this.touched.push(code);
      this.sums[code] = 1e-9; // what lasts no time is shown where nothing else is
    }
    this.sums[code]! += share;
  }

  /** add puts intervals lo to hi of a goroutine into the row, as far as they lie between two instants. */
  add(log: Log, codes: Uint8Array, lo: number, hi: number, first = this.from, last = this.to): void {
    const { start, end, cell } = log.intervals;
    const scale = this.width / (this.to - this.from);
    const begin = Math.max(first, this.from);
    const stop = Math.min(last, this.to);
    for (let i = lo; i < hi; i++) {
      const s = start[i]!;
      if (s >= stop) break;
      const code = codes[cell[i]!]!;
      const a = (s > begin ? s - this.from : begin - this.from) * scale;
      const e = end[i]!;
      const b = (e < stop ? e - this.from : stop - this.from) * scale;
      const from = a | 0;
      const to = b | 0;
      if (from === to) {
        this.part(from, code, b - a);
        continue;
      }
      this.part(from, code, from + 1 - a);
      this.flush();
      this.codes.fill(code, from + 1, to);
      // Two spans of one kind side by side are told apart by a gap.
      if (to - from > 6 && i + 1 < hi && codes[cell[i + 1]!] === code) this.codes[to - 1] = nothing;
      this.column = to;
      this.part(to, code, b - to);
      if (to - from >= this.wideFrom) this.wide.push(i);
    }
    this.flush();
  }

  /** fill gives a stretch of time one code. */
  fill(code: number, from: number, to: number): void {
    const a = Math.max(0, Math.floor(this.x(from)));
    const b = Math.min(this.width, Math.max(a + 1, Math.ceil(this.x(to))));
    if (a < this.width && b > 0) this.codes.fill(code, a, b);
  }

  /** paint writes the row's pixels from line y on. */
  paint(into: Pixels, tiles: Tiles, y: number, height: number): void {
    const { side, px, plain } = tiles;
    const area = side * side;
    const mask = side - 1;
    const { codes, width } = this;
    const top = Math.max(0, y);
    const bottom = Math.min(into.height, y + height);
    let simple = true;
    for (let x = 0; x < width && simple; x++) simple = plain[codes[x]!] === 1;
    for (let line = top; line < bottom; line++) {
      const at = line * into.width;
      if (simple && line > top) {
        into.px.copyWithin(at, top * into.width, top * into.width + width);
        continue;
      }
      const inTile = (line & mask) * side;
      for (let x = 0; x < width; x++) into.px[at + x] = px[codes[x]! * area + inTile + (x & mask)]!;
    }
  }
}

/** Codes of an area, line by line. */
let areaCodes = new Uint8Array(0);

/** paintArea stacks bands from the bottom up: means of columns, so many of them being the full height. */
export function paintArea(into: Pixels, tiles: Tiles, y: number, height: number, c: Columns, bands: readonly { band: number; code: number }[], full: number): void {
  const there = bands.filter(({ band }) => c.has(band)).map(({ band, code }) => ({ means: c.row(band), code }));
  if (height <= 0 || there.length === 0) return;
  const { width } = c;
  const size = width * height;
  if (areaCodes.length < size) areaCodes = new Uint8Array(size);
  const codes = areaCodes.fill(nothing, 0, size);
  const scale = height / full;
  for (let x = 0; x < width; x++) {
    let sum = 0;
    let low = height;
    for (let i = 0; i < there.length; i++) {
      const mean = there[i]!.means[x]!;
      if (mean <= 0) continue;
      sum += mean;
      let high = height - ((Math.min(sum, full) * scale + 0.5) | 0);
      // What is there at all shows, even where it is less than a pixel.
      if (high === low && low === height) high = low - 1;
      const code = there[i]!.code;
      for (let k = high * width + x; k < low * width; k += width) codes[k] = code;
      low = high;
    }
  }
  const { side, px } = tiles;
  const area = side * side;
  const mask = side - 1;
  const last = Math.min(y + height, into.height);
  for (let line = Math.max(0, y); line < last; line++) {
    const inTile = (line & mask) * side;
    const at = line * into.width;
    const from = (line - y) * width;
    for (let x = 0; x < width; x++) into.px[at + x] = px[codes[from + x]! * area + inTile + (x & mask)]!;
  }
}
