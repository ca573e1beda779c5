import { randomUUID } from 'node:crypto';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { encodeRun } from '../../../contracts/compaction-run';
import type { ReceiptReference } from '../../../contracts/record-id';
import { runsOfReceipt } from '../../../functions/shared/run-table';
import { useCompactionHarness } from '../../support/compaction-harness';
import { annotate, dropReceipt } from '../../support/receipt-functions';
import { oldRunItem, run } from '../../support/runs';

const world = useCompactionHarness();

const put = (Item: Record<string, unknown>) =>
  world.table.client.send(new PutCommand({ TableName: world.table.name, Item }));

describe('A receipt of which another system has runs in the same table', () => {
  let receipt: ReceiptReference;
  beforeEach(async () => {
    receipt = { imageId: randomUUID(), receiptId: 1 };
    await put(oldRunItem(receipt));
  });
  const statesOfLines = async () =>
    (await runsOfReceipt(world.table, receipt)).map(({ lines }) => lines.state);

  it('is dropped, annotated, merged and removed like any other', async () => {
    await dropReceipt(world, receipt, ['SHOP']);
    await annotate(world, receipt, { receipt: { place_id: 'p1' } });
    await world.compactOnce();
    expect(await statesOfLines()).toEqual(['COMPLETED', 'COMPLETED']);
    expect([...(await world.published()).values()]).toEqual([
      expect.objectContaining({ document: 'SHOP', metadata: expect.objectContaining({ place_id: 'p1' }) }),
    ]);
    await dropReceipt(world, receipt, undefined);
    await world.compactOnce();
    expect(await world.documents()).toEqual([]);
  });

  it('has only the runs of this pipeline, and it is said how many others were passed over', async () => {
    await put(oldRunItem(receipt));
    const said: unknown[] = [];
    const logger = { info: (...line: unknown[]) => void said.push(line) };
    expect(await runsOfReceipt(world.table, receipt, { logger })).toEqual([]);
    expect(said).toEqual([['Runs of another system were passed over', { ...receipt, count: 2 }]]);
  });
});

test('a malformed run of this pipeline still stops its receipt', async () => {
  const own = run();
  await put(JSON.parse(JSON.stringify({ ...encodeRun(own), lines_state: 'WAITING' })));
  await expect(
    runsOfReceipt(world.table, { imageId: own.image_id, receiptId: own.receipt_id }),
  ).rejects.toThrow('lines');
});
