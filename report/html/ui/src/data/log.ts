// What the goroutines did, interval by interval (analyze/interval.Log).
// All instants and durations are nanoseconds since the trace's start.

import { decodeBlock, type Column } from './columns';

/** A kind of time, as analyze/waitkind has it. Its index is what cells refer to. */
export interface Kind {
  /** class/kind, such as blocked-sync/mutex. */
  label: string;
  class: ClassName;
  /** What a goroutine of this kind is doing, in words. */
  doc: string;
}

export const classNames = ['running', 'runnable', 'blocked-sync', 'blocked-io', 'timer', 'runtime', 'unknown'] as const;
export type ClassName = (typeof classNames)[number];

/** Flags of a cell. */
export const CellAtRest = 1; // idle by design
export const CellJoin = 2; // represented by those that it waits for: not in progress by itself
export const CellInferred = 4; // the kind was read off a stack
export const CellSwitch = 8; // the instant between two sides of a coroutine switch
export const CellMerged = 16; // stands for several intervals that were too short to keep; rest.* has their time
export const CellWhole = 32; // lasted from the trace's start to its end
export const CellGap = 64; // lies in a part of the trace that is missing

/** Flags of a goroutine. */
export const GoOlder = 1; // older than the trace, or than the window
export const GoOpen = 2; // still there at the end
export const GoSystem = 4; // the runtime's or the tracer's own

/** Flags of tasks and regions. */
export const SpanOlder = 1; // the beginning is not in the trace
export const SpanOpen = 2; // the end is not in the trace

/** Codes of ranges. */
export const RangeMark = 0; // a mark phase of the garbage collector
export const RangeSTW = 1; // a stop of the world

export interface LogHeader {
  from: number;
  to: number;
  strings: string[];
  kinds: Kind[];
  /** Bins that rest.* and procs.* are of: equal stretches from `from` on. */
  bins: { width: number; n: number };
  /** Bins that lat.* is of. */
  latBins: { width: number; n: number };
  /** Bins that sweep.* is of, and the labels of the partition by number. */
  sweep: { from: number; width: number; n: number; labels: string[] };
  kept: Kept;
}

/** What was merged or left out to fit. */
export interface Kept {
  intervals: number; // of the trace
  kept: number; // single ones in the page
  /** Intervals shorter than this were merged; 0: none was. */
  belowNs: number;
  goroutines: number;
  keptGoroutines: number;
  tasks: number;
  keptTasks: number;
  regions: number;
  keptRegions: number;
  logs: number;
  keptLogs: number;
  samples: number;
  keptSamples: number;
  /** Stops of the world and mark phases. */
  ranges: number;
  keptRanges: number;
  heap: number;
  keptHeap: number;
  /** Says the above to a reader; '' where all is kept. */
  sentence: string;
}

export interface Log {
  header: LogHeader;
  from: number;
  to: number;
  /** Whether every interval is there as it was, so that all sums of a range are exact. */
  complete: boolean;
  strings: string[];
  kinds: Kind[];

  frames: { fn: Column; file: Column; line: Column };
  /** Frames of stack s, leaf first: stackFrames[stackAt[s]] to stackFrames[stackAt[s+1]]. Stack 0 is empty. */
  stackAt: Uint32Array;
  stackFrames: Column;

  /** What intervals were: index in result.groups, kind, stack, flags, reason (string), rule of at rest (string). */
  cells: { group: Column; kind: Column; stack: Column; flags: Column; reason: Column; rule: Column };

  /** Goroutines by ID. Intervals of g: at[g] to at[g+1], without holes from start[g] on. */
  goroutines: {
    n: number;
    id: Column;
    group: Column;
    /** ID of the creator, 0 where the trace does not tell. */
    parent: Column;
    flags: Column;
    start: Column;
    at: Uint32Array;
  };
  /** Intervals, goroutine by goroutine: start, end, cell; who: of a running one its P + 1, of a wait
   * the waker's ID (0: a timer, the poller, the runtime, or not told), of a merged one how many it stands for; stack: the waker's. */
  intervals: { n: number; start: Float64Array; end: Float64Array; cell: Column; who: Column; stack: Column };

