import { createHash } from 'node:crypto';
import { z } from 'zod';
import { collectionSchema } from './collections';
import { runIdSchema } from './messages';
import { imageIdSchema, receiptIdSchema } from './record-id';

/** The format of a delta that is a whole receipt. */
export const DELTA_FORMAT_VERSION = 1;
/**
 * The format of a delta that is an annotation: it has no records, and those of its receipt stay. A reader that does
 * not know it has to refuse it, since it would take it for a receipt without lines and remove all of its records.
 */
export const ANNOTATION_FORMAT_VERSION = 2;

/** The schema metadata of a delta's Arrow file. Arrow keeps metadata as text, hence the coercions. */
export const deltaHeaderSchema = z.object({
  format_version: z.coerce.number().pipe(z.literal([DELTA_FORMAT_VERSION, ANNOTATION_FORMAT_VERSION])),
  run_id: runIdSchema,
  collection: collectionSchema,
  image_id: imageIdSchema,
  receipt_id: z.coerce.number().pipe(receiptIdSchema),
  created_at: z.iso.datetime(),
  model: z.string().min(1),
  dimensions: z.coerce.number().int().positive(),
  text_format_version: z.coerce.number().int().positive(),
  records: z.coerce.number().int().nonnegative(),
  /** The text of the annotation, in the format of one. */
  annotation: z.string().optional(),
});
export type DeltaHeader = z.infer<typeof deltaHeaderSchema>;

/**
 * A number as Chroma wrote it, where JavaScript would write another: `1.0`, which is a float there and no integer,
 * or an integer of more than 53 bits.
 */
export interface WrittenNumber {
  readonly '#number': string;
}
type MetadataScalar = string | number | boolean | WrittenNumber;

/** Chroma's metadata values. Arrays hold values of one kind. `null` does not occur: it takes a key away. */
export type MetadataValue = MetadataScalar | readonly MetadataScalar[];
export type RecordMetadata = Readonly<Record<string, MetadataValue>>;

/** What a Chroma collection stores, and the hash that tells whether it changed. */
export interface HashedRecord {
  readonly id: string;
  readonly document: string;
  readonly metadata: RecordMetadata;
  /** Length `dimensions`. */
  readonly embedding: Float32Array;
  /** {@link contentHash} of the record. */
  readonly contentHash: string;
}

/**
 * The metadata of which a whole number is a float all the same: to Chroma 1 and 1.0 are of two types, and a filter on
 * numbers of one does not find the other. Ids are integers.
 */
export const FLOAT_KEYS: ReadonlySet<string> = new Set([
  'confidence',
  'avg_word_confidence',
  'label_confidence',
  'x',
  'y',
  'width',
  'height',
  'angle_degrees',
]);

/** One record of a delta. */
export interface DeltaRecord extends HashedRecord {
  /** What the embedding was made of: beside the document its neighbours, say. Not stored in the collection. */
  readonly embeddedText: string;
}

/**
 * A delta is the WHOLE receipt in one collection: an id of the receipt that it lacks is to be deleted. Only one that
 * {@link isAnnotation} is not: it says what is to stand on the records that are there.
 */
export interface Delta {
  readonly header: DeltaHeader;
  readonly records: readonly DeltaRecord[];
}

export const isAnnotation = ({ header }: Pick<Delta, 'header'>): boolean =>
  header.format_version === ANNOTATION_FORMAT_VERSION;

/** The metadata key under which a merged record carries its content hash. */
export const CONTENT_HASH_KEY = 'content_hash';

/**
 * What decides whether a stored record must be written again: document, metadata (key order aside) and the
 * embedding itself. 32 hexadecimal digits of SHA-256.
 */
export function contentHash(record: Omit<HashedRecord, 'contentHash' | 'id'>): string {
  const metadata = Object.entries(record.metadata).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const { buffer, byteOffset, byteLength } = record.embedding;
  return createHash('sha256')
    .update(JSON.stringify([record.document, metadata]))
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex')
    .slice(0, 32);
}
