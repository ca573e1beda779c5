/**
 * `npm run bench:compaction`: the write of a merge through our REST path against the same through Chroma's
 * JavaScript client, on the same kind of server, taking turns in one run. Prints medians and their ratio.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import { contentHash, type DeltaRecord } from '../contracts/delta';
import { createChromaCollection } from '../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../functions/enhanced-compaction/chroma/database';
import { startChromaServer } from '../functions/enhanced-compaction/chroma/server';

const RECORDS = Number(process.env.RECORDS ?? 4000);
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const DIMENSIONS = 1536;
const RECORDS_PER_WRITE = 2000;

const records = Array.from({ length: RECORDS }, (_, index): DeltaRecord => {
  const embedding = Float32Array.from({ length: DIMENSIONS }, () => Math.random() - 0.5);
  const content = { document: `line ${index} of a receipt`, metadata: { line_id: index }, embedding };
  const { document: embeddedText } = content;
  return { id: `record-${index}`, ...content, embeddedText, contentHash: contentHash(content) };
});

interface Timing {
  /** Milliseconds on the clock. */
  readonly wall: number;
  /** Milliseconds of this process's processor time: what encoding costs. */
  readonly cpu: number;
}

async function onFreshServer(write: (url: string) => Promise<void>): Promise<Timing> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-compaction-'));
  const server = await startChromaServer({ path: join(folder, 'data') });
  try {
    const cpu = process.cpuUsage();
    const start = performance.now();
    await write(server.url);
    const wall = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    return { wall, cpu: (user + system) / 1000 };
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function overRest(url: string): Promise<void> {
  const collection = await createChromaCollection(chromaDatabase({ url }), 'lines', 'l2', RECORDS_PER_WRITE);
  await collection.byIds(records.map(({ id }) => id));
  await collection.add(records);
}

async function overClient(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const client = new ChromaClient({ host: hostname, port: Number(port), ssl: false });
  const collection = await client.createCollection({
    name: 'lines',
    configuration: { hnsw: { space: 'l2' } },
    embeddingFunction: null,
  });
  for (let start = 0; start < records.length; start += 1000) {
    await collection.get({
      ids: records.slice(start, start + 1000).map(({ id }) => id),
      include: ['metadatas'],
    });
  }
  for (let start = 0; start < records.length; start += RECORDS_PER_WRITE) {
    const some = records.slice(start, start + RECORDS_PER_WRITE);
    await collection.add({
      ids: some.map(({ id }) => id),
      embeddings: some.map(({ embedding }) => Array.from(embedding)),
      documents: some.map(({ document }) => document),
      metadatas: some.map(({ metadata, contentHash: content_hash }) => ({ ...metadata, content_hash })),
    });
  }
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

async function main(): Promise<void> {
  const rest: Timing[] = [];
  const client: Timing[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    rest.push(await onFreshServer(overRest));
    client.push(await onFreshServer(overClient));
  }
  console.log(`${RECORDS} new records of ${DIMENSIONS} dimensions, median of ${ROUNDS} rounds`);
  for (const measure of ['wall', 'cpu'] as const) {
    const [ours, theirs] = [rest, client].map((timings) => median(timings.map((timing) => timing[measure])));
    console.log(
      `${measure.padEnd(5)} REST ${ours?.toFixed(0)} ms, client ${theirs?.toFixed(0)} ms, ratio ${((theirs ?? 0) / (ours ?? 1)).toFixed(2)}`,
    );
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
