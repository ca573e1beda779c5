import { DeleteObjectCommand, DeleteObjectsCommand, type S3Client } from '@aws-sdk/client-s3';
import { explain } from '../../shared/aws/explain';
import { failureOf, isMissing } from '../../shared/aws/failure';
import { Pace } from '../../shared/aws/pace';

/** One thing to delete: a version by its id, or the current object, provided that it still has this ETag. */
export type Deletion =
  | { readonly key: string; readonly versionId: string }
  | { readonly key: string; readonly etag: string };

export interface DeletionResult {
  deleted: number;
  failed: { key: string; message: string }[];
}

/** S3 takes this many in one request. */
const BATCH = 1000;
// XML 1.0 cannot carry these, not even escaped, and a parser may turn others into spaces or line feeds.
const UNFIT_FOR_XML = /\p{Cc}|[\u2028\ufffe\uffff]/u;

/** Deletes exactly what it is given. What has changed since is left, and named. */
export async function deleteVersions(
  s3: S3Client,
  bucket: string,
  deletions: AsyncIterable<Deletion>,
  signal: AbortSignal,
): Promise<DeletionResult> {
  const pace = new Pace();
  const result: DeletionResult = { deleted: 0, failed: [] };
  let batch: Deletion[] = [];
  for await (const deletion of deletions) {
    signal.throwIfAborted();
    if (UNFIT_FOR_XML.test(deletion.key)) {
      await deleteOne(s3, bucket, deletion, pace, signal, result);
      continue;
    }
    batch.push(deletion);
    if (batch.length === BATCH) {
      await deleteBatch(s3, bucket, batch, pace, signal, result);
      batch = [];
    }
  }
  if (batch.length > 0) await deleteBatch(s3, bucket, batch, pace, signal, result);
  return result;
}

async function deleteBatch(
  s3: S3Client,
  bucket: string,
  batch: readonly Deletion[],
  pace: Pace,
  signal: AbortSignal,
  result: DeletionResult,
): Promise<void> {
  const Objects = batch.map((each) =>
    'versionId' in each
      ? { Key: each.key, VersionId: each.versionId }
      : { Key: each.key, ETag: `"${each.etag}"` },
  );
  try {
    const { Deleted = [], Errors = [] } = await pace.send(
      () => s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } })),
      signal,
    );
    result.deleted += Deleted.length;
    for (const { Key = '?', Code, Message } of Errors) {
      // Gone already: an earlier run was cut off after deleting it.
      if (Code === 'NoSuchKey' || Code === 'NoSuchVersion') continue;
      result.failed.push({ key: Key, message: `${Code}${Message === undefined ? '' : ` (${Message})`}` });
    }
  } catch (error) {
    throw explain(error, `delete from ${bucket}`, bucket);
  }
}

async function deleteOne(
  s3: S3Client,
  bucket: string,
  deletion: Deletion,
  pace: Pace,
  signal: AbortSignal,
  result: DeletionResult,
): Promise<void> {
  const { key } = deletion;
  const which =
    'versionId' in deletion ? { VersionId: deletion.versionId } : { IfMatch: `"${deletion.etag}"` };
  try {
    await pace.send(() => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, ...which })), signal);
    result.deleted++;
  } catch (error) {
    const failure = failureOf(error);
    if (isMissing(failure) && failure.code !== 'NoSuchBucket') return;
    result.failed.push({ key, message: failure.code });
  }
}
