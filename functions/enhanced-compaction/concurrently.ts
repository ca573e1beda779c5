/** Far below what S3 and DynamoDB take, and what the SDK has as connections (50). */
const AT_ONCE = 16;

/** Maps with at most 16 calls under way. Results keep the items' order; the first failure rejects. */
export async function concurrently<Item, Result>(
  items: readonly Item[],
  map: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  const work = async () => {
    for (const [index, item] of entries) results[index] = await map(item);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  return results;
}
