import type { BucketEvidence } from '../../../../cli/migrate-buckets/authority/evidence';
import { findStranded } from '../../../../cli/migrate-buckets/authority/stranded';
import type { ListedObject } from '../../../../cli/migrate-buckets/listing/listed-object';

describe('stranded deltas', () => {
  const at = (name: string, modified: number): [string, ListedObject] => [
    name,
    { key: name, size: 1, etag: 'x', storageClass: 'STANDARD', modified },
  ];
  const winner: BucketEvidence = {
    name: 'truth',
    collections: [{ collection: 'lines', hasData: true, gates: [], version: null, snapshotAt: 100 }],
    objects: 1,
    bytes: 1,
    decoys: 0,
    newestWrite: 1,
    recentWrites: 1,
    references: [],
    containedIn: {},
  };

  it('are deltas that only a loser has and that the snapshot cannot hold yet', () => {
    const inventories = new Map([
      ['truth', new Map([at('lines/delta/both/delta.tar.gz', 200)])],
      [
        'loser',
        new Map([
          at('lines/delta/.placeholder', 200),
          at('lines/delta/both/delta.tar.gz', 200),
          at('lines/delta/new/delta.tar.gz', 200),
          at('lines/delta/old/delta.tar.gz', 50),
          at('lines/snapshot/latest-pointer.txt', 200),
        ]),
      ],
    ]);
    const found = findStranded(winner, inventories, ['loser']);
    expect(found.map(({ object: { key: name } }) => name)).toEqual(['lines/delta/new/delta.tar.gz']);
  });

  it('are told apart where the truth holds other content under the same key', () => {
    const [name, delta] = at('lines/delta/both/delta.tar.gz', 200);
    const inventories = new Map([
      ['truth', new Map([[name, { ...delta, etag: 'y' }]])],
      ['loser', new Map([[name, delta]])],
    ]);
    expect(findStranded(winner, inventories, ['loser'])).toEqual([
      { bucket: 'loser', object: delta, overshadowed: true },
    ]);
  });
});
