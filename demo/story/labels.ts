import { isDeepStrictEqual } from 'node:util';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { annotationKey, ocrKey } from '../../contracts/bucket-layout';
import type { RecordMetadata } from '../../contracts/delta';
import { recordId } from '../../contracts/record-id';
import {
  openPublishedCollection,
  type PublishedSource,
} from '../../functions/enhanced-compaction/open-published';
import { OLD_LABELS, oldReceipts } from '../old-system/old-receipts';
import { layOut, turned } from '../receipts/lay-out';
import { visionResult } from '../receipts/ocr-results';
import { finalRuns } from './ingestion';
import type { Story } from './story';

const ANNOTATION = { receipt: { place_id: 'a place that somebody looked up' } };

/** Annotates a receipt that was migrated, then drops it: what was said of it before, and now, stands on its new records. */
export const keepLabels = (story: Story, source: PublishedSource, signal: AbortSignal): Promise<void> =>
  story.step('A migrated receipt comes again', async (step) => {
    const { s3, bucket, table } = source;
    const [receipt] = oldReceipts(1, 1).map((old) => ({ ...old, name: 'the garden centre’s receipt' }));
    if (receipt === undefined) throw new Error('The old system had no receipt.');
    const put = (Key: string, content: object) =>
      s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: JSON.stringify(content) }));

    await put(annotationKey(receipt), ANNOTATION);
    await finalRuns(table, [receipt], signal, 'annotation');
    step.say(`${annotationKey(receipt)} says what else is known of it; nothing is embedded for that.`);
    const paper = receipt.lines.map((text) => [text]);
    await put(ocrKey(receipt), visionResult(layOut(paper, turned(0.6))));
    const [run] = await finalRuns(table, [receipt], signal);
    step.say(`${receipt.name} is dropped again, embedded anew and merged: lines ${run?.lines.state}.`);

    const lineIds = receipt.lines.map((_, index) => index + 1);
    const records = await recordsOf(
      lineIds.map((lineId) => recordId({ ...receipt, lineId })),
      source,
    );
    const [first] = records;
    step.check(
      'What people had said of a migrated receipt is still there',
      first !== undefined && 'row_line_ids' in first && has(first, OLD_LABELS),
      `${JSON.stringify(OLD_LABELS)} on ${JSON.stringify(receipt.lines[0])}`,
    );
    step.check(
      'What an annotation says stands there too',
      records.length === lineIds.length && records.every((record) => has(record, ANNOTATION.receipt)),
      `on ${records.length} of ${lineIds.length} lines`,
    );
  });

const has = (metadata: RecordMetadata, said: RecordMetadata): boolean =>
  Object.entries(said).every(([key, value]) => isDeepStrictEqual(metadata[key], value));

/** The metadata of published lines, in the order of their ids. */
async function recordsOf(ids: readonly string[], source: PublishedSource): Promise<RecordMetadata[]> {
  const collection = await openPublishedCollection('lines', source);
  try {
    const found = await collection.byIds(ids);
    return found.sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ metadata }) => metadata);
  } finally {
    await collection.close();
  }
}
