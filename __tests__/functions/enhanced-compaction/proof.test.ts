import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { snapshotPrefix } from '../../../contracts/bucket-layout';
import type { Delta, HashedRecord, RecordMetadata } from '../../../contracts/delta';
import {
  type ChromaCollection,
  createChromaCollection,
  type RecordUpdate,
} from '../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../functions/enhanced-compaction/chroma/database';
import { MergeNotProven } from '../../../functions/enhanced-compaction/merge/merge-not-proven';
import { mergeReceipts } from '../../../functions/enhanced-compaction/merge/merge-receipts';
import { searchFor } from '../../../functions/enhanced-compaction/merge/probe';
import { listKeys } from '../../../functions/enhanced-compaction/snapshot/locate';
import type { CollectionStore } from '../../../functions/enhanced-compaction/store/collection-store';
import { createEmbeddedStore } from '../../../functions/enhanced-compaction/store/embedded-store';
import { descendantsOf, isAlive } from '../../../packages/local-aws/__tests__/support/processes';
import { useChromaServer } from '../../support/chroma-server';
import {
  DIMENSIONS,
  embed,
  idsOf,
  MODEL,
  makeDelta,
  quietTelemetry,
  useCompactionHarness,
} from '../../support/compaction-harness';
import { remoteStore } from '../../support/remote-store';

/** A real collection that does something else than it was told, without a word. */
type Lie = (honest: ChromaCollection) => Partial<ChromaCollection>;

const adding =
  (change: (records: readonly HashedRecord[]) => readonly HashedRecord[]): Lie =>
  ({ add }) => ({ add: (records) => add(change(records)) });

const changingLast = (change: (record: HashedRecord) => HashedRecord) =>
  adding((records) =>
    records.map((record, index) => (index === records.length - 1 ? change(record) : record)),
  );

/** Lies that a first merge into an empty collection already meets. */
const LIES: Readonly<Record<string, Lie>> = {
  'drops a record': adding((records) => records.slice(1)),
  'keeps a record under another id': changingLast((record) => ({
    ...record,
    id: record.id.replace(/\d{5}$/, '99999'),
  })),
  'spoils a content hash': changingLast((record) => ({ ...record, contentHash: 'f'.repeat(64) })),
  'keeps a wrong vector': changingLast((record) => ({ ...record, embedding: embed('of another text') })),
  'keeps a vector that is a little off': changingLast((record) => ({
    ...record,
    embedding: record.embedding.map((value) => 1.1 * value),
  })),
};

const findsNothing: Lie = () => ({ nearest: async (embeddings) => embeddings.map(() => []) });

const keep = async () => {};

/** How many of what is merged a search does not find, even then. */
async function hiddenOf(chroma: ChromaCollection, delta: Delta): Promise<number> {
  const { sought } = await mergeReceipts(chroma, [delta], keep);
  return searchFor(chroma, sought);
}

const withoutNulls = (metadata: RecordUpdate['metadata']) =>
  Object.fromEntries(
    Object.entries(metadata).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );

const LIARS = Object.entries(LIES);

