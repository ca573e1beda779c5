import { randomUUID } from 'node:crypto';
import { readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3';
import {
  COVERED_DELTA_TAG,
  deltaKey,
  snapshotArchiveKey,
  snapshotManifestKey,
  snapshotPointerKey,
  snapshotPrefix,
  snapshotVersionPrefix,
} from '../../../contracts/bucket-layout';
import { recordId } from '../../../contracts/record-id';
import { DECOY_KEYS } from '../../../demo/old-system/old-buckets';
import { writeOldDelta, writeOldSnapshot } from '../../../demo/old-system/write-snapshot';
import { openPublishedCollection } from '../../../functions/enhanced-compaction/open-published';
import { listKeys, locateSnapshot } from '../../../functions/enhanced-compaction/snapshot/locate';
import { encodeDelta } from '../../../functions/shared/delta-file';
import {
  CACHES,
  embed,
  idsOf,
  labelled,
  makeDelta,
  useCompactionHarness,
} from '../../support/compaction-harness';
import { emptyTable } from '../../support/runs';

const world = useCompactionHarness();

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe('A published version', () => {
  const archiveOf = (version: string) => snapshotArchiveKey('lines', version);

  it('whose base has a truncated file is read from S3, and the next merge mends the file', async () => {
    await world.arrive({ texts: ['COVERED'] });
    await world.compactOnce();
    await world.arrive({ texts: ['LATER'] });
    await world.compactOnce();
    const { version = '' } = (await world.pointer())?.manifest?.base ?? {};
    const data = join(world.mountPath, 'lines', version, 'data');
    const [folder = ''] = (await readdir(data, { withFileTypes: true })).flatMap((each) =>
      each.isDirectory() ? each.name : [],
    );
    await truncate(join(data, folder, 'data_level0.bin'), 100);
    expect(await world.documents()).toEqual(['COVERED', 'LATER']);
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    expect((await world.pointer())?.manifest?.base?.version).toBe(version);
    await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: archiveOf(version) }));
    expect(await world.documents()).toEqual(['COVERED', 'LATER', 'NEXT']);
  });

  it('whose base is damaged everywhere is made of an older snapshot and the deltas', async () => {
    await world.arrive({ texts: ['FIRST'] });
    await world.compactOnce();
    await world.arrive({ texts: ['SECOND'] });
    await world.compactOnce({ checkpointRecords: 1 });
    await world.arrive({ texts: ['LATER'] });
    await world.compactOnce();
    const { version = '' } = (await world.pointer())?.manifest?.base ?? {};
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.put(archiveOf(version), 'damaged');
    await expect(openPublishedCollection('lines', world)).rejects.toThrow(archiveOf(version));

    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    expect(await world.documents()).toEqual(['FIRST', 'LATER', 'NEXT', 'SECOND']);
    expect((await world.pointer())?.manifest?.base?.version).toBe((await world.pointer())?.version);
  });

  it('whose labels the older snapshot and the deltas do not give is not made of them', async () => {
    for (const text of ['FIRST', 'SECOND']) {
      await world.arrive({ texts: [text] });
      await world.compactOnce({ checkpointRecords: 1 });
    }
    const { version = '', manifest } = (await world.pointer()) ?? {};
    const record_tally = { labels: { flags: 1 }, forms: {} };
    await world.changePointer('SET manifest = :value', { ...manifest, record_tally });
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.put(archiveOf(version), 'damaged');
    await world.arrive({ texts: ['NEXT'] });
    await expect(world.compactOnce()).rejects.toThrow(archiveOf(version));
  });

  it('that took labels from an old system’s snapshot is not made of the deltas alone', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    const id = recordId({ ...receipt, lineId: 1 });
    const metadata = { image_id: receipt.imageId, receipt_id: 1, line_id: 1, section_label: 'HEADER' };
    const old = { id, document: 'TEA', metadata, embedding: embed('TEA') };
    await writeOldSnapshot(world.s3, world.bucket, 'lines', [old], { version: '20250901_101500' });
    await world.arrive({ ...receipt, texts: ['TEA'] });
    await world.compactOnce();
    expect((await world.published()).get(id)?.metadata.section_label).toBe('HEADER');
    const { version = '' } = (await world.pointer()) ?? {};
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.put(archiveOf(version), 'damaged');
    await world.arrive({ texts: ['NEXT'] });
    await expect(world.compactOnce()).rejects.toThrow(archiveOf(version));
  });

  it('is not taken for what a damaged snapshot of another writer holds', async () => {
    await world.arrive({ texts: ['OURS'] });
    await world.compactOnce();
    const own = (await locateSnapshot({ ...world, collection: 'lines' }))?.manifest;
    const base = (await world.pointer())?.manifest?.base;
    if (own === undefined || base === undefined) throw new Error('There is no checkpoint.');
    const version = '20990101_000000';
    const content = { ...own.content, base, uncovered_deltas: [], delta_sha256s: [] };
    await world.put(archiveOf(version), 'damaged');
    await world.put(snapshotManifestKey('lines', version), JSON.stringify({ ...own, version, content }));
    await world.put(snapshotPointerKey('lines'), version);
    await world.arrive({ texts: ['NEXT'] });
    await expect(world.compactOnce()).rejects.toThrow(archiveOf(version));
  });

  it('of which every snapshot is damaged is made of the deltas alone', async () => {
    for (const text of ['FIRST', 'SECOND']) {
      await world.arrive({ texts: [text] });
      await world.compactOnce({ checkpointRecords: 1 });
    }
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    for (const key of await listKeys(world.s3, world.bucket, snapshotPrefix('lines'))) {
      if (key.endsWith('snapshot.tar.gz')) await world.put(key, 'damaged');
    }
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    expect(await world.documents()).toEqual(['FIRST', 'NEXT', 'SECOND']);
  });

  it('that no snapshot and no delta gives any more is refused, and stays published', async () => {
    await world.arrive({ texts: ['FIRST'] });
    const second = await world.arrive({ texts: ['SECOND'] });
    await world.compactOnce();
    const { version = '' } = (await world.pointer()) ?? {};
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.put(archiveOf(version), 'damaged');
    await world.put(second.lines.delta_key, encodeDelta(makeDelta({ texts: ['ANOTHER'] })));
    await world.arrive({ texts: ['NEXT'] });
    await expect(world.compactOnce()).rejects.toThrow(archiveOf(version));
    expect((await world.pointer())?.version).toBe(version);
  });

  it('of which a delta is another than was merged is not made of it, whatever the old system has left beside it', async () => {
    await world.arrive({ texts: ['FIRST'] });
    await world.compactOnce();
    const second = await world.arrive({ texts: ['SECOND'] });
    await world.compactOnce();
    await world.put(second.lines.delta_key, encodeDelta(makeDelta({ texts: ['ANOTHER'] })));
    const imageId = randomUUID();
    const id = recordId({ imageId, receiptId: 1, lineId: 1 });
    const old = { id, document: 'OLD', metadata: { image_id: imageId }, embedding: embed('OLD') };
    await writeOldDelta(world.s3, world.bucket, 'lines', randomUUID(), [old]);
    await world.arrive({ texts: ['NEXT'] });
    await expect(world.compactOnce()).rejects.toThrow('cannot be rebuilt: 2 records were published');
  });

  it('of which an annotation is gone with the newest snapshot is not made without it', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    await world.arrive({ ...receipt, texts: ['TEA'], createdAt: minutesAgo(9) });
    await world.compactOnce();
    const run = await world.arrive({ ...receipt, ...labelled('drinks'), createdAt: minutesAgo(5) });
    await world.compactOnce({ checkpointMinutes: 0 });
    const { version = '' } = (await world.pointer()) ?? {};
    await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: run.lines.delta_key }));
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.put(archiveOf(version), 'damaged');
    await world.arrive({ texts: ['NEXT'] });
    await expect(world.compactOnce()).rejects.toThrow(archiveOf(version));
    expect((await world.pointer())?.version).toBe(version);
  });

  it('of which the newest text is gone is not made with an older one, whatever else lies there', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    await world.arrive({ ...receipt, texts: ['OLD TOTAL'], createdAt: minutesAgo(9) });
    await world.compactOnce();
    const run = await world.arrive({ ...receipt, texts: ['NEW TOTAL'], createdAt: minutesAgo(5) });
    await world.compactOnce();
    // Its delta is stored before its run is written.
    const orphan = makeDelta({ ...receipt, ...labelled('drinks'), createdAt: minutesAgo(4) });
    await world.put(deltaKey('lines', orphan.header.run_id), encodeDelta(orphan));
    await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: run.lines.delta_key }));
    await world.arrive({ texts: ['NEXT'] });
    await expect(world.compactOnce()).rejects.toThrow('cannot be rebuilt');
  });

  it('is not fetched again by a sandbox that still holds it', async () => {
    const writer = world.writer();
    await world.arrive({ texts: ['A'] });
    await writer.compact();
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.arrive({ texts: ['B'] });
    await writer.compact();
    await writer.close();
    expect(await world.documents()).toEqual(['A', 'B']);
  });

  it('is kept while a reader may still copy it, and removed after the readers’ grace', async () => {
    for (const text of ['A', 'B', 'C']) {
      await world.arrive({ texts: [text] });
      await world.compactOnce({ checkpointRecords: 1 });
    }
    expect(await readdir(join(world.mountPath, 'lines'))).toHaveLength(3);
    await world.arrive({ texts: ['D'] });
    await world.compactOnce({ checkpointRecords: 1, readersGraceMilliseconds: -60_000 });
    expect(await readdir(join(world.mountPath, 'lines'))).toEqual([(await world.pointer())?.version]);
  });
});

