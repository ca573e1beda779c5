import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalAws } from 'local-aws';
import { quietTelemetry } from '../../__tests__/support/compaction-harness';
import type { CompactionRun } from '../../contracts/compaction-run';
import { compact } from '../../functions/enhanced-compaction/compact';
import { createDoorbellHandler } from '../../functions/enhanced-compaction/doorbells';
import { listFiles } from '../../functions/enhanced-compaction/files/list-files';
import { openPublishedCollection } from '../../functions/enhanced-compaction/open-published';
import { createEmbeddedStore } from '../../functions/enhanced-compaction/store/embedded-store';
import { createBenchWorld, deliver, EMBEDDING } from '../bench-world';
import { countRequests, during } from './counting';
import { ASSUMPTIONS, type Counts, type Measured, minus, NOTHING, times } from './model';

const ROUNDS = 5;
const BATCH = 10;
const BATCHES = 5;

/** Lets the real handler merge on the embedded AWS, and counts what it does at one size of the collection. */
export async function measure(aws: LocalAws, records: number): Promise<Measured> {
  const mountPath = await mkdtemp(join(tmpdir(), 'bench-bill-'));
  const world = await createBenchWorld(aws, `bench-bill-${records}`);
  const { s3, dynamodb, bucket, table } = world;
  const counter = countRequests(s3, dynamodb);
  const telemetry = quietTelemetry();
  const shared = { s3, bucket, table, telemetry, ...EMBEDDING };
  const store = createEmbeddedStore({
    ...shared,
    collection: 'lines',
    mountPath,
    space: 'l2',
    // One checkpoint, when the collection is filled.
    ...{ checkpointRecords: 1e9, checkpointMinutes: 1e6, snapshotsKept: 3 },
  });
  let checkpoint: Counts = NOTHING;
  const watched: typeof store = {
    ...store,
    async checkpoint(lease, published) {
      let noted = published;
      const counts = await during(counter, async () => {
        noted = await store.checkpoint(lease, published);
      });
      if (noted !== published) checkpoint = counts;
      return noted;
    },
  };
  const handler = createDoorbellHandler({
    compact: (collection, announced, deadline) =>
      compact(collection, announced, deadline, { ...shared, store: watched }),
    table,
    telemetry,
    quarantine: async () => {},
  });
  const arrive = () => world.arrive(ASSUMPTIONS.recordsAReceipt);
  const merge = (runs: readonly CompactionRun[]) => deliver(handler, runs);
  const publishOf = async (receipts: number): Promise<Counts> => {
    const runs: CompactionRun[] = [];
    for (let each = 0; each < receipts; each += 1) runs.push(await arrive());
    return during(counter, () => merge(runs));
  };
  try {
    let last = await arrive();
    for (let left = records - ASSUMPTIONS.recordsAReceipt; left > 0; left -= ASSUMPTIONS.recordsAReceipt) {
      last = await arrive();
    }
    await merge([last]);
    const bytes = await bytesBelow(mountPath);
    const cold = (mount: string | undefined) =>
      during(counter, async () => {
        const reader = await openPublishedCollection('lines', { s3, bucket, table, mountPath: mount });
        await reader.close();
      });
    const [coldFromEfs, coldFromS3] = [await cold(mountPath), await cold(undefined)];
    // The first after a checkpoint starts the server again.
    await publishOf(1);
    const [first, short] = [await medianOf(ROUNDS, () => publishOf(1)), ROUNDS];
    const batch = await medianOf(BATCHES, () => publishOf(BATCH));
    const later = await medianOf(ROUNDS, () => publishOf(1));
    const grown = short + BATCHES * BATCH;
    const logged = { ...NOTHING, writeUnits: Math.max(0, (later.writeUnits - first.writeUnits) / grown) };
    return {
      records,
      publish: first,
      receipt: { ...times(minus(batch, first), 1 / (BATCH - 1)), seconds: 0 },
      logged,
      checkpoint: { ...checkpoint, efsWritten: bytes },
      coldFromEfs: { ...coldFromEfs, efsRead: bytes },
      coldFromS3,
    };
  } finally {
    await store.close();
    world.close();
    await rm(mountPath, { recursive: true, force: true });
  }
}

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const path of await listFiles(folder)) bytes += (await stat(join(folder, path))).size;
  return bytes;
}

/** The one whose seconds are the median. */
async function medianOf(rounds: number, act: () => Promise<Counts>): Promise<Counts> {
  const all: Counts[] = [];
  for (let round = 0; round < rounds; round += 1) all.push(await act());
  return all.sort((a, b) => a.seconds - b.seconds)[rounds >> 1] ?? NOTHING;
}
