/**
 * A key in "byte form": one character per UTF-8 byte. S3 orders keys by their UTF-8 bytes, JavaScript orders
 * strings by UTF-16 units, and the two differ above U+FFFF. In byte form `<` is S3's order.
 */
export type ByteKey = string;

const NOT_ASCII = /[\u0080-\uffff]/;

export const toByteKey = (text: string): ByteKey =>
  NOT_ASCII.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;

export const fromByteKey = (key: ByteKey): string =>
  NOT_ASCII.test(key) ? Buffer.from(key, 'latin1').toString('utf8') : key;

/** Sorts after every key that starts with `prefix`: the byte 0xff never occurs in UTF-8. */
export const afterPrefix = (prefix: ByteKey): ByteKey => `${prefix}\u00ff`;

export function laterKey(one: ByteKey, other: ByteKey): ByteKey {
  if (one > other) return one;
  return other;
}

/** Chunks are split at this length: an insert moves few entries, a listing crosses few borders. */
const CHUNK = 1024;

/** A map in byte order: constant look-ups, logarithmic seeks, cheap walks. */
export class SortedKeys<Entry extends { readonly key: ByteKey }> {
  readonly #byKey = new Map<ByteKey, Entry>();
  readonly #chunks: Entry[][] = [[]];

  get size(): number {
    return this.#byKey.size;
  }

  get(key: ByteKey): Entry | undefined {
    return this.#byKey.get(key);
  }

  add(entry: Entry): void {
    const [chunkIndex, index] = this.#locate(entry.key);
    const chunk = this.#chunks[chunkIndex] ?? [];
    if (this.#byKey.has(entry.key)) chunk[index] = entry;
    else {
      chunk.splice(index, 0, entry);
      if (chunk.length > CHUNK) this.#chunks.splice(chunkIndex + 1, 0, chunk.splice(CHUNK / 2));
    }
    this.#byKey.set(entry.key, entry);
  }

  delete(key: ByteKey): void {
    if (!this.#byKey.delete(key)) return;
    const [chunkIndex, index] = this.#locate(key);
    const chunk = this.#chunks[chunkIndex] ?? [];
    chunk.splice(index, 1);
    if (chunk.length === 0 && this.#chunks.length > 1) this.#chunks.splice(chunkIndex, 1);
  }

  /** Walks the entries from the first key >= `start` on. `skipTo` moves the walk forward. */
  walk(start: ByteKey): KeyWalk<Entry> {
    let [chunkIndex, index] = this.#locate(start);
    const chunks = this.#chunks;
    const settle = (): void => {
      while (index >= (chunks[chunkIndex]?.length ?? 0) && chunkIndex < chunks.length) {
        chunkIndex += 1;
        index = 0;
      }
    };
    return {
      next: () => {
        settle();
        const entry = chunks[chunkIndex]?.[index];
        index += 1;
        return entry;
      },
      skipTo: (key) => {
        [chunkIndex, index] = this.#locate(key);
      },
    };
  }

  /** Where `key` is, or where it would be inserted. */
  #locate(key: ByteKey): [chunkIndex: number, index: number] {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#chunks[middle]?.[0]?.key ?? '') <= key) low = middle;
      else high = middle - 1;
    }
    const chunk = this.#chunks[low] ?? [];
    let from = 0;
    let to = chunk.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((chunk[middle]?.key ?? '') < key) from = middle + 1;
      else to = middle;
    }
    return [low, from];
  }
}

/** A walk is used within one synchronous turn: it does not survive a change of the map. */
export interface KeyWalk<Entry> {
  next(): Entry | undefined;
  skipTo(key: ByteKey): void;
}
