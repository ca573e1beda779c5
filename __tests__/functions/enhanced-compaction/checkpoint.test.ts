import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { s3Admin } from 'local-aws';
import { COVERED_BY_TAG, COVERED_DELTA_TAG } from '../../../contracts/bucket-layout';
import { METRICS } from '../../../contracts/metrics';
import { LeaseLost } from '../../../functions/enhanced-compaction/lease/lease';
import { isPublication } from '../../../functions/enhanced-compaction/lease/publish';
import { listKeys, locateSnapshot } from '../../../functions/enhanced-compaction/snapshot/locate';
import { createEmbeddedStore } from '../../../functions/enhanced-compaction/store/embedded-store';
import {
  CACHES,
  DIMENSIONS,
  MODEL,
  quietTelemetry,
  useCompactionHarness,
} from '../../support/compaction-harness';
import { intercepted } from '../../support/intercepted-client';

const world = useCompactionHarness();

describe('A checkpoint', () => {
  it.each(CACHES)(
    'covers the published version: archive, hash, manifest, pointer, tags, the older ones pruned (%s)',
    async (cache) => {
      world.useCache(cache);
      const runs = [];
      for (const text of ['A', 'B', 'C', 'D']) {
        runs.push(await world.arrive({ texts: [text] }));
        await world.compactOnce({ checkpointRecords: 1, snapshotsKept: 2 });
      }
      const pointer = await world.pointer();
      const snapshot = await locateSnapshot({ ...world, collection: 'lines' });
      expect(snapshot).toMatchObject({ version: pointer?.version, md5: expect.any(String) });
      expect(snapshot?.manifest?.content.records).toBe(4);
      expect(pointer).toMatchObject({
        snapshot_version: pointer?.version,
        manifest: { uncovered_deltas: [] },
      });
      for (const { lines } of runs) {
        const get = new GetObjectTaggingCommand({ Bucket: world.bucket, Key: lines.delta_key });
        const tags = (await world.s3.send(get)).TagSet;
        expect(tags).toHaveLength(2);
        expect(tags).toContainEqual(COVERED_DELTA_TAG);
        expect(tags).toContainEqual({ Key: COVERED_BY_TAG, Value: expect.stringMatching(/^\d{8}_/) });
      }
      const keys = await listKeys(world.s3, world.bucket, 'lines/snapshot/timestamped/');
      expect(new Set(keys.map((key) => key.split('/')[3])).size).toBe(2);
    },
  );

  it('waits until enough records or minutes have gathered', async () => {
    const writer = world.writer({ checkpointRecords: 3 });
    const snapshotVersion = async () => (await world.pointer())?.snapshot_version;
    await world.arrive({ texts: ['A'] });
    await writer.compact();
    const first = await snapshotVersion();
    expect(first).toBeDefined();
    await world.arrive({ texts: ['B', 'C'] });
    await writer.compact();
    expect(await snapshotVersion()).toBe(first);
    await world.arrive({ texts: ['D'] });
    await writer.compact();
    expect(await snapshotVersion()).toBe((await world.pointer())?.version);
  });
});

it('B2: A checkpoint says what share of the records their own vectors find', async () => {
  const telemetry = quietTelemetry();
  const counted = jest.spyOn(telemetry.metrics, 'addMetric');
  const writer = world.writer({ checkpointRecords: 1, telemetry });
  await world.arrive({ texts: ['A', 'B'] });
  await writer.compact();
  expect(counted).toHaveBeenCalledWith(METRICS.indexHealth, 'Percent', 100);
});

it('A checkpoint covers what somebody removed since it was merged, of whose tags S3 says 405', async () => {
  const Bucket = world.bucket;
  await world.s3.send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  const writer = world.writer({ checkpointRecords: 2 });
  for (const text of ['A', 'B', 'C']) {
    const { lines } = await world.arrive({ texts: [text] });
    await writer.compact();
    if (text === 'B') await world.s3.send(new DeleteObjectCommand({ Bucket, Key: lines.delta_key }));
  }
  const pointer = await world.pointer();
  expect(pointer?.snapshot_version).toBe(pointer?.version);
  expect(pointer?.manifest).toMatchObject({ records: 3, uncovered_deltas: [] });
});

