// Building the page's elements. Text from a trace only ever becomes text.

type Child = Node | string | number | null | undefined | false;

type Attributes = Record<string, string | number | boolean | null | undefined>;

/** h makes an element: h('td', { class: 'n', title: '…' }, 'text', child…). No attribute is ever code. */
export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: (Child | Child[])[]): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** s makes an element of SVG. */
export function s<K extends keyof SVGElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: (Child | Child[])[]): SVGElementTagNameMap[K] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes, children: (Child | Child[])[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on') || name === 'style' || name === 'srcdoc') throw new Error(`${name} is no attribute that the page sets`);
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** byID is an element that the page's frame is known to have. */
export function byID<E extends HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no element #${id}`);
  return found as E;
}

/** bodyOf empties the part of a section that scripts draw and shows the section. */
export function bodyOf(id: string): HTMLElement {
  const section = byID(id);
  section.hidden = false;
  const body = section.querySelector<HTMLElement>('.body');
  if (!body) throw new Error(`section #${id} has no body`);
  body.replaceChildren();
  return body;
}

/** button makes a button. */
export function button(label: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const b = h('button', { type: 'button', ...attributes }, label);
  b.addEventListener('click', press);
  return b;
}

/** onResize calls back when an element's width changes, at most once a frame. */
export function onResize(element: Element, fn: (width: number) => void): void {
  let last = -1;
  new ResizeObserver((entries) => {
    const width = Math.floor(entries[entries.length - 1]!.contentRect.width);
    if (width === last || width === 0) return;
    last = width;
    requestAnimationFrame(() => fn(width));
  }).observe(element);
}
