import { randomUUID } from 'node:crypto';
import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { CHROMA_CLOUD_LIMITS } from '../../../../contracts/chroma-cloud';
import { collectionKey } from '../../../../contracts/compaction-run';
import { CONTENT_HASH_KEY, type DeltaRecord } from '../../../../contracts/delta';
import { LATE_WRITE_SECONDS } from '../../../../contracts/lease';
import { recordId } from '../../../../contracts/record-id';
import { DECOY_KEYS } from '../../../../demo/old-system/old-buckets';
import { writeOldSnapshot } from '../../../../demo/old-system/write-snapshot';
import {
  type ChromaCollection,
  type CompleteRecord,
  createChromaCollection,
  openChromaCollection,
} from '../../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../../functions/enhanced-compaction/chroma/database';
import { LeaseLost } from '../../../../functions/enhanced-compaction/lease/lease';
import { type BreakpointProxy, startBreakpointProxy } from '../../../support/breakpoint-proxy';
import { createDatabase, useChromaServer } from '../../../support/chroma-server';
import {
  embed,
  labelled,
  MODEL,
  quietTelemetry,
  useCompactionHarness,
} from '../../../support/compaction-harness';
import { intercepted } from '../../../support/intercepted-client';
import { remoteStore } from '../../../support/remote-store';

const world = useCompactionHarness();
const server = useChromaServer();
let proxy: BreakpointProxy;
let database: string;
beforeEach(async () => {
  proxy = await startBreakpointProxy(server.url);
  database = await createDatabase(server.url);
});
afterEach(() => proxy.stop());

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const place = () => chromaDatabase({ url: server.url, database });
const onServer = (url = server.url, leaseTimes = {}) =>
  world.writer({ store: remoteStore(world, { url, database }), leaseTimes });
/** A writer on the server that dies where a command to the run table says this. */
const dyingAt = (text: string) => {
  const client = intercepted(world.table.client, async ({ input }, send) => {
    if (JSON.stringify(input).includes(text)) throw new Error('The loader is dead.');
    return send();
  });
  const table = { ...world.table, client };
  return world.writer({ store: remoteStore({ ...world, table }, { url: server.url, database }), table });
};
/** Of the old system, of an image of its own. */
const oldRecord = (document: string): CompleteRecord => {
  const image = randomUUID();
  return {
    id: recordId({ imageId: image, receiptId: 1, lineId: 1 }),
    document,
    metadata: { image_id: image, receipt_id: 1, line_id: 1 },
    embedding: embed(document),
  };
};
const recordsOf = async (name = 'lines') => {
  const collection = await openChromaCollection(place(), name);
  const records = await collection?.page(0, 10_000);
  return records?.sort((a, b) => (a.id < b.id ? -1 : 1));
};
const names = async () =>
  (await place().get<{ name: string }[]>('collections')).map(({ name }) => name).sort();

const imageId = randomUUID();
/** A checkpoint, what was merged since, and labels of both. */
async function publishEmbedded() {
  await world.arrive({ imageId, texts: ['A', 'B'], createdAt: minutesAgo(30) });
  await world.arrive({ imageId, ...labelled('first'), createdAt: minutesAgo(29) });
  await world.compactOnce();
  await world.arrive({ texts: ['C'], createdAt: minutesAgo(28) });
  await world.arrive({ imageId, receiptId: 2, texts: ['D'], createdAt: minutesAgo(27) });
  await world.arrive({ imageId, receiptId: 2, ...labelled('second'), createdAt: minutesAgo(26) });
  await world.compactOnce();
  expect((await world.pointer())?.manifest?.uncovered_deltas).not.toEqual([]);
  return world.published();
}
const asPublished = (records: Awaited<ReturnType<typeof recordsOf>>) =>
  new Map(records?.map(({ id, document, metadata }) => [id, { document, metadata }]));
/** Lets so many seconds pass since a loader was broken off. */
const passed = async (seconds: number) => {
  const at = (await world.pointer())?.loading?.unsettled_at ?? Number.NaN;
  await world.changePointer('SET loading.unsettled_at = :value', at - seconds * 1000);
};
const isAdd = (body: string) => body.includes('"embeddings":["');

