import {
  deltaPrefix,
  isDecoy,
  isVersionId,
  snapshotPointerKey,
  snapshotPrefix,
} from '../../../contracts/bucket-layout';
import { COLLECTIONS, type Collection } from '../../../contracts/collections';
import type { BucketEvidence, LeftBehind } from '../../../contracts/migrate-buckets/authority';
import type { Tally } from '../../../contracts/migrate-buckets/plan';
import { counted } from '../../shared/counted';
import type { Holding } from '../listing/merge-buckets';

type LeftOfCollection = LeftBehind['collections'][number];
type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Sums up what a losing bucket holds and the winner has not, key by key. Pure. */
export class LeftBehindTally {
  private readonly others: Mutable<Tally> = { objects: 0, bytes: 0 };
  private readonly collections = new Map(
    COLLECTIONS.map((collection) => [
      collection,
      { versions: new Map<string, number>(), deltas: { objects: 0, bytes: 0 }, stranded: 0 },
    ]),
  );

  constructor(
    private readonly loser: BucketEvidence,
    private readonly winner: BucketEvidence,
  ) {}

  add({ key, objects }: Holding): void {
    const object = objects.get(this.loser.name);
    if (object === undefined || isDecoy(object)) return;
    if (objects.get(this.winner.name)?.etag === object.etag) return;
    for (const [collection, left] of this.collections) {
      const version = versionOf(collection, key);
      if (version !== undefined) {
        left.versions.set(version, (left.versions.get(version) ?? 0) + 1);
        return;
      }
      // It is told by the snapshot that it names.
      if (key === snapshotPointerKey(collection)) return;
      if (!key.startsWith(deltaPrefix(collection))) continue;
      left.deltas.objects++;
      left.deltas.bytes += object.size;
      if (object.modified >= (snapshotOf(this.winner, collection)?.snapshot_at ?? 0)) left.stranded++;
      return;
    }
    this.others.objects++;
    this.others.bytes += object.size;
  }

  /** What was found; the records of snapshots that no pointer names are filled in by who opens them. */
  finish(): LeftBehind {
    return {
      bucket: this.loser.name,
      collections: [...this.collections].map(
        ([collection, { versions, deltas, stranded }]): LeftOfCollection => {
          const [ours, theirs] = [snapshotOf(this.winner, collection), snapshotOf(this.loser, collection)];
          const latest = ours?.version ?? '';
          return {
            collection,
            winner: { version: ours?.version ?? null, records: ours?.records ?? null },
            snapshots: [...versions]
              // They came in the order of their keys.
              .reverse()
              .map(([version, objects]) => ({
                version,
                objects,
                records: version === theirs?.version ? (theirs.records ?? null) : null,
                current: version === theirs?.version,
                newer: version > latest,
              })),
            deltas,
            stranded,
          };
        },
      ),
      others: this.others,
    };
  }
}

const snapshotOf = ({ collections }: BucketEvidence, name: Collection) =>
  collections.find(({ collection }) => collection === name);

/** The version of a snapshot that a key belongs to. */
function versionOf(collection: Collection, key: string): string | undefined {
  const prefix = `${snapshotPrefix(collection)}timestamped/`;
  if (!key.startsWith(prefix)) return undefined;
  const version = key.slice(prefix.length).replace(/\/.*/s, '');
  return isVersionId(version) ? version : undefined;
}

const SHOWN = 5;

/** The same in sentences: none where the winner has all. */
export function describeLeftBehind({ bucket, collections, others }: LeftBehind, winner: string): string[] {
  const said = collections.flatMap((left) => {
    const { collection, snapshots, deltas, stranded } = left;
    const rest = snapshots.length - SHOWN;
    return [
      ...snapshots.slice(0, SHOWN).map((snapshot) => describeSnapshot(snapshot, left, winner)),
      ...(rest > 0 ? [`${counted(rest, `older ${collection} snapshot`)}`] : []),
      ...(deltas.objects > 0
        ? [
            `${counted(deltas.objects, `${collection} delta`)}, ${stranded} not older than ${winner}'s snapshot`,
          ]
        : []),
    ];
  });
  if (others.objects > 0) said.push(`${counted(others.objects, 'object')} of no collection`);
  return said.map((each) => `${winner} lacks what ${bucket} has: ${each}.`);
}

function describeSnapshot(
  { version, records, current, newer }: LeftOfCollection['snapshots'][number],
  { collection, winner: { version: ours, records: held } }: LeftOfCollection,
  winner: string,
): string {
  const size = records === null ? 'not opened' : counted(records, 'record');
  const theirs = ours === null ? 'none' : `${ours}${held === null ? '' : ` (${counted(held, 'record')})`}`;
  return `the ${collection} snapshot ${version} (${size})${current ? ', which its pointer names' : ''}${newer ? `, newer than ${winner}'s ${theirs}` : ''}`;
}
