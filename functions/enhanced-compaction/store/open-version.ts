import { join } from 'node:path';
import { NoSuchKey } from '@aws-sdk/client-s3';
import type { Checkpoint } from '../../../contracts/collection-pointer';
import type { Collection } from '../../../contracts/collections';
import { addDigests, type ContentDigest, EMPTY_DIGEST } from '../../../contracts/content-digest';
import { messageOf } from '../../shared/logging';
import { type ChromaCollection, createChromaCollection, openOnlyCollection } from '../chroma/collection';
import { DeadServer } from '../chroma/server';
import type { WorkingCopy } from '../chroma/working-copy';
import type { Publication } from '../lease/publish';
import type { Census } from '../merge/census';
import { type DeltaSource, UnusableDelta } from '../merge/load-delta';
import { MergeNotProven } from '../merge/merge-not-proven';
import { fetchSnapshot, UnusableArchive } from '../snapshot/fetch';
import { snapshotOf } from '../snapshot/locate';
import { type LoggedDelta, loggedDeltas, replayLog } from '../snapshot/replay-log';
import { refuseOtherSpace } from './collection-store';
import { BrokenVersion, readVersion } from './version-files';
import type { HeldCopy } from './warm-copy';

export interface VersionSource extends DeltaSource {
  readonly collection: Collection;
  /** Where the file system of the checkpoints is mounted: they lie in `{mountPath}/{collection}/{version}/`. */
  readonly mountPath?: string | undefined;
  /**
   * Told that the file system's copy of a base was not to be used, and where it is now as S3 has it.
   *
   * @default - nobody is told
   */
  readonly mend?: (base: WholeVersion, directory: string, reason: string) => Promise<void>;
}

/** What has to be there before the deltas. */
export type WholeVersion = Pick<Checkpoint, 'version' | 'files_sha256'>;

/** A published version in a private copy. */
export interface OpenVersion {
  readonly copy: WorkingCopy;
  readonly chroma: ChromaCollection;
}

/**
 * Opens a published version in a private copy: its base from the file system, or where there is none, or it lacks the
 * base or has it damaged, from S3, and onto it the deltas of its log. What comes out must be what was published.
 *
 * @param emptyCopy - makes a copy that holds nothing yet. One that is not returned is removed.
 * @throws {BrokenVersion} when neither gives what was published.
 * @throws {Error} when its files hold another collection than the pointer says, or S3 cannot be read just now.
 */
export async function openVersion(
  source: VersionSource,
  published: Publication,
  emptyCopy: () => WorkingCopy,
): Promise<OpenVersion> {
  const { base, digest } = published.manifest;
  const log = loggedDeltas(published.manifest);
  const whole = wholeVersion(published);
  const reasons: string[] = [];
  for (const fetchBase of waysToBase(source, whole)) {
    const copy = emptyCopy();
    try {
      await fetchBase(copy.directory);
      const [reason] = reasons;
      if (whole !== undefined && reason !== undefined) await source.mend?.(whole, copy.directory, reason);
      const chroma = await openCopy(source, published, copy);
      if (digest !== undefined) await catchUp(source, chroma, base?.digest, log, published);
      return { copy, chroma };
    } catch (error) {
      await copy.remove();
      if (!(error instanceof BrokenVersion)) throw error;
      reasons.push(error.message);
    }
  }
  throw new BrokenVersion(reasons.join(' '));
}

/**
 * Opens a copy that is there already, and merges onto it what it lacks.
 *
 * @returns undefined, and the copy is removed, when its server died or it does not become what was published.
 */
export async function openHeld(
  source: VersionSource,
  { copy, holds, missing }: HeldCopy,
  published: Publication,
): Promise<OpenVersion | undefined> {
  try {
    const chroma = await openCopy(source, published, copy);
    if (holds.version !== published.version) {
      await catchUp(source, chroma, holds.manifest.digest, missing, published);
    }
    return { copy, chroma };
  } catch (error) {
    await copy.remove();
    if (error instanceof DeadServer || error instanceof BrokenVersion) return undefined;
    throw error;
  }
}

async function openCopy(
  { collection }: VersionSource,
  { version, manifest }: Publication,
  copy: WorkingCopy,
): Promise<ChromaCollection> {
  const database = await copy.start();
  const found = await openOnlyCollection(database, collection);
  const isEmptyBase = manifest.digest !== undefined && manifest.base === undefined;
  if (found === undefined && !isEmptyBase) {
    throw new Error(`The version ${version} of ${collection} holds no collection.`);
  }
  const chroma = found ?? (await createChromaCollection(database, collection, manifest.space));
  refuseOtherSpace(collection, chroma.space, manifest.space);
  return chroma;
}

/**
 * Replays the log onto a content of this digest, and proves that the outcome is the published version. The files of
 * the base were proven by their hashes, and each merge proves what it writes.
 */
async function catchUp(
  source: VersionSource,
  chroma: ChromaCollection,
  from: ContentDigest | undefined,
  log: readonly LoggedDelta[],
  { version, manifest }: Publication,
): Promise<void> {
  let change: Census;
  try {
    change = await replayLog(source, chroma, log);
  } catch (error) {
    if (!(error instanceof UnusableDelta || error instanceof MergeNotProven)) throw error;
    throw new BrokenVersion(`The version ${version} cannot be made of its deltas: ${error.message}`);
  }
  const digest = addDigests(from ?? EMPTY_DIGEST, change.digest);
  const records = await chroma.count();
  if (records === manifest.records && digest === manifest.digest) return;
  throw new BrokenVersion(
    `The version ${version} is not what its base and ${log.length} deltas give: ` +
      `${records} records where ${manifest.records} were published, or other ones.`,
  );
}

/** What has to be there before the deltas; undefined for an empty collection. */
function wholeVersion({ version, manifest }: Publication): WholeVersion | undefined {
  const { base, digest, files_sha256 } = manifest;
  if (base !== undefined) return base;
  return digest === undefined ? { version, files_sha256 } : undefined;
}

/** What fills a folder with the base, the quickest first. An empty collection needs nothing. */
function waysToBase(
  source: VersionSource,
  whole: WholeVersion | undefined,
): ((directory: string) => Promise<void>)[] {
  if (whole === undefined) return [async () => {}];
  const fromS3 = (directory: string) => fromSnapshot(source, whole, directory);
  const { version, files_sha256 } = whole;
  if (source.mountPath === undefined || files_sha256 === undefined) return [fromS3];
  const copy = join(source.mountPath, source.collection, version);
  return [(directory) => readVersion(copy, directory, files_sha256), fromS3];
}

async function fromSnapshot(
  { s3, bucket, collection }: VersionSource,
  { version }: WholeVersion,
  directory: string,
): Promise<void> {
  const snapshot = await snapshotOf({ s3, bucket, collection }, version);
  if (snapshot?.manifest === undefined) {
    throw new BrokenVersion(`The bucket has no snapshot ${version} of ${collection}.`);
  }
  await fetchSnapshot(s3, bucket, snapshot, directory).catch((error: unknown) => {
    // It may be removed in this moment, since newer ones came.
    if (!(error instanceof UnusableArchive || error instanceof NoSuchKey)) throw error;
    throw new BrokenVersion(messageOf(error));
  });
}