describe('Snapshot and later deltas', () => {
  it.each(CACHES)('rebuild everything once the file system and the pointer are gone (%s)', async (cache) => {
    world.useCache(cache);
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    await world.arrive({ ...receipt, createdAt: minutesAgo(9), texts: ['FIRST FORM', 'GONE LATER'] });
    await world.arrive({ texts: ['COVERED'] });
    await world.compactOnce();
    await world.arrive({ ...receipt, createdAt: minutesAgo(5), texts: ['SECOND FORM'] });
    const late = await world.arrive({ ...receipt, createdAt: minutesAgo(7), texts: ['SUPERSEDED'] });
    const failed = await world.arrive({ texts: ['FAILED'], header: { model: 'other-model' } });
    await world.compactOnce();
    expect((await world.state(late)).state).toBe('SUPERSEDED');
    expect((await world.state(failed)).state).toBe('FAILED');
    const before = await world.published();

    await rm(join(world.mountPath, 'lines'), { recursive: true, force: true });
    await world.deletePointer();
    const next = await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();

    const after = await world.published();
    after.delete(idsOf(next, 1)[0] ?? '');
    expect(after).toEqual(before);
    expect([...after.values()].map(({ document }) => document).sort()).toEqual(['COVERED', 'SECOND FORM']);
  });

  it('rebuild everything even where the run table is gone as well', async () => {
    const receipt = { imageId: randomUUID(), receiptId: 1 };
    await world.arrive({ ...receipt, createdAt: minutesAgo(9), texts: ['FIRST FORM', 'GONE LATER'] });
    await world.compactOnce();
    await world.arrive({ ...receipt, createdAt: minutesAgo(5), texts: ['SECOND FORM'] });
    await world.arrive({ texts: ['LATER'] });
    await world.compactOnce();

    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await emptyTable(world.table);
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    expect(await world.documents()).toEqual(['LATER', 'NEXT', 'SECOND FORM']);
  });

  it('rebuild everything from an older snapshot, too, since a delta says which one covers it', async () => {
    await world.arrive({ texts: ['IN THE FIRST'] });
    await world.compactOnce();
    const first = (await world.pointer())?.snapshot_version;
    const second = await world.arrive({ texts: ['IN THE SECOND'] });
    await world.compactOnce({ checkpointRecords: 1 });
    expect((await world.pointer())?.snapshot_version).not.toBe(first);

    const rebuildFromFirst = async () => {
      await rm(join(world.mountPath, 'lines'), { recursive: true });
      await world.deletePointer();
      await world.put(snapshotPointerKey('lines'), first ?? '');
      await world.arrive({ texts: ['NEXT'] });
      await world.compactOnce();
      return world.documents();
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
    for (const [index, key] of keys.entries()) {
      await world.put(key, encodeDelta(makeDelta({ texts: [`LINE ${index}`] })));
    }
    const next = await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();

    expect(await world.documents()).toHaveLength(481);
    const pointer = await world.pointer();
    expect(pointer).toMatchObject({ snapshot_version: pointer?.version, manifest: { uncovered_deltas: [] } });
    const covered = (await locateSnapshot({ ...world, collection: 'lines' }))?.manifest?.content
      .uncovered_deltas;
    expect([...(covered ?? [])].sort()).toEqual([...keys, next.lines.delta_key].sort());
  });

  it('that lack a published delta are refused, and nothing smaller is published', async () => {
    await world.arrive({ texts: ['COVERED'] });
    await world.compactOnce();
    const lost = await world.arrive({ texts: ['LOST'] });
    await world.compactOnce();
    const { version } = (await world.pointer()) ?? {};
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key: lost.lines.delta_key }));
    const next = await world.arrive({ texts: ['NEXT'] });
    await expect(world.compactOnce()).rejects.toThrow('cannot be rebuilt');
    expect((await world.pointer())?.version).toBe(version);
    expect(['PENDING', 'PROCESSING']).toContain((await world.state(next)).state);
  });
});

