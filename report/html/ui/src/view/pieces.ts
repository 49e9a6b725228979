// What filled waits and paths, in words (report/pieces.go).

import type { Piece } from '../data/result';
import { h } from '../dom';
import { duration, percent, shortFunc } from '../format';
import { groupName } from '../model/words';
import type { Page } from '../page';
import { frameName } from './stack';

interface Word {
  look: string;
  /** Before a space its place follows. */
  what: string;
}

const words: Record<string, Word> = {
  code: { look: 'running', what: 'ran ' },
  'lock-holder': { look: 'sync', what: 'held a lock in ' },
  scheduler: { look: 'runnable', what: 'no processor' },
  gc: { look: 'runtime', what: 'runtime (GC) in ' },
  syscall: { look: 'syscall', what: 'system call in ' },
  io: { look: 'io', what: 'network in ' },
  timer: { look: 'timer', what: 'timer in ' },
  open: { look: 'sync', what: 'not ended by anything within the trace, in ' },
  unknown: { look: 'unknown', what: 'the trace does not say' },
  unresolved: { look: 'unknown', what: 'longer ago than what is remembered exactly' },
  other: { look: 'rest', what: 'the rest, in smaller parts' },
};

function wordOf(kind: string): Word {
  return words[kind] ?? { look: 'unknown', what: kind + ' in ' };
}

/** pieceText says what a piece is. */
export function pieceText(page: Page, p: Piece): string {
  const { what } = wordOf(p.kind);
  let text = what;
  if (p.kind === 'scheduler') text = readyText(page, p);
  else if (what.endsWith(' ')) text = what + spot(p);
  if (p.held_in && p.held_in.func !== p.frame?.func) text += ` on the way to ${shortFunc(p.held_in.func)}'s unlock`;
  return text;
}

function readyText(page: Page, p: Piece): string {
  if (p.stopped) return 'no processor: the world was stopped';
  if (p.group === undefined) return 'no processor, though one was free or becoming so';
  return `no processor; ${groupName(page.result, p.group)} had it`;
}

function spot(p: Piece): string {
  if (p.how === 'region') return `in region ${p.region ?? ''}`;
  if (!p.frame) return '(no stack)';
  if (p.how === 'creation') return `in ${shortFunc(p.frame.func)} (no stack)`;
  return frameName(p.frame) + (p.caller ? ` (called by ${shortFunc(p.caller.func)})` : '');
}

/** pieceLabel is a piece with its class's colour. */
export function pieceLabel(page: Page, p: Piece): HTMLElement {
  const text = pieceText(page, p);
  return h('span', { class: 'cut piece', title: text, dir: 'auto' }, h('span', { class: `swatch c-${wordOf(p.kind).look}` }), ' ', text);
}

/** piecesBar shows pieces as parts of a whole, with the largest named below. */
export function piecesBar(page: Page, pieces: readonly Piece[], whole: number, named = 4): HTMLElement {
  const bar = h('div', { class: 'bar', 'aria-hidden': 'true' }, pieces.map((p) => {
    const part = h('div', { class: `fill c-${wordOf(p.kind).look}`, title: `${pieceText(page, p)} ${percent(p.ns, whole)}` });
    part.style.width = `${(100 * p.ns) / Math.max(1, whole)}%`;
    return part;
  }));
  const items = pieces.filter((p) => p.ns > 0).slice(0, named).map((p) => h('li', {}, h('span', { class: 'n' }, `${percent(p.ns, whole)} ${duration(p.ns)}`), ' ', pieceLabel(page, p)));
  return h('div', { class: 'pieces' }, bar, h('ul', {}, items));
}
