import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { snapshotArchiveKey, snapshotPointerKey, versionId } from '../../../contracts/bucket-layout';
import { recordId } from '../../../contracts/record-id';
import { type OldRecord, writeOldSnapshot } from '../../../demo/old-system/write-snapshot';
import { createChromaCollection } from '../../../functions/enhanced-compaction/chroma/collection';
import { chromaDatabase } from '../../../functions/enhanced-compaction/chroma/database';
import { listKeys, locateSnapshot } from '../../../functions/enhanced-compaction/snapshot/locate';
import { createDatabase, useChromaServer } from '../../support/chroma-server';
import { embed, useCompactionHarness } from '../../support/compaction-harness';
import { replacedLines } from '../../support/foreign-metadata';
import { intercepted } from '../../support/intercepted-client';
import { remoteStore } from '../../support/remote-store';

const world = useCompactionHarness();

const LONG_AGO = '20250901_101500';
const justNow = () => versionId(new Date(Date.now() + 60_000), '0badcafe');

const old = (document: string, imageId: string = randomUUID()): OldRecord => ({
  id: recordId({ imageId, receiptId: 1, lineId: 1 }),
  document,
  metadata: { image_id: imageId, receipt_id: 1, line_id: 1 },
  embedding: embed(document),
});
const putSnapshot = (version: string, records: readonly OldRecord[]) =>
  writeOldSnapshot(world.s3, world.bucket, 'lines', records, { version, space: 'cosine' });

const remove = async (prefix: string) => {
  for (const Key of await listKeys(world.s3, world.bucket, prefix))
    await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key }));
};
const located = () => locateSnapshot({ ...world, collection: 'lines' });
const pointerObject = async () => {
  const get = new GetObjectCommand({ Bucket: world.bucket, Key: snapshotPointerKey('lines') });
  return (await world.s3.send(get)).Body?.transformToString();
};

describe('A snapshot that a migration put into the bucket of a living pipeline', () => {
  it.each([
    ['older', LONG_AGO],
    ['newer', justNow()],
  ])('and that is %s than its own is adopted, and nothing of either is lost', async (_what, version) => {
    await world.arrive({ texts: ['LIVE, IN ITS SNAPSHOT'] });
    await world.compactOnce();
    await world.arrive({ texts: ['LIVE, IN NO SNAPSHOT'] });
    await world.compactOnce();
    await putSnapshot(version, [old('MIGRATED')]);
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();

    const all = ['LIVE, IN ITS SNAPSHOT', 'LIVE, IN NO SNAPSHOT', 'MIGRATED', 'NEXT'];
    expect(await world.documents()).toEqual(all);
    // The proof for whoever copied it, and the end of it: a snapshot that holds both.
    const after = await located();
    expect(after?.version).toBe((await world.pointer())?.version);
    expect(after?.manifest?.content).toMatchObject({ records: 4, lineage: [version] });

    await world.arrive({ texts: ['LATER'] });
    await world.compactOnce({ checkpointRecords: 1 });
    expect((await located())?.manifest?.content).toMatchObject({ records: 5, lineage: [version] });
  });

  it('and that has a receipt of it under an id in capitals counts for that receipt as it is', async () => {
    const imageId = randomUUID();
    await world.arrive({ imageId, texts: ['LIVE', 'MORE'], metadata: { place_id: 'p1' } });
    await world.compactOnce();
    await putSnapshot(justNow(), [old('MIGRATED', imageId.toUpperCase())]);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['MIGRATED']);
    const kept = (await replacedLines(world)).map(({ document, why }) => [document, why]);
    expect(kept.sort()).toEqual([
      ['LIVE', 'text-changed'],
      ['MORE', 'record-gone'],
    ]);
  });

  it('is adopted at any doorbell, though no receipt is new', async () => {
    await world.arrive({ texts: ['LIVE'] });
    await world.compactOnce();
    await putSnapshot(LONG_AGO, [old('MIGRATED')]);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['LIVE', 'MIGRATED']);
    expect((await located())?.manifest?.content.lineage).toEqual([LONG_AGO]);
  });

  it('and that is empty takes nothing away', async () => {
    await world.arrive({ texts: ['LIVE'] });
    await world.compactOnce();
    await putSnapshot(justNow(), []);
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    expect(await world.documents()).toEqual(['LIVE', 'NEXT']);
  });

  it('and that has vectors of another length is refused, and the published version stays', async () => {
    await world.arrive({ texts: ['LIVE'] });
    await world.compactOnce();
    const { version } = (await world.pointer()) ?? {};
    await putSnapshot(LONG_AGO, [{ ...old('MIGRATED'), embedding: embed('MIGRATED', 8) }]);
    await world.arrive({ texts: ['NEXT'] });
    await expect(world.compactOnce()).rejects.toThrow(`Point the collection back to ${version}`);
    expect((await world.pointer())?.version).toBe(version);
    expect(await pointerObject()).toBe(LONG_AGO);
  });

  it('and that came while a checkpoint was made is not overwritten, and adopted by the next merge', async () => {
    await world.arrive({ texts: ['LIVE'] });
    let hasCome = false;
    const client = intercepted(world.table.client, async ({ input }, send) => {
      const answer = await send();
      if (!hasCome && input.UpdateExpression?.includes('manifest = :manifest')) {
        hasCome = true;
        await putSnapshot(LONG_AGO, [old('MIGRATED')]);
      }
      return answer;
    });
    await world.compactOnce({ table: { ...world.table, client } });
    expect(await world.documents()).toEqual(['LIVE', 'MIGRATED']);
    const after = await located();
    expect(after?.version).toBe((await world.pointer())?.version);
    expect(after?.manifest?.content).toMatchObject({ records: 2, lineage: [LONG_AGO] });
  });
});

