import fc from 'fast-check';
import { mergeListings, pairListings } from '../../../../cli/migrate-buckets/listing/pair';
import { bytewise, gather, listing, stream } from '../arbitrary-listings';

describe('pairing two listings', () => {
  it('loses no key, makes none up, and pairs what is in both', async () => {
    await fc.assert(
      fc.asyncProperty(listing, listing, async (source, destination) => {
        const pairs = await gather(pairListings(stream(source), stream(destination)));
        expect(pairs.flatMap((pair) => pair.source ?? [])).toEqual(source);
        expect(pairs.flatMap((pair) => pair.destination ?? [])).toEqual(destination);
        expect(new Set(pairs.map((pair) => pair.key)).size).toBe(pairs.length);
        for (const pair of pairs) {
          for (const side of [pair.source, pair.destination]) if (side) expect(side.key).toBe(pair.key);
        }
      }),
    );
  });

  it('refuses a listing that is out of order instead of taking objects for missing', async () => {
    const [a, b] = [
      { key: 'b', size: 1, etag: 'x', storageClass: 'STANDARD', modified: 0 },
      { key: 'a', size: 1, etag: 'x', storageClass: 'STANDARD', modified: 0 },
    ];
    await expect(gather(pairListings(stream([a, b]), stream([])))).rejects.toThrow(/not in key order/);
  });

  it('adds stranded objects in order, and the listing wins where both have a key', async () => {
    await fc.assert(
      fc.asyncProperty(listing, listing, async (main, more) => {
        const merged = await gather(mergeListings(stream(main), more));
        const keys = new Set([...main, ...more].map((each) => each.key));
        expect(merged.map((each) => each.key)).toEqual([...keys].sort(bytewise));
        for (const each of main) expect(merged).toContain(each);
      }),
    );
  });
});
