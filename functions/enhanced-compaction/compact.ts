import type { Collection } from '../../contracts/collections';
import { type CompactionRun, type RunReference, runName, runOf } from '../../contracts/compaction-run';
import { METRICS } from '../../contracts/metrics';
import { countPerCollection, messageOf, type Telemetry } from '../shared/logging';
import { completeRun } from '../shared/run-table';
import { unmarkedRuns } from '../shared/unmarked-runs';
import { DeadServer } from './chroma/server';
import { type Lease, LeaseLost, type LeaseTimes, takeLease } from './lease/lease';
import type { Published } from './lease/publish';
import { MergeNotProven } from './merge/merge-not-proven';
import type { RoundLimits, RoundProps } from './round';
import { mergeRound } from './round';
import type { CollectionStore } from './store/collection-store';
import { workList } from './work-list';

export interface CompactionProps extends Omit<RoundProps, 'limits'> {
  readonly store: CollectionStore;
  readonly limits?: RoundLimits;
  readonly leaseTimes?: LeaseTimes;
}

/** What one invocation did for a collection. */
export interface Compaction {
  readonly collection: Collection;
  readonly publishes: number;
  /** Records in what is published; undefined before anything is. */
  readonly records: number | undefined;
  /** Records added, replaced, annotated or removed. */
  readonly mergedVectors: number;
  /** Of the records that were asked for after a merge, how many a search for their own vector does not find. */
  readonly hiddenVectors: number;
  /** Names ({@link runName}) of the runs that reached a final state, whichever. */
  readonly finished: ReadonlySet<string>;
}

/** In one invocation. */
const ATTEMPTS = 3;

/**
 * Merges ALL unfinished runs of a collection, in rounds that each publish once, until none is left or
 * `deadline` (milliseconds since the epoch) is near. Without any run, does what else is due: a checkpoint that
 * failed or whose time has come, another writer's snapshot that is to be adopted.
 *
 * @param announced - the runs that the doorbells name.
 * @throws {LeaseTaken | LeaseLost} when another writer is at work; nothing of this merge is then published.
 */
export async function compact(
  collection: Collection,
  announced: readonly RunReference[],
  deadline: number,
  props: CompactionProps,
): Promise<Compaction> {
  const { store, telemetry } = props;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await compactUnderLease(collection, announced, deadline, props);
    } catch (error) {
      if (!mayPass(error, store) || attempt === ATTEMPTS || Date.now() >= deadline) throw error;
      const reason = messageOf(error);
      telemetry.logger.warn('A merge was broken off, and is made again', { collection, reason });
      if (error instanceof LeaseLost) countPerCollection(telemetry, METRICS.leaseLost, [collection]);
    }
  }
}

/**
 * Whether a merge that failed is to be made again at once: from a fresh copy where its server died, or did not hold what
 * was written. Who lost the lease has been replaced; but what it wrote on a server may have come last, and nobody else
 * knows that.
 */
const mayPass = (error: unknown, store: CollectionStore): boolean =>
  error instanceof DeadServer ||
  error instanceof MergeNotProven ||
  (error instanceof LeaseLost && store.hasToMend());

async function compactUnderLease(
  collection: Collection,
  announced: readonly RunReference[],
  deadline: number,
  props: CompactionProps,
): Promise<Compaction> {
  const { table, telemetry } = props;
  const patience = Date.now() + (deadline - Date.now()) / 2;
  const lease = await takeLease(table, collection, patience, props.leaseTimes);
  try {
    const compaction = await mergeAll(lease, announced, deadline, props);
    report(compaction, telemetry);
    return compaction;
  } finally {
    await lease.release().catch((error: unknown) => {
      telemetry.logger.warn('The lease could not be given back', { collection, reason: messageOf(error) });
    });
  }
}

async function mergeAll(
  lease: Lease,
  announced: readonly RunReference[],
  deadline: number,
  { limits = DEFAULT_LIMITS, ...props }: CompactionProps,
): Promise<Compaction> {
  const { collection } = lease;
  const finished = new Set<string>();
  let published: Published = lease.pointer;
  let [publishes, mergedVectors, hiddenVectors] = [0, 0, 0];
  for (;;) {
    const runs = await unfinishedRuns(lease, published, announced, finished, props);
    if (Date.now() >= deadline) break;
    if (runs.length === 0 && !(await props.store.hasWork(lease, published))) break;

    const round = await mergeRound(lease, published, runs, deadline, { ...props, limits });
    published = await props.store.checkpoint(lease, round.published);
    for (const name of round.finished) finished.add(name);
    publishes += round.hasNewVersion ? 1 : 0;
    mergedVectors += round.mergedVectors;
    hiddenVectors += round.hiddenVectors;
    // A round that finished nothing would finish nothing again.
    if (round.finished.size === 0) break;
  }
  const records = published.manifest?.records;
  return { collection, publishes, records, mergedVectors, hiddenVectors, finished };
}

/** Memory: twice 12 MB of embeddings at 1536 dimensions, since the next are read ahead. The item: 1000 runs are about 150 KB. */
const DEFAULT_LIMITS: RoundLimits = { recordsAtOnce: 2000, recordsPerPublish: 100_000, runsPerPublish: 1000 };

/**
 * The runs that are still to be merged. Those that the published version holds already, since a writer crashed
 * between publishing and marking, are marked and added to `finished`.
 */
async function unfinishedRuns(
  { collection }: Lease,
  { manifest }: Published,
  announced: readonly RunReference[],
  finished: Set<string>,
  { table, telemetry }: Pick<CompactionProps, 'table' | 'telemetry'>,
): Promise<CompactionRun[]> {
  const { runs, malformed } = await workList(table, collection, announced);
  for (const reason of malformed) telemetry.logger.error('A run cannot be read', { collection, reason });
  const nameOf = (run: CompactionRun): string => runName(runOf(run));
  const unfinished = runs.filter((run) => !finished.has(nameOf(run)));
  for (const { run, mergedVectors } of unmarkedRuns(manifest, unfinished)) {
    await completeRun(table, run, collection, mergedVectors);
    finished.add(nameOf(run));
  }
  return unfinished.filter((run) => !finished.has(nameOf(run)));
}

function report(
  { collection, publishes, records, mergedVectors, hiddenVectors, finished }: Compaction,
  { logger, metrics }: Telemetry,
): void {
  logger.info('A collection was compacted', { collection, publishes, mergedVectors, runs: finished.size });
  if (hiddenVectors > 0) {
    logger.warn('Records that were merged are not found by their own vector: the index is approximate', {
      collection,
      hiddenVectors,
    });
  }
  metrics.addDimension('collection', collection);
  metrics.addMetric(METRICS.publishes, 'Count', publishes);
  if (records !== undefined) metrics.addMetric(METRICS.records, 'Count', records);
  metrics.addMetric(METRICS.mergedVectors, 'Count', mergedVectors);
  metrics.addMetric(METRICS.hiddenVectors, 'Count', hiddenVectors);
  metrics.publishStoredMetrics();
}
