import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { ocrKey } from '../../contracts/bucket-layout';
import { COLLECTIONS } from '../../contracts/collections';
import { type CompactionRun, isUnfinished } from '../../contracts/compaction-run';
import type { ReceiptReference } from '../../contracts/record-id';
import { type RunTable, runsOfReceipt } from '../../functions/shared/run-table';
import type { LocalPipeline } from '../pipeline/local-pipeline';
import { OCR_RESULTS } from '../receipts/receipts';
import type { Story } from './story';

export interface DroppedReceipt extends ReceiptReference {
  /** Of its OCR result, for people. */
  readonly name: string;
}

/** A receipt is merged in a few seconds; a slow machine may take long, a broken pipeline forever. Seconds. */
const LIMIT = 180;

/** Lets new receipts through the pipeline, until each is merged. Returns them. */
export const ingest = (
  story: Story,
  s3: S3Client,
  table: RunTable,
  pipeline: LocalPipeline,
  signal: AbortSignal,
): Promise<DroppedReceipt[]> =>
  story.step('New receipts come in', async (step) => {
    const receipts = await dropOcrResults(s3, pipeline.bucket);
    step.say(`${receipts.length} OCR results are dropped into ${pipeline.bucket}/ocr/.`);
    const runs = await finalRuns(table, receipts, signal);
    for (const [index, run] of runs.entries()) {
      const states = COLLECTIONS.map(
        (each) => `${each} ${run[each].state} (${run[each].merged_vectors} vectors)`,
      );
      step.say(`${receipts[index]?.name}: ${states.join(', ')}`);
    }
    step.check(
      'Every receipt is merged into both collections',
      runs.every((run) =>
        COLLECTIONS.every(
          (each) => run[each].state === 'COMPLETED' && run[each].merged_vectors === run[each].records,
        ),
      ),
      `${runs.length} runs`,
    );
    const dead = Object.entries(await pipeline.deadLetterDepths());
    step.check(
      'No message is lost',
      dead.every(([, depth]) => depth === 0),
      dead.map(([name, depth]) => `${name} ${depth}`).join(', '),
    );
    return receipts;
  });

/** Drops OCR results into the shared bucket, as a scanner would. That is all that a user does. */
async function dropOcrResults(s3: S3Client, bucket: string): Promise<DroppedReceipt[]> {
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
 * Waits until every receipt has a run, and the last one is final in both collections.
 *
 * @param kind - of the runs that are meant. @default - whole receipts
 *
 * @throws {Error} when that does not happen within {@link LIMIT}, naming the receipts.
 */
export async function finalRuns(
  table: RunTable,
  receipts: readonly DroppedReceipt[],
  signal: AbortSignal,
  kind?: CompactionRun['kind'],
): Promise<CompactionRun[]> {
  const deadline = Date.now() + LIMIT * 1000;
  for (;;) {
    const latest = await Promise.all(
      receipts.map(async (receipt) =>
        (await runsOfReceipt(table, receipt)).findLast((run) => run.kind === kind),
      ),
    );
    const final = latest.flatMap((run) => (run !== undefined && isFinal(run) ? [run] : []));
    if (final.length === receipts.length) return final;
    if (Date.now() > deadline) {
      const waiting = receipts.filter(({ imageId }) => !final.some((run) => run.image_id === imageId));
      throw new Error(
        `After ${LIMIT} s these receipts have no final run: ${waiting.map(({ name }) => name).join(', ')}.`,
      );
    }
    await sleep(200, undefined, { signal });
  }
}

const isFinal = (run: CompactionRun): boolean => COLLECTIONS.every((each) => !isUnfinished(run[each].state));
