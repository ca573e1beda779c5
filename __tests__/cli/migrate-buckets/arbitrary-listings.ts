import fc from 'fast-check';

/** Any text that can be an S3 key: every plane, no lone surrogates. */
export const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
export const bytewise = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

const object = fc.record({
  key,
  size: fc.nat(3),
  etag: fc.constantFrom('a', 'b', 'c'),
  storageClass: fc.constant('STANDARD'),
  modified: fc.nat(9),
});
export const listing = fc
  .uniqueArray(object, { selector: (each) => each.key, maxLength: 12 })
  .map((objects) => objects.sort((a, b) => bytewise(a.key, b.key)));

export async function* stream<T>(items: readonly T[]) {
  yield* items;
}
export async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
