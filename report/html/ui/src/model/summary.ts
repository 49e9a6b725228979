// What the goroutines did in a range: the numbers of `conctrace analyze --from
// --to`, but that what is at rest was decided over the whole trace.

import { CellAtRest, CellMerged, CellSwitch, type Log } from '../data/log';
import type { Latency, Result } from '../data/result';
import { coarse, Histogram } from './histogram';
import { mergedRows } from './merged';
import { firstAfter } from './buckets';
import { parallelism, type Parallelism } from './parallel';
import { binShare, overlap, Times } from './time';

export interface GroupSum {
  /** How many goroutines were seen; of a range, of those that the page has one by one. */
  count: number;
  times: Times;
}

export interface Summary {
  from: number;
  to: number;
  /** Whether the range is the whole trace: then the numbers are those of the JSON. */
  whole: boolean;
  exact: boolean;
  /** Time and number of intervals of each cell of the log; groups of the runtime's own too. */
  cellNs: Float64Array;
  cellCount: Float64Array;
  /** User goroutines. */
  times: Times;
  system: Times;
  /** By index in result.groups. */
  groups: readonly GroupSum[];
  /** Distribution of a class or class/kind, at-rest waits left out: of a group, or of all user goroutines. */
  latency(label: string, group?: number): Latency;
  /** The same with its buckets, always from the log. */
  histogram(label: string, group?: number): Histogram;
  /** Waits for a processor of all origins but yielded. */
  schedulingLatency(): Latency;
  parallel(): Parallelism;
}

const nothing: Latency = { count: 0, p50_ns: 0, p90_ns: 0, p99_ns: 0, max_ns: 0 };

/** summarise sums a range up. */
export function summarise(result: Result, log: Log, from: number, to: number): Summary {
  const whole = from === log.from && to === log.to;
  const tally = new Tally(result, log, from, to);
  tally.intervals();
  if (!log.complete) tally.merged();
  const groups = tally.groups();
  const times = new Times(log.kinds);
  const system = new Times(log.kinds);
  groups.forEach((g, i) => (result.groups[i]!.system ? system : times).merge(g.times));
  const histogram = remember((label: string, group?: number) => tally.distribution(label, group));
  const latency = remember((label: string, group?: number) => histogram(label, group).latency());
  let found: Parallelism | null = null;
  return {
    from, to, whole,
    exact: whole || log.complete,
    cellNs: tally.ns, cellCount: tally.count, groups, histogram,
    times: whole ? Times.of(log.kinds, result.time) : times,
    system: whole ? Times.of(log.kinds, result.system_time) : system,
    latency: (label, group) => (whole ? ((group === undefined ? result : result.groups[group])?.waits[label] ?? nothing) : latency(label, group)),
    schedulingLatency: () => (whole ? result.scheduler.latency : latency('runnable but yielded')),
    parallel: () => (found ??= whole ? ofWhole(result) : parallelism(result, log, from, to)),
  };
}

function ofWhole({ concurrency: c }: Result): Parallelism {
  return { histogram: c.running_histogram_ns, partition: c.partition_ns, averageRunning: c.average_running, averageParallelism: c.average_parallelism };
}

function remember<V>(work: (label: string, group?: number) => V): (label: string, group?: number) => V {
  const known = new Map<string, V>();
  return (label, group) => {
    const key = `${group ?? ''} ${label}`;
    let v = known.get(key);
    if (v === undefined) known.set(key, (v = work(label, group)));
    return v;
  };
}

/** Edge is a bin of which the range has a part, and for how long stand-ins of each group are in that. */
interface Edge {
  bin: number;
  from: number;
  to: number;
  share: number;
  ns: Float64Array;
}

/** edgesOf are the first and the last bin of a range, where it does not have the whole of them. */
function edgesOf(log: Log, groups: number, from: number, to: number): Edge[] {
  if (log.complete || to <= from) return [];
  const { width } = log.header.bins;
  const first = Math.floor((from - log.from) / width);
  const last = Math.min(Math.floor((to - 1 - log.from) / width), log.header.bins.n - 1);
  return [...new Set([first, last])].flatMap((bin) => {
    const share = binShare(bin, log.from, width, log.to, from, to);
    const at = log.from + bin * width;
    return share < 1 ? [{ bin, from: Math.max(at, from), to: Math.min(at + width, to), share, ns: new Float64Array(groups) }] : [];
  });
}

/** Tally goes through the log once. */
class Tally {
  readonly ns: Float64Array;
  readonly count: Float64Array;
  private readonly seen: Uint32Array;
  /** By group × kinds + kind, made when something is in it. */
  private readonly histograms: (Histogram | undefined)[] = [];
  /** By cell: where its intervals count, -1 for at-rest ones and instants that only the format has. */
  private readonly slot: Int32Array;
  /** By cell: running code, of which an interval may have been cut in two for other reasons. */
  private readonly code: Uint8Array;
  private readonly edges: readonly Edge[];

