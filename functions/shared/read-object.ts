import { GetObjectCommand, NoSuchKey, type S3Client } from '@aws-sdk/client-s3';

/** An S3 object, whole; undefined when there is no such object. */
export async function readObject(
  s3: S3Client,
  Bucket: string,
  Key: string,
): Promise<{ readonly bytes: Buffer; readonly etag: string | undefined } | undefined> {
  try {
    const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return { bytes: Buffer.from((await Body?.transformToByteArray()) ?? []), etag: ETag };
  } catch (error) {
    if (error instanceof NoSuchKey) return undefined;
    throw error;
  }
}
