import type { Collection } from './collections';
import { CONTENT_HASH_KEY, type MetadataValue, type RecordMetadata } from './delta';

/**
 * The metadata keys that the pipeline owns: they tell where a record comes from and what was read off the
 * picture, so they belong to one embedding of the receipt and are stale after the next. A replacement sets those
 * that the new record has and takes the others away, whoever wrote them. Every other key is foreign: see
 * {@link foreignMetadata}.
 */
const OWNED_KEYS: ReadonlySet<string> = new Set([
  // Which record it is.
  'image_id',
  'receipt_id',
  'line_id',
  'word_id',
  'row_line_ids',
  'source',
  CONTENT_HASH_KEY,
  // What was read, and where it stands.
  'text',
  'confidence',
  'avg_word_confidence',
  'x',
  'y',
  'width',
  'height',
  'angle_degrees',
  // What stands beside it.
  'left',
  'right',
  // What the text means, as the OCR recognised it.
  'normalized_phone_10',
  'normalized_full_address',
  'normalized_url',
  // Earlier forms of the old system, which no record is written with any more: the neighbours of a line, of which
  // half were wrong, the number of its words, and what kind of text was embedded. Beside a new text they would
  // contradict it, and a reader that tells forms apart by them would take a new record for an old one.
  'prev_line',
  'next_line',
  'word_count',
  'embedding_type',
]);

/**
 * What a fresh record says where nobody has said anything yet. The keys are foreign all the same: what a person or
 * another program wrote there outlasts an embedding, and the fresh value itself is worth nothing.
 */
export const FRESH_METADATA: RecordMetadata = { label_status: 'unvalidated', merchant_name: '' };

/** What of {@link FRESH_METADATA} a fresh record of each collection has. */
const FRESH_KEYS: Readonly<Record<Collection, ReadonlySet<string>>> = {
  lines: new Set(['label_status']),
  words: new Set(['label_status', 'merchant_name']),
};

/** What a fresh record of a collection says under a key; undefined when it does not have it. */
export const freshValue = (collection: Collection, key: string): MetadataValue | undefined =>
  FRESH_KEYS[collection].has(key) ? FRESH_METADATA[key] : undefined;

/** Whether Chroma takes a metadata key as one: `chroma:document` is none, but the record's text itself. */
export const isChromaKey = (key: string): boolean => key !== '' && !/^[#$]|^chroma:|\p{Cs}/u.test(key);

export const isOwnedKey = (key: string): boolean => OWNED_KEYS.has(key);

/**
 * What somebody else put on a record: labels, sections, places, and any key that the pipeline does not know.
 * It outlasts every embedding of the same text, and is kept in the bucket where the text changes or the record goes.
 *
 * Deliberately foreign though old writers derived them: `section` and `section_label`, which people correct, and
 * `anchor_phone`, `anchor_address`, `anchor_url`, of which no writer is known. Keeping a key too long can be mended,
 * and losing it cannot.
 */
export const foreignMetadata = (metadata: RecordMetadata): RecordMetadata =>
  Object.fromEntries(
    Object.entries(metadata).filter(([key, value]) => !isOwnedKey(key) && value !== FRESH_METADATA[key]),
  );
