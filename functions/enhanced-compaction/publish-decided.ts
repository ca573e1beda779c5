import type { MergedRun, VersionManifest } from '../../contracts/collection-pointer';
import { type EmbeddingSpace, TEXT_FORMAT_VERSION } from '../../contracts/embedding';
import type { RecordTally } from '../../contracts/record-form';
import type { RunTable } from '../shared/run-table';
import type { Lease } from './lease/lease';
import { type Publication, type Published, publish, withSnapshot } from './lease/publish';
import type { DecidedReceipt, Winner } from './merge/decide-receipt';
import { fitsPointer } from './store/checkpoint-due';
import type { OpenCollection } from './store/collection-store';

/** What a round merged into the open collection. */
interface Merged {
  readonly embedding: EmbeddingSpace;
  readonly receipts: readonly DecidedReceipt[];
  /** Whether the content differs from the published one. */
  readonly hasNewVersion: boolean;
  /** What the records of the open content are; undefined where nothing changed. */
  readonly tally: RecordTally | undefined;
}

/**
 * Publishes what was merged, if there is anything to say: a new version, or runs that the published one covers.
 *
 * @returns what the pointer says from now on.
 */
export async function publishDecided(
  table: RunTable,
  lease: Lease,
  before: Published,
  open: OpenCollection,
  { embedding, receipts, hasNewVersion, tally = before.manifest?.record_tally }: Merged,
): Promise<Published> {
  const runs = receipts.flatMap(({ winners }) => winners.map(mergedRun));
  const covering = receipts.flatMap(({ winners, superseded }) => [...winners, ...superseded]);
  if (!hasNewVersion && covering.length === 0) return before;

  const uncovered = uncoveredKeys(
    before,
    open,
    covering.map(({ run }) => run[lease.collection].delta_key),
  );
  const fits = fitsPointer(uncovered);
  const records = await open.chroma.count();
  // Only what is sealed can be written to S3.
  const sealed =
    hasNewVersion || !fits
      ? await open.seal()
      : { version: before.version ?? '', filesSha256: before.manifest?.files_sha256 };
  const manifest: VersionManifest = {
    created_at: new Date().toISOString(),
    records,
    space: open.chroma.space,
    model: embedding.model,
    dimensions: embedding.dimensions,
    text_format_version: TEXT_FORMAT_VERSION,
    ...(tally !== undefined && { record_tally: tally }),
    ...(sealed.filesSha256 !== undefined && { files_sha256: sealed.filesSha256 }),
    runs,
    uncovered_deltas: uncovered,
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

/** The deltas that the content holds and no snapshot. */
const uncoveredKeys = ({ manifest }: Published, open: OpenCollection, merged: readonly string[]): string[] =>
  open.hasCheckpoints
    ? [...new Set([...(manifest?.uncovered_deltas ?? []), ...open.rebuiltFrom, ...merged])]
    : [];

const mergedRun = ({ run, delta }: Winner): MergedRun => ({
  run_id: run.run_id,
  image_id: run.image_id,
  receipt_id: run.receipt_id,
  merged_vectors: delta.header.records,
});
