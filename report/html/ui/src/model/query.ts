// The filter of groups and lanes: words, /regular expressions/, -exclusions.

import { Pattern } from './pattern';

export interface Query {
  /** Whether there is nothing to filter by. */
  empty: boolean;
  /** What is wrong with the text, in words; '' if nothing is. Terms that are wrong are passed over. What takes too long is known once it was looked for. */
  readonly problem: string;
  /** includes says whether every term that asks for something finds it in one of the texts. */
  includes(...texts: string[]): boolean;
  /** excludes says whether a term with a minus finds its like in one of the texts. */
  excludes(...texts: string[]): boolean;
}

// A term is /…/, which may hold blanks, or a run without blanks; - excludes.
const term = /(-?)(?:\/((?:[^/\\]|\\.)+)\/(?=\s|$)|(\S+))/g;

/** parseQuery reads a filter. Letters match in either case. */
export function parseQuery(text: string): Query {
  const wanted: ((s: string) => boolean)[] = [];
  const unwanted: ((s: string) => boolean)[] = [];
  const patterns: { written: string; pattern: Pattern }[] = [];
  let wrong = '';
  for (const [, minus, written, word] of text.matchAll(term)) {
    const into = minus ? unwanted : wanted;
    if (written === undefined) {
      const low = word!.toLowerCase();
      into.push((s) => s.toLowerCase().includes(low));
      continue;
    }
    try {
      const pattern = new Pattern(written);
      patterns.push({ written, pattern });
      into.push((s) => pattern.in(s));
    } catch (error) {
      wrong = `/${written}/ cannot be read as a regular expression: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return {
    empty: wanted.length === 0 && unwanted.length === 0,
    get problem() {
      const slow = patterns.find((p) => p.pattern.tooMuch);
      return slow ? `/${slow.written}/ takes too long to look for: simplify it` : wrong;
    },
    includes: (...texts) => wanted.every((w) => texts.some(w)),
    excludes: (...texts) => unwanted.some((w) => texts.some(w)),
  };
}
