import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { snapshotArchiveKey } from '../../../contracts/bucket-layout';
import type { RecordMetadata } from '../../../contracts/delta';
import { METRICS } from '../../../contracts/metrics';
import { talliedRecords } from '../../../contracts/record-form';
import { recordId } from '../../../contracts/record-id';
import { writeOldDelta } from '../../../demo/old-system/write-snapshot';
import { openChromaCollection } from '../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../functions/enhanced-compaction/chroma/database';
import { takeCensus } from '../../../functions/enhanced-compaction/merge/census';
import { eventually } from '../../../packages/local-aws/__tests__/support/eventually';
import { type BreakpointProxy, startBreakpointProxy } from '../../support/breakpoint-proxy';
import { createDatabase, useChromaServer } from '../../support/chroma-server';
import { embed, idsOf, quietTelemetry, useCompactionHarness } from '../../support/compaction-harness';
import { remoteStore } from '../../support/remote-store';

const world = useCompactionHarness();
const server = useChromaServer();
let proxy: BreakpointProxy;
let database: string;
/** What was said, and counted, of other programs, and of merges that were broken off. */
let said: unknown[];
let telemetry: ReturnType<typeof quietTelemetry>;
beforeEach(async () => {
  proxy = await startBreakpointProxy(server.url);
  database = await createDatabase(server.url);
  said = [];
  telemetry = quietTelemetry();
  jest.spyOn(telemetry.logger, 'warn').mockImplementation((message, ...details) => {
    if (/ther programs|broken off/.test(String(message))) said.push(...details);
  });
  telemetry.metrics.addMetric = (name, _unit, value) => {
    if (name === METRICS.othersRecords || name === METRICS.leftServers) said.push(value);
    return telemetry.metrics;
  };
});
afterEach(() => proxy.stop());

const embedded = () => world.writer({ telemetry });
const onServer = () =>
  world.writer({ store: remoteStore(world, { url: proxy.endpoint, database, telemetry }), telemetry });
const lines = async () => {
  const found = await openChromaCollection(chromaDatabase({ url: server.url, database }), 'lines');
  if (found === undefined) throw new Error('The server has no lines.');
  return found;
};
const add = async (metadata: RecordMetadata, ...names: string[]) =>
  (await lines()).add(
    names.map((id) => ({ id, document: id, metadata, embedding: embed(id), contentHash: id })),
  );
const addOthers = (...names: string[]) => add({ of: 'others' }, ...names);
const documents = async () => (await (await lines()).page(0, 1000)).map(({ document }) => document);
const removeOthers = async (...names: string[]) => (await lines()).delete(names);
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

/** The published figures agree with each other, and with what is there. */
async function expectWhatIsThere(records: number) {
  const manifest = (await world.pointer())?.manifest;
  const { tally, digest } = await takeCensus('lines', await lines());
  expect(manifest).toMatchObject({ records, digest, record_tally: tally });
  expect([talliedRecords(tally), await (await lines()).count()]).toEqual([records, records]);
}

describe('What other programs add to a collection on a server, or remove', () => {
  it('is said once, with both figures, and published as it is', async () => {
    await world.arrive({ texts: ['A', 'B'] });
    await onServer().compact();
    expect(said).toEqual([]);
    await addOthers('x', 'y');
    await world.arrive({ texts: ['C'] });
    await onServer().compact();
    expect(said).toEqual([{ collection: 'lines', known: 3, there: 5 }, 2]);
    await expectWhatIsThere(5);
    await world.arrive({ texts: ['D'] });
    await onServer().compact();
    expect(said).toHaveLength(2);
    await expectWhatIsThere(6);
    await removeOthers('y');
    await world.arrive({ texts: ['E'] });
    await onServer().compact();
    expect(said.slice(2)).toEqual([{ collection: 'lines', known: 7, there: 6 }, 1]);
    expect((await world.pointer())?.manifest?.others).toMatchObject({ records: 1 });
    await removeOthers('x');
    await world.arrive({ texts: ['F'] });
    await onServer().compact();
    expect((await world.pointer())?.manifest?.others).toBeUndefined();
    await expectWhatIsThere(6);
  });

  it('is published though the merge itself changes nothing', async () => {
    const imageId = randomUUID();
    await world.arrive({ imageId, texts: ['A'], createdAt: minutesAgo(2) });
    await onServer().compact();
    await addOthers('x');
    const run = await world.arrive({ imageId, texts: ['A'], createdAt: minutesAgo(1) });
    expect(await onServer().compact()).toMatchObject({ mergedVectors: 0, publishes: 1 });
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    await expectWhatIsThere(2);
  });

  it('does not break a merge off that is under way', async () => {
    await world.arrive({ texts: ['A'] });
    let requests = 0;
    const isAdd = (body: string) => body.includes('"embeddings":["') && ++requests > 0;
    const meddle = async () => {
      proxy.breakAt('held', isAdd, meddle);
      await addOthers(`x${requests}`);
    };
    await onServer().compact();
    proxy.breakAt('held', isAdd, meddle);
    const run = await world.arrive({ texts: ['B'] });
    await onServer().compact();
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED' });
    expect(said).toEqual([{ collection: 'lines', known: 2, there: 3 }, 1]);
    await expectWhatIsThere(3);
  });

  it('is told from what the pipeline merges again after a late write', async () => {
    const imageId = randomUUID();
    await world.arrive({ imageId, texts: ['A', 'B'] });
    await onServer().compact();
    const [first] = await (await lines()).page(0, 1);
    await removeOthers(first?.id ?? '');
    const receipts = [`${imageId}#00001`];
    await world.changePointer('SET touched = :value', [{ at: Date.now(), again: false, receipts }]);
    await addOthers('x');
    await onServer().compact();
    expect(said).toEqual([{ collection: 'lines', known: 2, there: 3 }, 1]);
    await expectWhatIsThere(3);
  });

  it('is seen after a late write though they have removed as many as they added', async () => {
    const imageId = randomUUID();
    const [run] = [await world.arrive({ texts: ['A'] }), await world.arrive({ imageId, texts: ['B'] })];
    await onServer().compact();
    await removeOthers(...idsOf(run, 1));
    await addOthers('x');
    const receipts = [`${imageId}#00001`];
    await world.changePointer('SET touched = :value', [{ at: Date.now(), again: false, receipts }]);
    await onServer().compact();
    expect(said).toEqual([{ collection: 'lines', known: 2, there: 2 }, 1]);
    await expectWhatIsThere(2);
  });
});

