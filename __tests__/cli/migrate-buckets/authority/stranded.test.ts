import type { ListedObject } from '../../../../cli/migrate-buckets/listing/listed-object';
import type { BucketEvidence } from '../../../../contracts/migrate-buckets/authority';
import { findStranded } from './stranded-deltas';

describe('stranded deltas', () => {
  const at = (name: string, modified: number): [string, ListedObject] => [
    name,
    { key: name, size: 1, etag: 'x', storageClass: 'STANDARD', modified },
  ];
  const winner: BucketEvidence = {
    name: 'truth',
    collections: [
      { collection: 'lines', has_data: true, gates: [], version: null, snapshot_at: 100, records: null },
    ],
    objects: 1,
    bytes: 1,
    decoys: 0,
    newest_write: 1,
    recent_writes: 1,
    references: [],
    contained_in: {},
  };

  it('are deltas that only a loser has and that the snapshot cannot hold yet', async () => {
    const inventories = new Map([
      ['truth', new Map([at('lines/delta/both/delta.tar.gz', 200)])],
      [
        'loser',
        new Map([
          ['lines/delta/.placeholder', { ...at('lines/delta/.placeholder', 200)[1], size: 0, etag: 'empty' }],
          at('lines/delta/both/delta.tar.gz', 200),
          at('lines/delta/new/delta.tar.gz', 200),
          at('lines/delta/old/delta.tar.gz', 50),
          at('lines/snapshot/latest-pointer.txt', 200),
        ]),
      ],
    ]);
    const found = await findStranded(winner, inventories);
    expect(found.map(({ object: { key: name } }) => name)).toEqual(['lines/delta/new/delta.tar.gz']);
  });

  it('A4: may lie under the key of a decoy', async () => {
    const [key, delta] = at('lines/delta/.placeholder', 200);
    const decoy = { ...delta, size: 0, etag: 'empty' };
    const loser = new Map([[key, delta]]);
    expect(await findStranded(winner, new Map([['loser', loser]]))).toHaveLength(1);
    expect(
      await findStranded(
        winner,
        new Map([
          ['truth', new Map([[key, decoy]])],
          ['loser', loser],
        ]),
      ),
    ).toEqual([{ bucket: 'loser', object: delta, overshadowed: true }]);
  });

  it('are told apart where the truth holds other content under the same key', async () => {
    const [name, delta] = at('lines/delta/both/delta.tar.gz', 200);
    const inventories = new Map([
      ['truth', new Map([[name, { ...delta, etag: 'y' }]])],
      ['loser', new Map([[name, delta]])],
    ]);
    expect(await findStranded(winner, inventories)).toEqual([
      { bucket: 'loser', object: delta, overshadowed: true },
    ]);
  });

  describe('by the moment of the snapshot', () => {
    const keysFound = async (snapshot_at: number | null, ...deltas: [string, ListedObject][]) => {
      const [lines] = winner.collections;
      const truth = { ...winner, collections: lines === undefined ? [] : [{ ...lines, snapshot_at }] };
      return (await findStranded(truth, new Map([['loser', new Map(deltas)]]))).map(
        ({ object }) => object.key,
      );
    };

    it('are those of that very moment and later', async () => {
      const deltas = [99, 100, 101].map((moment) => at(`lines/delta/${moment}/delta.arrow`, moment));
      expect(await keysFound(100, ...deltas)).toEqual([
        'lines/delta/100/delta.arrow',
        'lines/delta/101/delta.arrow',
      ]);
    });

    it('are all where the truth has no snapshot', async () => {
      expect(await keysFound(null, at('lines/delta/x/delta.arrow', 0))).toEqual([
        'lines/delta/x/delta.arrow',
      ]);
    });

    it('are none of a collection that nobody asked about', async () => {
      expect(await keysFound(null, at('words/delta/x/delta.arrow', 200))).toEqual([]);
    });
  });

  it('are named in the order of their keys, each with the bucket that holds it', async () => {
    const inventories = new Map([
      ['one', new Map([at('lines/delta/b/delta.arrow', 200)])],
      ['two', new Map([at('lines/delta/c/delta.arrow', 200), at('lines/delta/a/delta.arrow', 200)])],
    ]);
    expect(
      (await findStranded(winner, inventories)).map(({ bucket, object: { key }, overshadowed }) => [
        bucket,
        key,
        overshadowed,
      ]),
    ).toEqual([
      ['two', 'lines/delta/a/delta.arrow', false],
      ['one', 'lines/delta/b/delta.arrow', false],
      ['two', 'lines/delta/c/delta.arrow', false],
    ]);
  });

  it.each([
    [200, 201, 'second'],
    [201, 200, 'first'],
    [200, 200, 'first'],
  ])('written at %d and at %d in two losers are taken from the %s', async (first, second, taken) => {
    const key = 'lines/delta/x/delta.arrow';
    const inventories = new Map([
      ['first', new Map([at(key, first)])],
      ['second', new Map([at(key, second)])],
    ]);
    expect((await findStranded(winner, inventories)).map(({ bucket }) => bucket)).toEqual([taken]);
  });
});
