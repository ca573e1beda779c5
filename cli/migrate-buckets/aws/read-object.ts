import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { saying } from '../../shared/aws/explain';
import { failureOf, isMissing } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import { bareEtag, type ListedObject, quotedEtag } from '../listing/listed-object';

async function openBody(
  s3: S3Client,
  bucket: string,
  { key, etag, versionId }: ListedObject,
): Promise<Readable> {
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: bucket, Key: key, IfMatch: quotedEtag(etag), VersionId: versionId }),
  );
  return Body as Readable;
}

/**
 * Reads an object, pinned to the ETag that was listed, and again from its beginning where the connection broke.
 *
 * @param read - takes the body to its end.
 */
export const readBody = <T>(
  s3: S3Client,
  bucket: string,
  object: ListedObject,
  read: (body: Readable) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> =>
  saying(`read ${object.key} in ${bucket}`, bucket, () =>
    patiently(async () => read(await openBody(s3, bucket, object)), signal),
  );

/** The digest of an object's bytes, in hexadecimal. Reads it whole. */
export const digestObject = (
  s3: S3Client,
  bucket: string,
  object: ListedObject,
  algorithm: 'md5' | 'sha256',
  signal?: AbortSignal,
): Promise<string> =>
  readBody(
    s3,
    bucket,
    object,
    async (body) => {
      const hash = createHash(algorithm);
      for await (const chunk of body) {
        signal?.throwIfAborted();
        hash.update(chunk);
      }
      return hash.digest('hex');
    },
    signal,
  );

/** The bytes of a small object. */
export const readBytes = (s3: S3Client, bucket: string, object: ListedObject): Promise<Buffer> =>
  readBody(s3, bucket, object, async (body) => {
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return Buffer.concat(chunks);
  });

/** The text of a small object. */
export const readText = async (s3: S3Client, bucket: string, object: ListedObject): Promise<string> =>
  (await readBytes(s3, bucket, object)).toString('utf8');

/** The text of a small object, or undefined where there is none. Any other failure is an error. */
export const readTextIfAny = (s3: S3Client, bucket: string, key: string): Promise<string | undefined> =>
  saying(`read ${key} in ${bucket}`, bucket, async () => {
    try {
      return await patiently(async () => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return Body?.transformToString();
      });
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
