import { deltaPrefix, isDecoy } from '../../../contracts/bucket-layout';
import type { BucketEvidence } from '../../../contracts/migrate-buckets/authority';
import type { ListedObject } from '../listing/listed-object';
import type { Holding } from '../listing/merge-buckets';

export interface StrandedObject {
  readonly bucket: string;
  readonly object: ListedObject;
  /** The winner holds other content under its key, so it cannot be taken along: its loss must be accepted. */
  readonly overshadowed: boolean;
}

/**
 * The delta of a key that a losing bucket holds, the winner does not, and that is newer than the winner's snapshot:
 * nobody compacted it, so leaving it behind loses embeddings. Where the winner has no snapshot of the collection,
 * every such delta is stranded. Two losers with the same key: the newer object is taken. Pure.
 */
export function strandedAt(winner: BucketEvidence, { key, objects }: Holding): StrandedObject | undefined {
  const collection = winner.collections.find((each) => key.startsWith(deltaPrefix(each.collection)));
  if (collection === undefined) return undefined;
  const kept = objects.get(winner.name);
  let found: StrandedObject | undefined;
  for (const [bucket, object] of objects) {
    if (isDecoy(object) || kept?.etag === object.etag || object.modified < (collection.snapshot_at ?? 0))
      continue;
    if (found === undefined || found.object.modified < object.modified) {
      found = { bucket, object, overshadowed: kept !== undefined };
    }
  }
  return found;
}
