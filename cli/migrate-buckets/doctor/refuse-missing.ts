import type { Check } from '../../../contracts/migrate-buckets/capabilities';
import { ACCEPTABLE_CAPABILITIES, type Capability } from '../../../contracts/migrate-buckets/words';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { givenUp } from './given-up';

/** Without these, whoever else writes to the destination can lose what is written. */
const PROTECTS_DESTINATION: readonly Capability[] = ['conditional-copy', 'conditional-part-copy'];

const isAcceptable = (capability: Capability): boolean =>
  ACCEPTABLE_CAPABILITIES.some((each) => each === capability);

/**
 * Decides whether a migration may go on with what was found. Pure.
 *
 * @param accepted - what the operator goes on without, by name.
 * @param frozenDestination - whether the destination's policy denies writes to everybody else.
 * @returns what is missing and accepted.
 * @throws {UserError} exit 1 when a permission is lacking, 6 when a capability is missing and not accepted.
 */
export function refuseMissing(
  checks: readonly Check[],
  accepted: readonly Capability[],
  frozenDestination: boolean,
): Capability[] {
  const denied = checks.filter(({ result }) => result === 'denied');
  if (denied.length > 0) {
    const sentences = new Set(denied.map(({ evidence }) => evidence));
    throw new UserError([...sentences].join('\n'), EXIT.error);
  }
  const missing = checks.filter(({ result }) => result === 'missing');
  const open = missing.filter(
    ({ capability }) => !isAcceptable(capability) || !accepted.includes(capability),
  );
  if (open.length > 0) {
    const told = open.map(
      ({ capability, bucket, evidence }) =>
        `${bucket} lacks ${capability}: ${evidence} Without it ${givenUp(capability)}. ${remedyOf(capability)}`,
    );
    throw new UserError(told.join('\n'), EXIT.refused);
  }
  const without = [...new Set(missing.map(({ capability }) => capability))];
  const unprotected = without.find((capability) => PROTECTS_DESTINATION.includes(capability));
  if (unprotected !== undefined && !frozenDestination) {
    throw new UserError(
      `Without ${unprotected} the only allowed destination is one that is frozen against everybody else. Let its bucket policy deny s3:PutObject on all its objects to "*" with the condition ArnNotLike aws:PrincipalArn on yourself alone, then apply again.`,
      EXIT.refused,
    );
  }
  return without;
}

/**
 * Refuses to plan by listings that cannot be trusted. What else is missing is for apply to refuse.
 *
 * @throws {UserError} exit 6.
 */
export function refuseUnlistable(checks: readonly Check[]): void {
  const cannot = checks.filter(
    ({ capability, result }) =>
      result === 'missing' && (capability === 'listing' || capability === 'versions'),
  );
  refuseMissing(cannot, [], false);
}

function remedyOf(capability: Capability): string {
  if (isAcceptable(capability)) return `To go on all the same, pass --accept-missing ${capability}.`;
  return capability === 'freeze' || capability === 'freeze-denial'
    ? 'If nobody writes to the source any more, pass --no-freeze.'
    : 'There is no way round it.';
}
