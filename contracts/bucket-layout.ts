import { createHash } from 'node:crypto';
import type { Collection } from './collections';
import { imageSpellings, padded, type ReceiptReference } from './record-id';

/** Where the user drops OCR results; the bucket's notification is filtered to it. */
export const OCR_PREFIX = 'ocr/';
/** Where the user says what else is to stand on a receipt's records; the notification covers it too. */
export const ANNOTATIONS_PREFIX = 'annotations/';
/** What was read from OCR results, before it is embedded. */
export const ROWS_PREFIX = 'receipts/';
/** What could not be understood is kept here, whole, with the reason beside it. */
export const QUARANTINE_PREFIX = 'quarantine/';

const receiptFile = ({ imageId, receiptId }: ReceiptReference): string =>
  `${imageId}/receipt-${padded(receiptId)}.json`;
export const ocrKey = (receipt: ReceiptReference): string => `${OCR_PREFIX}${receiptFile(receipt)}`;
export const annotationKey = (receipt: ReceiptReference): string =>
  `${ANNOTATIONS_PREFIX}${receiptFile(receipt)}`;

/** A receipt's keys by either spelling of its image's id, ours first. */
const inBothSpellings =
  (keyOf: (receipt: ReceiptReference) => string) =>
  ({ imageId, receiptId }: ReceiptReference): string[] =>
    imageSpellings(imageId).map((id) => keyOf({ imageId: id, receiptId }));
/** Where a receipt's OCR object may stand. */
export const ocrKeys = inBothSpellings(ocrKey);
/** Where a receipt's annotation may stand. */
export const annotationKeys = inBothSpellings(annotationKey);

const RECEIPT_FILE = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/receipt-(\d{5})\.json$/i;

/**
 * The receipt that an object below a prefix describes, or undefined when the key has another form, such as an id of
 * small and capital letters: nobody writes those, and each further spelling would be one more place to look at.
 */
function parseReceiptKey(prefix: string, key: string): ReceiptReference | undefined {
  const file = key.startsWith(prefix) ? key.slice(prefix.length) : '';
  const [, imageId, receiptId] = RECEIPT_FILE.exec(file) ?? [];
  if (imageId === undefined) return undefined;
  const id = imageId.toLowerCase();
  return imageId === id || imageId === id.toUpperCase()
    ? { imageId: id, receiptId: Number(receiptId) }
    : undefined;
}
export const parseOcrKey = (key: string) => parseReceiptKey(OCR_PREFIX, key);
export const parseAnnotationKey = (key: string) => parseReceiptKey(ANNOTATIONS_PREFIX, key);

/**
 * The receipt whose OCR object may hold several receipts of its image. Another receipt's own OCR object takes precedence
 * over what this one says of it.
 */
export const FIRST_RECEIPT = 1;

/**
 * Where is noted which receipts the OCR object of {@link FIRST_RECEIPT} has ever held beside its own, one empty object
 * each: those that it no longer holds are removed, and no others of the image.
 */
export const heldTogetherPrefix = (imageId: string): string =>
  `${ROWS_PREFIX}${imageId}/with-receipt-${padded(FIRST_RECEIPT)}/`;
export const heldTogetherKey = ({ imageId, receiptId }: ReceiptReference): string =>
  `${heldTogetherPrefix(imageId)}receipt-${padded(receiptId)}`;
/** The receipt that a key below {@link heldTogetherPrefix} notes. */
export const receiptHeldTogether = (key: string): number => Number(/\d{5}$/.exec(key)?.[0]);

/**
 * The NDJSON rows of one receipt for one collection. Each state of the OCR object has keys of its own, so that
 * what was read from one is never overwritten by, nor mixed with, what was read from another.
 *
 * @param etag - of the OCR object; null when it was removed, or no longer holds the receipt.
 */
export const ndjsonKey = (
  { imageId, receiptId }: ReceiptReference,
  etag: string | null,
  collection: Collection,
): string =>
  `${ROWS_PREFIX}${imageId}/receipt-${padded(receiptId)}/${etag?.replaceAll(/[^\w-]/g, '') ?? 'removed'}/${collection}.ndjson`;

export const deltaPrefix = (collection: Collection): string => `${collection}/delta/`;
export const deltaKey = (collection: Collection, runId: string): string =>
  `${deltaPrefix(collection)}${runId}/delta.arrow`;
/** The form that the old system wrote: a tarred Chroma persist directory. Read, never written. */
export const legacyDeltaKey = (collection: Collection, runId: string): string =>
  `${deltaPrefix(collection)}${runId}/delta.tar.gz`;

/**
 * The object tag that a checkpoint puts on every delta that its snapshot covers. The bucket's lifecycle
 * expires only tagged deltas, so a delta can never go before a durable snapshot holds its vectors.
 */
export const COVERED_DELTA_TAG = { Key: 'covered-by-snapshot', Value: 'true' } as const;
/**
 * The key of the second tag: the version id of the snapshot that was the first to cover the delta. A rebuild
 * from an older snapshot must not pass over it. Deltas that were tagged without it count as covered.
 */
