import { setMaxListeners } from 'node:events';
import type { LockHolder } from '../../../contracts/migrate-buckets/lock';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Context } from '../../shared/command';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import { type Held, takeFileLock } from './file-lock';
import { EXPIRY, holderOf, LostLock, RENEWAL } from './holder';
import { takeObjectLock } from './object-lock';

/** What is to be worked on, and by which command. */
export interface LockedWork {
  readonly command: string;
  /** Path of the plan. */
  readonly path: string;
  /** Path of its lock; undefined where there is no plan. */
  readonly lock: string | undefined;
  /** The host whose locks count as left behind. */
  readonly breakLock?: string | undefined;
}

/** The buckets of a migration. */
export interface LockedBuckets {
  readonly source: string;
  /** Where the lock lies. Undefined: nobody knows where, and nobody is kept away. */
  readonly destination: string | undefined;
  /** Go on where the destination is gone, or may not be written to. @default false */
  readonly evenWithoutLock?: boolean;
}

/** Does something with a plan's files while no other process of any machine that sees them does. */
export async function withFileLock<T>(
  context: Context<MigrationEvent>,
  { command, path, lock, breakLock }: LockedWork & { readonly lock: string },
  work: (context: Context<MigrationEvent>) => Promise<T>,
): Promise<T> {
  const held = await takeFileLock(lock, await holderOf(command, path), breakLock);
  return whileHeld(context, [held], work);
}

/**
 * Does something with the buckets of a migration while nobody else does: neither with the same plan, nor from
 * another machine. The context that it is given is aborted when a lock is lost, by {@link LostLock}.
 *
 * @throws {UserError} exit 6 when somebody else works on it.
 */
export async function whileLocked<T>(
  context: Context<MigrationEvent>,
  work: LockedWork & LockedBuckets,
  act: (context: Context<MigrationEvent>) => Promise<T>,
): Promise<T> {
  const { command, path, lock, breakLock } = work;
  const holder = await holderOf(command, path);
  const file = lock === undefined ? [] : [await takeFileLock(lock, holder, breakLock)];
  try {
    const object = await lockDestination(context, holder, work);
    return await whileHeld(context, [...file, ...object], act);
  } finally {
    for (const each of file) await each.release();
  }
}

async function lockDestination(
  { aws, report }: Context<MigrationEvent>,
  holder: LockHolder,
  { source, destination, breakLock, evenWithoutLock = false }: LockedWork & LockedBuckets,
): Promise<Held[]> {
  const warn = (why: string) => {
    const message = `${why} Make sure that nobody else works on the migration of ${source}.`;
    report.tell({ event: 'lock-ignored', message });
  };
  if (destination === undefined) {
    warn(`Where ${source} was migrated to is not known, so operators on other machines are not kept away.`);
    return [];
  }
  try {
    const object = await takeObjectLock({ s3: aws.s3, source, destination }, holder, breakLock);
    if (!object.conditional) {
      warn(
        `The server of ${destination} ignores conditions, so operators on other machines are not kept away.`,
      );
    }
    return [object];
  } catch (error) {
    if (!evenWithoutLock || !(error instanceof UserError) || error.exitCode === EXIT.refused) throw error;
    warn(`${error.message} So operators on other machines are not kept away.`);
    return [];
  }
}

async function whileHeld<T, C extends Pick<Context, 'signal'>>(
  context: C,
  held: readonly Held[],
  work: (context: C) => Promise<T>,
): Promise<T> {
  const lost = new AbortController();
  const signal = AbortSignal.any([context.signal, lost.signal]);
  setMaxListeners(0, signal);
  let renewed = performance.now();
  const timer = setInterval(async () => {
    const begun = performance.now();
    try {
      for (const each of held) await each.renew();
      renewed = begun;
    } catch (error) {
      // A renewal that fails for another reason may succeed the next time, until others may take the lock.
      if (error instanceof LostLock) lost.abort(error);
      else if (begun - renewed > EXPIRY - RENEWAL) lost.abort(new LostLock(undefined));
    }
  }, RENEWAL);
  timer.unref();
  try {
    return await work({ ...context, signal });
  } catch (error) {
    throw isLost(signal) ?? error;
  } finally {
    clearInterval(timer);
    for (const each of held) await each.release();
  }
}

/** Why the lock is lost; undefined while it is held. */
export const isLost = ({ reason }: AbortSignal): UserError | undefined =>
  reason instanceof LostLock ? reason : undefined;
