import { parseOcrKey, siblingOcrKey } from '../../contracts/bucket-layout';
import { perCollection } from '../../contracts/collections';
import { TEXT_FORMAT_VERSION } from '../../contracts/embedding';
import {
  annotationMessageSchema,
  type EmbedNdjsonMessage,
  embedNdjsonMessageSchema,
  type OcrObject,
} from '../../contracts/messages';
import { describeIssues } from '../../contracts/ndjson-rows';
import { type ReceiptReference, receiptOf } from '../../contracts/record-id';
import { lookAtObject } from '../shared/look-at-object';
import { UnreadableInput } from '../shared/quarantine';
import { createRun, runsOfReceipt } from '../shared/run-table';
import { parseBody } from '../shared/sqs-batch';
import { type AnnotateProps, annotateReceipt } from './annotate-receipt';
import { laterThan } from './later-than';
import { readReceiptContent } from './receipt-content';
import { receiptRecords } from './receipt-records';
import { makeRun, type ReceiptRunProps } from './receipt-run';
import { nextRun } from './run-id';

export type EmbedProps = ReceiptRunProps & AnnotateProps;

/**
 * Handles one message of the embed-ndjson queue: makes the run of what it announces. After each run of a receipt its
 * annotation, if there is one, gets a run as well: it is to stand on the records that the receipt has from now on.
 *
 * @throws {UnreadableInput} when the message or the rows that it names cannot be understood.
 * @throws {Error} when S3, DynamoDB, Secrets Manager or the endpoint fail: the message must come again.
 */
export async function embedMessage(body: string, props: EmbedProps): Promise<void> {
  const value = parseBody(body);
  const announced = annotationMessageSchema.safeParse(value);
  const message = announced.success ? announced.data : readEmbedMessage(value);
  refuseOtherBucket(message, props);
  if (!('type' in message)) await embedReceipt(message, props);
  await annotateReceipt(receiptOf(message), props);
}

/**
 * Embeds the receipt's rows, stores both deltas, then writes the run that announces them. A receipt without
 * meaningful rows makes a run of zero records, which takes its old vectors out of the collections. A message that was
 * handled before embeds nothing, nor does one whose OCR object has changed: that change has a message of its own.
 * Lasting nonsense from the endpoint ends as a FAILED run with its reason.
 */
async function embedReceipt(message: EmbedNdjsonMessage, props: EmbedProps): Promise<void> {
  const { s3, table, model, dimensions, telemetry } = props;
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
  if (next.alreadyThere) {
    telemetry.logger.info('The receipt is embedded already', { run_id: next.run.run_id });
    return;
  }

  const created_at = laterThan(runs.at(-1), lookedAt).toISOString();
  const head = { version: 1, run_id: next.id, image_id, receipt_id, created_at } as const;
  const run = await makeRun(head, receiptRecords(content.rows), props);
  const created = await createRun(table, run);
  telemetry.logger.info(created ? 'A run was created' : 'Another delivery created the run meanwhile', {
    run_id: run.run_id,
    ...perCollection((each) => run[each].records),
  });
}

function readEmbedMessage(value: unknown): EmbedNdjsonMessage {
  const message = embedNdjsonMessageSchema.safeParse(value);
  if (message.success) return message.data;
  throw new UnreadableInput(
    `The message is not one that this version understands: ${describeIssues(message.error)}.`,
  );
}

function refuseOtherBucket({ bucket }: { readonly bucket: string }, props: EmbedProps): void {
  if (bucket === props.bucket) return;
  throw new UnreadableInput(
    `The message names the bucket ${bucket}; the pipeline's only bucket is ${props.bucket}.`,
  );
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
