import type { FreezeMark, FreezeRecord, SavedConfiguration } from '../../../contracts/migrate-buckets/freeze';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import {
  type Configuration,
  type ConfiguredBucket,
  steadyConfiguration,
  writeLifecycle,
  writePolicy,
  writeStatement,
} from './bucket-configuration';
import { describeMark } from './freeze-mark';
import { freezesIn, markOf, type Statement } from './freeze-policy';
import { isProbed, withoutProbe } from './probe-policy';
import { type Lifecycle, resumeRules, suspendedIn, suspendRules } from './suspended-rules';
import { type IsOurs, isAsPut, unfreezePolicy } from './unfreeze-policy';

/**
 * Denies writes to everybody but those whom the statement exempts, and suspends every lifecycle rule: a Deny does
 * not keep S3 itself from expiring objects. Changes what is there now, and keeps all else of it. Safe to repeat.
 */
export async function freeze(
  configured: ConfiguredBucket,
  now: Configuration,
  statement: Statement,
): Promise<void> {
  const lifecycle = suspendRules(now.lifecycle);
  if (lifecycle !== null && suspendedIn(lifecycle).length > 0) await writeLifecycle(configured, lifecycle);
  await writeStatement(configured, now.policy, statement);
}

/** Waits until reads in a row show the freeze. */
export const untilFrozen = (configured: ConfiguredBucket, statement: Statement): Promise<unknown> =>
  steadyConfiguration(
    configured,
    ({ policy, lifecycle }) =>
      freezesIn(policy).some((each) => isAsPut(each, statement)) &&
      lifecycle?.Rules?.some(({ Status }) => Status === 'Enabled') !== true,
  );

/** Who froze a bucket, by its policy; null for an older release, undefined when it is not frozen. */
export const frozenBy = ({ policy }: Pick<Configuration, 'policy'>): FreezeMark | null | undefined =>
  freezesIn(policy).map(markOf)[0];

/** The freezes of one plan. Those of older releases do not name theirs: theirs is whose saved state names none. */
export const ofPlan =
  (digest: string, saved: SavedConfiguration | null): IsOurs =>
  (mark) =>
    mark === null ? saved !== null && saved.mark === undefined : mark.plan_digest === digest;

/** The statements of a policy by which one of ours freezes. */
export const freezesOf = (policy: string | null, isOurs: IsOurs): Statement[] =>
  freezesIn(policy).filter((each) => isOurs(markOf(each) ?? null));

/** Why a policy does not freeze the bucket for one plan as that put it: a sentence; null where it does. Pure. */
export function notFrozenBy(
  bucket: string,
  policy: string | null,
  { digest, saved }: { readonly digest: string; readonly saved: SavedConfiguration | null },
): string | null {
  const ours = freezesOf(policy, ofPlan(digest, saved));
  const [other] = freezesIn(policy);
  if (ours.length === 0) {
    return other === undefined
      ? `${bucket} is not frozen.`
      : `${bucket} is frozen by another plan: ${describeMark(markOf(other) ?? null)}.`;
  }
  const put = saved?.statement;
  return put === undefined || ours.some((each) => isAsPut(each, put))
    ? null
    : `The statement that freezes ${bucket} was altered.`;
}

/**
 * What is to be kept of a configuration before it is frozen: what was saved. Where this very plan froze it already,
 * and its state was lost, it is taken from the record, or worked out.
 *
 * @throws {UserError} exit 6 when another plan froze it: saving that would lose the real policy.
 */
