import type { S3Client } from '@aws-sdk/client-s3';
import {
  deltaPrefix,
  snapshotArchiveKey,
  snapshotHashKey,
  snapshotPointerKey,
  snapshotVersionPrefix,
} from '../../../contracts/bucket-layout';
import { COLLECTIONS } from '../../../contracts/collections';
import type { SnapshotReference } from '../../../contracts/migrate-buckets/plan';
import type { Level } from '../../../contracts/migrate-buckets/words';
import { counted } from '../../shared/counted';
import { readTextIfAny } from '../aws/read-object';
import type { ListedObject } from '../listing/listed-object';
import type { Pair } from '../listing/pair';
import type { Placement } from '../listing/placement';
import type { Journal } from '../plan-files/journal';
import { isPointerKey } from '../plan-files/manifest-entry';
import { md5Of } from '../snapshots/inspect-collection';
import { whyNotSuperseded } from '../snapshots/superseded-pointer';
import { isAtLeast, levelOf, requiredLevel } from './levels';
import type { Proofs } from './proofs';
import { sameBytes } from './same-bytes';

/** The two buckets, and what else tells of their objects. */
export interface Sides {
  readonly source: string;
  readonly destination: string;
  /** Where the source's objects belong at the destination. */
  readonly placement: Placement;
  /** Compare the bytes of whatever is not proven otherwise. */
  readonly deep: boolean;
  /** Absent when another tool made the copy. */
  readonly journal?: Journal | undefined;
  /** The snapshots that the source's pointers name. */
  readonly snapshots: readonly SnapshotReference[];
  /** Takes what had to be read, so that it need not be read twice in one run. */
  readonly proofs?: Proofs | undefined;
}

/** Whether a pointer leads to the object, or it is one: such objects must be proven better. */
export const isReachable = ({ snapshots }: Sides, key: string): boolean =>
  isPointerKey(key) ||
  snapshots.some(({ collection, version }) => key.startsWith(snapshotVersionPrefix(collection, version)));

/**
 * The snapshot that the source's pointer names, where an object of the destination is that pointer. By the key that it
 * has there: one that is archived was never a pointer of the pipeline.
 */
export const pointedAt = ({ snapshots }: Sides, present: ListedObject | undefined): string | undefined =>
  snapshots.find(({ collection }) => snapshotPointerKey(collection) === present?.key)?.version;

export interface Evaluation {
  readonly level: Level;
  /** Why it is no better, where more is known than the level tells. */
  readonly why?: string | undefined;
}

/** What the listings of both sides show of an object, and the journal. */
const compare = ({ journal }: Sides, object: ListedObject, present: ListedObject | undefined) => ({
  present: present !== undefined,
  sizeEqual: present?.size === object.size,
  etagEqual: present?.etag === object.etag,
  copiedByUs: present !== undefined && journal?.proves(object.key, object.etag, present.etag) === true,
  bytesEqual: undefined,
  ownHashEqual: undefined,
});

/** How well an object is proven by its listings, the journal, and what was read before in this run. Reads nothing. */
export function listedLevel(sides: Sides, object: ListedObject, present: ListedObject | undefined): Level {
  if (present !== undefined && sides.proofs?.hold(object, present) === true) return 'P3';
  return levelOf(compare(sides, object, present));
}

/** How well one object is proven. Bytes are read only where nothing cheaper would do. */
export async function evaluateObject(
  s3: S3Client,
  sides: Sides,
  { key, destination: present }: Pair,
  object: ListedObject,
  signal: AbortSignal,
): Promise<Evaluation> {
  const { source, destination, deep, snapshots, proofs } = sides;
  const reachable = isReachable(sides, key);
  const base = compare(sides, object, present);
  const older = pointedAt(sides, present);
  let why: string | undefined;
  if (older !== undefined && !base.etagEqual && present !== undefined) {
    // The pipeline moved on at the destination: a sound snapshot that descends from it stands for the older.
    why = await whyNotSuperseded(s3, older, { bucket: destination, object: present }, signal);
    if (why === undefined) {
      proofs?.add(object, present);
      return { level: 'P3' };
    }
  }
  if (present === undefined || !base.sizeEqual) return { level: levelOf(base), why };
  const snapshot = snapshots.find((each) => snapshotArchiveKey(each.collection, each.version) === key);
  const ownHashEqual = snapshot === undefined ? undefined : await hasOwnHash(s3, sides, snapshot, present);
  const level = levelOf({ ...base, ownHashEqual });
  const wanted = deep ? 'P3' : requiredLevel(reachable);
  // Bytes are compared where it is asked for, and where less would not do for what a pointer leads to.
  if (isAtLeast(level, wanted) || level === 'P0' || !(deep || reachable)) return { level, why };
  const bytesEqual = await sameBytes(
    s3,
    { bucket: object.bucket ?? source, object },
    { bucket: destination, object: present },
    signal,
  );
  if (bytesEqual) proofs?.add(object, present);
  return { level: levelOf({ ...base, ownHashEqual, bytesEqual }), why };
}

/**
 * Why a level is not enough, for people.
 *
 * @param at - where the object belongs at the destination.
 */
export function explainLevel(
  { key, source, destination }: Pair,
  level: Level,
  reachable: boolean,
  at = key,
): string {
  if (destination === undefined) {
    if (at !== key) return `It is missing at the destination, where it belongs under ${at}.`;
    // Lineage names snapshots, not deltas: whether one that expired was really merged cannot be shown.
    return COLLECTIONS.some((collection) => source?.key.startsWith(deltaPrefix(collection)))
      ? 'It is missing at the destination. Even if it expired there once a snapshot covered it, nothing proves that. Run apply again, which copies it anew.'
      : 'It is missing at the destination.';
  }
  if (source?.size !== destination.size) {
    return `It has ${counted(destination.size, 'byte')} at the destination and ${source?.size} at the source.`;
  }
  if (level === 'P0') return 'Its content differs at the destination.';
  return reachable
    ? `A pointer leads to it, and ${level} is not proof enough for that.`
    : 'It has the same size, but nothing proves its content. Run verify with --deep.';
}

/**
 * Whether the archive at the destination has the hash that lies beside it on BOTH sides; undefined where the sides
 * do not say the same: a hash that only the destination holds was perhaps written with other bytes.
 */
async function hasOwnHash(
  s3: S3Client,
  { source, destination, placement }: Sides,
  { collection, version }: SnapshotReference,
  archive: ListedObject,
): Promise<boolean | undefined> {
  const key = snapshotHashKey(collection, version);
  const hashAt = async (bucket: string, at: string) => {
    const text = await readTextIfAny(s3, bucket, at);
    return /^md5:([0-9a-f]{32})\s*$/i.exec(text ?? '')?.[1]?.toLowerCase();
  };
  const [said, copied] = await Promise.all([hashAt(source, key), hashAt(destination, placement.keyOf(key))]);
  if (said === undefined || said !== copied) return undefined;
  return (await md5Of(s3, destination, archive, said)) === said;
}
