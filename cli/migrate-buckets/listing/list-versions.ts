import { ListObjectVersionsCommand, type S3Client } from '@aws-sdk/client-s3';
import { isOwnKey, OWN_PREFIX } from '../../../contracts/migrate-buckets/own-objects';
import { explain } from '../../shared/aws/explain';
import { UserError } from '../../shared/user-error';
import { bareEtag, decodeListedKey, type ListedObject } from './listed-object';
import { PageOrder } from './page-order';

/** One version or delete marker, as it stands in the bucket. An unversioned bucket has versions `null`. */
export interface ListedVersion {
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
  /** Empty for a delete marker. */
  readonly etag: string;
  readonly size: number;
  readonly storageClass: string;
  readonly modified: number;
}

/**
 * Lists every version in key order, page after page, without our own objects. Verification and retirement see the
 * buckets through this, the copy through ListObjectsV2: a fault of one listing cannot hide itself in the proof.
 *
 * @throws {UserError} when any page fails or the listing breaks off.
 */
export async function* listVersions(
  s3: S3Client,
  bucket: string,
  signal: AbortSignal,
  prefix?: string,
): AsyncGenerator<ListedVersion> {
  for await (const version of everyVersion(s3, bucket, signal, prefix))
    if (!isOwnKey(version.key)) yield version;
}

/** Lists every version of our own objects alone, in the same way. */
export async function* listOwnVersions(
  s3: S3Client,
  bucket: string,
  signal: AbortSignal,
): AsyncGenerator<ListedVersion> {
  for await (const version of everyVersion(s3, bucket, signal, OWN_PREFIX))
    if (isOwnKey(version.key)) yield version;
}

async function* everyVersion(
  s3: S3Client,
  bucket: string,
  signal: AbortSignal,
  prefix?: string,
): AsyncGenerator<ListedVersion> {
  const what = `${bucket}'s versions`;
  const order = new PageOrder(what, true);
  let marker: Marker | undefined = {};
  while (marker !== undefined) {
    signal.throwIfAborted();
    const page = await request(s3, bucket, { ...marker, Prefix: prefix }, signal);
    const decode = (key: string) => (page.EncodingType === 'url' ? decodeListedKey(key) : key);
    const entries = [
      ...(page.Versions ?? []).map((entry) => ({ ...entry, isDeleteMarker: false })),
      ...(page.DeleteMarkers ?? []).map((entry) => ({ ...entry, ...NOTHING, isDeleteMarker: true })),
    ].map((entry): ListedVersion => {
      const { Key, VersionId, IsLatest, LastModified, ETag, Size, StorageClass, isDeleteMarker } = entry;
      if (Key === undefined || (!isDeleteMarker && (ETag === undefined || Size === undefined))) {
        throw new UserError(`The listing of ${bucket}'s versions holds an entry without key, ETag or size.`);
      }
      return {
        key: decode(Key),
        versionId: VersionId ?? 'null',
        isLatest: IsLatest ?? false,
        isDeleteMarker,
        etag: bareEtag(ETag ?? ''),
        size: Size ?? 0,
        storageClass: StorageClass ?? 'STANDARD',
        modified: LastModified?.getTime() ?? 0,
      };
    });
    for (const isDeleteMarker of [false, true]) {
      const half = entries.filter((entry) => entry.isDeleteMarker === isDeleteMarker);
      new PageOrder(what, true).check(half.map(({ key }) => key));
    }
    const versions = interleave(entries);
    order.check(versions.map(({ key }) => key));
    yield* versions;
    const { NextKeyMarker: key, NextVersionIdMarker: id } = page;
    const next = order.next(page.IsTruncated, key === undefined ? undefined : JSON.stringify([key, id]));
    marker =
      next === undefined || key === undefined ? undefined : { KeyMarker: decode(key), VersionIdMarker: id };
  }
}

/** The current objects among the versions, as a listing. */
export async function* currentObjects(versions: AsyncIterable<ListedVersion>): AsyncGenerator<ListedObject> {
  for await (const version of versions) {
    if (version.isLatest && !version.isDeleteMarker) yield objectOf(version);
  }
}

/** A version as an object that can be read. */
export const objectOf = ({
  key,
  size,
  etag,
  storageClass,
  modified,
  versionId,
}: ListedVersion): ListedObject => ({
  key,
  size,
  etag,
  storageClass,
  modified,
  ...(versionId === 'null' ? {} : { versionId }),
});

interface Marker {
  readonly KeyMarker?: string | undefined;
  readonly VersionIdMarker?: string | undefined;
}

async function request(
  s3: S3Client,
  bucket: string,
  where: Marker & { readonly Prefix: string | undefined },
  signal: AbortSignal,
) {
  try {
    return await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, EncodingType: 'url', ...where }), {
      abortSignal: signal,
    });
  } catch (error) {
    throw explain(error, `list the versions in ${bucket}`, bucket);
  }
}

/** What a delete marker has not. */
const NOTHING = { ETag: undefined, Size: undefined, StorageClass: undefined };

/** The SDK hands versions and markers in two lists; within a page they belong in key order again. */
const interleave = (entries: ListedVersion[]): ListedVersion[] =>
  entries.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || b.modified - a.modified);
