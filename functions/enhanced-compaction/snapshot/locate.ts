import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import {
  isDecoyKey,
  isVersionId,
  snapshotArchiveKey,
  snapshotHashKey,
  snapshotManifestKey,
  snapshotPointerKey,
  snapshotPrefix,
  snapshotVersionPrefix,
} from '../../../contracts/bucket-layout';
import { type SnapshotManifest, snapshotManifestSchema } from '../../../contracts/snapshot';
import { readObject } from '../../shared/read-object';
import { readSnapshotPointer, type SnapshotSource } from './pointer-object';

/** A snapshot as it lies in the bucket; older ones hold loose files, and neither hash nor manifest. */
export interface LocatedSnapshot {
  readonly version: string;
  readonly manifest: SnapshotManifest | undefined;
  /** Hexadecimal MD5 of the archive. */
  readonly md5: string | undefined;
  /** The archive's key, or the keys of the loose files by their relative paths. */
  readonly content: { readonly archive: string } | { readonly files: ReadonlyMap<string, string> };
}

/**
 * Finds a collection's snapshot by its pointer object.
 *
 * @returns undefined only when there is no pointer AND a successful listing shows no snapshot: then, and only
 *   then, may the collection be created empty.
 * @throws {Error} when the pointer is unreadable, names a version that is not there, or is missing beside one.
 */
export async function locateSnapshot(source: SnapshotSource): Promise<LocatedSnapshot | undefined> {
  const { s3, bucket, collection } = source;
  const pointer = await readSnapshotPointer(source);
  if (pointer === undefined) {
    const [stray] = (await listKeys(s3, bucket, snapshotPrefix(collection))).filter(
      (key) => !isDecoyKey(key),
    );
    if (stray === undefined) return undefined;
    throw new Error(
      `The bucket holds ${stray} but no ${snapshotPointerKey(collection)}. ` +
        'Write the version id of the snapshot that is the truth into that object. Where none is, as after a first ' +
        'checkpoint that was interrupted, move the folders below timestamped/ away. ' +
        'Nothing is created empty beside a snapshot.',
    );
  }
  const snapshot = await snapshotOf(source, pointer.version);
  if (snapshot !== undefined) return snapshot;
  throw new Error(
    `${snapshotPointerKey(collection)} names ${pointer.version}, which holds no snapshot. Point it to one that exists.`,
  );
}

/** The snapshot of a version, whatever the pointer object names; undefined when there is none. */
export async function snapshotOf(
  { s3, bucket, collection }: SnapshotSource,
  version: string,
): Promise<LocatedSnapshot | undefined> {
  const prefix = snapshotVersionPrefix(collection, version);
  const keys = await listKeys(s3, bucket, prefix);
  const archive = snapshotArchiveKey(collection, version);
  const described = [snapshotHashKey(collection, version), snapshotManifestKey(collection, version)];
  const loose = keys.filter((key) => !described.includes(key) && !key.endsWith('/'));
  if (loose.length === 0) return undefined;
  const manifest = await readObject(s3, bucket, snapshotManifestKey(collection, version));
  const hash = await readObject(s3, bucket, snapshotHashKey(collection, version));
  return {
    version,
    manifest: manifest && snapshotManifestSchema.parse(JSON.parse(manifest.bytes.toString())),
    md5: /^md5:([0-9a-f]{32})$/.exec(hash?.bytes.toString().trim() ?? '')?.[1],
    content: keys.includes(archive)
      ? { archive }
      : { files: new Map(loose.map((key) => [key.slice(prefix.length), key])) },
  };
}

/** The versions that the bucket has snapshots of, oldest first, whatever they hold. */
export async function snapshotVersions({ s3, bucket, collection }: SnapshotSource): Promise<string[]> {
  const prefix = `${snapshotPrefix(collection)}timestamped/`;
  const keys = await listKeys(s3, bucket, prefix);
  const names = keys.map((key) => key.slice(prefix.length).split('/')[0] ?? '');
  return [...new Set(names)].filter(isVersionId).sort();
}

export const listKeys = async (s3: S3Client, bucket: string, prefix: string): Promise<string[]> =>
  (await listObjects(s3, bucket, prefix)).map(({ key }) => key);

/** The objects below a prefix, with the milliseconds since the epoch at which they were written. */
export async function listObjects(
  s3: S3Client,
  bucket: string,
  prefix: string,
): Promise<{ key: string; written: number }[]> {
  const objects: { key: string; written: number }[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2(
    { client: s3 },
    { Bucket: bucket, Prefix: prefix },
  )) {
    for (const { Key, LastModified } of Contents) {
      if (Key !== undefined) objects.push({ key: Key, written: LastModified?.getTime() ?? 0 });
    }
  }
  return objects;
}
