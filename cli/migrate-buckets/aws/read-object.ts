import type { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { saying } from '../../shared/aws/explain';
import { failureOf, isMissing } from '../../shared/aws/failure';
import { bareEtag, type ListedObject } from '../listing/listed-object';

/** Opens an object, pinned to the ETag that was listed. */
export async function openBody(
  s3: S3Client,
  bucket: string,
  { key, etag, versionId }: ListedObject,
): Promise<Readable> {
  const { Body } = await saying(`read ${key} in ${bucket}`, bucket, () =>
    s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: etag, VersionId: versionId })),
  );
  return Body as Readable;
}

/** The text of a small object. */
export async function readText(s3: S3Client, bucket: string, object: ListedObject): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await openBody(s3, bucket, object)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** The text of a small object, or undefined where there is none. Any other failure is an error. */
export const readTextIfAny = (s3: S3Client, bucket: string, key: string): Promise<string | undefined> =>
  saying(`read ${key} in ${bucket}`, bucket, async () => {
    try {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return await Body?.transformToString();
    } catch (error) {
      const failure = failureOf(error);
      if (isMissing(failure) && failure.code !== 'NoSuchBucket') return undefined;
      throw error;
    }
  });

/** The ETag of a current object as it is now, or undefined where there is none. Throws any other failure as it came. */
export async function etagOf(
  s3: S3Client,
  bucket: string,
  key: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const request = new HeadObjectCommand({ Bucket: bucket, Key: key });
    const { ETag } = await s3.send(request, { abortSignal: signal });
    return ETag === undefined ? undefined : bareEtag(ETag);
  } catch (error) {
    if (isMissing(failureOf(error))) return undefined;
    throw error;
  }
}
