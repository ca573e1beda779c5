import { randomUUID } from 'node:crypto';
import { parseRecordId, type ReceiptReference, recordId } from '../../contracts/record-id';
import {
  type ChromaCollection,
  createChromaCollection,
  openChromaCollection,
} from '../../functions/enhanced-compaction/chroma/collection';
import { type ChromaDatabase, chromaDatabase } from '../../functions/enhanced-compaction/chroma/database';
import { asHashedRecord } from '../../functions/enhanced-compaction/snapshot/missing-receipts';
import { runsOfReceipt } from '../../functions/shared/run-table';
import { createDatabase, useChromaServer } from '../support/chroma-server';
import { embed, useCompactionHarness, type Writer } from '../support/compaction-harness';
import { replacedLines } from '../support/foreign-metadata';
import { annotate, dropReceipt } from '../support/receipt-functions';
import { remoteStore } from '../support/remote-store';

const world = useCompactionHarness();
const server = useChromaServer();

let receipt: ReceiptReference;
let database: ChromaDatabase;
let writer: Writer;
beforeEach(async () => {
  receipt = { imageId: randomUUID(), receiptId: 1 };
  const name = await createDatabase(server.url);
  database = chromaDatabase({ url: server.url, database: name });
  writer = world.writer({ store: remoteStore(world, { url: server.url, database: name }) });
});

const collection = async (): Promise<ChromaCollection> => {
  const opened = await openChromaCollection(database, 'lines');
  if (opened === undefined) throw new Error('The server has no lines.');
  return opened;
};
/** The receipt's lines by their numbers: their text and some of their keys. */
async function lines(...keys: string[]) {
  const all = (await (await collection()).byImages([receipt.imageId])).map(
    ({ id, document, metadata }) =>
      [parseRecordId(id)?.lineId, [document, ...keys.map((key) => metadata[key])]] as const,
  );
  return Object.fromEntries(all);
}
const states = async () => (await runsOfReceipt(world.table, receipt)).map(({ lines: { state } }) => state);

const LABELLED = {
  receipt: { place_id: 'p1' },
  lines: [{ line_id: 2, metadata: { section_label: 'TOTAL' } }],
};

/** What the old system has left on the server. */
async function leaveMigrated(): Promise<void> {
  const chroma = await createChromaCollection(database, 'lines', 'l2');
  const records = ['SHOP', 'TOTAL 3.30'].map((document, index) =>
    asHashedRecord({
      id: recordId({ ...receipt, imageId: receipt.imageId.toUpperCase(), lineId: index + 1 }),
      document,
      metadata: { receipt_id: '1', line_id: index + 1, section_label: 'OLD', score: { '#number': '1.0' } },
      embedding: embed(document),
    }),
  );
  await chroma.add(records);
}

describe('A4: on a Chroma server, which is merged into in place, an annotation', () => {
  it('is set, taken away, and stands on the receipt again when that is dropped again or comes back', async () => {
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await writer.compact();
    await annotate(world, receipt, LABELLED);
    await writer.compact();
    const BOTH = { 1: ['SHOP', 'p1', undefined], 2: ['TOTAL 3.30', 'p1', 'TOTAL'] };
    expect(await lines('place_id', 'section_label')).toEqual(BOTH);

    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await writer.compact();
    expect(await lines('place_id', 'section_label')).toEqual(BOTH);
    await dropReceipt(world, receipt, undefined);
    await writer.compact();
    expect(await lines()).toEqual({});
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.30']);
    await writer.compact();
    expect(await lines('place_id', 'section_label')).toEqual(BOTH);

    await annotate(world, receipt, { receipt: { place_id: null } });
    await writer.compact();
    expect(await lines('place_id', 'section_label')).toEqual({
      1: ['SHOP', undefined, undefined],
      2: ['TOTAL 3.30', undefined, 'TOTAL'],
    });
    expect(new Set(await states())).toEqual(new Set(['COMPLETED']));
  });

  it('is put on what the old system left, and what others had put there stays with the text or is kept', async () => {
    await leaveMigrated();
    await annotate(world, receipt, LABELLED);
    await writer.compact();
    expect(await lines('place_id', 'section_label')).toEqual({
      1: ['SHOP', 'p1', 'OLD'],
      2: ['TOTAL 3.30', 'p1', 'TOTAL'],
    });
    // One text is another now; the annotation is put on it again.
    await dropReceipt(world, receipt, ['SHOP', 'TOTAL 3.80']);
    await writer.compact();
    const ONE = { '#number': '1.0' };
    expect(await lines('place_id', 'section_label', 'score')).toEqual({
      1: ['SHOP', 'p1', 'OLD', ONE],
      2: ['TOTAL 3.80', 'p1', 'TOTAL', undefined],
    });
    expect((await replacedLines(world)).map(({ document, metadata }) => [document, metadata])).toEqual([
      ['TOTAL 3.30', { place_id: 'p1', section_label: 'TOTAL', score: ONE }],
    ]);
    expect(await (await collection()).count()).toBe(2);
    expect(new Set(await states())).toEqual(new Set(['COMPLETED']));
  });

  it('and what another program writes meanwhile do not take from each other', async () => {
    await dropReceipt(world, receipt, ['SHOP']);
    await writer.compact();
    const id = recordId({ ...receipt, lineId: 1 });
    await (await collection()).updateMetadata([{ id, metadata: { theirs: true } }]);
    await annotate(world, receipt, { receipt: { place_id: 'p1' } });
    await writer.compact();
    await dropReceipt(world, receipt, ['SHOP']);
    await writer.compact();
    expect(await lines('place_id', 'theirs')).toEqual({ 1: ['SHOP', 'p1', true] });
  });
});
