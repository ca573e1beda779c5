import type { ManifestEntry, Plan } from '../../../contracts/migrate-buckets/plan';
import { EXIT } from '../../shared/exit-codes';
import { UserError } from '../../shared/user-error';
import type { CopyEngine } from '../engine/engine';
import { compareKeys } from '../listing/key-order';
import type { ListedObject } from '../listing/listed-object';
import { mergeListings } from '../listing/pair';
import { Placement } from '../listing/placement';
import { manifestLine } from './digest';
import { planEntry } from './manifest-entry';
import { readManifest } from './plan-file';

/** The stranded deltas of a manifest, as the listing entries that they were planned from. */
export async function strandedOf(manifest: AsyncIterable<ManifestEntry>): Promise<ListedObject[]> {
  const stranded: ListedObject[] = [];
  for await (const { key, size, etag, storage_class, bucket } of manifest) {
    if (bucket !== undefined)
      stranded.push({ key, size, etag, storageClass: storage_class, bucket, modified: 0 });
  }
  return stranded;
}

/**
 * Compares both buckets, listed anew, with the plan.
 *
 * @param allowSourceChanges - the source is live: what it gained or changed since is left to the catch-up.
 * @throws {UserError} exit 5, naming the first key that is not what the plan was made from.
 */
export async function refuseStale(
  engine: CopyEngine,
  plan: Plan,
  manifestPath: string,
  allowSourceChanges: boolean,
): Promise<void> {
  const stranded = await strandedOf(readManifest(manifestPath, plan));
  const planned = readManifest(manifestPath, plan)[Symbol.asyncIterator]();
  let next = await planned.next();
  const stale = (bucket: string, key: string, what: string) =>
    new UserError(
      `The plan is stale: ${key} ${what} ${bucket} since. Plan again${bucket === plan.source ? ', or pass --allow-source-changes if the source is live' : ''}.`,
      EXIT.stale,
    );
  const gone = (entry: ManifestEntry) => {
    if (!allowSourceChanges) throw stale(plan.source, entry.key, 'was deleted from');
  };
  const placement = Placement.of(plan);
  const pairs = placement.pair(mergeListings(engine.list(plan.source), stranded), (prefix) =>
    engine.list(plan.destination, prefix),
  );
  for await (const pair of pairs) {
    while (next.done !== true && compareKeys(next.value.key, pair.key) < 0) {
      gone(next.value);
      next = await planned.next();
    }
    const entry = next.done !== true && next.value.key === pair.key ? next.value : undefined;
    if (entry !== undefined) next = await planned.next();
    if (entry === undefined) {
      if (pair.source !== undefined && !allowSourceChanges)
        throw stale(plan.source, pair.key, 'was added to');
      continue;
    }
    if ((pair.destination?.etag ?? 'absent') !== entry.expected) {
      throw stale(plan.destination, placement.keyOf(pair.key), 'was changed in');
    }
    if (pair.source === undefined) gone(entry);
    else if (!allowSourceChanges && manifestLine(entry) !== manifestLine(planEntry(pair, true) ?? entry)) {
      throw stale(plan.source, pair.key, 'was changed in');
    }
  }
  for (; next.done !== true; next = await planned.next()) gone(next.value);
}
