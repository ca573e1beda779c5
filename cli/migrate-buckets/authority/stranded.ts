import { deltaPrefix, isDecoyKey } from '../../../contracts/bucket-layout';
import type { BucketEvidence } from '../../../contracts/migrate-buckets/authority';
import { compareKeys } from '../listing/key-order';
import type { ListedObject } from '../listing/listed-object';
import type { Inventory } from './inspect-buckets';

export interface StrandedObject {
  readonly bucket: string;
  readonly object: ListedObject;
  /** The winner holds other content under its key, so it cannot be taken along: its loss must be accepted. */
  readonly overshadowed: boolean;
}

/**
 * Deltas that a losing bucket holds, the winner does not, and that are newer than the winner's snapshot: nobody
 * compacted them, so leaving them behind loses embeddings. Where the winner has no snapshot of the collection,
 * every such delta is stranded. Two losers with the same key: the newer object is taken.
 */
export function findStranded(
  winner: BucketEvidence,
  inventories: ReadonlyMap<string, Inventory>,
  losers: readonly string[],
): StrandedObject[] {
  const truth = inventories.get(winner.name);
  const found = new Map<string, StrandedObject>();
  for (const bucket of losers) {
    for (const object of inventories.get(bucket)?.values() ?? []) {
      const kept = truth?.get(object.key);
      if (isDecoyKey(object.key) || kept?.etag === object.etag) continue;
      const collection = winner.collections.find((c) => object.key.startsWith(deltaPrefix(c.collection)));
      if (collection === undefined || object.modified < (collection.snapshot_at ?? 0)) continue;
      const rival = found.get(object.key);
      if (rival === undefined || rival.object.modified < object.modified) {
        found.set(object.key, { bucket, object, overshadowed: kept !== undefined });
      }
    }
  }
  return [...found.values()].sort((a, b) => compareKeys(a.object.key, b.object.key));
}
