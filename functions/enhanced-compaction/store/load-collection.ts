import { rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import {
  type ChromaCollection,
  createChromaCollection,
  dropChromaCollection,
  type ExactRecord,
  openChromaCollection,
  pagesOf,
  renameChromaCollection,
} from '../chroma/collection';
import type { ChromaDatabase } from '../chroma/database';
import { privateFolder } from '../chroma/working-copy';
import type { Lease } from '../lease/lease';
import { takeCensus } from '../merge/census';
import { MergeNotProven } from '../merge/hidden-vectors';
import { probe } from '../merge/probe';
import { type RebuildProps, rebuild } from './rebuild';

export interface LoadProps extends RebuildProps {
  /** Where the collection is to be. */
  readonly database: ChromaDatabase;
  readonly recordsPerWrite: number;
}

/** A collection that was loaded, and what is known of what it was loaded from. */
export interface LoadedCollection
  extends Pick<Awaited<ReturnType<typeof rebuild>>, 'lineage' | 'snapshotVersion' | 'embedding'> {
  readonly chroma: ChromaCollection;
}

/**
 * Loads what is published of a collection, or where nothing is the bucket's snapshot, onto a Chroma server that has no
 * collection of that name. Snapshot and deltas are put together in a private copy, copied record by record under another
 * name and proven there: by their number, content hashes, texts, the keys of their metadata, and by searches. Only then
 * the copy gets the name: a load that is interrupted leaves nothing under it, and the next one begins again. A loader
 * that has lost its lease then writes to a collection that is gone.
 *
 * It takes as long as the server takes its records in, {@link LoadProps.recordsPerWrite} at once; in a function, one
 * invocation must be enough.
 *
 * @param lease - of the collection, so that nobody merges meanwhile.
 * @throws {Error} when S3 does not give what was published, or the server does not hold what was written.
 */
export async function loadCollection(props: LoadProps, lease: Lease): Promise<LoadedCollection> {
  const { collection, telemetry } = props;
  const aside = `${collection}.loading-by-chroma-pipeline`;
  telemetry.logger.warn('The Chroma server lacks a collection, which is loaded from S3', { collection });
  const folder = privateFolder();
  try {
    return await loadFrom(await rebuild(props, lease.pointer, folder, undefined), aside, props, lease);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function loadFrom(
  { copy, chroma: source, ...known }: Awaited<ReturnType<typeof rebuild>>,
  aside: string,
  { collection, database, recordsPerWrite, telemetry }: LoadProps,
  lease: Lease,
): Promise<LoadedCollection> {
  try {
    await dropChromaCollection(database, aside);
    const target = await createChromaCollection(database, aside, source.space, recordsPerWrite);
    for await (const page of pagesOf(source)) {
      lease.signal.throwIfAborted();
      await target.copy(page);
      await prove(target, page);
    }
    const [records, wanted] = [await source.count(), await takeCensus(collection, source)];
    if (
      (await target.count()) !== records ||
      !isDeepStrictEqual(await takeCensus(collection, target), wanted)
    ) {
      throw new MergeNotProven(
        `The server does not hold all ${records} records of ${collection} in ${aside}.`,
      );
    }
    lease.signal.throwIfAborted();
    await renameChromaCollection(database, target, collection);
    const chroma = await openChromaCollection(database, collection, recordsPerWrite);
    if (chroma === undefined) throw new Error(`The server has no ${collection} after ${aside} was renamed.`);
    telemetry.logger.info('A collection was loaded onto the Chroma server', { collection, records });
    return { ...known, chroma };
  } finally {
    await copy.remove();
  }
}

/** What is read back of each page by its vectors. */
const PROBED = 8;

async function prove(target: ChromaCollection, page: readonly ExactRecord[]): Promise<void> {
  const stored = new Map((await target.byIds(page.map(({ id }) => id))).map((each) => [each.id, each]));
  const wrong = page.find(({ id, document, metadata }) => {
    const there = stored.get(id);
    return (
      there?.document !== document || Object.keys(metadata).some((key) => !Object.hasOwn(there.metadata, key))
    );
  });
  if (wrong !== undefined) {
    throw new MergeNotProven(`The server does not hold what was written of ${wrong.id} in ${target.name}.`);
  }
  await probe(target, page.slice(-PROBED));
}
