// Trees of stacks: goroutine time of a class by who called whom, and CPU samples.

import { CellAtRest, CellMerged, type Log } from '../data/log';
import type { Result } from '../data/result';
import { firstAfter } from './parallel';
import type { Summary } from './summary';

/** Halves of a tree with wakers: the stack that waited, who ended the wait, and that one's stack from the leaf on. */
export const Own = 0;
export const Between = 1;
export const Woke = 2;

export interface FlameNode {
  name: string;
  /** Where the first stack that came by was. */
  place: string;
  half: number;
  depth: number;
  /** Nanoseconds, or samples. */
  total: number;
  parent: FlameNode | null;
  children: Map<string, FlameNode>;
}

export interface FlameOptions {
  /** A class, or samples. */
  what: string;
  wakers: boolean;
  /** Index in result.groups, -1 for all. */
  group: number;
}

export interface FunctionSum {
  name: string;
  self: number;
  total: number;
}

/** flameTree sums the stacks of user goroutines in a range, at rest left out. */
export function flameTree(result: Result, log: Log, s: Summary, options: FlameOptions, groupOf: (goroutine: number) => string): FlameNode {
  const tree = new Tree(log);
  const chosen = (c: number): boolean => {
    const g = log.cells.group[c]!;
    if (options.group >= 0 ? g !== options.group : result.groups[g]?.system !== false) return false;
    return log.kinds[log.cells.kind[c]!]!.class === options.what && !(log.cells.flags[c]! & CellAtRest);
  };
  if (options.what === 'samples') {
    addSamples(tree, result, log, s, options.group);
  } else if (options.wakers) {
    addWakers(tree, log, s, chosen, groupOf);
  } else {
    for (let c = 0; c < s.cellNs.length; c++) if (s.cellNs[c]! > 0 && chosen(c)) tree.add(log.cells.stack[c]!, s.cellNs[c]!);
  }
  return tree.root;
}

function addSamples(tree: Tree, result: Result, log: Log, s: Summary, group: number): void {
  const groups = new Map<number, number>();
  for (let i = 0; i < log.goroutines.n; i++) groups.set(log.goroutines.id[i]!, log.goroutines.group[i]!);
  const { at, stack, g, n } = log.samples;
  for (let i = 0; i < n; i++) {
    if (at[i]! < s.from || at[i]! >= s.to) continue;
    if (group >= 0 && result.groups[groups.get(g[i]!) ?? -1]?.id !== group) continue;
    tree.add(stack[i]!, 1);
  }
}

/** addWakers goes through the intervals, as cells do not tell who ended a wait. */
function addWakers(tree: Tree, log: Log, s: Summary, chosen: (c: number) => boolean, groupOf: (goroutine: number) => string): void {
  const wanted = Uint8Array.from({ length: log.cells.kind.length }, (_, c) => (chosen(c) && !(log.cells.flags[c]! & CellMerged) ? 1 : 0));
  const { start, end, cell, who, stack } = log.intervals;
  const { at, n } = log.goroutines;
  const left = s.cellNs.slice();
  const sums = new Map<string, { c: number; stack: number; by: string; ns: number }>();
  for (let g = 0; g < n; g++) {
    const last = at[g + 1]!;
    for (let i = firstAfter(end, at[g]!, last, s.from); i < last && start[i]! < s.to; i++) {
      const c = cell[i]!;
      if (!wanted[c]) continue;
      const ns = Math.min(end[i]!, s.to) - Math.max(start[i]!, s.from);
      left[c]! -= ns;
      const by = who[i]! > 0 ? 'ended by ' + groupOf(who[i]!) : end[i]! >= log.to ? 'not ended within the trace' : 'ended by a timer, the poller or the runtime';
      const key = `${c} ${stack[i]} ${by}`;
      const sum = sums.get(key);
      if (sum) sum.ns += ns;
      else sums.set(key, { c, stack: stack[i]!, by, ns });
    }
  }
  for (const x of sums.values()) tree.add(log.cells.stack[x.c]!, x.ns, x.by, x.stack);
  for (let c = 0; c < left.length; c++) if (left[c]! >= 1 && chosen(c)) tree.add(log.cells.stack[c]!, left[c]!, 'ended by: not told, short waits are merged', 0);
}

class Tree {
  readonly root: FlameNode = { name: 'all', place: '', half: Own, depth: 0, total: 0, parent: null, children: new Map() };

  constructor(private readonly log: Log) {}

  /** add counts something under a stack, and below that under who ended it and where. */
  add(stack: number, weight: number, by = '', waker = 0): void {
    const { log } = this;
    this.root.total += weight;
    let node = this.root;
    const [first, last] = [log.stackAt[stack]!, log.stackAt[stack + 1]!];
    if (first === last) node = this.into(node, '(no stack)', '', Own, weight);
    for (let k = last - 1; k >= first; k--) node = this.frame(node, log.stackFrames[k]!, Own, weight);
    if (by === '') return;
    node = this.into(node, by, '', Between, weight);
    for (let k = log.stackAt[waker]!; k < log.stackAt[waker + 1]!; k++) node = this.frame(node, log.stackFrames[k]!, Woke, weight);
  }

  private frame(node: FlameNode, frame: number, half: number, weight: number): FlameNode {
    const { frames, strings } = this.log;
    const file = strings[frames.file[frame]!]!;
    return this.into(node, strings[frames.fn[frame]!]!, file === '' ? '' : `${file}:${frames.line[frame]}`, half, weight);
  }

  private into(parent: FlameNode, name: string, place: string, half: number, weight: number): FlameNode {
    const key = half === Own ? name : `${half} ${name}`;
    let node = parent.children.get(key);
    if (!node) parent.children.set(key, (node = { name, place, half, depth: parent.depth + 1, total: 0, parent, children: new Map() }));
    node.total += weight;
    return node;
  }
}

/** selfOf is what a node has that no function that it called has. */
export function selfOf(node: FlameNode): number {
  let own = node.total;
  for (const child of node.children.values()) if (child.half === node.half) own -= child.total;
  return own < 0.5 ? 0 : own; // shares of bins do not sum to the last digit
}

/** functions sums a tree by function; one that calls itself counts once. */
export function functions(root: FlameNode): FunctionSum[] {
  const sums = new Map<string, FunctionSum>();
  const above = new Set<string>();
  const walk = (node: FlameNode): void => {
    if (node.half !== Own) return;
    const first = node.parent !== null && !above.has(node.name);
    if (node.parent !== null) {
      let sum = sums.get(node.name);
      if (!sum) sums.set(node.name, (sum = { name: node.name, self: 0, total: 0 }));
      sum.self += selfOf(node);
      if (first) sum.total += node.total;
    }
    if (first) above.add(node.name);
    for (const child of node.children.values()) walk(child);
    if (first) above.delete(node.name);
  };
  walk(root);
  return [...sums.values()].sort((a, b) => b.total - a.total);
}

/** leftHeavy is a node's children, the largest first. */
export function leftHeavy(node: FlameNode): FlameNode[] {
  return [...node.children.values()].sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1));
}
