import { randomUUID } from 'node:crypto';
import { CopyObjectCommand, CreateBucketCommand } from '@aws-sdk/client-s3';
import { recordId } from '../../../contracts/record-id';
import { type OldRecord, writeOldSnapshot } from '../../../demo/old-system/write-snapshot';
import {
  createChromaCollection,
  openChromaCollection,
} from '../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../functions/enhanced-compaction/chroma/database';
import { takeCensus } from '../../../functions/enhanced-compaction/merge/census';
import { createDatabase, useChromaServer } from '../../support/chroma-server';
import { embed, labelled, quietTelemetry, useCompactionHarness } from '../../support/compaction-harness';
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
/** Leaves the pointer as versions of before digests were, and ids of collections. Returns what it says still. */
async function forgetDigest() {
  const {
    server_collection: _id,
    digest: _digest,
    record_tally: _tally,
    ...manifest
  } = (await world.pointer())?.manifest ?? {};
  await world.changePointer('SET manifest = :value', manifest);
  return manifest;
}
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

it.each([
  ['taken by its number of records', ['A'], true],
  ['refused where that is another', ['A', 'X'], false],
])(
  'A collection of which a version of before digests tells but the count is %s',
  async (_what, there, isTaken) => {
    await world.arrive({ texts: ['A'] });
    await on(a).compact();
    await forgetDigest();
    const content = { document: 'X', metadata: {}, embedding: embed('X'), contentHash: 'X' };
    if (there.length > 1) await (await lines(a)).add([{ id: 'x', ...content }]);
    await expect(world.published()).rejects.toThrow('is merged on a Chroma server, which alone has it whole');
    const run = await world.arrive({ texts: ['B'] });
    if (!isTaken) {
      await expect(on(a).compact()).rejects.toThrow(REFUSED);
      expect((await world.state(run)).state).toBe('PENDING');
      return;
    }
    await on(a).compact();
    expect(await texts(a)).toEqual(['A', 'B']);
    const { digest } = await takeCensus('lines', await lines(a));
    expect((await world.pointer())?.manifest).toMatchObject({
      records: 2,
      digest,
      server_collection: (await lines(a)).id,
    });
  },
);

it('A collection of which a version of before digests tells that it is empty is taken while it is', async () => {
  const imageId = randomUUID();
  for (const texts of [['A'], []]) {
    await world.arrive({ imageId, texts, createdAt: minutesAgo(8 + texts.length) });
    await on(a).compact();
  }
  expect(await forgetDigest()).toMatchObject({ records: 0 });
  await world.arrive({ texts: ['B'] });
  await on(a).compact();
  expect(await texts(a)).toEqual(['B']);
});

it('A collection of a server of which a version of before digests tells goes to embedded mode, and is said to', async () => {
  await world.arrive({ texts: ['A'] });
  await on(a).compact();
  await forgetDigest();
  const telemetry = quietTelemetry();
  const errors = jest.spyOn(telemetry.logger, 'error');
  const warned = jest.spyOn(telemetry.logger, 'warn');
  await world.compactOnce({ telemetry });
  expect(await world.documents()).toEqual(['A']);
  expect(errors).not.toHaveBeenCalled();
  expect(warned).toHaveBeenCalledWith(expect.stringMatching(/^A collection that was merged on/), {
    collection: 'lines',
    records: 1,
    ofOthers: 0,
  });
});

describe('A collection that the pipeline of another bucket has made on the same server', () => {
  let bucket: string;
  beforeEach(async () => {
    bucket = `other-${randomUUID()}`;
    await world.s3.send(new CreateBucketCommand({ Bucket: bucket }));
  });
  const ofOther = (database = a) =>
    world.writer({ bucket, store: remoteStore({ ...world, bucket }, { url: server.url, database }) });

  it.each([
    ['merged into', async () => {}],
    ['loaded', async () => world.compactOnce()],
  ])('is refused, however it was %s first', async (_what, before) => {
    await world.arrive({ texts: ['A'] });
    await before();
    await on(a).compact();
    await world.deletePointer();
    await expect(ofOther().compact()).resolves.toMatchObject({ publishes: 0 });
    await world.arrive({ texts: ['B'] });
    await expect(ofOther().compact()).rejects.toThrow(
      `has a collection lines of 1 records that the pipeline of the bucket ${world.bucket} made, and this one’s is ${bucket}. Give`,
    );
    expect(await texts(a)).toEqual(['A']);
    expect((await world.pointer())?.version).toBeUndefined();

    // Its own takes it, though it knows nothing of it any more.
    await on(a).compact();
    expect(await texts(a)).toEqual(['A', 'B']);
  });

  it('is refused though it has as many records as were published of another one, or their digest', async () => {
    await world.arrive({ texts: ['A'] });
    await on(a).compact();
    const { server_collection: _id, ...manifest } = (await world.pointer())?.manifest ?? {};
    await world.changePointer('SET manifest = :value', manifest);
    await world.arrive({ texts: ['B'] });
    await expect(ofOther().compact()).rejects.toThrow(`that the pipeline of the bucket ${world.bucket} made`);
  });

  it('is the published one by its id all the same, as where a pipeline went to another bucket', async () => {
    const run = await world.arrive({ texts: ['A'] });
    await on(a).compact();
    const next = await world.arrive({ imageId: run.image_id, texts: [] });
    const Key = next.lines.delta_key;
    await world.s3.send(new CopyObjectCommand({ Bucket: bucket, Key, CopySource: `${world.bucket}/${Key}` }));
    await ofOther().compact();
    expect(await texts(a)).toEqual([]);
  });
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
