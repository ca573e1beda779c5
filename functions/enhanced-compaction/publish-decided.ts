import { randomBytes } from 'node:crypto';
import { versionId } from '../../contracts/bucket-layout';
import type { MergedRun, VersionManifest } from '../../contracts/collection-pointer';
import type { CompactionRun } from '../../contracts/compaction-run';
import { type EmbeddingSpace, TEXT_FORMAT_VERSION } from '../../contracts/embedding';
import type { RunTable } from '../shared/run-table';
import type { Lease } from './lease/lease';
import { type Publication, type Published, publish } from './lease/publish';
import type { Census } from './merge/census';
import type { DecidedReceipt, Winner } from './merge/decide-receipt';
import { fitsPointer } from './store/checkpoint-due';
import type { OpenCollection } from './store/collection-store';

/** What a round merged into the open collection. */
interface Merged {
  readonly embedding: EmbeddingSpace;
  readonly receipts: readonly DecidedReceipt[];
  /** Whether the content differs from the published one. */
  readonly hasNewVersion: boolean;
  /** What is known of the records of the open content; undefined where nothing is. */
  readonly census: Census | undefined;
}

/**
 * Publishes what was merged, if there is anything to say: a new version, or runs that the published one covers. The
 * merged deltas are durable already, so the pointer alone is written: its base and their keys are the new version.
 *
 * @returns what the pointer says from now on.
 */
export async function publishDecided(
  table: RunTable,
  lease: Lease,
  before: Published,
  open: OpenCollection,
  { embedding, receipts, hasNewVersion, census }: Merged,
): Promise<Published> {
  const winners = receipts.flatMap((receipt) => receipt.winners);
  const superseded = receipts.flatMap((receipt) => receipt.superseded);
  const [merged, unmerged] = hasNewVersion ? [winners, superseded] : [[], [...winners, ...superseded]];
  if (!hasNewVersion && winners.length + superseded.length === 0) return before;

  const runs = winners.map(mergedRun);
  const keysOf = (decided: readonly { readonly run: CompactionRun }[]) =>
    decided.map(({ run }) => run[lease.collection].delta_key);
  const log = {
    uncovered_deltas: [
      ...new Set([...(before.manifest?.uncovered_deltas ?? []), ...open.rebuiltFrom, ...keysOf(merged)]),
    ],
    unmerged_deltas: [...new Set([...(before.manifest?.unmerged_deltas ?? []), ...keysOf(unmerged)])],
    uncovered_records: runs.reduce(
      (sum, run) => sum + run.merged_vectors,
      before.manifest?.uncovered_records ?? 0,
    ),
  };
  const base = open.isUnpublished ? undefined : before.manifest?.base;
  const manifest: VersionManifest = {
    created_at: new Date().toISOString(),
    records: await open.chroma.count(),
    space: open.chroma.space,
    model: embedding.model,
    dimensions: embedding.dimensions,
    text_format_version: TEXT_FORMAT_VERSION,
    ...(census !== undefined && { record_tally: census.tally, digest: census.digest }),
    ...(base !== undefined && { base }),
    runs,
    ...(open.hasCheckpoints ? log : { uncovered_deltas: [], unmerged_deltas: [], uncovered_records: 0 }),
    lineage: [...open.lineage],
  };
  const next: Publication = {
    version: hasNewVersion ? versionId(new Date(), randomBytes(4).toString('hex')) : (before.version ?? ''),
    manifest,
    snapshot_version: open.snapshotVersion ?? before.snapshot_version,
    snapshot_at: open.hasAdopted ? undefined : before.snapshot_at,
  };
  const isWhole =
    open.needsCheckpoint || !fitsPointer([...manifest.uncovered_deltas, ...manifest.unmerged_deltas]);
  lease.signal.throwIfAborted();
  if (!isWhole) return publish(table, lease, before, next);
  const whole = await open.checkpointFirst(next);
  lease.signal.throwIfAborted();
  return publish(table, lease, before, whole);
}

const mergedRun = ({ run, delta }: Winner): MergedRun => ({
  run_id: run.run_id,
  image_id: run.image_id,
  receipt_id: run.receipt_id,
  merged_vectors: delta.header.records,
});