describe('A collection that goes from embedded mode to a server', () => {
  it('is there whole before anything is merged, and comes back with what was merged there, labels and all', async () => {
    const before = await publishEmbedded();
    await onServer().compact();
    expect(before).toEqual(asPublished(await recordsOf()));
    expect(await names()).toEqual(['lines']);
    await expect(world.published()).rejects.toThrow('is merged on a Chroma server, which alone has it whole');
    expect((await world.pointer())?.manifest).toMatchObject({ records: 4, uncovered_deltas: [] });
    expect((await world.pointer())?.loading).toBeUndefined();

    const writer = onServer();
    await world.arrive({ imageId, receiptId: 2, texts: ['D', 'E'], createdAt: minutesAgo(20) });
    await world.arrive({ imageId, receiptId: 2, ...labelled('second'), createdAt: minutesAgo(19) });
    await world.arrive({ imageId, ...labelled('third'), createdAt: minutesAgo(18) });
    await writer.compact();
    const there = asPublished(await recordsOf());
    const labels = [...there.values()].map(({ document, metadata }) => [document, metadata.section_label]);
    expect(labels.sort()).toEqual([
      ['A', 'third'],
      ['B', 'third'],
      ['C', undefined],
      ['D', 'second'],
      ['E', 'second'],
    ]);

    await world.arrive({ imageId, receiptId: 3, texts: ['F'], createdAt: minutesAgo(10) });
    await world.compactOnce();
    const back = await world.published();
    expect([...back].filter(([, { document }]) => document !== 'F')).toEqual([...there]);
    expect(back.size).toBe(6);
  });

  it('by a load that was interrupted is not there at all, until nothing of that can arrive any more', async () => {
    const before = await publishEmbedded();
    const interrupt = async () => proxy.breakAt('after', isAdd, interrupt);
    await interrupt();
    await expect(onServer(proxy.endpoint).compact()).rejects.toThrow('no answer');
    expect(await recordsOf()).toBeUndefined();
    expect((await world.pointer())?.manifest?.uncovered_deltas).not.toEqual([]);
    await expect(onServer().compact()).rejects.toThrow(
      /^All 4 records of lines are on the Chroma server, but a write of a loader that was broken off may arrive until 20/,
    );
    expect(await recordsOf()).toBeUndefined();
    await passed(LATE_WRITE_SECONDS - 60);
    await expect(onServer().compact()).rejects.toThrow('may arrive until');
    await passed(60);
    await onServer().compact();
    expect(asPublished(await recordsOf())).toEqual(before);
    expect(await names()).toEqual(['lines']);
    expect((await world.pointer())?.loading).toBeUndefined();
  });

  it('by two loaders, of which one has lost its lease, is what the other has loaded and merged', async () => {
    const before = await publishEmbedded();
    let other: unknown;
    proxy.breakAt('held', isAdd, async () => {
      await world.changePointer('SET lease_expires_at = :value', 1);
      await world.arrive({ imageId, texts: ['ONLY'], createdAt: minutesAgo(20) });
      other = await onServer().compact().catch(String);
    });
    const failure = await onServer(proxy.endpoint, { renewalSeconds: 3600 })
      .compact()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LeaseLost);
    expect(other).toMatch('may arrive until');
    expect(await recordsOf()).toBeUndefined();
    expect(await recordsOf((await world.pointer())?.loading?.name)).toHaveLength(before.size);
    await passed(LATE_WRITE_SECONDS);
    await onServer().compact();
    expect((await recordsOf())?.map(({ document }) => document).sort()).toEqual(['C', 'D', 'ONLY']);
  });

  it('by two loaders of different versions is the later one’s, and the other writes to a collection that is gone', async () => {
    await publishEmbedded();
    proxy.breakAt('held', isAdd, async () => {
      await world.changePointer('SET lease_expires_at = :value', 1);
      await world.arrive({ imageId, texts: ['ONLY'], createdAt: minutesAgo(20) });
      await world.compactOnce();
      await onServer().compact();
    });
    const failure = await onServer(proxy.endpoint, { renewalSeconds: 3600 })
      .compact()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 404 });
    expect((await recordsOf())?.map(({ document }) => document).sort()).toEqual(['C', 'D', 'ONLY']);
    expect(await names()).toEqual(['lines']);
  });

  it('gets its name once, though the request for it arrives when another loader has the lease', async () => {
    const before = await publishEmbedded();
    const isRename = (body: string) => body.includes('"new_name"');
    proxy.breakAt('held', isRename, async () => {
      await world.changePointer('SET lease_expires_at = :value', 1);
      await world.arrive({ imageId, texts: ['ONLY'], createdAt: minutesAgo(20) });
      await onServer().compact();
    });
    const failure = await onServer(proxy.endpoint, { renewalSeconds: 3600 })
      .compact()
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(LeaseLost);
    expect(before.size).toBe(4);
    expect((await recordsOf())?.map(({ document }) => document).sort()).toEqual(['C', 'D', 'ONLY']);
    expect(await names()).toEqual(['lines']);
  });

  it('by a loader that ends before it publishes is published by the next, with all that is known of it', async () => {
    const before = await publishEmbedded();
    const { snapshot_version } = (await world.pointer()) ?? {};
    await expect(dyingAt('manifest').compact()).rejects.toThrow('dead');
    expect(asPublished(await recordsOf())).toEqual(before);
    expect((await world.pointer())?.manifest?.lineage).toEqual([]);
    await onServer().compact();
    expect(asPublished(await recordsOf())).toEqual(before);
    const after = await world.pointer();
    expect(after?.manifest).toMatchObject({ records: 4, lineage: [snapshot_version], model: MODEL });
    expect(after).toMatchObject({ snapshot_version });
    expect(after?.loading).toBeUndefined();
  });

  it.each<[string, (aside: ChromaCollection) => Promise<void>]>([
    [
      'added a record to it',
      ({ add }) => add([{ id: 'x', document: 'X', metadata: {}, embedding: embed('X'), contentHash: 'X' }]),
    ],
    [
      'changed a record of it',
      async ({ page, updateMetadata }) => {
        const [first] = await page(0, 1);
        await updateMetadata([{ id: first?.id ?? '', metadata: { [CONTENT_HASH_KEY]: 'another' } }]);
      },
    ],
  ])('is loaded anew where another program %s before it had its name', async (_what, meddle) => {
    const before = await publishEmbedded();
    proxy.breakAt('after', isAdd, async () => {
      const [name = ''] = await names();
      const aside = await openChromaCollection(place(), name);
      if (aside !== undefined) await meddle(aside);
    });
    await onServer(proxy.endpoint).compact();
    expect(asPublished(await recordsOf())).toEqual(before);
    expect(await names()).toEqual(['lines']);
  });

  it('and was loaded there before more was published elsewhere is not taken for what is published', async () => {
    await world.arrive({ imageId, texts: ['A'], createdAt: minutesAgo(30) });
    await world.compactOnce();
    await expect(dyingAt('manifest').compact()).rejects.toThrow('dead');
    await world.arrive({ imageId, texts: ['A CORRECTED', 'MORE'], createdAt: minutesAgo(20) });
    await world.compactOnce();
    await world.arrive({ texts: ['B'], createdAt: minutesAgo(10) });
    await expect(onServer().compact()).rejects.toThrow(
      'is not the published one of 2, but has its name alone',
    );
    await place().delete('collections/lines');
    await onServer().compact();
    expect((await recordsOf())?.map(({ document }) => document).sort()).toEqual(['A CORRECTED', 'B', 'MORE']);
  });

  it('is known as published, though the note of its load stays', async () => {
    await world.arrive({ texts: ['A'], createdAt: minutesAgo(30) });
    await world.compactOnce();
    await dyingAt('REMOVE loading').compact();
    expect((await world.pointer())?.loading).toBeDefined();
    const lines = await openChromaCollection(place(), 'lines');
    const content = { document: 'X', metadata: {}, embedding: embed('X'), contentHash: 'X' };
    await lines?.add([{ id: 'x', ...content }]);
    await world.arrive({ texts: ['B'], createdAt: minutesAgo(20) });
    await onServer().compact();
    expect((await world.pointer())?.manifest).toMatchObject({ records: 3, others: { records: 1 } });
    await world.arrive({ texts: ['C'], createdAt: minutesAgo(10) });
    await world.compactOnce();
    expect(await world.documents()).toEqual(['A', 'B', 'C']);
  });

  it('is gone on with in the invocation that loaded it, where a run is refused', async () => {
    await world.arrive({ texts: ['A'], createdAt: minutesAgo(30) });
    await world.compactOnce();
    const mixed = (records: DeltaRecord[]): DeltaRecord[] =>
      records.map((record) => ({ ...record, metadata: { ...record.metadata, mixed: [1, 'a'] } }));
    const refused = await world.arrive({ texts: ['BAD'], records: mixed, createdAt: minutesAgo(20) });
    const run = await world.arrive({ texts: ['GOOD'], createdAt: minutesAgo(10) });
    await onServer().compact();
    expect(await world.state(refused)).toMatchObject({ state: 'FAILED' });
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    expect((await world.pointer())?.manifest).toMatchObject({ records: 2 });
    expect((await world.pointer())?.manifest).not.toHaveProperty('others');
  });

  it('is published by the next also where its load was noted before more was known of loads', async () => {
    await world.arrive({ texts: ['A'], createdAt: minutesAgo(30) });
    await onServer().compact();
    await place().delete('collections/lines');
    const run = await world.arrive({ texts: ['B'], createdAt: minutesAgo(20) });
    await expect(dyingAt('PROCESSING').compact()).rejects.toThrow('dead');
    const { known: _known, ...old } = (await world.pointer())?.loading ?? {};
    await world.changePointer('SET loading = :value', old);
    await world.put(run.lines.delta_key, 'spoilt');
    await onServer().compact();
    await world.arrive({ texts: ['C'], createdAt: minutesAgo(10) });
    await onServer().compact();
    expect((await recordsOf())?.map(({ document }) => document).sort()).toEqual(['A', 'C']);
  });

  it('takes in a snapshot that waits to be adopted, and keeps what was merged since', async () => {
    await world.arrive({ texts: ['MINE'], createdAt: minutesAgo(30) });
    await world.compactOnce({ checkpointRecords: 1 });
    const { s3, bucket } = world;
    await writeOldSnapshot(s3, bucket, 'lines', [oldRecord('MIGRATED')], { version: '20270101_000000' });
    await world.arrive({ texts: ['NEXT'], createdAt: minutesAgo(10) });
    await onServer().compact();
    expect((await recordsOf())?.map(({ document }) => document).sort()).toEqual(['MIGRATED', 'MINE', 'NEXT']);
    expect((await world.pointer())?.manifest?.lineage).toContain('20270101_000000');
  });

  it('is not taken for another one that is there already', async () => {
    await publishEmbedded();
    const other = await createChromaCollection(place(), 'lines', 'l2');
    const content = { document: 'X', metadata: {}, embedding: embed('X'), contentHash: 'X' };
    await other.add([{ id: 'x', ...content }]);
    await expect(onServer().compact()).rejects.toThrow(
      'a collection lines of 1 records, which is not the published one of 4, but has its name alone. Rename it',
    );
    expect(await recordsOf()).toHaveLength(1);
  });
});

