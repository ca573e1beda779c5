import { randomUUID } from 'node:crypto';
import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import {
  COVERED_BY_TAG,
  COVERED_DELTA_TAG,
  deltaKey,
  legacyDeltaKey,
  snapshotManifestKey,
  snapshotPointerKey,
  snapshotVersionPrefix,
} from '../../../contracts/bucket-layout';
import { recordId } from '../../../contracts/record-id';
import { openPublishedCollection } from '../../../functions/enhanced-compaction/open-published';
import { listKeys, locateSnapshot } from '../../../functions/enhanced-compaction/snapshot/locate';
import { encodeDelta } from '../../../functions/shared/delta-file';
import { type OldRecord, writeOldDelta, writeOldSnapshot } from '../../../local/old-system';
import {
  type CompactionBench,
  embed,
  idsOf,
  makeDelta,
  startCompactionBench,
  type World,
} from '../../support/compaction-bench';
import { eventually } from '../../support/eventually';

let bench: CompactionBench;
let world: World;
beforeAll(async () => {
  bench = await startCompactionBench();
});
afterAll(() => bench.stop());
beforeEach(async () => {
  world = await bench.world();
});

const documents = async () => [...(await world.published()).values()].map(({ document }) => document).sort();
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

/** What one merge of a fresh writer, as of another sandbox, does. */
async function compactOnce(overrides: Parameters<World['writer']>[0] = {}) {
  const writer = world.writer(overrides);
  try {
    return await writer.compact();
  } finally {
    await writer.close();
  }
}

describe('A checkpoint', () => {
  it('covers the published version: archive, hash, manifest, pointer, tags, and the older ones pruned', async () => {
    const runs = [];
    for (const text of ['A', 'B', 'C', 'D']) {
      runs.push(await world.arrive({ texts: [text] }));
      await compactOnce({ checkpointRecords: 1, snapshotsKept: 2 });
    }
    const pointer = await world.pointer();
    const snapshot = await locateSnapshot({ ...world, collection: 'lines' });
    expect(snapshot).toMatchObject({ version: pointer?.version, md5: expect.any(String) });
    expect(snapshot?.manifest?.content.records).toBe(4);
    expect(pointer).toMatchObject({ snapshot_version: pointer?.version, manifest: { uncovered_deltas: [] } });
    for (const { lines } of runs) {
      const get = new GetObjectTaggingCommand({ Bucket: world.bucket, Key: lines.delta_key });
      const tags = (await world.s3.send(get)).TagSet;
      expect(tags).toHaveLength(2);
      expect(tags).toContainEqual(COVERED_DELTA_TAG);
      expect(tags).toContainEqual({ Key: COVERED_BY_TAG, Value: expect.stringMatching(/^\d{8}_/) });
    }
    const keys = await listKeys(world.s3, world.bucket, 'lines/snapshot/timestamped/');
    expect(new Set(keys.map((key) => key.split('/')[3])).size).toBe(2);
  });

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
    await writer.close();
  });
});

describe('Without any new run, a doorbell', () => {
  const isCovered = async () => {
    const { version, snapshot_version: snapshot, manifest } = (await world.pointer()) ?? {};
    return snapshot === version && manifest?.uncovered_deltas.length === 0;
  };

  it('brings the checkpoint whose time has come, and nothing when none has', async () => {
    await world.arrive({ texts: ['A'] });
    await compactOnce();
    await world.arrive({ texts: ['B'] });
    await compactOnce();
    expect(await compactOnce()).toMatchObject({ publishes: 0 });
    expect(await isCovered()).toBe(false);
    expect(await compactOnce({ checkpointMinutes: 0 })).toMatchObject({ publishes: 0 });
    expect(await isCovered()).toBe(true);
    expect((await locateSnapshot({ ...world, collection: 'lines' }))?.manifest?.content.records).toBe(2);
  });

  it('brings the checkpoint that failed', async () => {
    await world.arrive({ texts: ['A'] });
    const s3 = Object.assign(Object.create(world.s3), {
      send: async (command: { input?: { Key?: string } }) => {
        if (command instanceof PutObjectCommand) throw new Error('Slow down.');
        return world.s3.send(command as never);
      },
    });
    await expect(compactOnce({ s3 })).rejects.toThrow('Slow down.');
    expect(await isCovered()).toBe(false);
    await compactOnce();
    expect(await isCovered()).toBe(true);
  });
});

