import fc from 'fast-check';
import { Placement } from '../../../../cli/migrate-buckets/listing/placement';
import { placementsOf, readSources } from '../../../../cli/migrate-buckets/planning/named-sources';
import { COLLECTIONS } from '../../../../contracts/collections';
import { ALL_LIVE } from '../../../../contracts/migrate-buckets/plan';

describe('What --source says', () => {
  it.each([
    [[], []],
    [['auto'], []],
    [['old'], [{ bucket: 'old', collections: ['lines', 'words'] }]],
    [
      ['lines=a', 'words=b'],
      [
        { bucket: 'a', collections: ['lines'] },
        { bucket: 'b', collections: ['words'] },
      ],
    ],
    [
      ['words=b', 'lines=a'],
      [
        { bucket: 'b', collections: ['words'] },
        { bucket: 'a', collections: ['lines'] },
      ],
    ],
    [['words=a', 'lines=a'], [{ bucket: 'a', collections: ['lines', 'words'] }]],
  ])('by %j is %j', (texts, sources) => {
    expect(readSources(texts)).toEqual(sources);
  });

  const EACH = 'Name one bucket, or each collection once, such as --source lines=my-old-bucket.';
  it.each([
    [['a', 'b'], '--source names 2 buckets, and not of which collection each is the source.'],
    [['auto', 'auto'], '--source names 2 buckets, and not of which collection each is the source.'],
    [['lines=a', 'b'], '--source b does not name a collection and its bucket.'],
    [['lines=', 'words=b'], '--source lines= does not name a collection and its bucket.'],
    [['lines=auto', 'words=b'], '--source lines=auto does not name a collection and its bucket.'],
    [['lines=a=b', 'words=b'], '--source lines=a=b does not name a collection and its bucket.'],
    [['pages=a'], '--source pages=a: "pages" is not a collection. They are lines, words.'],
    [['=a'], '--source =a: "" is not a collection. They are lines, words.'],
    [['lines=a', 'lines=b'], '--source names the source of lines more than once.'],
    [['lines=a', 'lines=a', 'words=b'], '--source names the source of lines more than once.'],
    [['words=a'], '--source does not name the source of lines.'],
  ])('by %j is nothing', (texts, sentence) => {
    expect(() => readSources(texts)).toThrow(
      expect.objectContaining({ exitCode: 2, message: `${sentence} ${EACH}` }),
    );
  });
});

describe('Where objects belong', () => {
  it('is under their own keys where there is one source', () => {
    expect(placementsOf(readSources(['old']))).toEqual(new Map([['old', ALL_LIVE]]));
    expect(placementsOf([])).toEqual(new Map());
  });

  it('is by what each of several is named for', () => {
    expect(placementsOf(readSources(['words=b', 'lines=a']))).toEqual(
      new Map([
        ['b', { archived: ['lines/snapshot/', 'lines/delta/', 'archive/a/'], live: [] }],
        ['a', { archived: [''], live: ['lines/snapshot/', 'lines/delta/'] }],
      ]),
    );
  });

  it.each([
    ['a', 'lines/snapshot/latest-pointer.txt', 'lines/snapshot/latest-pointer.txt'],
    ['a', 'lines/delta/x/delta.arrow', 'lines/delta/x/delta.arrow'],
    ['a', 'words/delta/x/delta.arrow', 'archive/a/words/delta/x/delta.arrow'],
    ['a', 'lines/notes', 'lines/notes'],
    ['a', 'ocr/x', 'ocr/x'],
    ['a', 'archive/older/x', 'archive/older/x'],
    ['a', 'archive/b/words/delta/x', 'archive/a/archive/b/words/delta/x'],
    ['b', 'words/delta/x/delta.arrow', 'words/delta/x/delta.arrow'],
    ['b', 'lines/delta/x/delta.arrow', 'archive/b/lines/delta/x/delta.arrow'],
    ['b', 'ocr/x', 'archive/b/ocr/x'],
    ['b', 'archive/b/ocr/x', 'archive/b/archive/b/ocr/x'],
  ])('is, of %s, for %s under %s', (bucket, key, at) => {
    const rules = placementsOf(readSources(['lines=a', 'words=b'])).get(bucket);
    expect(new Placement(bucket, rules ?? ALL_LIVE).keyOf(key)).toBe(at);
  });

  it('is one key for each object, and never that of another', () => {
    const prefix = fc.constantFrom(
      ...COLLECTIONS.flatMap((each) => [`${each}/snapshot/`, `${each}/delta/`, `${each}/`]),
      ...['', 'archive/', 'archive/a/', 'archive/b/', 'archive/a/words/delta/', 'archive/b/lines/delta/'],
    );
    const key = fc.tuple(prefix, fc.string({ maxLength: 2 })).map((parts) => parts.join(''));
    const named = fc.constantFrom(['lines=a', 'words=b'], ['words=b', 'lines=a'], ['lines=b', 'words=a']);
    fc.assert(
      fc.property(named, fc.uniqueArray(key), fc.uniqueArray(key), (texts, ours, theirs) => {
        const rules = placementsOf(readSources(texts));
        const placed = [['a', ours] as const, ['b', theirs] as const].flatMap(([bucket, keys]) => {
          const placement = new Placement(bucket, rules.get(bucket) ?? ALL_LIVE);
          return keys.map((each) => placement.keyOf(each));
        });
        expect(new Set(placed).size).toBe(ours.length + theirs.length);
      }),
      { numRuns: 1000 },
    );
  });
});
