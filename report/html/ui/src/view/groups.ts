// The groups of goroutines: a table that sorts and filters, and more of each on
// demand.

import type { Group } from '../data/result';
import { bodyOf, button, h, s as svg } from '../dom';
import { count, counted, duration, percent } from '../format';
import type { GroupSum, Summary } from '../model/summary';
import { parseQuery } from '../model/query';
import { groupName } from '../model/words';
import { steps, Trend } from '../model/trend';
import { classWords, looks } from '../palette';
import type { Page } from '../page';
import { copyButton } from './copy';
import { groupDetails, ruleWords } from './group';
import { nameParts, wholeName } from './groupname';
import { restSwitch } from './rest';
import { about, coarseBoth, followNote } from './range';
import { SortedTable, type Column } from './table';

export interface GroupRow {
  group: Group;
  sum: GroupSum;
  look: Float64Array;
  engaged: number;
}

export function mountGroups(page: Page): void {
  const body = bodyOf('groups');
  followNote(page, 'groups', coarseBoth);
  const trend = new Trend(page.log, page.result.groups.length);
  const opened = new Set<number>();
  const table = new SortedTable<GroupRow>(columns(page, trend, (tr, row) => toggle(tr, row)), {
    caption: 'Shares are of the time that is not at rest; p99 of single waits; trend: goroutines in progress over the whole trace, coloured by what most did',
    sorted: 2,
    empty: () => (parseQuery(page.store.state.query).empty ? 'Every group that was there is at rest.' : 'No group matches the filter.'),
    row: (tr, row) => {
      tr.dataset['group'] = String(row.group.id);
      if (opened.has(row.group.id)) queueMicrotask(() => unfold(tr, row));
    },
  });
  const unfold = (tr: HTMLTableRowElement, row: GroupRow): void => {
    tr.querySelector('button')?.setAttribute('aria-expanded', 'true');
    tr.after(h('tr', { class: 'inner' }, h('td', { colspan: tr.cells.length }, groupDetails(page, row))));
  };
  const toggle = (tr: HTMLTableRowElement, row: GroupRow): void => {
    if (opened.delete(row.group.id)) {
      tr.querySelector('button')?.setAttribute('aria-expanded', 'false');
      tr.nextElementSibling?.remove();
    } else {
      opened.add(row.group.id);
      unfold(tr, row);
    }
  };
  const tools = new Tools(page, () => table.markdown());
  body.append(tools.element, table.element);
  const draw = (): void => table.show(tools.choose(rowsOf(page, page.summary())));
  draw();
  page.onSummary(draw, 'groups');
  page.store.watch(['query', 'hideRest'], draw);
}

function rowsOf(page: Page, s: Summary): GroupRow[] {
  const out: GroupRow[] = [];
  page.result.groups.forEach((group, i) => {
    const sum = s.groups[i]!;
    if (!group.system && (sum.count > 0 || sum.times.lifetime > 0)) out.push({ group, sum, look: sum.times.byLook(), engaged: sum.times.engaged });
  });
  return out;
}

/** Tools are what stands above the table: filter, at rest, copy. */
class Tools {
  readonly element: HTMLElement;
  private readonly input = h('input', { type: 'search', placeholder: 'filter: text /re/ -not', 'aria-label': 'Filter groups', size: 22, maxlength: 500 });
  private readonly hidden = h('span');
  private readonly hide: HTMLElement;
  private readonly said = h('span', { class: 'scope', role: 'status' });

  constructor(private readonly page: Page, markdown: () => string) {
    const { store } = page;
    const sync = (): void => {
      if (this.input.value !== store.state.query) this.input.value = store.state.query;
    };
    // What is typed in one stay is one step back.
    let typed = false;
    this.input.addEventListener('focus', () => (typed = false));
    this.input.addEventListener('input', () => {
      store.set({ query: this.input.value }, typed ? 'more' : 'step');
      typed = true;
    });
    store.watch(['query'], sync);
    sync();
    this.hide = restSwitch(page, this.hidden);
    this.element = h('div', { class: 'tools' }, this.input, this.hide, copyButton(page, 'Groups', markdown), this.said, restWords(page));
  }

  /** choose keeps the rows that are asked for, and says what was left out. */
  choose(rows: readonly GroupRow[]): GroupRow[] {
    const { query, hideRest } = this.page.store.state;
    const q = parseQuery(query);
    const resting = rows.filter((r) => r.engaged <= 0.001 * r.sum.times.lifetime);
    const goroutines = resting.reduce((n, r) => n + r.sum.count, 0);
    this.hide.hidden = resting.length === 0;
    this.hidden.textContent = `hide at rest (${counted(resting.length, 'group', 'groups')}, ${counted(goroutines, 'goroutine', 'goroutines')})`;
    const quiet = new Set(hideRest ? resting : []);
    const out = rows.filter((r) => !quiet.has(r) && q.includes(r.group.name, r.group.created_by) && !q.excludes(r.group.name, r.group.created_by));
    this.input.setAttribute('aria-invalid', String(q.problem !== ''));
    this.said.textContent = q.problem !== '' ? q.problem : q.empty ? '' : `${out.length} of ${rows.length - quiet.size} match`;
    this.said.classList.toggle('wrong', q.problem !== '');
    return out;
  }
}

