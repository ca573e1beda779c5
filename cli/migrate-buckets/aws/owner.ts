import { HeadBucketCommand } from '@aws-sdk/client-s3';
import type { Aws } from '../../shared/aws/clients';
import { saying } from '../../shared/aws/explain';
import { failureOf, isDenied } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { whoAmI } from './bucket';

/**
 * The account that owns all the buckets: the one that the operator expects, else the caller's own. Null when STS
 * cannot say.
 *
 * @throws {UserError} exit 6 when a bucket belongs to another account and the operator did not say so; exit 1 when S3
 *   does not tell.
 */
export async function ownerOf(aws: Aws, buckets: readonly string[]): Promise<string | null> {
  if (aws.options.expectedOwner !== undefined) return aws.options.expectedOwner;
  const account = await whoAmI(aws).then(
    (identity) => identity.account,
    (error) => {
      if (error instanceof UserError) return null;
      throw error;
    },
  );
  if (account === null) return null;
  for (const bucket of buckets) {
    const refused = (error: unknown): never => {
      if (!isDenied(failureOf(error))) throw error;
      throw new UserError(
        `${bucket} does not belong to your account ${account}. If that is meant, pass its owner with --expected-bucket-owner.`,
        EXIT.refused,
      );
    };
    await saying(`find out whether ${bucket} belongs to the account ${account}`, bucket, () =>
      patiently(() =>
        aws.s3.send(new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: account })),
      ).catch(refused),
    );
  }
  return account;
}

/** Two accounts: a bucket cannot belong to both. */
const STRANGERS = ['111111111111', '222222222222'];

/**
 * Whether the server refuses a request that expects another owner. One that does not cannot show whose a bucket is,
 * whatever it answers.
 */
export async function refusesOtherOwners({ s3 }: Pick<Aws, 's3'>, bucket: string): Promise<boolean> {
  for (const stranger of STRANGERS) {
    try {
      await patiently(() =>
        s3.send(new HeadBucketCommand({ Bucket: bucket, ExpectedBucketOwner: stranger })),
      );
    } catch (error) {
      if (isDenied(failureOf(error))) return true;
      throw error;
    }
  }
  return false;
}
