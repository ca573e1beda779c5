import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Context } from '../../shared/command';
import { type LockedWork, withFileLock } from '../locks/while-locked';
import { planFiles, readPlanSource } from '../plan-files/plan-file';
import { isFrozen, StateFile } from '../plan-files/state';
import { unfreeze } from './freeze';

type UnfreezeRequest = Pick<LockedWork, 'path' | 'breakLock'>;

/** Puts the source of a plan, of whatever version, back as it was before the freeze. Nothing is done where the plan did not freeze it. */
export async function unfreezePlan(context: Context<MigrationEvent>, { path, breakLock }: UnfreezeRequest) {
  const source = await readPlanSource(path);
  const files = planFiles(path);
  const work = { command: 'unfreeze', path, lock: files.lock, breakLock };
  return withFileLock(context, work, async ({ aws }) => {
    const state = await StateFile.read(files.state);
    const saved = state?.now.saved ?? null;
    if (state === undefined || saved === null || !isFrozen(state.now)) return { source, unfrozen: false };
    await unfreeze(aws.s3, source, saved);
    // A retirement that began stays what it is: its objects are proven, and partly gone.
    const begun = state.now.phase === 'retiring' || state.now.phase === 'retired';
    await state.save({ saved: null, ...(begun ? {} : { phase: 'copying', verified: null }) });
    return { source, unfrozen: true };
  });
}
