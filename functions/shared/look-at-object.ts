import { HeadObjectCommand, NotFound, type S3Client } from '@aws-sdk/client-s3';

/** An S3 object at a moment. */
export interface SeenObject {
  readonly key: string;
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /**
   * Tells this state from an earlier one with the same content: the version's id, or in a bucket without versions the ETag
   * and the second in which it was written.
   */
  readonly version: string;
  /** When it was written, to the second. Milliseconds since the epoch. */
  readonly modified: number;
}

/** What an S3 object is at this moment; undefined when there is no such object. */
async function lookAtObject(s3: S3Client, Bucket: string, Key: string): Promise<SeenObject | undefined> {
  try {
    const {
      ETag = '',
      ContentLength = 0,
      VersionId,
      LastModified,
    } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    const modified = LastModified?.getTime() ?? 0;
    // All that is written without a version, or while versions are suspended, has the id "null".
    const isVersioned = VersionId !== undefined && VersionId !== 'null';
    const version = isVersioned ? VersionId : `${ETag} ${modified}`;
    return { key: Key, etag: ETag, size: ContentLength, version, modified };
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

/** What counts of the objects under keys that mean the same. */
export interface LatestObject extends SeenObject {
  /** The keys of those that stand beside it and do not count. */
  readonly passedOver: readonly string[];
}

/**
 * What stands at this moment under any of the keys that mean the same; undefined when nothing does. Of several that which
 * was written last counts, as it would under one key; of one second that of the first key.
 */
export async function lookAtLatest(
  s3: S3Client,
  bucket: string,
  keys: readonly string[],
): Promise<LatestObject | undefined> {
  const seen = await Promise.all(keys.map((key) => lookAtObject(s3, bucket, key)));
  const [latest, ...others] = seen
    .filter((each) => each !== undefined)
    .sort((a, b) => b.modified - a.modified);
  return latest && { ...latest, passedOver: others.map(({ key }) => key) };
}
