import {
  DeleteBucketCommand,
  GetBucketTaggingCommand,
  PutBucketTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { archiveOf } from '../../../contracts/bucket-layout';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import type { Retirement } from '../../../contracts/migrate-buckets/retirement';
import type { RetireMode } from '../../../contracts/migrate-buckets/words';
import { saying } from '../../shared/aws/explain';
import { failureOf, unless } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import type { Context } from '../../shared/command';
import { countedWere } from '../../shared/counted';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { versioningOf } from '../aws/bucket';
import { noteRetirementBegun, noteRetirementEnded } from '../freeze/freeze-record';
import { Placement } from '../listing/placement';
import { ONCE_BEGUN } from '../plan-files/once-begun';
import type { PlanFiles } from '../plan-files/plan-file';
import type { StateFile } from '../plan-files/state';
import { readVersions } from '../plan-files/version-record';
import { leaveProvenMark, RETIRING_TAG } from '../planning/proven-marks';
import type { Sides } from '../verification/evaluate-object';
import { abortUploads } from './abort-uploads';
import { allVersions, currentOnes, isVisible, leftovers } from './candidates';
import { type DeletionResult, deleteProven } from './delete-proven';
import { deleteOwnObjects, openMigrationsTo } from './own-objects';

export interface RetireRequest {
  readonly plan: Plan;
  readonly files: PlanFiles;
  readonly state: StateFile;
  readonly mode: RetireMode;
  /** Versioned buckets: remove the versions for good, not only hide them. */
  readonly purge: boolean;
  /** By which the destination was verified under the same lock. */
  readonly sides: Sides;
  /** How many objects are expected to go, for the progress alone. */
  readonly expected: number;
  /** False where the server was seen to ignore the condition of a deletion. */
  readonly conditional: boolean;
}

/** What is told of a retirement that has done nothing yet. */
export const untouched = (mode: RetireMode): Retirement => ({
  mode,
  hidden: false,
  deleted: 0,
  uploads_aborted: 0,
  bucket_deleted: false,
  failed: [],
  failed_count: 0,
  left: null,
});

const RETIRED_TAG = 'migrate-buckets-retired';

/** The folders of `archive/` that hold, at the destination, what was verified. */
async function archivesOf(plan: Plan, { versions }: PlanFiles): Promise<string[]> {
  const placement = Placement.of(plan);
  const archives = new Set<string>();
  for await (const { key } of readVersions(versions)) {
    const archive = archiveOf(placement.keyOf(key));
    if (archive !== undefined) archives.add(archive);
  }
  return [...archives];
}

/**
 * Retires the source. The gates must have passed under the same lock. Deletes what the verified manifest lists and
 * the destination holds at that moment, by version id or under the verified ETag: anything else survives, and is
 * named.
 */
export async function retireBucket(
  context: Context<MigrationEvent>,
  { plan, files, state, mode, purge, sides, expected, conditional }: RetireRequest,
): Promise<Retirement> {
  const { aws, report } = context;
  const { s3 } = aws;
  const { source } = plan;
  const nothing = untouched(mode);
  if (mode === 'soft') {
    await tagRetired(s3, source);
    return nothing;
  }
  const verified = { source, versions: files.versions };
  const versioned = (await versioningOf(aws, source)) !== 'off';
  const place = { s3, source, destination: plan.destination };
  await noteRetirementBegun(place, plan, files.plan);
  await state.save({ phase: 'retiring' });
  // Before anything goes: from here on the destination may hold the only copy.
  await tag(s3, source, RETIRING_TAG, plan.digest);
  const archives = await archivesOf(plan, files);
  await leaveProvenMark(s3, plan, { plan: files.plan, archives });
  const uploads_aborted = await abortUploads(s3, source, state.now.verified?.at);

  const request = { sides, conditional, total: expected };
  const first = await deleteProven(context, { ...request, candidates: currentOnes(context, verified) });
  const objects = first.deleted;
  report.tell(
    versioned
      ? {
          event: 'hidden',
          message: `${countedWere(objects, 'object')} hidden under delete markers.`,
          objects,
        }
      : { event: 'deleted', message: `${countedWere(objects, 'object')} deleted.`, objects },
  );
  const hid = { ...nothing, ...failuresOf(first), uploads_aborted };
  if (versioned && first.failed_count > 0) return hid;
  if (versioned && !purge) {
    const left = await leftovers(context, verified, isVisible);
    return { ...hid, hidden: true, left: left.versions === 0 ? null : left };
  }

  const done = versioned
    ? await deleteProven(context, { ...request, candidates: allVersions(context, verified) })
    : first;
  const { deleted } = done;
  if (versioned) {
    const which =
      deleted === 1 ? '1 version or delete marker was' : `${deleted} versions and delete markers were`;
    const message = `${which} deleted for good.`;
    report.tell({ event: 'purged', message, versions: deleted });
  }
  const [open] = await openMigrationsTo(context, source);
  if (open === undefined) await deleteOwnObjects(context, source);
  // The last look: "empty" is said of what it shows.
  const left = await leftovers(context, verified);
  const emptied = { ...nothing, ...failuresOf(done), uploads_aborted, deleted, left };
  if (left.versions > 0 || done.failed_count > 0) {
    const onlyNewer = done.failed_count === 0 && left.newer === left.versions;
    if (mode === 'delete' && onlyNewer) throw neverVerified(source, left.newer_keys);
    return emptied;
  }
  if (open !== undefined) throw new UserError(`${source} is empty, but not given up. ${open}`, EXIT.refused);
  if (mode === 'delete') await deleteBucket(s3, source);
  else await tagRetired(s3, source);
  await state.save({ phase: 'retired' });
  await noteRetirementEnded(place, plan);
  return { ...emptied, bucket_deleted: mode === 'delete' };
}

const failuresOf = ({ failed, failed_count }: DeletionResult) => ({ failed, failed_count });

const tagRetired = (s3: S3Client, bucket: string): Promise<void> =>
  tag(s3, bucket, RETIRED_TAG, new Date().toISOString());

/** How far its retirement is: of our own tags one is left. */
async function tag(s3: S3Client, bucket: string, name: string, value: string): Promise<void> {
  await saying(`tag ${bucket} as retired`, bucket, async () => {
    const { TagSet: tags = [] } = await patiently(() =>
      s3.send(new GetBucketTaggingCommand({ Bucket: bucket })),
    ).catch(unless('NoSuchTagSet', { TagSet: [] }));
    const others = tags.filter(({ Key }) => Key !== RETIRED_TAG && Key !== RETIRING_TAG);
    const Tagging = { TagSet: [...others, { Key: name, Value: value }] };
    await patiently(() => s3.send(new PutBucketTaggingCommand({ Bucket: bucket, Tagging })));
  });
}

async function deleteBucket(s3: S3Client, bucket: string): Promise<void> {
  try {
    await s3.send(new DeleteBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (failureOf(error).code === 'BucketNotEmpty') throw neverVerified(bucket, []);
    await saying(`delete the bucket ${bucket}`, bucket, () => Promise.reject(error));
  }
}

/** A bucket is not deleted with what came since the verification. */
function neverVerified(bucket: string, keys: readonly string[]): UserError {
  const which = keys.length === 0 ? '' : `: ${keys.join(', ')}`;
  return new UserError(
    `${bucket} was not deleted: it holds something that was never verified${which}. That survives. ${ONCE_BEGUN}`,
    EXIT.refused,
  );
}
