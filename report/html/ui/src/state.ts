// What the reader chose, its way into the address and back, and who wants to
// know when it changes.

import { shortFunc } from './format';

export type LanesBy = 'group' | 'goroutine' | 'P' | 'task';

export interface State {
  /** The range that everything follows, ns since the trace's start. */
  from: number;
  to: number;
  by: LanesBy;
  /** Indexes in result.groups of lanes that are opened. */
  open: readonly number[];
  /** Group, by index in result.groups, that the timeline is limited to; -1: none. */
  group: number;
  /** ID of the goroutine in the drawer, 0 for none, and the instant of the interval chosen there, -1 for none. */
  goroutine: number;
  instant: number;
  /** Filter of groups and lanes: /re/ or text, -text excludes. */
  query: string;
  hideRest: boolean;
  /** Class shown as a flame graph, and the tab below the groups. */
  flame: string;
  tab: string;
  overlays: boolean;
  patterns: boolean;
  theme: 'auto' | 'light' | 'dark';
  /** Single-letter keys; switchable off for screen readers and voice control. */
  keys: boolean;
}

export type Key = keyof State;
type Listener = (changed: ReadonlySet<Key>) => void;

export class Store {
  private now: State;
  private readonly listeners: Listener[] = [];
  /** When a drag last moved, when the address was written, and the timer that will write it, or 0. */
  private dragged = -Infinity;
  private written = -Infinity;
  private due = 0;
  /** Whether the entry of the history that is shown was added by set. */
  private own = false;

  constructor(
    private readonly initial: State,
    /** result.groups' names, for the address. */
    private readonly groups: readonly string[],
  ) {
    this.now = { ...initial };
  }

  get state(): Readonly<State> {
    return this.now;
  }

  /** watch calls back after every change that concerns one of the keys. */
  watch(keys: readonly Key[], fn: Listener): void {
    this.listeners.push((changed) => {
      if (keys.some((k) => changed.has(k))) fn(changed);
    });
  }

  /**
   * set changes the state. A step is one that Alt+← takes back; a drag is many
   * that are one: its first adds to the history, the others write over it. More
   * belongs to the step before, however long ago that was.
   */
  set(patch: Partial<State>, how: 'step' | 'drag' | 'more' = 'step'): void {
    const next = this.fit({ ...this.now, ...patch });
    const changed = new Set<Key>();
    for (const key of Object.keys(next) as Key[]) if (!same(next[key], this.now[key])) changed.add(key);
    if (changed.size === 0) return;
    const time = performance.now();
    const goesOn = (how === 'drag' && time - this.dragged < 400) || (how === 'more' && this.own);
    if (!goesOn && this.due !== 0) this.write('replaceState'); // where the drag before came to
    this.now = next;
    this.dragged = how === 'drag' ? time : -Infinity;
    this.own = true;
    // Browsers refuse to write the address with every frame.
    if (!goesOn) this.write('pushState');
    else if (time - this.written > 100) this.write('replaceState');
    else if (this.due === 0) this.due = window.setTimeout(() => this.write('replaceState'), 100);
    for (const listener of this.listeners) listener(changed);
  }

  /** write puts the state into the address. */
  private write(how: 'pushState' | 'replaceState'): void {
    clearTimeout(this.due);
    this.due = 0;
    this.written = performance.now();
    const hash = this.hash();
    try {
      history[how](null, '', hash === '' ? location.pathname + location.search : '#' + hash);
    } catch {
      // A browser that takes this for too often keeps the address of before; the page goes on.
    }
  }

  /**
   * groupIn reads which group an address means: by its name, as its number is
   * another one in another report. The number tells groups of one name apart.
   */
  private groupIn(text: string): number {
    const [, number, name] = /^(?:(\d+):)?([^]*)$/.exec(text) ?? [];
    if (number !== undefined && this.groups[Number(number)] === name) return Number(number);
    if (name === undefined || name === '') return -1;
    const exact = this.groups.indexOf(name);
    return exact >= 0 ? exact : this.groups.findIndex((g) => shortFunc(g) === name);
  }

  /** fit keeps the range within the trace, and not shorter than 100 ns. */
  private fit(s: State): State {
    const { from: first, to: last } = this.initial;
    const width = Math.min(Math.max(Math.round(s.to - s.from), Math.min(100, last - first)), last - first);
    let from = Math.round(s.from);
    if (from + width > last) from = last - width;
    if (from < first) from = first;
    return { ...s, from, to: from + width };
  }

