import { parseOcrKey, siblingOcrKey } from '../../contracts/bucket-layout';
import { perCollection } from '../../contracts/collections';
import type { CompactionRun } from '../../contracts/compaction-run';
import { TEXT_FORMAT_VERSION } from '../../contracts/embedding';
import { type EmbedNdjsonMessage, embedNdjsonMessageSchema, type OcrObject } from '../../contracts/messages';
import { describeIssues } from '../../contracts/ndjson-rows';
import { type ReceiptReference, receiptOf } from '../../contracts/record-id';
import { lookAtObject } from '../shared/look-at-object';
import { UnreadableInput } from '../shared/quarantine';
import { createRun, type RunTable, runsOfReceipt } from '../shared/run-table';
import { parseBody } from '../shared/sqs-batch';
import { readReceiptContent } from './receipt-content';
import { receiptRecords } from './receipt-records';
import { makeRun, type ReceiptRunProps } from './receipt-run';
import { nextRun } from './run-id';

export interface EmbedProps extends ReceiptRunProps {
  readonly table: RunTable;
}

/**
 * Handles one message of the embed-ndjson queue: embeds the receipt's rows, stores both deltas, then writes
 * the run that announces them. A receipt without meaningful rows makes a run of zero records, which takes its
 * old vectors out of the collections. A message that was handled before embeds nothing, nor does one whose OCR
 * object has changed: that change has a message of its own. Lasting nonsense from the endpoint ends as a FAILED
 * run with its reason.
 *
 * @throws {UnreadableInput} when the message or the rows that it names cannot be understood.
 * @throws {Error} when S3, DynamoDB, Secrets Manager or the endpoint fail: the message must come again.
 */
export async function embedMessage(body: string, props: EmbedProps): Promise<void> {
  const { s3, bucket, table, model, dimensions, telemetry } = props;
  const message = readMessage(body, bucket);
  const { image_id, receipt_id } = message;

  const receipt = receiptOf(message);
  // All before the object is looked at: the runs, so that each of them was made of the same state or an older one;
  // and the moment, so that a run that another function makes of a newer state meanwhile is the later one, however
  // long this one takes.
  const runs = await runsOfReceipt(table, receipt);
  const lookedAt = Date.now();
  if (message.ocr !== undefined && !(await stillDecides(message.ocr, receipt, props))) {
    telemetry.logger.info('The OCR result has changed since: its newer state is embedded instead', {
      image_id,
      receipt_id,
    });
    return;
  }
  const content = await readReceiptContent(s3, message);
  const vectors = { model, dimensions, textFormatVersion: TEXT_FORMAT_VERSION };
  const identity = { ...receipt, ...vectors, sha256: content.sha256 };
  const next = nextRun(identity, runs);
  if (next.alreadyEmbedded) {
    telemetry.logger.info('The receipt is embedded already', { run_id: next.run.run_id });
    return;
  }

  const created_at = laterThan(next.follows, lookedAt).toISOString();
  const head = { version: 1, run_id: next.id, image_id, receipt_id, created_at } as const;
  const run = await makeRun(head, receiptRecords(content.rows), props);
  const created = await createRun(table, run);
  telemetry.logger.info(created ? 'A run was created' : 'Another delivery created the run meanwhile', {
    run_id: run.run_id,
    ...perCollection((each) => run[each].records),
  });
}

function readMessage(body: string, onlyBucket: string): EmbedNdjsonMessage {
  const message = embedNdjsonMessageSchema.safeParse(parseBody(body));
  if (!message.success) {
    throw new UnreadableInput(
      `The message is not one that this version understands: ${describeIssues(message.error)}.`,
    );
  }
  if (message.data.bucket !== onlyBucket) {
    throw new UnreadableInput(
      `The message names the bucket ${message.data.bucket}; the pipeline's only bucket is ${onlyBucket}.`,
    );
  }
  return message.data;
}

/** Whether an OCR object is what it was, and the receipt has none of its own that takes precedence. */
async function stillDecides(
  { key, etag }: OcrObject,
  { receiptId }: ReceiptReference,
  { s3, bucket }: EmbedProps,
): Promise<boolean> {
  if (((await lookAtObject(s3, bucket, key))?.etag ?? null) !== etag) return false;
  const isItsOwn = parseOcrKey(key)?.receiptId === receiptId;
  return isItsOwn || (await lookAtObject(s3, bucket, siblingOcrKey(key, receiptId))) === undefined;
}

/** Runs of one receipt never share a moment: their order decides which one is superseded. */
const laterThan = (run: CompactionRun | undefined, moment: number): Date =>
  new Date(run === undefined ? moment : Math.max(moment, Date.parse(run.created_at) + 1));
