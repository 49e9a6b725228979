// Regular expressions that cannot freeze the page: a pattern may come in a link.
// A browser's own go back and try again, for some patterns longer than anybody
// waits. This one follows all ways through the pattern at once, as Go's does, so
// that a text takes time in proportion to its length. What no such machine can
// have, backreferences and lookaround, is refused.

/** A part of a pattern. */
type Node =
  | { is: 'set'; has: (unit: number) => boolean }
  | { is: 'assert'; sign: string }
  | { is: 'all'; parts: Node[] }
  | { is: 'any'; of: Node[] }
  | { is: 'times'; of: Node; least: number; most: number };

/** A step of the machine: from pc it goes on to one of next, past a letter or where an assertion holds. */
interface Step {
  has?: (unit: number) => boolean;
  sign?: string;
  next: number[];
}

/** A pattern may have so many steps when its repetitions are written out. */
const mostSteps = 1000;
/** So much is spent on the machine's states before a pattern is given up; what is known of them is free. */
const mostWork = 3e6;

const digit = (c: number): boolean => c >= 48 && c <= 57;
const word = (c: number): boolean => digit(c) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
const blank = (c: number): boolean => c === 32 || (c >= 9 && c <= 13);
const sets: Record<string, (c: number) => boolean> = { d: digit, w: word, s: blank, D: (c) => !digit(c), W: (c) => !word(c), S: (c) => !blank(c) };
const controls: Record<string, number> = { n: 10, r: 13, t: 9, f: 12, v: 11 };

/** eitherCase has a letter where the set has it in one case or the other. */
function eitherCase(has: (c: number) => boolean): (c: number) => boolean {
  return (c) => {
    if (has(c)) return true;
    const letter = String.fromCharCode(c);
    const [low, high] = [letter.toLowerCase(), letter.toUpperCase()];
    return (low.length === 1 && has(low.charCodeAt(0))) || (high.length === 1 && has(high.charCodeAt(0)));
  };
}

/** Parser reads a pattern. It throws an Error that says what is wrong. */
class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  parse(): Node {
    const node = this.any();
    if (this.at < this.text.length) throw new Error('a group is closed that was not opened');
    return node;
  }

  private eat(what: string): boolean {
    if (!this.text.startsWith(what, this.at)) return false;
    this.at += what.length;
    return true;
  }

  private any(): Node {
    const of = [this.all()];
    while (this.eat('|')) of.push(this.all());
    return of.length === 1 ? of[0]! : { is: 'any', of };
  }

  private all(): Node {
    const parts: Node[] = [];
    while (this.at < this.text.length && this.text[this.at] !== '|' && this.text[this.at] !== ')') parts.push(this.times());
    return { is: 'all', parts };
  }

  private times(): Node {
    let node = this.atom();
    for (;;) {
      const count = /^(?:([*+?])|\{(\d{1,6})(?:(,)(\d{0,6}))?\})\??/.exec(this.text.slice(this.at, this.at + 20));
      if (!count) return node;
      this.at += count[0].length;
      const [, sign, least, open, most] = count;
      const bounds = sign === undefined ? [Number(least), open === undefined ? Number(least) : most === '' ? Infinity : Number(most)] : sign === '?' ? [0, 1] : [sign === '+' ? 1 : 0, Infinity];
      if (bounds[1]! < bounds[0]!) throw new Error('a repetition ends before it begins');
      node = { is: 'times', of: node, least: bounds[0]!, most: bounds[1]! };
    }
  }

  private atom(): Node {
    const c = this.text[this.at++]!;
    switch (c) {
      case '(': {
        if (/^\?(?:[=!]|<[=!])/.test(this.text.slice(this.at, this.at + 3))) throw new Error('it cannot look ahead or behind');
        const name = /^\?(?::|P?<[A-Za-z_]\w{0,99}>)/.exec(this.text.slice(this.at, this.at + 110));
        if (name) this.at += name[0].length;
        const inside = this.any();
        if (!this.eat(')')) throw new Error('a group is not closed');
        return inside;
      }
      case '[':
        return { is: 'set', has: this.class() };
      case '.':
        return { is: 'set', has: (x) => x !== 10 };
      case '^':
      case '$':
        return { is: 'assert', sign: c };
      case '*':
      case '+':
      case '?':
        throw new Error('there is nothing to repeat');
      case '\\':
        if (this.eat('b')) return { is: 'assert', sign: 'b' };
        if (this.eat('B')) return { is: 'assert', sign: 'B' };
        return { is: 'set', has: eitherCase(this.escape()) };
      default: {
        const unit = c.charCodeAt(0);
        return { is: 'set', has: eitherCase((x) => x === unit) };
      }
    }
  }

  /** escape is what a backslash that was read makes of what follows. */
  private escape(): (c: number) => boolean {
    const c = this.text[this.at++];
    if (c === undefined) throw new Error('a backslash stands at its end');
    const set = sets[c];
    if (set) return set;
    let unit = controls[c];
    const code = c === 'x' ? /^[0-9a-f]{2}/i : c === 'u' ? /^[0-9a-f]{4}/i : null;
    const digits = code?.exec(this.text.slice(this.at, this.at + 4))?.[0];
    if (digits !== undefined) {
      this.at += digits.length;
      unit = parseInt(digits, 16);
    }
    if (unit === undefined && /[1-9]/.test(c)) throw new Error('it cannot refer back to a group');
    if (unit === undefined && /[A-Za-z0-9]/.test(c)) throw new Error(`\\${c} is not known here`);
    unit ??= c.charCodeAt(0);
    return (x) => x === unit;
  }

  /** class is the set of a [ that was read. */
  private class(): (c: number) => boolean {
    const not = this.eat('^');
    const parts: ((c: number) => boolean)[] = [];
    for (let first = true; ; first = false) {
      const c = this.text[this.at++];
      if (c === undefined) throw new Error('a [ is not closed');
      if (c === ']' && !first) break;
      if (c === '\\') {
        parts.push(this.escape());
        continue;
      }
      const [low, end] = [c.charCodeAt(0), this.text[this.at + 1]];
      if (this.text[this.at] !== '-' || end === undefined || end === ']' || end === '\\') {
        parts.push((x) => x === low);
        continue;
      }
      const high = end.charCodeAt(0);
      this.at += 2;
      if (high < low) throw new Error(`${c}-${end} is no range`);
      parts.push((x) => x >= low && x <= high);
    }
    const has = eitherCase((x) => parts.some((p) => p(x)));
    return not ? (x) => !has(x) : has;
  }
}

