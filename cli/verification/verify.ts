import type { S3Client } from '@aws-sdk/client-s3';
import {
  isDecoyKey,
  snapshotArchiveKey,
  snapshotHashKey,
  snapshotPointerKey,
  snapshotVersionPrefix,
} from '../../contracts/bucket-layout';
import { COLLECTIONS, type Collection } from '../../contracts/collections';
import type { Journal } from '../apply/journal';
import { md5Of } from '../authority/inspect-collection';
import { readTextIfAny } from '../aws/read-object';
import type { ListedObject } from '../engine/listed-object';
import { isPointerKey } from '../plan/manifest-entry';
import { mergeListings, type Pair, pairListings } from '../plan/pair';
import type { Reporter } from '../reporters/reporter';
import { isAtLeast, LEVELS, type Level, levelOf, requiredLevel } from './levels';
import { currentObjects, type ListedVersion, listVersions } from './list-versions';
import { sameBytes } from './same-bytes';
import { isSupersededPointer } from './superseded-pointer';
import { recordVersions } from './version-record';

export interface VerifyRequest {
  readonly source: string;
  readonly destination: string;
  /** Compare the bytes of whatever is not proven otherwise. */
  readonly deep: boolean;
  /** Absent when another tool made the copy. */
  readonly journal?: Journal | undefined;
  readonly stranded?: readonly ListedObject[];
  /** Where the verified manifest of the source goes, if it is to be kept. */
  readonly versionsPath?: string;
  /** What the source is held to contain. @default - its versions, listed now */
  readonly versions?: AsyncIterable<ListedVersion>;
  /** The snapshots that its pointers name. @default - what its pointers say now */
  readonly snapshots?: readonly SnapshotReference[];
}

interface SnapshotReference {
  readonly collection: Collection;
  readonly version: string;
}

interface Problem {
  readonly key: string;
  readonly level: Level;
  readonly why: string;
}

export interface Verification {
  /** SHA-256 over all versions of the source. */
  readonly digest: string;
  readonly objects: number;
  readonly bytes: number;
  readonly levels: Readonly<Record<Level, { objects: number; bytes: number }>>;
  readonly decoys: number;
  /** Objects that only the destination has. They are none of our business, and are left alone. */
  readonly extra: number;
  /** The first hundred. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** Whether every object is proven well enough for the source to be deleted. */
  readonly proven: boolean;
  /** The snapshots that the source's pointers name. */
  readonly snapshots: readonly SnapshotReference[];
}

const PROBLEMS_SHOWN = 100;

/** Proves, object by object, that the destination holds what the source holds. Read-only. */
export async function verifyBuckets(
  s3: S3Client,
  request: VerifyRequest,
  report: Reporter,
  signal: AbortSignal,
): Promise<Verification> {
  const { source, destination } = request;
  const snapshots = request.snapshots ?? (await currentSnapshots(s3, source));
  const versions = request.versions ?? listVersions(s3, source, signal);
  const levels = Object.fromEntries(LEVELS.map((level) => [level, { objects: 0, bytes: 0 }])) as Record<
    Level,
    { objects: number; bytes: number }
  >;
  const problems: Problem[] = [];
  let [objects, bytes, decoys, extra, problemCount] = [0, 0, 0, 0, 0];

  const digest = await recordVersions(versions, request.versionsPath, async (recorded) => {
    const pairs = pairListings(
      mergeListings(currentObjects(recorded), request.stranded ?? []),
      currentObjects(listVersions(s3, destination, signal)),
    );
    for await (const pair of pairs) {
      if (pair.source === undefined) {
        extra++;
        continue;
      }
      if (isDecoyKey(pair.key)) {
        decoys++;
        continue;
      }
      objects++;
      bytes += pair.source.size;
      report.progress('verifying', objects, undefined);
      const reachable =
        isPointerKey(pair.key) ||
        snapshots.some(({ collection, version }) =>
          pair.key.startsWith(snapshotVersionPrefix(collection, version)),
        );
      const level = await judge(s3, request, pair, pair.source, reachable, snapshots, signal);
      levels[level].objects++;
      levels[level].bytes += pair.source.size;
      if (!isAtLeast(level, requiredLevel(reachable))) {
        problemCount++;
        if (problems.length < PROBLEMS_SHOWN) {
          problems.push({ key: pair.key, level, why: explainLevel(pair, level, reachable) });
        }
      }
    }
  });
  return {
    digest,
    objects,
    bytes,
    levels,
    decoys,
    extra,
    problems,
    problemCount,
    proven: problemCount === 0,
    snapshots,
  };
}

