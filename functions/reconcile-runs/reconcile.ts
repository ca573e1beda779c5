import { type CollectionPointer, collectionPointerSchema } from '../../contracts/collection-pointer';
import type { Collection } from '../../contracts/collections';
import { type CompactionRun, collectionKey, decodeRun, runKey, runOf } from '../../contracts/compaction-run';
import { reconcileDeduplicationId } from '../../contracts/messages';
import { METRICS } from '../../contracts/metrics';
import type { SendDoorbells } from '../shared/doorbell';
import { messageOf, type Telemetry } from '../shared/logging';
import { completeRun, pendingItems, type RunTable, readItem, runsOfReceipt } from '../shared/run-table';
import { type Findings, findings } from './findings';

export interface ReconcileProps {
  readonly table: RunTable;
  readonly send: SendDoorbells;
  /** For a run that is unfinished for longer a doorbell is sent again. Seconds. */
  readonly after: number;
  /** For a published version that no snapshot covers for longer one is sent though no run is pending. Seconds. */
  readonly checkpointAfter: number;
  readonly telemetry: Telemetry;
}

/** What one round found and did in one collection. */
export interface Reconciliation extends Pick<Findings, 'pending' | 'oldestPendingAge' | 'snapshotAge'> {
  readonly collection: Collection;
  /** Runs that have waited too long for a merge. */
  readonly stale: number;
  /** Runs that have waited too long for their deltas. */
  readonly unembedded: number;
  /** Ids of runs that were finished from the published manifest. */
  readonly mended: readonly string[];
  readonly doorbellSent: boolean;
}

/**
 * One round over one collection: finishes the runs that the published version holds already, sends one doorbell
 * when any other run has waited too long (one merges all of them), a checkpoint is overdue or a receipt is to be merged
 * again, names those that were never embedded, and emits the collection's ages.
 *
 * @param round - names this round; a retry of the same round sends no second doorbell.
 * @throws {Error} at the end of the round, when an item or the pointer is malformed or the doorbell was refused.
 */
export async function reconcile(
  collection: Collection,
  round: string,
  now: Date,
  { table, send, after, checkpointAfter, telemetry }: ReconcileProps,
): Promise<Reconciliation> {
  const problems: string[] = [];
  const runs: CompactionRun[] = [];
  for (const item of await pendingItems(table, collection)) {
    try {
      runs.push(decodeRun(item));
    } catch (error) {
      problems.push(`The run item ${item.PK} ${item.SK} is malformed: ${messageOf(error)}.`);
    }
  }
  // Read after the runs: a run that was published in between is then seen as published.
  const pointer = collectionPointerSchema
    .optional()
    .safeParse(await readItem(table, collectionKey(collection)));
  if (!pointer.success) {
    problems.push(`The pointer of ${collection} is malformed: ${messageOf(pointer.error)}.`);
  }
  const found = findings(collection, runs, pointer.data, now, after);

  const mended: string[] = [];
  for (const { run, mergedVectors } of found.published) {
    if (await completeRun(table, run, collection, mergedVectors)) mended.push(run.run_id);
  }
  const isOverdue = found.snapshotAge > checkpointAfter;
  const run =
    found.stale[0] ??
    (isOverdue ? await newestMerged(table, pointer.data) : undefined) ??
    (found.toMergeAgain && (await runsOfReceipt(table, found.toMergeAgain)).at(-1));
  const unsent =
    run === undefined
      ? []
      : await send([{ collection, run, deduplicationId: reconcileDeduplicationId(collection, round) }]);
  problems.push(...unsent.map(({ reason }) => `The ${collection} queue refused the doorbell: ${reason}.`));

  const { pending, oldestPendingAge, snapshotAge, stale, unembedded } = found;
  if (unembedded.length > 0) warnOfUnembedded(collection, unembedded, telemetry);
  const result: Reconciliation = {
    collection,
    pending,
    oldestPendingAge,
    snapshotAge,
    stale: stale.length,
    unembedded: unembedded.length,
    mended,
    doorbellSent: run !== undefined && unsent.length === 0,
  };
  report(result, telemetry);
  if (problems.length > 0) throw new Error(problems.join(' '));
  return result;
}

/** The last run that the published version was merged from: a doorbell names one, whatever it is sent for. */
async function newestMerged(
  table: RunTable,
  pointer: CollectionPointer | undefined,
): Promise<CompactionRun | undefined> {
  const merged = pointer?.manifest?.runs.at(-1);
  if (merged === undefined) return undefined;
  const item = await readItem(table, runKey(runOf(merged)));
  return item && decodeRun(item);
}

/** The oldest are enough to find out why; the count stands beside them. */
const NAMED = 10;

function warnOfUnembedded(
  collection: Collection,
  runs: readonly CompactionRun[],
  { logger }: Telemetry,
): void {
  logger.warn(
    'Receipts wait to be embedded. Where messages lie in the dead-letter queue of embed-ndjson, redrive it; else drop their OCR results again',
    { collection, count: runs.length, oldest: runs.slice(0, NAMED).map(runOf) },
  );
}

function report(round: Reconciliation, { logger, metrics }: Telemetry): void {
  logger.info('A collection was reconciled', { ...round });
  metrics.addDimension('collection', round.collection);
  metrics.addMetric(METRICS.pendingRuns, 'Count', round.pending);
  metrics.addMetric(METRICS.oldestPendingRunAge, 'Seconds', round.oldestPendingAge);
  metrics.addMetric(METRICS.snapshotAge, 'Seconds', round.snapshotAge);
  metrics.addMetric(METRICS.runsReconciled, 'Count', round.mended.length);
  metrics.addMetric(METRICS.doorbellsSent, 'Count', round.doorbellSent ? 1 : 0);
  metrics.publishStoredMetrics();
}
