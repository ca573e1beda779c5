import { DeleteObjectCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { sourceToldOf } from '../../../contracts/migrate-buckets/own-objects';
import { saying } from '../../shared/aws/explain';
import { failureOf, isMissing } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import type { Context } from '../../shared/command';
import { UserError } from '../../shared/user-error';
import { versioningOf } from '../aws/bucket';
import { readFreezeRecord } from '../freeze/freeze-record';
import { type ListedVersion, listOwnVersions } from '../listing/list-versions';
import { quotedEtag } from '../listing/listed-object';
import { isGone, who } from '../locks/holder';
import { readLock } from '../locks/object-lock';

type Looking = Pick<Context, 'aws' | 'signal'>;

/**
 * Why what earlier migrations to a bucket keep in it is needed yet, one sentence each: somebody works on one of
 * them, or its source is frozen, and only here it is told what that was before; or that this could not be found out.
 */
export const openMigrationsTo = (context: Looking, bucket: string): Promise<string[]> =>
  openMigrations(context, bucket).catch((error: unknown) => {
    if (error instanceof UserError) return [error.message];
    throw error;
  });

async function openMigrations(context: Looking, bucket: string): Promise<string[]> {
  const sources = new Set<string>();
  for await (const { key } of ownVersions(context, bucket)) {
    const source = sourceToldOf(key);
    if (source !== undefined) sources.add(source);
  }
  const found: string[] = [];
  for (const source of sources) found.push(...(await openMigration(context, source, bucket)));
  return found;
}

async function openMigration({ aws }: Looking, source: string, destination: string): Promise<string[]> {
  const place = { s3: aws.s3, source, destination };
  const { lock, age = 0 } = (await readLock(place)) ?? {};
  if (lock?.released === false && !(await isGone(lock.holder, age))) {
    const by = `${lock.holder.command} by ${who(lock.holder)}`;
    return [`Somebody works on the migration of ${source} to ${destination} (${by}). Wait for it.`];
  }
  const record = await readFreezeRecord(place);
  if (record === undefined || record.undone_at !== null || (await isNoMore({ aws }, source))) return [];
  return [
    `${source} was frozen to be migrated to ${destination}, and what it was before is kept there. Finish that migration, or run "migrate-buckets unfreeze --source ${source} --dest ${destination}".`,
  ];
}

/** Only where it is certain: what is not told counts as there. */
async function isNoMore({ aws }: Pick<Looking, 'aws'>, bucket: string): Promise<boolean> {
  try {
    await patiently(() => aws.s3.send(new HeadBucketCommand({ Bucket: bucket })));
    return false;
  } catch (error) {
    return isMissing(failureOf(error));
  }
}

/** Removes what earlier migrations to a bucket left in it, every version of it. */
export async function deleteOwnObjects(context: Looking, bucket: string): Promise<void> {
  const versioned = (await versioningOf(context.aws, bucket)) !== 'off';
  for await (const { key, versionId, etag } of ownVersions(context, bucket)) {
    // Without versions, what somebody wrote over it would go instead.
    const which = versioned ? { VersionId: versionId } : { IfMatch: quotedEtag(etag) };
    const command = new DeleteObjectCommand({ Bucket: bucket, Key: key, ...which });
    await saying(`delete ${key} in ${bucket}`, bucket, () =>
      patiently(() => context.aws.s3.send(command), context.signal).catch(unlessGone),
    );
  }
}

/** The answer to an earlier attempt was lost: with a condition, S3 does not take what is gone for deleted. */
function unlessGone(error: unknown): void {
  if (!isMissing(failureOf(error))) throw error;
}

const ownVersions = ({ aws, signal }: Looking, bucket: string): AsyncGenerator<ListedVersion> =>
  listOwnVersions(aws.s3, bucket, signal);
