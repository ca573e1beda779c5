import { randomUUID } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { resolve } from 'node:path';
import type { LockHolder } from '../../../contracts/migrate-buckets/lock';
import { EXIT } from '../../shared/exit-codes';
import { oneLine } from '../../shared/reporters/text';
import { UserError } from '../../shared/user-error';
import { numberingOf, startOf } from './process-start';

/** Milliseconds between two signs of life of who holds a lock. */
export const RENEWAL = 60_000;
/**
 * Milliseconds without a sign of life after which a lock counts as left behind, where nobody can look whether its
 * process lives. Fifteen renewals, and more than two clocks that are wrong by ten minutes are apart by.
 */
export const EXPIRY = 15 * RENEWAL;

/** Thrown into work whose lock somebody took over: it must stop, and touch nothing more. */
export class LostLock extends UserError {
  constructor(holder: LockHolder | undefined) {
    const taker = holder === undefined ? 'Somebody' : `${who(holder)} (${holder.command})`;
    super(
      `${taker} took over the lock of this migration, so nothing more was done here. Run the same command again once they are done.`,
      EXIT.refused,
    );
  }
}

/** This process, about to work on a plan. */
export async function holderOf(command: string, plan: string): Promise<LockHolder> {
  return {
    token: randomUUID(),
    command,
    user: userName(),
    host: hostname(),
    numbering: await numberingOf(),
    pid: process.pid,
    process_started: (await startOf(process.pid)) ?? '',
    plan: resolve(plan),
    since: new Date().toISOString(),
  };
}

/** `alice on host-a` */
export const who = ({ user, host }: LockHolder): string => `${user} on ${host}`;

/**
 * Whether the process that holds a lock is gone. Where its number counts as ours do, the system tells; of another
 * machine, or of another container, only the age of the last sign of life does.
 */
export async function isGone(holder: LockHolder | undefined, age: number): Promise<boolean> {
  if (holder === undefined || holder.host !== hostname() || holder.numbering !== (await numberingOf())) {
    return age > EXPIRY;
  }
  return (await startOf(holder.pid)) !== holder.process_started;
}

/** Says who works on it, since when, and what to do about it. */
export async function refusal(what: string, holder: LockHolder | undefined, age: number): Promise<UserError> {
  if (holder === undefined) {
    return new UserError(
      `Another migrate-buckets works on ${what}: its lock was made a moment ago. Wait for it; a lock that nobody renews ends after ${EXPIRY / 60_000} minutes.`,
      EXIT.refused,
    );
  }
  const { command, pid, since, plan, host } = holder;
  const here = host === hostname() && holder.numbering === (await numberingOf());
  const advice = here
    ? 'Wait for it, or stop it.'
    : `Its last sign of life is ${Math.max(0, Math.round(age / 1000))} seconds old. Wait for it: a lock that nobody renews ends after ${EXPIRY / 60_000} minutes, or at once with --break-lock ${host}, if you know that it is gone.`;
  return new UserError(
    // Whoever may write to the destination wrote it.
    oneLine(
      `Another migrate-buckets works on ${what}: ${command} of ${plan} by ${who(holder)} (process ${pid}) since ${since}. ${advice}`,
    ),
    EXIT.refused,
  );
}

/** The name, or the number where the system knows no name for it: in many containers. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
