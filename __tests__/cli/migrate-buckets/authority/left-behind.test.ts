import { describeLeftBehind, LeftBehindTally } from '../../../../cli/migrate-buckets/authority/left-behind';
import type { BucketEvidence } from '../../../../contracts/migrate-buckets/authority';

describe('what a losing bucket has and the truth has not', () => {
  type Current = { version?: string | null; records?: number | null; snapshot_at?: number | null };
  const bucket = (name: string, lines: Current = {}): BucketEvidence => ({
    name,
    collections: [
      {
        collection: 'lines',
        has_data: true,
        gates: [],
        version: null,
        snapshot_at: null,
        records: null,
        ...lines,
      },
    ],
    objects: 1,
    bytes: 1,
    decoys: 0,
    newest_write: 1,
    recent_writes: 1,
    references: [],
    contained_in: {},
  });
  const NOTHING = { objects: 0, bytes: 0 };
  const words = {
    collection: 'words',
    winner: { version: null, records: null },
    snapshots: [],
    deltas: NOTHING,
    stranded: 0,
  };
  const V1 = '20260101_000000';
  const V2 = '20260202_000000';
  const V3 = '20260303_000000_123456_0123abcd';
  const truth = bucket('truth', { version: V2, records: 10, snapshot_at: 200 });
  const loser = bucket('loser', { version: V3, records: 900, snapshot_at: 300 });
  type Held = readonly [key: string, etag?: string, modified?: number];
  const tally = (
    held: readonly Held[],
    kept: Readonly<Record<string, string>> = {},
    [won, lost] = [truth, loser],
  ) => {
    const made = new LeftBehindTally(lost ?? loser, won ?? truth);
    for (const [key, etag = 'x', modified = 0] of held) {
      const size = etag === 'empty' ? 0 : 7;
      const object = (of: string) => ({ key, etag: of, modified, size, storageClass: 'STANDARD' });
      const ours = kept[key];
      made.add({
        key,
        objects: new Map([
          ...(ours === undefined ? [] : [['truth', object(ours)] as const]),
          ['loser', object(etag)],
        ]),
      });
    }
    // A key that the losing bucket lacks is nothing of its.
    made.add({ key: 'only/truth', objects: new Map() });
    return made.finish();
  };
  const archive = (version: string) => `lines/snapshot/timestamped/${version}/snapshot.tar.gz`;

  it('is nothing where the truth has all, or only decoys are more', () => {
    const left = tally([['lines/delta/a/delta.arrow'], ['lines/snapshot/.placeholder', 'empty']], {
      'lines/delta/a/delta.arrow': 'x',
    });
    expect(left).toEqual({
      bucket: 'loser',
      collections: [
        {
          collection: 'lines',
          winner: { version: V2, records: 10 },
          snapshots: [],
          deltas: NOTHING,
          stranded: 0,
        },
        words,
      ],
      others: NOTHING,
    });
    expect(describeLeftBehind(left, 'truth')).toEqual([]);
  });

  it('A4: is what lies under the key of a decoy, unless it is one', () => {
    expect(
      tally([['lines/snapshot/.placeholder'], ['lines/snapshot/latest/pointer.txt', 'empty']], {}).others,
    ).toEqual({
      objects: 1,
      bytes: 7,
    });
  });

  it('B7: is named: snapshots with their records, the newest first; a newer pointer; deltas; the rest', () => {
    const left = tally([
      ['lines/delta/old/delta.arrow', 'x', 199],
      ['lines/delta/same/delta.arrow', 'x', 200],
      ['lines/snapshot/latest-pointer.txt'],
      [archive(V1)],
      [`lines/snapshot/timestamped/${V1}/.snapshot_hash`],
      [archive(V3)],
      ['ocr/late.json'],
    ]);
    expect(left.collections[0]).toEqual({
      collection: 'lines',
      winner: { version: V2, records: 10 },
      snapshots: [
        { version: V3, objects: 1, records: 900, current: true, newer: true },
        { version: V1, objects: 2, records: null, current: false, newer: false },
      ],
      deltas: { objects: 2, bytes: 14 },
      stranded: 1,
    });
    expect(left.others).toEqual({ objects: 1, bytes: 7 });
    expect(describeLeftBehind(left, 'truth')).toEqual([
      `truth lacks what loser has: the lines snapshot ${V3} (900 records), which its pointer names, newer than truth's ${V2} (10 records).`,
      `truth lacks what loser has: the lines snapshot ${V1} (not opened).`,
      `truth lacks what loser has: 2 lines deltas, 1 not older than truth's snapshot.`,
      'truth lacks what loser has: 1 object of no collection.',
    ]);
  });

  it('counts what lies under the same key with other content', () => {
    expect(tally([[archive(V2), 'x']], { [archive(V2)]: 'y' }).collections[0]?.snapshots).toEqual([
      { version: V2, objects: 1, records: null, current: false, newer: false },
    ]);
  });

  it('is told of the collection that it belongs to', () => {
    const [lines, words] = tally([
      [`words/snapshot/timestamped/${V1}/snapshot.tar.gz`],
      ['words/delta/a/delta.arrow'],
    ]).collections;
    expect(lines).toMatchObject({ snapshots: [], deltas: NOTHING });
    expect(words).toMatchObject({ snapshots: [{ version: V1 }], deltas: { objects: 1 }, stranded: 1 });
  });

  it('is all new where the truth has no snapshot', () => {
    const held: Held[] = [[archive(V1)], ['lines/delta/a/delta.arrow', 'x', 0]];
    const left = tally(held, {}, [bucket('truth'), loser]);
    expect(left.collections[0]).toMatchObject({ stranded: 1, snapshots: [{ version: V1, newer: true }] });
    expect(describeLeftBehind(left, 'truth')[0]).toContain(`newer than truth's none.`);
    const unknown = tally(held, {}, [
      { ...truth, collections: [] },
      { ...loser, collections: [] },
    ]);
    expect(unknown.collections[0]).toMatchObject({
      winner: { version: null, records: null },
      stranded: 1,
      snapshots: [{ version: V1, newer: true, current: false }],
    });
  });

  it('names a snapshot of the truth whose records nobody counted without them', () => {
    const left = tally([[archive(V3)]], {}, [bucket('truth', { version: V2 }), loser]);
    expect(describeLeftBehind(left, 'truth')[0]).toContain(`newer than truth's ${V2}.`);
  });

  it('names five snapshots of a collection, and how many more there are', () => {
    const held = [1, 2, 3, 4, 5, 6, 7].map((day): Held => [archive(`2025010${day}_000000`)]);
    const sentences = describeLeftBehind(tally(held), 'truth');
    expect(sentences).toHaveLength(6);
    expect(sentences[0]).toContain('20250107_000000');
    expect(sentences.at(-1)).toBe('truth lacks what loser has: 2 older lines snapshots.');
    expect(describeLeftBehind(tally(held.slice(0, 5)), 'truth')).toHaveLength(5);
  });

  it('counts what lies beside the snapshots with the rest', () => {
    const left = tally([['lines/snapshot/timestamped/draft/snapshot.tar.gz'], ['lines/snapshot/notes.txt']]);
    expect(left.collections[0]?.snapshots).toEqual([]);
    expect(left.others.objects).toBe(2);
  });
});
