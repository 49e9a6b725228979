// A tree of stacks drawn as an icicle: the root above, who it called below.
// Only the part that is in sight is drawn.

import { h, onResize } from '../dom';
import { shortFunc } from '../format';
import { leftHeavy, Own, Woke, type FlameNode } from '../model/flame';
import { color } from '../palette';

interface Box {
  node: FlameNode;
  x: number;
  width: number;
}

const rowHeight = 19;

export class Icicle {
  readonly element: HTMLElement;
  private readonly canvas = h('canvas', { tabindex: 0, role: 'img', 'aria-label': 'Flame graph; arrow keys go from frame to frame, Enter zooms, Home shows all' });
  private readonly room = h('div', { class: 'room' }, this.canvas);
  private rows: Box[][] = [];
  private root: FlameNode | null = null;
  private zoom: FlameNode | null = null;
  private at: FlameNode | null = null;
  private look = 'sync';
  private matches: (name: string) => boolean = () => false;
  private width = 0;

  constructor(private readonly told: (node: FlameNode) => void) {
    this.element = h('div', { class: 'flame' }, this.room);
    onResize(this.element, (width) => {
      this.width = width;
      this.layout();
    });
    this.element.addEventListener('scroll', () => this.draw(), { passive: true });
    this.canvas.addEventListener('pointermove', (e) => this.point(this.hit(e)));
    this.canvas.addEventListener('click', (e) => {
      const node = this.hit(e);
      if (node) this.zoomTo(node);
    });
    this.canvas.addEventListener('keydown', (e) => this.key(e));
  }

  show(root: FlameNode, look: string): void {
    this.root = root;
    this.zoom = this.again(this.zoom) ?? root;
    this.at = this.zoom;
    this.look = look;
    this.layout();
    this.told(this.at);
  }

  highlight(matches: (name: string) => boolean): void {
    this.matches = matches;
    this.draw();
  }

  zoomTo(node: FlameNode | null): void {
    this.zoom = node ?? this.root;
    this.layout();
    if (this.zoom) this.point(this.zoom);
  }

  /** again finds in a new tree what was zoomed to in the old one. */
  private again(node: FlameNode | null): FlameNode | null {
    if (!node?.parent) return null;
    const parent = node.parent.parent ? this.again(node.parent) : this.root;
    return [...(parent?.children.values() ?? [])].find((c) => c.name === node.name && c.half === node.half) ?? null;
  }

  private layout(): void {
    if (!this.zoom || this.width === 0) return;
    this.rows = [];
    for (let n: FlameNode | null = this.zoom; n; n = n.parent) this.row(n.depth).push({ node: n, x: 0, width: this.width });
    this.below(this.zoom, 0, this.width);
    this.room.style.height = `${this.rows.length * rowHeight}px`;
    this.draw();
  }

  private row(depth: number): Box[] {
    while (this.rows.length <= depth) this.rows.push([]);
    return this.rows[depth]!;
  }

  private below(node: FlameNode, x: number, width: number): void {
    for (const child of leftHeavy(node)) {
      const share = (child.total / node.total) * width;
      if (share < 0.4) return; // the others are narrower still
      this.row(child.depth).push({ node: child, x, width: share });
      this.below(child, x, share);
      x += share;
    }
  }

  redraw(): void {
    this.draw();
  }

  private draw(): void {
    const context = this.canvas.getContext('2d');
    if (!context || this.width === 0) return;
    const height = Math.min(this.element.clientHeight, this.rows.length * rowHeight);
    const scale = devicePixelRatio;
    this.canvas.width = Math.round(this.width * scale);
    this.canvas.height = Math.round(height * scale);
    this.canvas.style.height = `${height}px`;
    context.scale(scale, scale);
    context.font = '12px system-ui, sans-serif';
    context.textBaseline = 'middle';
    const paint = { own: color(`--c-${this.look}`), woke: color('--muted'), text: color('--text'), mark: color('--mark'), accent: color('--accent') };
    const top = this.element.scrollTop;
    this.rows.forEach((row, depth) => {
      const y = depth * rowHeight - top;
      if (y > -rowHeight && y < height) for (const box of row) this.box(context, box, y, paint);
    });
  }

  private box(context: CanvasRenderingContext2D, { node, x, width }: Box, y: number, paint: Record<'own' | 'woke' | 'text' | 'mark' | 'accent', string>): void {
    const wide = Math.max(0.5, width - 1);
    const marked = this.matches(node.name);
    context.fillStyle = marked ? paint.mark : node.half === Own ? paint.own : paint.woke;
    context.globalAlpha = marked ? 1 : node.parent === null ? 0.18 : node.half === Own ? 0.26 + 0.16 * tint(node.name) : node.half === Woke ? 0.18 + 0.1 * tint(node.name) : 0.45;
    context.fillRect(x, y, wide, rowHeight - 1);
    context.globalAlpha = 1;
    if (node === this.at) {
      context.strokeStyle = paint.accent;
      context.lineWidth = 2;
      context.strokeRect(x + 1, y + 1, Math.max(1, wide - 2), rowHeight - 3);
    }
    if (wide < 26) return;
    context.fillStyle = paint.text;
    context.fillText(fitted(context, shortFunc(node.name), wide - 8), x + 4, y + rowHeight / 2);
  }

  private hit(e: MouseEvent): FlameNode | null {
    const { left, top } = this.canvas.getBoundingClientRect();
    const depth = Math.floor((e.clientY - top + this.element.scrollTop) / rowHeight);
    const x = e.clientX - left;
    return this.rows[depth]?.find((b) => x >= b.x && x < b.x + b.width)?.node ?? null;
  }

  private point(node: FlameNode | null): void {
    if (!node || node === this.at) return;
    this.at = node;
    this.told(node);
    this.draw();
  }

  private key(e: KeyboardEvent): void {
    if (!this.at || e.ctrlKey || e.altKey || e.metaKey) return;
    const beside = (by: number): FlameNode | null => {
      const row = this.rows[this.at!.depth] ?? [];
      return row[row.findIndex((b) => b.node === this.at) + by]?.node ?? null;
    };
    const moves: Record<string, () => FlameNode | null | undefined> = {
      ArrowUp: () => this.at!.parent, ArrowDown: () => leftHeavy(this.at!)[0], ArrowLeft: () => beside(-1), ArrowRight: () => beside(1),
    };
    if (e.key === 'Enter') this.zoomTo(this.at);
    else if (e.key === 'Home') this.zoomTo(null);
    else if (moves[e.key]) this.point(moves[e.key]!() ?? null);
    else return;
    e.preventDefault();
    e.stopPropagation();
    const y = this.at.depth * rowHeight;
    const { scrollTop, clientHeight } = this.element;
    if (y < scrollTop || y + rowHeight > scrollTop + clientHeight) this.element.scrollTop = y - clientHeight / 2;
  }
}

/** tint is a number from 0 to 1 that is always the same for a name. */
function tint(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) | 0;
  return ((hash >>> 8) & 255) / 255;
}

/** fitted cuts a text to a width. */
function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  const perLetter = 5.5;
  if (text.length * perLetter > 4 * width) text = text.slice(0, Math.ceil((4 * width) / perLetter));
  if (context.measureText(text).width <= width) return text;
  let [lo, hi] = [0, text.length];
  while (lo < hi) {
    const mid = (lo + hi + 1) >> 1;
    if (context.measureText(text.slice(0, mid) + '…').width <= width) lo = mid;
    else hi = mid - 1;
  }
  return lo > 2 ? text.slice(0, lo) + '…' : '';
}
