import type { CollectionPointer } from '../../contracts/collection-pointer';
import type { Collection } from '../../contracts/collections';
import { type CompactionRun, hasDeltas } from '../../contracts/compaction-run';
import type { ReceiptReference } from '../../contracts/record-id';
import { isQuiet, touchedReceipt } from '../../contracts/touched-receipts';
import { type UnmarkedRun, unmarkedRuns } from '../shared/unmarked-runs';

/** What is true of a collection at one moment. Ages in seconds. */
export interface Findings {
  /** Unfinished runs that the published version holds, in the order in which they were merged: only their marking is missing. */
  readonly published: readonly UnmarkedRun[];
  /** Other runs that have waited too long for a merge, the one that was created first in front. */
  readonly stale: readonly CompactionRun[];
  /** Runs that have waited too long for their deltas: no doorbell helps them. */
  readonly unembedded: readonly CompactionRun[];
  /** Runs that are still to be embedded or merged. */
  readonly pending: number;
  /** How long the oldest of them has existed; 0 when there is none. */
  readonly oldestPendingAge: number;
  /** Since the last checkpoint, while the live version holds vectors that no snapshot has; otherwise 0. */
  readonly snapshotAge: number;
  /** Of the receipts that a writer has left in need of another merge, one whose time has come; on a server only. */
  readonly toMergeAgain: ReceiptReference | undefined;
}

/**
 * Decides what a collection needs.
 *
 * @param runs - its unfinished runs, in order of creation.
 * @param after - a run is stale when it is PENDING since its creation, or PROCESSING since its start, for
 *   longer than this many seconds.
 */
export function findings(
  collection: Collection,
  runs: readonly CompactionRun[],
  pointer: CollectionPointer | undefined,
  now: Date,
  after: number,
): Findings {
  const secondsSince = (instant: string): number => Math.max(0, (now.getTime() - Date.parse(instant)) / 1000);
  const published = unmarkedRuns(pointer?.manifest, runs);
  const marked = new Set(published.map(({ run }) => run));
  const waiting = runs.filter((run) => !marked.has(run));
  const late = waiting.filter((run) => secondsSince(run[collection].started_at ?? run.created_at) > after);

  const manifest = pointer?.manifest;
  const [again] = pointer?.touched?.find((each) => isQuiet(each, now.getTime()))?.receipts ?? [];
  const uncovered = manifest !== undefined && manifest.uncovered_deltas.length > 0;
  return {
    published,
    stale: late.filter(hasDeltas),
    unembedded: late.filter((run) => !hasDeltas(run)),
    pending: waiting.length,
    oldestPendingAge: Math.max(0, ...waiting.map(({ created_at }) => secondsSince(created_at))),
    snapshotAge: uncovered ? secondsSince(pointer?.snapshot_at ?? manifest.created_at) : 0,
    toMergeAgain: again === undefined ? undefined : touchedReceipt(again),
  };
}
