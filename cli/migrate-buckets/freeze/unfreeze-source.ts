import type { MigrationEvent, ResultOf } from '../../../contracts/migrate-buckets/output';
import type { Context } from '../../shared/command';
import type { Confirm } from '../../shared/confirmation';
import { type LockedWork, whileLocked } from '../locks/while-locked';
import type { ConfiguredBucket } from './bucket-configuration';
import { configurationWithout, unfreeze } from './freeze';
import { describeMark } from './freeze-mark';
import { closeFreezeRecord } from './freeze-record';
import { readFreezeStatus } from './freeze-status';

interface UnfreezeSourceRequest extends Pick<LockedWork, 'breakLock'>, Pick<ConfiguredBucket, 'readPause'> {
  readonly source: string;
  /** Where it was migrated to. @default - what the freeze itself tells */
  readonly destination: string | undefined;
  readonly confirm: Confirm;
}

/**
 * Undoes the freeze of a bucket whose plan is lost: by what was kept at the destination, or, without that, by what
 * the freeze marked as its own. Shows what it does, and asks.
 */
export async function unfreezeSource(
  context: Context<MigrationEvent>,
  { source, destination: named, breakLock, readPause, confirm }: UnfreezeSourceRequest,
): Promise<ResultOf<'unfreeze'>> {
  const { aws, report } = context;
  const status = await readFreezeStatus(aws, source, { destination: named, readPause });
  const { mark, suspended, probed, destination, record, unchecked } = status;
  if (mark === undefined && suspended.length === 0 && !probed) {
    return { source, unfrozen: false, phase: null, steps: [] };
  }
  const saved = record?.saved;
  const tell = (message: string) => report.tell({ event: 'unfreezing', message });
  if (mark !== undefined) tell(`${source} was frozen by ${describeMark(mark)}.`);
  for (const each of unchecked) tell(each);
  tell(
    saved === undefined
      ? 'What it was before the freeze was not found, so only what the freeze marked as its own is undone.'
      : `What it was before the freeze is kept in ${destination}.`,
  );
  for (const step of configurationWithout(source, status.now, saved, anyFreeze).steps) tell(step);
  await confirm([source], 'This lets everybody write to it again. Type its name to go on:');
  const place = destination === undefined ? undefined : { s3: aws.s3, source, destination };
  const work = {
    source,
    destination,
    command: 'unfreeze',
    path: source,
    lock: undefined,
    breakLock,
    evenWithoutLock: true,
  };
  return whileLocked(context, work, async () => {
    const configured = { s3: aws.s3, bucket: source, readPause };
    const steps = await unfreeze(configured, saved, anyFreeze);
    if (place !== undefined) await closeFreezeRecord(place);
    return { source, unfrozen: true, phase: null, steps: [...steps] };
  });
}

const anyFreeze = (): boolean => true;
