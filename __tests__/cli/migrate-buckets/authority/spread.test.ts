import { Spread } from '../../../../cli/migrate-buckets/authority/spread';

const DAY = Date.parse('2026-03-04T23:59:59Z');
const object = (key: string, size = 1, modified = DAY) => ({
  key,
  size,
  etag: 'e',
  storageClass: 'STANDARD',
  modified,
});
const spreadOf = (...objects: ReturnType<typeof object>[]) => {
  const spread = new Spread();
  for (const each of objects) spread.add(each);
  return spread.finish();
};

it('counts objects and bytes by the UTC day when they were written, in the order of the days', () => {
  const { days } = spreadOf(object('a', 5, DAY + 1000), object('b', 2), object('c', 3));
  expect(Object.entries(days)).toEqual([
    ['2026-03-04', { objects: 2, bytes: 5 }],
    ['2026-03-05', { objects: 1, bytes: 5 }],
  ]);
});

it('counts by the first two folders, and no more of them than can be shown', () => {
  const { prefixes, other_prefixes } = spreadOf(
    object('a/b/c/d'),
    object('a/b/e', 2),
    object('a/f'),
    object('root'),
    object('/odd'),
  );
  expect(prefixes).toEqual([
    { prefix: 'a/b/', objects: 2, bytes: 3 },
    { prefix: 'a/', objects: 1, bytes: 1 },
    { prefix: '', objects: 1, bytes: 1 },
    { prefix: '/', objects: 1, bytes: 1 },
  ]);
  expect(other_prefixes).toEqual({ objects: 0, bytes: 0 });
  const many = spreadOf(...Array.from({ length: 150 }, (_, index) => object(`${index}/x`, 2)), object('0/y'));
  expect(many.prefixes).toHaveLength(100);
  expect(many.prefixes[0]).toEqual({ prefix: '0/', objects: 2, bytes: 3 });
  expect(many.other_prefixes).toEqual({ objects: 50, bytes: 100 });
});

it('counts by collection, what is of none, and no decoys', () => {
  const spread = spreadOf(
    object('words/delta/x/delta.tar.gz', 4),
    object('ocr/a.json', 3),
    object('lines/snapshot/latest-pointer.txt', 2),
    object('lines/snapshot/.placeholder', 0),
    // Somebody's own.
    object('lines/snapshot/latest/pointer.txt', 5),
  );
  expect(spread.kinds).toEqual([
    { collection: 'lines', kind: 'snapshots', objects: 2, bytes: 7 },
    { collection: 'words', kind: 'deltas', objects: 1, bytes: 4 },
    { collection: null, kind: 'others', objects: 1, bytes: 3 },
  ]);
  expect(spread.prefixes).toHaveLength(3);
});