  /** What was merged: ns and number of intervals of a cell in a bin, sorted by bin. */
  rest: { n: number; bin: Column; cell: Column; ns: Column; count: Column };
  /** Lengths of what was merged: how many of a group and kind in a bin of lat in a bucket, 2^(bucket/4) ns. */
  lat: { n: number; bin: Column; group: Column; kind: Column; bucket: Column; count: Column };
  /** What a P ran that is in merged intervals, of user goroutines and of the runtime's, and of goroutines that were not asked for: ns in a bin. */
  procs: { n: number; bin: Column; p: Column; user: Column; system: Column; other: Column };
  /** For how long so many user goroutines ran under a label of the partition, in a bin of sweep. */
  sweep: { n: number; bin: Column; label: Column; running: Column; ns: Column };

  /** Stops of the world and mark phases, in order. reason: string; g: goroutine ID or 0. */
  ranges: { n: number; code: Column; start: Column; ns: Column; reason: Column; g: Column };
  /** Heap sizes: goal 1 for the goal, 0 for the live heap. */
  heap: { n: number; at: Column; bytes: Column; goal: Column };
  /** task and parent: IDs. type: string. g: goroutine ID that began it. */
  tasks: { n: number; id: Column; parent: Column; type: Column; g: Column; start: Column; ns: Column; flags: Column };
  regions: { n: number; task: Column; type: Column; g: Column; start: Column; ns: Column; flags: Column };
  /** runtime/trace.Log calls: category and message are strings. */
  logs: { n: number; at: Column; g: Column; task: Column; category: Column; message: Column };
  /** CPU samples: p is P + 1, 0 where there was none. */
  samples: { n: number; at: Column; g: Column; p: Column; stack: Column };
}

/** decodeLog reads the block that holds the log. */
export function decodeLog(raw: Uint8Array): Log {
  const b = decodeBlock<LogHeader>(raw);
  const c = (name: string): Column => b.column(name);
  const set = <K extends string>(prefix: string, ...names: K[]): { n: number } & Record<K, Column> => {
    const out = { n: c(`${prefix}.${names[0]}`).length } as { n: number } & Record<string, Column | number>;
    for (const name of names) out[name] = c(`${prefix}.${name}`);
    return out as { n: number } & Record<K, Column>;
  };
  const h = b.header;
  const go = set('go', 'id', 'group', 'parent', 'flags', 'start', 'count');
  const at = ends(go.count);
  const n = at[go.n]!;
  const start = new Float64Array(n);
  const end = new Float64Array(n);
  const ns = c('iv.ns');
  for (let g = 0; g < go.n; g++) {
    let t = go.start[g]!;
    for (let i = at[g]!; i < at[g + 1]!; i++) {
      start[i] = t;
      t += ns[i]!;
      end[i] = t;
    }
  }
  return {
    header: h,
    from: h.from,
    to: h.to,
    complete: h.kept.belowNs === 0 && h.kept.goroutines === h.kept.keptGoroutines,
    strings: h.strings,
    kinds: h.kinds,
    frames: set('frame', 'fn', 'file', 'line'),
    stackAt: ends(c('stack.count')),
    stackFrames: c('stack.frame'),
    cells: set('cell', 'group', 'kind', 'stack', 'flags', 'reason', 'rule'),
    goroutines: { n: go.n, id: go.id, group: go.group, parent: go.parent, flags: go.flags, start: go.start, at },
    intervals: { n, start, end, cell: c('iv.cell'), who: c('iv.who'), stack: c('iv.stack') },
    rest: set('rest', 'bin', 'cell', 'ns', 'count'),
    lat: set('lat', 'bin', 'group', 'kind', 'bucket', 'count'),
    procs: set('procs', 'bin', 'p', 'user', 'system', 'other'),
    sweep: set('sweep', 'bin', 'label', 'running', 'ns'),
    ranges: set('range', 'code', 'start', 'ns', 'reason', 'g'),
    heap: set('heap', 'at', 'bytes', 'goal'),
    tasks: set('task', 'id', 'parent', 'type', 'g', 'start', 'ns', 'flags'),
    regions: set('region', 'task', 'type', 'g', 'start', 'ns', 'flags'),
    logs: set('log', 'at', 'g', 'task', 'category', 'message'),
    samples: set('sample', 'at', 'g', 'p', 'stack'),
  };
}

/** ends turns counts into where each begins, and one more where the last ends. */
function ends(counts: Column): Uint32Array {
  const out = new Uint32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) out[i + 1] = out[i]! + counts[i]!;
  return out;
}
