import { readdir } from 'node:fs/promises';
import { DeleteObjectCommand, GetObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { snapshotArchiveKey, snapshotPointerKey } from '../../../contracts/bucket-layout';
import { COLLECTIONS } from '../../../contracts/collections';
import { DECOY_KEYS } from '../../../demo/old-system/old-buckets';
import { openPublishedCollection } from '../../../functions/enhanced-compaction/open-published';
import { useCompactionHarness } from '../../support/compaction-harness';
import { intercepted } from '../../support/intercepted-client';

const world = useCompactionHarness();

/** Everything that a reader could have written to. */
async function everything() {
  const { s3, bucket, table, mountPath } = world;
  const { Versions = [], DeleteMarkers = [] } = await s3.send(
    new ListObjectVersionsCommand({ Bucket: bucket }),
  );
  const { Items = [] } = await table.client.send(new ScanCommand({ TableName: table.name }));
  return {
    versions: Versions.map(({ Key, VersionId, ETag }) => ({ Key, VersionId, ETag })),
    deleteMarkers: DeleteMarkers.length,
    items: Items,
    mount: await readdir(mountPath, { recursive: true }),
  };
}

describe('A reader', () => {
  it.each(COLLECTIONS)('of %s where nothing was published fails, and writes nothing', async (collection) => {
    await expect(openPublishedCollection(collection, world)).rejects.toThrow(
      `Nothing of ${collection} is published yet`,
    );
    expect(await everything()).toEqual({ versions: [], deleteMarkers: 0, items: [], mount: [] });
  });

  it("of a bucket with the old system's placeholders alone fails, and writes nothing", async () => {
    for (const key of DECOY_KEYS) await world.put(`lines/${key}`, '');
    const before = await everything();
    await expect(openPublishedCollection('lines', world)).rejects.toThrow('is published yet');
    expect(await everything()).toEqual(before);
  });

  it('of a snapshot that is gone fails, and moves no pointer', async () => {
    await world.put(snapshotPointerKey('lines'), '20260101_000000');
    const before = await everything();
    await expect(openPublishedCollection('lines', world)).rejects.toThrow('which holds no snapshot');
    expect(await everything()).toEqual(before);
  });

  it('of a published version that the mount lacks has it from S3, and writes nothing', async () => {
    await world.arrive({ texts: ['MILK 1.20'] });
    await world.compactOnce();
    const before = await everything();
    const reader = await openPublishedCollection('lines', { ...world, mountPath: '/nowhere' });
    expect(await reader.count()).toBe(1);
    await reader.close();
    expect(await everything()).toEqual(before);
  });

  it('of a published version that the mount and S3 lack fails, and writes nothing', async () => {
    await world.arrive({ texts: ['MILK 1.20'] });
    await world.compactOnce();
    const { version = '' } = (await world.pointer()) ?? {};
    const archive = { Bucket: world.bucket, Key: snapshotArchiveKey('lines', version) };
    await world.s3.send(new DeleteObjectCommand(archive));
    const before = await everything();
    const opening = openPublishedCollection('lines', { ...world, mountPath: '/nowhere' });
    await expect(opening).rejects.toThrow(/\/nowhere\/lines.*has no snapshot/);
    expect(await everything()).toEqual(before);
  });

  it.each([
    ['read the pointer', 'efs', 'pointer'],
    ['read the pointer', 'none', 'pointer'],
    ['found the snapshot', 'none', 'snapshot'],
  ] as const)(
    'that %s before newer checkpoints took the place of its base reads the pointer again (%s)',
    async (_what, cache, last) => {
      world.useCache(cache);
      await world.arrive({ texts: ['A'] });
      await world.compactOnce();
      let isFirst = true;
      const replaceBase = async () => {
        if (!isFirst) return;
        isFirst = false;
        for (const text of ['B', 'C', 'D']) {
          await world.arrive({ texts: [text] });
          await world.compactOnce({
            checkpointRecords: 1,
            snapshotsKept: 2,
            readersGraceMilliseconds: -60_000,
          });
        }
      };
      const client = intercepted(world.table.client, async (_command, send) => {
        const answer = await send();
        if (last === 'pointer') await replaceBase();
        return answer;
      });
      const s3 = intercepted(world.s3, async ({ input }, send) => {
        if (last === 'snapshot' && String(input.Key).endsWith('.tar.gz')) await replaceBase();
        return send();
      });
      const table = { ...world.table, client };
      const reader = await openPublishedCollection('lines', { ...world.source, s3, table });
      expect(await reader.count()).toBe(4);
      await reader.close();
    },
  );

  it('that could not go forward is closed, and says so', async () => {
    await world.arrive({ texts: ['A'] });
    await world.compactOnce();
    let isAway = false;
    const s3 = intercepted(world.s3, (command, send) =>
      isAway && command instanceof GetObjectCommand ? Promise.reject(new Error('Slow down.')) : send(),
    );
    const reader = await openPublishedCollection('lines', { ...world, s3 });
    await world.arrive({ texts: ['B'] });
    await world.compactOnce();
    isAway = true;
    await expect(reader.refresh()).rejects.toThrow('Slow down.');
    for (const asked of [reader.refresh(), reader.count()]) {
      await expect(asked).rejects.toThrow('The collection lines is closed. Open it again.');
    }
    await reader.close();
  });

  it('of a published version leaves everything as it was', async () => {
    await world.arrive({ texts: ['MILK 1.20'] });
    const writer = world.writer();
    await writer.compact();
    await writer.close();
    const before = await everything();
    expect([...(await world.published()).values()].map(({ document }) => document)).toEqual(['MILK 1.20']);
    expect(await everything()).toEqual(before);
  });
});