describe('A collection that other programs have written to goes', () => {
  beforeEach(async () => {
    await world.arrive({ texts: ['A', 'B'] });
    await onServer().compact();
    const [first] = await (await lines()).page(0, 1);
    await (await lines()).updateMetadata([{ id: first?.id ?? '', metadata: { reviewed_by: 'mona' } }]);
  });

  it('from the server to embedded mode without that, which is said once, and counted', async () => {
    await world.arrive({ texts: ['C'] });
    await embedded().compact();
    expect(said).toEqual([{ collection: 'lines', records: 2, ofOthers: 0 }, 1]);
    await world.arrive({ texts: ['D'] });
    await world.arrive({ texts: ['E'] });
    await embedded().compact();
    expect(said).toHaveLength(2);
    expect(await world.documents()).toEqual(['A', 'B', 'C', 'D', 'E']);
    const metadata = [...(await world.published()).values()].map((record) => record.metadata.reviewed_by);
    expect(metadata.filter((name) => name !== undefined)).toEqual([]);
  });

  it.each([
    ['added', async () => addOthers('x', 'y'), 2],
    ['removed', async () => removeOthers((await (await lines()).page(0, 1))[0]?.id ?? ''), -1],
  ])('without the records that they %s, though those were published', async (_what, meddle, ofOthers) => {
    await meddle();
    await world.arrive({ texts: ['C'] });
    await onServer().compact();
    said.length = 0;
    await world.arrive({ texts: ['D'] });
    await embedded().compact();
    expect(said).toEqual([{ collection: 'lines', records: 3 + ofOthers, ofOthers }, 1]);
    expect(await world.documents()).toEqual(['A', 'B', 'C', 'D']);
    expect((await world.pointer())?.manifest?.others).toBeUndefined();
  });

  it('and is loaded again where the server has lost it, without the records that they added', async () => {
    await addOthers('x');
    await world.arrive({ texts: ['C'] });
    await onServer().compact();
    await chromaDatabase({ url: server.url, database }).delete('collections/lines');
    await world.arrive({ texts: ['D'] });
    await onServer().compact();
    await expectWhatIsThere(4);
    expect((await world.pointer())?.manifest?.others).toBeUndefined();
  });

  /** Of a receipt, which the pipeline sets right, and beside it, which it does not know of. */
  const MEDDLED = {
    added: async (id: string, image_id: string) => add({ image_id }, id.replace(/1$/, '2'), 'x'),
    removed: async (id: string) => removeOthers(id, (await (await lines()).page(0, 1))[0]?.id ?? ''),
  };
  it.each([
    ['embedded mode', 'added'],
    ['embedded mode', 'removed'],
    ['the server that has lost it', 'added'],
    ['the server that has lost it', 'removed'],
  ] as const)(
    'to %s though the pipeline has replaced a receipt of which they had %s records',
    async (where, meddled) => {
      const imageId = randomUUID();
      const run = await world.arrive({ imageId, texts: ['C'], createdAt: minutesAgo(9) });
      await onServer().compact();
      await MEDDLED[meddled](idsOf(run, 1)[0] ?? '', imageId);
      await world.arrive({ texts: ['D'] });
      await onServer().compact();
      await world.arrive({ imageId, texts: ['C2'], createdAt: minutesAgo(1) });
      await onServer().compact();
      if (where !== 'embedded mode') {
        await chromaDatabase({ url: server.url, database }).delete('collections/lines');
      }
      await world.arrive({ texts: ['E'] });
      await (where === 'embedded mode' ? embedded() : onServer()).compact();
      const texts = (await (where === 'embedded mode' ? world.documents() : documents())).sort();
      expect(texts).toEqual(['A', 'B', 'C2', 'D', 'E']);
    },
  );

  it('to embedded mode with what S3 has, where they have emptied it', async () => {
    const all = await (await lines()).page(0, 10);
    await removeOthers(...all.map(({ id }) => id));
    await world.arrive({ texts: [] });
    await onServer().compact();
    expect((await world.pointer())?.manifest?.records).toBe(0);
    await world.arrive({ texts: ['C'] });
    await embedded().compact();
    expect(await world.documents()).toEqual(['A', 'B', 'C']);
  });

  it('nowhere where S3 lacks more than that', async () => {
    const lost = await world.arrive({ texts: ['LOST'] });
    await onServer().compact();
    await addOthers('x');
    await world.arrive({ texts: ['C'] });
    await onServer().compact();
    await world.put(lost.lines.delta_key, 'broken');
    await expect(embedded().compact()).rejects.toThrow('cannot be rebuilt: 5 records were published');
  });
});