describe('A collection that a server has lost', () => {
  it('is loaded again from the deltas, which stay for that', async () => {
    await world.arrive({ imageId, texts: ['A', 'B'], createdAt: minutesAgo(30) });
    await world.arrive({ imageId, ...labelled('kept'), createdAt: minutesAgo(29) });
    await onServer().compact();
    const before = await recordsOf();
    await place().delete('collections/lines');
    await world.arrive({ texts: ['NEXT'] });
    await onServer().compact();
    const after = await recordsOf();
    expect(after?.filter(({ document }) => document !== 'NEXT')).toEqual(before);
    expect(after).toHaveLength(3);
  });

  it('is published as it was loaded, though what waits changes nothing', async () => {
    await world.arrive({ imageId, texts: ['A'], createdAt: minutesAgo(30) });
    await onServer().compact();
    await place().delete('collections/lines');
    await world.arrive({ imageId, texts: ['A'], createdAt: minutesAgo(20) });
    expect(await onServer().compact()).toMatchObject({ publishes: 1, mergedVectors: 0 });
    const { id } = (await openChromaCollection(place(), 'lines')) ?? {};
    expect((await world.pointer())?.manifest).toMatchObject({ records: 1, server_collection: id });
    await world.arrive({ texts: ['B'], createdAt: minutesAgo(10) });
    await onServer().compact();
    expect((await recordsOf())?.map(({ document }) => document).sort()).toEqual(['A', 'B']);
  });

  it('and of which the pointer is lost too is loaded from the deltas; what waits is merged then', async () => {
    await world.arrive({ imageId, texts: ['A', 'B'], createdAt: minutesAgo(30) });
    await world.arrive({ imageId, ...labelled('kept'), createdAt: minutesAgo(29) });
    await onServer().compact();
    const before = await recordsOf();
    await place().delete('collections/lines');
    const Key = collectionKey('lines');
    await world.table.client.send(new DeleteCommand({ TableName: world.table.name, Key }));
    const run = await world.arrive({ texts: ['NEXT'] });
    await onServer().compact();
    const after = await recordsOf();
    expect(after?.filter(({ document }) => document !== 'NEXT')).toEqual(before);
    expect(after).toHaveLength(3);
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    expect(await names()).toEqual(['lines']);
  });
});

