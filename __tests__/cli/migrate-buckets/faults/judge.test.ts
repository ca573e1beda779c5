import { createHash, randomUUID } from 'node:crypto';
import type { DeletionEntry, HistoryEntry } from 'local-aws';
import { changedTooLate, deletedUnproven, overwroteForeign } from './judge';

const buckets = { source: 'old', destination: 'new', other: 'other' };

describe('A deletion', () => {
  const deletion = (more: Partial<DeletionEntry> = {}): DeletionEntry => ({
    kind: 'deletion',
    bucket: 'old',
    key: 'key',
    versionId: '1',
    sha256: 'bytes',
    under: [],
    over: [],
    elsewhere: { new: 'bytes' },
    ...more,
  });
  const unproven = (...history: HistoryEntry[]) =>
    deletedUnproven(history, buckets, { markers: new Set(), older: new Set() });

  it('is proven by the same bytes under the same key at the destination at that moment, and by nothing else', () => {
    expect(unproven(deletion())).toEqual([]);
    expect(unproven(deletion({ elsewhere: { new: 'others' } }))).toEqual(['key from old']);
    expect(unproven(deletion({ elsewhere: { other: 'bytes' } }))).toEqual(['key from old']);
  });

  it('in another bucket than the source is never right, but for what the tool keeps there for itself', () => {
    expect(unproven(deletion({ bucket: 'new', elsewhere: { old: 'bytes' } }))).toEqual(['key from new']);
    for (const key of [`.migrate-buckets/.probe/${randomUUID()}/x`, '.migrate-buckets/old/lock.json']) {
      expect(unproven(deletion({ bucket: 'new', key, elsewhere: {} }))).toEqual([]);
    }
    for (const key of [
      '.migrate-buckets/.probe/x',
      '.migrate-buckets/notes.txt',
      '.migrate-buckets/a/b.json',
    ]) {
      expect(unproven(deletion({ key, elsewhere: {} }))).toEqual([`${key} from old`]);
    }
    const decoy = { key: 'lines/snapshot/.placeholder', elsewhere: {} };
    const empty = createHash('sha256').digest('hex');
    expect(unproven(deletion({ ...decoy, sha256: empty }))).toEqual([]);
    expect(unproven(deletion(decoy))).toEqual(['lines/snapshot/.placeholder from old']);
  });

  it('of an object that only the own marker hides is judged again, of one that somebody else hid is not', () => {
    const purged = deletion({ under: ['marker'], elsewhere: {} });
    expect(unproven(deletion({ marker: 'marker' }), purged)).toEqual(['key from old']);
    expect(unproven(purged)).toEqual([]);
  });

  it('of what lay below the current object is the loss of history, which was given up', () => {
    const older = deletion({ versionId: '0', elsewhere: {} });
    expect(unproven(deletion({ over: ['0'] }), older)).toEqual([]);
    expect(unproven(older)).toEqual(['key from old']);
  });
});

describe('A change', () => {
  const listed = (bucket: string, continued = false): HistoryEntry => ({
    kind: 'request',
    operation: 'ListObjectVersions',
    bucket,
    key: '',
    continued,
  });
  const changed: HistoryEntry = { kind: 'mutation', bucket: 'new', key: 'key' };

  it('that came after the last listing of either bucket had begun could not be seen', () => {
    const late = (...history: HistoryEntry[]) => [...changedTooLate(history, buckets)];
    expect(late(listed('old'), listed('new'), changed)).toEqual(['key']);
    expect(late(listed('old'), changed, listed('new'))).toEqual(['key']);
    expect(late(listed('old'), listed('new'), changed, listed('new', true))).toEqual(['key']);
    expect(late(listed('old'), changed, listed('old'), listed('new'))).toEqual([]);
  });
});

describe('An overwrite', () => {
  const overwrite = (bucket: string, sha256: string): HistoryEntry => ({
    kind: 'overwrite',
    bucket,
    key: 'key',
    sha256,
  });
  const foreign = new Map([['key', new Set(['theirs'])]]);

  it("is wrong where it replaces somebody else's bytes at the destination, and only there", () => {
    const wrong = (entry: HistoryEntry) => overwroteForeign([entry], buckets, foreign);
    expect(wrong(overwrite('new', 'theirs'))).toEqual(['key']);
    expect(wrong(overwrite('new', 'ours'))).toEqual([]);
    expect(wrong(overwrite('old', 'theirs'))).toEqual([]);
    expect(overwroteForeign([overwrite('new', 'theirs')], buckets, new Map())).toEqual([]);
  });
});