describe('A merge', () => {
  const server = useChromaServer();
  let number = 0;
  let honest: ChromaCollection;
  beforeEach(async () => {
    number += 1;
    honest = await createChromaCollection(chromaDatabase({ url: server.url }), `lines-${number}`, 'l2', 100);
  });

  const texts = ['MILK 1.20', 'BREAD 2.10', 'TOTAL 3.30'];

  it('is proven where the collection does as it is told', async () => {
    await expect(mergeReceipts(honest, [makeDelta({ texts })], keep)).resolves.toMatchObject({ added: 3 });
  });

  it('A1: stores whole confidences and coordinates as floats, so that filters on numbers find them, and ids as integers', async () => {
    const metadata = { confidence: 1, x: 0, y: -0, width: 0.25, word_id: 1 };
    await mergeReceipts(honest, [makeDelta({ texts: ['MILK 1.20'], metadata })], keep);
    const database = chromaDatabase({ url: server.url });
    const { id } = await database.get<{ id: string }>(`collections/${honest.name}`);
    const matching = async (where: object) =>
      (await database.post<{ ids: string[] }>(`collections/${id}/get`, { where, include: [] })).ids;
    for (const where of [
      { confidence: { $gt: 0.5 } },
      { x: { $lt: 0.5 } },
      { y: { $lt: 0.5 } },
      { width: { $lt: 0.5 } },
      { word_id: 1 },
      { receipt_id: 1 },
    ]) {
      expect([where, (await matching(where)).length]).toEqual([where, 1]);
    }
  });

  it.each(LIARS)('is not proven where the collection %s', async (_what, lie) => {
    const liar = { ...honest, ...lie(honest) };
    await expect(mergeReceipts(liar, [makeDelta({ texts })], keep)).rejects.toThrow(MergeNotProven);
  });

  it('takes up what the same record says under an id in capitals, though it is as the delta has it already', async () => {
    const delta = makeDelta({ texts: ['SHOP', 'TOTAL'] });
    await mergeReceipts(honest, [delta], keep);
    const id = (record = 0) => delta.records[record]?.id ?? '';
    const capital = (record: number, metadata: RecordMetadata): HashedRecord => ({
      id: id(record).toUpperCase(),
      document: ['SHOP', 'ANOTHER TEXT'][record] ?? '',
      metadata: { image_id: delta.header.image_id.toUpperCase(), ...metadata },
      embedding: embed('old'),
      contentHash: 'old',
    });
    await honest.add([capital(0, { place_id: 'p1' }), capital(1, { place_id: 'p2' })]);
    const kept: unknown[] = [];
    const counts = await mergeReceipts(honest, [delta], async (_by, records) => kept.push(...records));
    expect(counts).toMatchObject({ added: 0, replaced: 1, removed: 2 });
    expect(kept).toEqual([
      {
        id: id(1).toUpperCase(),
        document: 'ANOTHER TEXT',
        metadata: { place_id: 'p2' },
        why: 'text-changed',
      },
    ]);
    const stored = await honest.byIds([id(), id(1), id().toUpperCase(), id(1).toUpperCase()]);
    expect(stored.map(({ metadata }) => metadata.place_id).sort()).toEqual(['p1', undefined]);
    expect(await mergeReceipts(honest, [delta], keep)).toMatchObject({ added: 0, replaced: 0, removed: 0 });
  });

  it('writes each vector apart from its equals, when it is added and when it is replaced', async () => {
    const [first, second] = [makeDelta({ texts: ['TOTAL'] }), makeDelta({ texts: ['TOTAL'] })];
    const ids = [first, second].flatMap(({ records }) => records.map(({ id }) => id));
    const vectors = async () => {
      const held = await honest.vectors(ids);
      return ids.map((id) => [...(held.get(id) ?? [])]);
    };
    await mergeReceipts(honest, [first, second], keep);
    const added = await vectors();
    expect(added[0]).not.toEqual(added[1]);

    const again = [first, second].map(({ header: { image_id: imageId } }) =>
      makeDelta({ imageId, texts: ['TOTAL'], metadata: { source: 'again' } }),
    );
    expect(await mergeReceipts(honest, again, keep)).toMatchObject({ replaced: 2 });
    expect(await vectors()).toEqual(added);
  });

  it('is not proven where the index answers for a lost vector with an equal one', async () => {
    const equal: ChromaCollection['nearest'] = async (embeddings) =>
      embeddings.map(() => [{ id: 'another', metadata: {}, document: '', distance: 0 }]);
    for (const lost of [
      async () => new Map<string, Float32Array>(),
      async (ids: readonly string[]) => new Map(ids.map((id) => [id, new Float32Array(0)])),
    ]) {
      const liar = { ...honest, nearest: equal, vectors: lost };
      await expect(mergeReceipts(liar, [makeDelta({ texts })], keep)).rejects.toThrow(MergeNotProven);
      await honest.delete((await honest.page(0, 10)).map(({ id }) => id));
    }
  });

  it('is proven where vectors are right that a search does not find, and says how many', async () => {
    const far: ChromaCollection['nearest'] = async (embeddings) =>
      embeddings.map((_, index) => [
        {
          id: 'another',
          metadata: {},
          document: '',
          distance: embeddings.length === 3 && index === 1 ? 0 : 1.5,
        },
      ]);
    expect(await hiddenOf({ ...honest, nearest: far }, makeDelta({ texts }))).toBe(2);
  });

  it('is not proven where a search finds nothing at all, or misses a vector that is wrong', async () => {
    const blind = { ...honest, ...findsNothing(honest) };
    await expect(hiddenOf(blind, makeDelta({ texts }))).rejects.toThrow('finds nothing near the vector');
    const { sought } = await mergeReceipts(honest, [makeDelta({ texts })], keep);
    const lost = sought.map((each) => ({ ...each, embedding: embed('another text') }));
    await expect(searchFor(honest, lost)).rejects.toThrow('does not hold the vector');
  });

  it('writes again what a search does not find, and keeps all that stands beside the vector', async () => {
    const delta = makeDelta({ texts, metadata: { place_id: 'p1' } });
    const lost = delta.records[1]?.id ?? '';
    const written: string[] = [];
    const nearest: ChromaCollection['nearest'] = async (embeddings, count) =>
      (await honest.nearest(embeddings, count)).map((found) =>
        found.map((each) => (each.id === lost && written.length < 2 ? { ...each, distance: 1.5 } : each)),
      );
    const updateVectors: ChromaCollection['updateVectors'] = (records) => {
      written.push(...records.map(({ id }) => id));
      return honest.updateVectors(records);
    };
    const hidden = await hiddenOf({ ...honest, nearest, updateVectors }, delta);
    expect({ hidden, written }).toEqual({ hidden: 0, written: [lost, lost] });
    expect(await honest.byIds([lost])).toMatchObject([
      { document: 'BREAD 2.10', metadata: { place_id: 'p1', content_hash: delta.records[1]?.contentHash } },
    ]);
    const [found] = await honest.nearest([...(await honest.vectors([lost])).values()], 1);
    expect(found).toMatchObject([{ id: lost }]);
  });

  it('does not take the distance of an inner product for a sign', async () => {
    const products = await createChromaCollection(chromaDatabase({ url: server.url }), `ip-${number}`, 'ip');
    expect(await hiddenOf(products, makeDelta({ texts }))).toBe(0);
    const far: ChromaCollection['nearest'] = async (embeddings) =>
      embeddings.map(() => [{ id: 'another', metadata: {}, document: '', distance: 1.5 }]);
    expect(await hiddenOf({ ...products, nearest: far }, makeDelta({ texts }))).toBe(0);
    const liar = {
      ...products,
      add: (records: readonly HashedRecord[]) =>
        products.add(records.map((record) => ({ ...record, embedding: embed('of another text') }))),
    };
    await expect(mergeReceipts(liar, [makeDelta({ texts })], keep)).rejects.toThrow(MergeNotProven);
  });

  it.each([
    [3, 3, 3],
    [50, 4, 50],
    [120, 8, 120],
    [2000, 64, 128],
  ])('of %i records searches for %i, and reads %i vectors', async (length, toSearch, toRead) => {
    const many = Array.from({ length }, (_, index) => `LINE ${index}`);
    let [searched, read] = [0, 0];
    const counting: ChromaCollection = {
      ...honest,
      nearest: (embeddings, count) => {
        searched += embeddings.length;
        return honest.nearest(embeddings, count);
      },
      vectors: (ids) => {
        read += ids.length;
        return honest.vectors(ids);
      },
    };
    await hiddenOf(counting, makeDelta({ texts: many }));
    expect({ searched, read }).toEqual({ searched: toSearch, read: toRead });
  });

  it('finds one wrong vector in the first, the last and the middle of many', async () => {
    for (const wrong of [0, 50, 99]) {
      // An equal vector of what was merged before would answer for the one that is lost.
      const many = Array.from({ length: 100 }, (_, index) => `LINE ${index} OF ${wrong}`);
      const lie = adding((records) =>
        records.map((record, index) => (index === wrong ? { ...record, embedding: embed('else') } : record)),
      );
      const liar = { ...honest, ...lie(honest) };
      await expect(mergeReceipts(liar, [makeDelta({ texts: many })], keep)).rejects.toThrow(MergeNotProven);
    }
  });

  it('does not take a wrong vector for a hidden one, where it was not read but is searched for', async () => {
    // Of so many each third is read, and each sixteenth is searched for.
    const many = Array.from({ length: 390 }, (_, index) => `LINE ${index}`);
    const lie = adding((records) =>
      records.map((record, index) => (index === 16 ? { ...record, embedding: embed('else') } : record)),
    );
    const delta = makeDelta({ texts: many });
    const merging = hiddenOf({ ...honest, ...lie(honest) }, delta);
    await expect(merging).rejects.toThrow(`does not hold the vector of ${delta.records[16]?.id}`);
  });

  it.each<[string, Lie]>([
    ['deletes nothing', () => ({ delete: async () => {} })],
    [
      'deletes a neighbour too',
      ({ delete: remove, page }) => ({
        delete: async (ids) => {
          const all = (await page(0, 100)).map(({ id }) => id);
          await remove([...ids, ...all.filter((id) => !ids.includes(id)).slice(0, 1)]);
        },
      }),
    ],
    [
      'deletes a neighbour instead',
      ({ delete: remove, page }) => ({
        delete: async (ids) => {
          const all = (await page(0, 100)).map(({ id }) => id);
          await remove(all.filter((id) => !ids.includes(id)).slice(0, ids.length));
        },
      }),
    ],
  ])('that removes records is not proven where the collection %s', async (_what, lie) => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    const neighbour = makeDelta({ texts: ['NEIGHBOUR', 'ITS TOTAL'] });
    await mergeReceipts(honest, [neighbour, makeDelta({ ...receipt, texts })], keep);
    const liar = { ...honest, ...lie(honest) };
    const shorter = makeDelta({ ...receipt, texts: texts.slice(0, 2) });
    await expect(mergeReceipts(liar, [shorter], keep)).rejects.toThrow(MergeNotProven);
  });

  it.each<[string, Lie]>([
    ['leaves the record as it was', () => ({ update: async () => {} })],
    [
      'takes what nobody named for gone',
      ({ add, delete: remove }) => ({
        update: async (records) => {
          await remove(records.map(({ id }) => id));
          await add(records.map((record) => ({ ...record, metadata: withoutNulls(record.metadata) })));
        },
      }),
    ],
    [
      'keeps what was taken away',
      ({ update }) => ({
        update: (records) =>
          update(records.map((record) => ({ ...record, metadata: withoutNulls(record.metadata) }))),
      }),
    ],
  ])('that replaces a record is not proven where the collection %s', async (_what, lie) => {
    const receipt = { imageId: randomUUID(), receiptId: 1, texts: ['TOTAL 3.30'] };
    const labelled = { section_label: 'TOTALS', prev_line: 'MILK 1.20' };
    await mergeReceipts(honest, [makeDelta({ ...receipt, metadata: labelled })], keep);
    const liar = { ...honest, ...lie(honest) };
    const again = [makeDelta({ ...receipt, metadata: { source: 'again' } })];
    await expect(mergeReceipts(liar, again, keep)).rejects.toThrow(MergeNotProven);
    await expect(mergeReceipts(honest, again, keep)).resolves.toBeDefined();
  });
});

