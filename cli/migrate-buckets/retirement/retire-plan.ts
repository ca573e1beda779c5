import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import type { Gate } from '../../../contracts/migrate-buckets/retirement';
import type { RetireMode } from '../../../contracts/migrate-buckets/words';
import type { Context } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { openBucket } from '../aws/bucket';
import { tellAccepted } from '../doctor/given-up';
import { type LockedWork, whileLocked } from '../locks/while-locked';
import { type History, keepingHistory } from '../plan-files/history';
import { planFiles, readPlan } from '../plan-files/plan-file';
import { StateFile } from '../plan-files/state';
import { lookAtRetired } from './already-retired';
import { allPass, evaluateGates } from './gates';
import type { GatesEvaluation, PlanRetirement } from './gates-evaluation';
import { type Facts, type FactsRequest, gatherFacts } from './gather-facts';
import { retireBucket } from './retire-bucket';
import { refusesDeletions } from './server-gates';

export interface RetirePlanRequest
  extends Pick<FactsRequest, 'soak' | 'statePaths' | 'overrides' | 'losses'>,
    Pick<LockedWork, 'path' | 'breakLock'> {
  readonly mode: RetireMode;
  readonly purge: boolean;
  /** Only the gates are evaluated. */
  readonly dryRun: boolean;
  /** Is called with what was found: before anybody is asked, and again where a gate fails after that. */
  readonly show: (evaluation: GatesEvaluation) => void;
  /** Has the operator type one of the accepted names, or throws. */
  readonly confirm: (accepted: readonly [string, ...string[]], evaluation: GatesEvaluation) => Promise<void>;
}

/**
 * Retires the source of the plan at a path, provided that every gate holds and the operator confirms it. While he is
 * asked, anything may happen: what counts are the facts that are gathered after that, under the lock.
 *
 * @throws {UserError} exit 6 when a bucket that was retired and kept is now to be deleted, when objects cannot be
 * hidden that are to be, or the plan is locked.
 */
export async function retirePlan(
  context: Context<MigrationEvent>,
  request: RetirePlanRequest,
): Promise<PlanRetirement> {
  const { path, dryRun, confirm } = request;
  const plan = await readPlan(path);
  const state = await StateFile.of(plan, planFiles(path).state);
  if (state?.now.phase === 'retired') return lookAtRetired(context, plan, planFiles(path), request.mode);
  tellAccepted(context.report, state?.now);
  await openBucket(context.aws, plan.source);
  await openBucket(context.aws, plan.destination);
  const { evaluation } = await evaluate(context, plan, request);
  tell(context, request, evaluation);
  if (!evaluation.passed || dryRun) return { ...evaluation, already: false, retired: null };
  await confirm([plan.source, plan.digest], evaluation);
  const work = { ...plan, command: 'retire', path, lock: planFiles(path).lock, breakLock: request.breakLock };
  return whileLocked(context, work, (locked) =>
    keepingHistory(locked, planFiles(path).history, 'retire', (kept, history) =>
      retireNow(kept, plan, request, history),
    ),
  );
}

/** Evaluates once more, and acts on that alone. */
async function retireNow(
  context: Context<MigrationEvent>,
  plan: Plan,
  request: RetirePlanRequest,
  history: History,
): Promise<PlanRetirement> {
  const { path, mode, purge } = request;
  const { evaluation, facts, state } = await evaluate(context, plan, request);
  if (!evaluation.passed || state === undefined) {
    tell(context, request, evaluation);
    return { ...evaluation, already: false, retired: null };
  }
  const { gates, inventory } = evaluation;
  // Before anything is deleted: should this process die amid that, what it rested on is known.
  history.add({ event: 'gates', message: 'Every gate holds under the lock.', gates, inventory });
  const at = new Date().toISOString();
  const overridden = gates.filter((gate) => gate.overridden);
  const overrides = overridden.map(({ name }) => ({ gate: name, at }));
  await state.save({ overrides: [...state.now.overrides, ...overrides] });
  const retired = await retireBucket(context, {
    plan,
    files: planFiles(path),
    state,
    mode,
    purge,
    conditional: refusesDeletions(plan.source, state.now),
    sides: facts.sides,
    expected: facts.inventory?.objects.objects ?? 0,
  });
  history.add({ event: 'retired', gates, inventory, retired });
  return { ...evaluation, already: false, retired };
}

async function evaluate(
  context: Context<MigrationEvent>,
  plan: Plan,
  request: RetirePlanRequest,
): Promise<{ evaluation: GatesEvaluation; facts: Facts; state: StateFile | undefined }> {
  const files = planFiles(request.path);
  const state = await StateFile.of(plan, files.state);
  const facts = await gatherFacts(context, { ...request, plan, files, state: state?.now });
  refuseUnhidable(facts, request);
  const gates = evaluateGates(facts);
  const { source, destination, inventory, versioned } = facts;
  return {
    state,
    facts,
    evaluation: { source, destination, gates, passed: allPass(gates), inventory, versioned },
  };
}

/** What was asked for as a step that can be undone must be one. */
function refuseUnhidable(
  { source, versioned, keepsVersions }: Facts,
  { mode, purge }: Pick<RetirePlanRequest, 'mode' | 'purge'>,
): void {
  if (mode === 'soft' || purge || !versioned || keepsVersions) return;
  throw new UserError(
    `The versioning of ${source} is suspended: what has no version id cannot be hidden there, a delete marker takes its place for good. Turn the versioning on, or delete for good with --purge.`,
    EXIT.refused,
  );
}

function tell(
  { report }: Context<MigrationEvent>,
  { show }: RetirePlanRequest,
  evaluation: GatesEvaluation,
): void {
  show(evaluation);
  const { gates, inventory } = evaluation;
  const named = (some: readonly Gate[]) => some.map(({ name }) => name).join(', ');
  const failing = gates.filter(({ passed }) => !passed);
  const overridden = gates.filter((gate) => gate.overridden);
  const message =
    failing.length > 0
      ? `${failing.length} of ${gates.length} gates ${failing.length === 1 ? 'fails' : 'fail'}: ${named(failing)}.`
      : overridden.length > 0
        ? `Every gate holds, but for what you override: ${named(overridden)}.`
        : 'Every gate holds.';
  report.tell({ event: 'gates', message, gates, inventory });
}
