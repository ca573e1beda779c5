import type { Published } from '../lease/publish';

/** The pointer lists the deltas that no snapshot covers; DynamoDB takes 400 KB an item. */
const MOST_UNCOVERED_DELTAS = 1000;

/** Whether the published version is to be written to S3: it holds something new, and enough of it or for long enough. */
export function isCheckpointDue(
  { manifest, snapshot_at: last }: Published,
  now: Date,
  {
    checkpointRecords,
    checkpointMinutes,
  }: { readonly checkpointRecords: number; readonly checkpointMinutes: number },
): boolean {
  if (manifest === undefined) return false;
  // Also without deltas: what was taken over from another writer's snapshot stands in none of ours yet.
  if (last === undefined) return true;
  if (manifest.uncovered_deltas.length === 0) return false;
  return (
    manifest.uncovered_records >= checkpointRecords ||
    manifest.uncovered_deltas.length >= MOST_UNCOVERED_DELTAS ||
    now.getTime() - Date.parse(last) >= checkpointMinutes * 60_000
  );
}