describe('A published version', () => {
  it('of which a file is truncated is detected, and rebuilt from the snapshot and the later deltas', async () => {
    await world.arrive({ texts: ['COVERED'] });
    await compactOnce();
    await world.arrive({ texts: ['LATER'] });
    await compactOnce();
    const { version = '' } = (await world.pointer()) ?? {};
    const data = join(world.mountPath, 'lines', version, 'data');
    const [folder = ''] = (await readdir(data, { withFileTypes: true })).flatMap((each) =>
      each.isDirectory() ? each.name : [],
    );
    await truncate(join(data, folder, 'data_level0.bin'), 100);
    await expect(openPublishedCollection('lines', world)).rejects.toThrow('data_level0.bin');

    await world.arrive({ texts: ['NEXT'] });
    await compactOnce();
    expect(await documents()).toEqual(['COVERED', 'LATER', 'NEXT']);
  });

  it('is not fetched again by a sandbox that still holds it', async () => {
    const writer = world.writer();
    await world.arrive({ texts: ['A'] });
    await writer.compact();
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.arrive({ texts: ['B'] });
    await writer.compact();
    await writer.close();
    expect(await documents()).toEqual(['A', 'B']);
  });

  it('is kept while a reader may still copy it, and removed after the readers’ grace', async () => {
    for (const text of ['A', 'B', 'C']) {
      await world.arrive({ texts: [text] });
      await compactOnce();
    }
    expect(await readdir(join(world.mountPath, 'lines'))).toHaveLength(3);
    await world.arrive({ texts: ['D'] });
    await compactOnce({ readersGraceMilliseconds: -60_000 });
    expect(await readdir(join(world.mountPath, 'lines'))).toEqual([(await world.pointer())?.version]);
  });
});

