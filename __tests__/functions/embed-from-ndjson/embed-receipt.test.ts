import { randomUUID } from 'node:crypto';
import { PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { ocrKey, versionId } from '../../../contracts/bucket-layout';
import { type ReceiptReference, recordId } from '../../../contracts/record-id';
import { writeOldSnapshot } from '../../../demo/old-system/write-snapshot';
import { runsOfReceipt } from '../../../functions/shared/run-table';
import { embed, useCompactionHarness } from '../../support/compaction-harness';
import {
  annotate,
  dropReceipt,
  embedIn,
  ingest,
  putOcrResult,
  removeObject,
  untilTheNextSecond,
} from '../../support/receipt-functions';

const world = useCompactionHarness();

let receipt: ReceiptReference;
beforeEach(() => {
  receipt = { imageId: randomUUID(), receiptId: 1 };
});
const statesOfLines = async (of = receipt) =>
  (await runsOfReceipt(world.table, of)).map(({ lines }) => lines.state);

/** What one event of the receipt's OCR object leads to, delivered once more with the same `sequencer`. */
async function announceAgain(sequencer: string, of = receipt): Promise<void> {
  const messages: string[] = [];
  await ingest(world, ocrKey(of), (message) => messages.push(message), { sequencer });
  for (const message of [...messages, ...messages]) await embedIn(world, message);
}

describe('A receipt of which a snapshot of another writer brought old records back', () => {
  const bringBack = async () => {
    const records = ['SH0P', 'TOTAL'].map((document, index) => ({
      id: recordId({ ...receipt, lineId: index + 1 }),
      document,
      metadata: { image_id: receipt.imageId, receipt_id: '1', line_id: index + 1, text: document },
      embedding: embed(`${document} of old`),
    }));
    const version = versionId(new Date(Date.now() + 60_000), '0badcafe');
    await writeOldSnapshot(world.s3, world.bucket, 'lines', records, { version, space: 'l2' });
    await world.compactOnce();
    expect(await world.documents()).toContain('SH0P');
  };

  it('has its own again once the same OCR result is dropped again', async () => {
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await world.compactOnce({ checkpointRecords: 1 });
    await bringBack();
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['SHOP', 'TOTAL 3.30']);
  });

  it('goes again once it is removed again', async () => {
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await dropReceipt(world, receipt, undefined);
    await dropReceipt(world, { ...receipt, receiptId: 2 }, ['OTHER']);
    await world.compactOnce({ checkpointRecords: 1 });
    await bringBack();
    await dropReceipt(world, receipt, undefined);
    await world.compactOnce();
    expect(await world.documents()).toEqual(['OTHER']);
  });
});

describe('The same content of a receipt', () => {
  it('has one run, however often its event and its message come, whoever looks at it', async () => {
    await putOcrResult(world, receipt, ['SHOP']);
    await announceAgain('01');
    await announceAgain('01');
    // An event of another state comes late: what it leads to is what is there.
    await announceAgain('00');
    expect(await statesOfLines()).toEqual(['PENDING']);
    await removeObject(world, ocrKey(receipt));
    await announceAgain('02');
    await announceAgain('02');
    expect(await statesOfLines()).toEqual(['PENDING', 'PENDING']);
  });

  it('has another run when it is dropped again, and its earlier message has none', async () => {
    const messages: string[] = [];
    const announced = () => ingest(world, ocrKey(receipt), (message) => messages.push(message));
    for (let drop = 0; drop < 2; drop++) {
      await putOcrResult(world, receipt, ['SHOP']);
      await announced();
    }
    const [first = '', second = ''] = messages;
    for (const message of [second, first, second]) await embedIn(world, message);
    expect(await statesOfLines()).toEqual(['PENDING']);
    await dropReceipt(world, receipt, ['SHOP']);
    expect(await statesOfLines()).toEqual(['PENDING', 'PENDING']);
  });

  it('has another run when a further receipt’s own OCR result is removed again, though the first decides', async () => {
    const second = { ...receipt, receiptId: 2 };
    await dropReceipt(world, receipt, ['FIRST']);
    for (let removal = 0; removal < 2; removal++) await dropReceipt(world, second, undefined);
    expect(await statesOfLines(second)).toEqual(['PENDING', 'PENDING']);
  });

  it('has another run in a bucket without versions, when it is dropped again in a later second', async () => {
    await world.s3.send(
      new PutBucketVersioningCommand({
        Bucket: world.bucket,
        VersioningConfiguration: { Status: 'Suspended' },
      }),
    );
    for (let drop = 0; drop < 2; drop++) {
      await dropReceipt(world, receipt, ['SHOP']);
      await announceAgain('01');
      await untilTheNextSecond();
    }
    expect(await statesOfLines()).toEqual(['PENDING', 'PENDING']);
  });
});

test('A receipt of an image whose id is no UUID that a generator makes is dropped, annotated, emptied and removed', async () => {
  receipt = { imageId: '12345678-1234-1234-1234-123456789012', receiptId: 1 };
  await dropReceipt(world, receipt, ['SHOP']);
  await annotate(world, receipt, { receipt: { place_id: 'p1' } });
  await world.compactOnce();
  expect([...(await world.published()).values()]).toEqual([
    expect.objectContaining({ document: 'SHOP', metadata: expect.objectContaining({ place_id: 'p1' }) }),
  ]);
  await dropReceipt(world, receipt, []);
  await world.compactOnce();
  expect(await world.documents()).toEqual([]);
  await dropReceipt(world, receipt, undefined);
  await world.compactOnce();
  expect((await statesOfLines()).filter((state) => state !== 'COMPLETED')).toEqual([]);
});
