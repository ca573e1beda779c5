import type { Gate, MigrationEvent, Retirement } from '../../../contracts/migrate-buckets/output';
import type { RetireMode } from '../../../contracts/migrate-buckets/words';
import type { Context } from '../../shared/command';
import type { Confirm } from '../../shared/confirmation';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { openBucket } from '../aws/bucket';
import { type LockedWork, whileLocked } from '../locks/while-locked';
import { planFiles, readPlan } from '../plan-files/plan-file';
import { isFrozen, StateFile } from '../plan-files/state';
import { allPass, evaluateGates } from './gates';
import { gatherFacts } from './gather-facts';
import { retireBucket } from './retire-bucket';

export interface RetirePlanRequest extends Pick<LockedWork, 'path' | 'breakLock'> {
  readonly mode: RetireMode;
  readonly purge: boolean;
  /** Seconds that must lie between verification and retirement. */
  readonly soak: number;
  readonly statePaths: readonly string[];
  readonly overrides: readonly string[];
  /** Only the gates are evaluated. */
  readonly dryRun: boolean;
  readonly confirm: Confirm;
}

export interface PlanRetirement {
  readonly source: string;
  readonly gates: Gate[];
  /** Whether every gate holds. */
  readonly passed: boolean;
  /** Null when nothing was done: a gate fails, or only the gates were asked for. */
  readonly retired: Retirement | null;
}

/** Retires the source of the plan at a path, provided that every gate holds and the operator confirms it. */
export async function retirePlan(
  context: Context<MigrationEvent>,
  { path, mode, purge, soak, statePaths, overrides, dryRun, confirm, breakLock }: RetirePlanRequest,
): Promise<PlanRetirement> {
  const { aws, report } = context;
  const plan = await readPlan(path);
  const { source } = plan;
  const files = planFiles(path);
  const state = await StateFile.of(plan, files.state);
  if (state?.now.phase === 'retired') throw new UserError(`${source} is retired already.`, EXIT.refused);
  await openBucket(aws, source);
  await openBucket(aws, plan.destination);
  const request = { plan, files, state: state?.now, statePaths, soak, overrides };
  const gates = evaluateGates(await gatherFacts(context, request));
  const passed = allPass(gates) && state !== undefined && isFrozen(state.now);
  if (!passed || dryRun) return { source, gates, passed, retired: null };
  report.tell({ event: 'gates', message: 'Every gate holds.', gates });
  await confirm([source, plan.digest], `Retiring (${mode}) empties the source. Type its name to go on:`);
  const at = new Date().toISOString();
  const used = gates.filter(({ overridden }) => overridden).map(({ name }) => ({ gate: name, at }));
  await state.save({ overrides: [...state.now.overrides, ...used] });
  const work = { ...plan, command: 'retire', path, lock: files.lock, breakLock };
  const retired = await whileLocked(context, work, (locked) =>
    retireBucket(locked, { plan, files, state, mode, purge }),
  );
  return { source, gates, passed, retired };
}