it('A collection on a server takes in no snapshot, says so, and does by way of embedded mode', async () => {
  await world.arrive({ texts: ['MINE'], createdAt: minutesAgo(30) });
  await onServer().compact();
  const { s3, bucket } = world;
  await writeOldSnapshot(s3, bucket, 'lines', [oldRecord('MIGRATED')], { version: '20250901_101500' });
  await world.arrive({ texts: ['NEXT'], createdAt: minutesAgo(20) });
  const telemetry = quietTelemetry();
  const warned = jest.spyOn(telemetry.logger, 'warn');
  await world.writer({ store: remoteStore(world, { url: server.url, database, telemetry }) }).compact();
  expect(warned).toHaveBeenCalledWith(expect.stringMatching(/^A snapshot of another writer waits/), {
    collection: 'lines',
    snapshot: '20250901_101500',
  });
  expect(await recordsOf()).toHaveLength(2);
  await world.arrive({ texts: ['LAST'], createdAt: minutesAgo(10) });
  await world.compactOnce();
  const all = ['LAST', 'MIGRATED', 'MINE', 'NEXT'];
  expect(await world.documents()).toEqual(all);
  await place().delete('collections/lines');
  await onServer().compact();
  expect((await recordsOf())?.map(({ document }) => document).sort()).toEqual(all);
});

