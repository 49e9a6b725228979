// The JSON of an analysis (analyze/result), as far as the page uses it. All
// instants and durations are nanoseconds since the trace's start.

export interface Result {
  verdict: { label: string; sentence: string };
  findings: Finding[];
  trace: Trace;
  scope: { from_ns: number; to_ns: number; goroutines: number; system_goroutines: number; at_rest_goroutines: number };
  time: Time;
  system_time: Time;
  waits: Latencies;
  concurrency: Concurrency;
  scheduler: Scheduler;
  groups: Group[];
  sites: Site[];
  sites_omitted: { count: number; total_ns: number };
  site_classes: SiteClass[];
  blame: Blame;
  tasks: Span[];
  regions: Span[];
  gc: GC;
}

export interface Frame {
  func: string;
  file: string;
  line: number;
}

export interface Moment {
  from_ns: number;
  to_ns: number;
  goroutine?: number;
}

export interface Finding {
  detector: string;
  title: string;
  severity: 'high' | 'medium' | 'low';
  lost_ns: number;
  lost_of: string;
  sentence: string;
  culprit: string;
  remedy: string;
  caveat: string;
  evidence: Record<string, number>;
  at: Moment[];
  groups: number[];
  victims: number[];
  stacks: { role: string; frames: Frame[] }[];
  explain: string;
}

export interface Trace {
  file: string;
  go_version: string;
  duration_ns: number;
  complete: boolean;
  gaps?: { from_ns: number; to_ns: number; problem: string }[];
  gomaxprocs: { at_ns: number; n: number }[];
  cpu_samples: number;
  warnings: { code: string; message: string }[];
}

/** Goroutine time; kinds by class/kind. */
export interface Time {
  lifetime_ns: number;
  running_ns: number;
  runnable_ns: number;
  blocked_sync_ns: number;
  blocked_io_ns: number;
  timer_ns: number;
  runtime_ns: number;
  unknown_ns: number;
  at_rest_ns: number;
  kinds: Record<string, number>;
  at_rest_kinds?: Record<string, number>;
}

export interface Latency {
  count: number;
  p50_ns: number;
  p90_ns: number;
  p99_ns: number;
  max_ns: number;
}

/** By class and by class/kind. */
export type Latencies = Record<string, Latency>;

export interface Partition {
  idle: number;
  latency_bound: number;
  stalled: number;
  serial: number;
  interleaved: number;
  parallel: number;
  unknown?: number;
}

export interface Concurrency {
  average_running: number;
  average_parallelism: number;
  average_engaged: number;
  /** Running or ready. */
  average_demand: number;
  /** Shares of the processors' time: ran goroutines; what there was work for; and of that, what was run. */
  efficiency: number;
  efficiency_supply: number;
  efficiency_demand: number;
  serial_work: number;
  amdahl_bound: number;
  karp_flatt: number;
  running_histogram_ns: number[];
  partition_ns: Partition;
  latency_cause_ns: Record<string, number>;
  stalled_cause_ns: Record<string, number>;
  interleaved_cause_ns: Record<string, number>;
  parallel_kind_ns: Record<string, number>;
}

export interface Scheduler {
  /** Runnable until running, all origins but yielded. */
  latency: Latency;
  latency_by_origin: Latencies;
  worst?: ReadyWait[];
  worst_after_io?: ReadyWait[];
  runnable_some_ns: number;
  runnable_full_ns: number;
  ready_ns: number;
  ready_cause_ns: Record<'stw' | 'dispatch' | 'gc' | 'syscall_held' | 'saturated', number>;
  hidden_delay: { count: number; lower_ns: number; upper_ns: number; late_timers: number; worst?: LateWait[] };
  long_runs?: LongRun[];
  long_run_count: number;
  long_run_harm_ns: number;
  syscall_holds?: SyscallHold[];
  idle_blocked_ns: Record<'sync' | 'io' | 'timer' | 'syscall' | 'runtime', number>;
  p_time_ns: Record<'user' | 'gc' | 'syscall' | 'spinning' | 'stw' | 'idle', number> & { unknown?: number };
}

export interface GroupTime {
  group: number;
  ns: number;
}

export interface ReadyWait {
  at_ns: number;
  duration_ns: number;
  goroutine: number;
  group: number;
  origin: string;
  after_io?: boolean;
  ran?: GroupTime[];
}

