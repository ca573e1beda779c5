import { createHash } from 'node:crypto';
import {
  CreateBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  legacyDeltaKey,
  snapshotArchiveKey,
  snapshotHashKey,
  snapshotManifestKey,
  snapshotPointerKey,
} from '../../contracts/bucket-layout';
import type { Collection } from '../../contracts/collections';
import { isOwnKey } from '../../contracts/migrate-buckets/own-objects';
import type { Snapshot } from './chroma-snapshots';

export const createBucket = (s3: S3Client, bucket: string) =>
  s3.send(new CreateBucketCommand({ Bucket: bucket }));

export const put = (s3: S3Client, bucket: string, key: string, body: string | Buffer, more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: Buffer.from(body), ...more }));

/** What the old infrastructure wrote into every bucket that it made. */
export async function putDecoys(s3: S3Client, bucket: string): Promise<void> {
  for (const collection of ['lines', 'words']) {
    await put(s3, bucket, `${collection}/snapshot/.placeholder`, 'This folder contains ChromaDB snapshots');
    await put(s3, bucket, `${collection}/delta/.placeholder`, '');
    await put(s3, bucket, `${collection}/snapshot/latest/pointer.txt`, 'snapshot/initial/');
  }
}

export async function putSnapshot(
  s3: S3Client,
  bucket: string,
  collection: Collection,
  version: string,
  { archive, hash }: Snapshot,
): Promise<void> {
  await put(s3, bucket, snapshotArchiveKey(collection, version), archive);
  await put(s3, bucket, snapshotHashKey(collection, version), hash);
  await put(s3, bucket, snapshotPointerKey(collection), version);
}

/** What the new pipeline writes beside a snapshot: here, from which snapshots it was built. */
export async function putSnapshotManifest(
  s3: S3Client,
  bucket: string,
  collection: Collection,
  version: string,
  { archive, lineage }: { readonly archive: Buffer; readonly lineage: readonly string[] },
): Promise<void> {
  const manifest = {
    format_version: 1,
    collection,
    version,
    archive_bytes: archive.length,
    archive_sha256: createHash('sha256').update(archive).digest('hex'),
    content: {
      created_at: new Date().toISOString(),
      records: 1,
      space: 'l2',
      model: 'text-embedding-3-small',
      dimensions: 3,
      text_format_version: 1,
      runs: [],
      uncovered_deltas: [],
      uncovered_records: 0,
      lineage,
    },
  };
  await put(s3, bucket, snapshotManifestKey(collection, version), JSON.stringify(manifest));
}

export const putDelta = (s3: S3Client, bucket: string, collection: Collection, run: string) =>
  put(s3, bucket, legacyDeltaKey(collection, run), `delta ${run}`, {
    ContentType: 'application/gzip',
    Metadata: { run },
    Tagging: 'kind=delta',
  });

/** Keys with their ETags, in listing order, without what migrate-buckets keeps there for itself. */
export async function contents(s3: S3Client, bucket: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  let token: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token, EncodingType: 'url' }),
    );
    for (const { Key = '', ETag = '' } of page.Contents ?? []) {
      const key = decodeURIComponent(Key.replaceAll('+', ' '));
      if (!isOwnKey(key)) found.set(key, ETag.replaceAll('"', ''));
    }
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return found;
}
