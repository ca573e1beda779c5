import type { Migration, MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import { s3OfProfile } from '../../shared/aws/clients';
import type { Context } from '../../shared/command';
import type { Confirm } from '../../shared/confirmation';
import { openBucket } from '../aws/bucket';
import type { CopyEngine } from '../engine/engine';
import { ownPrincipals } from '../freeze/own-principals';
import { type LockedWork, whileLocked } from '../locks/while-locked';
import { keepingHistory } from '../plan-files/history';
import { planFiles, readPlan } from '../plan-files/plan-file';
import { type MigrateRequest, migrate } from './migrate';

interface ApplyRequest
  extends Pick<MigrateRequest, 'allowSourceChanges' | 'settle' | 'readPause' | 'acceptMissing' | 'noFreeze'>,
    Pick<LockedWork, 'path' | 'breakLock'> {
  /** ARNs that may write to the frozen source. @default - the caller, as STS tells */
  readonly principals: readonly string[] | undefined;
  /** A profile of another principal, whom the freeze must deny. */
  readonly secondProfile: string | undefined;
  readonly confirm: Confirm;
}

/** Carries the plan at a path out, once the operator has confirmed it. */
export async function applyPlan(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  { path, confirm, principals, secondProfile, breakLock, ...more }: ApplyRequest,
): Promise<Migration & { readonly plan: Plan }> {
  const { aws } = context;
  const plan = await readPlan(path);
  await openBucket(aws, plan.source);
  await openBucket(aws, plan.destination);
  await confirm(
    [plan.source, plan.digest],
    more.noFreeze
      ? `Copying to ${plan.destination} does not freeze the source. Type its name to go on:`
      : `Copying to ${plan.destination} freezes the source. Type its name to go on:`,
  );
  const files = planFiles(path);
  // Without a freeze, only a destination that should be frozen has to exempt somebody.
  const needsPrincipals = !more.noFreeze || more.acceptMissing.length > 0;
  const request = {
    plan,
    files,
    principals: principals ?? (needsPrincipals ? await ownPrincipals(context) : []),
    second: secondProfile === undefined ? undefined : s3OfProfile(aws, secondProfile),
    ...more,
  };
  const work = { ...plan, command: 'apply', path, lock: files.lock, breakLock };
  const migration = await whileLocked(context, work, (locked) =>
    keepingHistory(locked, files.history, 'apply', async (kept, history) => {
      const migrated = await migrate(kept, engine, request);
      history.add({ event: 'migrated', ...migrated, failed: migrated.failed.length });
      return migrated;
    }),
  );
  return { plan, ...migration };
}
