import type { CompactionRun } from '../../contracts/compaction-run';

/**
 * When a run is said to be created, beside the receipt's newest run: runs of one receipt never share a moment, since
 * their order decides which one is superseded.
 *
 * @param moment - before the run's content was looked at. Milliseconds since the epoch.
 */
export const laterThan = (run: CompactionRun | undefined, moment: number): Date =>
  new Date(run === undefined ? moment : Math.max(moment, Date.parse(run.created_at) + 1));
