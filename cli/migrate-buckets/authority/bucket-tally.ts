import {
  deltaPrefix,
  isDecoy,
  snapshotPointerKey,
  snapshotPrefix,
  snapshotVersionPrefix,
} from '../../../contracts/bucket-layout';
import type { BucketEvidence } from '../../../contracts/migrate-buckets/authority';
import { type ListedObject, looksEqual } from '../listing/listed-object';
import type { CurrentSnapshot } from '../snapshots/inspect-collection';

const WEEK = 7 * 24 * 3600 * 1000;

/** What a bucket's listing adds up to, object by object: no object is held. Pure. */
export class BucketTally {
  private objects = 0;
  private bytes = 0;
  private decoys = 0;
  private recentWrites = 0;
  private newestWrite: number | null = null;
  private readonly contained: Map<string, number>;
  private readonly withData = new Set<string>();

  /**
   * @param others - the names of the other buckets.
   * @param now - milliseconds since 1970.
   */
  constructor(
    private readonly name: string,
    private readonly snapshots: readonly CurrentSnapshot[],
    others: readonly string[],
    private readonly now: number,
  ) {
    this.contained = new Map(others.map((other) => [other, 0]));
  }

  /** @param objects - what all buckets hold under this object's key. */
  add(object: ListedObject, objects: ReadonlyMap<string, ListedObject>): void {
    if (isDecoy(object)) {
      this.decoys++;
      return;
    }
    this.objects++;
    this.bytes += object.size;
    this.newestWrite = Math.max(this.newestWrite ?? 0, object.modified);
    if (object.modified > this.now - WEEK) this.recentWrites++;
    for (const [other, twin] of objects) {
      if (other !== this.name && looksEqual(object, twin)) {
        this.contained.set(other, (this.contained.get(other) ?? 0) + 1);
      }
    }
    for (const snapshot of this.snapshots) {
      if (isDataOf(snapshot, object.key)) this.withData.add(snapshot.collection);
    }
  }

  evidence(references: readonly string[]): BucketEvidence {
    return {
      name: this.name,
      collections: this.snapshots.map((snapshot) => ({
        ...snapshot,
        has_data: this.withData.has(snapshot.collection),
      })),
      objects: this.objects,
      bytes: this.bytes,
      decoys: this.decoys,
      newest_write: this.newestWrite,
      recent_writes: this.recentWrites,
      references: [...references],
      contained_in: Object.fromEntries(this.contained),
    };
  }
}

/**
 * Whether a key shows that its bucket holds data of a collection. A pointer to an empty snapshot does not, nor
 * that snapshot: a reader of the old system uploaded one to any bucket where it met none.
 */
function isDataOf({ collection, records, version }: CurrentSnapshot, key: string): boolean {
  const isEmpty =
    records === 0 &&
    version !== null &&
    (key === snapshotPointerKey(collection) || key.startsWith(snapshotVersionPrefix(collection, version)));
  return !isEmpty && (key.startsWith(snapshotPrefix(collection)) || key.startsWith(deltaPrefix(collection)));
}
