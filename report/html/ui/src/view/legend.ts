// What the colours mean: every class with its letter.

import { h } from '../dom';
import { cellCodes, lookBits } from '../model/cells';
import type { Page } from '../page';
import { looks } from '../palette';
import { makeTiles } from './timeline/tiles';
import { onLook, patterned } from './look';

/** usedLooks are the looks that the trace has. */
function usedLooks(page: Page): Set<number> {
  const codes = cellCodes(page.log);
  return new Set(Array.from(codes, (c) => c & lookBits));
}

/** legend lists the classes that there are, drawn as canvases draw them. */
export function legend(page: Page): HTMLElement {
  const list = h('ul', { class: 'legend', 'aria-label': 'Classes' });
  const used = usedLooks(page);
  const swatches: [HTMLCanvasElement, number][] = [];
  looks.forEach((look, i) => {
    if (!used.has(i)) return;
    const swatch = h('canvas', { class: 'legend-swatch', width: 28, height: 24, 'aria-hidden': 'true' });
    swatches.push([swatch, i]);
    list.append(h('li', {}, swatch, h('b', {}, look.letter), ` ${look.label}`));
  });
  const draw = (): void => {
    const tiles = makeTiles(patterned(page), 2);
    for (const [canvas, code] of swatches) {
      const ctx = canvas.getContext('2d')!;
      const image = ctx.createImageData(canvas.width, canvas.height);
      const px = new Uint32Array(image.data.buffer);
      for (let i = 0; i < px.length; i++) {
        const [x, y] = [i % canvas.width, Math.floor(i / canvas.width)];
        px[i] = tiles.px[(code * tiles.side + (y % tiles.side)) * tiles.side + (x % tiles.side)]!;
      }
      ctx.putImageData(image, 0, 0);
    }
  };
  onLook(draw);
  draw();
  return list;
}
