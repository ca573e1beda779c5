import { compareKeys } from './key-order';
import type { ListedObject } from './listed-object';
import { inKeyOrder } from './pair';

/** One key, and the buckets that hold it: at least one does. */
export interface Holding {
  readonly key: string;
  /** By bucket. */
  readonly objects: ReadonlyMap<string, ListedObject>;
}

/**
 * Merges the listings of many buckets in key order, in constant memory.
 *
 * @param listings - by bucket.
 * @throws {UserError} when a listing is not in strictly ascending byte order.
 */
export async function* mergeBuckets(
  listings: ReadonlyMap<string, AsyncIterable<ListedObject>>,
): AsyncGenerator<Holding> {
  const sources = [...listings].map(([bucket, listing]) => ({
    bucket,
    objects: inKeyOrder(listing, bucket)[Symbol.asyncIterator](),
  }));
  const heads = new Map<string, ListedObject>();
  const advance = async ({ bucket, objects }: (typeof sources)[number]) => {
    const next = await objects.next();
    if (next.done === true) heads.delete(bucket);
    else heads.set(bucket, next.value);
  };
  // One after the other: each listing fetches its next page ahead by itself.
  for (const source of sources) await advance(source);
  while (heads.size > 0) {
    let key: string | undefined;
    for (const head of heads.values()) {
      if (key === undefined || compareKeys(head.key, key) < 0) key = head.key;
    }
    const holders = sources.filter(({ bucket }) => heads.get(bucket)?.key === key);
    const objects = new Map<string, ListedObject>();
    for (const { bucket } of holders) {
      const head = heads.get(bucket);
      if (head !== undefined) objects.set(bucket, head);
    }
    yield { key: key ?? '', objects };
    for (const source of holders) await advance(source);
  }
}
