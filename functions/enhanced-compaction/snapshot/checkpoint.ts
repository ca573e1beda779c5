import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { create } from 'tar';
import {
  COVERED_BY_TAG,
  COVERED_DELTA_TAG,
  snapshotArchiveKey,
  snapshotHashKey,
  snapshotManifestKey,
  snapshotVersionPrefix,
} from '../../../contracts/bucket-layout';
import type { VersionManifest } from '../../../contracts/collection-pointer';
import type { SnapshotManifest } from '../../../contracts/snapshot';
import { hasStatus } from '../../shared/has-status';
import { concurrently } from '../concurrently';
import { Hashing } from '../files/hashing';
import { listFiles } from '../files/list-files';
import { LeaseLost } from '../lease/lease';
import type { Published } from '../lease/publish';
import { listKeys, snapshotVersions } from './locate';
import { isUnadopted, moveSnapshotPointer, readSnapshotPointer, type SnapshotSource } from './pointer-object';

/**
 * Writes a stopped server's directory to S3 as the snapshot `version`: archive, hash and manifest first, the
 * pointer object last and only if nobody has moved it meanwhile. Its deltas are to be tagged then ({@link tagCovered}).
 *
 * @param known - what the version was merged onto: the pointer object may name nothing else.
 * @throws {LeaseLost} when it does, or was moved meanwhile; the object is then unchanged.
 */
export async function writeSnapshot(
  source: SnapshotSource,
  directory: string,
  version: string,
  content: VersionManifest,
  known: Published,
): Promise<void> {
  const { s3, bucket, collection } = source;
  const before = await readSnapshotPointer(source);
  if (before?.version !== version && isUnadopted(before, known)) {
    throw new LeaseLost(
      `The snapshot pointer of ${collection} names ${before?.version}, which another writer put there. ` +
        'The next merge adopts it.',
    );
  }
  const archive = await uploadArchive(source, directory, version);
  const manifest: SnapshotManifest = {
    format_version: 1,
    collection,
    version,
    archive_bytes: archive.bytes,
    archive_sha256: archive.sha256,
    content,
  };
  await put(s3, bucket, snapshotHashKey(collection, version), `md5:${archive.md5}`);
  await put(s3, bucket, snapshotManifestKey(collection, version), JSON.stringify(manifest));
  await moveSnapshotPointer(source, version, before);
}

/** What S3 takes at most is 10,000 parts; a little room, since a tar is more than its files. */
const MOST_PARTS = 9000;
const LEAST_PART_BYTES = 8 * 1024 * 1024;

/**
 * Packs a directory straight into S3: no second copy on the disk, each part sent again where it failed, and in parts
 * what is more than 5 GB. It is a gzip file, as the old system reads it, but stored: compressing vectors takes ten
 * times as long as sending them and saves a twelfth.
 */
async function uploadArchive({ s3, bucket, collection }: SnapshotSource, directory: string, version: string) {
  const files = await listFiles(directory);
  let bytes = 0;
  for (const file of files) bytes += (await stat(join(directory, file))).size;
  const packed = create({ cwd: directory, gzip: { level: 0 }, portable: true }, files);
  const hashing = new Hashing('sha256', 'md5');
  const body = new PassThrough();
  const upload = new Upload({
    client: s3,
    params: {
      Bucket: bucket,
      Key: snapshotArchiveKey(collection, version),
      Body: body,
      ContentType: 'application/gzip',
    },
    partSize: Math.max(LEAST_PART_BYTES, Math.ceil(bytes / MOST_PARTS)),
    // The bucket's own rule removes what an interrupted upload leaves; this function may not.
    leavePartsOnError: true,
  });
  const sent = upload.done().catch((error: unknown) => {
    body.destroy();
    throw error;
  });
  await Promise.all([pipeline(packed, hashing, body), sent]);
  return { bytes: hashing.bytes, ...hashing.digests() };
}

/** Removes the oldest snapshots beyond `kept`, never the one that the pointer object names. */
export async function pruneSnapshots(source: SnapshotSource, current: string, kept: number): Promise<void> {
  const { s3, bucket, collection } = source;
  const versions = await snapshotVersions(source);
  const old = versions.slice(0, Math.max(0, versions.length - kept)).filter((version) => version < current);
  for (const version of old) {
    const keys = await listKeys(s3, bucket, snapshotVersionPrefix(collection, version));
    await concurrently(keys, (Key) => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key })));
  }
}

/** Tags the deltas that a snapshot covers, so that they may expire. */
export async function tagCovered(
  { s3, bucket }: SnapshotSource,
  { uncovered_deltas, unmerged_deltas }: VersionManifest,
  version: string,
): Promise<void> {
  const Tagging = { TagSet: [COVERED_DELTA_TAG, { Key: COVERED_BY_TAG, Value: version }] };
  await concurrently([...new Set([...uncovered_deltas, ...unmerged_deltas])], (Key) =>
    s3.send(new PutObjectTaggingCommand({ Bucket: bucket, Key, Tagging })).catch((error: unknown) => {
      // A delta that somebody removed needs no tag: the snapshot holds its vectors. Of one that a delete marker hides S3
      // says 405 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html).
      if (!hasStatus(error, 404, 405)) throw error;
    }),
  );
}

const put = (s3: S3Client, Bucket: string, Key: string, Body: string) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body }));
