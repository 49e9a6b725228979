// Who was served late, and who held it up: single moments, each a link.

import type { Frame, GroupTime, LateWait, LongRun, ReadyWait, SyscallHold } from '../data/result';
import { h } from '../dom';
import { count, counted, duration, instant } from '../format';
import { groupName } from '../model/words';
import type { Page } from '../page';
import { groupLabel } from './groupname';
import { momentButton } from './moment';
import { placeName, stackList } from './stack';
import { name, SortedTable, type Column } from './table';

interface Row {
  at_ns: number;
  goroutine: number;
  group: number;
}

/** when links to a moment of a goroutine. */
function when<T extends Row>(page: Page, label: string, length: (r: T) => number): Column<T> {
  return { label, numeric: true, by: (r) => r.at_ns, cell: (r) => momentButton(page, { from_ns: r.at_ns, to_ns: r.at_ns + length(r), goroutine: r.goroutine }, instant(r.at_ns, 1e4)) };
}

function whose<T extends Row>(page: Page): Column<T>[] {
  return [
    { label: 'G', numeric: true, by: (r) => r.goroutine, cell: (r) => String(r.goroutine) },
    { label: 'Group', by: (r) => groupName(page.result, r.group), cell: (r) => groupLabel(page, r.group) },
  ];
}

function length<T>(label: string, of: (r: T) => number, title = ''): Column<T> {
  return { label, numeric: true, title, by: of, cell: (r) => duration(of(r)) };
}

function ran<T extends { ran?: GroupTime[] }>(page: Page): Column<T> {
  const text = (r: T): string => (r.ran ?? []).map((x) => `${groupName(page.result, x.group)} ${duration(x.ns)}`).join(', ');
  return { label: 'Ran meanwhile', cell: (r) => (text(r) === '' ? '–' : name(text(r))) };
}

function where<T extends { frames: Frame[] }>(): Column<T> {
  return { label: 'Where', by: (r) => placeName(r.frames), cell: (r) => (r.frames.length === 0 ? 'no stack' : h('details', {}, h('summary', {}, name(placeName(r.frames))), stackList(r.frames))) };
}

function titled<T>(title: string, columns: Column<T>[], rows: readonly T[], caption: string, sorted: number): HTMLElement | null {
  if (rows.length === 0) return null;
  const table = new SortedTable<T>(columns, { caption, sorted });
  table.show(rows);
  return h('div', {}, h('h4', {}, title), table.element);
}

/** worstWaits lists waits for a processor. */
export function worstWaits(page: Page, title: string, waits: readonly ReadyWait[]): HTMLElement | null {
  const before = (w: ReadyWait): string => (w.after_io ? 'I/O' : w.origin === 'syscall-return' ? 'system call' : w.origin);
  return titled<ReadyWait>(title, [
    when(page, 'Ready at', (w) => w.duration_ns),
    length('Waited', (w) => w.duration_ns),
    ...whose<ReadyWait>(page),
    { label: 'Before', by: before, cell: before },
    ran(page),
  ], waits, 'From ready to running, yielded ones left out', 1);
}

/** longRuns lists those that did not pause by themselves. */
export function longRuns(page: Page): HTMLElement | null {
  const { long_runs: runs = [], long_run_count: n, long_run_harm_ns: harm } = page.result.scheduler;
  return titled<LongRun>('Long runs without a pause', [
    when(page, 'From', (r) => r.end_ns - r.at_ns),
    length('Ran', (r) => r.run_ns, 'on a processor'),
    length('Longest piece', (r) => r.longest_slice_ns, 'without being preempted'),
    length('Cost others', (r) => r.harm_ns, 'its share of the time for which goroutines of other groups were ready meanwhile and no P idle'),
    ...whose<LongRun>(page),
    where(),
  ], runs, `${counted(n, 'run', 'runs')} of 10 ms and more, which cost others ${duration(harm)}` + (n > runs.length ? `; the ${runs.length} that cost most` : ''), 3);
}

/** heldInCalls lists system calls that kept a processor that others needed. */
export function heldInCalls(page: Page): HTMLElement | null {
  const calls = page.result.scheduler.syscall_holds ?? [];
  return titled<SyscallHold>('System calls that held a processor', [
    when(page, 'From', (c) => c.duration_ns),
    length('Held', (c) => c.duration_ns, 'until the P was free'),
    length('Cost others', (c) => c.harm_ns, 'processor time while goroutines were ready and no P idle'),
    ...whose<SyscallHold>(page),
    where(),
  ], calls, 'While goroutines were ready and no P was idle', 2);
}

/** lateTimers tells of waits that ended late because no processor served them. */
export function lateTimers(page: Page): HTMLElement | null {
  const late = page.result.scheduler.hidden_delay;
  if (late.count === 0 || late.upper_ns <= 0) return null;
  const all = late.lower_ns > 0 ? `${duration(late.lower_ns)} to ${duration(late.upper_ns)}` : `up to ${duration(late.upper_ns)}`;
  const said = `${counted(late.count, 'wait', 'waits')} for timers or network ended late, all Ps being busy: ${all} in all` + (late.late_timers > 0 ? `; ${count(late.late_timers)} late by more than 5 ms and their own length` : '');
  const rows = late.worst ?? [];
  return titled<LateWait>('Timers and network served late', [
    when(page, 'From', (w) => w.duration_ns),
    length('Waited', (w) => w.duration_ns),
    { label: 'Late by', numeric: true, by: (w) => w.upper_ns, cell: (w) => (w.lower_ns > 0 ? `${duration(w.lower_ns)} to ${duration(w.upper_ns)}` : `up to ${duration(w.upper_ns)}`) },
    ...whose<LateWait>(page),
    { label: 'Kind', by: (w) => w.kind, cell: (w) => w.kind },
    where(),
    ran(page),
  ], rows, said, 2) ?? h('div', {}, h('h4', {}, 'Timers and network served late'), h('p', { class: 'scope' }, said));
}
