import type { VersionManifest } from '../../../contracts/collection-pointer';
import { type Delta, isAnnotation } from '../../../contracts/delta';
import type { WarningTelemetry } from '../../shared/logging';
import { slices } from '../../shared/slices';
import type { ChromaCollection } from '../chroma/collection';
import { concurrently } from '../concurrently';
import { addCensus, type Census, NO_CENSUS } from '../merge/census';
import { isLasting, refusedAmong } from '../merge/find-refused';
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

/** A delta that Chroma refuses alone, and why. */
export interface RefusedDelta extends Pick<LoggedDelta, 'key'> {
  readonly reason: string;
}

/** Deltas that were to be merged onto each other, and that Chroma refuses. */
export class RefusedDeltas extends Error {
  override readonly name = 'RefusedDeltas';

  constructor(readonly refused: readonly RefusedDelta[]) {
    super(`Chroma refuses the deltas ${refused.map(({ key }) => key).join(', ')}: ${refused[0]?.reason}`);
  }
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
 * Merges deltas onto what they were merged onto, in their order. What Chroma refuses of them is looked for to the end,
 * though the content is thrown away then, as of a merge.
 *
 * @param keep - as of a merge. @default - nothing is kept, as of the log of a version that was published
 * @param telemetry - told what a merge tells. @default - nobody is told again
 * @returns by how much they changed what is known of the records.
 * @throws {UnusableDelta} when one is missing or damaged.
 * @throws {RefusedDeltas} when Chroma refuses some, whatever stands beside them: the content has parts of them.
 */
export async function replayLog(
  source: DeltaSource,
  chroma: ChromaCollection,
  log: readonly LoggedDelta[],
  keep: KeepReplaced = keepNothing,
  telemetry: WarningTelemetry = SILENT,
): Promise<Census> {
  let census = NO_CENSUS;
  const refused: RefusedDelta[] = [];
  const merge = (some: readonly Delta[]) => mergeDeltas(chroma, some, keep, telemetry);
  for (const some of slices(log, DELTAS_AT_ONCE)) {
    const deltas = await concurrently(some, ({ key, sha256 }) => loadDelta(source, key, sha256));
    const keys = new Map(deltas.map((delta, index) => [delta, some[index]?.key ?? '']));
    for (const together of mergeable(deltas)) {
      try {
        const merged = await merge(together);
        await searchFor(chroma, merged.sought);
        census = addCensus(census, merged.census);
      } catch (error) {
        if (!isLasting(error)) throw error;
        const alone = await refusedAmong(together, error, merge);
        if (alone.length === 0) throw error;
        refused.push(...alone.map(({ each, reason }) => ({ key: keys.get(each) ?? '', reason })));
      }
    }
  }
  if (refused.length > 0) throw new RefusedDeltas(refused);
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
