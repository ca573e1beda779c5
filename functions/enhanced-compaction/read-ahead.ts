/**
 * Maps items in their order, each while the caller still works on the one before: at most two results are held. What the
 * caller does not ask for any more may still be under way.
 */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  map: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  let begun: Promise<Result> | undefined;
  for (const item of items) {
    const before = begun;
    begun = map(item);
    // It is told when it is asked for.
    begun.catch(() => {});
    if (before !== undefined) yield await before;
  }
  if (begun !== undefined) yield await begun;
}