  constructor(
    private readonly result: Result,
    private readonly log: Log,
    private readonly from: number,
    private readonly to: number,
  ) {
    const { group, kind, flags } = log.cells;
    const n = kind.length;
    this.ns = new Float64Array(n);
    this.count = new Float64Array(n);
    this.seen = new Uint32Array(result.groups.length);
    this.edges = edgesOf(log, result.groups.length, from, to);
    this.slot = Int32Array.from({ length: n }, (_, c) => (flags[c]! & (CellAtRest | CellSwitch) ? -1 : group[c]! * log.kinds.length + kind[c]!));
    this.code = Uint8Array.from({ length: n }, (_, c) => (/^running\/(user|gc-assist)$/.test(log.kinds[kind[c]!]!.label) ? 1 : 0));
  }

  private at(slot: number): Histogram {
    return (this.histograms[slot] ??= new Histogram());
  }

  intervals(): void {
    const { log, ns, count, slot, code, from, to, edges } = this;
    const { start, end, cell } = log.intervals;
    const { at, group, n } = log.goroutines;
    const skip = Uint8Array.from(log.cells.flags, (f) => (f & CellMerged ? 1 : 0));
    for (let g = 0; g < n; g++) {
      const last = at[g + 1]!;
      let pending = 0;
      let seen = false;
      for (let i = firstAfter((k) => end[k]!, at[g]!, last, from); i < last && start[i]! < to; i++) {
        const length = Math.min(end[i]!, to) - Math.max(start[i]!, from);
        if (length <= 0) continue;
        seen = true;
        const c = cell[i]!;
        if (skip[c]) {
          for (const edge of edges) edge.ns[group[g]!]! += overlap(start[i]!, end[i]!, edge.from, edge.to);
          continue;
        }
        ns[c]! += length;
        count[c]! += 1;
        const where = slot[c]!;
        if (where < 0) continue;
        if (code[c] && i + 1 < last && start[i + 1]! < to && slot[cell[i + 1]!] === where) {
          pending += length;
          continue;
        }
        this.at(where).add(pending + length);
        pending = 0;
      }
      if (seen && group[g]! < this.seen.length) this.seen[group[g]!]!++;
    }
  }

  /**
   * merged adds what is only known by bins. Of a bin that is in the range in part,
   * a group has the time for which its stand-ins are in that, and of goroutines
   * without stand-ins in proportion; of each class as much of it as in the whole bin.
   */
  merged(): void {
    const { log, from, to } = this;
    const { rest, lat } = log;
    const { bins, latBins } = log.header;
    const shares = Float64Array.from({ length: bins.n }, (_, b) => binShare(b, log.from, bins.width, log.to, from, to));
    const within = this.edges.map((edge) => this.shareOf(edge));
    const latShares = Float64Array.from({ length: latBins.n }, (_, b) => binShare(b, log.from, latBins.width, log.to, from, to));
    for (let i = 0; i < rest.n; i++) {
      let share = shares[rest.bin[i]!]!;
      if (share === 0) continue;
      const c = rest.cell[i]!;
      if (share < 1) share = within[this.edges.findIndex((edge) => edge.bin === rest.bin[i])]?.[log.cells.group[c]!] ?? share;
      this.ns[c]! += rest.ns[i]! * share;
      this.count[c]! += rest.count[i]! * share;
    }
    for (let i = 0; i < lat.n; i++) {
      const share = latShares[lat.bin[i]!]!;
      if (share === 0) continue;
      const h = this.at(lat.group[i]! * log.kinds.length + lat.kind[i]!);
      const b = lat.bucket[i]! * coarse;
      h.addTo(b + coarse / 2, lat.count[i]! * share);
      h.max = Math.max(h.max, Math.round(2 ** ((lat.bucket[i]! + 0.5) / 4)));
    }
  }

  /** shareOf is, by group, the part of its merged time in a bin that lies in the range. */
  private shareOf(edge: Edge): Float64Array {
    const rows = mergedRows(this.log);
    return edge.ns.map((ns, g) => {
      for (let r = rows.at[g]!; r < rows.at[g + 1]!; r++) {
        if (rows.bin[r] === edge.bin) return Math.min(1, (ns + rows.stray[r]! * edge.share) / rows.ns[r]!);
      }
      return 0;
    });
  }

  groups(): GroupSum[] {
    const { result, log } = this;
    const whole = this.from === log.from && this.to === log.to;
    const out = result.groups.map((g, i) => ({ count: whole ? g.count : this.seen[i]!, times: whole ? Times.of(log.kinds, g.time) : new Times(log.kinds) }));
    if (whole) return out;
    const { group, kind, flags } = log.cells;
    for (let c = 0; c < kind.length; c++) out[group[c]!]?.times.add(kind[c]!, this.ns[c]!, (flags[c]! & CellAtRest) !== 0);
    return out;
  }

  distribution(label: string, group?: number): Histogram {
    const { result, log } = this;
    const wanted = (k: (typeof log.kinds)[number]): boolean => k.label === label || k.class === label || (label === 'runnable but yielded' && k.class === 'runnable' && k.label !== 'runnable/yielded');
    const out = new Histogram();
    const add = (g: number): void =>
      log.kinds.forEach((k, i) => {
        const h = this.histograms[g * log.kinds.length + i];
        if (h && wanted(k)) out.merge(h);
      });
    if (group !== undefined) add(group);
    else result.groups.forEach((g, i) => !g.system && add(i));
    return out;
  }
}
