import type { S3Client } from '@aws-sdk/client-s3';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { readPolicy } from './bucket-configuration';
import { frozenBy } from './freeze';
import { describeMark } from './freeze-mark';

/**
 * A bucket that was retired and kept stays frozen. Who migrates back to it would leave two buckets that deny the
 * pipeline's writes.
 *
 * @throws {UserError} exit 6 when the destination is frozen as the source of another migration.
 */
export async function refuseFrozenDestination(s3: S3Client, destination: string): Promise<void> {
  const mark = frozenBy({ policy: await readPolicy({ s3, bucket: destination }) });
  if (mark === undefined) return;
  throw new UserError(
    `${destination} is frozen itself, as the source of another migration: ${describeMark(mark)}. It denies writes to whoever is to use it. Run "migrate-buckets unfreeze --source ${destination}" first, or name another destination.`,
    EXIT.refused,
  );
}
