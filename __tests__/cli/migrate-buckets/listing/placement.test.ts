import fc from 'fast-check';
import type { ListedObject } from '../../../../cli/migrate-buckets/listing/listed-object';
import { Placement } from '../../../../cli/migrate-buckets/listing/placement';
import { ALL_LIVE, type PlacementRules } from '../../../../contracts/migrate-buckets/plan';
import { bytewise, gather, listing, stream } from '../arbitrary-listings';

const ARCHIVED = { archived: [''], live: [] };
const MIXED = { archived: ['words/', 'archive/other/'], live: [] };
const ONLY_WORDS = { archived: [''], live: ['words/snapshot/', 'words/delta/'] };

const object = (key: string): ListedObject => ({
  key,
  size: 1,
  etag: 'e',
  storageClass: 'STANDARD',
  modified: 0,
});

/** Keys that begin as the rules' do, or as what they lead to, and any others. */
const prefix = fc.constantFrom('', 'words/', 'lines/', 'a', 'archive/', 'archive/old/', 'archive/old/words/');
const placedKey = fc
  .tuple(prefix, fc.string({ unit: 'binary', maxLength: 6 }))
  .map((parts) => parts.join(''))
  .filter((key) => key !== '');
const filters = fc.array(
  fc.record({
    action: fc.constantFrom('include' as const, 'exclude' as const),
    glob: prefix.map((begins) => `${begins}*`),
  }),
  { maxLength: 2 },
);
const rules = fc.record(
  {
    archived: fc.uniqueArray(prefix, { maxLength: 3 }),
    live: fc.uniqueArray(prefix, { maxLength: 2 }),
    filters,
  },
  { requiredKeys: ['archived', 'live'] },
);
const objects = fc.uniqueArray(placedKey, { maxLength: 12 }).map((keys) => keys.sort(bytewise).map(object));

/** The pairs of two buckets, and what the destination was listed for. */
async function pairs(placement: Placement, source: readonly ListedObject[], there: readonly ListedObject[]) {
  const asked: (string | undefined)[] = [];
  const left: ListedObject[] = [];
  const list = (begins?: string) => {
    asked.push(begins);
    return stream(there.filter(({ key }) => begins === undefined || key.startsWith(begins)));
  };
  const found = await gather(placement.pair(stream(source), list, (each) => void left.push(each)));
  return { found, asked, left };
}

describe('A5: that a snapshot covers it is not said of the copy of', () => {
  const left = (rules: PlacementRules, key: string, bucket?: string) =>
    new Placement('old', rules).tagsLeftBehind({ key, bucket });
  const coverage = ['covered-by-snapshot', 'covered-by'];

  it('a delta that is archived, or that comes from another bucket', () => {
    expect(left(ARCHIVED, 'lines/delta/a/delta.arrow')).toEqual(coverage);
    expect(left(ALL_LIVE, 'words/delta/a/delta.tar.gz', 'loser')).toEqual(coverage);
    expect(left(MIXED, 'words/delta/a/delta.arrow')).toEqual(coverage);
  });

  it('and of no other object', () => {
    expect(left(ALL_LIVE, 'lines/delta/a/delta.arrow')).toBeUndefined();
    expect(left(MIXED, 'lines/delta/a/delta.arrow')).toBeUndefined();
    expect(left(ARCHIVED, 'lines/snapshot/latest-pointer.txt')).toBeUndefined();
    expect(left(ARCHIVED, 'others/delta/a/delta.arrow')).toBeUndefined();
    expect(left(ALL_LIVE, 'ocr/a.json', 'loser')).toBeUndefined();
  });
});

it('B10: a key is too long by what it becomes, in bytes', () => {
  const tooLong = (rules: PlacementRules, key: string) => new Placement('old', rules).isTooLong(key);
  const room = 1024 - 'archive/old/'.length;
  expect([tooLong(ALL_LIVE, 'k'.repeat(1024)), tooLong(ALL_LIVE, 'k'.repeat(1025))]).toEqual([false, true]);
  expect([tooLong(ARCHIVED, 'k'.repeat(room)), tooLong(ARCHIVED, 'k'.repeat(room + 1))]).toEqual([
    false,
    true,
  ]);
  expect(tooLong(ALL_LIVE, 'ä'.repeat(513))).toBe(true);
});