it('A collection of a server is not rebuilt with the older text of a receipt whose newest delta is gone', async () => {
  const imageId = randomUUID();
  await world.arrive({ imageId, texts: ['WRONG'], createdAt: minutesAgo(9) });
  await onServer().compact();
  const right = await world.arrive({ imageId, texts: ['RIGHT'], createdAt: minutesAgo(8) });
  await onServer().compact();
  await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: right.lines.delta_key }));
  await world.arrive({ texts: ['C'] });
  await expect(embedded().compact()).rejects.toThrow('cannot be rebuilt');
});

describe('A delta of the old system beside a collection of a server', () => {
  const oldRecord = (imageId: string, document: string) => {
    const id = recordId({ imageId, receiptId: 1, lineId: 1 });
    return { id, document, metadata: { image_id: imageId }, embedding: embed(document) };
  };
  const arriveOld = (...documents: readonly [imageId: string, document: string][]) =>
    writeOldDelta(
      ...([world.s3, world.bucket, 'lines', randomUUID()] as const),
      documents.map((each) => oldRecord(...each)),
    );
  const forget = () => chromaDatabase({ url: server.url, database }).delete('collections/lines');

  it('comes in when that is rebuilt, but for what ours have', async () => {
    const { image_id } = await world.arrive({ texts: ['A'] });
    await onServer().compact();
    await arriveOld([randomUUID(), 'OLD'], [image_id, 'A OF OLD']);
    await world.arrive({ texts: ['B'] });
    await embedded().compact();
    expect(await world.documents()).toEqual(['A', 'B', 'OLD']);
  });

  it('does not stand for one of ours that is lost', async () => {
    await world.arrive({ texts: ['A'] });
    const lost = await world.arrive({ texts: ['LOST'] });
    await onServer().compact();
    await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: lost.lines.delta_key }));
    await arriveOld([randomUUID(), 'OLD'], [randomUUID(), 'OLD TOO']);
    await expect(embedded().compact()).rejects.toThrow(
      /^The published lines cannot be rebuilt: 2 records were published, .* give 3\. .* 1 of the deltas/,
    );
    await forget();
    await world.arrive({ texts: ['B'] });
    await expect(onServer().compact()).rejects.toThrow('cannot be rebuilt');
  });

  it('counts as far as it was published, though newer ones have other forms of its records, and ours some of them', async () => {
    const [replaced, again, stays] = [randomUUID(), randomUUID(), randomUUID()];
    await arriveOld([replaced, 'WAS'], [again, 'FIRST FORM'], [stays, 'STAYS']);
    await world.arrive({ imageId: replaced, texts: ['A'] });
    await onServer().compact();
    expect((await documents()).sort()).toEqual(['A', 'FIRST FORM', 'STAYS']);
    const seconds = () => Math.floor(Date.now() / 1000);
    // S3 tells when an object was written to the second.
    const written = seconds();
    await eventually('the next second', () => seconds() > written);
    await arriveOld([again, 'SECOND FORM'], [randomUUID(), 'NEW']);
    await forget();
    await world.arrive({ texts: ['B'] });
    await onServer().compact();
    const all = ['A', 'B', 'NEW', 'SECOND FORM', 'STAYS'];
    expect((await documents()).sort()).toEqual(all);
    // Now all of them were published.
    await forget();
    await world.arrive({ imageId: again, receiptId: 2, texts: ['C'] });
    await onServer().compact();
    expect((await documents()).sort()).toEqual([...all, 'C'].sort());
  });
});

it('A collection that other programs have written to is not made of an older snapshot, which nothing proves', async () => {
  for (const text of ['A', 'B']) {
    await world.arrive({ texts: [text] });
    await world.compactOnce({ checkpointRecords: 1 });
  }
  const archive = snapshotArchiveKey('lines', (await world.pointer())?.snapshot_version ?? '');
  await world.arrive({ texts: ['C'] });
  await onServer().compact();
  await addOthers('x');
  await world.arrive({ texts: ['D'] });
  await onServer().compact();
  await world.put(archive, 'damaged');
  await world.arrive({ texts: ['E'] });
  await expect(embedded().compact()).rejects.toThrow(archive);
});
