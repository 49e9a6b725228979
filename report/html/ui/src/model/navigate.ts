// Moving the range, and showing a goroutine: what keys, buttons and links do.

import type { Page } from '../page';
import type { State, Store } from '../state';
import type { Log } from '../data/log';
import { goroutineOf, intervalAt, livesOf, wakerOf } from './indexes';
import { single } from './lanes';
import { matcher } from './match';

/** zoom makes the range shorter (factor < 1) or longer around an instant. */
export function zoom(store: Store, factor: number, around = (store.state.from + store.state.to) / 2): void {
  const { from, to } = store.state;
  const least = Math.min(100, store.bounds.to - store.bounds.from) / (to - from);
  const f = Math.max(factor, least);
  store.set({ from: around - (around - from) * f, to: around + (to - around) * f }, 'drag');
}

/** pan moves the range by a share of its length. */
export function pan(store: Store, share: number): void {
  const { from, to } = store.state;
  shift(store, (to - from) * share);
}

/** shift moves the range by ns. */
export function shift(store: Store, ns: number): void {
  const { from, to } = store.state;
  const by = Math.max(store.bounds.from - from, Math.min(store.bounds.to - to, Math.round(ns)));
  if (by !== 0) store.set({ from: from + by, to: to + by }, 'drag');
}

/** wholeTrace shows everything. */
export function wholeTrace(store: Store): void {
  store.set(store.bounds);
}

/** chosenInterval is the interval that is chosen, -1 if none is. */
export function chosenInterval(page: Page): number {
  const { goroutine, instant } = page.store.state;
  const g = goroutine > 0 ? page.goroutineAt(goroutine) : -1;
  return g < 0 || instant < 0 ? -1 : intervalAt(page.log, g, instant);
}

/** fit shows the chosen interval, or the chosen goroutine's life, or else the whole trace. */
export function fit(page: Page): void {
  const { log, store } = page;
  const i = chosenInterval(page);
  const g = store.state.goroutine > 0 ? page.goroutineAt(store.state.goroutine) : -1;
  if (i >= 0) store.set(around(store, log.intervals.start[i]!, log.intervals.end[i]!));
  else if (g >= 0 && log.goroutines.at[g + 1]! > log.goroutines.at[g]!) {
    store.set(around(store, log.intervals.start[log.goroutines.at[g]!]!, log.intervals.end[log.goroutines.at[g + 1]! - 1]!));
  } else wholeTrace(store);
}

/** around is a range with some room on both sides of a stretch, and some for an instant. */
export function around({ bounds }: Store, from: number, to: number): { from: number; to: number } {
  const margin = to > from ? Math.max(20, (to - from) * 0.2) : 1000;
  return { from: Math.max(bounds.from, from - margin), to: Math.min(bounds.to, to + margin) };
}

/** opening is the change of state that shows goroutine g: an instant says which life it is, where its ID has several. */
export function opening(log: Log, g: number): Pick<State, 'goroutine' | 'instant'> {
  const id = log.goroutines.id[g]!;
  return { goroutine: id, instant: livesOf(log, id).length > 1 ? log.goroutines.start[g]! : -1 };
}

/** revealing is the change of state that shows a goroutine: its lane is not filtered away, and the instant is in range. */
export function revealing(page: Page, id: number, instant: number): Partial<State> {
  const { log, result, store } = page;
  const s = store.state;
  const patch: Partial<State> = { goroutine: id, instant };
  const g = page.goroutineAt(id, instant);
  if (g < 0) return patch;
  const group = log.goroutines.group[g]!;
  if (s.group >= 0 && s.group !== group) patch.group = -1;
  const match = matcher(result, log, s.query);
  if (!match.group(group) || !match.goroutine(g)) patch.query = '';
  if (s.by === 'group' && group >= 0 && !s.open.includes(group) && single(result, log, group) < 0) patch.open = [...s.open, group];
  if (instant >= 0 && (instant < s.from || instant > s.to)) {
    const half = (s.to - s.from) / 2;
    patch.from = Math.max(store.bounds.from, Math.min(instant - half, store.bounds.to - 2 * half));
    patch.to = patch.from + 2 * half;
  }
  return patch;
}

/** showing is the same for a goroutine as a whole. */
export function showing(page: Page, g: number): Partial<State> {
  const { goroutine, instant } = opening(page.log, g);
  return revealing(page, goroutine, instant);
}

/** toWaker goes to whoever made the chosen goroutine ready: ended its wait, or created it. */
export function toWaker(page: Page): void {
  const { log } = page;
  const i = chosenInterval(page);
  if (i < 0) return page.announce('Choose an interval first: click on one in the timeline.');
  const by = readiedBy(log, i);
  const g = by ? page.goroutineAt(by.id, by.at) : -1;
  if (!by) return page.announce('No goroutine is known to have ended this one.');
  page.reveal(by.id, by.at);
  page.announce(g < 0 ? `G${by.id} is not in this page by itself.` : `At its waker, G${by.id}.`);
}

/** readiedBy is which goroutine ended a wait, or made one ready that is, and when. */
export function readiedBy(log: Log, i: number): { id: number; at: number } | null {
  const { start, end, cell } = log.intervals;
  const label = log.kinds[log.cells.kind[cell[i]!]!]!.label;
  const g = goroutineOf(log, i);
  if (label === 'runnable/new' && log.goroutines.parent[g]! > 0) return { id: log.goroutines.parent[g]!, at: start[i]! };
  const wait = label.startsWith('runnable/') && i > log.goroutines.at[g]! ? i - 1 : i;
  const id = wakerOf(log, wait);
  return id > 0 ? { id, at: end[wait]! } : null;
}
