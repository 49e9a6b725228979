// The search in the header.

import { byID, h } from '../dom';
import { around, showing } from '../model/navigate';
import { search, type Found } from '../model/search';
import type { Page } from '../page';

/** focusSearch puts the cursor into the search. */
export function focusSearch(): void {
  const input = byID<HTMLInputElement>('search');
  input.focus();
  input.select();
}

export function mountSearch(page: Page): void {
  const input = h('input', { type: 'search', id: 'search', placeholder: '/ search', role: 'combobox', 'aria-label': 'Search groups, functions, goroutines and tasks', 'aria-expanded': 'false', 'aria-controls': 'found', 'aria-autocomplete': 'list', autocomplete: 'off', spellcheck: 'false', maxlength: 300, dir: 'auto' });
  const list = h('ul', { id: 'found', class: 'found', role: 'listbox', 'aria-label': 'What was found', hidden: true });
  let found: Found[] = [];
  let at = 0;

  const close = (): void => {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const mark = (to: number): void => {
    at = Math.max(0, Math.min(found.length - 1, to));
    [...list.querySelectorAll('[role=option]')].forEach((li, i) => {
      li.setAttribute('aria-selected', String(i === at));
      if (i === at) li.scrollIntoView({ block: 'nearest' });
    });
    if (found.length > 0) input.setAttribute('aria-activedescendant', `found-${at}`);
  };
  const choose = (f: Found | undefined): void => {
    if (!f) return;
    close();
    input.blur();
    show(page, f);
  };
  const draw = (): void => {
    if (input.value.trim() === '') return close();
    const result = search(page.result, page.log, input.value);
    found = result.found;
    input.setAttribute('aria-invalid', String(result.problem !== ''));
    list.replaceChildren(
      ...found.map((f, i) => {
        const li = h('li', { role: 'option', id: `found-${i}`, title: f.note.slice(0, 500) || null }, h('span', { class: 'found-what' }, f.what), h('bdi', { class: 'found-name' }, f.name.slice(0, 300)), f.what === 'function' ? null : h('span', { class: 'muted' }, f.note.slice(0, 100)));
        li.addEventListener('pointerdown', (e) => {
          e.preventDefault();
          choose(f);
        });
        return li;
      }),
      ...(found.length === 0 ? [h('li', { class: 'muted', role: 'presentation' }, result.problem || 'Nothing in this trace has that name.')] : []),
    );
    list.hidden = false;
    input.setAttribute('aria-expanded', 'true');
    mark(0);
    page.announce(found.length === 0 ? result.problem || 'nothing found' : `${found.length} found`);
  };
  input.addEventListener('input', draw);
  input.addEventListener('focus', draw);
  input.addEventListener('blur', close);
  input.addEventListener('keydown', (e) => {
    if (e.key === 'ArrowDown') mark(at + 1);
    else if (e.key === 'ArrowUp') mark(at - 1);
    else if (e.key === 'Enter') choose(list.hidden ? undefined : found[at]);
    else if (e.key === 'Escape') {
      input.value = '';
      close();
      input.blur();
    } else return;
    e.preventDefault();
    e.stopPropagation();
  });
  byID('tools').append(h('div', { class: 'search' }, input, list));
}

/** show reveals what was chosen. */
function show(page: Page, f: Found): void {
  const { store, log } = page;
  switch (f.what) {
    case 'goroutine':
      store.set({ ...showing(page, f.g), ...(store.state.by === 'P' || store.state.by === 'task' ? { by: 'goroutine' } : {}) });
      break;
    case 'group':
      store.set({ by: 'group', group: f.group, query: '', open: [...new Set([...store.state.open, f.group])] });
      break;
    case 'function':
      store.set({ query: /[\s/]/.test(f.fn) ? `/${f.fn.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')}/` : f.fn, ...(store.state.by === 'task' ? { by: 'group' } : {}) });
      break;
    case 'task': {
      const [start, ns] = [log.tasks.start[f.task]!, log.tasks.ns[f.task]!];
      store.set({ by: 'task', query: '', ...around(store, start, start + ns) });
    }
  }
  byID('timeline').scrollIntoView({ block: 'start' });
}