it('A collection that is new is made and not loaded, beside what waits for it and the decoys of the old system', async () => {
  for (const key of DECOY_KEYS) await world.put(`lines/${key}`, 'x');
  await world.arrive({ texts: ['NEW'] });
  const telemetry = quietTelemetry();
  const warned = jest.spyOn(telemetry.logger, 'warn');
  await world.writer({ store: remoteStore(world, { url: server.url, database, telemetry }) }).compact();
  expect((await recordsOf())?.map(({ document }) => document)).toEqual(['NEW']);
  expect(warned).not.toHaveBeenCalled();
});

it('A collection that the old system has left on a server says nothing of the snapshot beside it before it is published', async () => {
  const old = oldRecord('OLD');
  await writeOldSnapshot(world.s3, world.bucket, 'lines', [old], { version: '20250901_101500' });
  await (await createChromaCollection(place(), 'lines', 'l2')).copy([old]);
  await world.arrive({ texts: ['NEW'] });
  const telemetry = quietTelemetry();
  const warned = jest.spyOn(telemetry.logger, 'warn');
  await world.writer({ store: remoteStore(world, { url: server.url, database, telemetry }) }).compact();
  expect((await recordsOf())?.map(({ document }) => document).sort()).toEqual(['NEW', 'OLD']);
  expect(warned).not.toHaveBeenCalled();
});

