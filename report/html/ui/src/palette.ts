// The colours of classes. They are custom properties of page.css, so that a
// theme is changed in one place; canvases ask for them here.

import type { Kind, ClassName } from './data/log';

/** How a class is shown. Kinds of blocked-io in the kernel have a look of their own, as do merged intervals' gaps. */
export interface Look {
  /** running, runnable, sync, io, syscall, timer, runtime, unknown: --c-<name> is its colour. */
  name: string;
  letter: string;
  /** In a word, and in words. */
  title: string;
  label: string;
}

export const looks: readonly Look[] = [
  { name: 'running', letter: 'R', title: 'Running', label: 'running' },
  { name: 'runtime', letter: 'G', title: 'Runtime (GC)', label: 'runtime (GC)' },
  { name: 'runnable', letter: 'W', title: 'Runnable', label: 'runnable (waits for a P)' },
  { name: 'sync', letter: 'S', title: 'Sync', label: 'blocked on sync' },
  { name: 'io', letter: 'I', title: 'I/O', label: 'blocked on I/O' },
  { name: 'syscall', letter: 'Y', title: 'System calls', label: 'in system calls' },
  { name: 'timer', letter: 'Z', title: 'Sleeping', label: 'sleeping' },
  { name: 'unknown', letter: '?', title: 'Unknown', label: 'unknown' },
];

/** classWords are the classes' names where there is little room. */
export const classWords: Record<ClassName, string> = { running: 'running', runnable: 'runnable', 'blocked-sync': 'sync', 'blocked-io': 'I/O', timer: 'timer', runtime: 'runtime', unknown: 'unknown' };

const byClass: Record<ClassName, number> = { running: 0, runtime: 1, runnable: 2, 'blocked-sync': 3, 'blocked-io': 4, timer: 6, unknown: 7 };

/** lookOf is the index in looks of a kind. */
export function lookOf(kind: Kind): number {
  if (kind.label === 'blocked-io/syscall' || kind.label === 'blocked-io/file') return 5;
  if (kind.label === 'running/gc-assist') return 1;
  return byClass[kind.class];
}

const colors = new Map<string, string>();

/** color is what a custom property of the page's theme is now, such as '--c-running' or '--text'. */
export function color(property: string): string {
  let c = colors.get(property);
  if (c === undefined) colors.set(property, (c = getComputedStyle(document.documentElement).getPropertyValue(property).trim()));
  return c;
}

/** forgetColors is called when the theme has changed. */
export function forgetColors(): void {
  colors.clear();
}

/** rgb is such a colour as red, green and blue. */
export function rgb(property: string): [number, number, number] {
  const hex = /^#([0-9a-f]{6})$/i.exec(color(property));
  if (!hex) return [128, 128, 128];
  const n = parseInt(hex[1]!, 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}
