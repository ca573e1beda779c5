import type { S3Client } from '@aws-sdk/client-s3';
import { digestObject } from '../aws/read-object';
import type { Located } from '../listing/listed-object';

/** Reads both objects whole, each pinned to its listed ETag, and compares their SHA-256. The dearest proof. */
export async function sameBytes(s3: S3Client, a: Located, b: Located, signal: AbortSignal): Promise<boolean> {
  const digest = ({ bucket, object }: Located) => digestObject(s3, bucket, object, 'sha256', signal);
  const [first, second] = await Promise.all([digest(a), digest(b)]);
  return first === second;
}
