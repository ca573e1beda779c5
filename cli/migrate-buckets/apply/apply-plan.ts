import type { Migration, MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import type { Context } from '../../shared/command';
import type { Confirm } from '../../shared/confirmation';
import { UserError } from '../../shared/user-error';
import { openBucket, whoAmI } from '../aws/bucket';
import type { CopyEngine } from '../engine/engine';
import { type LockedWork, whileLocked } from '../locks/while-locked';
import { planFiles, readPlan } from '../plan-files/plan-file';
import { type MigrateRequest, migrate } from './migrate';

interface ApplyRequest
  extends Pick<MigrateRequest, 'allowSourceChanges' | 'settle' | 'readPause'>,
    Pick<LockedWork, 'path' | 'breakLock'> {
  /** ARNs that may write to the frozen source. @default - the caller, as STS tells */
  readonly principals: readonly string[] | undefined;
  readonly confirm: Confirm;
}

/** Carries the plan at a path out, once the operator has confirmed it. */
export async function applyPlan(
  context: Context<MigrationEvent>,
  engine: CopyEngine,
  { path, confirm, principals, breakLock, ...more }: ApplyRequest,
): Promise<Migration & { readonly plan: Plan }> {
  const { aws } = context;
  const plan = await readPlan(path);
  await openBucket(aws, plan.source);
  await openBucket(aws, plan.destination);
  await confirm(
    [plan.source, plan.digest],
    `Copying to ${plan.destination} freezes the source. Type its name to go on:`,
  );
  const files = planFiles(path);
  const request = { plan, files, principals: principals ?? (await ownPrincipals(context)), ...more };
  const work = { ...plan, command: 'apply', path, lock: files.lock, breakLock };
  return { plan, ...(await whileLocked(context, work, (locked) => migrate(locked, engine, request))) };
}

async function ownPrincipals({ aws }: Context<MigrationEvent>): Promise<readonly string[]> {
  try {
    return (await whoAmI(aws)).principals;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `${error.message} The freeze must exempt you: pass your role's or user's ARN with --principal.`,
    );
  }
}