describe('A snapshot that another writer put there, where the pointer’s item is lost as well', () => {
  const SNAPSHOTS = 'lines/snapshot/timestamped/';
  it.each([
    ['an older one', LONG_AGO],
    ['a newer one', justNow()],
    ['a newer one, though the deltas that its own one covers have expired', justNow(), 'lines/delta/'],
    ['a newer one, though its own one was removed', justNow(), SNAPSHOTS],
  ])('takes away nothing of its own: %s', async (_what, version, lost = '') => {
    await world.arrive({ texts: ['LIVE, IN ITS SNAPSHOT'] });
    await world.compactOnce();
    const own = (await world.pointer())?.version ?? '';
    if (lost !== '') await remove(lost);
    await world.arrive({ texts: ['LIVE, IN NO SNAPSHOT'] });
    await world.compactOnce();
    await putSnapshot(version, [old('MIGRATED')]);
    await world.deletePointer();
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    const all = ['LIVE, IN ITS SNAPSHOT', 'LIVE, IN NO SNAPSHOT', 'MIGRATED', 'NEXT'];
    expect(await world.documents()).toEqual(all);
    const lineage = (await world.pointer())?.manifest?.lineage;
    expect(lineage).toContain(version);
    if (lost !== SNAPSHOTS) expect(lineage).toContain(own);
    // Whatever it was made of is covered by the one that holds both.
    await remove('lines/delta/');
    await world.deletePointer();
    await world.compactOnce();
    expect(await world.documents()).toEqual(all);
  });

  it('counts for a receipt that was merged of an earlier moment, as where the pointer is there', async () => {
    const { image_id } = await world.arrive({ texts: ['FIRST FORM', 'GONE LATER'] });
    await world.compactOnce();
    await putSnapshot(justNow(), [old('FORM OF THE OLD CONSUMER', image_id)]);
    await world.deletePointer();
    await world.compactOnce();
    expect(await world.documents()).toEqual(['FORM OF THE OLD CONSUMER']);
    expect((await replacedLines(world)).length).toBe(0);
  });

  it('takes nothing in where its own snapshot is damaged: the merge is refused', async () => {
    await world.arrive({ texts: ['LIVE'] });
    await world.compactOnce();
    const archive = snapshotArchiveKey('lines', (await world.pointer())?.version ?? '');
    await world.put(archive, 'damaged');
    await putSnapshot(justNow(), [old('MIGRATED')]);
    await world.deletePointer();
    await world.arrive({ texts: ['NEXT'] });
    await expect(world.compactOnce()).rejects.toThrow(archive);
    expect((await world.pointer())?.version).toBeUndefined();
  });
});

