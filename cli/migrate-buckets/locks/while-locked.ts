import { setMaxListeners } from 'node:events';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Context } from '../../shared/command';
import type { UserError } from '../../shared/user-error';
import { type Held, takeFileLock } from './file-lock';
import { EXPIRY, holderOf, LostLock, RENEWAL } from './holder';
import { takeObjectLock } from './object-lock';

/** What is to be worked on, and by which command. */
export interface LockedWork {
  readonly command: string;
  /** Path of the plan. */
  readonly path: string;
  /** Path of its lock. */
  readonly lock: string;
  /** The host whose locks count as left behind. */
  readonly breakLock?: string | undefined;
}

/** Does something with a plan's files while no other process of any machine that sees them does. */
export async function withFileLock<T>(
  context: Context<MigrationEvent>,
  { command, path, lock, breakLock }: LockedWork,
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
  work: LockedWork & { readonly source: string; readonly destination: string },
  act: (context: Context<MigrationEvent>) => Promise<T>,
): Promise<T> {
  const { command, path, lock, breakLock, source, destination } = work;
  const holder = await holderOf(command, path);
  const file = await takeFileLock(lock, holder, breakLock);
  try {
    const place = { s3: context.aws.s3, source, destination };
    const object = await takeObjectLock(place, holder, breakLock);
    if (!object.conditional) {
      const message = `${destination} is on a server that ignores conditions: the lock does not keep operators on other machines away. Make sure that nobody else works on this migration.`;
      context.report.tell({ event: 'lock-ignored', message });
    }
    return await whileHeld(context, [file, object], act);
  } finally {
    await file.release();
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
