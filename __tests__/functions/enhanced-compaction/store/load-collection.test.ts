import { randomUUID } from 'node:crypto';
import {
  createChromaCollection,
  openChromaCollection,
} from '../../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../../functions/enhanced-compaction/chroma/database';
import { type BreakpointProxy, startBreakpointProxy } from '../../../support/breakpoint-proxy';
import { createDatabase, useChromaServer } from '../../../support/chroma-server';
import { embed, labelled, useCompactionHarness } from '../../../support/compaction-harness';
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
const isAdd = (body: string) => body.includes('"embeddings":["');

describe('A collection that goes from embedded mode to a server', () => {
  it('is there whole before anything is merged, and comes back with what was merged there, labels and all', async () => {
    const before = await publishEmbedded();
    await onServer().compact();
    expect(before).toEqual(asPublished(await recordsOf()));
    expect(await names()).toEqual(['lines']);
    expect((await world.pointer())?.manifest).toMatchObject({ records: 4, uncovered_deltas: [] });

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

  it('by a load that was interrupted is not there at all, and the next one begins again', async () => {
    const before = await publishEmbedded();
    const interrupt = async () => proxy.breakAt('after', isAdd, interrupt);
    await interrupt();
    await expect(onServer(proxy.endpoint).compact()).rejects.toThrow('no answer');
    expect(await recordsOf()).toBeUndefined();
    expect((await world.pointer())?.manifest?.uncovered_deltas).not.toEqual([]);
    await onServer().compact();
    expect(asPublished(await recordsOf())).toEqual(before);
    expect(await names()).toEqual(['lines']);
  });

  it('by two loaders, of which one has lost its lease, is what the other has loaded and merged', async () => {
    await publishEmbedded();
    proxy.breakAt('held', isAdd, async () => {
      await world.changePointer('SET lease_expires_at = :value', 1);
      await world.arrive({ imageId, texts: ['ONLY'], createdAt: minutesAgo(20) });
      await onServer().compact();
    });
    const failure = await onServer(proxy.endpoint, { renewalSeconds: 3600 })
      .compact()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ status: 404 });
    expect((await recordsOf())?.map(({ document }) => document).sort()).toEqual(['C', 'D', 'ONLY']);
  });

  it('is not taken for another one that is there already', async () => {
    await publishEmbedded();
    const other = await createChromaCollection(place(), 'lines', 'l2');
    const content = { document: 'X', metadata: {}, embedding: embed('X'), contentHash: 'X' };
    await other.add([{ id: 'x', ...content }]);
    await expect(onServer().compact()).rejects.toThrow(
      'a collection lines of 1 records, which is not the published one of 4. Rename it',
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
});
