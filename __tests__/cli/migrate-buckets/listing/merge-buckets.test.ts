import fc from 'fast-check';
import { compareKeys } from '../../../../cli/migrate-buckets/listing/key-order';
import type { ListedObject } from '../../../../cli/migrate-buckets/listing/listed-object';
import { mergeBuckets } from '../../../../cli/migrate-buckets/listing/merge-buckets';

async function* listing(keys: readonly string[]): AsyncGenerator<ListedObject> {
  for (const key of keys) yield { key, size: 1, etag: 'x', storageClass: 'STANDARD', modified: 0 };
}

async function merge(buckets: Readonly<Record<string, readonly string[]>>) {
  const listings = new Map(Object.entries(buckets).map(([name, keys]) => [name, listing(keys)]));
  const found: [string, string[]][] = [];
  for await (const { key, objects } of mergeBuckets(listings)) {
    for (const object of objects.values()) expect(object.key).toBe(key);
    found.push([key, [...objects.keys()]]);
  }
  return found;
}

describe('the listings of many buckets', () => {
  it('are merged key by key, each with the buckets that hold it', async () => {
    expect(await merge({ one: ['a', 'c'], two: ['b', 'c', 'd'], none: [], three: ['c'] })).toEqual([
      ['a', ['one']],
      ['b', ['two']],
      ['c', ['one', 'two', 'three']],
      ['d', ['two']],
    ]);
    expect(await merge({})).toEqual([]);
  });

  it('come out whole and in the order of S3, whatever the keys', async () => {
    const keys = fc
      .uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 }))
      .map((some) => [...some].sort(compareKeys));
    await fc.assert(
      fc.asyncProperty(fc.array(keys, { maxLength: 4 }), async (lists) => {
        const found = await merge(Object.fromEntries(lists.map((list, index) => [`b${index}`, list])));
        const all = [...new Set(lists.flat())].sort(compareKeys);
        expect(found.map(([key]) => key)).toEqual(all);
        for (const [key, holders] of found) {
          expect(holders).toEqual(lists.flatMap((list, index) => (list.includes(key) ? [`b${index}`] : [])));
        }
      }),
    );
  });

  it('B11: are refused when one is out of order or repeats a key, naming its bucket', async () => {
    await expect(merge({ good: ['a', 'b'], bad: ['b', 'a'] })).rejects.toThrow(
      'The listing of bad is not in key order ("a" came after "b")',
    );
    await expect(merge({ bad: ['a', 'a'] })).rejects.toThrow('The listing of bad is not in key order');
  });
});