describe('A round that is not proven', () => {
  const world = useCompactionHarness();
  const server = useChromaServer();

  /** The real store, but what it opens lies. */
  function lyingStore(lie: Lie, checkpointRecords = 1): CollectionStore {
    const { s3, bucket, table, mountPath } = world;
    const store = createEmbeddedStore({
      collection: 'lines',
      mountPath,
      s3,
      bucket,
      table,
      model: MODEL,
      dimensions: DIMENSIONS,
      space: 'l2',
      checkpointRecords,
      checkpointMinutes: 60,
      snapshotsKept: 3,
      telemetry: quietTelemetry(),
    });
    return lying(store, lie);
  }

  const lying = (store: CollectionStore, lie: Lie): CollectionStore => ({
    ...store,
    async open(lease, deadline) {
      const open = await store.open(lease, deadline);
      return { ...open, chroma: { ...open.chroma, ...lie(open.chroma) } };
    },
  });

  const ownProcesses = () => descendantsOf(process.pid).filter(isAlive);
  const versionsOnDisk = () => readdir(join(world.mountPath, 'lines')).catch(() => []);

  it.each(LIARS)('publishes nothing and completes no run where the collection %s', async (_what, lie) => {
    const run = await world.arrive({ texts: ['A', 'B', 'C'] });
    const processes = ownProcesses();
    const store = lyingStore(lie);
    await expect(world.writer({ store }).compact()).rejects.toThrow(MergeNotProven);
    expect(ownProcesses()).toEqual(processes);
    await store.close();

    const { state, merged_vectors } = await world.state(run);
    expect({ state, merged_vectors }).toEqual({ state: 'PROCESSING', merged_vectors: undefined });
    const pointer = await world.pointer();
    expect({ version: pointer?.version, owner: pointer?.lease_owner }).toEqual({});
    expect(await versionsOnDisk()).toEqual([]);
    expect(await listKeys(world.s3, world.bucket, snapshotPrefix('lines'))).toEqual([]);

    const honest = world.writer();
    await honest.compact([run]);
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED', merged_vectors: 3 });
    expect([...(await world.published()).keys()]).toEqual(idsOf(run, 3));
  });

  it('is published where a search alone fails, but its copy is thrown away', async () => {
    const run = await world.arrive({ texts: ['A', 'B', 'C'] });
    const processes = ownProcesses();
    const store = lyingStore(findsNothing);
    await world.writer({ store }).compact();
    expect(ownProcesses()).toEqual(processes);
    await store.close();
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED', merged_vectors: 3 });
    expect([...(await world.published()).keys()]).toEqual(idsOf(run, 3));
  });

  it('is published where a search alone fails, and no copy is kept that could not be searched', async () => {
    await world.arrive({ texts: ['BEFORE'] });
    const honest = world.writer();
    await honest.compact();
    const run = await world.arrive({ texts: ['A', 'B', 'C'] });
    const processes = ownProcesses();
    const store = lyingStore(findsNothing, 1000);
    await world.writer({ store }).compact();
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    expect(ownProcesses()).toEqual(processes);
    await store.close();
  });

  it('writes nothing whole where a search fails: what is rebuilt is published with its checkpoint', async () => {
    await world.arrive({ texts: ['BEFORE'] });
    await world.compactOnce();
    await world.deletePointer();
    const before = await listKeys(world.s3, world.bucket, snapshotPrefix('lines'));
    const run = await world.arrive({ texts: ['A', 'B', 'C'] });
    const store = lyingStore(findsNothing);
    await expect(world.writer({ store }).compact()).rejects.toThrow(MergeNotProven);
    await store.close();
    expect((await world.state(run)).state).toBe('PROCESSING');
    expect((await world.pointer())?.version).toBeUndefined();
    expect(await listKeys(world.s3, world.bucket, snapshotPrefix('lines'))).toEqual(before);
  });

  it('publishes nothing on a server on which a search finds nothing at all', async () => {
    const run = await world.arrive({ texts: ['A', 'B', 'C'] });
    const store = lying(remoteStore(world, { url: server.url }), findsNothing);
    await expect(world.writer({ store }).compact()).rejects.toThrow(MergeNotProven);
    expect((await world.state(run)).state).toBe('PROCESSING');
    expect((await world.pointer())?.version).toBeUndefined();
  });

  it('counts what a search does not find of each piece that it merges', async () => {
    for (const text of ['FIRST', 'SECOND', 'THIRD']) await world.arrive({ texts: [text, `${text} TOTAL`] });
    const far: Lie = ({ nearest }) => ({
      nearest: async (embeddings, count) =>
        (await nearest(embeddings, count)).map((found) => found.map((each) => ({ ...each, distance: 1.5 }))),
    });
    const limits = { recordsAtOnce: 2, recordsPerPublish: 1000, runsPerPublish: 1000 };
    const store = lyingStore(far, 1000);
    expect(await world.writer({ store, limits }).compact()).toMatchObject({
      publishes: 1,
      hiddenVectors: 6,
    });
    await store.close();
  });

  it('leaves the version live that was published before it', async () => {
    await world.arrive({ texts: ['BEFORE'] });
    const honest = world.writer();
    await honest.compact();
    const [before, files] = [await world.pointer(), await versionsOnDisk()];
    const run = await world.arrive({ texts: ['A', 'B', 'C'] });
    const store = lyingStore(adding((records) => records.slice(1)));
    await expect(world.writer({ store }).compact()).rejects.toThrow(MergeNotProven);

    const after = await world.pointer();
    expect({ version: after?.version, manifest: after?.manifest }).toEqual({
      version: before?.version,
      manifest: before?.manifest,
    });
    expect(await versionsOnDisk()).toEqual(files);
    expect((await world.state(run)).state).toBe('PROCESSING');
    expect([...(await world.published()).values()].map(({ document }) => document)).toEqual(['BEFORE']);
    await store.close();
  });
});