export interface LateWait {
  at_ns: number;
  duration_ns: number;
  goroutine: number;
  group: number;
  kind: string;
  lower_ns: number;
  upper_ns: number;
  frames: Frame[];
  ran?: GroupTime[];
}

export interface LongRun {
  at_ns: number;
  end_ns: number;
  run_ns: number;
  goroutine: number;
  group: number;
  harm_ns: number;
  longest_slice_ns: number;
  frames: Frame[];
}

export interface SyscallHold {
  at_ns: number;
  duration_ns: number;
  harm_ns: number;
  goroutine: number;
  group: number;
  frames: Frame[];
}

/** A place in the code where goroutines waited; at-rest waits are counted apart. */
export interface Site {
  class: string;
  kind: string;
  frames: Frame[];
  rule?: SiteRule;
  waits: number;
  total_ns: number;
  p50_ns: number;
  p90_ns: number;
  p99_ns: number;
  max_ns: number;
  at_rest_waits: number;
  at_rest_ns: number;
  groups: number[];
  idle_blocked_ns: number;
  wakers?: Waker[];
  worst?: Moment[];
  pieces: Piece[];
}

/** What the user says of a place. */
export interface SiteRule {
  name: string;
  is?: string;
}

/** A lock or a channel, as far as places that end each other's waits are one. */
export interface SiteClass {
  kind: string;
  sites: number[];
  waits: number;
  total_ns: number;
  idle_blocked_ns: number;
  send_ns: number;
  most_waiting: number;
  waiting_ns: number;
  busy_ns: number;
  hand_offs: number;
  service: Latency;
  convoys?: { ns: number };
  critical_path_share?: number;
}

export interface Waker {
  /** -1 for a timer, the poller or the runtime. */
  group: number;
  frames: Frame[];
  waits: number;
  total_ns: number;
  via_ns?: Record<string, number>;
}

export interface Group {
  id: number;
  name: string;
  created_by: string;
  system: boolean;
  count: number;
  verdict: string;
  time: Time;
  run_count: number;
  /** Ready time of others while this group's goroutines had the processors. */
  harm_ns: number;
  waits: Latencies;
  parallelism: { verdict: string; most_engaged: number };
  open_sites?: { kind: string; frames: Frame[]; count: number; longest_ns: number; closed: number }[];
  parents?: { group: number; count: number }[];
  at_rest?: { rule: string; kind: string; frames?: Frame[]; waits: number; total_ns: number }[];
  inside?: { func: string; time: Time }[];
}

export interface Piece {
  kind: string;
  frame?: Frame;
  caller?: Frame;
  how?: string;
  region?: string;
  group?: number;
  stopped?: boolean;
  ns: number;
  direct_ns: number;
  propagated_ns: number;
  held_in?: Frame;
}

export interface Edge {
  from: number;
  /** A group, -1 where node is none. */
  to: number;
  node: string;
  waits: number;
  ns: number;
  kinds: Record<string, number>;
  pieces?: Piece[];
  at?: Moment[];
}

export interface Knot {
  groups: number[];
  inside_ns: number;
  work_ns: number;
  timer_ns: number;
  trapped_ns: number;
  at?: Moment[];
}

export interface Omitted {
  count: number;
  ns: number;
}

export interface Blame {
  waited_ns: number;
  unresolved_ns: number;
  pieces: Piece[];
  pieces_omitted: Omitted;
  edges: Edge[];
  edges_omitted: Omitted;
  knots: Knot[];
}

export interface SlowRun {
  task: number;
  goroutine: number;
  begin_ns: number;
  duration_ns: number;
  pieces?: Piece[];
}

export interface Span {
  type: string;
  count: number;
  complete: number;
  duration: Latency;
  time: Time;
  slowest?: SlowRun[];
  typical?: SlowRun;
  path?: { runs: number; ns: number; pieces: Piece[] };
  work?: {
    runs: number;
    ns: number;
    work_ns: number;
    span_ns: number;
    span_latency_ns: number;
    chain?: Piece[];
  };
}

export interface GC {
  cycles: number;
  mark_ns: number;
  mark: Latency;
  assist_ns: number;
  sweep_ns: number;
  worker_ns: number;
  stw: { reason: string; total_ns: number; pauses: Latency; frames?: Frame[] }[];
  heap_max_b: number;
  heap_goal_b: number;
  stw_total_ns: number;
  longest_stws?: { reason: string; at_ns: number; duration_ns: number }[];
  /** The least share of the processors that the program had in any window of a length. */
  mmu?: { window_ns: number; utilization: number }[];
}
