// The scheduler: what the processors' time was spent on, why ready goroutines
// had none, and who was served late. All of it is of the whole trace.

import type { Latency } from '../data/result';
import { bodyOf, h } from '../dom';
import { average, count, counted, duration, percent } from '../format';
import type { Page } from '../page';
import { sum } from '../model/time';
import { groupLabel } from './groupname';
import { wholeNote } from './range';
import { heldInCalls, lateTimers, longRuns, worstWaits } from './served';
import { sharesOf } from './shares';
import { whenShown } from './tabs';

export function mountSched(page: Page): void {
  const s = page.result.scheduler;
  if (sum(Object.values(s.p_time_ns)) <= 0 && s.latency.count === 0) return;
  const body = bodyOf('sched');
  wholeNote(page, 'sched');
  const draw = (): void => {
    body.replaceChildren(...[
      h('p', { class: 'scope' }, 'Of the whole trace. P: what the scheduler runs goroutines on; there are GOMAXPROCS of them.'),
      averages(page),
      h('div', { class: 'columns' }, spent(page), ready(page), idle(page), byOrigin(page), meanwhile(page)),
      worstWaits(page, 'Longest waits for a processor', s.worst ?? []),
      worstWaits(page, 'Longest waits for a processor right after I/O', s.worst_after_io ?? []),
      longRuns(page),
      heldInCalls(page),
      lateTimers(page),
    ].filter((x) => x !== null));
  };
  // It does not follow the range: it is drawn when it is first shown.
  whenShown(page, 'sched', draw);
}

function averages(page: Page): HTMLElement {
  const { concurrency: c, scheduler: s, scope } = page.result;
  const share = (x: number): string => percent(x, 1);
  const length = scope.to_ns - scope.from_ns;
  const procs = length > 0 ? sum(Object.values(s.p_time_ns)) / length : 0; // GOMAXPROCS may have changed
  const said: [string, string][] = [
    ['Running', `${average(c.average_running)} on average${procs > 0 ? ` on ${processors(procs)}` : ''}`],
    ['Running or ready', `${average(c.average_demand)} on average`],
    ['In progress', `${average(c.average_engaged)} on average`],
  ];
  if (c.efficiency > 0) said.push(['Efficiency', `${share(c.efficiency)} of the Ps’ time ran goroutines: there was work for ${share(c.efficiency_demand)}, and ${share(c.efficiency_supply)} of that was run`]);
  if (c.amdahl_bound > 0 && c.serial_work > 0) said.push(['Amdahl', `${share(c.serial_work)} of the work was done while only one ran: with that, at most ${average(c.amdahl_bound)} Ps can be kept busy`]);
  // It is above 1 where waiting, not serial work, keeps the Ps from being used.
  if (c.karp_flatt > 0 && c.karp_flatt <= 1) said.push(['Karp–Flatt', `the average parallelism is as if ${share(c.karp_flatt)} of the work were serial`]);
  return h('dl', { class: 'evidence' }, said.map(([term, value]) => h('div', {}, h('dt', {}, term), h('dd', {}, value))));
}

function processors(n: number): string {
  const whole = Math.round(n);
  return Math.abs(n - whole) < 0.005 ? counted(whole, 'P', 'Ps') : `${average(n)} Ps`;
}

function spent(page: Page): HTMLElement | null {
  const p = page.result.scheduler.p_time_ns;
  return sharesOf('What the processors’ time was spent on', 'Share of the Ps’ time', [
    { name: 'running goroutines', look: 'c-running', ns: p.user },
    { name: 'runtime and GC', look: 'c-runtime', ns: p.gc },
    { name: 'in system calls', look: 'c-syscall', ns: p.syscall },
    { name: 'looking for work', look: 'p-seeking', ns: p.spinning },
    { name: 'world stopped', look: 'p-stopped', ns: p.stw },
    { name: 'idle', look: 'p-idle', ns: p.idle },
    { name: 'unknown, in gaps', look: 'c-unknown', ns: p.unknown ?? 0 },
  ], sum(Object.values(p)));
}