export function beforeFreeze(
  bucket: string,
  now: Configuration,
  digest: string,
  {
    saved = null,
    record,
  }: { readonly saved?: SavedConfiguration | null; readonly record?: FreezeRecord | undefined },
): SavedConfiguration {
  const isOurs = ofPlan(digest, saved);
  const foreign = freezesIn(now.policy)
    .map(markOf)
    .find((mark) => mark !== undefined && !isOurs(mark));
  if (foreign !== undefined) {
    throw new UserError(
      `${bucket} is frozen already, by another plan: ${describeMark(foreign)}. Finish that one, or, if it is lost, run "migrate-buckets unfreeze --source ${bucket}", which shows what it takes away and puts back.`,
      EXIT.refused,
    );
  }
  if (saved !== null) return saved;
  if (record?.undone_at === null && record.saved.mark?.plan_digest === digest) return record.saved;
  const policy = unfreezePolicy(bucket, now.policy, undefined, isOurs).wanted;
  return {
    policy,
    lifecycle: resumeRules(now.lifecycle, undefined).wanted as SavedConfiguration['lifecycle'],
  };
}

export interface UnfrozenConfiguration extends Configuration {
  /** What is done, one sentence each. */
  readonly steps: readonly string[];
}

/**
 * What a configuration becomes without the freeze: our own statement and marks are taken from what is there now.
 *
 * @throws {UserError} exit 6 when what the freeze put there was altered.
 */
export function configurationWithout(
  bucket: string,
  now: Configuration,
  saved: SavedConfiguration | undefined,
  isOurs: IsOurs,
): UnfrozenConfiguration {
  const withoutTrial = withoutProbe(now.policy, saved?.policy ?? null);
  const policy = unfreezePolicy(bucket, withoutTrial, saved, isOurs);
  const lifecycle = resumeRules(now.lifecycle, saved);
  const altered = [...policy.altered, ...lifecycle.altered];
  if (altered.length > 0) {
    throw new UserError(
      `What the freeze put into ${bucket} was altered since, so nothing was changed. ${altered.join(' ')} Make it what it was, or take it away yourself, then run "migrate-buckets unfreeze" again.`,
      EXIT.refused,
    );
  }
  return {
    policy: policy.wanted,
    lifecycle: lifecycle.wanted,
    steps: [
      ...(isProbed(now.policy) ? ['Take out of the policy what a doctor that broke off left there.'] : []),
      ...policy.steps,
      ...lifecycle.steps,
    ],
  };
}

/**
 * Undoes a freeze, and reads until it is undone everywhere. Tries policy and lifecycle both, whatever becomes of
 * the other. Safe to repeat.
 *
 * @returns what was done, one sentence each.
 * @throws {UserError} when it could not be undone: what was saved must be kept.
 */
export async function unfreeze(
  configured: ConfiguredBucket,
  saved: SavedConfiguration | undefined,
  isOurs: IsOurs,
): Promise<readonly string[]> {
  const { bucket } = configured;
  const now = await steadyConfiguration(configured);
  const { policy, lifecycle, steps } = configurationWithout(bucket, now, saved, isOurs);
  const failures: unknown[] = [];
  const attempt = (write: Promise<void>) => write.catch((error: unknown) => failures.push(error));
  if (lifecycle !== null && (suspended(now.lifecycle) || hadRules(saved))) {
    await attempt(writeLifecycle(configured, lifecycle, !suspended(now.lifecycle)));
  }
  const restoring = { doing: `restore the policy of ${bucket}`, isSo: policy === now.policy };
  await attempt(writePolicy(configured, policy, restoring));
  const [failure] = failures;
  if (failure !== undefined) {
    if (!failures.every((each) => each instanceof UserError)) throw failure;
    throw new UserError(
      `${bucket} is not as it was before the freeze: ${failures.map(({ message }) => message).join(' And: ')} What it was is kept: mend the cause, then run "migrate-buckets unfreeze" again.`,
    );
  }
  await steadyConfiguration(
    configured,
    (read) =>
      freezesOf(read.policy, isOurs).length === 0 && !isProbed(read.policy) && !suspended(read.lifecycle),
  );
  return steps;
}

const suspended = (lifecycle: Lifecycle | null): boolean => suspendedIn(lifecycle).length > 0;
const hadRules = (saved: SavedConfiguration | undefined): boolean =>
  ((saved?.lifecycle ?? null) as Lifecycle | null)?.Rules?.some(({ Status }) => Status === 'Enabled') ===
  true;
