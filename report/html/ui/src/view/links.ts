// The largest waits of groups for others as a drawing: who waits stands left,
// for whom right, a band between them is as wide as the time.

import type { Edge } from '../data/result';
import { onResize, s as svg } from '../dom';
import { duration } from '../format';
import { entryName, groupOrigin } from '../model/words';
import type { Page } from '../page';
import { nodeName } from './blame';

interface Node {
  name: string;
  /** What tells it from others of that name. */
  origin: string;
  ns: number;
  y: number;
  height: number;
  /** Until where bands have been drawn. */
  used: number;
}

const gap = 8;
const least = 14;
const most = 20;

/** drawLinks draws into an element, as wide as that is. */
export function drawLinks(page: Page, into: HTMLElement): void {
  if (into.childElementCount > 0) return;
  const edges = page.result.blame.edges.slice(0, most);
  if (edges.length === 0) return;
  onResize(into, (width) => into.replaceChildren(drawing(page, edges, Math.max(280, width))));
}

function drawing(page: Page, edges: readonly Edge[], width: number): SVGElement {
  const all = edges.reduce((ns, e) => ns + e.ns, 0);
  const scale = 260 / all;
  const named = (group: number, node?: string): [string, string] => (group >= 0 ? [entryName(page.result, group), groupOrigin(page.result, group)] : [nodeName(page, group, node), '']);
  const left = side(edges, (e) => `${e.from}`, (e) => named(e.from), scale);
  const right = side(edges, (e) => `${e.to} ${e.node}`, (e) => named(e.to, e.node), scale);
  const height = Math.max(heightOf(left), heightOf(right)) + 22;
  const label = Math.min(260, width * 0.34);
  const [x0, x1] = [label, width - label];
  const bands = edges.map((e) => {
    const [a, b] = [left.get(`${e.from}`)!, right.get(`${e.to} ${e.node}`)!];
    const wide = Math.max(1, e.ns * scale);
    const [ya, yb] = [a.used + wide / 2, b.used + wide / 2];
    a.used += e.ns * scale;
    b.used += e.ns * scale;
    const mid = (x0 + x1) / 2;
    const path = svg('path', { class: `band ${lookOfEdge(e)}`, d: `M${x0 + 6},${ya} C${mid},${ya} ${mid},${yb} ${x1 - 6},${yb}`, 'stroke-width': wide });
    path.append(svg('title', {}, `${whole(a)} waited ${duration(e.ns)} for ${whole(b)}`));
    return path;
  });
  return svg('svg', { class: 'chart links', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'Who waited for whom; the table below has the numbers' },
    svg('text', { x: x0, y: 10, 'text-anchor': 'end' }, 'who waited'),
    svg('text', { x: x1, y: 10 }, 'for whom'),
    bands,
    [...left.values()].map((n) => nodeBox(n, x0, 'end', label)),
    [...right.values()].map((n) => nodeBox(n, x1, 'start', label)),
  );
}

function lookOfEdge(e: Edge): string {
  const looks: Record<string, string> = { io: 'c-io', timer: 'c-timer', syscall: 'c-syscall', gc: 'c-runtime', scheduler: 'c-runnable', unknown: 'c-unknown', unresolved: 'c-unknown' };
  return looks[e.node] ?? 'c-sync';
}

/** side places the nodes of one side below each other, in the order in which edges mention them. */
function side(edges: readonly Edge[], key: (e: Edge) => string, nameOf: (e: Edge) => [string, string], scale: number): Map<string, Node> {
  const out = new Map<string, Node>();
  for (const e of edges) {
    const [name, origin] = nameOf(e);
    const node = out.get(key(e)) ?? { name, origin, ns: 0, y: 0, height: 0, used: 0 };
    node.ns += e.ns;
    out.set(key(e), node);
  }
  let y = 20;
  for (const node of out.values()) {
    node.y = y;
    node.height = Math.max(least, node.ns * scale);
    node.used = y + (node.height - node.ns * scale) / 2;
    y += node.height + gap;
  }
  return out;
}

function whole(n: Node): string {
  return n.origin === '' ? n.name : `${n.name} (${n.origin})`;
}

function heightOf(nodes: Map<string, Node>): number {
  return Math.max(0, ...[...nodes.values()].map((n) => n.y + n.height));
}

function nodeBox(n: Node, x: number, anchor: 'start' | 'end', room: number): SVGElement {
  const letters = Math.floor((room - 14) / 6.2);
  const time = duration(n.ns);
  const shown = cut(n.name, Math.max(4, letters - time.length - 1));
  const origin = cutOrigin(n.origin, letters - time.length - 2 - shown.length);
  return svg('g', {},
    svg('rect', { class: 'node', x: anchor === 'end' ? x : x - 6, y: n.y, width: 6, height: n.height }),
    svg('text', { class: 'strong', x: anchor === 'end' ? x - 6 : x + 6, y: n.y + n.height / 2 + 4, 'text-anchor': anchor }, shown, svg('tspan', { class: 'muted' }, `${origin === '' ? '' : ' '}${origin} ${time}`)),
    svg('title', {}, `${whole(n)}: ${duration(n.ns)}`),
  );
}

/** cutOrigin keeps the file and line of an origin where there is no room for the function. */
function cutOrigin(origin: string, letters: number): string {
  const line = origin.slice(origin.lastIndexOf(' ') + 1);
  return origin.length > letters && line.includes(':') ? cut(line, letters) : cut(origin, letters);
}

/** cut cuts a text to so many letters, and leaves it out where that would leave next to nothing of it. */
function cut(text: string, letters: number): string {
  if (text.length <= letters) return text;
  return letters < 4 ? '' : text.slice(0, letters - 1) + '…';
}
