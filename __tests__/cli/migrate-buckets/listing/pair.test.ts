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

  const object = (key: string, etag = 'x') => ({ key, size: 1, etag, storageClass: 'STANDARD', modified: 0 });
  const pairsOf = async (source: readonly string[], destination: readonly string[]) =>
    (
      await gather(
        pairListings(stream(source.map((key) => object(key))), stream(destination.map((key) => object(key)))),
      )
    ).map((pair) => [pair.key, pair.source?.key, pair.destination?.key]);

  it.each<[string[], string[]]>([
    [
      ['a', 'b'],
      ['a', 'c'],
    ],
    [['b'], ['a', 'b', 'c']],
    [['a', 'b', 'c'], ['b']],
    [[], ['a']],
    [['a'], []],
    [[], []],
  ])('puts %j beside %j', async (source, destination) => {
    const keys = [...new Set([...source, ...destination])].sort();
    expect(await pairsOf(source, destination)).toEqual(
      keys.map((key) => [
        key,
        source.includes(key) ? key : undefined,
        destination.includes(key) ? key : undefined,
      ]),
    );
  });

  it.each([
    ['source', ['a', 'a'], []],
    ['source', ['b', 'a'], []],
    ['destination', [], ['a', 'a']],
    ['destination', ['x'], ['b', 'a']],
  ])('refuses a %s whose keys do not rise: %j, %j', async (side, source, destination) => {
    await expect(pairsOf(source, destination)).rejects.toThrow(
      RegExp(`listing of the ${side} is not in key order \\("a" came after "[ab]"\\)`),
    );
  });

  it.each<[string[], string[], string[]]>([
    [['b'], ['a'], ['a', 'b!']],
    [['b'], ['c'], ['b!', 'c']],
    [['b'], ['a', 'b', 'c'], ['a', 'b!', 'c']],
    [
      ['a', 'd'],
      ['b', 'c'],
      ['a!', 'b', 'c', 'd!'],
    ],
    [[], ['a', 'b'], ['a', 'b']],
    [['a'], [], ['a!']],
  ])('merges %j with %j', async (listed, more, expected) => {
    const merged = mergeListings(
      stream(listed.map((key) => object(key, 'listed'))),
      more.map((key) => object(key, 'more')),
    );
    expect((await gather(merged)).map(({ key, etag }) => (etag === 'listed' ? `${key}!` : key))).toEqual(
      expected,
    );
  });
});
