import type { State } from '../../../contracts/migrate-buckets/plan';
import type { Gate } from '../../../contracts/migrate-buckets/retirement';

interface FreezeFacts {
  readonly source: string;
  readonly state: State | undefined;
  /** Why the source is not frozen by this plan at this moment: a sentence, or null where it is. */
  readonly notFrozen: string | null;
}

/**
 * The source must be frozen by this very plan when it is retired: whoever took that back may have gone on with it.
 * Without a freeze, or once a retirement has begun, it is enough that nothing but what was verified can be deleted.
 *
 * @param isSafe - whether that was shown, whoever writes meanwhile.
 */
export function freezeGate({ source, state, notFrozen }: FreezeFacts, isSafe: boolean): Gate {
  const name = 'freeze';
  const open = (why: string): Gate => ({
    name,
    passed: isSafe,
    evidence: `${why} Others may have written to it. Only what was verified is deleted.`,
    overridden: isSafe,
  });
  if (state?.no_freeze === true) return open(`${source} was never frozen (--no-freeze).`);
  if (notFrozen === null) {
    const evidence = `${source} denies writes to everybody else, by this plan.`;
    return { name, passed: true, evidence, overridden: false };
  }
  if (state?.phase === 'retiring') return open(notFrozen);
  const evidence = `${notFrozen} Run apply: it freezes it, and verifies what it holds then.`;
  return { name, passed: false, evidence, overridden: false };
}
