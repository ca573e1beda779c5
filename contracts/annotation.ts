import { z } from 'zod';
import { CHROMA_CLOUD_LIMITS } from './chroma-cloud';
import type { Collection } from './collections';
import type { MetadataValue, WrittenNumber } from './delta';
import { isChromaKey, isOwnedKey } from './metadata-keys';
import { lineIdSchema, type ReceiptReference, recordId, wordIdSchema } from './record-id';

/** What is written over a record's metadata: null takes a key away, and a key that is not named stays. */
export type MetadataChange = Readonly<Record<string, MetadataValue | null>>;

/** An annotation is to be usable wherever the collection is. */
const { keyBytes: LONGEST_KEY, valueBytes: LONGEST_TEXT, metadataKeys } = CHROMA_CLOUD_LIMITS;
/** A word has up to 17 that the pipeline owns. */
const MOST_KEYS = metadataKeys - 17;

/**
 * What an annotation may say of a key, in one form for each number, so that what was read equals what Chroma gives
 * back: to Chroma 1 and 1.0 are of two types, and `1e-5` is `0.00001`.
 *
 * @returns undefined when Chroma does not take the value, or changes it: an empty list (it drops the key without a
 *   word), a list of several kinds, a text with half a character, a number beyond 53 bits.
 */
export function writtenValue(value: unknown): MetadataValue | undefined {
  if (!Array.isArray(value)) return writtenScalar(value);
  const items = value.flatMap((item) => writtenScalar(item) ?? []);
  const kinds = new Set(items.map(kindOf));
  return items.length === value.length && kinds.size === 1 ? items : undefined;
}

type WrittenScalar = string | number | boolean | WrittenNumber;

function writtenScalar(value: unknown): WrittenScalar | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    return Buffer.byteLength(value) <= LONGEST_TEXT && !/\p{Cs}/u.test(value) ? value : undefined;
  }
  const written = typeof value === 'number' ? String(value) : numberText(value);
  const number = Number(written);
  if (written === undefined || !(Math.abs(number) <= Number.MAX_SAFE_INTEGER)) return undefined;
  if (!Number.isInteger(number)) return number;
  // Adding 0 makes 0 of -0, which Chroma does not keep.
  return /[.e]/i.test(written) ? { '#number': `${number + 0}.0` } : number + 0;
}

const numberText = (value: unknown): string | undefined => {
  const text =
    typeof value === 'object' && value !== null && '#number' in value ? value['#number'] : undefined;
  return typeof text === 'string' ? text : undefined;
};

const kindOf = (value: WrittenScalar): string => {
  if (typeof value === 'object') return 'float';
  return typeof value === 'number' && !Number.isInteger(value) ? 'float' : typeof value;
};

const valueSchema = z.unknown().transform((value, context): MetadataValue | null => {
  const written = value === null ? null : writtenValue(value);
  if (written !== undefined) return written;
  context.addIssue({
    code: 'custom',
    message: `is not a text of at most ${LONGEST_TEXT} bytes, a number of at most 53 bits, true, false, a list of one kind of these with something in it, or null, which takes the key away`,
  });
  return z.NEVER;
});

const NOT_TAKEN = 'Chroma does not take this key';

/** Why an annotation may not name a key; undefined when it may. */
function refusal(key: string, value: MetadataValue | null): string | undefined {
  if (isOwnedKey(key)) return 'the pipeline owns this key: it tells what was read off the picture, and where';
  if (!isChromaKey(key)) return NOT_TAKEN;
  // A longer one that an older writer has left may be taken away.
  if (value !== null && Buffer.byteLength(key) > LONGEST_KEY) {
    return `this key is longer than ${LONGEST_KEY} bytes, which Chroma Cloud does not take`;
  }
  return undefined;
}

const PROTO = '__proto__';

const metadataSchema = z
  .unknown()
  .superRefine((value, context) => {
    // A record's schema passes it over without a word.
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, PROTO))
      context.addIssue({ code: 'custom', path: [PROTO], message: NOT_TAKEN });
  })
  .pipe(z.record(z.string(), valueSchema))
  .superRefine((metadata, context) => {
    for (const [key, value] of Object.entries(metadata)) {
      const message = refusal(key, value);
      if (message !== undefined) context.addIssue({ code: 'custom', path: [key], message });
    }
  })
  .readonly();

/**
 * `annotations/{image_id}/receipt-{receipt_id}.json`: foreign metadata of a receipt's records, for all of them in both
 * collections, and over that for single ones. A line is named by the id of its record, that of the first line of
 * its row. What it does not name it does not touch.
 */
export const annotationSchema = z
  .strictObject({
    receipt: metadataSchema.default({}),
    lines: z.array(z.strictObject({ line_id: lineIdSchema, metadata: metadataSchema })).default([]),
    words: z
      .array(z.strictObject({ line_id: lineIdSchema, word_id: wordIdSchema, metadata: metadataSchema }))
      .default([]),
  })
  .superRefine(({ receipt, lines, words }, context) => {
    for (const [collection, records] of Object.entries({ lines, words })) {
      const seen = new Set<string>();
      for (const [index, { metadata, ...named }] of records.entries()) {
        const refuse = (message: string) =>
          context.addIssue({ code: 'custom', path: [collection, index], message });
        const name = JSON.stringify(named);
        if (seen.has(name)) refuse('this record is named twice');
        seen.add(name);
        if (keysSet({ ...receipt, ...metadata }) > MOST_KEYS) refuse(TOO_MANY);
      }
    }
    if (keysSet(receipt) > MOST_KEYS)
      context.addIssue({ code: 'custom', path: ['receipt'], message: TOO_MANY });
  });
export type Annotation = Readonly<z.infer<typeof annotationSchema>>;

const TOO_MANY = `more than ${MOST_KEYS} keys are set on one record: with those of the pipeline's own, Chroma Cloud does not take more`;
const keysSet = (change: MetadataChange): number =>
  Object.values(change).filter((value) => value !== null).length;

/** What an annotation says of single records of a collection, by their ids. */
export function namedRecords(
  annotation: Annotation,
  collection: Collection,
  receipt: ReceiptReference,
): Map<string, MetadataChange> {
  return new Map(
    annotation[collection].map(({ metadata, line_id, ...word }) => [
      recordId({ ...receipt, lineId: line_id, ...('word_id' in word && { wordId: word.word_id }) }),
      metadata,
    ]),
  );
}
