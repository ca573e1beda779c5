import { z } from 'zod';
import { COLLECTIONS, type Collection, collectionSchema } from './collections';
import { fromEntries } from './from-entries';
import { imageIdSchema, receiptIdSchema } from './record-id';

/** Raised when a body changes its meaning. A consumer refuses other versions aloud: it never guesses. */
export const MESSAGE_VERSION = 1;

const runIdSchema = z.string().regex(/^[0-9a-f]{32}$/, 'a run id is 32 hexadecimal digits');

/** The field of an embed message that names a collection's rows, such as `lines_key`. */
export const rowsField = (collection: Collection): `${Collection}_key` => `${collection}_key`;

/** An OCR object at a moment: null stands for the ETag of one that was removed. */
export const ocrObjectSchema = z.object({
  key: z.string().min(1),
  etag: z.string().min(1).nullable(),
  /**
   * Tells this state from an earlier one with the same content. Absent of an object that was removed, and in messages of
   * earlier releases.
   */
  version: z.string().min(1).optional(),
});
export type OcrObject = z.infer<typeof ocrObjectSchema>;

/** EMBED_NDJSON_QUEUE: these NDJSON files are ready to be embedded. */
export const embedNdjsonMessageSchema = z.object({
  version: z.literal(MESSAGE_VERSION),
  image_id: imageIdSchema,
  receipt_id: receiptIdSchema,
  bucket: z.string().min(3).max(63),
  ...fromEntries(COLLECTIONS.map((collection) => [rowsField(collection), z.string().min(1)])),
  /**
   * The OCR object that decided of the receipt, as it was when the rows were made: its own, or that of the image's first
   * receipt. Messages of earlier releases, which may be queued, lack it.
   */
  ocr: ocrObjectSchema.optional(),
  /** The sequencer of the event that found the OCR object gone: an object that is removed again has a new one. */
  removal: z.string().min(1).optional(),
});
export type EmbedNdjsonMessage = z.infer<typeof embedNdjsonMessageSchema>;

/** EMBED_NDJSON_QUEUE as well: this receipt's annotation has changed. What counts is the object when it is looked at. */
export const annotationMessageSchema = z.object({
  version: z.literal(MESSAGE_VERSION),
  type: z.literal('ANNOTATION'),
  image_id: imageIdSchema,
  receipt_id: receiptIdSchema,
  bucket: z.string().min(3).max(63),
});
export type AnnotationMessage = z.infer<typeof annotationMessageSchema>;

/**
 * A collection's queue: a doorbell. It says that the run table holds work for the collection; the
 * table is the list of it, so one message may lead to many runs being merged, and a lost one loses nothing.
 */
export const compactionMessageSchema = z.object({
  version: z.literal(MESSAGE_VERSION),
  type: z.literal('COMPACTION_RUN'),
  run_id: runIdSchema,
  image_id: imageIdSchema,
  receipt_id: receiptIdSchema,
  collection: collectionSchema,
  delta_key: z.string().min(1),
});
export type CompactionMessage = z.infer<typeof compactionMessageSchema>;

/** The message attributes that consumers of the old system filter on. */
export const compactionMessageAttributes = (
  source: 'stream-processor' | 'reconcile-runs',
  collection: Collection,
) => {
  const text = (value: string) => ({ DataType: 'String', StringValue: value });
  return {
    source: text(source),
    entity_type: text('COMPACTION_RUN'),
    event_name: text('INSERT'),
    collection: text(collection),
  };
};

/** FIFO deduplication: the same run is sent once per collection within SQS's five minutes. */
export const compactionDeduplicationId = (runId: string, collection: Collection): string =>
  `${runId}:${collection}`;

/**
 * The reconciler's doorbell has an id of its own: the run's first id may have been used within SQS's five
 * minutes, and the message that it would be taken for may be lost. One round sends once, though it be retried.
 */
export const reconcileDeduplicationId = (collection: Collection, round: string): string =>
  `${collection}:reconcile:${round}`;

export { runIdSchema };
