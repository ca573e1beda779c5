/**
 * `npm run bench:publish [-- --records 20000 --merge 50 --rounds 9 --json]`: what one merge of so many new records
 * writes and takes where the collection has that many, in a warm sandbox, against the bare write of the same records
 * to the same server; and how long a cold start takes to open what was published. Medians of the rounds.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { startLocalAws } from 'local-aws';
import { quietTelemetry } from '../__tests__/support/compaction-harness';
import { intercepted } from '../__tests__/support/intercepted-client';
import type { ChromaCollection } from '../functions/enhanced-compaction/chroma/collection';
import { compact } from '../functions/enhanced-compaction/compact';
import { listFiles } from '../functions/enhanced-compaction/files/list-files';
import { openPublishedCollection } from '../functions/enhanced-compaction/open-published';
import { createEmbeddedStore } from '../functions/enhanced-compaction/store/embedded-store';
import { createBenchWorld, EMBEDDING } from './bench-world';
import { makeReceipt } from './made-receipt';
import { median } from './median';

const RECORDS_PER_RECEIPT = 50;

interface Round {
  readonly efs: number;
  readonly s3: number;
  readonly seconds: number;
  readonly bare: number;
  readonly cold: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '20000' },
      merge: { type: 'string', default: '50' },
      rounds: { type: 'string', default: '9' },
      json: { type: 'boolean', default: false },
    },
  });
  const [records, merge, rounds] = [values.records, values.merge, values.rounds].map(Number);
  const measured = await measure(records ?? 0, merge ?? 0, rounds ?? 0);
  const of = (pick: (round: Round) => number) => median(measured.map(pick));
  const result = {
    bytes_written_efs: of(({ efs }) => efs),
    bytes_written_s3: of(({ s3 }) => s3),
    seconds: rounded(of(({ seconds }) => seconds)),
    bare_seconds: rounded(of(({ bare }) => bare)),
    cold_start_seconds: rounded(of(({ cold }) => cold)),
  };
  if (values.json) {
    console.log(JSON.stringify(result));
    return;
  }
  const ratio = (result.seconds / result.bare_seconds).toFixed(2);
  console.log(
    `${merge} new records onto ${records}, medians of ${rounds} rounds, ${cpus()[0]?.model.trim()}`,
  );
  console.log(
    `written: ${result.bytes_written_efs} bytes to the file system, ${result.bytes_written_s3} to S3`,
  );
  console.log(`merge ${result.seconds} s, the bare write ${result.bare_seconds} s: ${ratio} times`);
  console.log(`a cold start opens it in ${result.cold_start_seconds} s`);
}

async function measure(records: number, merge: number, rounds: number): Promise<Round[]> {
  const aws = await startLocalAws();
  const mountPath = await mkdtemp(join(tmpdir(), 'bench-publish-'));
  const world = await createBenchWorld(aws, 'bench-publish');
  const { s3, bucket, table } = world;
  let written = 0;
  const counted = intercepted(s3, async (command, send) => {
    if (command instanceof PutObjectCommand || command instanceof UploadPartCommand) {
      const { Body, ContentLength } = command.input;
      written += ContentLength ?? (typeof Body === 'string' ? Buffer.byteLength(Body) : 0);
    }
    return send();
  });
  const shared = { s3: counted, bucket, table, telemetry: quietTelemetry(), ...EMBEDDING };
  const store = createEmbeddedStore({
    collection: 'lines',
    mountPath,
    space: 'l2',
    // One checkpoint, when the collection is filled; what is measured is what happens between two.
    checkpointRecords: 1_000_000,
    checkpointMinutes: 60,
    snapshotsKept: 3,
    ...shared,
  });
  let chroma: ChromaCollection | undefined;
  const watched = {
    ...store,
    async open(lease: Parameters<typeof store.open>[0]) {
      const open = await store.open(lease);
      chroma = open.chroma;
      return open;
    },
  };
  const mergeAll = () => compact('lines', [], Date.now() + 3_600_000, { ...shared, store: watched });
  try {
    for (let left = records; left > 0; left -= RECORDS_PER_RECEIPT) {
      await world.arrive(Math.min(left, RECORDS_PER_RECEIPT));
    }
    await mergeAll();
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await world.arrive(merge);
      const [files, s3Before, start] = [await bytesBelow(mountPath), written, performance.now()];
      await mergeAll();
      const seconds = (performance.now() - start) / 1000;
      const [efs, s3Bytes] = [(await bytesBelow(mountPath)) - files, written - s3Before];
      const { records: bareRecords } = makeReceipt(EMBEDDING, merge);
      const bareStart = performance.now();
      await chroma?.add(bareRecords);
      const bare = (performance.now() - bareStart) / 1000;
      await chroma?.delete(bareRecords.map(({ id }) => id));
      const coldStart = performance.now();
      const reader = await openPublishedCollection('lines', { s3, bucket, table, mountPath });
      const cold = (performance.now() - coldStart) / 1000;
      await reader.close();
      measured.push({ efs, s3: s3Bytes, seconds, bare, cold });
    }
    return measured;
  } finally {
    await store.close();
    world.close();
    await aws.stop();
    await rm(mountPath, { recursive: true, force: true });
  }
}

async function bytesBelow(folder: string): Promise<number> {
  let bytes = 0;
  for (const path of await listFiles(folder)) bytes += (await stat(join(folder, path))).size;
  return bytes;
}

const rounded = (seconds: number): number => Math.round(seconds * 1000) / 1000;

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
