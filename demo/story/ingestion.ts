import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { ocrKey } from '../../contracts/bucket-layout';
import { COLLECTIONS } from '../../contracts/collections';
import { type CompactionRun, isUnfinished } from '../../contracts/compaction-run';
import type { ReceiptReference } from '../../contracts/record-id';
import { type RunTable, runsOfReceipt } from '../../functions/shared/run-table';
import { OCR_RESULTS } from '../receipts/receipts';

export interface DroppedReceipt extends ReceiptReference {
  /** Of its OCR result, for people. */
  readonly name: string;
}

/** Drops OCR results into the shared bucket, as a scanner would. That is all that a user does. */
export async function dropOcrResults(s3: S3Client, bucket: string): Promise<DroppedReceipt[]> {
  return Promise.all(
    Object.entries(OCR_RESULTS).map(async ([name, result]) => {
      const receipt = { imageId: randomUUID(), receiptId: 1, name };
      await s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: ocrKey(receipt),
          Body: result,
          ContentType: 'application/json',
        }),
      );
      return receipt;
    }),
  );
}

/**
 * Waits until every receipt has a run and every run is final in both collections.
 *
 * @throws {Error} when that does not happen within the limit (seconds), naming the receipts.
 */
export async function finalRuns(
  table: RunTable,
  receipts: readonly DroppedReceipt[],
  limit: number,
  signal: AbortSignal,
): Promise<CompactionRun[]> {
  const deadline = Date.now() + limit * 1000;
  for (;;) {
    const latest = await Promise.all(
      receipts.map(async (receipt) => (await runsOfReceipt(table, receipt)).at(-1)),
    );
    const final = latest.filter(
      (run) => run !== undefined && COLLECTIONS.every((each) => !isUnfinished(run[each].state)),
    );
    if (final.length === receipts.length) return final as CompactionRun[];
    if (Date.now() > deadline) {
      const waiting = receipts.filter((_, index) => !final.includes(latest[index]));
      throw new Error(
        `After ${limit} s these receipts have no final run: ${waiting.map(({ name }) => name).join(', ')}.`,
      );
    }
    await sleep(200, undefined, { signal });
  }
}
