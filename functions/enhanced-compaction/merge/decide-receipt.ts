import type { RecordLimits } from '../../../contracts/chroma-cloud';
import type { Collection } from '../../../contracts/collections';
import { type CompactionRun, hasDeltas, isUnfinished } from '../../../contracts/compaction-run';
import { type Delta, isAnnotation } from '../../../contracts/delta';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import { type ReceiptReference, receiptOf } from '../../../contracts/record-id';
import { messageOf, type Telemetry } from '../../shared/logging';
import { type RunTable, runsOfReceipt } from '../../shared/run-table';
import { type DeltaSource, loadDelta, refusal, UnusableDelta } from './load-delta';
import { compareRuns, type ReceiptWork, supersedingRun } from './plan';

export interface Winner {
  readonly run: CompactionRun;
  readonly delta: Delta;
}

/** What is to become of each unfinished run of one receipt. */
export interface DecidedReceipt {
  /** The run whose delta is the receipt from now on, and then those whose annotations stand on it; there may be none. */
  readonly winners: readonly Winner[];
  readonly superseded: readonly { readonly run: CompactionRun; readonly by: string }[];
  readonly failed: readonly { readonly run: CompactionRun; readonly reason: string }[];
  /** Runs that turned out to have a final state: the index follows the table with a delay. */
  readonly finishedAlready: readonly CompactionRun[];
}

export interface DecideProps extends DeltaSource {
  readonly table: RunTable;
  readonly telemetry: Telemetry;
  /** Of a record, where its Chroma has some. */
  readonly recordLimits?: RecordLimits | undefined;
}

/**
 * Goes through a receipt's runs from the newest on: one that has no deltas yet waits, one that is older than a merged
 * run of its kind is SUPERSEDED, one whose delta is unusable FAILED. Of whole receipts the first usable one wins, of
 * annotations all of them, in the order of their creation: none need say what an earlier one has said. All that the
 * table knows are decided together, since the index follows it with a delay: an annotation is never merged before a
 * receipt that it was made to stand on.
 */
export async function decideReceipt(
  { candidates }: ReceiptWork,
  collection: Collection,
  embedding: EmbeddingSpace,
  props: DecideProps,
): Promise<DecidedReceipt> {
  const superseded: { run: CompactionRun; by: string }[] = [];
  const failed: { run: CompactionRun; reason: string }[] = [];
  const finishedAlready: CompactionRun[] = [];
  const receipts: Winner[] = [];
  const annotations: Winner[] = [];
  const [first] = candidates;
  const known = first && (await knownRuns(receiptOf(first), collection, props));
  if (known === undefined) return { winners: [], superseded, failed, finishedAlready };

  for (const run of withUnlisted(candidates, known, collection)) {
    if (!isUnfinished(run[collection].state)) {
      finishedAlready.push(run);
      continue;
    }
    if (!hasDeltas(run)) continue;
    const isAnnotating = run.kind === 'annotation';
    const by = (isAnnotating ? undefined : receipts[0]?.run) ?? supersedingRun(collection, run, known);
    if (by !== undefined) {
      superseded.push({ run, by: by.run_id });
      continue;
    }
    try {
      const delta = await usableDelta(run, collection, embedding, props);
      (isAnnotating ? annotations : receipts).unshift({ run, delta });
    } catch (error) {
      if (!(error instanceof UnusableDelta)) throw error;
      failed.push({ run, reason: error.message });
    }
  }
  return { winners: [...receipts, ...annotations], superseded, failed, finishedAlready };
}

/** The candidates as the table has them, and the unfinished runs that the index did not list, newest first. */
function withUnlisted(
  candidates: readonly CompactionRun[],
  known: readonly CompactionRun[],
  collection: Collection,
): CompactionRun[] {
  const listed = new Set(candidates.map(({ run_id }) => run_id));
  const unlisted = known.filter((run) => !listed.has(run.run_id) && isUnfinished(run[collection].state));
  const asKnown = candidates.map((run) => known.find(({ run_id }) => run_id === run.run_id) ?? run);
  return [...asKnown, ...unlisted].sort(compareRuns).reverse();
}

/** All runs of the receipt; undefined, with a log line, when an item among them cannot be read. */
export async function knownRuns(
  receipt: ReceiptReference,
  collection: Collection,
  { table, telemetry }: DecideProps,
): Promise<CompactionRun[] | undefined> {
  try {
    return await runsOfReceipt(table, receipt);
  } catch (error) {
    telemetry.logger.error('A receipt waits, since its runs cannot be read', {
      collection,
      ...receipt,
      reason: messageOf(error),
    });
    return undefined;
  }
}

/**
 * The delta of a run, which is the run's own and can be merged into a collection of this model.
 *
 * @throws {UnusableDelta} when it is not.
 */
export async function usableDelta(
  run: CompactionRun,
  collection: Collection,
  embedding: EmbeddingSpace,
  source: DeltaSource & Pick<DecideProps, 'recordLimits'>,
): Promise<Delta> {
  const { delta_key: key, delta_sha256: hash } = run[collection];
  const delta = await loadDelta(source, key, hash);
  const { header } = delta;
  const isItsOwn =
    header.run_id === run.run_id &&
    header.collection === collection &&
    header.image_id === run.image_id &&
    header.receipt_id === run.receipt_id &&
    isAnnotation(delta) === (run.kind === 'annotation');
  if (!isItsOwn) throw new UnusableDelta(`${key} is the delta of another run. Embed the receipt again.`);
  const reason = refusal(delta, key, embedding, source.recordLimits);
  if (reason !== undefined) throw new UnusableDelta(reason);
  return delta;
}
