import { randomBytes } from 'node:crypto';
import { nextVersionId } from '../../contracts/bucket-layout';
import type { MergedRun, VersionManifest } from '../../contracts/collection-pointer';
import type { Collection } from '../../contracts/collections';
import { type EmbeddingSpace, TEXT_FORMAT_VERSION } from '../../contracts/embedding';
import type { RunTable } from '../shared/run-table';
import type { Lease } from './lease/lease';
import { type Publication, type Published, publish } from './lease/publish';
import type { Census } from './merge/census';
import type { DecidedReceipt, Winner } from './merge/decide-receipt';
import { fitsPointer } from './store/checkpoint-due';
import type { OpenCollection } from './store/collection-store';

/** What an open collection holds. */
export interface Content extends Pick<VersionManifest, 'records' | 'others'> {
  readonly census: Census;
}

/** What a round merged into the open collection. */
export interface Merged {
  readonly embedding: EmbeddingSpace;
  readonly receipts: readonly DecidedReceipt[];
  /** Whether the content differs from the published one. */
  readonly hasNewVersion: boolean;
  readonly content: Content;
  /** A search for what was merged, which a checkpoint waits for: what it writes again is to be in it. */
  readonly searching: Promise<unknown>;
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
  { embedding, receipts, hasNewVersion, content, searching }: Merged,
): Promise<Published> {
  const winners = receipts.flatMap((receipt) => receipt.winners);
  const superseded = receipts.flatMap((receipt) => receipt.superseded);
  const [merged, unmerged] = hasNewVersion ? [winners, superseded] : [[], [...winners, ...superseded]];
  if (!hasNewVersion && winners.length + superseded.length === 0) return before;

  const runs = winners.map(mergedRun);
  const manifest: VersionManifest = {
    created_at: new Date().toISOString(),
    records: content.records,
    space: open.chroma.space,
    model: embedding.model,
    dimensions: embedding.dimensions,
    text_format_version: TEXT_FORMAT_VERSION,
    record_tally: content.census.tally,
    digest: content.census.digest,
    ...(content.others !== undefined && { others: content.others }),
    ...(open.serverCollection !== undefined && { server_collection: open.serverCollection }),
    ...baseOf(before, open),
    runs,
    ...logOf(before, open, merged, unmerged, lease.collection),
    lineage: [...open.lineage],
  };
  const next: Publication = {
    version: hasNewVersion ? newVersion(before, open) : (before.version ?? ''),
    manifest,
    snapshot_version: open.snapshotVersion ?? before.snapshot_version,
    snapshot_at: open.hasAdopted ? undefined : before.snapshot_at,
  };
  const isWhole =
    open.needsCheckpoint ||
    !fitsPointer([...manifest.uncovered_deltas, ...manifest.delta_sha256s, ...manifest.unmerged_deltas]);
  lease.signal.throwIfAborted();
  if (!isWhole) return publish(table, lease, before, next);
  await searching;
  const whole = await open.checkpointFirst(next);
  lease.signal.throwIfAborted();
  return publish(table, lease, before, whole);
}

const newVersion = ({ version, snapshot_version }: Published, { snapshotVersion }: OpenCollection): string =>
  nextVersionId([version, snapshot_version, snapshotVersion], new Date(), randomBytes(4).toString('hex'));

/** What the deltas of the log lie upon. A server holds its content itself, and no base of an earlier mode. */
function baseOf({ manifest }: Published, open: OpenCollection): Pick<VersionManifest, 'base'> {
  const base = open.isUnpublished || !open.hasCheckpoints ? undefined : manifest?.base;
  return base === undefined ? {} : { base };
}

type Log = Pick<
  VersionManifest,
  'uncovered_deltas' | 'delta_sha256s' | 'unmerged_deltas' | 'uncovered_records'
>;

/**
 * The log with what was merged at its end. A delta that is merged again, after a crash, stands there again: what came
 * in between must not come last when the log is replayed.
 */
function logOf(
  { manifest }: Published,
  open: OpenCollection,
  merged: readonly Winner[],
  unmerged: readonly Decided[],
  collection: Collection,
): Log {
  if (!open.hasCheckpoints) {
    return { uncovered_deltas: [], delta_sha256s: [], unmerged_deltas: [], uncovered_records: 0 };
  }
  const {
    uncovered_deltas = [],
    delta_sha256s = [],
    unmerged_deltas = [],
    uncovered_records = 0,
  } = manifest ?? {};
  const known = new Set(uncovered_deltas);
  return {
    uncovered_deltas: [
      ...uncovered_deltas,
      // Behind it comes a checkpoint, so that nothing replays them in this order.
      ...open.rebuiltFrom.filter((key) => !known.has(key)),
      ...merged.map(({ run }) => run[collection].delta_key),
    ],
    delta_sha256s: [...delta_sha256s, ...merged.flatMap(({ run }) => run[collection].delta_sha256 ?? [])],
    unmerged_deltas: [
      ...new Set([...unmerged_deltas, ...unmerged.map(({ run }) => run[collection].delta_key)]),
    ],
    uncovered_records: merged.reduce((sum, { delta }) => sum + delta.header.records, uncovered_records),
  };
}

type Decided = Pick<Winner, 'run'>;

const mergedRun = ({ run, delta }: Winner): MergedRun => ({
  run_id: run.run_id,
  image_id: run.image_id,
  receipt_id: run.receipt_id,
  merged_vectors: delta.header.records,
});
