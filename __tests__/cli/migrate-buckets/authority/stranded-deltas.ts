import { type StrandedObject, strandedAt } from '../../../../cli/migrate-buckets/authority/stranded';
import { compareKeys } from '../../../../cli/migrate-buckets/listing/key-order';
import type { ListedObject } from '../../../../cli/migrate-buckets/listing/listed-object';
import { mergeBuckets } from '../../../../cli/migrate-buckets/listing/merge-buckets';
import type { BucketEvidence } from '../../../../contracts/migrate-buckets/authority';

/** A bucket's objects by key. */
export type Inventory = ReadonlyMap<string, ListedObject>;

/** The stranded deltas among what buckets hold. */
export async function findStranded(
  winner: BucketEvidence,
  inventories: ReadonlyMap<string, Inventory>,
): Promise<StrandedObject[]> {
  const found: StrandedObject[] = [];
  const listings = new Map([...inventories].map(([bucket, inventory]) => [bucket, listing(inventory)]));
  for await (const holding of mergeBuckets(listings)) {
    const stranded = strandedAt(winner, holding);
    if (stranded !== undefined) found.push(stranded);
  }
  return found;
}

async function* listing(inventory: Inventory): AsyncGenerator<ListedObject> {
  yield* [...inventory.values()].sort((a, b) => compareKeys(a.key, b.key));
}
