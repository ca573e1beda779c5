import type { Collection } from '../../../contracts/collections';
import { contentHash, type Delta, isAnnotation } from '../../../contracts/delta';
import type { WarningTelemetry } from '../../shared/logging';
import { slices } from '../../shared/slices';
import type { ChromaCollection } from '../chroma/collection';
import { concurrently } from '../concurrently';
import { addCensus, type Census, NO_CENSUS } from '../merge/census';
import { type DeltaSource, loadDelta, UnusableDelta } from '../merge/load-delta';
import { mergeDeltas } from '../merge/merge-deltas';
import { prefixOf } from '../merge/stored-records';

export interface LogSource extends DeltaSource {
  readonly collection: Collection;
}

const REQUESTS_AT_ONCE = 16;
/** Deltas that are held in memory at once: of a words delta with 200 records of 1536 dimensions, 60 MB. */
const DELTAS_AT_ONCE = 50;

/** What there is to keep and to say was kept and said when the deltas were merged first. */
const keepNothing = async (): Promise<void> => {};
const SILENT: WarningTelemetry = { logger: { warn: () => {} } };

/**
 * Merges the deltas of a published version's log onto its base, in their order.
 *
 * @param keys - of the deltas, as the pointer lists them.
 * @returns by how much they changed what is known of the records.
 * @throws {UnusableDelta} when one is missing or damaged.
 */
export async function replayLog(
  source: LogSource,
  chroma: ChromaCollection,
  keys: readonly string[],
): Promise<Census> {
  let census = NO_CENSUS;
  for (const some of slices(keys, DELTAS_AT_ONCE)) {
    const deltas = await concurrently(some, REQUESTS_AT_ONCE, (key) => loadLogged(source, key));
    for (const together of mergeable(deltas)) {
      const merged = await mergeDeltas(chroma, together, keepNothing, SILENT);
      census = addCensus(census, merged.census);
    }
  }
  return census;
}

/** Whoever was merged first is not there to be asked for the file's hash; its records carry theirs. */
async function loadLogged(source: LogSource, key: string): Promise<Delta> {
  const delta = await loadDelta(source, key);
  if (delta.header.collection !== source.collection) {
    throw new UnusableDelta(`${key} is a delta of ${delta.header.collection}.`);
  }
  const wrong = delta.records.find((record) => contentHash(record) !== record.contentHash);
  if (wrong === undefined) return delta;
  throw new UnusableDelta(`${key} is damaged: the record ${wrong.id} is not what its content hash says.`);
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