function ready(page: Page): HTMLElement | null {
  const { scheduler: s, scope } = page.result;
  const c = s.ready_cause_ns;
  const length = scope.to_ns - scope.from_ns;
  return sharesOf('Why ready goroutines waited for a processor', `Share of their ready time, ${duration(s.ready_ns)}. In ${percent(s.runnable_some_ns, length)} of the time someone waited, in ${percent(s.runnable_full_ns, length)} while nobody ran`, [
    { name: 'all Ps ran others', look: 'c-running', ns: c.saturated },
    { name: 'Ps were held in system calls', look: 'c-syscall', ns: c.syscall_held },
    { name: 'GC had the Ps', look: 'c-runtime', ns: c.gc },
    { name: 'the world was stopped', look: 'p-stopped', ns: c.stw },
    { name: 'a P was idle or looked for work', look: 'p-seeking', ns: c.dispatch },
  ], sum(Object.values(c)));
}

/** idle is where blocking starves the processors: nothing is ready, because all that could run waits. */
function idle(page: Page): HTMLElement | null {
  const { idle_blocked_ns: b, p_time_ns: p } = page.result.scheduler;
  return sharesOf('Processors idle because goroutines were blocked', 'Share of the Ps’ time in which nothing was ready, by what the blocked goroutines waited for', [
    { name: 'sync', look: 'c-sync', ns: b.sync },
    { name: 'I/O', look: 'c-io', ns: b.io },
    { name: 'timers', look: 'c-timer', ns: b.timer },
    { name: 'system calls', look: 'c-syscall', ns: b.syscall },
    { name: 'the runtime', look: 'c-runtime', ns: b.runtime },
  ], sum(Object.values(p)));
}

const origins: readonly [string, string][] = [['woken', 'woken'], ['new', 'new'], ['preempted', 'preempted'], ['yielded', 'yielded, not counted above'], ['syscall-return', 'back from a system call']];

function byOrigin(page: Page): HTMLElement | null {
  const s = page.result.scheduler;
  if (s.latency.count === 0) return null;
  const line = (name: string, l: Latency): HTMLElement => h('tr', {}, h('th', { scope: 'row' }, name), [count(l.count), ...[l.p50_ns, l.p90_ns, l.p99_ns, l.max_ns].map(duration)].map((t) => h('td', { class: 'n' }, t)));
  const rows = origins.flatMap(([origin, name]) => {
    const l = s.latency_by_origin[origin];
    return l && l.count > 0 ? [line(name, l)] : [];
  });
  return h('div', {}, h('h4', {}, 'From ready to running'),
    h('div', { class: 'scroll' }, h('table', { class: 'wide' },
      h('thead', {}, h('tr', {}, ['Came from', 'n', 'p50', 'p90', 'p99', 'Max'].map((t, i) => h('th', { scope: 'col', class: i > 0 ? 'n' : null }, t)))),
      h('tbody', {}, line('all', s.latency), rows))));
}

/** meanwhile is which groups had the processors while others were ready. */
function meanwhile(page: Page): HTMLElement | null {
  const { groups, scheduler: s } = page.result;
  const most = groups.filter((g) => g.harm_ns > 0).sort((a, b) => b.harm_ns - a.harm_ns).slice(0, 6);
  if (most.length === 0) return null;
  const rows = most.map((g) => h('tr', {}, h('td', {}, groupLabel(page, g.id)), h('td', { class: 'n' }, percent(g.harm_ns, s.ready_ns)), h('td', { class: 'n' }, duration(g.harm_ns))));
  return h('div', {}, h('h4', {}, 'Who ran while others were ready'),
    h('table', { class: 'wide' }, h('caption', {}, 'Their ready time, shared equally among those that ran'), h('tbody', {}, rows)));
}
