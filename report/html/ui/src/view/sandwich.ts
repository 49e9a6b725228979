// A function between those that called it and those that it called.

import { button, h } from '../dom';
import { shortFunc } from '../format';
import { sandwich, type FlameNode, type FunctionSum } from '../model/flame';

const most = 12;

/** sandwichOf draws it; choose goes on to another function. */
export function sandwichOf(root: FlameNode, name: string, inUnit: (n: number) => string, choose: (name: string) => void): HTMLElement {
  const of = sandwich(root, name);
  const part = (caption: string, rows: readonly FunctionSum[], none: string): HTMLElement =>
    h('table', { class: 'wide fixed' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, caption), h('th', { scope: 'col', class: 'n' }, 'Total'))),
      h('tbody', {},
        rows.slice(0, most).map((r) => h('tr', {}, h('td', {}, r.name === '' ? none : button(shortFunc(r.name), () => choose(r.name), { class: 'plain cut', title: r.name, dir: 'auto' })), h('td', { class: 'n' }, inUnit(r.total)))),
        rows.length > most ? h('tr', {}, h('td', { class: 'muted', colspan: 2 }, `${rows.length - most} more`)) : null,
      ),
    );
  return h('div', { class: 'sandwich' },
    h('h4', { class: 'cut', title: name, dir: 'auto' }, shortFunc(name)),
    h('p', { class: 'scope' }, `${inUnit(of.total)} in all, ${of.self > 0 ? inUnit(of.self) : 'nothing'} by itself`),
    part('Called by', of.callers, 'nothing: a goroutine begins here'),
    of.callees.length > 0 ? part('Calls', of.callees, '') : h('p', { class: 'scope' }, 'Calls nothing on these stacks.'),
  );
}
