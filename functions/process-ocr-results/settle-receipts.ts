import { PutObjectCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import {
  FIRST_RECEIPT,
  heldTogetherKey,
  heldTogetherPrefix,
  ndjsonKey,
  parseOcrKey,
  receiptHeldTogether,
} from '../../contracts/bucket-layout';
import { COLLECTIONS, type ReceiptRows } from '../../contracts/collections';
import { fromEntries } from '../../contracts/from-entries';
import {
  type EmbedNdjsonMessage,
  embedNdjsonMessageSchema,
  MESSAGE_VERSION,
  type OcrObject,
  rowsField,
} from '../../contracts/messages';
import { encodeNdjson } from '../../contracts/ndjson-rows';
import type { ReceiptReference } from '../../contracts/record-id';
import { ownOcrObject } from '../shared/ocr-objects';
import { slices } from '../shared/slices';
import type { IngestProps } from './ingest-props';

type SettleProps = Omit<IngestProps, 'quarantine' | 'telemetry'>;

/** Why a receipt is as it is. */
export interface Decision {
  /** The OCR object that decided of it. */
  readonly ocr: OcrObject;
  /** The sequencer of the event that found an OCR object gone. */
  readonly removal?: string | undefined;
}

/** Receipts of one file that are worked on at a time. */
const AT_ONCE = 10;

/**
 * Sends on what an OCR object says of each receipt that it decides of: the one that its key names, and for the image's
 * first also those that it holds or ever held, where they have no OCR object of their own.
 *
 * @param receipts - those that the object holds.
 * @returns the receipts that have one of their own.
 */
export async function settle(
  file: ReceiptReference,
  decision: Decision,
  receipts: ReadonlyMap<number, ReceiptRows>,
  props: SettleProps,
): Promise<number[]> {
  const further = file.receiptId === FIRST_RECEIPT ? await everHeld(file.imageId, props) : [];
  const all = [...new Set([file.receiptId, ...receipts.keys(), ...further])];
  const passedOver: number[] = [];
  for (const some of slices(all, AT_ONCE)) {
    await Promise.all(
      some.map(async (receiptId) => {
        const receipt = { ...file, receiptId };
        if (receiptId !== file.receiptId && (await hasItsOwn(receipt, props))) passedOver.push(receiptId);
        else await sendRows(receipt, decision, receipts.get(receiptId), props);
      }),
    );
  }
  return passedOver;
}

const hasItsOwn = async (receipt: ReceiptReference, { s3, bucket }: SettleProps): Promise<boolean> =>
  (await ownOcrObject(s3, bucket, receipt)) !== undefined;

/** The further receipts that an image's first OCR object has held in any of its states. */
async function everHeld(imageId: string, { s3, bucket }: SettleProps): Promise<number[]> {
  const held: number[] = [];
  const listing = { Bucket: bucket, Prefix: heldTogetherPrefix(imageId) };
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, listing)) {
    held.push(...Contents.map(({ Key = '' }) => receiptHeldTogether(Key)));
  }
  return held;
}

/**
 * Writes a receipt's two NDJSON files, then sends the message that they are ready.
 *
 * @param rows - undefined where it does not hold the receipt, which is to go.
 */
export async function sendRows(
  receipt: ReceiptReference,
  decision: Decision,
  rows: ReceiptRows | undefined,
  props: SettleProps,
): Promise<void> {
  const { s3, sqs, bucket, embedQueueUrl } = props;
  const { ocr, removal } = decision;
  // Before anything of it can be embedded: a later state that no longer holds the receipt finds it here.
  if (rows !== undefined && parseOcrKey(ocr.key)?.receiptId !== receipt.receiptId) {
    await s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: heldTogetherKey(receipt), Body: Buffer.alloc(0) }),
    );
  }
  const keyOf = fromEntries(
    COLLECTIONS.map((each) => [each, ndjsonKey(receipt, rows === undefined ? null : ocr.etag, each)]),
  );
  await Promise.all(
    COLLECTIONS.map((each) =>
      s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: keyOf[each],
          Body: Buffer.from(encodeNdjson(rows?.[each] ?? [])),
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
    ...fromEntries(COLLECTIONS.map((each) => [rowsField(each), keyOf[each]])),
    ocr,
    removal,
  });
  await sqs.send(new SendMessageCommand({ QueueUrl: embedQueueUrl, MessageBody: JSON.stringify(message) }));
}
