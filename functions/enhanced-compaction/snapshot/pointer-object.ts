import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { isVersionId, snapshotPointerKey } from '../../../contracts/bucket-layout';
import type { Collection } from '../../../contracts/collections';
import { hasStatus } from '../../shared/has-status';
import { readObject } from '../../shared/read-object';
import { LeaseLost } from '../lease/lease';
import type { Published } from '../lease/publish';

export interface SnapshotSource {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly collection: Collection;
}

/** What a collection's pointer object names. */
export interface SnapshotPointer {
  readonly version: string;
  readonly etag: string | undefined;
}

/**
 * Reads a collection's pointer object; undefined when there is none.
 *
 * @throws {Error} when it holds no version id.
 */
export async function readSnapshotPointer({
  s3,
  bucket,
  collection,
}: SnapshotSource): Promise<SnapshotPointer | undefined> {
  const Key = snapshotPointerKey(collection);
  const object = await readObject(s3, bucket, Key);
  if (object === undefined) return undefined;
  const version = object.bytes.toString().trim();
  if (!isVersionId(version)) {
    throw new Error(`${Key} holds no version id. Write the newest snapshot's version id into it.`);
  }
  return { version, etag: object.etag };
}

/**
 * Whether another writer put this snapshot there, a migration or the old system's consumer during a rollback, and
 * it is not adopted yet. What the table names does not contain it then, however much newer it may be.
 */
export const isUnadopted = (
  snapshot: Pick<SnapshotPointer, 'version'> | undefined,
  { version, snapshot_version, manifest }: Published,
): boolean =>
  snapshot !== undefined &&
  snapshot.version !== version &&
  snapshot.version !== snapshot_version &&
  !manifest?.lineage.includes(snapshot.version);

/**
 * Points the object to a version, on the condition that it still is what `before` says.
 *
 * @throws {LeaseLost} when it is not.
 */
export async function moveSnapshotPointer(
  { s3, bucket, collection }: SnapshotSource,
  version: string,
  before: SnapshotPointer | undefined,
): Promise<void> {
  const condition = before === undefined ? { IfNoneMatch: '*' } : { IfMatch: before.etag };
  const Key = snapshotPointerKey(collection);
  try {
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: version, ...condition }));
  } catch (error) {
    if (!hasStatus(error, 409, 412)) throw error;
    throw new LeaseLost(`The snapshot pointer of ${collection} was moved by another writer.`);
  }
}