describe('Snapshot and later deltas', () => {
  it('rebuild everything once the file system and the pointer are gone', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    await world.arrive({ ...receipt, createdAt: minutesAgo(9), texts: ['FIRST FORM', 'GONE LATER'] });
    await world.arrive({ texts: ['COVERED'] });
    await compactOnce();
    await world.arrive({ ...receipt, createdAt: minutesAgo(5), texts: ['SECOND FORM'] });
    const late = await world.arrive({ ...receipt, createdAt: minutesAgo(7), texts: ['SUPERSEDED'] });
    const failed = await world.arrive({ texts: ['FAILED'], header: { model: 'other-model' } });
    await compactOnce();
    expect((await world.state(late)).state).toBe('SUPERSEDED');
    expect((await world.state(failed)).state).toBe('FAILED');
    const before = await world.published();

    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.deletePointer();
    const next = await world.arrive({ texts: ['NEXT'] });
    await compactOnce();

    const after = await world.published();
    after.delete(idsOf(next, 1)[0] ?? '');
    expect(after).toEqual(before);
    expect([...after.values()].map(({ document }) => document).sort()).toEqual(['COVERED', 'SECOND FORM']);
  });

  it('rebuild everything even where the run table is gone as well', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    await world.arrive({ ...receipt, createdAt: minutesAgo(9), texts: ['FIRST FORM', 'GONE LATER'] });
    await compactOnce();
    await world.arrive({ ...receipt, createdAt: minutesAgo(5), texts: ['SECOND FORM'] });
    await world.arrive({ texts: ['LATER'] });
    await compactOnce();

    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.forgetTable();
    await world.arrive({ texts: ['NEXT'] });
    await compactOnce();
    expect(await documents()).toEqual(['LATER', 'NEXT', 'SECOND FORM']);
  });

  it('rebuild everything from an older snapshot, too, since a delta says which one covers it', async () => {
    await world.arrive({ texts: ['IN THE FIRST'] });
    await compactOnce();
    const first = (await world.pointer())?.snapshot_version;
    const second = await world.arrive({ texts: ['IN THE SECOND'] });
    await compactOnce({ checkpointRecords: 1 });
    expect((await world.pointer())?.snapshot_version).not.toBe(first);

    const rebuildFromFirst = async () => {
      await rm(join(world.mountPath, 'lines'), { recursive: true });
      await world.deletePointer();
      const Key = snapshotPointerKey('lines');
      await world.s3.send(new PutObjectCommand({ Bucket: world.bucket, Key, Body: first }));
      await world.arrive({ texts: ['NEXT'] });
      await compactOnce();
      return documents();
    };
    expect(await rebuildFromFirst()).toEqual(['IN THE FIRST', 'IN THE SECOND', 'NEXT']);

    // As it was tagged before deltas said so.
    const Tagging = { TagSet: [COVERED_DELTA_TAG] };
    const object = { Bucket: world.bucket, Key: second.lines.delta_key };
    await world.s3.send(new PutObjectTaggingCommand({ ...object, Tagging }));
    expect(await rebuildFromFirst()).toEqual(['IN THE FIRST', 'NEXT', 'NEXT']);
  });

  it('rebuild everything though its deltas be too many for the pointer’s item: a snapshot covers them first', async () => {
    // Long keys make as many bytes as thousands of deltas would; DynamoDB takes 409,600 an item.
    const keys = Array.from({ length: 480 }, (_, index) => deltaKey('lines', `${index}-${'x'.repeat(900)}`));
    for (const [index, Key] of keys.entries()) {
      const Body = encodeDelta(makeDelta({ texts: [`LINE ${index}`] }));
      await world.s3.send(new PutObjectCommand({ Bucket: world.bucket, Key, Body }));
    }
    const next = await world.arrive({ texts: ['NEXT'] });
    await compactOnce();

    expect(await documents()).toHaveLength(481);
    const pointer = await world.pointer();
    expect(pointer).toMatchObject({ snapshot_version: pointer?.version, manifest: { uncovered_deltas: [] } });
    const covered = (await locateSnapshot({ ...world, collection: 'lines' }))?.manifest?.content
      .uncovered_deltas;
    expect([...(covered ?? [])].sort()).toEqual([...keys, next.lines.delta_key].sort());
  });

  it('that lack a published delta are refused, and nothing smaller is published', async () => {
    await world.arrive({ texts: ['COVERED'] });
    await compactOnce();
    const lost = await world.arrive({ texts: ['LOST'] });
    await compactOnce();
    const { version } = (await world.pointer()) ?? {};
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: lost.lines.delta_key }));
    const next = await world.arrive({ texts: ['NEXT'] });
    await expect(compactOnce()).rejects.toThrow('cannot be rebuilt');
    expect((await world.pointer())?.version).toBe(version);
    expect(['PENDING', 'PROCESSING']).toContain((await world.state(next)).state);
  });
});

