import { BucketTally } from '../../../../cli/migrate-buckets/authority/bucket-tally';
import type { ListedObject } from '../../../../cli/migrate-buckets/listing/listed-object';
import type { CurrentSnapshot } from '../../../../cli/migrate-buckets/snapshots/inspect-collection';

describe('what a listing adds up to', () => {
  const NOW = Date.parse('2026-06-15T00:00:00Z');
  const WEEK = 7 * 24 * 3600 * 1000;
  const VERSION = '20260101_000000';
  const lines = (changes: Partial<CurrentSnapshot> = {}): CurrentSnapshot => ({
    collection: 'lines',
    gates: [],
    version: VERSION,
    snapshot_at: 1,
    records: 3,
    ...changes,
  });
  const object = (key: string, changes: Partial<ListedObject> = {}): ListedObject => ({
    key,
    size: 7,
    etag: 'x',
    storageClass: 'STANDARD',
    modified: 5,
    ...changes,
  });
  const tally = (
    objects: readonly ListedObject[],
    { snapshots = [lines()], others = {} as Readonly<Record<string, ListedObject>> } = {},
  ) => {
    const made = new BucketTally('mine', snapshots, ['other'], NOW);
    for (const each of objects) {
      made.add(
        each,
        new Map([['mine', each], ...Object.entries(others).filter(([, { key }]) => key === each.key)]),
      );
    }
    return made.evidence(['Lambda x']);
  };
  const POINTER = 'lines/snapshot/latest-pointer.txt';
  const ARCHIVE = `lines/snapshot/timestamped/${VERSION}/snapshot.tar.gz`;

  it('is counted without decoys', () => {
    expect(
      tally([
        object('a', { modified: 9 }),
        object('lines/delta/.placeholder', { modified: 99, size: 0 }),
        object('b'),
      ]),
    ).toEqual({
      name: 'mine',
      collections: [{ ...lines(), has_data: false }],
      objects: 2,
      bytes: 14,
      decoys: 1,
      newest_write: 9,
      recent_writes: 0,
      references: ['Lambda x'],
      contained_in: { other: 0 },
    });
    expect(tally([])).toMatchObject({ objects: 0, newest_write: null, contained_in: { other: 0 } });
    expect(tally([object('a', { modified: 0 })]).newest_write).toBe(0);
  });

  it('takes what was written in the last seven days for recent', () => {
    const at = (modified: number) => tally([object('a', { modified })]).recent_writes;
    expect([at(NOW - WEEK), at(NOW - WEEK + 1), at(NOW)]).toEqual([0, 1, 1]);
  });

  it('counts what another bucket holds as well, by ETag and size', () => {
    const held = (changes: Partial<ListedObject>) =>
      tally([object('a'), object('b')], { others: { other: object('a', changes) } }).contained_in;
    expect(held({})).toEqual({ other: 1 });
    expect(held({ etag: 'y' })).toEqual({ other: 0 });
    expect(held({ size: 8 })).toEqual({ other: 0 });
    const twin = [object('a'), object('b')].map((each) => ({ each }));
    const made = new BucketTally('mine', [], ['other'], NOW);
    for (const { each } of twin)
      made.add(
        each,
        new Map([
          ['mine', each],
          ['other', each],
        ]),
      );
    expect(made.evidence([]).contained_in).toEqual({ other: 2 });
    // Itself is not another.
    expect(tally([object('a')], { others: { mine: object('a') } }).contained_in).toEqual({ other: 0 });
  });

  it.each([
    ['lines/delta/a/delta.arrow', true],
    [POINTER, true],
    [ARCHIVE, true],
    ['words/delta/a/delta.arrow', false],
    ['ocr/a.json', false],
  ])('takes %s for data of its collection: %s', (key, expected) => {
    expect(tally([object(key)]).collections[0]?.has_data).toBe(expected);
  });

  it('A4: takes what lies under the key of a decoy for data, unless it is one', () => {
    const at = (size: number) => tally([object('lines/delta/.placeholder', { size })]);
    expect(at(0)).toMatchObject({ objects: 0, decoys: 1, collections: [{ has_data: false }] });
    expect(at(1)).toMatchObject({ objects: 1, decoys: 0, collections: [{ has_data: true }] });
  });

  it('takes no empty snapshot for data, nor the pointer to it, but all that lies beside', () => {
    const hasData = (key: string, changes: Partial<CurrentSnapshot> = { records: 0 }) =>
      tally([object(key)], { snapshots: [lines(changes)] }).collections[0]?.has_data;
    expect([hasData(POINTER), hasData(ARCHIVE)]).toEqual([false, false]);
    expect(hasData('lines/delta/a/delta.arrow')).toBe(true);
    expect(hasData('lines/snapshot/timestamped/20250101_000000/snapshot.tar.gz')).toBe(true);
    // Where nobody could count, it may hold something.
    expect([hasData(POINTER, { records: null }), hasData(ARCHIVE, { records: null })]).toEqual([true, true]);
    expect(hasData(ARCHIVE, { records: 0, version: null })).toBe(true);
    expect(hasData(POINTER, { records: 0, version: null })).toBe(true);
  });
});
