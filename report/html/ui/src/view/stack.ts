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

/** Packages through which a wait passes on its way to the runtime, with those below them (report/internal/names). */
const passedOver = /^(runtime|internal|sync|syscall|time|os|io|net|bufio|crypto\/tls|golang\.org\/x\/sync)(\/|$)/;

function packageOf(fn: string): string {
  const plain = fn.split('[', 1)[0]!;
  const slash = plain.lastIndexOf('/') + 1;
  return plain.slice(0, slash) + plain.slice(slash).split('.', 1)[0]!;
}

function isPlumbing(fn: string): boolean {
  const of = packageOf(fn);
  return passedOver.test(of) && of !== 'net/http';
}

/** placeName is the frame that a reader will recognise: the first outside the plumbing, or else the outermost. */
export function placeName(frames: readonly Frame[] | undefined): string {
  const f = frames?.find((x) => !isPlumbing(x.func)) ?? frames?.at(-1);
  return f ? frameName(f) : 'no stack';
}

/** frameName is a frame in one line. */
export function frameName(f: Frame): string {
  return shortFunc(f.func) + (f.file ? ` ${f.file.split('/').pop()}:${f.line}` : '');
}
