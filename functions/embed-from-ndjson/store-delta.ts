import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { deltaKey } from '../../contracts/bucket-layout';
import type { Collection } from '../../contracts/collections';
import type { CollectionRun, CompactionRun } from '../../contracts/compaction-run';
import type { Delta } from '../../contracts/delta';
import { type EmbeddingSpace, TEXT_FORMAT_VERSION } from '../../contracts/embedding';
import { decodeDelta, encodeDelta } from '../shared/delta-file';
import { hasStatus } from '../shared/has-status';
import { readObject } from '../shared/read-object';
import { sha256 } from '../shared/sha256';

/** What a run says of one of its deltas. */
export type StoredDelta = Required<Pick<CollectionRun, 'delta_key' | 'delta_sha256' | 'records'>>;

/** What the headers of all of a run's deltas say alike, whatever their format. */
export const commonHeader = (
  { run_id, image_id, receipt_id, created_at }: Omit<CompactionRun, Collection | 'version'>,
  collection: Collection,
  { model, dimensions }: EmbeddingSpace,
) => ({
  run_id,
  image_id,
  receipt_id,
  created_at,
  collection,
  model,
  dimensions,
  text_format_version: TEXT_FORMAT_VERSION,
});

/**
 * Stores a delta under its run's key, once and for ever, with a full-object checksum that S3 verifies.
 *
 * Deltas are immutable: when another delivery of the same message has stored the run's delta already, that
 * one stays and is described, so that the run's checksum is always that of the object.
 */
export async function storeDelta(s3: S3Client, bucket: string, delta: Delta): Promise<StoredDelta> {
  const { collection, run_id } = delta.header;
  const Key = deltaKey(collection, run_id);
  const bytes = encodeDelta(delta);
  const hash = sha256(bytes);
  try {
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key,
        Body: bytes,
        ContentType: 'application/vnd.apache.arrow.file',
        ChecksumSHA256: Buffer.from(hash, 'hex').toString('base64'),
        IfNoneMatch: '*',
      }),
    );
    return { delta_key: Key, delta_sha256: hash, records: delta.records.length };
  } catch (error) {
    if (!hasStatus(error, 412)) throw error;
  }
  const stored = await readObject(s3, bucket, Key);
  if (stored === undefined)
    throw new Error(`${Key} was there and is gone. It is stored with the next delivery.`);
  const { records } = decodeDelta(stored.bytes, Key);
  return { delta_key: Key, delta_sha256: sha256(stored.bytes), records: records.length };
}
