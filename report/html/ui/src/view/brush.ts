// The brush: the range that is chosen, over a picture of the whole trace.

import { button, h } from '../dom';
import { duration } from '../format';
import { at } from '../model/words';
import type { Page } from '../page';
import { wholeTrace } from '../model/navigate';
import { wholeText } from './range';

export interface BrushFrame {
  /** Where the time begins and ends, in CSS pixels from the frame's edges. */
  left: number;
  right: number;
  top: number;
  bottom: number;
  /** hover is told the instant under the pointer, or -1. */
  hover(t: number): void;
}

export interface Brush {
  /** What says which range is chosen, with a button that clears it. */
  range: HTMLElement;
  resize(width: number): void;
}

type Grip = 'from' | 'to' | 'move' | 'new';

/** mountBrush puts the brush over a frame. */
export function mountBrush(page: Page, frame: HTMLElement, size: BrushFrame): Brush {
  const { store } = page;
  const { from: first, to: last } = store.bounds;
  const veils = [h('div', { class: 'ov-veil' }), h('div', { class: 'ov-veil' })] as const;
  const window = h('div', { class: 'ov-window' });
  const handles = [handle('from', 'Range begins'), handle('to', 'Range ends')] as const;
  const text = h('span');
  const clear = button('✕', () => wholeTrace(store), { 'aria-label': 'Show the whole trace', title: 'Show the whole trace (0)' });
  const range = h('span', { class: 'ov-range' }, text, clear, h('span', { class: 'muted' }, 'all sections below follow it'));
  frame.append(...veils, window, ...handles);
  for (const e of [...veils, window, ...handles]) {
    e.style.top = `${size.top}px`;
    e.style.height = `${size.bottom - size.top}px`;
  }
  let width = 0;
  const scale = (): number => Math.max(1, width - size.left - size.right) / (last - first);
  const x = (t: number): number => size.left + (t - first) * scale();
  const timeOf = (clientX: number): number => {
    const t = first + (clientX - frame.getBoundingClientRect().left - size.left) / scale();
    return Math.min(last, Math.max(first, t));
  };

  function handle(edge: 'from' | 'to', label: string): HTMLElement {
    const e = h('div', { class: 'ov-handle', role: 'slider', tabindex: 0, 'aria-label': label, 'aria-valuemin': 0, 'data-edge': edge });
    e.addEventListener('keydown', (ev) => {
      const { from, to } = store.state;
      const step = ((last - first) / 200) * (ev.shiftKey ? 5 : 1);
      const is = edge === 'from' ? from : to;
      const by: Record<string, number> = { ArrowLeft: is - step, ArrowDown: is - step, ArrowRight: is + step, ArrowUp: is + step, PageDown: is - 10 * step, PageUp: is + 10 * step, Home: first, End: last };
      const t = by[ev.key];
      if (t === undefined || ev.ctrlKey || ev.metaKey || ev.altKey) return;
      ev.preventDefault();
      ev.stopPropagation();
      if (edge === 'from') store.set({ from: Math.max(first, Math.min(t, to - 100)) }, 'drag');
      else store.set({ to: Math.min(last, Math.max(t, from + 100)) }, 'drag');
    });
    return e;
  }

  const draw = (): void => {
    const { from, to } = store.state;
    const [a, b] = [x(from), x(to)];
    veils[0].style.left = `${size.left}px`;
    veils[0].style.width = `${Math.max(0, a - size.left)}px`;
    veils[1].style.left = `${b}px`;
    veils[1].style.width = `${Math.max(0, width - size.right - b)}px`;
    window.style.left = `${a}px`;
    window.style.width = `${Math.max(1, b - a)}px`;
    window.classList.toggle('whole', b - a > 0.9 * (width - size.left - size.right));
    const length = to - from;
    [from, to].forEach((t, i) => {
      const e = handles[i]!;
      e.style.left = `${x(t)}px`;
      e.setAttribute('aria-valuenow', String(Math.round(t - first)));
      e.setAttribute('aria-valuemax', String(Math.round(last - first)));
      e.setAttribute('aria-valuetext', at(t, length));
    });
    text.textContent = store.whole ? `${wholeText(page)}, ${duration(last - first)}` : `${wholeText(page)} ▸ ${at(from, length)} – ${at(to, length)} (${duration(length)})`;
    clear.hidden = store.whole;
  };

  let grip: { what: Grip; at: number; from: number; to: number; moved: boolean } | null = null;
  frame.addEventListener('pointerdown', (e) => {
    if (e.button !== 0) return;
    const target = e.target as HTMLElement;
    const edge = target.dataset['edge'] as 'from' | 'to' | undefined;
    const what: Grip = edge ?? (target === window ? 'move' : 'new');
    const { from, to } = store.state;
    grip = { what, at: timeOf(e.clientX), from, to, moved: false };
    frame.setPointerCapture(e.pointerId);
    if (edge) target.focus();
    e.preventDefault();
  });
  frame.addEventListener('pointermove', (e) => {
    const t = timeOf(e.clientX);
    size.hover(t);
    if (!grip) return;
    const by = t - grip.at;
    if (!grip.moved && Math.abs(by) * scale() < 3) return;
    grip.moved = true;
    window.classList.add('grabbed');
    if (grip.what === 'new') store.set({ from: Math.min(t, grip.at), to: Math.max(t, grip.at) }, 'drag');
    else if (grip.what === 'move') {
      const from = Math.min(Math.max(first, grip.from + by), last - (grip.to - grip.from));
      store.set({ from, to: from + grip.to - grip.from }, 'drag');
    } else {
      // An edge that is drawn over the other becomes the other.
      const fixed = grip.what === 'from' ? grip.to : grip.from;
      store.set({ from: Math.min(t, fixed), to: Math.max(t, fixed) }, 'drag');
    }
  });
  const end = (): void => {
    grip = null;
    window.classList.remove('grabbed');
  };
  frame.addEventListener('pointerup', end);
  frame.addEventListener('pointercancel', end);
  frame.addEventListener('pointerleave', () => size.hover(-1));
  frame.addEventListener('dblclick', () => wholeTrace(store));
  store.watch(['from', 'to'], draw);
  // Where a goroutine was gone to, that is said instead.
  let instant = store.state.instant;
  page.onSummary(() => {
    if (instant === store.state.instant) page.announce(text.textContent ?? '');
    instant = store.state.instant;
  });
  return {
    range,
    resize(w) {
      width = w;
      draw();
    },
  };
}
