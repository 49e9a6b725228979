// Stacks in words: which function a goroutine is in, as the reader knows it.

import type { Log } from '../data/log';
import { shortFunc } from '../format';

export interface Call {
  fn: string;
  file: string;
  line: number;
}

/** callsOf are the frames of a stack, leaf first. */
export function callsOf(log: Log, stack: number): Call[] {
  const out: Call[] = [];
  for (let k = log.stackAt[stack]!; k < log.stackAt[stack + 1]!; k++) {
    const f = log.stackFrames[k]!;
    out.push({ fn: log.strings[log.frames.fn[f]!]!, file: log.strings[log.frames.file[f]!]!, line: log.frames.line[f]! });
  }
  return out;
}

/** plumbing matches functions that say how a goroutine waits rather than where. */
export const plumbing = /^(runtime|sync|internal\/sync|internal\/poll|internal\/synctest|testing\/synctest|syscall|time)\./;

/** deciding is how many frames from the leaf on say how the goroutine waits. */
export function deciding(calls: readonly Call[]): number {
  let n = 0;
  while (n < calls.length && plumbing.test(calls[n]!.fn)) n++;
  return n;
}

const places = new WeakMap<Log, Map<number, string>>();

/** placeOf is the first function of a stack outside the runtime and what stands right above it; '' without a stack. */
export function placeOf(log: Log, stack: number): string {
  let known = places.get(log);
  if (!known) places.set(log, (known = new Map()));
  let place = known.get(stack);
  if (place === undefined) {
    const calls = callsOf(log, stack);
    const call = calls[deciding(calls)] ?? calls[calls.length - 1];
    known.set(stack, (place = call ? shortFunc(call.fn) : ''));
  }
  return place;
}