export const COVERED_BY_TAG = 'covered-by';
/** Both: what a checkpoint said of a delta. It holds only beside the snapshot that it tells of. */
export const COVERAGE_TAGS: readonly string[] = [COVERED_DELTA_TAG.Key, COVERED_BY_TAG];

export const snapshotPrefix = (collection: Collection): string => `${collection}/snapshot/`;
/** The object whose body is the current snapshot's version id. */
export const snapshotPointerKey = (collection: Collection): string =>
  `${snapshotPrefix(collection)}latest-pointer.txt`;
export const snapshotVersionPrefix = (collection: Collection, version: string): string =>
  `${snapshotPrefix(collection)}timestamped/${version}/`;
export const snapshotArchiveKey = (collection: Collection, version: string): string =>
  `${snapshotVersionPrefix(collection, version)}snapshot.tar.gz`;
export const snapshotHashKey = (collection: Collection, version: string): string =>
  `${snapshotVersionPrefix(collection, version)}.snapshot_hash`;
export const snapshotManifestKey = (collection: Collection, version: string): string =>
  `${snapshotVersionPrefix(collection, version)}manifest.json`;

/** `YYYYMMDD_HHMMSS[_ffffff_<8hex>]`, UTC: the long form is ours, the short form the old system's. */
const VERSION_ID = /^\d{8}_\d{6}(?:_\d{6}_[0-9a-f]{8})?$/;
export const isVersionId = (text: string): boolean => VERSION_ID.test(text);

/** A version id for a moment. `unique` is eight hexadecimal digits, so that two writers never share an id. */
export function versionId(at: Date, unique: string): string {
  const [date = '', time = ''] = at.toISOString().split('T');
  const [clock = '', fraction = '0'] = time.slice(0, -1).split('.');
  return `${date.replaceAll('-', '')}_${clock.replaceAll(':', '')}_${fraction.padEnd(6, '0')}_${unique}`;
}

/**
 * As {@link versionId}, and later by its text than the versions before, though they came from a clock that is ahead: which
 * of two snapshots covers more is told by their ids.
 */
export function nextVersionId(before: readonly (string | undefined)[], now: Date, unique: string): string {
  const next = versionId(now, unique);
  const latest = before.reduce<string>((a, b = '') => (a < b ? b : a), '');
  const instant = next > latest ? undefined : versionInstant(latest);
  return instant === undefined ? next : versionId(new Date(instant.getTime() + 1000), unique);
}

/** The moment that a version id names, to the second; undefined when the text is not a version id. */
export function versionInstant(version: string): Date | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)/.exec(version) ?? [];
  if (!isVersionId(version) || parts.length < 6) return undefined;
  const [year = 0, month = 1, ...rest] = parts.map(Number);
  return new Date(Date.UTC(year, month - 1, ...rest));
}

/** Where a collection keeps what others had put on records that are no more. Nothing reads it, and it never expires. */
export const replacedPrefix = (collection: Collection): string => `${collection}/replaced/`;
/**
 * @param cause - the id of the run whose delta took the records' place; the version id of the snapshot where one
 *   of another writer was adopted.
 */
export const replacedKey = (collection: Collection, cause: string): string =>
  `${replacedPrefix(collection)}${cause}.ndjson`;

/**
 * Where a bucket keeps, whole and under their own keys, the objects of another that is given up. Nobody reads it.
 *
 * @param folder - the bucket that they came from, or what the operator called it.
 */
export const archivePrefix = (folder: string): string => `archive/${folder}/`;

/** The archive that a key belongs to, as {@link archivePrefix} makes them; undefined where it belongs to none. */
export const archiveOf = (key: string): string | undefined => /^archive\/[^/]*\//.exec(key)?.[0];

/** The keys under which the old infrastructure wrote an object into EVERY bucket it made: nothing is read there. */
export const isDecoyKey = (key: string): boolean =>
  /^(?:[^/]+\/)?(?:snapshot|delta)\/\.placeholder$/.test(key) ||
  /^(?:[^/]+\/)?snapshot\/latest\/pointer\.txt$/.test(key);

/**
 * What the old infrastructure wrote there, as its own deployment (`s3_buckets.py`) has it. An old system that moved its
 * pointer on wrote something else, and that is data.
 */
const DECOY_BODIES = [
  'This folder contains ChromaDB snapshots',
  'This folder contains ChromaDB delta files',
  'snapshot/initial/',
];
const DECOY_SIZES = new Map(
  DECOY_BODIES.map((body) => [createHash('md5').update(body).digest('hex'), Buffer.byteLength(body)]),
);

/**
 * Whether an object is what the old infrastructure wrote into EVERY bucket it made, and so evidence of nothing: by its
 * key, and by its content, which is empty or one of the known texts. Whatever else lies under such a key is data; so is
 * a known text whose ETag is not its MD5 (KMS, an upload in parts): one copy too many loses nothing.
 */
export const isDecoy = ({
  key,
  size,
  etag,
}: {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
}): boolean => isDecoyKey(key) && (size === 0 || DECOY_SIZES.get(etag) === size);