describe('A bucket of the old system', () => {
  const imageId = '11111111-2222-4333-8444-555555555555';
  const old = (receiptId: number, lineId: number, document: string, asText: boolean): OldRecord => ({
    id: recordId({ imageId, receiptId, lineId }),
    document,
    metadata: {
      image_id: imageId,
      receipt_id: asText ? String(receiptId) : receiptId,
      line_id: lineId,
      merchant: 'OLD',
    },
    embedding: embed(document),
  });

  it.each([
    ['a tarball with a hash', { form: 'tarball', hash: true }, '20250901_101500'],
    ['a tarball without a hash', { form: 'tarball', hash: false }, '20250901_101500_123456_0badcafe'],
    ['loose files', { form: 'loose', hash: true }, '20250901_101500'],
  ] as const)(
    'whose snapshot is %s simply works: its records stay, its deltas come in, its space is kept',
    async (_what, form, version) => {
      const records = [
        old(1, 1, 'OLD MILK', true),
        old(1, 2, 'OLD BREAD', true),
        old(2, 1, 'OLD COFFEE', false),
      ];
      await writeOldSnapshot(world.s3, world.bucket, 'lines', records, { version, ...form });
      await writeOldDelta(world.s3, world.bucket, 'lines', randomUUID(), [
        old(2, 1, 'OLD COFFEE', false),
        old(3, 1, 'STRANDED TEA', false),
      ]);
      await world.s3.send(
        new PutObjectCommand({ Bucket: world.bucket, Key: 'lines/delta/.placeholder', Body: 'x' }),
      );
      // The receipt was embedded again: its old records, with a receipt id in text, must all make room.
      await world.arrive({ imageId, receiptId: 1, texts: ['NEW MILK'] });
      await compactOnce();

      const published = await world.published();
      expect([...published.values()].map(({ document }) => document)).toEqual([
        'NEW MILK',
        'OLD COFFEE',
        'STRANDED TEA',
      ]);
      expect(published.get(recordId({ imageId, receiptId: 1, lineId: 1 }))?.metadata).toMatchObject({
        receipt_id: 1,
      });
      expect((await world.pointer())?.manifest).toMatchObject({ space: 'l2', records: 3 });
    },
  );

  it('whose deltas tell of a receipt twice: the newer one counts', async () => {
    // Named so that the order of keys is the other one.
    await writeOldDelta(world.s3, world.bucket, 'lines', 'a-older', [old(1, 1, 'OLDER FORM', false)]);
    const seconds = () => Math.floor(Date.now() / 1000);
    // S3 tells when an object was written to the second.
    const written = seconds();
    await eventually('the next second', () => seconds() > written);
    await writeOldDelta(world.s3, world.bucket, 'lines', 'b-newer', [old(1, 1, 'NEWER FORM', false)]);
    await world.arrive({ texts: ['NEXT'] });
    await compactOnce();
    expect(await documents()).toEqual(['NEWER FORM', 'NEXT']);
  });

  it('of which a delta is damaged is rebuilt without it; the delta stays, untagged', async () => {
    const put = (Key: string, Body: Uint8Array | string) =>
      world.s3.send(new PutObjectCommand({ Bucket: world.bucket, Key, Body }));
    const good = await writeOldDelta(world.s3, world.bucket, 'lines', 'good', [old(1, 1, 'GOOD', false)]);
    const get = await world.s3.send(new GetObjectCommand({ Bucket: world.bucket, Key: good }));
    const bytes = (await get.Body?.transformToByteArray()) ?? new Uint8Array();
    const damaged = ['text', 'head', 'half'].map((name) => legacyDeltaKey('lines', name));
    await put(damaged[0] ?? '', 'no archive');
    await put(damaged[1] ?? '', bytes.subarray(0, 10));
    await put(damaged[2] ?? '', bytes.subarray(0, bytes.length / 2));
    const short = { ...old(2, 1, 'SHORT', false), embedding: embed('SHORT', 8) };
    damaged.push(await writeOldDelta(world.s3, world.bucket, 'lines', 'short', [short]));
    await world.arrive({ texts: ['NEXT'] });
    await compactOnce();
    expect(await documents()).toEqual(['GOOD', 'NEXT']);
    const tagsOf = async (Key: string) =>
      (await world.s3.send(new GetObjectTaggingCommand({ Bucket: world.bucket, Key }))).TagSet;
    expect(await tagsOf(good)).toContainEqual(COVERED_DELTA_TAG);
    for (const key of damaged) expect(await tagsOf(key)).toEqual([]);
  });

  it('of which a delta cannot be fetched just now is not published without it', async () => {
    const key = await writeOldDelta(world.s3, world.bucket, 'lines', 'slow', [old(1, 1, 'SLOW', false)]);
    const run = await world.arrive({ texts: ['NEXT'] });
    const s3 = Object.assign(Object.create(world.s3), {
      send: async (command: { input?: { Key?: string } }) => {
        if (command instanceof GetObjectCommand && command.input.Key === key) throw new Error('Slow down.');
        return world.s3.send(command as never);
      },
    });
    await expect(compactOnce({ s3 })).rejects.toThrow(`${key} could not be read: Slow down.`);
    expect((await world.pointer())?.version).toBeUndefined();
    expect(['PENDING', 'PROCESSING']).toContain((await world.state(run)).state);
    await compactOnce();
    expect(await documents()).toEqual(['NEXT', 'SLOW']);
  });

  it('can be read before the first merge', async () => {
    await writeOldSnapshot(world.s3, world.bucket, 'lines', [old(1, 1, 'OLD MILK', true)], {
      version: '20250901_101500',
    });
    const before = await listKeys(world.s3, world.bucket, '');
    const published = await openPublishedCollection('lines', world);
    const [[nearest] = []] = await published.nearest([embed('OLD MILK')], 1);
    expect(nearest).toMatchObject({ document: 'OLD MILK', metadata: { receipt_id: '1' } });
    await published.close();
    // Readers never write.
    expect(await listKeys(world.s3, world.bucket, '')).toEqual(before);
    expect(await world.pointer()).toBeUndefined();
    expect(await readdir(world.mountPath)).toEqual([]);
  });

  it('whose vectors have another length refuses new deltas, and keeps what it has', async () => {
    const record = { ...old(1, 1, 'OLD MILK', true), embedding: embed('OLD MILK', 8) };
    await writeOldSnapshot(world.s3, world.bucket, 'lines', [record], { version: '20250901_101500' });
    const run = await world.arrive({ texts: ['NEW'] });
    await compactOnce();
    expect(await world.state(run)).toMatchObject({ state: 'FAILED', error: expect.stringContaining('of 8') });
    expect(await documents()).toEqual(['OLD MILK']);
  });
});

