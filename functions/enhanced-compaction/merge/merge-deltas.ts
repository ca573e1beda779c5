import { type Delta, isAnnotation } from '../../../contracts/delta';
import type { WarningTelemetry } from '../../shared/logging';
import type { ChromaCollection } from '../chroma/collection';
import { annotateRecords } from './annotate-records';
import { addCounts, type KeepReplaced, type MergeCounts, mergeReceipts } from './merge-receipts';

/**
 * Merges deltas of both kinds: first the receipts, then the annotations, which are to stand on what the receipts have
 * from now on.
 *
 * @param deltas - at most one whole receipt of each; annotations in order of their creation.
 */
export async function mergeDeltas(
  chroma: ChromaCollection,
  deltas: readonly Delta[],
  keep: KeepReplaced,
  telemetry: WarningTelemetry,
): Promise<MergeCounts> {
  const receipts = deltas.filter((delta) => !isAnnotation(delta));
  const merged = await mergeReceipts(chroma, receipts, keep);
  const annotated = await annotateRecords(chroma, deltas.filter(isAnnotation), telemetry);
  return addCounts(merged, annotated);
}
