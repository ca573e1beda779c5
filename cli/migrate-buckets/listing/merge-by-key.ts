import { UserError } from '../../shared/user-error';
import { compareKeys } from './key-order';

interface Keyed {
  readonly key: string;
}

/** What two sides hold under one key: at least one of them something. */
export interface Merged<Left, Right> {
  readonly key: string;
  readonly left: Left | undefined;
  readonly right: Right | undefined;
}

/** All that one side holds under one key, in the order in which it came. */
export interface Group<Item> extends Keyed {
  readonly items: readonly Item[];
}

/** Merges two sequences, each in strictly ascending key order, in constant memory. */
export async function* mergeByKey<Left extends Keyed, Right extends Keyed>(
  left: AsyncIterable<Left>,
  right: AsyncIterable<Right>,
): AsyncGenerator<Merged<Left, Right>> {
  const [lefts, rights] = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()];
  try {
    let [a, b] = [await lefts.next(), await rights.next()];
    while (a.done !== true || b.done !== true) {
      const order = a.done === true ? 1 : b.done === true ? -1 : compareKeys(a.value.key, b.value.key);
      const [from, to] = [
        order <= 0 && a.done !== true ? a.value : undefined,
        order >= 0 && b.done !== true ? b.value : undefined,
      ];
      yield { key: from?.key ?? to?.key ?? '', left: from, right: to };
      if (order <= 0) a = await lefts.next();
      if (order >= 0) b = await rights.next();
    }
  } finally {
    // A side may hold a file open: it must hear of it when nobody reads on.
    await Promise.all([lefts.return?.(), rights.return?.()]);
  }
}

/**
 * Gathers what follows each other under one key: the versions of an object.
 *
 * @throws {UserError} when the keys are not in ascending byte order: nothing can be concluded from a merge of those.
 */
export async function* groupByKey<Item extends Keyed>(
  items: AsyncIterable<Item>,
  what: string,
): AsyncGenerator<Group<Item>> {
  let group: { key: string; items: Item[] } | undefined;
  for await (const item of items) {
    if (item.key === group?.key) {
      group.items.push(item);
      continue;
    }
    if (group !== undefined) {
      if (compareKeys(group.key, item.key) > 0) {
        throw new UserError(
          `${what} is not in key order ("${item.key}" came after "${group.key}"), so nothing can be concluded from it.`,
        );
      }
      yield group;
    }
    group = { key: item.key, items: [item] };
  }
  if (group !== undefined) yield group;
}
