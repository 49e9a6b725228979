// The picture of the lanes that are in view.

import { CellMerged } from '../../data/log';
import { cellCodes, mergedBit, nothing, other, restBit } from '../../model/cells';
import { firstAfter } from '../../model/buckets';
import { Lanes, single, type Lane } from '../../model/lanes';
import { matcher } from '../../model/match';
import { ranOn } from '../../model/indexes';
import { addGroup, addProcessor, bandCount, Columns, ranOther, ranSystem, ranUser } from '../../model/series';
import { spanRows } from '../../model/spans';
import type { Page } from '../../page';
import { patterned } from '../look';
import { paintArea, pixels, Row, type Pixels } from './pixels';
import { makeTiles, type Tiles } from './tiles';

/** A span that has room for a text. */
export interface Wide {
  interval: number;
  /** Whether the lane does not say whose it is. */
  whose?: boolean;
  y: number;
  height: number;
}

/** A lane that was drawn, in CSS pixels from the top of the view. */
export interface Drawn {
  lane: Lane;
  /** Which of all lanes. */
  i: number;
  y: number;
  height: number;
  /** The most goroutines at once, where the lane counts them; else 0. */
  most: number;
}

/** A band of an area and how it is painted. */
export interface Band {
  band: number;
  code: number;
}

const bottomUp = [0, 1, 2, 3, 4, 5, 6, 7];

/**
 * classBands are the classes from the bottom up, at rest above all others or left
 * out. What comes from bins is marked where they are wide enough for it to matter.
 */
export function classBands(rest: boolean, marked: boolean): Band[] {
  const marks = marked ? mergedBit : 0;
  const of = (bit: number): Band[] => bottomUp.flatMap((look) => [
    { band: look | bit, code: look | bit },
    { band: look | bit | mergedBit, code: look | bit | marks },
  ]);
  return rest ? [...of(0), ...of(restBit)] : of(0);
}

const runBands = [
  { band: ranUser, code: 0 },
  { band: ranSystem, code: 1 },
  { band: ranOther, code: other },
];

const gap = 3;

/** Height of a lane with its gap, in CSS pixels. */
export function laneHeight(page: Page): (lane: Lane) => number {
  return (lane) => {
    switch (lane.kind) {
      case 'group':
        return single(page.result, page.log, lane.index) >= 0 ? 23 : 39;
      case 'P':
        return 35;
      default:
        return 21;
    }
  };
}

/** Scene draws lanes onto a canvas. */
export class Scene {
  lanes = new Lanes();
  drawn: Drawn[] = [];
  wide: Wide[] = [];
  tiles: Tiles;
  width = 1;
  height = 1;
  dpr = 1;
  private picture: Pixels | undefined;
  private area: Columns | undefined;
  private row = new Row(1, 0, 1, 1);
  private readonly codes: Uint8Array;

  constructor(
    private readonly page: Page,
    private readonly ctx: CanvasRenderingContext2D,
  ) {
    this.codes = cellCodes(page.log);
    this.tiles = makeTiles(patterned(page), 1);
  }

  /** recolor takes the theme as it is now. */
  recolor(): void {
    this.tiles = makeTiles(patterned(this.page), this.dpr);
  }

  resize(width: number, height: number): void {
    const dpr = devicePixelRatio || 1;
    const canvas = this.ctx.canvas;
    const [w, h] = [Math.max(1, Math.round(width * dpr)), Math.max(1, Math.round(height * dpr))];
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    [this.width, this.height] = [width, height];
    if (dpr !== this.dpr) {
      this.dpr = dpr;
      this.recolor();
    }
  }

  /** draw paints the lanes from a distance from the top on. */
  draw(scroll: number): void {
    const { from, to } = this.page.store.state;
    const canvas = this.ctx.canvas;
    const into = (this.picture = pixels(this.ctx, canvas.width, canvas.height, this.picture));
    if (this.row.width !== into.width || this.row.from !== from || this.row.to !== to) {
      this.row = new Row(into.width, from, to, 34 * this.dpr);
      this.area = undefined;
    }
    this.drawn = [];
    this.wide = [];
    const first = Math.max(0, this.lanes.atHeight(scroll));
    for (let i = first; i < this.lanes.n; i++) {
      const y = this.lanes.top[i]! - scroll;
      if (y >= this.height) break;
      const d = { lane: this.lanes.at(i), i, y, height: this.lanes.top[i + 1]! - this.lanes.top[i]! - gap, most: 0 };
      this.drawn.push(d);
      this.lane(into, d);
    }
    this.ctx.putImageData(into.image, 0, 0);
  }

