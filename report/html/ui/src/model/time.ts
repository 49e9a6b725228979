// Goroutine time by kind, and what is asked of it: classes, looks, at rest.

import type { Kind } from '../data/log';
import type { Time } from '../data/result';
import { lookOf, looks } from '../palette';

/** Times is goroutine time by kind, and the part of each that is at rest. */
export class Times {
  readonly ns: Float64Array;
  readonly rest: Float64Array;

  constructor(private readonly kinds: readonly Kind[]) {
    this.ns = new Float64Array(kinds.length);
    this.rest = new Float64Array(kinds.length);
  }

  static of(kinds: readonly Kind[], t: Time): Times {
    const out = new Times(kinds);
    kinds.forEach((k, i) => {
      out.ns[i] = t.kinds[k.label] ?? 0;
      out.rest[i] = t.at_rest_kinds?.[k.label] ?? 0;
    });
    return out;
  }

  add(kind: number, ns: number, atRest: boolean): void {
    this.ns[kind]! += ns;
    if (atRest) this.rest[kind]! += ns;
  }

  merge(o: Times): void {
    for (let k = 0; k < this.ns.length; k++) {
      this.ns[k]! += o.ns[k]!;
      this.rest[k]! += o.rest[k]!;
    }
  }

  get lifetime(): number {
    return sum(this.ns);
  }

  get atRest(): number {
    return sum(this.rest);
  }

  /** engaged is the time that is not at rest. */
  get engaged(): number {
    return this.lifetime - this.atRest;
  }

  /** engagedOf is that of a class. */
  engagedOf(name: string): number {
    let ns = 0;
    this.kinds.forEach((k, i) => {
      if (k.class === name) ns += this.ns[i]! - this.rest[i]!;
    });
    return ns;
  }

  /** byLook is the time by palette.looks, at rest left out. Assists count as running, as in the JSON, though they are painted as GC. */
  byLook(): Float64Array {
    const out = new Float64Array(looks.length);
    this.kinds.forEach((k, i) => {
      out[k.class === 'running' ? 0 : lookOf(k)]! += this.ns[i]! - this.rest[i]!;
    });
    return out;
  }

  /** of is the time of a class/kind. */
  of(label: string): number {
    return this.ns[this.kinds.findIndex((k) => k.label === label)] ?? 0;
  }
}

export function sum(of: ArrayLike<number>): number {
  let out = 0;
  for (let i = 0; i < of.length; i++) out += of[i]!;
  return out;
}

/** overlap is how much of one stretch lies in another. */
export function overlap(aFrom: number, aTo: number, bFrom: number, bTo: number): number {
  return Math.max(0, Math.min(aTo, bTo) - Math.max(aFrom, bFrom));
}

/** binShare is the part of bin number bin, of a width and counted from first, that lies in a range. */
export function binShare(bin: number, first: number, width: number, last: number, from: number, to: number): number {
  const start = first + bin * width;
  const end = Math.min(start + width, last);
  return end > start ? overlap(start, end, from, to) / (end - start) : 0;
}
