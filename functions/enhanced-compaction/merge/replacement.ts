import { isDeepStrictEqual } from 'node:util';
import { CONTENT_HASH_KEY, type HashedRecord, type RecordMetadata } from '../../../contracts/delta';
import { FRESH_METADATA, foreignMetadata } from '../../../contracts/metadata-keys';
import type { ReplacedReason, ReplacedRecord } from '../../../contracts/replaced-record';
import type { RecordUpdate, StoredRecord } from '../chroma/collection';

/** How a new record takes a stored one's place. */
export interface Replacement {
  readonly update: RecordUpdate;
  /** The whole metadata that the record has then. */
  readonly after: RecordMetadata;
  /** The foreign metadata that the stored record loses, if any. */
  readonly replaced: ReplacedRecord | undefined;
}

/**
 * Sets what the new record has, and takes away every other key of the pipeline's own, so that no key of an older form
 * shines through. Foreign metadata stays, untouched, where the text is the same; it goes where the text is another.
 */
export function replacement(stored: StoredRecord, record: HashedRecord): Replacement {
  const isSameText = textOf(stored) === record.document;
  const staying = isSameText ? foreignMetadata(stored.metadata) : {};
  const set = Object.entries(record.metadata).filter(
    ([key, value]) => !(Object.hasOwn(staying, key) && value === FRESH_METADATA[key]),
  );
  const written = Object.fromEntries(set);
  const after = { ...staying, ...written, [CONTENT_HASH_KEY]: record.contentHash };
  const gone = Object.keys(stored.metadata).filter((key) => !Object.hasOwn(after, key));
  return {
    update: { ...record, metadata: { ...written, ...Object.fromEntries(gone.map((key) => [key, null])) } },
    after,
    replaced: replacedRecord(stored, after, isSameText ? 'value-changed' : 'text-changed'),
  };
}

/** A record that is stored as it is to be: nothing of its metadata is named. */
export const untouched = ({ metadata }: StoredRecord, record: HashedRecord): Replacement => ({
  update: { ...record, metadata: {} },
  after: metadata,
  replaced: undefined,
});

/**
 * Takes up what other stored records say of the same one, which are there under other spellings of its id and go: their
 * foreign metadata, where the text is the same and nobody has said anything there yet.
 *
 * @returns with what is lost of all of them and of the replaced one.
 */
export function joined(replaced: Replacement, others: readonly StoredRecord[]) {
  const lost = [replaced.replaced];
  let { update, after } = replaced;
  for (const other of others) {
    const isSameText = textOf(other) === update.document;
    const taken = Object.fromEntries(
      Object.entries(isSameText ? foreignMetadata(other.metadata) : {}).filter(
        ([key]) => !Object.hasOwn(after, key) || after[key] === FRESH_METADATA[key],
      ),
    );
    after = { ...after, ...taken };
    update = { ...update, metadata: { ...update.metadata, ...taken } };
    lost.push(replacedRecord(other, after, isSameText ? 'value-changed' : 'text-changed'));
  }
  const hasTaken = Object.keys(after).some((key) => after[key] !== replaced.after[key]);
  return { replacement: { ...replaced, update, after }, hasTaken, lost };
}

/**
 * What a stored record loses of its foreign metadata.
 *
 * @param after - what its id has from now on; a value that stands there unchanged is not lost.
 * @returns undefined when it loses nothing.
 */
export function replacedRecord(
  { id, document, metadata: before }: StoredRecord,
  after: RecordMetadata,
  why: ReplacedReason,
): ReplacedRecord | undefined {
  const lost = Object.entries(foreignMetadata(before)).filter(
    ([key, value]) => !isDeepStrictEqual(value, after[key]),
  );
  return lost.length === 0 ? undefined : { id, document, metadata: Object.fromEntries(lost), why };
}

/** The record's text. The earliest records of the old system say it in their metadata alone. */
const textOf = ({ document, metadata }: StoredRecord) => document ?? metadata.text;
