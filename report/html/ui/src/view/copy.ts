// The page's text for elsewhere: Markdown on the clipboard.

import type { Finding } from '../data/result';
import { button, h } from '../dom';
import { average, count, counted, duration, instant, percent } from '../format';
import { groupName } from '../model/words';
import type { Page } from '../page';
import { looks } from '../palette';
import { about, coarse, rangeText } from './range';
import { escapeMarkdown, markdownTable } from './table';

/** copyText puts text on the clipboard, and says so; where the browser refuses, it shows it marked. */
function copyText(page: Page, text: string, what: string): void {
  const done = (): void => page.announce(`${what} copied as Markdown`);
  const refused = (): void => showText(text, what);
  if (!('clipboard' in navigator) || navigator.clipboard === undefined) return refused();
  navigator.clipboard.writeText(text).then(done, refused);
}

function showText(text: string, what: string): void {
  const area = h('textarea', { rows: 16, readonly: true, 'aria-label': what, class: 'mono copied' }, text);
  const dialog = h('dialog', { 'aria-label': what }, h('p', {}, 'The browser does not let a page write to the clipboard. Copy the marked text:'), area);
  dialog.append(button('Close', () => dialog.close()));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  area.focus();
  area.select();
}

/** copyButton copies what it is labelled with. */
export function copyButton(page: Page, what: string, text: () => string): HTMLButtonElement {
  return button('Copy as Markdown', () => copyText(page, text(), what), { title: `${what} as Markdown` });
}

/** copyReport copies verdict, findings and groups. */
export function copyReport(page: Page): void {
  copyText(page, reportMarkdown(page), 'Report');
}

function reportMarkdown(page: Page): string {
  const { result } = page;
  const { trace, verdict } = result;
  const facts = [duration(trace.duration_ns), counted(trace.gomaxprocs.at(-1)?.n ?? 0, 'P', 'Ps'), counted(result.scope.goroutines, 'goroutine', 'goroutines'), `go${trace.go_version} format`];
  return [
    `## conctrace: ${escapeMarkdown(trace.file)}\n\n${facts.join(' · ')}\n`,
    `**${escapeMarkdown(verdict.sentence)}**\n`,
    ...result.findings.map(findingMarkdown),
    `### Groups (${rangeText(page, page.summary().from, page.summary().to)})\n\n${groupsMarkdown(page)}`,
  ].join('\n');
}

const marks = { high: '▲ HIGH', medium: '◆ MED', low: '● LOW' } as const;

/** Of what a finding says that time was lost. */
const lostOf: Record<string, string> = { processors: ' of processor time', goroutines: ' of goroutine time', wall: ' of the clock’s time' };

/** findingMarkdown is a finding with its evidence. */
export function findingMarkdown(f: Finding): string {
  const lines = [
    `### ${marks[f.severity]} ${escapeMarkdown(f.title)} (${escapeMarkdown(f.detector)}${f.lost_ns > 0 ? `, lost ${duration(f.lost_ns)}${lostOf[f.lost_of] ?? ''}` : ''})\n`,
    `${escapeMarkdown(f.sentence)}\n`,
    f.culprit && `- where: ${escapeMarkdown(f.culprit)}`,
    f.remedy && `- try: ${escapeMarkdown(f.remedy)}`,
    f.caveat && `- caveat: ${escapeMarkdown(f.caveat)}`,
    ...f.at.map((m) => `- at: ${instant(m.from_ns, 1000)} to ${instant(m.to_ns, 1000)}${m.goroutine ? `, goroutine ${m.goroutine}` : ''}`),
    `- evidence: ${Object.entries(f.evidence).map(([name, x]) => escapeMarkdown(`${name.replace(/_ns$/, '').replaceAll('_', ' ')} ${name.endsWith('_ns') ? duration(x) : Number.isInteger(x) ? count(x) : average(x)}`)).join(' · ')}`,
    f.explain && `- more: \`${f.explain.replaceAll('`', "'").replace(/\s+/g, ' ')}\``,
  ];
  return lines.filter(Boolean).join('\n') + '\n';
}

/** groupsMarkdown is the groups of the program by the time of the range that is not at rest. */
function groupsMarkdown(page: Page): string {
  const s = page.summary();
  const rows = page.result.groups
    .map((g, i) => ({ g, sum: s.groups[i]! }))
    .filter(({ g, sum }) => !g.system && sum.times.engaged > 0)
    .sort((a, b) => b.sum.times.engaged - a.sum.times.engaged)
    .slice(0, 30)
    .map(({ g, sum }) => {
      const engaged = sum.times.engaged;
      return [groupName(page.result, g.id), count(sum.count), about(s, duration(engaged)), ...[...sum.times.byLook()].map((ns) => about(s, percent(ns, engaged)))];
    });
  const head = ['group', 'n', 'time', ...looks.map((l) => l.name)];
  const { long } = coarse(page, s);
  return (long === '' ? '' : `${long}.\n\n`) + markdownTable(head, rows, head.map((_, i) => i > 0));
}