async function judge(
  s3: S3Client,
  { source, destination, deep, journal }: VerifyRequest,
  { key, destination: present }: Pair,
  object: ListedObject,
  reachable: boolean,
  snapshots: readonly SnapshotReference[],
  signal: AbortSignal,
): Promise<Level> {
  const base = {
    present: present !== undefined,
    sizeEqual: present?.size === object.size,
    etagEqual: present?.etag === object.etag,
    copiedByUs: present !== undefined && journal?.proves(key, object.etag, present.etag) === true,
    bytesEqual: undefined,
    ownHashEqual: undefined,
  };
  if (isPointerKey(key) && !base.etagEqual && present !== undefined) {
    // The pipeline moved on at the destination: its newer, sound snapshot stands for the older pointer.
    if (await isSupersededPointer(s3, { bucket: source, object }, { bucket: destination, object: present }))
      return 'P3';
  }
  if (present === undefined || !base.sizeEqual) return levelOf(base);
  const snapshot = snapshots.find((each) => snapshotArchiveKey(each.collection, each.version) === key);
  const ownHashEqual =
    snapshot === undefined ? undefined : await hasOwnHash(s3, destination, snapshot, present);
  const level = levelOf({ ...base, ownHashEqual });
  const wanted = deep ? 'P3' : requiredLevel(reachable);
  // Bytes are compared where it is asked for, and where less would not do for what a pointer leads to.
  if (isAtLeast(level, wanted) || level === 'P0' || !(deep || reachable)) return level;
  const bytesEqual = await sameBytes(
    s3,
    { bucket: object.bucket ?? source, object },
    { bucket: destination, object: present },
    signal,
  );
  return levelOf({ ...base, ownHashEqual, bytesEqual });
}

function explainLevel({ source, destination }: Pair, level: Level, reachable: boolean): string {
  if (destination === undefined) return 'It is missing at the destination.';
  if (source?.size !== destination.size) {
    return `It has ${destination.size} bytes at the destination and ${source?.size} at the source.`;
  }
  if (level === 'P0') return 'Its content differs at the destination.';
  return reachable
    ? `A pointer leads to it, and ${level} is not proof enough for that.`
    : 'It has the same size, but nothing proves its content. Run verify with --deep.';
}

/** The snapshots that the source's pointers name. */
async function currentSnapshots(s3: S3Client, bucket: string): Promise<SnapshotReference[]> {
  const found = await Promise.all(
    COLLECTIONS.map(async (collection) => {
      const version = (await readTextIfAny(s3, bucket, snapshotPointerKey(collection)))?.trim();
      return version === undefined || version === '' ? [] : [{ collection, version }];
    }),
  );
  return found.flat();
}

/** Whether the archive at the destination has the hash that lies beside it there; undefined without one. */
async function hasOwnHash(
  s3: S3Client,
  bucket: string,
  { collection, version }: SnapshotReference,
  archive: ListedObject,
): Promise<boolean | undefined> {
  const text = await readTextIfAny(s3, bucket, snapshotHashKey(collection, version));
  const hex = /^md5:([0-9a-f]{32})\s*$/i.exec(text ?? '')?.[1]?.toLowerCase();
  return hex === undefined ? undefined : (await md5Of(s3, bucket, archive, hex)) === hex;
}