  private lane(into: Pixels, d: Drawn): void {
    const { page, row } = this;
    const { log } = page;
    const { index } = d.lane;
    row.clear();
    switch (d.lane.kind) {
      case 'group': {
        const g = single(page.result, log, index);
        if (g < 0) return this.group(into, d);
        this.goroutine(g);
        break;
      }
      case 'P':
        return this.processor(into, d);
      case 'task': {
        const [start, end] = [log.tasks.start[index]!, log.tasks.start[index]! + log.tasks.ns[index]!];
        row.fill(other, start, end);
        const g = page.goroutineAt(log.tasks.g[index]!, log.tasks.start[index]);
        if (g >= 0) this.goroutine(g, start, end);
        break;
      }
      case 'regions':
        this.regions(index);
        break;
      default:
        this.goroutine(index);
    }
    row.paint(into, this.tiles, Math.round(d.y * this.dpr), Math.round(d.height * this.dpr));
    // Regions have their own names in their place.
    if (d.lane.kind !== 'regions') for (const interval of row.wide) this.wide.push({ interval, y: d.y, height: d.height });
  }

  private goroutine(g: number, first = -Infinity, last = Infinity): void {
    const { log } = this.page;
    const hi = log.goroutines.at[g + 1]!;
    const begin = Math.max(first, this.row.from);
    const lo = firstAfter((k) => log.intervals.end[k]!, log.goroutines.at[g]!, hi, begin);
    this.row.add(log, this.codes, lo, hi, first, last);
  }

  private regions(row: number): void {
    const { log } = this.page;
    const rows = spanRows(log);
    const g = rows.goroutine(row);
    for (const r of rows.regions(row)) {
      const start = log.regions.start[r]!;
      const end = start + log.regions.ns[r]!;
      if (end < this.row.from) continue;
      if (start > this.row.to) break;
      this.row.fill(other, start, end);
      if (g >= 0) this.goroutine(g, start, end);
    }
  }

  private columns(bands: number): Columns {
    const { from, to } = this.page.store.state;
    this.area = this.area?.bands === bands ? this.area.clear() : new Columns(this.row.width, bands, from, to);
    return this.area;
  }

  private group(into: Pixels, d: Drawn): void {
    const { log, store } = this.page;
    const c = this.columns(bandCount);
    addGroup(c, log, d.lane.index);
    c.finish();
    const { from, to, hideRest } = store.state;
    const marked = (log.header.bins.width * this.width) / (to - from) > 6;
    const bands = classBands(!hideRest, marked);
    d.most = c.most(bands);
    const [y, height] = [Math.round(d.y * this.dpr), Math.round(d.height * this.dpr)];
    // The scale is whole goroutines, so that it does not tremble while panning.
    if (d.most > 0) return paintArea(into, this.tiles, y, height, c, bands, Math.ceil(d.most - 1e-3));
    // Nothing but rest here: low, so that the lane is not taken for an empty one.
    const low = Math.round(height / 5);
    const resting = classBands(true, marked);
    paintArea(into, this.tiles, y + height - low, low, c, resting, c.most(resting) || 1);
  }

  private processor(into: Pixels, d: Drawn): void {
    const { result, log, store } = this.page;
    const match = matcher(result, log, store.state.query);
    const only = store.state.group;
    const c = this.columns(3);
    addProcessor(c, log, d.lane.index, (g) => {
      if ((only >= 0 && g !== only) || (!match.empty && !match.group(g))) return ranOther;
      return result.groups[g]?.system ? ranSystem : ranUser;
    });
    c.finish();
    paintArea(into, this.tiles, Math.round(d.y * this.dpr), Math.round(d.height * this.dpr), c, runBands, 1);
    this.wideOn(d);
  }

  /** wideOn collects the spans of a P that have room for a text. */
  private wideOn(d: Drawn): void {
    const { at, items } = ranOn(this.page.log);
    const { start, end } = this.page.log.intervals;
    const { from, to } = this.row;
    const hi = at[d.lane.index + 1]!;
    const least = ((to - from) * 34) / this.width;
    for (let k = firstAfter((i) => end[items[i]!]!, at[d.lane.index]!, hi, from); k < hi; k++) {
      const interval = items[k]!;
      if (start[interval]! >= to) break;
      if (end[interval]! - start[interval]! >= least) this.wide.push({ interval, y: d.y, height: d.height, whose: true });
    }
  }

  /** codeAt is the code of a span, for the colour of its text. */
  codeAt(interval: number): number {
    return interval < 0 ? nothing : this.codes[this.page.log.intervals.cell[interval]!]!;
  }

  isMerged(interval: number): boolean {
    return (this.page.log.cells.flags[this.page.log.intervals.cell[interval]!]! & CellMerged) !== 0;
  }
}
