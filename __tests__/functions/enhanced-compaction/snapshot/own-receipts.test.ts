import { randomUUID } from 'node:crypto';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { deltaPrefix } from '../../../../contracts/bucket-layout';
import { runKey } from '../../../../contracts/compaction-run';
import type { RecordMetadata } from '../../../../contracts/delta';
import { recordId } from '../../../../contracts/record-id';
import { writeOldSnapshot } from '../../../../demo/old-system/write-snapshot';
import { listKeys } from '../../../../functions/enhanced-compaction/snapshot/locate';
import { embed, labelled, type ReceiptSpec, useCompactionHarness } from '../../../support/compaction-harness';
import { exactMetadata, replacedLines } from '../../../support/foreign-metadata';

const world = useCompactionHarness();

const LONG_AGO = '20250901_101500';
const AT_ITS_MOMENT = new Date('2025-09-01T10:15:00.000Z');
const BEFORE_IT = new Date('2025-09-01T10:14:59.999Z');
let imageId: string;
beforeEach(() => {
  imageId = randomUUID();
});

/** A snapshot of another writer that holds the image's first receipt, as old writers spelled it. */
const migrate = (documents: readonly string[], metadata: RecordMetadata = {}, version = LONG_AGO) =>
  writeOldSnapshot(
    world.s3,
    world.bucket,
    'lines',
    documents.map((document, index) => ({
      id: recordId({ imageId: imageId.toUpperCase(), receiptId: 1, lineId: index + 1 }),
      document,
      metadata: { receipt_id: '1', line_id: index + 1, ...metadata },
      embedding: embed(`${document} of old`),
    })),
    { version, space: 'l2' },
  );
const merge = async (spec: Omit<ReceiptSpec, 'imageId'>) => {
  const run = await world.arrive({ imageId, ...spec });
  await world.compactOnce({ checkpointMinutes: 0 });
  return run;
};
/** What the bucket's lifecycle does to deltas that a snapshot covers. */
const expireDeltas = async () => {
  for (const Key of await listKeys(world.s3, world.bucket, deltaPrefix('lines')))
    await world.s3.send(new DeleteObjectCommand({ Bucket: world.bucket, Key }));
};
const kept = async () => (await replacedLines(world)).map(({ document, metadata }) => [document, metadata]);

describe("Another writer's snapshot that is adopted", () => {
  it.each([
    ['lie there', async () => {}],
    ['have expired', expireDeltas],
  ])(
    'does not bring back a receipt that was removed after it, whether or not its deltas %s',
    async (_what, expire) => {
      await merge({ texts: ['SHOP', 'TOTAL'] });
      await merge({ texts: [] });
      await expire();
      await migrate(['SHOP', 'TOTAL'], { section_label: 'HEADER' });
      await world.compactOnce();
      expect(await world.documents()).toEqual([]);
      expect((await kept()).sort()).toEqual([
        ['SHOP', { section_label: 'HEADER' }],
        ['TOTAL', { section_label: 'HEADER' }],
      ]);
      // Nor does the next one, which is as old.
      await migrate(['SHOP', 'TOTAL'], {}, '20250901_101501');
      await world.compactOnce();
      expect(await world.documents()).toEqual([]);
    },
  );

  it.each([
    ['lie there', async () => {}],
    ['have expired', expireDeltas],
  ])(
    'does not bring back what a receipt was before it was replaced, and adds its labels where the text is the same: the deltas %s',
    async (_what, expire) => {
      await merge({ texts: ['SHOP', 'TOTAL 3.30'] });
      await merge(labelled('OURS'));
      await expire();
      await migrate(['SHOP', 'TOTAI 3.30', 'LEFT OVER'], { section_label: 'OLD', place_id: 'p1' });
      await world.compactOnce();
      const published = [...(await world.published())].map(([id, { document, metadata }]) => {
        const { section_label, place_id } = metadata;
        return { id, document, section_label, place_id };
      });
      const id = (lineId: number) => recordId({ imageId, receiptId: 1, lineId });
      expect(published).toEqual([
        { id: id(1), document: 'SHOP', section_label: 'OURS', place_id: 'p1' },
        { id: id(2), document: 'TOTAL 3.30', section_label: 'OURS', place_id: undefined },
      ]);
      const lost = await kept();
      for (const document of ['TOTAI 3.30', 'LEFT OVER'])
        expect(lost).toContainEqual([document, { section_label: 'OLD', place_id: 'p1' }]);
      // What stays is not kept as if it went.
      expect(lost.filter(([, metadata]) => Object.hasOwn(Object(metadata), 'place_id'))).toHaveLength(2);
    },
  );

  it('counts for a receipt that was merged of an earlier moment, and not of its own or a later one', async () => {
    await merge({ texts: ['OURS'], createdAt: BEFORE_IT });
    await merge({ receiptId: 2, texts: ['OURS TOO'], createdAt: AT_ITS_MOMENT });
    await expireDeltas();
    await writeOldSnapshot(
      world.s3,
      world.bucket,
      'lines',
      [1, 2].map((receiptId) => ({
        id: recordId({ imageId, receiptId, lineId: 1 }),
        document: `THEIRS ${receiptId}`,
        metadata: { image_id: imageId, receipt_id: receiptId, line_id: 1 },
        embedding: embed(`THEIRS ${receiptId}`),
      })),
      { version: LONG_AGO, space: 'l2' },
    );
    await world.compactOnce();
    expect(await world.documents()).toEqual(['OURS TOO', 'THEIRS 1']);
  });

  it('counts for a receipt of which later runs said nothing: one failed, and one annotates', async () => {
    const failed = await merge({ texts: ['FAILED'], spoil: () => undefined });
    expect(await world.state(failed)).toMatchObject({ state: 'FAILED' });
    await merge(labelled('OURS'));
    await expireDeltas();
    await migrate(['THEIRS']);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['THEIRS']);
  });

  it('counts for a receipt whose runs cannot be read', async () => {
    const run = await merge({ texts: ['OURS'] });
    await expireDeltas();
    const broken = { ...runKey({ imageId, receiptId: 1, runId: run.run_id }), version: 1 };
    await world.table.client.send(new PutCommand({ TableName: world.table.name, Item: broken }));
    await migrate(['THEIRS']);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['THEIRS']);
  });

  it('is told the last word of several runs, whichever it was', async () => {
    await merge({ texts: ['FIRST'], createdAt: new Date(Date.now() - 60_000) });
    await merge({ texts: [], createdAt: new Date(Date.now() - 50_000) });
    await merge({ texts: ['AGAIN'] });
    await expireDeltas();
    await migrate(['FIRST', 'MORE']);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['AGAIN']);
    const [metadata] = [...(await exactMetadata(world)).values()];
    expect(metadata).toMatchObject({ image_id: imageId, receipt_id: 1 });
  });
});
