// Stacks as lists.

import type { Frame } from '../data/result';
import { h } from '../dom';
import { shortFile, shortFunc } from '../format';

/** stackList lists frames, leaf first; of long stacks the first so many. */
export function stackList(frames: readonly Frame[], most = 12): HTMLElement {
  const items = frames.slice(0, most).map((f) => h('li', { title: `${f.func}\n${f.file}:${f.line}`, dir: 'auto' }, shortFunc(f.func), f.file ? h('span', { class: 'muted' }, ` ${shortFile(f.file)}:${f.line}`) : null));
  if (frames.length > most) items.push(h('li', { class: 'muted' }, `… ${frames.length - most} more`));
  return h('ol', { class: 'stack' }, items);
}

const plumbing = /^(runtime|sync|internal\/sync|internal\/poll|internal\/synctest|testing\/synctest|syscall|time)\./;

/** placeName is the innermost frame outside the runtime and its like. */
export function placeName(frames: readonly Frame[] | undefined): string {
  const f = frames?.find((x) => !plumbing.test(x.func)) ?? frames?.at(-1);
  return f ? frameName(f) : 'no stack';
}

/** frameName is a frame in one line. */
export function frameName(f: Frame): string {
  return shortFunc(f.func) + (f.file ? ` ${f.file.split('/').pop()}:${f.line}` : '');
}
