import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeltaRecord } from '../../../contracts/delta';
import { recordId } from '../../../contracts/record-id';
import { writeOldSnapshot } from '../../../demo/old-system/write-snapshot';
import {
  createChromaCollection,
  openChromaCollection,
} from '../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../functions/enhanced-compaction/chroma/database';
import { type ChromaServer, startChromaServer } from '../../../functions/enhanced-compaction/chroma/server';
import { createDatabase } from '../../support/chroma-server';
import { embed, idsOf, MODEL, useCompactionHarness } from '../../support/compaction-harness';
import { remoteStore } from '../../support/remote-store';

const world = useCompactionHarness();
let folder: string;
let chroma: ChromaServer;
let front: Server;
let frontUrl: string;
/** What the server in front answered with 429, and what it saw. */
let refusals = 0;
const seen = { tokens: new Set<unknown>(), largest: 0 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'remote-chroma-'));
  chroma = await startChromaServer({ path: join(folder, 'data') });
  // A real Chroma server behind one that is busy now and then, as Chroma Cloud is.
  front = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      seen.tokens.add(incoming.headers['x-chroma-token']);
      if (refusals > 0) {
        refusals -= 1;
        outgoing.writeHead(429, { 'retry-after': '0' }).end('{}');
        return;
      }
      const body = Buffer.concat(chunks);
      if (incoming.url?.endsWith('/add'))
        seen.largest = Math.max(seen.largest, JSON.parse(body.toString()).ids.length);
      const { method = 'GET' } = incoming;
      const answer = await fetch(`${chroma.url}${incoming.url}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body.length > 0 && { body: incoming.url?.endsWith('/get') ? cut(body) : body }),
      });
      outgoing.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => front.once('listening', resolve));
  const address = front.address();
  frontUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterAll(async () => {
  front.closeAllConnections();
  front.close();
  await chroma.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A request for records as Chroma Cloud takes it: for 300 at most. */
function cut(body: Buffer): string {
  const request = JSON.parse(body.toString());
  return JSON.stringify({ ...request, limit: Math.min(request.limit ?? 300, 300) });
}

const imageId = 'abcdef11-2222-4333-8444-555555555555';

/** What the old system left on a server: a receipt that says nothing of its image. */
async function leaveOld(name: string, dimensions: number): Promise<void> {
  const database = chromaDatabase({ url: chroma.url, database: name });
  const collection = await createChromaCollection(database, 'lines', 'l2');
  const records = ['OLD', 'LEFT OVER'].map((document, index) => ({
    id: recordId({ imageId, receiptId: 1, lineId: index + 1 }),
    document,
    metadata: { line_id: index + 1 },
    embedding: embed(document, dimensions),
    contentHash: document,
  }));
  await collection.add(records);
}

/** A database of its own for each test. */
async function remoteWriter(name: string) {
  await createDatabase(chroma.url, name);
  const place = {
    url: frontUrl,
    database: name,
    space: 'cosine',
    readApiKey: async () => 'a-cloud-key',
  } as const;
  const store = remoteStore(world, place);
  const stored = async () => {
    const collection = await openChromaCollection(
      chromaDatabase({ url: chroma.url, database: name }),
      'lines',
      300,
    );
    return collection?.page(0, 10_000) ?? [];
  };
  return { writer: world.writer({ store }), stored };
}

describe('A collection on a Chroma server', () => {
  it('is merged into in place, 300 records a write, with the key, and again when the server is busy', async () => {
    const { writer, stored } = await remoteWriter('in-place');
    refusals = 3;
    const texts = Array.from({ length: 700 }, (_, index) => `LINE ${index}`);
    const run = await world.arrive({ texts });
    await writer.compact();

    expect((await stored()).map(({ id }) => id).sort()).toEqual(idsOf(run, 700));
    expect(seen).toMatchObject({ largest: 300 });
    expect([...seen.tokens]).toEqual(['a-cloud-key']);
    expect(refusals).toBe(0);
    expect(await world.state(run)).toMatchObject({ state: 'COMPLETED', merged_vectors: 700 });
    expect((await world.pointer())?.manifest).toMatchObject({
      records: 700,
      space: 'cosine',
      uncovered_deltas: [],
    });
  });

  it('replaces, removes and skips as an embedded one does', async () => {
    const { writer, stored } = await remoteWriter('replaces');
    const run = await world.arrive({ texts: ['A', 'B', 'C'], createdAt: new Date(Date.now() - 60_000) });
    await writer.compact();
    await world.arrive({ imageId: run.image_id, receiptId: 1, texts: ['A', 'CHANGED'] });
    expect(await writer.compact()).toMatchObject({ mergedVectors: 2 });
    expect((await stored()).map(({ document }) => document).sort()).toEqual(['A', 'CHANGED']);
  });

  it('removes every line of an image that has more than the server gives at once', async () => {
    const { writer, stored } = await remoteWriter('large-image');
    // As Chroma Cloud does, the server in front cuts what is asked for beyond 300.
    const texts = Array.from({ length: 650 }, (_, index) => `LINE ${index}`);
    const run = await world.arrive({ texts, createdAt: new Date(Date.now() - 60_000) });
    await writer.compact();
    await world.arrive({ imageId: run.image_id, receiptId: 1, texts: ['ONLY LINE'] });
    await writer.compact();
    expect((await stored()).map(({ document }) => document)).toEqual(['ONLY LINE']);
  });

  it('that was there before is of the length of its vectors, and a delta of another fails its own run', async () => {
    const { writer, stored } = await remoteWriter('another-length');
    await leaveOld('another-length', 8);
    const run = await world.arrive({ texts: ['NEW'] });
    const records = (all: DeltaRecord[]) => all.map((record) => ({ ...record, embedding: embed('FITS', 8) }));
    const fitting = await world.arrive({ texts: ['FITS'], header: { dimensions: 8 }, records });
    await writer.compact();
    expect(await world.state(run)).toMatchObject({
      state: 'FAILED',
      error: expect.stringContaining('has embeddings of a length of 16, its collection of 8'),
    });
    expect(await world.state(fitting)).toMatchObject({ state: 'COMPLETED' });
    expect((await stored()).map(({ document }) => document).sort()).toEqual(['FITS', 'LEFT OVER', 'OLD']);
    expect((await world.pointer())?.manifest).toMatchObject({ dimensions: 8, model: MODEL });
  });

  it('that was there before is replaced by receipt, also where its records name no image', async () => {
    const { writer, stored } = await remoteWriter('names-no-image');
    await leaveOld('names-no-image', 16);
    await world.arrive({ imageId, texts: ['NEW'] });
    await writer.compact();
    expect((await stored()).map(({ document }) => document)).toEqual(['NEW']);
  });

  it('is not started empty beside a snapshot, whose records it has first', async () => {
    const { writer, stored } = await remoteWriter('not-empty');
    const old = {
      id: recordId({ imageId, receiptId: 1, lineId: 1 }),
      document: 'OLD',
      metadata: { line_id: 1 },
    };
    const records = [{ ...old, embedding: embed('OLD') }];
    await writeOldSnapshot(world.s3, world.bucket, 'lines', records, { version: '20250901_101500' });
    await world.arrive({ texts: ['NEW'] });
    await writer.compact();
    expect((await stored()).map(({ document }) => document).sort()).toEqual(['NEW', 'OLD']);
    expect(await world.pointer()).toMatchObject({
      snapshot_version: '20250901_101500',
      manifest: { records: 2, space: 'l2', lineage: ['20250901_101500'] },
    });
  });
});
