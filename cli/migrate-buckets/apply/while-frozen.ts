import { setTimeout } from 'node:timers/promises';
import type { Verification } from '../../../contracts/migrate-buckets/verification';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { freeze, unfreeze } from '../freeze/freeze';
import { isFrozen, type StateFile } from '../plan-files/state';
import type { PassContext } from './copy-pass';

export interface FreezeRequest extends Pick<PassContext, 'aws' | 'source' | 'report' | 'signal'> {
  readonly state: StateFile;
  /** ARNs that may write to the source while it is frozen. */
  readonly principals: readonly string[];
  /** Seconds between the freeze and the work, for the policy to reach all of S3. */
  readonly settle: number;
}

/**
 * Freezes the source and works on it. Only work that ends verified leaves it frozen; whatever else becomes of
 * the work, the source's policy and lifecycle are put back.
 */
export async function whileFrozen(
  request: FreezeRequest,
  work: () => Promise<Verification | null>,
): Promise<Verification | null> {
  const { report, settle, signal } = request;
  try {
    await freezeSource(request);
    await setTimeout(settle * 1000, undefined, { signal });
    const verification = await work();
    if (verification?.proven !== true) await unfreezeSource(request);
    return verification;
  } catch (error) {
    // What went wrong first is the cause: an unfreeze that fails too must not hide it.
    await unfreezeSource(request).catch((failure: unknown) => {
      const message = failure instanceof Error ? failure.message : String(failure);
      report.tell({ event: 'unfreeze-failed', message });
    });
    throw error;
  }
}

async function freezeSource({ aws, source, state, principals, report }: FreezeRequest): Promise<void> {
  const { saved } = state.now;
  if (saved === null) {
    throw new UserError(`The migration's state lacks the saved policy of ${source}.`, EXIT.usage);
  }
  await freeze(aws.s3, source, saved, principals);
  await state.save({ phase: 'frozen', verified: null });
  const message = `${source} denies writes to everybody but you; its lifecycle is suspended.`;
  report.tell({ event: 'frozen', message });
}

async function unfreezeSource({ aws, source, state, report }: FreezeRequest): Promise<void> {
  const { saved } = state.now;
  if (saved === null || !isFrozen(state.now)) return;
  await unfreeze(aws.s3, source, saved);
  await state.save({ phase: 'copying', saved: null, verified: null });
  report.tell({ event: 'unfrozen', message: `The policy and lifecycle of ${source} are as they were.` });
}
