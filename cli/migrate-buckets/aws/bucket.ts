import { GetBucketVersioningCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { Aws } from '../../shared/aws/clients';
import { explain, saying } from '../../shared/aws/explain';
import { failureOf, isDenied } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import { UserError } from '../../shared/user-error';

/**
 * Makes sure that a bucket is there, and is ours to read.
 *
 * @throws {UserError} one sentence that tells these apart.
 */
export async function openBucket({ s3, options }: Aws, bucket: string): Promise<void> {
  try {
    await patiently(() => s3.send(new HeadBucketCommand({ Bucket: bucket })));
  } catch (error) {
    if (isDenied(failureOf(error))) {
      const owner =
        options.expectedOwner === undefined ? '' : `, or it is not owned by ${options.expectedOwner}`;
      throw new UserError(
        `Access to the bucket ${bucket} is denied: it lacks s3:ListBucket for you${owner}.`,
      );
    }
    throw explain(error, `open the bucket ${bucket}`, bucket);
  }
}

/** The region of a bucket that was opened. Servers that have none are in the region that requests are signed for. */
export async function regionOf({ s3 }: Aws, bucket: string): Promise<string> {
  const { BucketRegion } = await saying(`ask for the region of ${bucket}`, bucket, () =>
    patiently(() => s3.send(new HeadBucketCommand({ Bucket: bucket }))),
  );
  return BucketRegion ?? (await s3.config.region());
}

export type Versioning = 'off' | 'Enabled' | 'Suspended';

export async function versioningOf({ s3 }: Aws, bucket: string): Promise<Versioning> {
  const { Status } = await saying(`read the versioning of ${bucket}`, bucket, () =>
    patiently(() => s3.send(new GetBucketVersioningCommand({ Bucket: bucket }))),
  );
  return Status ?? 'off';
}

export interface Identity {
  readonly account: string;
  /** As IAM's condition `aws:PrincipalArn` shows it. A role's path is unknown, hence two forms. */
  readonly principals: readonly string[];
}

/** @throws {UserError} when STS cannot tell who we are. */
export async function whoAmI({ sts }: Aws): Promise<Identity> {
  const { Account, Arn } = await saying('find out who you are', undefined, () =>
    sts.send(new GetCallerIdentityCommand({})),
  );
  if (Account === undefined || Arn === undefined)
    throw new UserError('STS did not say who you are. Try again.');
  return { account: Account, principals: principalsOf(Arn) };
}

/** `arn:aws:sts::1:assumed-role/R/session` acts as `arn:aws:iam::1:role/R` or `…:role/some/path/R`. */
export function principalsOf(arn: string): string[] {
  const [, partition, account, role] = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  if (role === undefined) return [arn];
  return [`arn:${partition}:iam::${account}:role/${role}`, `arn:${partition}:iam::${account}:role/*/${role}`];
}