  /** whole says whether the range is the whole trace. */
  get whole(): boolean {
    return this.now.from === this.initial.from && this.now.to === this.initial.to;
  }

  get bounds(): { from: number; to: number } {
    return { from: this.initial.from, to: this.initial.to };
  }

  /** hash is the state as it stands in the address: what differs from the beginning. */
  hash(): string {
    const s = this.now;
    const out = new URLSearchParams();
    if (!this.whole) out.set('t', `${s.from}-${s.to}ns`);
    if (s.by !== this.initial.by) out.set('v', s.by);
    if (s.group >= 0) out.set('g', `${s.group}:${this.groups[s.group] ?? ''}`);
    if (s.open.length > 0) out.set('o', s.open.join('.'));
    if (s.goroutine !== 0) out.set('sel', `G${s.goroutine}` + (s.instant >= 0 ? `@${s.instant}` : ''));
    if (s.query !== '') out.set('q', s.query);
    if (s.hideRest !== this.initial.hideRest) out.set('hb', s.hideRest ? '1' : '0');
    if (s.flame !== this.initial.flame) out.set('f', s.flame);
    if (s.tab !== this.initial.tab) out.set('tab', s.tab);
    if (s.overlays !== this.initial.overlays) out.set('ov', s.overlays ? '1' : '0');
    if (s.patterns !== this.initial.patterns) out.set('p', s.patterns ? '1' : '0');
    if (s.theme !== this.initial.theme) out.set('th', s.theme);
    if (s.keys !== this.initial.keys) out.set('k', s.keys ? '1' : '0');
    return out.toString();
  }

  /** restore takes the state from the address, at the start and on Back. What does not parse is passed over. */
  restore(hash: string): void {
    clearTimeout(this.due);
    this.due = 0;
    this.dragged = -Infinity;
    this.own = false;
    const q = new URLSearchParams(hash.replace(/^#/, ''));
    const s: State = { ...this.initial };
    const t = rangeIn(q.get('t') ?? '');
    if (t) [s.from, s.to] = t;
    const by = q.get('v');
    if (by === 'group' || by === 'goroutine' || by === 'P' || by === 'task') s.by = by;
    s.group = this.groupIn(q.get('g') ?? '');
    s.open = [...new Set((q.get('o') ?? '').split('.').filter((x) => /^\d+$/.test(x)).map(Number))].filter((x) => x < this.groups.length);
    const sel = /^G(\d+)(?:@(\d+))?$/.exec(q.get('sel') ?? '');
    if (sel) [s.goroutine, s.instant] = [Number(sel[1]), sel[2] === undefined ? -1 : Number(sel[2])];
    s.query = (q.get('q') ?? '').slice(0, 500);
    const flag = (name: string, or: boolean): boolean => (q.has(name) ? q.get(name) === '1' : or);
    s.hideRest = flag('hb', s.hideRest);
    s.overlays = flag('ov', s.overlays);
    s.patterns = flag('p', s.patterns);
    s.keys = flag('k', s.keys);
    s.flame = q.get('f') ?? s.flame;
    s.tab = q.get('tab') ?? s.tab;
    const theme = q.get('th');
    if (theme === 'light' || theme === 'dark') s.theme = theme;
    const next = this.fit(s);
    const changed = new Set<Key>();
    for (const key of Object.keys(next) as Key[]) if (!same(next[key], this.now[key])) changed.add(key);
    this.now = next;
    if (changed.size > 0) for (const listener of this.listeners) listener(changed);
  }
}

/** Units in which a range may be written by hand. */
const units: Record<string, number> = { ns: 1, us: 1e3, 'µs': 1e3, 'μs': 1e3, ms: 1e6, s: 1e9, min: 60e9 };

/** rangeIn reads 3.2s-4.05s, 10-20ms or what the page writes itself, 100-200ns; null where it is no range. */
function rangeIn(text: string): [number, number] | null {
  const m = /^\s*(\d+(?:\.\d*)?)\s*([a-zµμ]*)\s*[-–]\s*(\d+(?:\.\d*)?)\s*([a-zµμ]+)\s*$/.exec(text);
  if (!m) return null;
  const last = units[m[4]!];
  const first = m[2] === '' ? last : units[m[2]!];
  if (first === undefined || last === undefined) return null;
  const [from, to] = [Math.round(Number(m[1]) * first), Math.round(Number(m[3]) * last)];
  return to > from ? [from, to] : null;
}

function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, i) => x === b[i]);
  return a === b;
}
