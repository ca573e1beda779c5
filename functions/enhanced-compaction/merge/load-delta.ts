import type { S3Client } from '@aws-sdk/client-s3';
import type { RecordLimits } from '../../../contracts/chroma-cloud';
import { CONTENT_HASH_KEY, type Delta, isAnnotation } from '../../../contracts/delta';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import { isChromaKey } from '../../../contracts/metadata-keys';
import { receiptIdPrefix, receiptOf } from '../../../contracts/record-id';
import { parseAnnotation } from '../../shared/annotation';
import { decodeDelta } from '../../shared/delta-file';
import { messageOf } from '../../shared/logging';
import { readObject } from '../../shared/read-object';
import { sha256 } from '../../shared/sha256';
import { excessOf } from '../chroma/record-limits';

/** A delta that can never be merged. Its run FAILS with the message, and no other run does. */
export class UnusableDelta extends Error {
  override readonly name = 'UnusableDelta';
}

export interface DeltaSource {
  readonly s3: S3Client;
  readonly bucket: string;
}

/**
 * Fetches a delta and checks it whole: its bytes against the run's checksum, its header and columns, that
 * each record belongs to its receipt and names no key that Chroma refuses, and that each embedding is one.
 *
 * @param hash - hexadecimal SHA-256, as the run says; undefined when no run is known.
 * @throws {UnusableDelta} when it is missing or wrong. Trouble with S3 is thrown as it is, to be tried again.
 */
export async function loadDelta({ s3, bucket }: DeltaSource, key: string, hash?: string): Promise<Delta> {
  const object = await readObject(s3, bucket, key);
  if (object === undefined) throw new UnusableDelta(`${key} does not exist. Embed the receipt again.`);
  if (hash !== undefined && sha256(object.bytes) !== hash) {
    throw new UnusableDelta(
      `${key} is not the file that its run names: its SHA-256 differs. Embed the receipt again.`,
    );
  }
  let delta: Delta;
  try {
    delta = decodeDelta(object.bytes, key);
    if (isAnnotation(delta)) parseAnnotation(delta.header.annotation ?? '');
  } catch (error) {
    throw new UnusableDelta(messageOf(error));
  }
  checkRecords(delta, key);
  return delta;
}

/**
 * Why a delta must not enter a collection, or undefined when it may. Another text format is no reason: its vectors are
 * comparable, if less alike, and a receipt is replaced as a whole.
 *
 * @param limits - of a record, where its Chroma has some. What the record has beside what the delta says is known when it
 *   is merged.
 */
export function refusal(
  delta: Delta,
  key: string,
  embedding: EmbeddingSpace,
  limits?: RecordLimits,
): string | undefined {
  // It has no embedding that could be of another kind, and its own format has the limits.
  if (isAnnotation(delta)) return undefined;
  const { header } = delta;
  const wrong = [
    ['the model', header.model, embedding.model],
    ['a length of', header.dimensions, embedding.dimensions],
  ].find(([, own, collections]) => own !== collections);
  if (wrong === undefined) return excessIn(delta, key, limits);
  const [what, own, collections] = wrong;
  return `${key} has embeddings of ${what} ${own}, its collection of ${collections}. Embed the receipt again.`;
}

function excessIn({ records }: Delta, key: string, limits: RecordLimits | undefined): string | undefined {
  if (limits === undefined) return undefined;
  for (const { id, document, metadata, contentHash } of records) {
    const stored = { ...metadata, [CONTENT_HASH_KEY]: contentHash };
    const excess = excessOf(limits, { id, document, metadata: stored });
    if (excess !== undefined) {
      return `${key} holds ${excess}. Drop the OCR result again with less, or set chroma.mode to "server".`;
    }
  }
  return undefined;
}

/**
 * The largest squared length of an embedding. A model's vectors have one of about 1, those of whole bytes some 10^7; far
 * above, Chroma's Float32 distances to others are infinite, and it refuses what a search with them would be.
 */
const LARGEST_SQUARE = 1e12;

function checkRecords({ header, records }: Delta, key: string): void {
  if (isAnnotation({ header }) && records.length > 0) {
    throw new UnusableDelta(`${key} is an annotation, and holds records. Put the annotation there again.`);
  }
  const prefix = receiptIdPrefix(receiptOf(header));
  const ids = new Set<string>();
  for (const { id, embedding, metadata } of records) {
    if (!id.startsWith(prefix)) throw new UnusableDelta(`${key} holds the record ${id} of another receipt.`);
    if (ids.has(id)) throw new UnusableDelta(`${key} holds the record ${id} twice.`);
    ids.add(id);
    const refusedKey = Object.keys(metadata).find((name) => !isChromaKey(name));
    if (refusedKey !== undefined) {
      throw new UnusableDelta(
        `${key} names the metadata key ${JSON.stringify(refusedKey)} of the record ${id}, which Chroma does not take. Embed the receipt again.`,
      );
    }
    let squares = 0;
    for (const value of embedding) squares += value * value;
    if (!(Math.fround(squares) > 0 && squares <= LARGEST_SQUARE)) {
      throw new UnusableDelta(
        `${key} holds no usable embedding of the record ${id}. Embed the receipt again.`,
      );
    }
  }
}
