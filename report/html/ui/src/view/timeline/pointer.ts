// The pointer over the timeline: dragging pans, Ctrl+wheel and two fingers zoom,
// Shift+dragging chooses a stretch to zoom to, a click opens.

import { h } from '../../dom';
import { shift, zoom } from '../../model/navigate';
import type { Page } from '../../page';

export interface PointerActions {
  width(): number;
  /** hover is called with -1 when the pointer leaves. */
  hover(x: number, y: number): void;
  press(x: number, y: number): void;
}

/** A movement shorter than this is a click. */
const slack = 4;

/** Where the pointer is in the width of the plot, -1 when it is elsewhere. */
let share = -1;

/** pointerTime is the instant under the pointer, or the middle of the range. */
export function pointerTime(page: Page): number {
  const { from, to } = page.store.state;
  return from + (to - from) * (share < 0 ? 0.5 : share);
}

/** followPointer makes an element that shows the range react to the pointer. */
export function followPointer(page: Page, plot: HTMLElement, actions: PointerActions): void {
  const { store } = page;
  const band = h('div', { class: 'tl-band', hidden: true });
  plot.append(band);
  const at = new Map<number, PointerEvent>();
  let began: { x: number; select: boolean; moved: boolean } | null = null;

  const place = (e: MouseEvent): [number, number] => {
    const box = plot.getBoundingClientRect();
    return [e.clientX - box.left, e.clientY - box.top];
  };
  const time = (x: number): number => store.state.from + (x * (store.state.to - store.state.from)) / actions.width();

  plot.addEventListener('pointerdown', (e) => {
    if (e.button !== 0) return;
    at.set(e.pointerId, e);
    began = at.size === 1 ? { x: place(e)[0], select: e.shiftKey, moved: false } : null;
  });
  plot.addEventListener('pointermove', (e) => {
    const [x, y] = place(e);
    share = x / actions.width();
    const before = at.get(e.pointerId);
    if (!before) return actions.hover(x, y);
    if (at.size === 2) {
      pinch(e, before);
      at.set(e.pointerId, e);
      return;
    }
    if (!began || (!began.moved && Math.abs(x - began.x) < slack)) return;
    if (!began.moved) plot.setPointerCapture(e.pointerId);
    began.moved = true;
    if (began.select) {
      band.hidden = false;
      band.style.left = `${Math.min(x, began.x)}px`;
      band.style.width = `${Math.abs(x - began.x)}px`;
    } else {
      plot.classList.add('panning');
      shift(store, time(place(before)[0]) - time(x));
      at.set(e.pointerId, e);
    }
  });
  const pinch = (e: PointerEvent, before: PointerEvent): void => {
    const other = [...at.values()].find((p) => p.pointerId !== e.pointerId)!;
    const was = Math.max(10, Math.abs(before.clientX - other.clientX));
    const is = Math.max(10, Math.abs(e.clientX - other.clientX));
    zoom(store, was / is, time((place(e)[0] + place(other)[0]) / 2));
  };
  const end = (e: PointerEvent): void => {
    at.delete(e.pointerId);
    plot.classList.remove('panning');
    band.hidden = true;
    const b = began;
    began = null;
    if (!b || e.type === 'pointercancel') return;
    const [x, y] = place(e);
    if (!b.moved) actions.press(x, y);
    else if (b.select) store.set({ from: time(Math.min(x, b.x)), to: time(Math.max(x, b.x)) });
  };
  plot.addEventListener('pointerup', end);
  plot.addEventListener('pointercancel', end);
  plot.addEventListener('pointerleave', () => {
    share = -1;
    actions.hover(-1, -1);
  });
  plot.addEventListener(
    'wheel',
    (e) => {
      // A pinch on a touchpad comes as a wheel with Ctrl.
      if (e.ctrlKey || e.metaKey) {
        e.preventDefault();
        zoom(store, Math.exp(Math.max(-60, Math.min(60, e.deltaY)) * 0.01), time(place(e)[0]));
      } else if (Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
        e.preventDefault();
        shift(store, (e.deltaX * (store.state.to - store.state.from)) / actions.width());
      }
    },
    { passive: false },
  );
}