describe('An object of the source belongs', () => {
  it.each([
    [ALL_LIVE, 'words/a', 'words/a'],
    [ALL_LIVE, 'archive/old/a', 'archive/old/a'],
    [ARCHIVED, 'words/a', 'archive/old/words/a'],
    [{ ...ARCHIVED, folder: 'again' }, 'words/a', 'archive/again/words/a'],
    [ARCHIVED, '.placeholder', 'archive/old/.placeholder'],
    [ARCHIVED, 'archive/old/a', 'archive/old/archive/old/a'],
    [MIXED, 'words/a', 'archive/old/words/a'],
    [MIXED, 'words', 'words'],
    [MIXED, 'lines/a', 'lines/a'],
    [MIXED, 'archive/older/a', 'archive/older/a'],
    [MIXED, 'archive/other/a', 'archive/old/archive/other/a'],
    // Where a key under the archive would meet what is archived.
    [MIXED, 'archive/old/words/a', 'archive/old/archive/old/words/a'],
    [MIXED, 'archive/old', 'archive/old'],
    [ONLY_WORDS, 'words/delta/a', 'words/delta/a'],
    [ONLY_WORDS, 'words/a', 'archive/old/words/a'],
    [{ archived: [''], live: [''] }, 'archive/old/a', 'archive/old/archive/old/a'],
  ])('by %j, of %s, under %s', (rule, key, at) => {
    expect(new Placement('old', rule).keyOf(key)).toBe(at);
  });

  it('under a key of its own, whatever the rules', () => {
    fc.assert(
      fc.property(rules, objects, (rule, source) => {
        const placement = new Placement('old', rule);
        const placed = source.map(({ key }) => placement.keyOf(key));
        expect(new Set(placed).size).toBe(source.length);
        for (const [index, at] of placed.entries()) {
          const key = source[index]?.key;
          expect([key, `archive/old/${key}`]).toContain(at);
        }
      }),
    );
  });
});

