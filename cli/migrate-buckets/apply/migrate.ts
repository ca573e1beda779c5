import type { Aws } from '../../shared/aws/clients';
import { EXIT } from '../../shared/exit-codes';
import type { Reporter } from '../../shared/reporters/reporter';
import { UserError } from '../../shared/user-error';
import type { CopyEngine } from '../engine/engine';
import { freeze, readConfiguration, unfreeze } from '../freeze/freeze';
import { Journal } from '../plan-files/journal';
import { type Plan, type PlanFiles, readManifest } from '../plan-files/plan-file';
import { refuseStale, strandedOf } from '../plan-files/staleness';
import { isFrozen, newState, readState, type State, writeState } from '../plan-files/state';
import { type Verification, verifyBuckets } from '../verification/verify';
import { sendCanary } from './canary';
import { catchUp } from './catch-up';
import { copyPass, copyPointers, type PassContext, type PassResult } from './copy-pass';

export interface MigrateRequest {
  readonly plan: Plan;
  readonly files: PlanFiles;
  /** ARNs that may write to the source while it is frozen. */
  readonly principals: readonly string[];
  /** The source is live: objects that it gained or changed since the plan are taken as they are. */
  readonly allowSourceChanges: boolean;
  /** Seconds between the freeze and the first catch-up, for the policy to reach all of S3. */
  readonly settle: number;
}

export interface Migration {
  readonly copied: number;
  readonly bytes: number;
  /** Passes over both listings, pointers included. */
  readonly passes: number;
  readonly failed: readonly { readonly key: string; readonly message: string }[];
  /** Null when it did not come to that. */
  readonly verification: Verification | null;
  readonly seconds: number;
}

/**
 * Carries a plan out: canary, pre-copy while the source is live, freeze, catch-up until a pass copies
 * nothing, pointers, verification. Whatever stops it, the next call goes on from what the destination holds.
 * Unless it ends verified, the source's policy and lifecycle are put back.
 */
export async function migrate(
  { s3 }: Aws,
  engine: CopyEngine,
  request: MigrateRequest,
  report: Reporter,
  signal: AbortSignal,
): Promise<Migration> {
  const { plan, files } = request;
  const started = performance.now();
  const manifest = () => readManifest(files.manifest, plan);
  const stranded = await strandedOf(manifest());
  const earlier = await readState(files.state);
  if (earlier !== undefined && earlier.digest !== plan.digest) {
    throw new UserError(`${files.state} belongs to another plan. Plan again.`, EXIT.stale);
  }
  if (earlier?.phase === 'retiring' || earlier?.phase === 'retired') {
    throw new UserError(`${plan.source} is retired already: there is nothing left to apply.`, EXIT.refused);
  }
  if (earlier === undefined) {
    await refuseStale(engine, plan, files.manifest, request.allowSourceChanges);
    report.event('plan-current', 'The buckets are what the plan was made from.');
  } else {
    report.event('resuming', `Going on from the phase "${earlier.phase}".`);
  }
  let state: State = earlier ?? newState(plan);
  const save = async (change: Partial<State>) => {
    state = { ...state, ...change };
    await writeState(files.state, state);
  };
  const journal = await Journal.open(files.journal);
  const context: PassContext = {
    s3,
    engine,
    journal,
    source: plan.source,
    destination: plan.destination,
    stranded,
    manifest,
    report,
    signal,
    total: plan.actions.copy.objects + plan.actions.replace.objects,
  };
  const total = { copied: 0, bytes: 0, passes: 0, failed: [] as PassResult['failed'] };
  const count = async <Result extends PassResult>(name: string, copying: Promise<Result>) => {
    const result = await copying;
    total.copied += result.copied;
    total.bytes += result.bytes;
    total.passes++;
    total.failed = result.failed;
    report.event(
      name,
      `${name}: ${result.copied} copied, ${result.unchanged} already there, ${result.failed.length} failed.`,
      { copied: result.copied, unchanged: result.unchanged, failed: result.failed.length },
    );
    return result;
  };
  const outcome = (verification: Verification | null): Migration => ({
    ...total,
    verification,
    seconds: (performance.now() - started) / 1000,
  });

  try {
    await save({});
    if (!isFrozen(state)) {
      await readConfiguration(s3, plan.source);
      const canary = await sendCanary(engine, context, plan.requests.copy > plan.actions.copy.objects);
      if (canary !== undefined) {
        total.copied++;
        report.event('canary', `The canary ${canary} was copied with all that the others need.`, {
          key: canary,
        });
      }
      if ((await count('pre-copy', copyPass(context))).failed.length > 0) return outcome(null);
      await save({ phase: 'freezing', saved: await readConfiguration(s3, plan.source) });
    }
    try {
      const { saved } = state;
      if (saved === null) throw new UserError(`${files.state} lacks the source's saved policy.`, EXIT.usage);
      await freeze(s3, plan.source, saved, request.principals);
      await save({ phase: 'frozen', verified: null });
      report.event(
        'frozen',
        `${plan.source} denies writes to everybody but you; its lifecycle is suspended.`,
      );
      await settle(request.settle, signal);
      const caughtUp = await catchUp(
        () => count('catch-up', copyPass(context)),
        (seen) => count('pointers', copyPointers(context, seen)),
        plan.source,
      );
      if (!caughtUp) {
        await thaw();
        return outcome(null);
      }
      const verification = await verifyBuckets(
        s3,
        { ...context, deep: false, versionsPath: files.versions },
        report,
        signal,
      );
      if (!verification.proven) {
        await thaw();
        return outcome(verification);
      }
      const { digest, objects, bytes, levels, snapshots } = verification;
      await save({
        phase: 'verified',
        verified: {
          at: new Date().toISOString(),
          digest,
          objects,
          bytes,
          levels: Object.fromEntries(Object.entries(levels).map(([level, each]) => [level, each.objects])),
          snapshots: [...snapshots],
        },
      });
      return outcome(verification);
    } catch (error) {
      // What went wrong first is the cause: a thaw that fails too must not hide it.
      await thaw().catch((failure: unknown) => {
        report.event('thaw-failed', failure instanceof Error ? failure.message : String(failure));
      });
      throw error;
    }
  } finally {
    await journal.close();
  }

  async function thaw() {
    if (state.saved === null || !isFrozen(state)) return;
    await unfreeze(s3, plan.source, state.saved);
    await save({ phase: 'copying', saved: null, verified: null });
    report.event('unfrozen', `The policy and lifecycle of ${plan.source} are as they were.`);
  }
}

function settle(seconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
