import { isDeepStrictEqual } from 'node:util';
import type { DistanceSpace, VersionManifest } from '../../../contracts/collection-pointer';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import { type ChromaCollection, createChromaCollection, openOnlyCollection } from '../chroma/collection';
import type { WorkingCopy } from '../chroma/working-copy';
import type { Published } from '../lease/publish';
import { fetchSnapshot } from '../snapshot/fetch';
import type { LocatedSnapshot } from '../snapshot/locate';
import type { SnapshotSource } from '../snapshot/pointer-object';
import { embeddingOf } from './collection-store';

export interface SnapshotContentProps extends SnapshotSource {
  /** The configured model and length: what an old system's snapshot, which says neither, is taken to be of. */
  readonly model: string;
  readonly dimensions: number;
  /** What a new collection measures distances in. */
  readonly space: DistanceSpace;
}

/** The snapshot's collection, or a new one where there is no snapshot. */
export async function openSnapshot(
  { s3, bucket, collection, space }: SnapshotContentProps,
  snapshot: LocatedSnapshot | undefined,
  { manifest }: Published,
  copy: WorkingCopy,
): Promise<ChromaCollection> {
  if (snapshot !== undefined) await fetchSnapshot(s3, bucket, snapshot, copy.directory);
  const database = await copy.start();
  const chroma = await openOnlyCollection(database, collection);
  if (chroma !== undefined) return chroma;
  if (snapshot === undefined) return createChromaCollection(database, collection, manifest?.space ?? space);
  throw new Error(`The snapshot ${snapshot.version} of ${collection} holds no collection.`);
}

/**
 * What the vectors of pointer, snapshot and later deltas share.
 *
 * @throws {Error} when the snapshot's are of another kind than those that were published.
 */
export async function sharedEmbedding(
  { collection, model, dimensions }: SnapshotContentProps,
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
