// The findings are in the page as text; here they get their buttons.

import type { Finding, Moment } from '../data/result';
import { button, byID, h } from '../dom';
import { copyButton, copyReport, findingMarkdown } from './copy';
import { showMoment } from './moment';
import type { Page } from '../page';
import { wholeNote } from './range';

export function mountFindings(page: Page): void {
  const section = byID('findings');
  wholeNote(page, 'findings');
  section.querySelector('.tools')?.append(button('Copy the report as Markdown', () => copyReport(page), { title: 'Verdict, findings and groups (C)' }));
  for (const item of section.querySelectorAll<HTMLElement>('[data-finding]')) {
    const f = page.result.findings[Number(item.dataset['finding'])];
    const actions = item.querySelector('.actions');
    if (!f || !actions) continue;
    if (f.at.length > 0 || f.groups.length > 0) actions.append(button('Show', () => show(page, f, item), { 'aria-label': `Show in the timeline: ${f.title}` }));
    actions.append(copyButton(page, 'Finding', () => findingMarkdown(f)));
    link(page, item, f);
  }
}

/** show goes to the worst moment of a finding, with the lanes of its groups open. */
function show(page: Page, f: Finding, item: HTMLElement): void {
  for (const other of document.querySelectorAll('.finding.chosen')) other.classList.remove('chosen');
  item.classList.add('chosen');
  const groups = f.groups.filter((g) => g < page.result.groups.length).slice(0, 3);
  const lanes = { by: 'group', group: -1, query: '', open: groups } as const;
  if (f.at[0]) return showMoment(page, f.at[0], lanes);
  page.store.set({ ...lanes, open: [...new Set([...page.store.state.open, ...groups])] });
  document.getElementById('timeline')?.scrollIntoView();
}

/** link makes links of the moments that the page lists as text. */
function link(page: Page, item: HTMLElement, f: Finding): void {
  item.querySelectorAll('.moments > li').forEach((li, i) => {
    const m: Moment | undefined = f.at[i];
    if (!m) return;
    li.replaceChildren(h('button', { type: 'button', class: 'plain' }, li.textContent ?? ''));
    li.firstElementChild!.addEventListener('click', () => showMoment(page, m));
  });
}