describe('A snapshot that another writer put there proves nothing of what a server has published', () => {
  const server = useChromaServer();
  const onServer = () => world.writer({ store: remoteStore(world, { url: server.url }) });

  it('and is adopted where S3 gives that, and refused where it does not', async () => {
    const lost = await world.arrive({ texts: ['LOST'] });
    await world.arrive({ texts: ['LIVE'] });
    await onServer().compact();
    await putSnapshot(LONG_AGO, [old('MIGRATED'), old('MIGRATED TOO')]);
    const delta = await world.s3.send(
      new GetObjectCommand({ Bucket: world.bucket, Key: lost.lines.delta_key }),
    );
    const bytes = (await delta.Body?.transformToByteArray()) ?? new Uint8Array();
    await remove(lost.lines.delta_key);
    await expect(world.compactOnce()).rejects.toThrow('cannot be rebuilt: 2 records were published');
    await world.put(lost.lines.delta_key, bytes);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['LIVE', 'LOST', 'MIGRATED', 'MIGRATED TOO']);
  });

  it('but where that was on the server when it was taken over', async () => {
    const records = [old('OF OLD'), old('OF OLD, TOO')];
    await putSnapshot(LONG_AGO, records);
    const { url } = server;
    const database = await createDatabase(url);
    const lines = await createChromaCollection(chromaDatabase({ url, database }), 'lines', 'cosine');
    await lines.copy(
      records.map((record) => ({ ...record, embedding: Float32Array.from(record.embedding) })),
    );
    await world.arrive({ texts: ['LIVE'] });
    await world.writer({ store: remoteStore(world, { url, database }) }).compact();
    const pointer = await world.pointer();
    await world.compactOnce();
    expect(await world.documents()).toEqual(['LIVE', 'OF OLD', 'OF OLD, TOO']);

    await remove('lines/snapshot/timestamped/');
    await putSnapshot(LONG_AGO, [...records, old('UNKNOWN')]);
    const { version, manifest } = pointer ?? {};
    await world.changePointer('SET manifest = :value REMOVE snapshot_version, snapshot_at', manifest);
    await world.changePointer('SET version = :value', version);
    await expect(world.compactOnce()).rejects.toThrow('cannot be rebuilt: 3 records were published');
  });
});

describe('The old consumer, put back during a rollback', () => {
  it('went on from our snapshot: its newer one is adopted, with its form of each receipt', async () => {
    const changed = await world.arrive({ texts: ['FIRST FORM', 'GONE LATER'] });
    await world.arrive({ texts: ['KEPT'] });
    await world.compactOnce();
    const kept = [...(await world.published())].find(([, { document }]) => document === 'KEPT');
    const [, keptImage = ''] = kept?.[0].split('#') ?? [];
    await putSnapshot(justNow(), [
      old('FORM OF THE OLD CONSUMER', changed.image_id),
      old('KEPT', keptImage),
      old('NEW OF THE OLD CONSUMER'),
    ]);
    await world.arrive({ texts: ['NEXT'] });
    await world.compactOnce();
    expect(await world.documents()).toEqual([
      'FORM OF THE OLD CONSUMER',
      'KEPT',
      'NEW OF THE OLD CONSUMER',
      'NEXT',
    ]);
  });
});

describe('A first checkpoint that was interrupted before its pointer', () => {
  it('is made anew by the next merge', async () => {
    await world.arrive({ texts: ['A'] });
    const s3 = intercepted(world.s3, async (command, send) => {
      if (command instanceof PutObjectCommand && command.input.Key === snapshotPointerKey('lines')) {
        throw new Error('Killed.');
      }
      return send();
    });
    await world.compactOnce({ s3 });
    expect(await pointerObject().catch(() => 'none')).toBe('none');
    await world.arrive({ texts: ['B'] });
    await world.compactOnce();
    expect((await located())?.manifest?.content.records).toBe(2);
    expect((await world.pointer())?.snapshot_version).toBe((await world.pointer())?.version);
  });

  it('needs nobody when the file system is then lost: the deltas are all there', async () => {
    await world.arrive({ texts: ['A'] });
    const s3 = intercepted(world.s3, async (command, send) => {
      if (command instanceof PutObjectCommand && command.input.Key === snapshotPointerKey('lines')) {
        throw new Error('Killed.');
      }
      return send();
    });
    await world.compactOnce({ s3 });
    await rm(join(world.mountPath, 'lines'), { recursive: true });
    await world.arrive({ texts: ['B'] });
    await world.compactOnce();
    expect(await world.documents()).toEqual(['A', 'B']);
    expect((await located())?.manifest?.content.records).toBe(2);
  });
});
