// Columns of numbers as the page holds them: a header in JSON, then one run of
// variable-length integers for each column (report/html/columns.go writes them).

/** One column: its encoding, how many numbers it has and how many bytes. */
interface ColumnHeader {
  name: string;
  /** u: unsigned; z: zigzag; d: zigzag differences to the number before. */
  code: 'u' | 'z' | 'd';
  /** Whether a number may need more than 32 bits. */
  wide: boolean;
  n: number;
  bytes: number;
}

export type Column = Float64Array | Int32Array | Uint32Array;

/** A decoded block: the header's own fields and the columns by name. */
export interface Block<H> {
  header: H;
  column(name: string): Column;
}

/** decodeBlock reads a block that was inflated. It throws on one that is cut off. */
export function decodeBlock<H>(raw: Uint8Array): Block<H> {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const length = view.getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(raw.subarray(4, 4 + length))) as H & { columns: ColumnHeader[] };
  const columns = new Map<string, Column>();
  let at = 4 + length;
  for (const c of header.columns) {
    columns.set(c.name, decodeColumn(raw.subarray(at, at + c.bytes), c));
    at += c.bytes;
  }
  return {
    header,
    column(name) {
      const found = columns.get(name);
      if (!found) throw new Error(`the page's data has no column ${name}`);
      return found;
    },
  };
}

function room(c: ColumnHeader): Column {
  if (c.wide) return new Float64Array(c.n);
  return c.code === 'u' ? new Uint32Array(c.n) : new Int32Array(c.n);
}

function decodeColumn(raw: Uint8Array, c: ColumnHeader): Column {
  const out = room(c);
  let at = 0;
  let sum = 0;
  for (let i = 0; i < c.n; i++) {
    let byte = raw[at++]!;
    let value = byte & 0x7f;
    // Shifts hold 32 bits; durations in nanoseconds need up to 53.
    for (let scale = 128; byte >= 0x80; scale *= 128) {
      byte = raw[at++]!;
      value += (byte & 0x7f) * scale;
    }
    if (c.code !== 'u') {
      value = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      if (c.code === 'd') {
        sum += value;
        value = sum;
      }
    }
    out[i] = value;
  }
  return out;
}

/** inflate undoes base64 and gzip of an element's text. */
export async function inflate(base64: string): Promise<Uint8Array> {
  const packed = fromBase64(base64);
  const stream = new Blob([packed as BlobPart]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function fromBase64(text: string): Uint8Array {
  const direct = (Uint8Array as unknown as { fromBase64?: (s: string) => Uint8Array }).fromBase64;
  if (direct) return direct.call(Uint8Array, text);
  const binary = atob(text);
  const out = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) out[i] = binary.charCodeAt(i);
  return out;
}