/** What a state must know of the letter before it. */
const Begin = 0;
const AfterWord = 1;
const AfterOther = 2;

/** A state: where in the pattern the ways through it are, before assertions are looked at. */
interface State {
  at: readonly number[];
  before: number;
  /** The next state by letter, as far as it was asked for; null where the pattern has been found. */
  next: Map<number, State | null>;
  /** Whether the pattern has been found if the text ends here. */
  ends: boolean | undefined;
}

/** Pattern is a regular expression; letters match in either case. */
export class Pattern {
  private readonly steps: Step[] = [];
  private readonly states = new Map<string, State>();
  private work = 0;
  private emitted = 0;

  constructor(text: string) {
    this.emit(new Parser(text).parse());
  }

  /** tooMuch says whether the pattern was given up: from then on it finds nothing. */
  get tooMuch(): boolean {
    return this.work > mostWork;
  }

  /** emit writes the steps of a node; they lead to the step behind them. */
  private emit(node: Node): void {
    if (++this.emitted > 10 * mostSteps || this.steps.length > mostSteps) throw new Error('it is too large');
    const { steps } = this;
    switch (node.is) {
      case 'set':
        steps.push({ has: node.has, next: [steps.length + 1] });
        return;
      case 'assert':
        steps.push({ sign: node.sign, next: [steps.length + 1] });
        return;
      case 'all':
        for (const part of node.parts) this.emit(part);
        return;
      case 'any': {
        const fork: Step = { next: [] };
        steps.push(fork);
        const ends: Step[] = [];
        for (const way of node.of) {
          fork.next.push(steps.length);
          this.emit(way);
          const end: Step = { next: [] };
          ends.push(end);
          steps.push(end);
        }
        for (const end of ends) end.next.push(steps.length);
        return;
      }
      case 'times': {
        for (let i = 0; i < node.least; i++) this.emit(node.of);
        const forks: Step[] = [];
        const fork = (): number => {
          const step: Step = { next: [steps.length + 1] };
          forks.push(step);
          return steps.push(step) - 1;
        };
        if (node.most === Infinity) {
          const loop = fork();
          this.emit(node.of);
          steps.push({ next: [loop] });
        } else {
          for (let i = node.least; i < node.most; i++) {
            fork();
            this.emit(node.of);
          }
        }
        for (const f of forks) f.next.push(steps.length);
      }
    }
  }

  /** in says whether the pattern is anywhere in a text. */
  in(text: string): boolean {
    let state: State | null = this.state([0], Begin);
    for (let i = 0; i < text.length; i++) {
      if (this.tooMuch) return false;
      const unit = text.charCodeAt(i);
      let next: State | null | undefined = state.next.get(unit);
      if (next === undefined) state.next.set(unit, (next = this.after(state, unit)));
      if (next === null) return true;
      state = next;
    }
    state.ends ??= this.reach(state, -1) === null;
    return state.ends && !this.tooMuch;
  }

  private state(at: number[], before: number): State {
    const key = `${before} ${at.join()}`;
    let s = this.states.get(key);
    if (s) return s;
    if (this.states.size > 2000) this.states.clear();
    this.states.set(key, (s = { at, before, next: new Map(), ends: undefined }));
    return s;
  }

  /** after is the state behind a letter, null if the pattern is found before it. */
  private after(state: State, unit: number): State | null {
    const there = this.reach(state, unit);
    if (there === null) return null;
    const at = new Set<number>();
    for (const pc of there) if (this.steps[pc]!.has?.(unit)) at.add(this.steps[pc]!.next[0]!);
    at.add(0); // it may begin anywhere
    this.work += at.size;
    return this.state([...at].sort((a, b) => a - b), word(unit) ? AfterWord : AfterOther);
  }

  /** reach is where the ways lead to without a letter, given the next one (-1: the end); null if one is through. */
  private reach(state: State, unit: number): Set<number> | null {
    const there = new Set(state.at);
    for (const pc of there) {
      this.work++;
      const step = this.steps[pc];
      if (!step) return null;
      if (step.has || (step.sign !== undefined && !holds(step.sign, state.before, unit))) continue;
      for (const to of step.next) there.add(to);
    }
    return there;
  }
}

function holds(sign: string, before: number, unit: number): boolean {
  if (sign === '^') return before === Begin;
  if (sign === '$') return unit < 0;
  const edge = (before === AfterWord) !== (unit >= 0 && word(unit));
  return sign === 'b' ? edge : !edge;
}