describe('A collection that takes longer to load than an invocation has', () => {
  const texts = Array.from({ length: 2100 }, (_, index) => `LINE ${index}`);
  /** An invocation whose time is up at once: one page is copied in any case. */
  const shortly = (url = proxy.endpoint) => {
    const store = remoteStore(world, { url, database });
    return world.writer({ store: { ...store, open: (lease) => store.open(lease, 0) } });
  };
  let adds: number;
  beforeEach(async () => {
    adds = 0;
    await world.arrive({ imageId, texts, createdAt: minutesAgo(30) });
    await world.compactOnce();
    proxy.breakAt(
      'held',
      (body) => isAdd(body) && ++adds < 0,
      async () => {},
    );
  });

  it('is loaded by several, each of which adds what is missing, and is there once it is whole', async () => {
    const before = await world.published();
    await expect(shortly().compact()).rejects.toThrow(
      'The collection lines is being loaded onto the Chroma server: 1,000 of 2,100 records are there. The next merge goes on',
    );
    const name = (await world.pointer())?.loading?.name ?? '';
    expect(await names()).toEqual([name]);
    await expect(shortly().compact()).rejects.toThrow('2,000 of 2,100 records are there');
    expect(await names()).toEqual([name]);
    await shortly().compact();
    expect(asPublished(await recordsOf())).toEqual(before);
    expect(await names()).toEqual(['lines']);
    expect(adds).toBe(4 + 4 + 1);
    expect(await world.pointer()).toMatchObject({ manifest: { records: 2100, uncovered_deltas: [] } });
    expect((await world.pointer())?.loading).toBeUndefined();
  });

  it('is loaded anew where another version was published meanwhile', async () => {
    await world.arrive({ imageId, ...labelled('early'), createdAt: minutesAgo(25) });
    await world.compactOnce();
    await expect(shortly().compact()).rejects.toThrow('1,000 of 2,100');
    const name = (await world.pointer())?.loading?.name ?? '';
    // No number, no digest and no key tells of another label.
    await world.arrive({ imageId, ...labelled('later'), createdAt: minutesAgo(20) });
    await world.compactOnce();
    await expect(shortly().compact()).rejects.toThrow('1,000 of 2,100');
    expect((await world.pointer())?.loading?.name).not.toBe(name);
    expect(await names()).toEqual([(await world.pointer())?.loading?.name]);
  });

  it('is not there where what was loaded is not what it was, and is loaded anew', async () => {
    const before = await world.published();
    await expect(shortly().compact()).rejects.toThrow('1,000 of 2,100');
    const name = (await world.pointer())?.loading?.name ?? '';
    const aside = await openChromaCollection(place(), name);
    const [first] = (await aside?.page(0, 1)) ?? [];
    await aside?.updateMetadata([{ id: first?.id ?? '', metadata: { image_id: null } }]);
    await onServer().compact();
    expect(await names()).toEqual(['lines']);
    expect(asPublished(await recordsOf())).toEqual(before);
    expect((await world.pointer())?.loading).toBeUndefined();
  });
});

describe('A collection of which Chroma Cloud does not take a record', () => {
  it('is not loaded there, and the error names one, before anything is sent', async () => {
    await world.arrive({
      texts: ['SECRET'.padEnd(16_385, '.'), 'B'.padEnd(16_385, '.'), 'C'],
      createdAt: minutesAgo(9),
    });
    await world.compactOnce();
    const store = remoteStore(world, { url: server.url, database, recordLimits: CHROMA_CLOUD_LIMITS });
    const failure = await world.writer({ store }).compact().catch(String);
    expect(failure).toMatch(
      /lines cannot be loaded onto Chroma Cloud: 2 records are more than it takes, the record .* with a document of 16385 bytes/,
    );
    expect(failure).not.toContain('SECRET');
    expect(await names()).toEqual([]);
  });
});