describe('A collection is created empty', () => {
  it('only where a listing shows no snapshot; decoys are none', async () => {
    for (const key of DECOY_KEYS) await world.put(`lines/${key}`, 'x');
    await world.arrive({ texts: ['FIRST'] });
    await world.compactOnce();
    expect(await world.documents()).toEqual(['FIRST']);
  });

  it.each([
    ['a snapshot has lost its pointer', 'lost'],
    ['the pointer names a version that is not there', 'dangling'],
    ['the pointer holds no version id', 'nonsense'],
    ['the archive is not what its hash says', 'spoiled'],
  ])('not where %s: the merge is refused and the runs stay', async (_what, trouble) => {
    const { s3, bucket, put } = world;
    const version = '20250901_101500';
    if (trouble === 'lost') await put(`${snapshotVersionPrefix('lines', version)}snapshot.tar.gz`, 'x');
    if (trouble === 'dangling') await put(snapshotPointerKey('lines'), version);
    if (trouble === 'nonsense') await put(snapshotPointerKey('lines'), 'latest');
    if (trouble === 'spoiled') {
      await writeOldSnapshot(s3, bucket, 'lines', [], { version });
      await put(`${snapshotVersionPrefix('lines', version)}.snapshot_hash`, `md5:${'0'.repeat(32)}`);
    }
    const run = await world.arrive({ texts: ['NEW'] });
    await expect(world.compactOnce()).rejects.toThrow(/latest-pointer\.txt|snapshot\.tar\.gz/);
    expect(['PENDING', 'PROCESSING']).toContain((await world.state(run)).state);
    expect((await world.pointer())?.version).toBeUndefined();
    expect(await listKeys(s3, bucket, snapshotManifestKey('lines', version))).toEqual([]);
  });
});

describe('A crash of this process’s predecessor', () => {
  it('between writing files and publishing leaves a version that nobody names, and no harm', async () => {
    await world.arrive({ texts: ['A'] });
    await world.compactOnce();
    const half = join(world.mountPath, 'lines', '.writing-crashed');
    await writeFile(half, 'half written');
    await world.arrive({ texts: ['B'] });
    await world.compactOnce({ checkpointRecords: 1, readersGraceMilliseconds: -60_000 });
    expect(await world.documents()).toEqual(['A', 'B']);
    expect(await readdir(join(world.mountPath, 'lines'))).toEqual([(await world.pointer())?.version]);
  });
});