describe('A collection is created empty', () => {
  it('only where a listing shows no snapshot; decoys are none', async () => {
    for (const Key of ['lines/snapshot/.placeholder', 'lines/snapshot/latest/pointer.txt']) {
      await world.s3.send(new PutObjectCommand({ Bucket: world.bucket, Key, Body: 'x' }));
    }
    await world.arrive({ texts: ['FIRST'] });
    await compactOnce();
    expect(await documents()).toEqual(['FIRST']);
  });

  it.each([
    ['a snapshot has lost its pointer', 'lost'],
    ['the pointer names a version that is not there', 'dangling'],
    ['the pointer holds no version id', 'nonsense'],
    ['the archive is not what its hash says', 'spoiled'],
  ])('not where %s: the merge is refused and the runs stay', async (_what, trouble) => {
    const { s3, bucket } = world;
    const version = '20250901_101500';
    const put = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
    if (trouble === 'lost') await put(`${snapshotVersionPrefix('lines', version)}snapshot.tar.gz`, 'x');
    if (trouble === 'dangling') await put(snapshotPointerKey('lines'), version);
    if (trouble === 'nonsense') await put(snapshotPointerKey('lines'), 'latest');
    if (trouble === 'spoiled') {
      await writeOldSnapshot(s3, bucket, 'lines', [], { version });
      await put(`${snapshotVersionPrefix('lines', version)}.snapshot_hash`, `md5:${'0'.repeat(32)}`);
    }
    const run = await world.arrive({ texts: ['NEW'] });
    await expect(compactOnce()).rejects.toThrow(/latest-pointer\.txt|snapshot\.tar\.gz/);
    expect(['PENDING', 'PROCESSING']).toContain((await world.state(run)).state);
    expect((await world.pointer())?.version).toBeUndefined();
    expect(await listKeys(s3, bucket, snapshotManifestKey('lines', version))).toEqual([]);
  });
});

describe('A crash of this process’s predecessor', () => {
  it('between writing files and publishing leaves a version that nobody names, and no harm', async () => {
    await world.arrive({ texts: ['A'] });
    await compactOnce();
    const half = join(world.mountPath, 'lines', '.writing-crashed');
    await writeFile(half, 'half written');
    await world.arrive({ texts: ['B'] });
    await compactOnce({ readersGraceMilliseconds: -60_000 });
    expect(await documents()).toEqual(['A', 'B']);
    expect(await readdir(join(world.mountPath, 'lines'))).toEqual([(await world.pointer())?.version]);
  });
});
