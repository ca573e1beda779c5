import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { VersionManifest } from '../../../contracts/collection-pointer';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import type { ChromaCollection } from '../chroma/collection';
import { workingCopy } from '../chroma/working-copy';
import type { Published } from '../lease/publish';
import { keepReplaced } from '../merge/keep-replaced';
import { UnusableArchive } from '../snapshot/fetch';
import { type LocatedSnapshot, locateSnapshot, snapshotOf, snapshotVersions } from '../snapshot/locate';
import { keepMissingReceipts } from '../snapshot/missing-receipts';
import { keepOwnReceipts, receiptsSaidSince } from '../snapshot/own-receipts';
import { isUnadopted } from '../snapshot/pointer-object';
import { type ReplayProps, replayDeltas } from '../snapshot/replay';
import { RefusedDeltas } from '../snapshot/replay-log';
import { openSnapshot, type SnapshotContentProps, sharedEmbedding } from './open-snapshot';
import type { OpenVersion } from './open-version';
import { LostRecords, refuseLoss } from './refuse-loss';

export interface RebuildProps extends ReplayProps, SnapshotContentProps {}

/** The pointer's item has a limit; nobody asks for a snapshot that a hundred rebuilds lie upon. */
const MOST_LINEAGE = 100;

/**
 * The collection from S3: its snapshot, if there is one, and every delta that the snapshot lacks. Where our own snapshot
 * is damaged, an older one serves as well, and in the end the deltas alone, if the outcome is exactly what was published.
 * Where the snapshot is another writer's, the receipts that only our own content has stay.
 *
 * @param pointer - what was published.
 * @param live - the published content, where it can be read and another writer's snapshot is to be taken into it.
 * @returns the content in a copy of its own, with what a store says of it.
 * @throws {Error} when records that were published would be lost, or vectors of two kinds would be mixed.
 */
export async function rebuild(
  props: RebuildProps,
  pointer: Published,
  folder: string,
  live: ChromaCollection | undefined,
) {
  const snapshot = await locateSnapshot(props);
  if (snapshot === undefined || !isOfOthers(snapshot, pointer))
    return rebuildOwn(props, snapshot, pointer, folder);
  if (live !== undefined) return rebuildFrom(props, snapshot, pointer, folder, { own: live });
  const ours = await ownSnapshot(props, pointer);
  // Nothing is known of ours but what lies there as deltas, and those are merged onto theirs.
  if (pointer.manifest === undefined && ours === undefined)
    return rebuildFrom(props, snapshot, pointer, folder);
  const own = await rebuildOwn(props, ours, pointer, folder).catch((error: unknown) => {
    if (!(error instanceof LostRecords)) throw error;
    return error;
  });
  // A server may have been taken over with what the old system had on it: then this snapshot is where that came from.
  if (own instanceof LostRecords) {
    return rebuildFrom(props, snapshot, pointer, folder, { isExact: true }).catch((error: unknown) => {
      throw error instanceof LostRecords ? own : error;
    });
  }
  try {
    const { lineage, rebuiltFrom, ...both } = await rebuildFrom(props, snapshot, pointer, folder, {
      own: own.chroma,
    });
    return {
      ...both,
      lineage: lineageOf(own.lineage, lineage),
      rebuiltFrom: [...new Set([...own.rebuiltFrom, ...rebuiltFrom])],
    };
  } finally {
    await own.copy.remove();
  }
}

/**
 * Whether a snapshot is another writer's, and not adopted. Where the pointer is lost, nothing tells which was: then what has
 * a manifest is taken for ours.
 */
const isOfOthers = (snapshot: LocatedSnapshot, pointer: Published): boolean =>
  pointer.manifest === undefined ? snapshot.manifest === undefined : isUnadopted(snapshot, pointer);

/** The newest snapshot of our own, which the bucket's pointer object does not name. */
async function ownSnapshot(
  props: RebuildProps,
  { manifest, snapshot_version }: Published,
): Promise<LocatedSnapshot | undefined> {
  if (manifest !== undefined) {
    return snapshot_version === undefined ? undefined : snapshotOf(props, snapshot_version);
  }
  for (const version of (await snapshotVersions(props)).reverse()) {
    const snapshot = await snapshotOf(props, version);
    if (snapshot?.manifest !== undefined) return snapshot;
  }
  return undefined;
}

async function rebuildOwn(
  props: RebuildProps,
  snapshot: LocatedSnapshot | undefined,
  pointer: Published,
  folder: string,
): Promise<RebuiltCollection> {
  try {
    return await rebuildFrom(props, snapshot, pointer, folder);
  } catch (error) {
    const isKnown = snapshot !== undefined && pointer.manifest?.digest !== undefined;
    if (!(error instanceof UnusableArchive) || !isKnown) throw error;
    props.telemetry.logger.error('A snapshot is damaged, and older ones are tried', {
      collection: props.collection,
      snapshot: snapshot.version,
      reason: error.message,
    });
    for await (const { older, since } of olderContents(props, snapshot)) {
      const rebuilt = await rebuildFrom(props, older, pointer, folder, { isExact: true }).catch(
        (failure: unknown) => {
          if (!(failure instanceof UnusableArchive || failure instanceof LostRecords)) throw failure;
        },
      );
      if (rebuilt === undefined) continue;
      if (since.every((key) => rebuilt.rebuiltFrom.includes(key))) {
        // What is published holds all of the damaged one, and this is what is published.
        return { ...rebuilt, snapshotVersion: snapshot.version, hasAdopted: false };
      }
      await rebuilt.copy.remove();
    }
    throw error;
  }
}

