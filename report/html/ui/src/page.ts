// What every part of the page is given.

import type { Log } from './data/log';
import type { Result } from './data/result';
import type { Store } from './state';
import type { Summary } from './model/summary';

export interface Page {
  result: Result;
  log: Log;
  store: Store;
  /** summary is what the goroutines did in the range that is chosen. */
  summary(): Summary;
  /** onSummary calls back when the range has changed and the summary with it: first those whose section, by its ID, is in view. */
  onSummary(fn: (s: Summary) => void, section?: string): void;
  /** announce says something to those who hear the page. */
  announce(text: string): void;
  /** goroutineAt is the index in log.goroutines of an ID, -1 if the page does not have it. Of several under one ID it is the one that was there at t, or the chosen one. */
  goroutineAt(id: number, t?: number): number;
  /** reveal shows a goroutine at an instant: the drawer opens, the lane is scrolled to. */
  reveal(goroutine: number, instant: number): void;
}
