/**
 * `npm run bench:compaction [-- --records 20000 --deltas 200 --rounds 1 --json]`: the same records written to a Chroma
 * server by one bare loop of maximal batches, and merged by our handler from so many deltas, proven and published; taking
 * turns, each on a server of its own. Then all doorbells once more, as SQS may deliver them. Processor time is that of
 * this process and the Chroma server, not of the embedded AWS; a checkpoint is measured apart. Linux only.
 */
import { readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LocalAws, startLocalAws } from 'local-aws';
import { quietTelemetry } from '../__tests__/support/compaction-harness';
import type { CompactionRun } from '../contracts/compaction-run';
import { createChromaCollection } from '../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../functions/enhanced-compaction/chroma/database';
import { runningServers, startChromaServer } from '../functions/enhanced-compaction/chroma/server';
import { compact } from '../functions/enhanced-compaction/compact';
import { createDoorbellHandler } from '../functions/enhanced-compaction/doorbells';
import { createEmbeddedStore } from '../functions/enhanced-compaction/store/embedded-store';
import { createBenchWorld, deliver, EMBEDDING } from './bench-world';
import { makeReceipt } from './made-receipt';
import { median } from './median';

/** What the embedded server takes well at once. */
const RECORDS_PER_WRITE = 2000;
/** Of a FIFO queue's batch. */
const DOORBELLS_PER_BATCH = 10;
const CLOCK_TICKS_A_SECOND = 100;

interface Cost {
  readonly seconds: number;
  /** Processor seconds of this process and the Chroma server. */
  readonly cpuSeconds: number;
  /** The most that the Chroma server held. Megabytes. */
  readonly peakMegabytes: number;
}

const MEASURED = ['bare', 'ours', 'redelivered'] as const;

interface Round extends Record<(typeof MEASURED)[number], Cost> {
  readonly checkpointSeconds: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '20000' },
      deltas: { type: 'string', default: '200' },
      rounds: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  const [records = 0, deltas = 1, count = 1] = [values.records, values.deltas, values.rounds].map(Number);
  const aws = await startLocalAws();
  const rounds: Round[] = [];
  try {
    for (let round = 0; round < count; round += 1) {
      const bare = await writeBare(records);
      rounds.push({ bare, ...(await mergeAll(aws, `bench-compaction-${round}`, records, deltas)) });
    }
  } finally {
    await aws.stop();
  }
  const of = (name: (typeof MEASURED)[number]): Cost => ({
    seconds: median(rounds.map((round) => round[name].seconds)),
    cpuSeconds: median(rounds.map((round) => round[name].cpuSeconds)),
    peakMegabytes: median(rounds.map((round) => round[name].peakMegabytes)),
  });
  const result = {
    records,
    deltas,
    bare: of('bare'),
    ours: of('ours'),
    redelivered: of('redelivered'),
    checkpointSeconds: median(rounds.map((round) => round.checkpointSeconds)),
  };
  if (values.json) {
    console.log(JSON.stringify(result));
    return;
  }
  console.log(
    `${records} new records of ${EMBEDDING.dimensions} dimensions in ${deltas} deltas, median of ${count}, ${cpus()[0]?.model.trim()}`,
  );
  for (const name of MEASURED) {
    const { seconds, cpuSeconds, peakMegabytes } = result[name];
    const ratio = (seconds / result.bare.seconds).toFixed(3);
    console.log(
      `${name.padEnd(11)} ${seconds.toFixed(2)} s (${ratio}), processor ${cpuSeconds.toFixed(2)} s, Chroma at most ${peakMegabytes.toFixed(0)} MB`,
    );
  }
  console.log(`A checkpoint of it takes ${result.checkpointSeconds.toFixed(2)} s.`);
}

/** One loop of maximal batches of records that are at hand, into an index of the same making. */
async function writeBare(count: number): Promise<Cost> {
  const { records } = makeReceipt(EMBEDDING, count);
  const path = join(tmpdir(), `bench-compaction-${process.pid}`);
  const server = await startChromaServer({ path });
  try {
    const database = chromaDatabase({ url: server.url });
    const collection = await createChromaCollection(database, 'lines', 'l2', RECORDS_PER_WRITE);
    return await costOf(async () => {
      for (let start = 0; start < count; start += RECORDS_PER_WRITE) {
        await collection.add(records.slice(start, start + RECORDS_PER_WRITE));
      }
    });
  } finally {
    await server.stop();
    await rm(path, { recursive: true, force: true });
  }
}

async function mergeAll(aws: LocalAws, bucket: string, records: number, deltas: number) {
  const world = await createBenchWorld(aws, bucket);
  const shared = { ...world, telemetry: quietTelemetry(), ...EMBEDDING };
  const embedded = createEmbeddedStore({
    ...{ ...shared, collection: 'lines', space: 'l2' },
    // One checkpoint, once all is measured and more comes.
    ...{ checkpointRecords: records + 1, checkpointMinutes: 1e6, snapshotsKept: 3 },
  });
  let checkpointSeconds = 0;
  const store: typeof embedded = {
    ...embedded,
    async checkpoint(lease, published) {
      const start = performance.now();
      const noted = await embedded.checkpoint(lease, published);
      if (noted !== published) checkpointSeconds = (performance.now() - start) / 1000;
      return noted;
    },
  };
  const handler = createDoorbellHandler({
    compact: (collection, announced, deadline) =>
      compact(collection, announced, deadline, { ...shared, store }),
    table: world.table,
    telemetry: shared.telemetry,
    quarantine: async () => {},
  });
  try {
    // The server runs and holds one record, as a warm sandbox's does.
    await deliver(handler, [await world.arrive(1)]);
    const runs: CompactionRun[] = [];
    for (let each = 0; each < deltas; each += 1) runs.push(await world.arrive(Math.floor(records / deltas)));
    const deliverAll = async () => {
      for (let start = 0; start < runs.length; start += DOORBELLS_PER_BATCH) {
        await deliver(handler, runs.slice(start, start + DOORBELLS_PER_BATCH));
      }
    };
    const ours = await costOf(deliverAll);
    const redelivered = await costOf(deliverAll);
    await deliver(handler, [await world.arrive(2)]);
    return { ours, redelivered, checkpointSeconds };
  } finally {
    await store.close();
    world.close();
  }
}

async function costOf(act: () => Promise<unknown>): Promise<Cost> {
  const [own, servers, start] = [process.cpuUsage(), await serverSeconds(), performance.now()];
  await act();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(own);
  const cpuSeconds = (user + system) / 1e6 + (await serverSeconds()) - servers;
  return { seconds, cpuSeconds, peakMegabytes: await serverPeak() };
}

const ofServers = async (file: string, read: (text: string) => number): Promise<number> => {
  const texts = await Promise.all(
    runningServers().map((pid) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
  );
  return texts.reduce((sum, text) => sum + read(text), 0);
};

/** User and system time: the 14th and 15th field, counted from behind the program's name, which may hold anything. */
const serverSeconds = (): Promise<number> =>
  ofServers('stat', (text) => {
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / CLOCK_TICKS_A_SECOND;
  });

const serverPeak = (): Promise<number> =>
  ofServers('status', (text) => Number(/^VmHWM:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) / 1000);

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