it('A writer that has lost its lease writes nothing of a checkpoint that is due', async () => {
  const { s3, bucket, table, mountPath } = world;
  const store = createEmbeddedStore({
    collection: 'lines',
    ...{ s3, bucket, table, mountPath, telemetry: quietTelemetry() },
    ...{ model: MODEL, dimensions: DIMENSIONS, space: 'l2' },
    ...{ checkpointRecords: 2, checkpointMinutes: 60, snapshotsKept: 3 },
  });
  const everything = async () => [
    ...(await readdir(mountPath, { recursive: true })).sort(),
    ...(await listKeys(s3, bucket, 'lines/snapshot/')),
  ];
  try {
    await world.arrive({ texts: ['A'] });
    await world.writer({ store }).compact();
    await world.arrive({ texts: ['B'] });
    await world.writer({ store }).compact();
    const pointer = (await world.pointer()) ?? {};
    if (!isPublication(pointer)) throw new Error('Nothing is published.');
    // By what the pointer says, one is due by now.
    const due = { ...pointer, manifest: { ...pointer.manifest, uncovered_records: 2 } };
    const before = await everything();
    const lease = { collection: 'lines', owner: 'me', fence: 1, pointer: { fence: 1 } } as const;
    const signal = AbortSignal.abort(new LeaseLost('It went to another writer.'));
    expect(await store.checkpoint({ ...lease, signal, release: async () => {} }, due)).toBe(due);
    expect(await everything()).toEqual(before);
  } finally {
    await store.close();
  }
});

describe('A checkpoint’s archive', () => {
  /** A collection of more than two parts of 8 MiB. */
  const large = () =>
    Array.from({ length: 12 }, (_, index) => `${index} ${randomBytes(256 * 1024).toString('base64')}`);

  it('goes in parts, of which one that is refused is sent again, and is what its manifest says', async () => {
    const admin = s3Admin(world.aws.endpoints.s3);
    await world.arrive({ texts: large() });
    await admin.inject({ operation: 'UploadPart', fail: 'SlowDown', nth: 2 });
    try {
      await world.compactOnce();
      const [fault] = await admin.faults();
      expect(fault?.fired).toBe(1);
    } finally {
      await admin.clearFaults();
    }
    const snapshot = await locateSnapshot({ ...world, collection: 'lines' });
    expect(snapshot?.version).toBe((await world.pointer())?.version);
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    expect(await world.documents()).toHaveLength(12);
  });
});

describe('Without any new run, a doorbell', () => {
  const isCovered = async () => {
    const { version, snapshot_version: snapshot, manifest } = (await world.pointer()) ?? {};
    return snapshot === version && manifest?.uncovered_deltas.length === 0;
  };

  it('brings the checkpoint whose time has come, and nothing when none has', async () => {
    await world.arrive({ texts: ['A'] });
    await world.compactOnce();
    await world.arrive({ texts: ['B'] });
    await world.compactOnce();
    expect(await world.compactOnce()).toMatchObject({ publishes: 0 });
    expect(await isCovered()).toBe(false);
    expect(await world.compactOnce({ checkpointMinutes: 0 })).toMatchObject({ publishes: 0 });
    expect(await isCovered()).toBe(true);
    expect((await locateSnapshot({ ...world, collection: 'lines' }))?.manifest?.content.records).toBe(2);
  });

  it.each(CACHES)(
    'brings the checkpoint that failed, which failed no run and was counted (%s)',
    async (cache) => {
      world.useCache(cache);
      const run = await world.arrive({ texts: ['A'] });
      const telemetry = quietTelemetry();
      const counted = jest.spyOn(telemetry.metrics, 'addMetric');
      const s3 = intercepted(world.s3, async (command, send) => {
        if (command instanceof PutObjectCommand) throw new Error('Slow down.');
        return send();
      });
      await world.compactOnce({ s3, telemetry });
      expect((await world.state(run)).state).toBe('COMPLETED');
      expect(counted).toHaveBeenCalledWith(METRICS.checkpointsFailed, 'Count', 1);
      expect(await isCovered()).toBe(false);
      expect(await world.documents()).toEqual(['A']);
      await world.compactOnce();
      expect(await isCovered()).toBe(true);
      expect(await world.documents()).toEqual(['A']);
    },
  );
});
