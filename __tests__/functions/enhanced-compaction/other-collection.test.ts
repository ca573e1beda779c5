import { randomUUID } from 'node:crypto';
import { recordId } from '../../../contracts/record-id';
import { type OldRecord, writeOldSnapshot } from '../../../demo/old-system/write-snapshot';
import {
  createChromaCollection,
  openChromaCollection,
} from '../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../functions/enhanced-compaction/chroma/database';
import { createDatabase, useChromaServer } from '../../support/chroma-server';
import { embed, labelled, useCompactionHarness } from '../../support/compaction-harness';
import { intercepted } from '../../support/intercepted-client';
import { remoteStore } from '../../support/remote-store';

const world = useCompactionHarness();
const server = useChromaServer();
let a: string;
let b: string;
beforeEach(async () => {
  [a, b] = [await createDatabase(server.url), await createDatabase(server.url)];
});
const place = (database: string) => chromaDatabase({ url: server.url, database });
const on = (database: string, table = world.table, deadline?: number) => {
  const store = remoteStore({ ...world, table }, { url: server.url, database });
  const open: typeof store.open = (lease, until) => store.open(lease, deadline ?? until);
  return world.writer({ table, store: { ...store, open } });
};
const lines = async (database: string) => {
  const found = await openChromaCollection(place(database), 'lines');
  if (found === undefined) throw new Error('The server has no lines.');
  return found;
};
const texts = async (database: string) =>
  (await (await lines(database)).page(0, 5000)).map(({ document }) => document).sort();
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const REFUSED = /has a collection lines of \d+ records, which is not the published one/;

describe('A collection of the same name that a server has is not taken for the published one', () => {
  const imageId = randomUUID();
  const first = { imageId, createdAt: minutesAgo(9) };
  const then = { createdAt: minutesAgo(5) };

  it.each([
    ['more was merged', { ...then, texts: ['B'] }, ['A', 'B', 'C']],
    ['a label was written', { ...then, imageId, ...labelled('TOTAL') }, ['A', 'C']],
    ['a receipt was replaced by as many records', { ...then, imageId, texts: ['RIGHT'] }, ['C', 'RIGHT']],
  ])('where %s on another server, and is loaded once it is gone', async (_what, onOther, outcome) => {
    await world.arrive({ ...first, texts: ['A'] });
    await on(a).compact();
    await world.arrive(onOther);
    await on(b).compact();
    const run = await world.arrive({ texts: ['C'] });
    await expect(on(a).compact()).rejects.toThrow(REFUSED);
    expect((await world.state(run)).state).toBe('PENDING');
    expect(await texts(a)).toEqual(['A']);

    await place(a).delete('collections/lines');
    await on(a).compact();
    expect(await texts(a)).toEqual(outcome);
  });

  it('where a label was written in embedded mode, though count and digest are the same', async () => {
    await world.arrive({ ...first, texts: ['A'] });
    await on(a).compact();
    await world.compactOnce();
    await world.arrive({ imageId, ...labelled('TOTAL'), createdAt: minutesAgo(5) });
    await world.compactOnce();
    await world.arrive({ texts: ['C'] });
    await expect(on(a).compact()).rejects.toThrow(REFUSED);
  });

  it('where the server lost it, and a reader has made an empty one', async () => {
    await world.arrive({ ...first, texts: ['A', 'B'] });
    await on(a).compact();
    await place(a).delete('collections/lines');
    await createChromaCollection(place(a), 'lines', 'l2');
    await world.arrive({ texts: ['C'] });
    await expect(on(a).compact()).rejects.toThrow(REFUSED);
  });

  it('nor where a reader has made one while it was being loaded', async () => {
    await world.arrive({ ...first, texts: Array.from({ length: 1100 }, (_, index) => `LINE ${index}`) });
    await on(a).compact();
    await place(a).delete('collections/lines');
    await world.arrive({ texts: ['C'] });
    await expect(on(a, world.table, 0).compact()).rejects.toThrow('1,000 of 1,100');
    await createChromaCollection(place(a), 'lines', 'l2');
    await expect(on(a).compact()).rejects.toThrow(REFUSED);
    await place(a).delete('collections/lines');
    await on(a).compact();
    expect(await texts(a)).toHaveLength(1101);
  });
});

it.each(['embedded mode', 'the server'])(
  'A collection that was loaded from what %s had published is taken, though its loader died before it could publish',
  async (from) => {
    await world.arrive({ texts: ['A', 'B'] });
    await (from === 'the server' ? on(a) : world.writer()).compact();
    if (from === 'the server') await place(a).delete('collections/lines');
    await world.arrive({ texts: ['C'] });
    const client = intercepted(world.table.client, async ({ input }, send) => {
      if (input.UpdateExpression?.includes(':manifest')) throw new Error('killed');
      return send();
    });
    await expect(on(a, { ...world.table, client }).compact()).rejects.toThrow('killed');
    expect(await texts(a)).toEqual(['A', 'B', 'C']);
    await on(a).compact();
    expect(await texts(a)).toEqual(['A', 'B', 'C']);
    const pointer = await world.pointer();
    expect(pointer?.loading).toBeUndefined();
    expect(pointer?.manifest).toMatchObject({ records: 3, server_collection: (await lines(a)).id });
  },
);

it('A collection of which a version of before its id was noted tells the digest is taken by that', async () => {
  await world.arrive({ texts: ['A'] });
  await on(a).compact();
  const { server_collection: _, ...manifest } = (await world.pointer())?.manifest ?? {};
  const forget = () => world.changePointer('SET manifest = :value', manifest);
  await forget();
  await world.arrive({ texts: ['B'] });
  await on(a).compact();
  expect((await world.pointer())?.manifest?.server_collection).toBe((await lines(a)).id);

  // It tells of one record, and there are two.
  await forget();
  await world.arrive({ texts: ['C'] });
  await expect(on(a).compact()).rejects.toThrow(REFUSED);
});

it('A load goes on with the snapshot that another writer has written meanwhile', async () => {
  const imageId = randomUUID();
  const old = (index: number, label: string): OldRecord => ({
    id: recordId({ imageId, receiptId: 1, lineId: index + 1 }),
    document: `OLD ${index}`,
    metadata: { image_id: imageId, receipt_id: 1, line_id: index + 1, validation_status: label },
    embedding: embed(`OLD ${index}`),
  });
  const write = (version: string, label: string) =>
    writeOldSnapshot(
      world.s3,
      world.bucket,
      'lines',
      Array.from({ length: 1100 }, (_, index) => old(index, label)),
      { version },
    );
  await world.arrive({ texts: ['LIVE'] });
  await world.compactOnce();
  await write('20250901_101500', 'pending');
  await expect(on(a, world.table, 0).compact()).rejects.toThrow('1,000 of 1,101');
  await write('20250902_101500', 'VALID');
  await on(a).compact();
  const [record] = await (await lines(a)).byIds([old(0, '').id]);
  expect(record?.metadata.validation_status).toBe('VALID');
});
