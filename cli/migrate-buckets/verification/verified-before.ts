import { existsSync } from 'node:fs';
import type { Plan, State } from '../../../contracts/migrate-buckets/plan';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import type { PlanFiles } from '../plan-files/plan-file';
import { readVersions, versionOf } from '../plan-files/version-record';
import type { VerifyRequest } from './verify';

/**
 * What the source of a plan was when it was verified, for a verification once its retirement has begun: what is left
 * of it then proves nothing. Undefined before.
 *
 * @throws {UserError} exit 6 where that is not known any more, or bytes were to be compared.
 */
export function verifiedBefore(
  { source, destination }: Plan,
  { versions }: PlanFiles,
  {
    state,
    begunElsewhere,
    deep,
  }: {
    readonly state: State | undefined;
    /** Whether the destination tells of a retirement by this plan. */
    readonly begunElsewhere: boolean;
    readonly deep: boolean;
  },
): (Pick<VerifyRequest, 'versions' | 'snapshots'> & { readonly isRetired: true }) | undefined {
  if (state?.phase !== 'retiring' && state?.phase !== 'retired' && !begunElsewhere) return undefined;
  const refuse = (why: string, instead: string) =>
    new UserError(
      `The retirement of ${source} has begun, ${why}. ${instead} ${destination} by a certificate: "migrate-buckets verify --against".`,
      EXIT.refused,
    );
  if (deep) {
    throw refuse('so that its bytes cannot be compared any more', 'Leave out --deep, or prove');
  }
  if (state?.verified == null || !existsSync(versions)) {
    throw refuse('and what was verified before it is not beside the plan', 'Prove');
  }
  return { versions: recorded(versions), snapshots: state.verified.snapshots, isRetired: true };
}

async function* recorded(path: string) {
  for await (const record of readVersions(path)) yield versionOf(record);
}
