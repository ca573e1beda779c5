import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { snapshotPointerKey, versionId } from '../../../contracts/bucket-layout';
import { recordId } from '../../../contracts/record-id';
import { type OldRecord, writeOldSnapshot } from '../../../demo/old-system/write-snapshot';
import { locateSnapshot } from '../../../functions/enhanced-compaction/snapshot/locate';
import { embed, useCompactionHarness } from '../../support/compaction-harness';
import { replacedLines } from '../../support/foreign-metadata';
import { intercepted } from '../../support/intercepted-client';

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
