import { HeadObjectCommand, NotFound, type S3Client } from '@aws-sdk/client-s3';

/** What an S3 object is at this moment, its size in bytes; undefined when there is no such object. */
export async function lookAtObject(
  s3: S3Client,
  Bucket: string,
  Key: string,
): Promise<{ readonly etag: string; readonly size: number } | undefined> {
  try {
    const { ETag = '', ContentLength = 0 } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    return { etag: ETag, size: ContentLength };
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}
