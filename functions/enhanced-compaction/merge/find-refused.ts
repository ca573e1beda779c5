import type { CompactionRun } from '../../../contracts/compaction-run';
import { ChromaRefusal } from '../chroma/database';
import { BeyondLimits } from '../chroma/record-limits';
import type { Winner } from './decide-receipt';

/** Runs that were to be merged, and that Chroma refuses whatever stands beside them. */
export class RefusedRuns extends Error {
  override readonly name = 'RefusedRuns';

  constructor(readonly failed: readonly { readonly run: CompactionRun; readonly reason: string }[]) {
    super(`Chroma refuses the runs ${failed.map(({ run }) => run.run_id).join(', ')}.`);
  }
}

/**
 * Merges; where Chroma refuses that, merges by halves, down to single runs, to find those that it refuses alone. The
 * content is no version then: it has part of what was refused, and of the others nobody knows what had changed.
 *
 * @param merge - of some of the winners, in their order; what is merged already changes nothing.
 * @throws {RefusedRuns} when there are such runs.
 * @throws {ChromaRefusal} when it refuses them together alone, or for a reason that may pass.
 */
export async function findingRefused<Merged>(
  winners: readonly Winner[],
  merge: (some: readonly Winner[]) => Promise<Merged>,
): Promise<Merged> {
  try {
    return await merge(winners);
  } catch (error) {
    if (!isLasting(error)) throw error;
    const refused = await refusedAmong(winners, error, merge);
    if (refused.length === 0) throw error;
    throw new RefusedRuns(refused.map(({ each: { run }, reason }) => ({ run, reason })));
  }
}

/** What Chroma refuses alone, and why, with what to do. */
export interface Refused<Each> {
  readonly each: Each;
  readonly reason: string;
}

/**
 * Those that Chroma refuses alone, found by merging halves.
 *
 * @param refusal - of all of them together.
 */
export async function refusedAmong<Each>(
  all: readonly Each[],
  refusal: Lasting,
  merge: (some: readonly Each[]) => Promise<unknown>,
): Promise<Refused<Each>[]> {
  const [first] = all;
  if (first !== undefined && all.length === 1) {
    const { message } = refusal;
    const reason = isOfLimits(refusal)
      ? message
      : `${message}. Drop the OCR result or put the annotation there again, without what it refuses.`;
    return [{ each: first, reason }];
  }
  const half = Math.ceil(all.length / 2);
  const refused: Refused<Each>[] = [];
  for (const some of [all.slice(0, half), all.slice(half)]) {
    try {
      await merge(some);
    } catch (error) {
      if (!isLasting(error)) throw error;
      refused.push(...(await refusedAmong(some, error, merge)));
    }
  }
  return refused;
}

type Lasting = ChromaRefusal | BeyondLimits;

const isOfLimits = (error: unknown): error is BeyondLimits => error instanceof BeyondLimits;

/** Whether a merge that failed would fail again, whatever else changes. */
export const isLasting = (error: unknown): error is Lasting =>
  isOfLimits(error) || (error instanceof ChromaRefusal && error.isLasting);
