// The filter of groups and lanes: words, /regular expressions/, -exclusions.

export interface Query {
  /** Whether there is nothing to filter by. */
  empty: boolean;
  /** What is wrong with the text, in words; '' if nothing is. Terms that are wrong are passed over. */
  problem: string;
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
  let problem = '';
  for (const [, minus, pattern, word] of text.matchAll(term)) {
    const into = minus ? unwanted : wanted;
    if (pattern === undefined) {
      const low = word!.toLowerCase();
      into.push((s) => s.toLowerCase().includes(low));
      continue;
    }
    try {
      const re = new RegExp(pattern, 'i');
      into.push((s) => re.test(s));
    } catch (error) {
const why = error instanceof Error ? error.message : String(error);
      problem = `/${pattern}/ is not a regular expression: ${why.slice(why.lastIndexOf(': ') + 1).trim().toLowerCase()}`;
    }
  }
  return {
    empty: wanted.length === 0 && unwanted.length === 0,
    problem,
    includes: (...texts) => wanted.every((w) => texts.some(w)),
    excludes: (...texts) => unwanted.some((w) => texts.some(w)),
  };
}
