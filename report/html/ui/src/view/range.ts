// Of which range a number speaks, and how sure it is.

import { byID, h } from '../dom';
import { duration, instant } from '../format';
import type { Summary } from '../model/summary';
import type { Page } from '../page';

/** about marks a number that merged intervals are in. What is less than something is no exact number anyway, and nothing is nothing. */
export function about(s: Summary, text: string): string {
  return s.exact || /^(?:[<>–]|0(?![.,\d]))/.test(text) ? text : '≈' + text;
}

/** Coarse is how exact numbers of a range are where intervals are merged, in few words and in full. */
interface Coarse {
  short: string;
  long: string;
}

const exact: Coarse = { short: '', long: '' };

/** coarse says it of sums of time. */
export function coarse(page: Page, s: Summary): Coarse {
  if (s.exact) return exact;
  const bin = duration(page.log.header.bins.width);
  const long = '≈: intervals that are merged in this page. For how long they were there is known of each goroutine with a lane; of what class they were is known of a group by bins';
  return inBin(s, page.log.header.bins.width)
    ? { short: `≈ classes are the mean of the ${bin} around`, long: `${long} of ${bin}, so within one it is that of the whole bin` }
    : { short: `≈ by bins of ${bin}`, long: `${long} of ${bin}` };
}

/** coarseSweep says it of how many ran at once. */
export function coarseSweep(page: Page, s: Summary): Coarse {
  if (s.exact) return exact;
  const { width } = page.log.header.sweep;
  const long = `≈: where intervals are merged, how many goroutines ran at once is known by bins of ${duration(width)}`;
  return inBin(s, width) ? { short: `≈ the mean of the ${duration(width)} around`, long: `${long}, which is longer than the range` } : { short: `≈ by bins of ${duration(width)}`, long };
}

/** coarseLengths says it of distributions. */
export function coarseLengths(page: Page, s: Summary): Coarse {
  if (s.exact) return exact;
  const bin = duration(page.log.header.latBins.width);
  const below = duration(page.log.header.kept.belowNs);
  const long = `≈: intervals shorter than ${below} are merged in this page; how long they were is known by bins of ${bin}`;
  return inBin(s, page.log.header.latBins.width)
    ? { short: `≈ lengths below ${below} are those of the ${bin} around, not of this range`, long: `${long}, which is longer than the range` }
    : { short: `≈ lengths below ${below} by bins of ${bin}`, long };
}

/** coarseBoth says it of sums of time beside which percentiles stand. */
export function coarseBoth(page: Page, s: Summary): Coarse {
  const sums = coarse(page, s);
  if (s.exact || !inBin(s, page.log.header.latBins.width)) return sums;
  const lengths = coarseLengths(page, s);
  return { short: `${sums.short} · p99: ${lengths.short}`, long: `${sums.long}. ${lengths.long}` };
}

function inBin(s: Summary, width: number): boolean {
  return s.to - s.from < width;
}

/** wholeText is what the page is of. */
export function wholeText(page: Page): string {
  const { from, to } = page.store.bounds;
  return from > 0 || to < page.result.trace.duration_ns ? 'whole window' : 'whole trace';
}

/** rangeText says which range it is. */
export function rangeText(page: Page, from: number, to: number): string {
  const { from: first, to: last } = page.store.bounds;
  if (from === first && to === last) return wholeText(page);
  const step = (to - from) / 1000;
  return `${instant(from, step)} to ${instant(to, step)} (${duration(to - from)})`;
}

/** followNote writes beside a section's heading which range its numbers are of. */
export function followNote(page: Page, id: string, how = coarse): void {
  const note = noteOf(id);
  const write = (s: Summary): void => {
    const { short, long } = how(page, s);
    note.textContent = rangeText(page, s.from, s.to) + (short === '' ? '' : ` · ${short}`);
    note.title = long;
  };
  write(page.summary());
  page.onSummary(write, id);
}

/** wholeNote writes there, while a range is chosen, that the section does not follow it. */
export function wholeNote(page: Page, id: string): void {
  const note = noteOf(id);
  const write = (): void => void (note.textContent = page.store.whole ? '' : wholeText(page));
  write();
  page.store.watch(['from', 'to'], write);
}

function noteOf(id: string): HTMLElement {
  const section = byID(id);
  const heading = section.querySelector('h2, h3');
  const note = h('span', { class: 'scope' });
  if (heading) {
    heading.append(' ', note);
  } else {
    section.prepend(h('p', {}, note));
  }
  return note;
}
