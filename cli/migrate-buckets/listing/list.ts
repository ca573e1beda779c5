import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { isOwnKey } from '../../../contracts/migrate-buckets/own-objects';
import { explain } from '../../shared/aws/explain';
import type { Pace } from '../../shared/aws/pace';
import { UserError } from '../../shared/user-error';
import { bareEtag, decodeListedKey, type ListedObject } from './listed-object';
import { PageOrder } from './page-order';

/**
 * Lists a bucket in key order, one page ahead of the reader, without our own objects.
 *
 * @throws {UserError} when any page fails or the listing breaks off: a listing is whole or it is an error.
 */
export async function* listObjects(
  s3: S3Client,
  bucket: string,
  pace: Pace,
  signal: AbortSignal,
  prefix?: string,
): AsyncGenerator<ListedObject> {
  const request = { Bucket: bucket, Prefix: prefix, EncodingType: 'url' as const };
  const page = (token: string | undefined) => {
    const command = new ListObjectsV2Command({ ...request, ContinuationToken: token });
    const fetched = pace.send(() => s3.send(command, { abortSignal: signal }), signal);
    // The reader may leave before it looks at a page that was fetched ahead.
    fetched.catch(() => undefined);
    return fetched;
  };
  const order = new PageOrder(bucket);
  let next: Promise<ListObjectsV2CommandOutput> | undefined = page(undefined);
  while (next !== undefined) {
    let output: ListObjectsV2CommandOutput;
    try {
      output = await next;
    } catch (error) {
      throw explain(error, `list the bucket ${bucket}`, bucket);
    }
    const objects = objectsOf(output, bucket);
    order.check(objects.map(({ key }) => key));
    const token = order.next(output.IsTruncated, output.NextContinuationToken);
    next = token === undefined ? undefined : page(token);
    yield* objects.filter(({ key }) => !isOwnKey(key));
  }
}

/** The objects of one page. @throws {UserError} when one lacks what everything rests on. */
export const objectsOf = (
  { Contents = [], EncodingType }: ListObjectsV2CommandOutput,
  bucket: string,
): ListedObject[] =>
  Contents.map(({ Key, ETag, Size, StorageClass, LastModified }) => {
    if (Key === undefined || ETag === undefined || Size === undefined) {
      throw new UserError(`The listing of ${bucket} holds an object without key, ETag or size. Try again.`);
    }
    return {
      key: EncodingType === 'url' ? decodeListedKey(Key) : Key,
      size: Size,
      etag: bareEtag(ETag),
      storageClass: StorageClass ?? 'STANDARD',
      modified: LastModified?.getTime() ?? 0,
    };
  });
