// The help dialog: every key, and what colours and marks mean.

import { byID, button, h } from '../dom';
import type { Page } from '../page';
import { legend } from './legend';

const keys: readonly [string[], string][] = [
  [['W', 'S'], 'zoom the range in and out, around the pointer if it is over the timeline'],
  [['A', 'D', '←', '→'], 'move the range; with Shift five times as far'],
  [['↑', '↓'], 'zoom in and out while the pointer is over the overview or the timeline; elsewhere they scroll the page'],
  [['F'], 'fit the chosen interval, or the goroutine in the drawer; a double click does too'],
  [['0'], 'show the whole trace'],
  [['/'], 'search'],
  [['J', 'K'], 'next and previous finding'],
  [['[', ']'], 'previous and next interval of the goroutine in the drawer'],
  [['U'], 'go to the goroutine that ended the chosen wait, or made the chosen one ready'],
  [['Alt+←', 'Alt+→'], 'back and forward through what was looked at'],
  [['O'], 'marks of the garbage collector and stops of the world'],
  [['P'], 'patterns for classes beside their colours'],
  [['T'], 'theme: as the system has it, light, dark'],
  [['C'], 'copy the report as Markdown'],
  [['?'], 'this help'],
  [['Esc'], 'close: help, search, drawer'],
];

const marks: readonly [string, string][] = [
  ['hatched downwards', 'intervals that were merged to keep the page small; the colour is what most of them were'],
  ['sparse hatch on a light ground', 'unknown: what the trace does not say, such as a gap in it'],
  ['faded', 'at rest, idle by design; light grey on P lanes: goroutines that the filter does not match'],
  ['pale bands between the lanes', 'the garbage collector marks'],
  ['lines over the full height', 'the world is stopped'],
  ['short ticks at the bottom of a lane', 'CPU samples; on the lane of a group those of all its goroutines'],
  ['wedges at the top of a lane', 'messages of runtime/trace.Log; on the lane of a group those of all its goroutines'],
  ['outlines', 'tasks and regions, and the interval that is chosen'],
  ['arrows', 'from the goroutine that ended a wait to the one that waited'],
  ['≈', 'from bins of merged intervals: right within a bin'],
];

/** openHelp shows the dialog, or closes it. */
export function openHelp(page: Page): void {
  const dialog = byID<HTMLDialogElement>('help');
  if (dialog.open) return dialog.close();
  if (dialog.childElementCount === 0) fillHelp(page, dialog);
  dialog.showModal();
}

function fillHelp(page: Page, dialog: HTMLDialogElement): void {
  const single = h('input', { type: 'checkbox', id: 'single-keys' });
  single.checked = page.store.state.keys;
  single.addEventListener('change', () => page.store.set({ keys: single.checked }));
  page.store.watch(['keys'], () => (single.checked = page.store.state.keys));
  dialog.setAttribute('aria-labelledby', 'help-head');
  dialog.append(
    h('div', { class: 'help-head' }, h('h2', { id: 'help-head' }, 'Keys and legend'), button('✕', () => dialog.close(), { 'aria-label': 'Close', title: 'Close (Esc)' })),
    h('label', {}, single, 'Single-letter keys (switch them off for screen readers and voice control)'),
    h('table', { class: 'help-keys' }, h('tbody', {}, keys.map(([names, what]) => h('tr', {}, h('th', { scope: 'row' }, names.flatMap((k) => [h('kbd', {}, k), ' '])), h('td', {}, what))))),
    h('h3', {}, 'Classes'),
    legend(page),
    h('h3', {}, 'Marks'),
    h('dl', { class: 'help-marks' }, marks.flatMap(([mark, what]) => [h('dt', {}, mark), h('dd', {}, what)])),
    h('p', { class: 'muted' }, 'In the list of lanes: arrow keys move, Enter opens. In the timeline: a drag moves the range, Shift and a drag choose a stretch to zoom to, Ctrl and the wheel or two fingers zoom. The address holds what is shown: copy it to come back to it.'),
  );
}