/**
 * What a snapshot was made of: the checkpoints that it lies upon, newest first, and in the end an empty collection, each
 * with the keys of all deltas that were merged onto it since. An annotation among them is in no digest, so that each
 * must be there. Ends where the manifests tell no more.
 */
async function* olderContents(
  props: RebuildProps,
  newest: LocatedSnapshot,
): AsyncGenerator<{ older: LocatedSnapshot | undefined; since: readonly string[] }> {
  const since: string[] = [];
  let older: LocatedSnapshot | undefined = newest;
  while (older?.manifest?.content.digest !== undefined) {
    const { base, lineage, uncovered_deltas }: VersionManifest = older.manifest.content;
    since.push(...uncovered_deltas);
    if (base === undefined) {
      // Else it was rebuilt from what others had written.
      if (lineage.length === 0) yield { older: undefined, since };
      return;
    }
    older = await snapshotOf(props, base.version);
    if (older !== undefined) yield { older, since };
  }
}

/** What a snapshot and deltas give, in a copy of its own. */
interface RebuiltCollection extends Pick<OpenVersion, 'copy' | 'chroma'> {
  readonly embedding: EmbeddingSpace;
  readonly rebuiltFrom: string[];
  readonly lineage: string[];
  readonly snapshotVersion: string | undefined;
  readonly hasAdopted: boolean;
}

/** How a collection is rebuilt from a snapshot. */
interface Rebuilding {
  /**
   * Our own content, which proves itself, where the snapshot is another writer's.
   *
   * @default - what comes out is held against what was published
   */
  readonly own?: ChromaCollection;
  /** Whether what comes out must be what was published, and nothing more. @default false */
  readonly isExact?: boolean;
  /** Keys of deltas that Chroma has refused, and that are left out. @default - none */
  readonly refused?: readonly string[];
}

async function rebuildFrom(
  props: RebuildProps,
  snapshot: LocatedSnapshot | undefined,
  pointer: Published,
  folder: string,
  rebuilding: Rebuilding = {},
): Promise<RebuiltCollection> {
  const { own, isExact = false, refused = [] } = rebuilding;
  const origin = snapshot?.manifest?.content;
  const copy = workingCopy(join(folder, randomBytes(8).toString('hex')));
  try {
    const chroma = await openSnapshot(props, snapshot, pointer, copy);
    const embedding = await sharedEmbedding(props, pointer, snapshot, chroma);
    const isTheirs = snapshot !== undefined && isOfOthers(snapshot, pointer);
    // That a snapshot of ours covers a delta says nothing of one of theirs, unless our own content comes with it.
    const tagsUntil = isTheirs && own === undefined ? undefined : snapshot?.version;
    const rebuilt = { chroma, embedding, snapshot, tagsUntil, pointer, folder, refused };
    const { keys, legacy } = await replayDeltas(props, rebuilt);
    if (own !== undefined && snapshot !== undefined) {
      const said = await receiptsSaidSince(props, snapshot.version, chroma);
      const replaced = await keepOwnReceipts(own, chroma, said);
      replaced.push(...(await keepMissingReceipts(own, chroma)));
      // No run replaces them: what only our own content knew is kept under the snapshot's name.
      if (replaced.length > 0) await keepReplaced(props, props.collection, snapshot.version, replaced);
    } else {
      // Of a receipt that both have, the snapshot's form counts, and that may be shorter: no count proves a loss.
      await refuseLoss(props, chroma, pointer, { snapshot, keys, legacy }, isExact);
    }
    const ancestors = lineageOf(pointer.manifest?.lineage ?? [], origin?.lineage ?? []);
    return {
      copy,
      chroma,
      embedding,
      rebuiltFrom: keys,
      lineage: lineageOf(ancestors, snapshot === undefined ? [] : [snapshot.version]),
      snapshotVersion: snapshot?.version,
      hasAdopted: isUnadopted(snapshot, pointer),
    };
  } catch (error) {
    await copy.remove();
    if (!(error instanceof RefusedDeltas)) throw error;
    const more = [...refused, ...error.refused.map(({ key }) => key)];
    return rebuildFrom(props, snapshot, pointer, folder, { ...rebuilding, refused: more });
  }
}

const lineageOf = (before: readonly string[], then: readonly string[]): string[] =>
  [...new Set([...before, ...then])].slice(-MOST_LINEAGE);
