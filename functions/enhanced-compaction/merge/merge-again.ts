import type { Collection } from '../../../contracts/collections';
import type { CompactionRun } from '../../../contracts/compaction-run';
import type { Delta } from '../../../contracts/delta';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import type { ReceiptReference } from '../../../contracts/record-id';
import { slices } from '../../shared/slices';
import type { ChromaCollection } from '../chroma/collection';
import { concurrently } from '../concurrently';
import { type DecideProps, knownRuns, usableDelta } from './decide-receipt';
import { isLasting } from './find-refused';
import type { ReplacedProps } from './keep-replaced';
import { keepForRuns } from './keep-replaced';
import { UnusableDelta } from './load-delta';
import { mergeDeltas } from './merge-deltas';
import { addCounts, type MergeCounts, NO_CHANGE } from './merge-receipts';
import { compareRuns } from './plan';
import { removeUnmerged } from './remove-unmerged';

/** Receipts that are held in memory at once. */
const RECEIPTS_PER_MERGE = 50;

/**
 * Makes a collection hold what the table says that it holds of some receipts, whatever a writer without a lease has
 * written over it. What is as it should be is not written, and no run changes its state. A receipt that Chroma takes no
 * longer, since others have put too much on it, stays as it is, with a log line: it must not hold up all others.
 */
export async function mergeAgain(
  chroma: ChromaCollection,
  receipts: readonly ReceiptReference[],
  collection: Collection,
  embedding: EmbeddingSpace,
  props: DecideProps & ReplacedProps,
): Promise<MergeCounts> {
  let counts = NO_CHANGE;
  for (const some of slices(receipts, RECEIPTS_PER_MERGE)) {
    const runs = await concurrently(some, async (receipt) => ({
      receipt,
      known: (await knownRuns(receipt, collection, props)) ?? [],
    }));
    for (const { receipt, known } of runs) await removeUnmerged(chroma, receipt, known, collection, props);
    const standing = runs.map(({ known }) => standingRuns(collection, known));
    const deltas = await concurrently(standing.flat(), (run) => deltaOf(run, collection, embedding, props));
    const usable = deltas.flatMap((delta) => delta ?? []);
    counts = addCounts(counts, await mergeTaken(chroma, usable, props));
  }
  return counts;
}

/** Merges; where that is refused for good, one by one what is not. */
async function mergeTaken(
  chroma: ChromaCollection,
  deltas: readonly Delta[],
  props: DecideProps & ReplacedProps,
): Promise<MergeCounts> {
  try {
    return await mergeDeltas(chroma, deltas, keepForRuns(props), props.telemetry);
  } catch (error) {
    if (!isLasting(error)) throw error;
    const [first] = deltas;
    if (first !== undefined && deltas.length === 1) {
      const { collection, run_id } = first.header;
      warnOf({ collection, run_id, reason: error.message }, props);
      return NO_CHANGE;
    }
    let counts = NO_CHANGE;
    for (const delta of deltas) counts = addCounts(counts, await mergeTaken(chroma, [delta], props));
    return counts;
  }
}

const warnOf = (
  run: { readonly collection: Collection; readonly run_id: string; readonly reason: string },
  { telemetry }: DecideProps,
): void => telemetry.logger.warn('A run cannot be merged again', run);

/**
 * The runs that a collection holds of a receipt: the newest whole one, and the annotations that were merged onto it, by
 * what the table says of their creation and of their end.
 *
 * @param runs - all of the receipt.
 */
export function standingRuns(collection: Collection, runs: readonly CompactionRun[]): CompactionRun[] {
  const merged = runs.filter((run) => run[collection].state === 'COMPLETED').sort(compareRuns);
  const annotations = merged.filter(({ kind }) => kind === 'annotation');
  const whole = merged.filter(({ kind }) => kind === undefined).at(-1);
  if (whole === undefined) return annotations;
  const endOf = (run: CompactionRun) => Date.parse(run[collection].finished_at ?? run.created_at);
  const onIt = annotations.filter((run) => compareRuns(run, whole) > 0 || endOf(run) >= endOf(whole));
  return [whole, ...onIt];
}

/** Undefined, with a log line, where a delta is gone: those of a time before the server may have expired. */
async function deltaOf(
  run: CompactionRun,
  collection: Collection,
  embedding: EmbeddingSpace,
  props: DecideProps,
): Promise<Delta | undefined> {
  try {
    return await usableDelta(run, collection, embedding, props);
  } catch (error) {
    if (!(error instanceof UnusableDelta)) throw error;
    warnOf({ collection, run_id: run.run_id, reason: error.message }, props);
    return undefined;
  }
}
