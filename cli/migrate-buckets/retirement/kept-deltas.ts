import { deltaPrefix, isDecoy, versionInstant } from '../../../contracts/bucket-layout';
import { COLLECTIONS, type Collection } from '../../../contracts/collections';
import { Pace } from '../../shared/aws/pace';
import type { Context } from '../../shared/command';
import { listObjects } from '../listing/list';
import { currentObjects, listVersions, objectOf } from '../listing/list-versions';
import { type ListedObject, looksEqual } from '../listing/listed-object';
import { mergeByKey } from '../listing/merge-by-key';
import { readVersions, versionOf } from '../plan-files/version-record';
import { inspectCollection } from '../snapshots/inspect-collection';
import { lineageOf } from '../snapshots/superseded-pointer';
import type { Sides } from '../verification/evaluate-object';
import { sameBytes } from '../verification/same-bytes';
import { versionsBeside } from './compare-source';

/** What became of the deltas of a source that its plan only keeps: nobody merges what lies in an archive. */
export interface KeptDeltas {
  /** At the destination under their own keys, too, with the same bytes. */
  readonly live: number;
  /** Older than the snapshot of the old system that the destination goes by. */
  readonly covered: number;
  /** The keys of all others: no collection holds what is in them. */
  readonly unmerged: readonly string[];
}

type Looking = Pick<Context, 'aws' | 'signal'>;
type Buckets = Pick<Sides, 'source' | 'destination' | 'placement'>;

/**
 * Looks at each verified delta that a plan archives and that is still in the source. Read-only.
 *
 * @param versions - path of the verified manifest.
 */
export async function keptDeltas(context: Looking, buckets: Buckets, versions: string): Promise<KeptDeltas> {
  const { s3 } = context.aws;
  const { source, destination } = buckets;
  const found = { live: 0, covered: 0, unmerged: [] as string[] };
  const snapshots = new Map<Collection, number>();
  for (const collection of COLLECTIONS) {
    snapshots.set(collection, await mergedUntil(context, destination, collection));
  }
  const beside = mergeByKey(archivedDeltas(context, buckets, versions), liveDeltas(context, destination));
  for await (const { key, left: delta, right: present } of beside) {
    if (delta === undefined) continue;
    const { collection, object } = delta;
    const isLive =
      present !== undefined &&
      (looksEqual(object, present) ||
        (object.size === present.size &&
          (await sameBytes(
            s3,
            { bucket: source, object },
            { bucket: destination, object: present },
            context.signal,
          ))));
    if (isLive) found.live++;
    else if (object.modified < (snapshots.get(collection) ?? 0)) found.covered++;
    else found.unmerged.push(key);
  }
  return found;
}

interface Delta {
  readonly key: string;
  readonly collection: Collection;
  readonly object: ListedObject;
}

/** By what was verified: a retirement that was cut off has hidden some of them already. */
async function* archivedDeltas(
  context: Looking,
  { source, placement }: Buckets,
  versions: string,
): AsyncGenerator<Delta> {
  for await (const { key, left, right } of versionsBeside(context, source, readVersions(versions))) {
    const collection = COLLECTIONS.find((each) => key.startsWith(deltaPrefix(each)));
    const record = left?.items.find(({ latest, marker }) => latest && !marker);
    const now = right?.items.find(({ versionId }) => versionId === record?.version_id);
    if (collection === undefined || record === undefined || now === undefined) continue;
    if (isDecoy(record) || placement.keyOf(key) === key || placement.leavesOut(key)) continue;
    yield { key, collection, object: { ...objectOf(versionOf(record)), modified: now.modified } };
  }
}

/** In the order of their keys, as the collections are. */
async function* liveDeltas({ aws, signal }: Looking, destination: string): AsyncGenerator<ListedObject> {
  for (const prefix of COLLECTIONS.map(deltaPrefix).sort()) {
    yield* currentObjects(listVersions(aws.s3, destination, signal, prefix));
  }
}

/**
 * Until when, in milliseconds since 1970, the old system had merged into what the destination's pointer names; 0 where
 * that holds nothing of it. A checkpoint of the new pipeline is newer than all that it never saw: only the snapshot that
 * it was built from tells, and the short form of its id shows that the old system wrote it.
 */
async function mergedUntil(
  { aws: { s3 }, signal }: Looking,
  bucket: string,
  collection: Collection,
): Promise<number> {
  const list = (prefix: string) => listObjects(s3, bucket, new Pace(), signal, prefix);
  const { version, gates } = await inspectCollection({ s3, bucket, list }, collection, { quick: true });
  if (version === null || gates.some(({ result }) => result === 'fail')) return 0;
  return oldSystemMergedUntil([version, ...(await lineageOf(s3, bucket, collection, version))]);
}

/** The moment of the newest of these snapshots that the old system wrote. Pure. */
export const oldSystemMergedUntil = (versions: readonly string[]): number =>
  Math.max(
    0,
    ...versions
      .filter((version) => /^\d{8}_\d{6}$/.test(version))
      .map((version) => versionInstant(version)?.getTime() ?? 0),
  );
