import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { saying } from '../../shared/aws/explain';
import type { Pace } from '../../shared/aws/pace';
import { UserError } from '../../shared/user-error';
import { compareKeys } from './key-order';
import { objectsOf } from './list';
import type { ListedObject } from './listed-object';
import { PageOrder } from './page-order';

/** One page of a listing: what a bucket holds of a range of keys at one moment. */
export interface Page {
  /** The objects of the range by their keys. */
  readonly objects: ReadonlyMap<string, ListedObject>;
  /** Whether the range holds this key: it begins with the one that was looked for. */
  readonly covers: (key: string) => boolean;
}

/**
 * The page of a listing that tells of a key and of as many after it as one answer holds. Further pages are asked
 * for only until the key is reached, so that the last request tells of all that the page covers.
 *
 * @throws {UserError} when the page cannot be relied upon.
 */
export async function listAround(
  s3: S3Client,
  bucket: string,
  key: string,
  pace: Pace,
  signal: AbortSignal,
): Promise<Page> {
  let from: { StartAfter?: string | undefined; ContinuationToken?: string } = { StartAfter: justBefore(key) };
  for (;;) {
    const request = { Bucket: bucket, EncodingType: 'url' as const, ...from };
    const page: ListObjectsV2CommandOutput = await saying(`list the bucket ${bucket}`, bucket, () =>
      pace.send(() => s3.send(new ListObjectsV2Command(request), { abortSignal: signal }), signal),
    );
    const { NextContinuationToken: next, IsTruncated: more } = page;
    if (more === undefined || (more && (next === undefined || next === from.ContinuationToken))) {
      throw new UserError(
        `A page of the listing of ${bucket} does not say whether or where it goes on, so nothing can be concluded from it.`,
      );
    }
    const listed = objectsOf(page, bucket);
    new PageOrder(bucket, false).check(listed.map((object) => object.key));
    const objects = new Map(listed.map((object) => [object.key, object]));
    const last = listed.at(-1)?.key;
    const begun = (other: string) => compareKeys(other, key) >= 0;
    if (!more) return { objects, covers: begun };
    if (last !== undefined && compareKeys(last, key) >= 0) {
      return { objects, covers: (other) => begun(other) && compareKeys(other, last) <= 0 };
    }
    from = { ContinuationToken: next ?? '' };
  }
}

/** S3 lists what comes after a key: all but the last character of the one that is looked for is before it. */
const justBefore = (key: string): string | undefined => [...key].slice(0, -1).join('') || undefined;
