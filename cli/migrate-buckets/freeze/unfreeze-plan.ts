import type { SavedConfiguration } from '../../../contracts/migrate-buckets/freeze';
import type { MigrationEvent, ResultOf } from '../../../contracts/migrate-buckets/output';
import type { AnyPlan } from '../../../contracts/migrate-buckets/plan';
import type { Context } from '../../shared/command';
import { type LockedWork, whileLocked } from '../locks/while-locked';
import { keepingHistory } from '../plan-files/history';
import { planFiles, readAnyPlan } from '../plan-files/plan-file';
import { isFrozen, StateFile } from '../plan-files/state';
import { type ConfiguredBucket, readConfiguration } from './bucket-configuration';
import { freezesOf, ofPlan, unfreeze } from './freeze';
import { closeFreezeRecord, readFreezeRecord } from './freeze-record';

interface UnfreezeRequest
  extends Pick<LockedWork, 'path' | 'breakLock'>,
    Pick<ConfiguredBucket, 'readPause'> {}

/**
 * Undoes the freeze of a plan, of whatever version, even where its state was lost. Nothing is done where the plan
 * did not freeze its source.
 */
export async function unfreezePlan(
  context: Context<MigrationEvent>,
  { path, breakLock, readPause }: UnfreezeRequest,
): Promise<ResultOf<'unfreeze'>> {
  const plan = await readAnyPlan(path);
  const { source, destination } = plan;
  const files = planFiles(path);
  const work = {
    source,
    destination,
    command: 'unfreeze',
    path,
    lock: files.lock,
    breakLock,
    evenWithoutLock: true,
  };
  return whileLocked(context, work, (locked) =>
    keepingHistory(locked, files.history, 'unfreeze', async (kept, history) => {
      const undone = await undoFreeze(kept, plan, { path, readPause });
      history.add({ event: 'freeze-undone', ...undone });
      return undone;
    }),
  );
}

/** The same, for whoever holds the lock of the migration. */
export async function undoFreeze(
  { aws: { s3 } }: Pick<Context, 'aws'>,
  { source, destination, digest }: AnyPlan,
  { path, readPause }: Omit<UnfreezeRequest, 'breakLock'>,
): Promise<ResultOf<'unfreeze'>> {
  const configured = { s3, bucket: source, readPause };
  const place = destination === undefined ? undefined : { s3, source, destination };
  const state = await StateFile.read(planFiles(path).state);
  let saved: SavedConfiguration | undefined;
  if (state !== undefined && state.now.saved !== null && isFrozen(state.now)) saved = state.now.saved;
  else {
    const { policy } = await readConfiguration(configured);
    if (freezesOf(policy, ofPlan(digest, null)).length === 0) {
      return { source, unfrozen: false, phase: state?.now.phase ?? null, steps: [] };
    }
    const record = place && (await readFreezeRecord(place).catch(() => undefined));
    saved = record?.saved.mark?.plan_digest === digest ? record.saved : undefined;
  }
  const steps = await unfreeze(configured, saved, ofPlan(digest, saved ?? null));
  if (state !== undefined) {
    // A retirement that began stays what it is: its objects are proven, and partly gone.
    const begun = state.now.phase === 'retiring' || state.now.phase === 'retired';
    await state.save({ saved: null, ...(begun ? {} : { phase: 'copying', verified: null, server: null }) });
  }
  if (place !== undefined) await closeFreezeRecord(place);
  return { source, unfrozen: true, phase: state?.now.phase ?? null, steps: [...steps] };
}
