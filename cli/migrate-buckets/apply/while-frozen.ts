import { setTimeout } from 'node:timers/promises';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import { UserError } from '../../shared/user-error';
import { type ConfiguredBucket, steadyConfiguration } from '../freeze/bucket-configuration';
import { beforeFreeze, freeze, ofPlan, unfreeze, untilFrozen } from '../freeze/freeze';
import { markNow } from '../freeze/freeze-mark';
import { freezeStatement } from '../freeze/freeze-policy';
import { closeFreezeRecord, keepFreezeRecord, readFreezeRecord } from '../freeze/freeze-record';
import { isLost } from '../locks/while-locked';
import type { PlanFiles } from '../plan-files/plan-file';
import { isFrozen, type StateFile } from '../plan-files/state';
import type { PassContext } from './copy-pass';

export interface FreezeRequest
  extends Pick<PassContext, 'aws' | 'source' | 'destination' | 'report' | 'signal'>,
    Pick<ConfiguredBucket, 'readPause'> {
  readonly plan: Pick<Plan, 'digest'>;
  readonly files: Pick<PlanFiles, 'plan'>;
  readonly state: StateFile;
  /** ARNs that may write to the source while it is frozen. */
  readonly principals: readonly string[];
  /** Seconds between the freeze and the work, for the policy to reach all of S3. */
  readonly settle: number;
}

/**
 * Freezes the source and works on it. Only work that ends verified leaves it frozen; whatever else becomes of
 * the work, the freeze is undone, unless somebody else took over the migration.
 */
export async function whileFrozen(
  request: FreezeRequest,
  work: () => Promise<Verification | null>,
): Promise<Verification | null> {
  try {
    await freezeSource(request);
    const verification = await work();
    if (verification?.proven !== true) await unfreezeSource(request);
    return verification;
  } catch (error) {
    await unfreezeAfterError(request);
    throw error;
  }
}

/**
 * The work between taking up a state and the freeze. Where an earlier call was killed while the source was frozen, and
 * this one ends before it comes to the freeze again, nobody else would undo that. What is verified stays as it is, and a
 * refusal changes nothing: its sentence says what to do.
 */
export async function beforeFrozen<Result>(
  request: FreezeRequest,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (request.state.now.phase !== 'verified' && !(error instanceof UserError))
      await unfreezeAfterError(request);
    throw error;
  }
}

/** What went wrong first is the cause: an unfreeze that fails too must not hide it. */
async function unfreezeAfterError(request: FreezeRequest): Promise<void> {
  const { report, signal } = request;
  if (isLost(signal) !== undefined) return;
  await unfreezeSource(request).catch((failure: unknown) => {
    const message = failure instanceof Error ? failure.message : String(failure);
    report.tell({ event: 'unfreeze-failed', message });
  });
}

async function freezeSource(request: FreezeRequest): Promise<void> {
  const { source, destination, plan, files, state, principals, report, settle, signal, readPause } = request;
  const { s3 } = request.aws;
  const configured = { s3, bucket: source, readPause, signal };
  const place = { s3, source, destination };
  const now = await steadyConfiguration(configured);
  const known = { saved: state.now.saved, record: await readFreezeRecord(place) };
  const before = beforeFreeze(source, now, plan.digest, known);
  const saved = state.now.saved === null ? { mark: markNow(plan.digest, destination), ...before } : before;
  const statement = freezeStatement(source, principals, saved.mark);
  // Kept on both sides before anything is changed: here, and where it outlives this machine.
  await state.save({ phase: 'freezing', saved: { ...saved, statement } });
  await keepFreezeRecord(place, { saved: { ...saved, statement }, plan: files.plan });
  await freeze(configured, now, statement);
  await state.save({ phase: 'frozen', verified: null });
  const message = `${source} denies writes to everybody but you; its lifecycle is suspended.`;
  report.tell({ event: 'frozen', message });
  const written = performance.now();
  await untilFrozen(configured, statement);
  const rest = settle * 1000 - (performance.now() - written);
  if (rest <= 0) return;
  report.tell({
    event: 'settling',
    message: `Waiting ${Math.ceil(rest / 1000)} s (--settle) until all of S3 denies them.`,
  });
  await setTimeout(rest, undefined, { signal });
}

async function unfreezeSource(request: FreezeRequest): Promise<void> {
  const { source, destination, plan, state, report, readPause } = request;
  const { s3 } = request.aws;
  const { saved } = state.now;
  if (saved === null || !isFrozen(state.now)) return;
  const message = `${source} is not verified: taking the freeze out of it again, until reads in a row agree.`;
  report.tell({ event: 'unfreezing', message });
  const steps = await unfreeze({ s3, bucket: source, readPause }, saved, ofPlan(plan.digest, saved));
  report.tell({ event: 'unfrozen', message: `${source} is not frozen any more. ${steps.join(' ')}` });
  await state.save({ phase: 'copying', saved: null, verified: null });
  await closeFreezeRecord({ s3, source, destination });
}
