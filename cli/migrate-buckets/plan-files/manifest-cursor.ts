import type { ManifestEntry } from '../../../contracts/migrate-buckets/plan';
import { compareKeys } from '../listing/key-order';

/** Reads the manifest along with the listings, since all are in one order. */
export class ManifestCursor {
  private readonly entries: AsyncIterator<ManifestEntry>;
  private next: IteratorResult<ManifestEntry> | undefined;

  constructor(entries: AsyncIterable<ManifestEntry>) {
    this.entries = entries[Symbol.asyncIterator]();
  }

  /** The entry of a key, if there is one. Keys are asked for in ascending order. */
  async seek(key: string): Promise<ManifestEntry | undefined> {
    this.next ??= await this.entries.next();
    while (this.next.done !== true && compareKeys(this.next.value.key, key) < 0) {
      this.next = await this.entries.next();
    }
    return this.next.done !== true && this.next.value.key === key ? this.next.value : undefined;
  }
}
