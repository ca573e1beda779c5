import type { Published } from '../lease/publish';

/** The pointer lists the deltas that no snapshot covers: soon enough below {@link MOST_LISTED_BYTES}. */
const MOST_UNCOVERED_DELTAS = 1000;

/**
 * DynamoDB takes 400 KB (409,600 bytes) an item. A publish's 1000 runs are about 130 KB, a lineage of 100
 * versions 3 KB; the keys of uncovered deltas may have 200 KB, which is some 3,400 of our own.
 */
const MOST_LISTED_BYTES = 200 * 1024;
/** What DynamoDB adds to each element of a list, rounded up. */
const BYTES_PER_ELEMENT = 4;

/** Whether the pointer's item can take the list of uncovered deltas. */
export function fitsPointer(keys: readonly string[]): boolean {
  const bytes = keys.reduce((sum, key) => sum + Buffer.byteLength(key) + BYTES_PER_ELEMENT, 0);
  return bytes <= MOST_LISTED_BYTES;
}

/**
 * A large collection takes longer to write than to replay a tenth of it: a checkpoint then costs at most ten times
 * the records that were merged since the last.
 */
const SHARE_OF_RECORDS = 0.1;

/** Whether the published version is to be written whole: it holds something new, and enough of it or for long enough. */
export function isCheckpointDue(
  { manifest, snapshot_at: last }: Published,
  now: Date,
  {
    checkpointRecords,
    checkpointMinutes,
  }: { readonly checkpointRecords: number; readonly checkpointMinutes: number },
): boolean {
  if (manifest === undefined) return false;
  // Also without deltas: what was adopted from another writer's snapshot stands in none of ours yet.
  if (last === undefined) return true;
  if (manifest.uncovered_deltas.length + manifest.unmerged_deltas.length === 0) return false;
  return (
    manifest.uncovered_records >= Math.max(checkpointRecords, SHARE_OF_RECORDS * manifest.records) ||
    manifest.uncovered_deltas.length + manifest.unmerged_deltas.length >= MOST_UNCOVERED_DELTAS ||
    now.getTime() - Date.parse(last) >= checkpointMinutes * 60_000
  );
}
