import { randomUUID } from 'node:crypto';
import { ocrKey } from '../../contracts/bucket-layout';
import { COLLECTIONS } from '../../contracts/collections';
import { hasDeltas } from '../../contracts/compaction-run';
import { compactionMessageSchema } from '../../contracts/messages';
import { OCR_RESULTS } from '../../demo/receipts/receipts';
import { decodeDelta } from '../../functions/shared/delta-file';
import { runsOfReceipt } from '../../functions/shared/run-table';
import { eventually } from '../../packages/local-aws/__tests__/support/eventually';
import { useHandlerHarness } from '../support/handler-harness';

const ROWS = {
  'vision-supermarket': 'ORGANIC BANANAS 1.87',
  'vision-coffee-shop': '2 CARDAMOM BUN 7.80',
  'textract-pharmacy': 'IBUPROFEN 200MG 8.29',
  'textract-hardware-store': 'CLAW HAMMER 18.50',
} as const;
const harness = useHandlerHarness({
  functions: ['process-ocr-results', 'embed-from-ndjson', 'stream-processor'],
  consume: true,
  // A slow machine takes seconds for what is quick; a message that is at work must not become a dead letter meanwhile.
  visibilityTimeoutSeconds: 5,
  maximumReceives: 3,
});

test('receipts that are dropped become runs and doorbells; an unreadable one among them is kept', async () => {
  const unreadable = ocrKey({ imageId: randomUUID(), receiptId: 9 });
  await harness.put(unreadable, 'smudge');
  const dropped = await Promise.all(
    Object.entries(ROWS).map(async ([name, row], index) => {
      const receipt = { imageId: randomUUID(), receiptId: index };
      await harness.put(ocrKey(receipt), OCR_RESULTS[name as keyof typeof ROWS]);
      return { receipt, row };
    }),
  );
  for (const { receipt, row } of dropped) {
    const run = await eventually('the run with its deltas', async () =>
      (await runsOfReceipt(harness.table, receipt)).find(hasDeltas),
    );
    const { records } = decodeDelta(await harness.get(run.lines.delta_key), 'lines');
    expect(records.some(({ document }) => document === row)).toBe(true);
  }
  for (const collection of COLLECTIONS) {
    const announced = new Set<string>();
    await eventually('four doorbells', async () => {
      for (const { Body = '' } of await harness.take(harness.pipeline.queues[collection].url)) {
        const message = compactionMessageSchema.parse(JSON.parse(Body));
        announced.add(message.image_id);
      }
      return announced.size === dropped.length;
    });
    expect(announced).toEqual(new Set(dropped.map(({ receipt }) => receipt.imageId)));
  }
  const [kept, ...others] = await eventually('the quarantine', async () => {
    const all = await harness.quarantined();
    return all.length > 0 && all;
  });
  expect(others).toEqual([]);
  expect(kept?.reason.source).toMatchObject({ key: unreadable });
  expect(kept?.content.toString()).toBe('smudge');
  expect(Object.values(await harness.pipeline.deadLetterDepths())).toEqual([0, 0, 0, 0, 0]);
});

test('a receipt that S3 keeps failing ends in the dead-letter queue, whole, and its neighbour is embedded', async () => {
  const [failing, healthy] = [
    { imageId: randomUUID(), receiptId: 1 },
    { imageId: randomUUID(), receiptId: 1 },
  ];
  await harness.s3Faults.inject({
    keyPrefix: ocrKey(failing),
    operation: 'GetObject',
    fail: 'AccessDenied',
    times: 0,
  });
  await harness.put(ocrKey(failing), OCR_RESULTS['vision-coffee-shop']);
  await harness.put(ocrKey(healthy), OCR_RESULTS['vision-coffee-shop']);
  await eventually('the neighbour', async () =>
    (await runsOfReceipt(harness.table, healthy)).some(hasDeltas),
  );
  const [dead] = await eventually('the dead letter', async () => {
    const taken = await harness.take(harness.pipeline.queues['ocr-results'].deadLetters.url);
    return taken.length > 0 && taken;
  });
  expect(dead?.Body).toContain(failing.imageId);
  expect(await runsOfReceipt(harness.table, failing)).toEqual([]);
});
