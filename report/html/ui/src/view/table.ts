// Tables that are sorted by their headings, and tables as Markdown.

import { button, h } from '../dom';

export interface Column<T> {
  label: string;
  /** Said of the heading on hover. */
  title?: string;
  numeric?: boolean;
  /** What rows are sorted by: numbers downwards first, text upwards. Without it the column does not sort. */
  by?: (row: T) => number | string;
  cell: (row: T) => Node | string;
}

export interface TableOptions<T> {
  caption?: string;
  /** Column that sorts at first, by its index; rows stay as they are without it. */
  sorted?: number;
  /** How many rows are drawn before one asks for more. */
  limit?: number;
  /** Said where there is no row. */
  empty?: () => string;
  /** Called for each row that is drawn. */
  row?: (tr: HTMLTableRowElement, row: T) => void;
  /** Whether the first column takes what room is left, and cuts its text to that. */
  fixed?: boolean;
}

export class SortedTable<T> {
  readonly element: HTMLElement;
  private readonly body = h('tbody');
  private readonly heads: HTMLTableCellElement[];
  private readonly more = h('p');
  private rows: readonly T[] = [];
  private by: number;
  private down = true;
  private limit: number;

  constructor(
    private readonly columns: readonly Column<T>[],
    private readonly options: TableOptions<T> = {},
  ) {
    this.by = options.sorted ?? -1;
    this.limit = options.limit ?? 100;
    this.heads = columns.map((c, i) => {
      const label = c.by ? button(c.label, () => this.sort(i), { class: 'sort' }) : c.label;
      return h('th', { scope: 'col', class: c.numeric ? 'n' : null, title: c.title }, label);
    });
    const table = h('table', { class: options.fixed ? 'wide fixed' : 'wide' }, h('thead', {}, h('tr', {}, this.heads)), this.body);
    // A caption within would be as wide as the table, and scroll away with it.
    this.element = h('div', {}, options.caption ? h('p', { class: 'scope' }, options.caption) : null, h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': options.caption ?? 'table' }, table), this.more);
  }

  show(rows: readonly T[]): void {
    this.rows = rows;
    this.draw();
  }

  private sort(i: number): void {
    this.down = i === this.by ? !this.down : typeof this.rows.map(this.columns[i]!.by!)[0] !== 'string';
    this.by = i;
    this.draw();
  }

  /** order is the rows as they are shown. */
  order(): readonly T[] {
    const by = this.columns[this.by]?.by;
    if (!by) return this.rows;
    const keyed = this.rows.map((row) => ({ row, key: by(row) }));
    const sign = this.down ? -1 : 1;
    keyed.sort((a, b) => sign * (typeof a.key === 'number' && typeof b.key === 'number' ? a.key - b.key : String(a.key).localeCompare(String(b.key))));
    return keyed.map((k) => k.row);
  }

  private draw(): void {
    this.heads.forEach((th, i) => {
      if (i === this.by) th.setAttribute('aria-sort', this.down ? 'descending' : 'ascending');
      else th.removeAttribute('aria-sort');
    });
    const rows = this.order();
    this.body.replaceChildren(...rows.slice(0, this.limit).map((row) => this.line(row)));
    this.more.replaceChildren();
    if (rows.length === 0 && this.options.empty) this.more.append(this.options.empty());
    if (rows.length > this.limit) {
      this.more.append(button(`Show ${Math.min(rows.length - this.limit, 500)} more of ${rows.length}`, () => {
        this.limit += 500;
        this.draw();
      }));
    }
  }

  private line(row: T): HTMLTableRowElement {
    const tr = h('tr', {}, this.columns.map((c) => h('td', { class: c.numeric ? 'n' : null }, c.cell(row))));
    this.options.row?.(tr, row);
    return tr;
  }

  /** markdown is the rows as they are shown; columns that do not sort are drawings or links. */
  markdown(): string {
    const columns = this.columns.filter((c) => c.by);
    return markdownTable(
      columns.map((c) => c.label),
      this.order().map((row) => columns.map((c) => textOf(c.cell(row)))),
      columns.map((c) => c.numeric === true),
    );
  }
}

/** textOf is a cell's text, whole where it is cut off on the page. */
function textOf(cell: Node | string): string {
  if (typeof cell === 'string') return cell;
  const whole = cell instanceof HTMLElement && cell.classList.contains('cut') ? cell.title : '';
  return whole || (cell.textContent ?? '');
}

/** name is a name from the trace: cut off with an ellipsis, whole on hover. */
export function name(text: string, whole = text): HTMLElement {
  return h('span', { class: 'cut', title: whole, dir: 'auto' }, text);
}

/** markdownTable is a table of cells in plain text. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], numeric: readonly boolean[] = []): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [line(head), `|${head.map((_, i) => (numeric[i] ? '---:' : '---')).join('|')}|`, ...rows.map(line)].join('\n') + '\n';
}

/** escapeMarkdown writes text so that Markdown shows it as it is: no mark-up, no HTML, no control or bidirectional characters. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\\`*_{}[\]<>#|~!@&]/g, '\\$&')
    .trim();
}
