// Trees of stacks: goroutine time of a class by who called whom, and CPU samples.

import { CellAtRest, CellMerged, type Kind, type Log } from '../data/log';
import type { Result } from '../data/result';
import { looks, lookOf } from '../palette';
import { firstAfter } from './buckets';
import { indexOf } from './indexes';
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
  /** As flameOf has it, or samples. */
  what: string;
  wakers: boolean;
  /** Index in result.groups, -1 for all. */
  group: number;
}

/** flameOf is the flame graph that a kind is in: its class, but that what waits in the kernel has one of its own. */
export function flameOf(kind: Kind): string {
  return looks[lookOf(kind)]!.name === 'syscall' ? 'syscall' : kind.class;
}

export interface FunctionSum {
  name: string;
  self: number;
  total: number;
}

/** flameTree sums the stacks of user goroutines in a range, at rest left out. */
export function flameTree(result: Result, log: Log, s: Summary, options: FlameOptions, groupOf: (goroutine: number, t: number) => string): FlameNode {
  const tree = new Tree(log);
  const chosen = (c: number): boolean => {
    const g = log.cells.group[c]!;
    if (options.group >= 0 ? g !== options.group : result.groups[g]?.system !== false) return false;
    return flameOf(log.kinds[log.cells.kind[c]!]!) === options.what && !(log.cells.flags[c]! & CellAtRest);
  };
  if (options.what === 'samples') {
    addSamples(tree, log, s, options.group);
  } else if (options.wakers) {
    addWakers(tree, log, s, chosen, groupOf);
  } else {
    for (let c = 0; c < s.cellNs.length; c++) if (s.cellNs[c]! > 0 && chosen(c)) tree.add(log.cells.stack[c]!, s.cellNs[c]!);
  }
  return tree.root;
}

function addSamples(tree: Tree, log: Log, s: Summary, group: number): void {
  const { at, stack, g, n } = log.samples;
  for (let i = 0; i < n; i++) {
    if (at[i]! < s.from || at[i]! >= s.to) continue;
    if (group >= 0 && log.goroutines.group[indexOf(log, g[i]!, at[i])] !== group) continue;
    tree.add(stack[i]!, 1);
  }
}

/** addWakers goes through the intervals, as cells do not tell who ended a wait. */
function addWakers(tree: Tree, log: Log, s: Summary, chosen: (c: number) => boolean, groupOf: (goroutine: number, t: number) => string): void {
  const wanted = Uint8Array.from({ length: log.cells.kind.length }, (_, c) => (chosen(c) && !(log.cells.flags[c]! & CellMerged) ? 1 : 0));
  const { start, end, cell, who, stack } = log.intervals;
  const { at, n } = log.goroutines;
  const left = s.cellNs.slice();
  const sums = new Map<string, { c: number; stack: number; by: string; ns: number }>();
  for (let g = 0; g < n; g++) {
    const last = at[g + 1]!;
    for (let i = firstAfter((k) => end[k]!, at[g]!, last, s.from); i < last && start[i]! < s.to; i++) {
      const c = cell[i]!;
      if (!wanted[c]) continue;
      const ns = Math.min(end[i]!, s.to) - Math.max(start[i]!, s.from);
      left[c]! -= ns;
      const by = who[i]! > 0 ? 'ended by ' + groupOf(who[i]!, end[i]!) : end[i]! >= log.to ? 'not ended within the trace' : 'ended by a timer, the poller or the runtime';
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

/** Sandwich is a function with those that called it and those that it called, the most first. */
export interface Sandwich {
  total: number;
  self: number;
  callers: FunctionSum[];
  callees: FunctionSum[];
}

/** sandwich sums up what is around a function; one that calls itself counts once. */
export function sandwich(root: FlameNode, name: string): Sandwich {
  let [total, self] = [0, 0];
  const callers = new Map<string, number>();
  const callees = new Map<string, number>();
  const above = new Set<string>();
  const count = (into: Map<string, number>, key: string, ns: number): void => void into.set(key, (into.get(key) ?? 0) + ns);
  const walk = (node: FlameNode, inside: boolean): void => {
    const here = node.name === name && node.parent !== null;
    if (here) self += selfOf(node);
    if (here && !inside) {
      total += node.total;
      count(callers, node.parent!.parent ? node.parent!.name : '', node.total);
    }
    for (const child of node.children.values()) {
      if (child.half !== Own) continue;
      const first = here && !above.has(child.name);
      if (first) {
        count(callees, child.name, child.total);
        above.add(child.name);
      }
      walk(child, inside || here);
      if (first) above.delete(child.name);
    }
  };
  walk(root, false);
  const sorted = (of: Map<string, number>): FunctionSum[] => [...of].map(([n, ns]) => ({ name: n, self: 0, total: ns })).sort((a, b) => b.total - a.total);
  return { total, self, callers: sorted(callers), callees: sorted(callees) };
}

/** leftHeavy is a node's children, the largest first. */
export function leftHeavy(node: FlameNode): FlameNode[] {
  return [...node.children.values()].sort((a, b) => b.total - a.total || (a.name < b.name ? -1 : 1));
}
