import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import {
  ANNOTATIONS_PREFIX,
  FIRST_RECEIPT,
  OCR_PREFIX,
  ocrKey,
  parseOcrKey,
} from '../../contracts/bucket-layout';
import { perCollection } from '../../contracts/collections';
import type { OcrObject } from '../../contracts/messages';
import { METRICS } from '../../contracts/metrics';
import { describeIssues } from '../../contracts/ndjson-rows';
import type { ReceiptReference } from '../../contracts/record-id';
import { type ChangedObject, s3NotificationSchema } from '../../contracts/s3-notification';
import { lookAtLatest, type SeenObject } from '../shared/look-at-object';
import { firstOcrObject, ownOcrObject } from '../shared/ocr-objects';
import { UnreadableInput } from '../shared/quarantine';
import { parseBody } from '../shared/sqs-batch';
import { announceAnnotation } from './announce-annotation';
import type { IngestProps } from './ingest-props';
import { tellOfOtherSpelling } from './other-spelling';
import type { ParsedReceipt } from './receipt-rows';
import { receiptsOfFile } from './receipts-of-file';
import { sendRows, settle } from './settle-receipts';

/** The OCR result of a receipt has some hundred kilobytes. Far larger is something else. Bytes. */
const LARGEST_OCR_FILE = 32 * 1024 * 1024;

/**
 * Handles one message of the ocr-results queue: each OCR object that it announces becomes two NDJSON files and one
 * message for embed-from-ndjson for each receipt that it holds, as the object is NOW: S3 promises no order of its
 * events. A receipt that is gone becomes two empty files, which take it out of the collections. An object that cannot
 * be read is quarantined. Handling a message twice writes the same files again. An annotation that it announces is
 * told to embed-from-ndjson, which makes a run of it.
 *
 * @throws {UnreadableInput} when the message itself cannot be understood.
 * @throws {Error} when S3 or SQS fail, or when the message is about another bucket or prefix.
 */
export async function ingestMessage(body: string, props: IngestProps): Promise<void> {
  const notification = s3NotificationSchema.safeParse(parseBody(body));
  if (!notification.success) {
    throw new UnreadableInput(
      `The message is not an S3 event of a created or removed object: ${describeIssues(notification.error)}.`,
    );
  }
  if (!('Records' in notification.data)) {
    props.telemetry.logger.info("S3's test event arrived: the bucket's notification reaches this queue");
    return;
  }
  for (const { s3 } of notification.data.Records) {
    const { key } = s3.object;
    const ingest = Object.entries(INGESTS).find(([prefix]) => key.startsWith(prefix))?.[1];
    if (s3.bucket.name !== props.bucket || ingest === undefined) {
      // Not quarantined: were the notification to cover quarantine/ too, that write would announce itself for ever.
      throw new Error(
        `A notification came for "${key}" in ${s3.bucket.name}; only ${Object.keys(INGESTS).join(' and ')} in ${props.bucket} are expected. Correct the bucket's notification, then purge or redrive the dead-letter queue.`,
      );
    }
    if (key.endsWith('/'))
      props.telemetry.logger.info('A folder was made, which holds nothing to read', { key });
    else await ingest(s3.object, props);
  }
}

/** What becomes of an object that was created or removed, by its prefix. */
const INGESTS: Readonly<Record<string, (changed: ChangedObject, props: IngestProps) => Promise<void>>> = {
  [OCR_PREFIX]: ingestOcrResult,
  [ANNOTATIONS_PREFIX]: announceAnnotation,
};

async function ingestOcrResult({ key, sequencer }: ChangedObject, props: IngestProps): Promise<void> {
  const { s3, bucket, quarantine, telemetry } = props;
  const file = parseOcrKey(key);
  const found = await (file === undefined ? lookAtLatest(s3, bucket, [key]) : ownOcrObject(s3, bucket, file));
  if (found === undefined) {
    if (file === undefined) return;
    telemetry.logger.info('An OCR result was removed', { ...file });
    return settleRemoved(file, sequencer, props);
  }
  tellOfOtherSpelling(key, found, telemetry);
  try {
    if (file === undefined) {
      throw new UnreadableInput(
        'The key is not of the form ocr/{image uuid}/receipt-{five digits}.json, its uuid in small letters or in capitals.',
      );
    }
    const receipts = await readReceipts(found, file, props);
    const passedOver = await settle(file, { ocr: asSeen(found) }, receipts, props);
    const all = [...receipts.values()];
    telemetry.metrics.addMetric(METRICS.receiptsParsed, MetricUnit.Count, receipts.size);
    telemetry.logger.info('An OCR result was parsed', {
      ...file,
      receipts: receipts.size,
      // They have OCR results of their own.
      passedOver,
      ...perCollection((each) => all.reduce((sum, rows) => sum + rows[each].length, 0)),
      clamped: all.reduce((sum, { clamped }) => sum + clamped, 0),
    });
  } catch (error) {
    if (!(error instanceof UnreadableInput)) throw error;
    await quarantine(found, error.message);
  }
}

/** An OCR object that is gone leaves a further receipt to what that of the image's first receipt says of it. */
async function settleRemoved(
  file: ReceiptReference,
  removal: string | undefined,
  props: IngestProps,
): Promise<void> {
  const first = { ...file, receiptId: FIRST_RECEIPT };
  const nothing = { ocr: { key: ocrKey(first), etag: null }, removal };
  if (file.receiptId === FIRST_RECEIPT) {
    await settle(file, nothing, new Map(), props);
    return;
  }
  const found = await firstOcrObject(props.s3, props.bucket, file);
  if (found === undefined) return sendRows(file, nothing, undefined, props);
  const rows = (await readIfReadable(found, first, props)).get(file.receiptId);
  await sendRows(file, { ocr: asSeen(found), removal }, rows, props);
}

const asSeen = ({ key, etag, version }: SeenObject): OcrObject => ({ key, etag, version });

/** What cannot be read holds nothing: it is quarantined when its own event comes. */
async function readIfReadable(
  found: SeenObject,
  file: ReceiptReference,
  props: IngestProps,
): Promise<ReadonlyMap<number, ParsedReceipt>> {
  try {
    return await readReceipts(found, file, props);
  } catch (error) {
    if (error instanceof UnreadableInput) return new Map();
    throw error;
  }
}

async function readReceipts(
  { key, etag, size }: SeenObject,
  file: ReceiptReference,
  { s3, bucket }: IngestProps,
): Promise<ReadonlyMap<number, ParsedReceipt>> {
  if (size > LARGEST_OCR_FILE) {
    throw new UnreadableInput(`The OCR file has ${size} bytes; at most ${LARGEST_OCR_FILE} are read.`);
  }
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag }));
  return receiptsOfFile((await Body?.transformToByteArray()) ?? new Uint8Array(), file);
}
