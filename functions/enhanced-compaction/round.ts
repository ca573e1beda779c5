import type { S3Client } from '@aws-sdk/client-s3';
import type { MergedRun, VersionManifest } from '../../contracts/collection-pointer';
import type { CompactionRun } from '../../contracts/compaction-run';
import { type EmbeddingSpace, TEXT_FORMAT_VERSION } from '../../contracts/embedding';
import { METRICS } from '../../contracts/metrics';
import { countPerCollection, type Telemetry } from '../shared/logging';
import { completeRun, type RunTable } from '../shared/run-table';
import { concurrently } from './concurrently';
import type { Lease } from './lease/lease';
import { type Publication, type Published, publish, withSnapshot } from './lease/publish';
import { type DecidedReceipt, decideReceipt } from './merge/decide-receipt';
import { addCounts, isChange, mergeReceipts, NO_CHANGE } from './merge/merge-receipts';
import { pieces, planReceipts, type ReceiptWork } from './merge/plan';
import { endRun, startRun } from './merge/run-states';
import { fitsPointer } from './store/checkpoint-due';
import type { CollectionStore, OpenCollection } from './store/collection-store';

export interface RoundLimits {
  /** Records that are held in memory at once. */
  readonly recordsAtOnce: number;
  readonly recordsPerPublish: number;
  readonly runsPerPublish: number;
}

export interface RoundProps {
  readonly table: RunTable;
  readonly s3: S3Client;
  readonly bucket: string;
  readonly store: CollectionStore;
  /** The configured model and length: what a new collection is created with. */
  readonly model: string;
  readonly dimensions: number;
  readonly limits: RoundLimits;
  readonly telemetry: Telemetry;
}

export interface Round {
  readonly published: Published;
  readonly hasNewVersion: boolean;
  readonly mergedVectors: number;
  readonly finished: ReadonlySet<string>;
}

const REQUESTS_AT_ONCE = 16;

/**
 * One round: merges runs into the open collection, publishes the result by one conditional write, and only
 * then marks the runs. A corrupt delta ends its own run FAILED and no other. Whatever else goes wrong, the
 * content is thrown away and every run stays as it was.
 */
export async function mergeRound(
  lease: Lease,
  before: Published,
  runs: readonly CompactionRun[],
  deadline: number,
  props: RoundProps,
): Promise<Round> {
  const { table, store, limits, telemetry } = props;
  const { collection } = lease;
  const plan = withinLimits(planReceipts(collection, runs), limits);
  const open = await store.open({ ...lease, pointer: { ...lease.pointer, ...before } });
  const decided: DecidedReceipt[] = [];
  let counts = NO_CHANGE;
  let published: Published;
  let hasNewVersion = false;
  try {
    const embedding = open.embedding ?? newEmbedding(props);
    for (const piece of pieces(plan, limits.recordsAtOnce)) {
      if (decided.length > 0 && Date.now() >= deadline) break;
      lease.signal.throwIfAborted();
      await startRuns(table, piece, lease);
      const receipts = await concurrently(piece, REQUESTS_AT_ONCE, (receipt) =>
        decideReceipt(receipt, collection, embedding, props),
      );
      const deltas = receipts.flatMap(({ winner }) => winner?.delta ?? []);
      counts = addCounts(counts, await mergeReceipts(open.chroma, deltas));
      // The embeddings are let go: only what was decided is needed from here on.
      decided.push(...receipts.map((receipt) => withoutRecords(receipt)));
    }
    lease.signal.throwIfAborted();
    hasNewVersion = isChange(counts) || open.isUnpublished;
    published = await publishDecided(lease, before, open, embedding, decided, hasNewVersion, props);
    await open.published();
  } catch (error) {
    await open.discard(error);
    throw error;
  }
  const finished = await markDecided(table, lease, decided);
  const failed = decided.flatMap(({ failed: each }) => each);
  for (const { run, reason } of failed) {
    telemetry.logger.error('A run failed', { collection, run_id: run.run_id, reason });
  }
  countPerCollection(
    telemetry,
    METRICS.quarantined,
    failed.map(() => collection),
  );
  const mergedVectors = counts.added + counts.replaced + counts.removed;
  return { published, hasNewVersion, mergedVectors, finished };
}

const newEmbedding = ({ model, dimensions }: RoundProps): EmbeddingSpace => ({
  model,
  dimensions,
  textFormatVersion: TEXT_FORMAT_VERSION,
});

