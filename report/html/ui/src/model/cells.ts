// What painting knows of a cell: one small number.

import { CellAtRest, CellMerged, type Log } from '../data/log';
import { lookOf } from '../palette';
import { once } from './buckets';

/** A code is a cell's index in looks, with these bits. */
export const lookBits = 7;
export const restBit = 8;
export const mergedBit = 16;
/** No goroutine is there. */
export const nothing = 32;
/** Something that the filter does not match, or of which only the extent is known. */
export const other = 33;
export const codeCount = 34;

/** cellCodes is the code of each cell. */
export const cellCodes = once((log: Log): Uint8Array => {
  const out = new Uint8Array(log.cells.kind.length);
  const kinds = log.kinds.map(lookOf);
  for (let c = 0; c < out.length; c++) {
    const flags = log.cells.flags[c]!;
    out[c] = kinds[log.cells.kind[c]!]! | (flags & CellAtRest ? restBit : 0) | (flags & CellMerged ? mergedBit : 0);
  }
  return out;
});
