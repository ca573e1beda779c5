import { HeadObjectCommand, NotFound, type S3Client } from '@aws-sdk/client-s3';

/** An S3 object at a moment. */
export interface SeenObject {
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
  /** Absent where the bucket keeps no versions. */
  readonly versionId: string | undefined;
}

/** What an S3 object is at this moment; undefined when there is no such object. */
export async function lookAtObject(
  s3: S3Client,
  Bucket: string,
  Key: string,
): Promise<SeenObject | undefined> {
  try {
    const { ETag = '', ContentLength = 0, VersionId } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    return { etag: ETag, size: ContentLength, versionId: VersionId };
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}
