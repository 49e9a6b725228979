// Which lanes the timeline has, from top to bottom.

import type { Log } from '../data/log';
import type { Result } from '../data/result';
import type { State } from '../state';
import { once, type Buckets } from './buckets';
import { awake, groupsAwake, indexOf, members, processors } from './indexes';
import { matcher } from './match';
import { spanRows } from './spans';

export type LaneKind = 'group' | 'goroutine' | 'P' | 'task' | 'regions' | 'owner';

const kinds: readonly LaneKind[] = ['group', 'goroutine', 'P', 'task', 'regions', 'owner'];

/** A lane: its index in result.groups, log.goroutines, the Ps, log.tasks or the rows of regions. */
export interface Lane {
  kind: LaneKind;
  index: number;
  /** 0 at the left, 1 below another. */
  depth: number;
}

/** Lanes are all lanes; they may be hundreds of thousands. */
export class Lanes {
  private readonly packed: number[] = [];
  private places: Map<number, number> | undefined;
  /** top[i] is where lane i begins, in CSS pixels; top[n] is the height of all. */
  top = new Float64Array(1);
  /** Lanes left out because they are at rest, and because nothing of them is in the range. */
  atRest = 0;
  elsewhere = 0;
  /** What is wrong with the filter. */
  problem = '';

  get n(): number {
    return this.packed.length;
  }

  add(kind: LaneKind, index: number, depth: number): void {
    this.packed.push(index * 16 + depth * 8 + kinds.indexOf(kind));
  }

  at(i: number): Lane {
    const p = this.packed[i]!;
    return { kind: kinds[p & 7]!, index: Math.floor(p / 16), depth: (p >> 3) & 1 };
  }

  /** find is where a lane stands, -1 if it is not there. */
  find(kind: LaneKind, index: number): number {
    if (!this.places) {
      this.places = new Map();
      this.packed.forEach((p, i) => this.places!.set(p - (p & 8), i));
    }
    return this.places.get(index * 16 + kinds.indexOf(kind)) ?? -1;
  }

  /** same says whether others are the same lanes in the same order. */
  same({ packed }: Lanes): boolean {
    return packed.length === this.n && this.packed.every((p, i) => p === packed[i]);
  }

  /** layout gives each lane its height. */
  layout(height: (lane: Lane) => number): this {
    this.top = new Float64Array(this.n + 1);
    for (let i = 0; i < this.n; i++) this.top[i + 1] = this.top[i]! + height(this.at(i));
    return this;
  }

  /** atHeight is the lane at a distance from the top, -1 below the last. */
  atHeight(y: number): number {
    if (y < 0 || y >= this.top[this.n]!) return -1;
    let [lo, hi] = [0, this.n - 1];
    while (lo < hi) {
      const mid = (lo + hi + 1) >>> 1;
      if (this.top[mid]! <= y) lo = mid;
      else hi = mid - 1;
    }
    return lo;
  }
}

/** ordered are the groups, the program's own before the runtime's. */
const ordered = once((result: Result): number[] => {
  const all = result.groups.map((_, i) => i);
  return [...all.filter((i) => !result.groups[i]!.system), ...all.filter((i) => result.groups[i]!.system)];
});

/** single is the one goroutine of a group that has just one, else -1: then its lane is the group's. */
export function single(result: Result, log: Log, group: number): number {
  const { at, items } = members(log);
  return result.groups[group]?.count === 1 && at[group + 1]! - at[group]! === 1 ? items[at[group]!]! : -1;
}

/** laneList is the lanes for what the reader chose. */
export function laneList(result: Result, log: Log, state: State): Lanes {
  const out = new Lanes();
  const list = new Listing(out, result, log, state);
  if (state.by === 'group') list.groups();
  else if (state.by === 'goroutine') list.goroutines();
  else if (state.by === 'P') for (let p = 0; p < processors(log); p++) out.add('P', p, 0);
  else list.tasks();
  return out;
}

/** Listing fills the lanes. */
class Listing {
  private readonly match;
  private readonly members: Buckets;
  private readonly awake: Uint8Array;
  /** The chosen goroutine, which is always listed, or -1. */
  private readonly chosen: number;

  constructor(
    private readonly out: Lanes,
    private readonly result: Result,
    private readonly log: Log,
    private readonly state: State,
  ) {
    this.match = matcher(result, log, state.query);
    this.members = members(log);
    this.awake = awake(log);
    this.chosen = state.goroutine > 0 ? indexOf(log, state.goroutine, state.instant) : -1;
    out.problem = this.match.problem;
  }

  groups(): void {
    const up = groupsAwake(this.log);
    for (const g of ordered(this.result)) {
      if (!this.wanted(g)) continue;
      if (this.state.hideRest && !up[g] && !(this.chosen >= 0 && this.log.goroutines.group[this.chosen] === g)) {
        this.out.atRest++;
        continue;
      }
      this.out.add('group', g, 0);
      if (this.state.open.includes(g) && single(this.result, this.log, g) < 0) this.membersOf(g, 1);
    }
  }

  goroutines(): void {
    for (const g of ordered(this.result)) if (this.wanted(g)) this.membersOf(g, 0);
  }

  private wanted(g: number): boolean {
    return (this.state.group < 0 || this.state.group === g) && this.match.group(g);
  }

  private membersOf(g: number, depth: number): void {
    const { at, items } = this.members;
    for (let m = at[g]!; m < at[g + 1]!; m++) {
      const i = items[m]!;
      if (!this.match.goroutine(i)) continue;
      if (i === this.chosen) this.out.add('goroutine', i, depth);
      else if (this.state.hideRest && !this.awake[i]) this.out.atRest++;
      else if (!this.here(i)) this.out.elsewhere++;
      else this.out.add('goroutine', i, depth);
    }
  }

  private here(g: number): boolean {
    const { at } = this.log.goroutines;
    const { start, end } = this.log.intervals;
    return at[g]! < at[g + 1]! && start[at[g]!]! < this.state.to && end[at[g + 1]! - 1]! > this.state.from;
  }

  tasks(): void {
    const { log, out, state } = this;
    const rows = spanRows(log);
    const { tasks } = log;
    const overlaps = (start: number, ns: number): boolean => start < state.to && start + ns >= state.from;
    for (const t of rows.tasks) {
      if (!this.match.names(log.strings[tasks.type[t]!]!, `task ${tasks.id[t]!}`, `#${tasks.id[t]!}`)) continue;
      if (!overlaps(tasks.start[t]!, tasks.ns[t]!)) {
        out.elsewhere++;
        continue;
      }
      out.add('task', t, 0);
      for (const row of rows.ofTask.get(tasks.id[t]!) ?? []) out.add('regions', row, 1);
    }
    for (const [g, own] of rows.ofGoroutine) {
      const group = log.goroutines.group[g]!;
      if (!this.match.names(this.result.groups[group]?.name ?? '', `G${log.goroutines.id[g]!}`, ...own.flatMap((r) => rows.names(r)))) continue;
      if (!own.some((r) => overlaps(rows.start(r), rows.end(r) - rows.start(r)))) {
        out.elsewhere++;
        continue;
      }
      out.add('owner', g, 0);
      for (const row of own) out.add('regions', row, 1);
    }
  }
}
