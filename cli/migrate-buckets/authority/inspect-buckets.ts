import {
  deltaPrefix,
  isDecoyKey,
  snapshotPointerKey,
  snapshotPrefix,
  snapshotVersionPrefix,
} from '../../../contracts/bucket-layout';
import { COLLECTIONS } from '../../../contracts/collections';
import type { BucketEvidence, CollectionEvidence } from '../../../contracts/migrate-buckets/authority';
import type { MigrationEvent } from '../../../contracts/migrate-buckets/output';
import type { Context } from '../../shared/command';
import { openBucket } from '../aws/bucket';
import { referencesTo, type Survey } from '../discovery/references';
import type { CopyEngine } from '../engine/engine';
import { type ListedObject, looksEqual } from '../listing/listed-object';
import { inspectCollection } from '../snapshots/inspect-collection';

/** A bucket's objects by key, in listing order, decoys included. */
export type Inventory = ReadonlyMap<string, ListedObject>;

export interface Inspection {
  readonly evidence: BucketEvidence[];
  readonly inventories: ReadonlyMap<string, Inventory>;
}

const WEEK = 7 * 24 * 3600 * 1000;

/** Lists the candidates and gathers what {@link ./decide} decides on. Read-only. */
export async function inspectBuckets(
  { aws, report }: Context<MigrationEvent>,
  engine: CopyEngine,
  names: readonly string[],
  survey: Survey,
  { quick, now = Date.now() }: { readonly quick: boolean; readonly now?: number },
): Promise<Inspection> {
  const inventories = new Map<string, Inventory>();
  for (const name of names) {
    await openBucket(aws, name);
    const inventory = new Map<string, ListedObject>();
    for await (const object of engine.list(name)) {
      inventory.set(object.key, object);
      if (inventory.size % 1000 === 0) report.progress(`listing ${name}`, inventory.size, undefined);
    }
    inventories.set(name, inventory);
  }
  const evidence: BucketEvidence[] = [];
  for (const [name, inventory] of inventories) {
    const data = [...inventory.values()].filter(({ key }) => !isDecoyKey(key));
    const collections = [];
    for (const collection of COLLECTIONS) {
      const list = (prefix: string) => engine.list(name, prefix);
      const current = await inspectCollection({ s3: aws.s3, bucket: name, list }, collection, { quick });
      collections.push({ ...current, has_data: data.some(({ key }) => isDataOf(current, key)) });
    }
    evidence.push({
      name,
      collections,
      objects: data.length,
      bytes: data.reduce((sum, { size }) => sum + size, 0),
      decoys: inventory.size - data.length,
      newest_write: data.reduce<number | null>(
        (newest, { modified }) => Math.max(newest ?? 0, modified),
        null,
      ),
      recent_writes: data.filter(({ modified }) => modified > now - WEEK).length,
      references: referencesTo(survey, name).map(({ where }) => where),
      contained_in: containment(name, data, inventories),
    });
  }
  return { evidence, inventories };
}

/**
 * Whether a key shows that its bucket holds data of a collection. A pointer to an empty snapshot does not, nor
 * that snapshot: a reader of the old system uploaded one to any bucket where it met none.
 */
function isDataOf(
  { collection, records, version }: Pick<CollectionEvidence, 'collection' | 'records' | 'version'>,
  key: string,
): boolean {
  const isEmpty =
    records === 0 &&
    version !== null &&
    (key === snapshotPointerKey(collection) || key.startsWith(snapshotVersionPrefix(collection, version)));
  return !isEmpty && (key.startsWith(snapshotPrefix(collection)) || key.startsWith(deltaPrefix(collection)));
}

function containment(
  name: string,
  data: readonly ListedObject[],
  inventories: ReadonlyMap<string, Inventory>,
): Record<string, number> {
  const others = [...inventories].filter(([other]) => other !== name);
  return Object.fromEntries(
    others.map(([other, inventory]) => [
      other,
      data.filter((object) => {
        const twin = inventory.get(object.key);
        return twin !== undefined && looksEqual(object, twin);
      }).length,
    ]),
  );
}
