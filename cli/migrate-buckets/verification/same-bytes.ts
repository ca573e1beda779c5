import { createHash } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { openBody } from '../aws/read-object';
import type { Located } from '../listing/listed-object';

/** Reads both objects whole, each pinned to its listed ETag, and compares their SHA-256. The dearest proof. */
export async function sameBytes(s3: S3Client, a: Located, b: Located, signal: AbortSignal): Promise<boolean> {
  const digest = async ({ bucket, object }: Located) => {
    const hash = createHash('sha256');
    for await (const chunk of await openBody(s3, bucket, object)) {
      signal.throwIfAborted();
      hash.update(chunk);
    }
    return hash.digest('hex');
  };
  const [first, second] = await Promise.all([digest(a), digest(b)]);
  return first === second;
}
