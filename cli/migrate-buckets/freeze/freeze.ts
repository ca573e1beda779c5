import { isDeepStrictEqual } from 'node:util';
import {
  DeleteBucketLifecycleCommand,
  DeleteBucketPolicyCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { State } from '../../../contracts/migrate-buckets/plan';
import { saying } from '../../shared/aws/explain';
import { unless } from '../../shared/aws/failure';
import { UserError } from '../../shared/user-error';
import { freezePolicy, isFreezePolicy } from './freeze-policy';

type SavedConfiguration = NonNullable<State['saved']>;

/** The part of a lifecycle configuration that can be put back. */
interface Lifecycle {
  readonly Rules?: LifecycleRule[];
  readonly TransitionDefaultMinimumObjectSize?: 'all_storage_classes_128K' | 'varies_by_storage_class';
}

const readPolicy = (s3: S3Client, bucket: string): Promise<string | null> =>
  saying(`read the policy of ${bucket}`, bucket, () =>
    s3
      .send(new GetBucketPolicyCommand({ Bucket: bucket }))
      .then(({ Policy }) => Policy ?? null)
      .catch(unless('NoSuchBucketPolicy', null)),
  );

const readLifecycle = (s3: S3Client, bucket: string): Promise<Lifecycle | null> =>
  saying(`read the lifecycle of ${bucket}`, bucket, () =>
    s3
      .send(new GetBucketLifecycleConfigurationCommand({ Bucket: bucket }))
      .then(({ $metadata: _, ...lifecycle }) => lifecycle)
      .catch(unless('NoSuchLifecycleConfiguration', null)),
  );

/**
 * What a freeze will change, as it is now. Also proves, before anything is copied, that it may be read.
 *
 * @throws {UserError} when the bucket is frozen already: saving that would lose the real policy.
 */
export async function readConfiguration(s3: S3Client, bucket: string): Promise<SavedConfiguration> {
  const policy = await readPolicy(s3, bucket);
  if (isFreezePolicy(policy)) {
    throw new UserError(
      `${bucket} is frozen already, by another plan. Finish that one, or run "migrate-buckets unfreeze" with it.`,
    );
  }
  const lifecycle = await readLifecycle(s3, bucket);
  return { policy, lifecycle: asText(lifecycle) };
}

/**
 * Denies writes to everybody but the principals, and suspends every lifecycle rule: a Deny does not keep
 * S3 itself from expiring objects. Safe to repeat.
 */
export async function freeze(
  s3: S3Client,
  bucket: string,
  saved: SavedConfiguration,
  principals: readonly string[],
): Promise<void> {
  const policy = freezePolicy(saved.policy, bucket, principals);
  const lifecycle = reviveDates(saved.lifecycle) as Lifecycle | null;
  if (lifecycle?.Rules?.some(({ Status }) => Status === 'Enabled') === true) {
    const rules = lifecycle.Rules.map((rule) => ({ ...rule, Status: 'Disabled' as const }));
    await putLifecycle(s3, bucket, { ...lifecycle, Rules: rules });
  }
  await saying(`freeze ${bucket} by its policy`, bucket, () =>
    s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policy })),
  );
}

/**
 * Puts lifecycle and policy back as they were, and reads them again to be sure. What already is as it was is
 * not written: whoever may not write it need not. Tries both, whatever becomes of the other. Safe to repeat.
 *
 * @throws {UserError} when they are not as they were: the saved ones stay in the state file.
 */
export async function unfreeze(s3: S3Client, bucket: string, saved: SavedConfiguration): Promise<void> {
  const failures: unknown[] = [];
  for (const restore of [restoreLifecycle, restorePolicy]) {
    await restore(s3, bucket, saved).catch((error: unknown) => failures.push(error));
  }
  const [failure] = failures;
  if (failure !== undefined) {
    if (!failures.every((each) => each instanceof UserError)) throw failure;
    throw new UserError(
      `${bucket} is not as it was before the freeze: ${failures.map(({ message }) => message).join(' And: ')} The plan's state file keeps its policy and lifecycle: mend the cause, then run "migrate-buckets unfreeze" with the plan.`,
    );
  }
  const now = await readConfiguration(s3, bucket);
  if (now.policy !== saved.policy || !isDeepStrictEqual(now.lifecycle, saved.lifecycle)) {
    throw new UserError(
      `The policy or lifecycle of ${bucket} is not what it was before the freeze. Restore it from the plan's state file by hand.`,
    );
  }
}

async function restorePolicy(s3: S3Client, bucket: string, { policy }: SavedConfiguration): Promise<void> {
  if ((await readPolicy(s3, bucket)) === policy) return;
  await saying(`restore the policy of ${bucket}`, bucket, () =>
    policy === null
      ? s3.send(new DeleteBucketPolicyCommand({ Bucket: bucket }))
      : s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policy })),
  );
}

async function restoreLifecycle(s3: S3Client, bucket: string, saved: SavedConfiguration): Promise<void> {
  if (isDeepStrictEqual(asText(await readLifecycle(s3, bucket)), saved.lifecycle)) return;
  const lifecycle = reviveDates(saved.lifecycle) as Lifecycle | null;
  if (lifecycle !== null) await putLifecycle(s3, bucket, lifecycle);
  else {
    await saying(`restore the lifecycle of ${bucket}`, bucket, () =>
      s3.send(new DeleteBucketLifecycleCommand({ Bucket: bucket })),
    );
  }
}

const putLifecycle = (s3: S3Client, bucket: string, lifecycle: Lifecycle) =>
  saying(`write the lifecycle of ${bucket}`, bucket, () =>
    s3.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: bucket,
        LifecycleConfiguration: { Rules: lifecycle.Rules },
        ...(lifecycle.TransitionDefaultMinimumObjectSize === undefined
          ? {}
          : { TransitionDefaultMinimumObjectSize: lifecycle.TransitionDefaultMinimumObjectSize }),
      }),
    ),
  );

/** Dates become text, as they do in the state file, so that both can be compared. */
const asText = (lifecycle: Lifecycle | null): SavedConfiguration['lifecycle'] =>
  JSON.parse(JSON.stringify(lifecycle));

/** The SDK wants `Date` as a Date; the state file holds text. */
function reviveDates(value: unknown): unknown {
  if (value === null) return null;
  return JSON.parse(JSON.stringify(value), (key, each: unknown) =>
    key === 'Date' && typeof each === 'string' ? new Date(each) : each,
  );
}
