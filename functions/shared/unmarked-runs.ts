import type { VersionManifest } from '../../contracts/collection-pointer';
import { type CompactionRun, runName, runOf } from '../../contracts/compaction-run';

/** A run that a published version holds. */
export interface UnmarkedRun {
  readonly run: CompactionRun;
  /** Vectors of the run that the version holds. */
  readonly mergedVectors: number;
}

/**
 * Those of some unfinished runs that a published version holds, since a writer crashed between publishing and marking: in
 * the order in which they were merged, which a rebuild takes from when they ended.
 */
export function unmarkedRuns(
  manifest: VersionManifest | undefined,
  unfinished: readonly CompactionRun[],
): UnmarkedRun[] {
  const runs = new Map(unfinished.map((run) => [runName(runOf(run)), run]));
  return (manifest?.runs ?? []).flatMap((merged) => {
    const run = runs.get(runName(runOf(merged)));
    return run === undefined ? [] : [{ run, mergedVectors: merged.merged_vectors }];
  });
}
