import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { DistanceSpace, VersionManifest } from '../../../contracts/collection-pointer';
import { addDigests } from '../../../contracts/content-digest';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import { type ChromaCollection, createChromaCollection, openOnlyCollection } from '../chroma/collection';
import { type WorkingCopy, workingCopy } from '../chroma/working-copy';
import type { Published } from '../lease/publish';
import { takeCensus } from '../merge/census';
import { keepReplaced } from '../merge/keep-replaced';
import { fetchSnapshot, UnusableArchive } from '../snapshot/fetch';
import { type LocatedSnapshot, locateSnapshot, snapshotOf } from '../snapshot/locate';
import { keepMissingReceipts } from '../snapshot/missing-receipts';
import { keepOwnReceipts, receiptsSaidSince } from '../snapshot/own-receipts';
import { isUnadopted } from '../snapshot/pointer-object';
import { type ReplayProps, replayDeltas } from '../snapshot/replay';
import { embeddingOf, isOfServer } from './collection-store';

export interface RebuildProps extends ReplayProps {
  /** The configured model and length: what an old system's snapshot, which says neither, is taken to be of. */
  readonly model: string;
  readonly dimensions: number;
  /** What a new collection measures distances in. */
  readonly space: DistanceSpace;
}

/** The pointer's item has a limit; nobody asks for a snapshot that a hundred rebuilds lie upon. */
const MOST_LINEAGE = 100;

/** What S3 gives is less than what was published, or something else. */
class LostRecords extends Error {
  override readonly name = 'LostRecords';
}

/**
 * The collection from S3: its snapshot, if there is one, and every delta that the snapshot lacks. Where our own snapshot
 * is damaged, an older one serves as well, and in the end the deltas alone, if the outcome is exactly what was published.
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
  try {
    return await rebuildFrom(props, snapshot, pointer, folder, live, false);
  } catch (error) {
    const isOurs = snapshot !== undefined && !isUnadopted(snapshot, pointer);
    if (!(error instanceof UnusableArchive) || !isOurs || pointer.manifest?.digest === undefined) throw error;
    props.telemetry.logger.error('A snapshot is damaged, and older ones are tried', {
      collection: props.collection,
      snapshot: snapshot.version,
      reason: error.message,
    });
    for await (const { older, since } of olderContents(props, snapshot)) {
      const rebuilt = await rebuildFrom(props, older, pointer, folder, undefined, true).catch(
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

/** @param isExact - whether what comes out must be what was published, and nothing more. */
async function rebuildFrom(
  props: RebuildProps,
  snapshot: LocatedSnapshot | undefined,
  pointer: Published,
  folder: string,
  live: ChromaCollection | undefined,
  isExact: boolean,
) {
  const origin = snapshot?.manifest?.content;
  const copy = workingCopy(join(folder, randomBytes(8).toString('hex')));
  try {
    const chroma = await openSnapshot(props, snapshot, pointer, copy);
    const embedding = await sharedEmbedding(props, pointer, snapshot, chroma);
    const rebuiltFrom = await replayDeltas(props, { chroma, embedding, snapshot, pointer, folder });
    const hasAdopted = isUnadopted(snapshot, pointer);
    if (hasAdopted && live !== undefined && snapshot !== undefined) {
      const own = await receiptsSaidSince(props, snapshot.version, chroma);
      const replaced = await keepOwnReceipts(live, chroma, own);
      replaced.push(...(await keepMissingReceipts(live, chroma)));
      // No run replaces them: what only the live content knew is kept under the snapshot's name.
      if (replaced.length > 0) await keepReplaced(props, props.collection, snapshot.version, replaced);
    } else {
      // Of a receipt that both have, the snapshot's form counts, and that may be shorter: no count proves a loss.
      await refuseLoss(props, chroma, pointer, snapshot, isExact ? undefined : { rebuiltFrom, hasAdopted });
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

/**
 * A version of before digests were kept tells its count alone; and deltas that came in beyond it, as an old system's
 * may, are more than it holds, where nothing that it lists is missing. Else the outcome must be what was published.
 *
 * @param beyond - undefined where nothing may have come in beyond it.
 */
async function refuseLoss(
  { collection, telemetry }: RebuildProps,
  chroma: ChromaCollection,
  published: Published,
  snapshot: LocatedSnapshot | undefined,
  beyond: { readonly rebuiltFrom: readonly string[]; readonly hasAdopted: boolean } | undefined,
): Promise<void> {
  const { manifest } = published;
  if (manifest === undefined) return;
  const { rebuiltFrom, hasAdopted = false } = beyond ?? {};
  const { digest, others, uncovered_deltas, unmerged_deltas, record_tally } = manifest;
  const logged = new Set([...uncovered_deltas, ...unmerged_deltas]);
  const there = new Set([...(rebuiltFrom ?? []), ...(snapshot?.manifest?.content.uncovered_deltas ?? [])]);
  const hasMore = rebuiltFrom?.some((key) => !logged.has(key)) ?? false;
  const isListed = uncovered_deltas.every((key) => there.has(key));
  // On a server nothing is listed; only an old system's delta, and a snapshot that waits to be adopted, are known to be
  // beyond what was published.
  const mayBeMore =
    digest === undefined ||
    (isOfServer(published) ? hasAdopted || hasLegacy(rebuiltFrom) : hasMore && isListed);
  const records = await chroma.count();
  if (mayBeMore && records >= manifest.records) return;
  if (digest !== undefined) {
    const census = await takeCensus(collection, chroma);
    // What a digest does not tell, the generations of labels do in part.
    const isSameTally = rebuiltFrom !== undefined || isDeepStrictEqual(record_tally, census.tally);
    // What other programs did on a server is in no delta.
    const merged = others === undefined ? digest : addDigests(digest, others.digest, -1);
    if ([digest, merged].includes(census.digest) && isSameTally) return;
    // Of records of theirs that the pipeline has replaced or removed since, nobody knows how many are left: no digest
    // tells what S3 is to give, but at least how much that is.
    const least = manifest.records - Math.max(0, others?.records ?? 0);
    if (others !== undefined && rebuiltFrom !== undefined && records >= least) {
      telemetry.logger.warn(
        'What S3 gives of a collection is not what was published: other programs wrote to it on the server. What S3 gives is taken',
        { collection, published: manifest.records, given: records, ofOthers: others.records },
      );
      return;
    }
  }
  throw new LostRecords(
    `The published ${collection} cannot be rebuilt: ${manifest.records} records were published, the snapshot and ` +
      `the later deltas give ${records === manifest.records ? 'others' : records}. ` +
      "Restore the missing deltas from the bucket's older object versions.",
  );
}

/** Whether something of an old system came in, whose deltas have another form. */
const hasLegacy = (keys: readonly string[] = []): boolean => keys.some((key) => key.endsWith('.tar.gz'));
