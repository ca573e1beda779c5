import type { VersionManifest } from '../../../contracts/collection-pointer';
import { type Delta, isAnnotation } from '../../../contracts/delta';
import type { WarningTelemetry } from '../../shared/logging';
import { slices } from '../../shared/slices';
import type { ChromaCollection } from '../chroma/collection';
import { concurrently } from '../concurrently';
import { addCensus, type Census, NO_CENSUS } from '../merge/census';
import { type DeltaSource, loadDelta } from '../merge/load-delta';
import { mergeDeltas } from '../merge/merge-deltas';
import type { KeepReplaced } from '../merge/merge-receipts';
import { searchFor } from '../merge/probe';
import { prefixOf } from '../merge/stored-records';

/** A delta that was merged onto a base. */
export interface LoggedDelta {
  readonly key: string;
  /** Hexadecimal, of the file that was merged. */
  readonly sha256: string | undefined;
}

/** What was merged onto a version's base, in that order. */
export const loggedDeltas = ({ uncovered_deltas, delta_sha256s }: VersionManifest): LoggedDelta[] =>
  uncovered_deltas.map((key, index) => ({ key, sha256: delta_sha256s[index] }));

/** Deltas that are held in memory at once: of a words delta with 200 records of 1536 dimensions, 60 MB. */
const DELTAS_AT_ONCE = 50;

/** What there is to keep and to say was kept and said when the deltas were merged first. */
const keepNothing = async (): Promise<void> => {};
const SILENT: WarningTelemetry = { logger: { warn: () => {} } };

/**
 * Merges deltas onto what they were merged onto, in their order.
 *
 * @param keep - as of a merge. @default - nothing is kept, as of the log of a version that was published
 * @param telemetry - told what a merge tells. @default - nobody is told again
 * @returns by how much they changed what is known of the records.
 * @throws {UnusableDelta} when one is missing or damaged.
 */
export async function replayLog(
  source: DeltaSource,
  chroma: ChromaCollection,
  log: readonly LoggedDelta[],
  keep: KeepReplaced = keepNothing,
  telemetry: WarningTelemetry = SILENT,
): Promise<Census> {
  let census = NO_CENSUS;
  for (const some of slices(log, DELTAS_AT_ONCE)) {
    const deltas = await concurrently(some, ({ key, sha256 }) => loadDelta(source, key, sha256));
    for (const together of mergeable(deltas)) {
      const merged = await mergeDeltas(chroma, together, keep, telemetry);
      await searchFor(chroma, merged.sought);
      census = addCensus(census, merged.census);
    }
  }
  return census;
}

/**
 * The deltas in the longest runs that one merge takes: of each receipt one whole delta at most, and none after an
 * annotation of the same receipt, since a merge puts annotations last.
 */
export function* mergeable(deltas: readonly Delta[]): Generator<Delta[]> {
  let together: Delta[] = [];
  let receipts = new Set<string>();
  for (const delta of deltas) {
    const receipt = prefixOf(delta.header);
    if (!isAnnotation(delta) && receipts.has(receipt)) {
      yield together;
      together = [];
      receipts = new Set();
    }
    together.push(delta);
    receipts.add(receipt);
  }
  if (together.length > 0) yield together;
}