describe('Pairs', () => {
  it('are those of a plain join of the two buckets, by where each object belongs', async () => {
    await fc.assert(
      fc.asyncProperty(rules, objects, objects, async (rule, source, there) => {
        const placement = new Placement('old', rule);
        const { found, left } = await pairs(placement, source, there);
        expect(left).toEqual(source.filter(({ key }) => placement.leavesOut(key)));
        const held = new Map(there.map((each) => [each.key, each]));
        // By an exhaustive search: which keys at all would lead to an object that is there.
        const keys = new Set([
          ...source.map(({ key }) => key),
          ...there.flatMap(({ key }) =>
            [key, key.replace(/^archive\/old\//, '')].filter((from) => placement.keyOf(from) === key),
          ),
        ]);
        keys.delete('');
        expect(found).toEqual(
          [...keys]
            .filter((key) => !placement.leavesOut(key))
            .sort(bytewise)
            .map((key) => ({
              key,
              source: source.find((each) => each.key === key),
              destination: held.get(placement.keyOf(key)),
            })),
        );
      }),
    );
  });

  it('are those of the whole destination where every object keeps its key', async () => {
    await fc.assert(
      fc.asyncProperty(listing, listing, async (source, there) => {
        const { found, asked } = await pairs(Placement.plain('old'), source, there);
        expect(asked).toStrictEqual([undefined]);
        expect(found.flatMap(({ source: ours }) => ours ?? [])).toEqual(source);
        expect(found.flatMap(({ destination }) => destination ?? [])).toEqual(there);
      }),
    );
  });

  it('ask for what is archived alone where everything is', async () => {
    const { found, asked } = await pairs(
      new Placement('old', ARCHIVED),
      [object('a'), object('b')],
      [object('a'), object('archive/old/b'), object('archive/old/c'), object('archive/older/a')],
    );
    expect(asked).toStrictEqual(['archive/old/']);
    expect(found).toEqual([
      { key: 'a', source: object('a'), destination: undefined },
      { key: 'b', source: object('b'), destination: object('archive/old/b') },
      { key: 'c', source: undefined, destination: object('archive/old/c') },
    ]);
  });

  it('do not believe a server that lists more than what begins with a prefix', async () => {
    const there = [object('archive/old/a'), object('archive/old2/b'), object('brchive/old/c')];
    const found = await gather(new Placement('old', ARCHIVED).pair(stream([]), () => stream(there)));
    expect(found).toEqual([{ key: 'a', source: undefined, destination: object('archive/old/a') }]);
  });

  it.each([ALL_LIVE, ARCHIVED, MIXED])('are none by %j where a listing is not in order', async (rule) => {
    const placement = new Placement('old', rule);
    const wrong = [object('archive/old/words/b'), object('archive/old/words/a')];
    await expect(gather(placement.pair(stream([]), () => stream(wrong)))).rejects.toThrow(
      'The listing of the destination is not in key order',
    );
    const source = placement.pair(stream([object('b'), object('a')]), () => stream([]));
    await expect(gather(source)).rejects.toThrow('The listing of the source is not in key order');
  });
});

describe('What is left out', () => {
  const filtered = (...given: readonly (readonly ['include' | 'exclude', string])[]) =>
    new Placement('old', {
      archived: ['b'],
      live: [],
      filters: given.map(([action, glob]) => ({ action, glob })),
    });

  it.each([
    [[], 'a', false],
    [[['exclude', 'a']], 'a', true],
    [[['exclude', 'a']], 'aa', false],
    [
      [
        ['exclude', 'a'],
        ['include', 'a'],
      ],
      'a',
      false,
    ],
    [
      [
        ['exclude', '*'],
        ['include', 'a*'],
        ['exclude', '*.tmp'],
      ],
      'a.tmp',
      true,
    ],
    [
      [
        ['exclude', '*'],
        ['include', 'a*'],
        ['exclude', '*.tmp'],
      ],
      'a',
      false,
    ],
    [
      [
        ['exclude', '*'],
        ['include', 'a*'],
        ['exclude', '*.tmp'],
      ],
      'b',
      true,
    ],
    // By the key that it has at the source.
    [[['exclude', 'archive/*']], 'b', false],
  ] as const)('by %j, of %s: %p', (given, key, out) => {
    expect(filtered(...given).leavesOut(key)).toBe(out);
    expect(filtered(...given).isFiltered).toBe(given.length > 0);
  });

  it('is not the destination’s either, and is listed again without the filters', async () => {
    const placement = filtered(['exclude', '*2']);
    const [source, there] = [
      ['a1', 'a2', 'b1', 'b2'],
      ['a1', 'a2', 'archive/old/b1', 'archive/old/b2'],
    ];
    const keysOf = async (by: Placement) =>
      (await pairs(by, source.map(object), there.map(object))).found.map((pair) => [
        pair.key,
        pair.destination?.key,
      ]);
    const taken = [
      ['a1', 'a1'],
      ['b1', 'archive/old/b1'],
    ];
    expect(await keysOf(placement)).toEqual(taken);
    expect(await keysOf(placement.unfiltered())).toEqual([
      ['a1', 'a1'],
      ['a2', 'a2'],
      ['b1', 'archive/old/b1'],
      ['b2', 'archive/old/b2'],
    ]);
    expect(placement.unfiltered().isFiltered).toBe(false);
    const plain = new Placement('old', { ...ALL_LIVE, filters: [{ action: 'exclude', glob: '*2' }] });
    expect((await keysOf(plain)).map(([key]) => key)).toEqual(['a1', 'archive/old/b1', 'b1'].sort(bytewise));
    expect((await pairs(plain, [], [])).asked).toStrictEqual([undefined]);
    expect(await gather(plain.pair(stream([object('a2')]), () => stream([])))).toEqual([]);
  });
});

it('is that of a plan', () => {
  const placement = Placement.of({ source: 'old', placement: ARCHIVED });
  expect(placement.keyOf('a')).toBe('archive/old/a');
});

it('tells where all is kept that nobody is to use, and only then', () => {
  expect(new Placement('old', ARCHIVED).archivedUnder).toBe('archive/old/');
  for (const rule of [ALL_LIVE, MIXED, ONLY_WORDS]) {
    expect(new Placement('old', rule).archivedUnder).toBeNull();
  }
});

it('tells whether anything is kept there', () => {
  expect([ARCHIVED, MIXED, ONLY_WORDS, ALL_LIVE].map((rule) => new Placement('old', rule).archives)).toEqual([
    true,
    true,
    true,
    false,
  ]);
});
