import { HeadBucketCommand } from '@aws-sdk/client-s3';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import type { RetireMode } from '../../../contracts/migrate-buckets/words';
import { saying } from '../../shared/aws/explain';
import { failureOf, isMissing } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import type { Context } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import type { PlanFiles } from '../plan-files/plan-file';
import { leftovers } from './candidates';
import type { PlanRetirement } from './gates-evaluation';
import { untouched } from './retire-bucket';

/**
 * What a bucket that an earlier run retired looks like now. Changes nothing.
 *
 * @throws {UserError} exit 6 when it is there and was to be deleted: that run was told to keep it.
 */
export async function lookAtRetired(
  context: Pick<Context, 'aws' | 'signal'>,
  { source, destination }: Plan,
  files: PlanFiles,
  mode: RetireMode,
): Promise<PlanRetirement> {
  const isThere = await saying(`open the bucket ${source}`, source, async () => {
    try {
      await patiently(() => context.aws.s3.send(new HeadBucketCommand({ Bucket: source })));
      return true;
    } catch (error) {
      if (isMissing(failureOf(error))) return false;
      throw error;
    }
  });
  if (isThere && mode === 'delete') {
    throw new UserError(
      `${source} is retired, and was kept so that nobody else can take its name. If it is to be given up, delete the bucket itself: aws s3api delete-bucket --bucket ${source}`,
      EXIT.refused,
    );
  }
  const left = isThere ? await leftovers(context, { source, versions: files.versions }) : null;
  return {
    source,
    destination,
    gates: [],
    passed: true,
    inventory: null,
    versioned: false,
    already: true,
    retired: { ...untouched(mode), bucket_deleted: !isThere, left },
  };
}
