import {
  AbortMultipartUploadCommand,
  DeleteBucketCommand,
  GetBucketTaggingCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  PutBucketTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { MigrationEvent, Retirement } from '../../../contracts/migrate-buckets/output';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import type { RetireMode } from '../../../contracts/migrate-buckets/words';
import { saying } from '../../shared/aws/explain';
import { failureOf, unless } from '../../shared/aws/failure';
import type { Context } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { versioningOf } from '../aws/bucket';
import { listVersions } from '../listing/list-versions';
import { decodeListedKey } from '../listing/listed-object';
import type { PlanFiles } from '../plan-files/plan-file';
import type { StateFile } from '../plan-files/state';
import { readVersions } from '../plan-files/version-record';
import { type Deletion, deleteVersions } from './delete-versions';

export interface RetireRequest {
  readonly plan: Plan;
  readonly files: PlanFiles;
  readonly state: StateFile;
  readonly mode: RetireMode;
  /** Versioned buckets: remove the versions for good, not only hide them. */
  readonly purge: boolean;
}

const RETIRED_TAG = 'migrate-buckets-retired';

/**
 * Retires the source. The gates must have passed. Deletes exactly what the verified manifest lists, by version
 * id or under the verified ETag: anything newer survives, and the bucket's own deletion then fails safely.
 */
export async function retireBucket(
  { aws, report, signal }: Context<MigrationEvent>,
  { plan, files, state, mode, purge }: RetireRequest,
): Promise<Retirement> {
  const { s3 } = aws;
  const { source } = plan;
  const nothing = { mode, hidden: false, deleted: 0, uploads_aborted: 0, bucket_deleted: false, failed: [] };
  if (mode === 'soft') {
    await tagRetired(s3, source);
    return nothing;
  }
  const versioned = (await versioningOf(aws, source)) !== 'off';
  await state.save({ phase: 'retiring' });
  const uploads_aborted = await abortUploads(s3, source, Date.parse(state.now.verified?.at ?? ''));

  const first = await deleteVersions(s3, source, currentOnes(files), signal);
  const objects = first.deleted;
  report.tell(
    versioned
      ? { event: 'hidden', message: `${objects} objects were hidden under delete markers.`, objects }
      : { event: 'deleted', message: `${objects} objects were deleted.`, objects },
  );
  if (first.failed.length > 0) return { ...nothing, uploads_aborted, failed: first.failed };
  if (versioned && !purge) return { ...nothing, hidden: true, uploads_aborted };

  let { deleted } = first;
  if (versioned) {
    const second = await deleteVersions(s3, source, allVersions(s3, source, files, signal), signal);
    deleted = second.deleted;
    if (second.failed.length > 0) return { ...nothing, uploads_aborted, deleted, failed: second.failed };
    const message = `${deleted} versions and delete markers were deleted for good.`;
    report.tell({ event: 'purged', message, versions: deleted });
  }
  if (mode === 'delete') await deleteBucket(s3, source);
  else await tagRetired(s3, source);
  await state.save({ phase: 'retired' });
  return { ...nothing, deleted, uploads_aborted, bucket_deleted: mode === 'delete' };
}

/** Phase one. In an unversioned bucket it deletes; in a versioned one it lays delete markers, which can be undone. */
async function* currentOnes(files: PlanFiles): AsyncGenerator<Deletion> {
  for await (const { key, etag, latest, marker } of readVersions(files.versions)) {
    if (latest && !marker) yield { key, etag };
  }
}

/** Phase two, versioned buckets: every verified version, then the delete markers that lie over verified keys. */
async function* allVersions(
  s3: S3Client,
  bucket: string,
  files: PlanFiles,
  signal: AbortSignal,
): AsyncGenerator<Deletion> {
  const verified = new Set<string>();
  for await (const { key, version_id } of readVersions(files.versions)) {
    verified.add(key);
    yield { key, versionId: version_id };
  }
  for await (const { key, versionId, isDeleteMarker } of listVersions(s3, bucket, signal)) {
    if (isDeleteMarker && verified.has(key)) yield { key, versionId };
  }
}

/** Uploads that nobody finished before the verification. They were never objects, so nothing is lost. */
async function abortUploads(s3: S3Client, bucket: string, before: number): Promise<number> {
  return saying(`abort the unfinished uploads in ${bucket}`, bucket, async () => {
    let aborted = 0;
    let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
    while (marker !== undefined) {
      const page: ListMultipartUploadsCommandOutput = await s3.send(
        new ListMultipartUploadsCommand({ Bucket: bucket, EncodingType: 'url', ...marker }),
      );
      for (const { Key = '', UploadId, Initiated } of page.Uploads ?? []) {
        if (Initiated === undefined || Initiated.getTime() > before) continue;
        await s3.send(
          new AbortMultipartUploadCommand({ Bucket: bucket, Key: decodeListedKey(Key), UploadId }),
        );
        aborted++;
      }
      marker =
        page.IsTruncated === true && page.NextKeyMarker !== undefined
          ? { KeyMarker: decodeListedKey(page.NextKeyMarker), UploadIdMarker: page.NextUploadIdMarker }
          : undefined;
    }
    return aborted;
  });
}

async function tagRetired(s3: S3Client, bucket: string): Promise<void> {
  await saying(`tag ${bucket} as retired`, bucket, async () => {
    const { TagSet: tags = [] } = await s3
      .send(new GetBucketTaggingCommand({ Bucket: bucket }))
      .catch(unless('NoSuchTagSet', { TagSet: [] }));
    const others = tags.filter(({ Key }) => Key !== RETIRED_TAG);
    const tag = { Key: RETIRED_TAG, Value: new Date().toISOString() };
    await s3.send(new PutBucketTaggingCommand({ Bucket: bucket, Tagging: { TagSet: [...others, tag] } }));
  });
}

async function deleteBucket(s3: S3Client, bucket: string): Promise<void> {
  try {
    await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (failureOf(error).code === 'BucketNotEmpty') {
      throw new UserError(
        `${bucket} was not deleted: it holds something that was never verified. That survives. Look at it, then apply again.`,
        EXIT.refused,
      );
    }
    await saying(`delete the bucket ${bucket}`, bucket, () => Promise.reject(error));
  }
}
