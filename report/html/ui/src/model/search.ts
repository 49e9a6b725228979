// What a search finds: groups, functions, goroutines, tasks.

import type { Log } from '../data/log';
import type { Result } from '../data/result';
import { counted, shortFunc } from '../format';
import { once } from './buckets';
import { livesOf } from './indexes';
import { parseQuery } from './query';
import { at, goroutineName, groupOrigin } from './words';

export type Found =
  | { what: 'group'; name: string; note: string; group: number }
  | { what: 'function'; name: string; note: string; fn: string }
  | { what: 'goroutine'; name: string; note: string; g: number }
  | { what: 'task'; name: string; note: string; task: number };

/** At most so many of each are offered. */
const most = 12;

/** functions are the names of all functions on stacks. */
const functions = once((log: Log): string[] => [...new Set(Array.from(log.frames.fn, (s) => log.strings[s]!))].sort());

/** search finds what a text or /regular expression/ names, at most a dozen of each sort. */
export function search(result: Result, log: Log, text: string): { found: Found[]; problem: string } {
  // A pattern is searched for while it is being written.
  const q = parseQuery(/^\/[^/]+$/.test(text) ? text + '/' : text);
  if (q.empty) return { found: [], problem: q.problem };
  const hit = (...names: string[]): boolean => q.includes(...names) && !q.excludes(...names);
  const found: Found[] = [];
  const id = /^g?(\d+)$/i.exec(text.trim());
  if (id) {
    for (const g of livesOf(log, Number(id[1])).slice(0, most)) {
      found.push({ what: 'goroutine', name: goroutineName(result, log, g), note: `from ${at(log.goroutines.start[g]!, log.to - log.from)}`, g });
    }
  }
  add(found, result.groups.length, (i) => {
    const g = result.groups[i]!;
    return hit(g.name) ? { what: 'group', name: shortFunc(g.name), note: [counted(g.count, 'goroutine', 'goroutines'), groupOrigin(result, i)].filter(Boolean).join(' · '), group: i } : null;
  });
  add(found, log.tasks.n, (t) => {
    const type = log.strings[log.tasks.type[t]!]!;
    return hit(type, `#${log.tasks.id[t]!}`) ? { what: 'task', name: type || 'task', note: `#${log.tasks.id[t]!}`, task: t } : null;
  });
  const names = functions(log);
  add(found, names.length, (i) => (hit(names[i]!) ? { what: 'function', name: shortFunc(names[i]!), note: names[i]!, fn: names[i]! } : null));
  return { found, problem: q.problem };
}

function add(found: Found[], n: number, of: (i: number) => Found | null): void {
  for (let i = 0, had = 0; i < n && had < most; i++) {
    const f = of(i);
    if (!f) continue;
    found.push(f);
    had++;
  }
}
