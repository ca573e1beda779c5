import { compareKeys } from './key-order';
import type { ListedObject } from './listed-object';
import { mergeByKey } from './merge-by-key';
import { outOfOrder } from './page-order';

/** One key, as the source and the destination hold it. At least one of them does. */
export interface Pair {
  readonly key: string;
  readonly source: ListedObject | undefined;
  readonly destination: ListedObject | undefined;
}

/**
 * Merges two listings in key order, in constant memory.
 *
 * @throws {UserError} when a listing is not in strictly ascending byte order: a merge of such listings would
 * take objects for missing that are there.
 */
export async function* pairListings(
  source: AsyncIterable<ListedObject>,
  destination: AsyncIterable<ListedObject>,
): AsyncGenerator<Pair> {
  const merged = mergeByKey(inKeyOrder(source, 'the source'), inKeyOrder(destination, 'the destination'));
  for await (const { key, left, right } of merged) yield { key, source: left, destination: right };
}

/**
 * Passes a listing on as long as it is in strictly ascending byte order.
 *
 * @param what - is listed, for people.
 * @throws {UserError} when it is not.
 */
export async function* inKeyOrder(
  listing: AsyncIterable<ListedObject>,
  what: string,
): AsyncGenerator<ListedObject> {
  let last: string | undefined;
  for await (const object of listing) {
    if (last !== undefined && compareKeys(last, object.key) >= 0) throw outOfOrder(what, object.key, last);
    last = object.key;
    yield object;
  }
}

/** Adds objects of other buckets to a listing, in key order. Where both have a key, the listing's own goes. */
export async function* mergeListings(
  listing: AsyncIterable<ListedObject>,
  more: readonly ListedObject[],
): AsyncGenerator<ListedObject> {
  let index = 0;
  for await (const object of listing) {
    for (
      let next = more[index];
      next !== undefined && compareKeys(next.key, object.key) <= 0;
      next = more[++index]
    ) {
      if (next.key !== object.key) yield next;
    }
    yield object;
  }
  yield* more.slice(index);
}