/** restWords says why what is at rest is, of the whole trace. */
function restWords(page: Page): HTMLElement | null {
  const rules = new Map<string, { groups: Set<number>; waits: number; ns: number }>();
  for (const g of page.result.groups) {
    for (const r of g.system ? [] : (g.at_rest ?? [])) {
      const known = rules.get(r.rule) ?? { groups: new Set(), waits: 0, ns: 0 };
      known.groups.add(g.id);
      known.waits += r.waits;
      known.ns += r.total_ns;
      rules.set(r.rule, known);
    }
  }
  if (rules.size === 0) return null;
  const items = [...rules].sort((a, b) => b[1].ns - a[1].ns).map(([rule, x]) => h('li', {}, `${ruleWords(rule)}: ${counted(x.waits, 'wait', 'waits')}, ${duration(x.ns)}, in ${counted(x.groups.size, 'group', 'groups')}`));
  const n = page.result.scope.at_rest_goroutines;
  return h('details', {}, h('summary', {}, 'Why at rest'),
    h('p', {}, `Idle by design, so neither lost time nor in progress; decided over the whole trace. ${counted(n, 'goroutine was', 'goroutines were')} at rest at one place for nearly all of the time.`),
    h('ul', {}, items));
}

type Toggle = (tr: HTMLTableRowElement, row: GroupRow) => void;

function columns(page: Page, trend: Trend, toggle: Toggle): Column<GroupRow>[] {
  const wait = (label: string, look: number, kinds: string): Column<GroupRow> => ({
    label, numeric: true, title: looks[look]!.label,
    by: (r) => (r.engaged > 0 ? r.look[look]! / r.engaged : 0),
    cell: (r) => shareCell(page, r, look, kinds),
  });
  return [
    {
      label: 'Group', title: 'entry function', by: (r) => groupName(page.result, r.group.id),
      cell: (r) => {
        const b = button('', () => toggle(b.closest('tr')!, r), { class: 'plain cut', title: wholeName(page, r.group.id), 'aria-expanded': 'false', dir: 'auto' });
        b.replaceChildren(...nameParts(page, r.group.id));
        return b;
      },
    },
    { label: 'n', numeric: true, title: 'goroutines seen', by: (r) => r.sum.count, cell: (r) => seen(page, r) },
    { label: 'Time', numeric: true, title: 'summed, at rest left out', by: (r) => r.engaged, cell: (r) => about(page.summary(), duration(r.engaged)) },
    wait('Run', 0, ''),
    wait('Runnable (p99)', 2, 'runnable'),
    wait('Sync (p99)', 3, 'blocked-sync'),
    wait('I/O (p99)', 4, 'blocked-io/network'),
    wait('Syscalls', 5, ''),
    wait('Timers', 6, ''),
    wait('Runtime', 1, ''),
    { label: 'Trend', cell: (r) => spark(trend, r.group.id) },
    { label: 'Mostly', by: (r) => mostly(r), cell: (r) => mostly(r) },
  ];
}

/** seen is how many goroutines there were. Of a range it is not known where some have no lane. */
function seen(page: Page, r: GroupRow): Node | string {
  const { kept } = page.log.header;
  if (page.summary().whole || kept.goroutines === kept.keptGoroutines) return count(r.sum.count);
  return h('span', { title: 'how many more there were in the range is not in this page' }, r.sum.count > 0 ? `≥\u00a0${count(r.sum.count)}` : '–');
}

function shareCell(page: Page, r: GroupRow, look: number, label: string): Node | string {
  const ns = r.look[look]!;
  if (ns === 0) return '–';
  const share = about(page.summary(), percent(ns, r.engaged));
  if (label === '') return share;
  const p99 = page.summary().latency(label, r.group.id).p99_ns;
  return h('span', {}, share, p99 > 0 ? h('small', {}, ` (${about(page.summary(), duration(p99))})`) : null);
}

/** mostly names the class with at least half of the time in progress, as a group's verdict does. */
function mostly(r: GroupRow): string {
  if (r.engaged <= 0.001 * r.sum.times.lifetime) return 'at rest';
  return Object.entries(classWords).find(([c]) => 2 * r.sum.times.engagedOf(c) >= r.engaged)?.[1] ?? 'mixed';
}

const [sparkWidth, sparkHeight] = [88, 18];

function spark(trend: Trend, group: number): SVGElement {
  const all = Array.from({ length: steps }, (_, b) => trend.at(group, b));
  const most = Math.max(...all.map((x) => x.ns), 1);
  const wide = sparkWidth / steps;
  return svg('svg', { class: 'spark', viewBox: `0 0 ${sparkWidth} ${sparkHeight}`, 'aria-hidden': 'true' },
    all.map((x, b) => {
      const tall = x.ns === 0 ? 0 : Math.max(1, (x.ns / most) * sparkHeight);
      return svg('rect', { class: `fill c-${looks[x.look]!.name}`, x: b * wide, y: sparkHeight - tall, width: wide - 0.5, height: tall });
    }));
}