/** The beginning of a plan that one publish takes. At least one receipt. */
function withinLimits(plan: readonly ReceiptWork[], limits: RoundLimits): ReceiptWork[] {
  let [records, runs] = [0, 0];
  return plan.filter((receipt, index) => {
    records += receipt.records;
    runs += receipt.candidates.length;
    return index === 0 || (records <= limits.recordsPerPublish && runs <= limits.runsPerPublish);
  });
}

const withoutRecords = ({ winner, ...rest }: DecidedReceipt): DecidedReceipt => ({
  ...rest,
  winner: winner && { ...winner, delta: { ...winner.delta, records: [] } },
});

const startRuns = (table: RunTable, piece: readonly ReceiptWork[], { collection }: Lease) =>
  concurrently(
    piece.flatMap(({ candidates }) => candidates),
    REQUESTS_AT_ONCE,
    (run) => startRun(table, run, collection),
  );

async function publishDecided(
  lease: Lease,
  before: Published,
  open: OpenCollection,
  embedding: EmbeddingSpace,
  decided: readonly DecidedReceipt[],
  hasNewVersion: boolean,
  { table }: RoundProps,
): Promise<Published> {
  const { collection } = lease;
  const runs = decided.flatMap(({ winner }) => (winner === undefined ? [] : [mergedRun(winner)]));
  const superseded = decided.flatMap(({ superseded: each }) => each.map(({ run }) => run));
  if (!hasNewVersion && runs.length === 0 && superseded.length === 0) return before;

  const covering = [...decided.flatMap(({ winner }) => winner?.run ?? []), ...superseded];
  const uncovered = new Set([
    ...(before.manifest?.uncovered_deltas ?? []),
    ...open.rebuiltFrom,
    ...covering.map((run) => run[collection].delta_key),
  ]);
  const keys = open.hasCheckpoints ? [...uncovered] : [];
  const records = await open.chroma.count();
  // Only what is sealed can be written to S3.
  const fits = fitsPointer(keys);
  const sealed =
    hasNewVersion || !fits
      ? await open.seal()
      : { version: before.version ?? '', filesSha256: before.manifest?.files_sha256 };
  const manifest: VersionManifest = {
    created_at: new Date().toISOString(),
    records,
    space: open.space,
    model: embedding.model,
    dimensions: embedding.dimensions,
    text_format_version: embedding.textFormatVersion,
    ...(sealed.filesSha256 !== undefined && { files_sha256: sealed.filesSha256 }),
    runs,
    uncovered_deltas: keys,
    uncovered_records: open.hasCheckpoints
      ? runs.reduce((sum, run) => sum + run.merged_vectors, before.manifest?.uncovered_records ?? 0)
      : 0,
    lineage: [...open.lineage],
  };
  const next: Publication = {
    version: sealed.version,
    manifest,
    snapshot_version: open.snapshotVersion ?? before.snapshot_version,
    snapshot_at: open.hasAdopted ? undefined : before.snapshot_at,
  };
  lease.signal.throwIfAborted();
  if (fits) return publish(table, lease, before, next);
  await open.checkpointFirst(next.version, manifest);
  lease.signal.throwIfAborted();
  return publish(table, lease, before, withSnapshot(next, new Date()));
}

const mergedRun = ({ run, delta }: NonNullable<DecidedReceipt['winner']>): MergedRun => ({
  run_id: run.run_id,
  image_id: run.image_id,
  receipt_id: run.receipt_id,
  merged_vectors: delta.header.records,
});

/** Gives each decided run its final state. Returns their ids. */
async function markDecided(
  table: RunTable,
  { collection }: Lease,
  decided: readonly DecidedReceipt[],
): Promise<Set<string>> {
  const finished = new Set<string>();
  await concurrently(decided, REQUESTS_AT_ONCE, async ({ winner, superseded, failed, finishedAlready }) => {
    if (winner !== undefined) await completeRun(table, winner.run, collection, winner.delta.header.records);
    for (const { run, by } of superseded) {
      await endRun(
        table,
        run,
        collection,
        'SUPERSEDED',
        `The later run ${by} of the same receipt is merged.`,
      );
    }
    for (const { run, reason } of failed) await endRun(table, run, collection, 'FAILED', reason);
    for (const run of [...superseded, ...failed].map((each) => each.run)) finished.add(run.run_id);
    if (winner !== undefined) finished.add(winner.run.run_id);
    for (const id of finishedAlready) finished.add(id);
  });
  return finished;
}
