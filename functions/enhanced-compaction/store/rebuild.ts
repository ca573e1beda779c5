import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { DistanceSpace, VersionManifest } from '../../../contracts/collection-pointer';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import { type ChromaCollection, createChromaCollection, openOnlyCollection } from '../chroma/collection';
import { type WorkingCopy, workingCopy } from '../chroma/working-copy';
import type { Published } from '../lease/publish';
import { keepReplaced } from '../merge/keep-replaced';
import { fetchSnapshot } from '../snapshot/fetch';
import { type LocatedSnapshot, locateSnapshot } from '../snapshot/locate';
import { keepMissingReceipts } from '../snapshot/missing-receipts';
import { isUnadopted } from '../snapshot/pointer-object';
import { type ReplayProps, replayDeltas } from '../snapshot/replay';
import { embeddingOf } from './collection-store';

export interface RebuildProps extends ReplayProps {
  /** The configured model and length: what an old system's snapshot, which says neither, is taken to be of. */
  readonly model: string;
  readonly dimensions: number;
  /** What a new collection measures distances in. */
  readonly space: DistanceSpace;
}

/** The pointer's item has a limit; nobody asks for a snapshot that a hundred rebuilds lie upon. */
const MOST_LINEAGE = 100;

/**
 * The collection from S3: its snapshot, if there is one, and every delta that the snapshot lacks.
 *
 * @param pointer - what was published.
 * @param live - the published content, where it can be read: where the snapshot is another writer's, the
 *   receipts that only the live content has stay.
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
  const origin = snapshot?.manifest?.content;
  const copy = workingCopy(join(folder, randomBytes(8).toString('hex')));
  try {
    const chroma = await openSnapshot(props, snapshot, copy);
    const embedding = await sharedEmbedding(props, pointer, snapshot, chroma);
    const rebuiltFrom = await replayDeltas(props, { chroma, embedding, snapshot, pointer, folder });
    const hasAdopted = isUnadopted(snapshot, pointer);
    if (hasAdopted && live !== undefined && snapshot !== undefined) {
      const replaced = await keepMissingReceipts(live, chroma);
      // No run replaces them: what only the live content knew is kept under the snapshot's name.
      if (replaced.length > 0) await keepReplaced(props, props.collection, snapshot.version, replaced);
    } else {
      // Of a receipt that both have, the snapshot's form counts, and that may be shorter: no count proves a loss.
      await refuseLoss(props.collection, chroma, pointer);
    }
    const ancestors = [...(pointer.manifest?.lineage ?? []), ...(origin?.lineage ?? [])];
    const lineage = [...new Set([...ancestors, ...(snapshot === undefined ? [] : [snapshot.version])])];
    return {
      copy,
      chroma,
      embedding,
      rebuiltFrom,
      lineage: lineage.slice(-MOST_LINEAGE),
      snapshotVersion: snapshot?.version,
      hasAdopted,
    };
  } catch (error) {
    await copy.remove();
    throw error;
  }
}

/** The snapshot's collection, or a new one where there is no snapshot. */
async function openSnapshot(
  { s3, bucket, collection, space }: RebuildProps,
  snapshot: LocatedSnapshot | undefined,
  copy: WorkingCopy,
): Promise<ChromaCollection> {
  if (snapshot !== undefined) await fetchSnapshot(s3, bucket, snapshot, copy.directory);
  const database = await copy.start();
  const chroma = await openOnlyCollection(database, collection);
  if (chroma !== undefined) return chroma;
  if (snapshot === undefined) return createChromaCollection(database, collection, space);
  throw new Error(`The snapshot ${snapshot.version} of ${collection} holds no collection.`);
}

/**
 * What the vectors of pointer, snapshot and later deltas share.
 *
 * @throws {Error} when the snapshot's are of another kind than those that were published.
 */
async function sharedEmbedding(
  { collection, model, dimensions }: RebuildProps,
  pointer: Published,
  snapshot: LocatedSnapshot | undefined,
  chroma: ChromaCollection,
): Promise<EmbeddingSpace> {
  const origin = snapshot?.manifest?.content;
  const [first] = await chroma.page(0, 1);
  const length = first?.embedding.length;
  const embedding = embeddingOf(pointer) ??
    embeddingOf({ manifest: origin }) ?? {
      model,
      dimensions: length ?? dimensions,
    };
  const wrong = kindOf(origin, length, embedding);
  if (wrong === undefined) return embedding;
  throw new Error(
    `The snapshot ${snapshot?.version} of ${collection} has embeddings of ${wrong}, which cannot be searched ` +
      `together with those of ${embedding.model} and ${embedding.dimensions} dimensions. ` +
      `Point the collection back to ${pointer.snapshot_version ?? 'its own snapshot'}.`,
  );
}

/** What a snapshot's embeddings are, where that is something else than expected. An old one tells only their length. */
function kindOf(
  manifest: VersionManifest | undefined,
  length: number | undefined,
  expected: EmbeddingSpace,
): string | undefined {
  if (length !== undefined && length !== expected.dimensions) return `${length} dimensions`;
  const own = embeddingOf({ manifest });
  if (own === undefined || isDeepStrictEqual(own, expected)) return undefined;
  return `${own.model} and ${own.dimensions} dimensions`;
}

async function refuseLoss(
  collection: string,
  chroma: ChromaCollection,
  { manifest }: Published,
): Promise<void> {
  const [records, expected = 0] = [await chroma.count(), manifest?.records];
  if (records >= expected) return;
  throw new Error(
    `The published ${collection} cannot be rebuilt: ${expected} records were published, the snapshot and ` +
      `the later deltas give ${records}. Restore the missing deltas from the bucket's older object versions.`,
  );
}
