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
  const heads = new Map<string, Head>();
  const advance = async (bucket: string, rest: AsyncIterator<ListedObject>) => {
    const next = await rest.next();
    if (next.done === true) heads.delete(bucket);
    else heads.set(bucket, { object: next.value, rest });
  };
  // One after the other: each listing fetches its next page ahead by itself.
  for (const [bucket, listing] of listings) {
    await advance(bucket, inKeyOrder(listing, bucket)[Symbol.asyncIterator]());
  }
  for (;;) {
    let key: string | undefined;
    let holders = new Map<string, Head>();
    for (const [bucket, head] of heads) {
      const order = key === undefined ? -1 : compareKeys(head.object.key, key);
      if (order < 0) {
        key = head.object.key;
        holders = new Map();
      }
      if (order <= 0) holders.set(bucket, head);
    }
    if (key === undefined) return;
    yield { key, objects: new Map([...holders].map(([bucket, { object }]) => [bucket, object])) };
    for (const [bucket, { rest }] of holders) await advance(bucket, rest);
  }
}

/** The next object of a listing, and what follows it. */
interface Head {
  readonly object: ListedObject;
  readonly rest: AsyncIterator<ListedObject>;
}
