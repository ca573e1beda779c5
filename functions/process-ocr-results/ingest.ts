import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { ANNOTATIONS_PREFIX, ndjsonKey, OCR_PREFIX, parseOcrKey } from '../../contracts/bucket-layout';
import { COLLECTIONS, perCollection, type ReceiptRows } from '../../contracts/collections';
import { fromEntries } from '../../contracts/from-entries';
import {
  type EmbedNdjsonMessage,
  embedNdjsonMessageSchema,
  MESSAGE_VERSION,
  type OcrObject,
  rowsField,
} from '../../contracts/messages';
import { METRICS } from '../../contracts/metrics';
import { describeIssues, encodeNdjson } from '../../contracts/ndjson-rows';
import type { ReceiptReference } from '../../contracts/record-id';
import { s3NotificationSchema } from '../../contracts/s3-notification';
import { lookAtObject } from '../shared/look-at-object';
import { UnreadableInput } from '../shared/quarantine';
import { parseBody } from '../shared/sqs-batch';
import { announceAnnotation } from './announce-annotation';
import type { IngestProps } from './ingest-props';
import { receiptRows } from './receipt-rows';

/** The OCR result of a receipt has some hundred kilobytes. Far larger is something else. Bytes. */
const LARGEST_OCR_FILE = 32 * 1024 * 1024;

/**
 * Handles one message of the ocr-results queue: each OCR object that it announces becomes the receipt's two
 * NDJSON files and one message for embed-from-ndjson, as the object is NOW: S3 promises no order of its events.
 * One that is gone becomes two empty files, which take the receipt out of the collections. An object that cannot
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
    else await ingest(key, props);
  }
}

/** What becomes of an object that was created or removed, by its prefix. */
const INGESTS: Readonly<Record<string, (key: string, props: IngestProps) => Promise<void>>> = {
  [OCR_PREFIX]: ingestOcrResult,
  [ANNOTATIONS_PREFIX]: announceAnnotation,
};

async function ingestOcrResult(key: string, props: IngestProps): Promise<void> {
  const { s3, bucket, quarantine, telemetry } = props;
  const receipt = parseOcrKey(key);
  const found = await lookAtObject(s3, bucket, key);
  if (found === undefined) {
    if (receipt === undefined) return;
    await writeRows(
      receipt,
      { key, etag: null },
      perCollection(() => []),
      props,
    );
    telemetry.logger.info('An OCR result was removed', { ...receipt });
    return;
  }
  const { etag, size } = found;
  try {
    if (receipt === undefined) {
      throw new UnreadableInput('The key is not of the form ocr/{image uuid}/receipt-{five digits}.json.');
    }
    if (size > LARGEST_OCR_FILE) {
      throw new UnreadableInput(`The OCR file has ${size} bytes; at most ${LARGEST_OCR_FILE} are read.`);
    }
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag }));
    const rows = receiptRows((await Body?.transformToByteArray()) ?? new Uint8Array(), receipt);
    await writeRows(receipt, { key, etag }, rows, props);
    telemetry.metrics.addMetric(METRICS.receiptsParsed, MetricUnit.Count, 1);
    telemetry.logger.info('An OCR result was parsed', {
      ...receipt,
      ...perCollection((each) => rows[each].length),
      clamped: rows.clamped,
    });
  } catch (error) {
    if (!(error instanceof UnreadableInput)) throw error;
    await quarantine({ key, etag }, error.message);
  }
}

async function writeRows(
  receipt: ReceiptReference,
  ocr: OcrObject,
  rows: ReceiptRows,
  { s3, sqs, bucket, embedQueueUrl }: IngestProps,
): Promise<void> {
  await Promise.all(
    COLLECTIONS.map((collection) =>
      s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: ndjsonKey(receipt, ocr.etag, collection),
          Body: Buffer.from(encodeNdjson(rows[collection])),
          ContentType: 'application/x-ndjson',
        }),
      ),
    ),
  );
  const message: EmbedNdjsonMessage = embedNdjsonMessageSchema.parse({
    version: MESSAGE_VERSION,
    image_id: receipt.imageId,
    receipt_id: receipt.receiptId,
    bucket,
    ...fromEntries(COLLECTIONS.map((each) => [rowsField(each), ndjsonKey(receipt, ocr.etag, each)])),
    ocr,
  });
  await sqs.send(new SendMessageCommand({ QueueUrl: embedQueueUrl, MessageBody: JSON.stringify(message) }));
}
