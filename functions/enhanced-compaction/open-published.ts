import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { S3Client } from '@aws-sdk/client-s3';
import { collectionPointerSchema } from '../../contracts/collection-pointer';
import type { Collection } from '../../contracts/collections';
import { collectionKey } from '../../contracts/compaction-run';
import { type RunTable, readItem } from '../shared/run-table';
import { type ChromaCollection, openOnlyCollection } from './chroma/collection';
import { privateFolder, type WorkingCopy, workingCopy } from './chroma/working-copy';
import { isPublication, type Publication } from './lease/publish';
import { fetchSnapshot } from './snapshot/fetch';
import { locateSnapshot } from './snapshot/locate';
import { isOfServer } from './store/collection-store';
import { type OpenVersion, openHeld, openVersion } from './store/open-version';
import { BrokenVersion } from './store/version-files';
import { missingDeltas } from './store/warm-copy';

export interface PublishedSource {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly table: RunTable;
  /** Where EFS is mounted, or the local folder that stands for it. @default - checkpoints are read from S3 */
  readonly mountPath?: string | undefined;
}

/** A published collection, open for reading. */
export interface PublishedCollection
  extends Pick<ChromaCollection, 'count' | 'byIds' | 'nearest' | 'page' | 'space'> {
  /** What is open now. */
  readonly version: string;
  /**
   * Moves forward to what is published now, by the deltas alone where that is possible. What is asked for meanwhile
   * waits; what was asked for before has its answer first.
   *
   * @throws {Error} as {@link openPublishedCollection}; the collection is then closed.
   */
  refresh(): Promise<void>;
  /** Ends the server and removes the private copy. */
  close(): Promise<void>;
}

/** What is open: a version, or the snapshot of a collection that was not published yet. */
interface Reading extends OpenVersion {
  readonly version: string;
  readonly published: Publication | undefined;
}

/**
 * Opens what a collection's pointer names, in a private copy, so that a reader never writes to what others
 * read. Before the first publish, as in a bucket that was just migrated, that is the S3 snapshot.
 *
 * @throws {Error} when nothing was published and there is no snapshot, when it does not give what was published, or when
 *   a Chroma server has what was.
 */
export async function openPublishedCollection(
  collection: Collection,
  source: PublishedSource,
): Promise<PublishedCollection> {
  const folder = privateFolder();
  let copies = 0;
  const emptyCopy = () => {
    copies += 1;
    return workingCopy(join(folder, `read-${copies}`));
  };
  const close = async (reading?: Reading) => {
    await reading?.copy.remove();
    await rm(folder, { recursive: true, force: true });
  };
  const first = await open(collection, source, emptyCopy).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  let reading = first;
  /** Settles once what was begun last has ended. */
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const inTurn = <Answer>(act: () => Promise<Answer>): Promise<Answer> => {
    const answer = last.then(() => {
      if (isClosed) throw new Error(`The collection ${collection} is closed. Open it again.`);
      return act();
    });
    last = answer.catch(() => {});
    return answer;
  };
  return {
    get version() {
      return reading.version;
    },
    space: first.chroma.space,
    count: () => inTurn(() => reading.chroma.count()),
    byIds: (ids) => inTurn(() => reading.chroma.byIds(ids)),
    nearest: (embeddings, count) => inTurn(() => reading.chroma.nearest(embeddings, count)),
    page: (offset, limit) => inTurn(() => reading.chroma.page(offset, limit)),
    refresh: () =>
      inTurn(async () => {
        reading = await forward(collection, source, reading, emptyCopy).catch(async (error: unknown) => {
          isClosed = true;
          await close(reading);
          throw error;
        });
      }),
    async close() {
      await last;
      if (isClosed) return;
      isClosed = true;
      await close(reading);
    },
  };
}

async function pointerOf(collection: Collection, table: RunTable): Promise<Publication | undefined> {
  const item = await readItem(table, collectionKey(collection));
  const pointer = collectionPointerSchema.optional().parse(item);
  if (pointer === undefined || !isPublication(pointer)) return undefined;
  if (isOfServer(pointer)) {
    throw new Error(
      `The collection ${collection} is merged on a Chroma server, which alone has it whole. Read it there; or set ` +
        'chroma.mode to "embedded", and it is rebuilt from S3 by the next merge.',
    );
  }
  // Without the lease, which changes all the time.
  const { version, manifest } = pointer;
  return { version, manifest };
}

async function open(
  collection: Collection,
  source: PublishedSource,
  emptyCopy: () => WorkingCopy,
): Promise<Reading> {
  let published = await pointerOf(collection, source.table);
  while (published !== undefined) {
    const asked = published;
    try {
      const opened = await openVersion({ ...source, collection }, asked, emptyCopy);
      return { ...opened, version: asked.version, published: asked };
    } catch (error) {
      // What it lay upon may have been removed meanwhile, since newer ones came.
      published = await pointerOf(collection, source.table);
      if (!(error instanceof BrokenVersion) || isDeepStrictEqual(published, asked)) throw error;
    }
  }
  const { s3, bucket } = source;
  const snapshot = await locateSnapshot({ s3, bucket, collection });
  if (snapshot === undefined) {
    throw new Error(`Nothing of ${collection} is published yet. Wait until a receipt has been compacted.`);
  }
  const { version } = snapshot;
  const copy = emptyCopy();
  try {
    await fetchSnapshot(s3, bucket, snapshot, copy.directory);
    const chroma = await openOnlyCollection(await copy.start(), collection);
    if (chroma === undefined)
      throw new Error(`The snapshot ${version} of ${collection} holds no collection.`);
    return { copy, chroma, version, published: undefined };
  } catch (error) {
    await copy.remove();
    throw error;
  }
}

async function forward(
  collection: Collection,
  source: PublishedSource,
  reading: Reading,
  emptyCopy: () => WorkingCopy,
): Promise<Reading> {
  const { copy, published: holds } = reading;
  const published = await pointerOf(collection, source.table);
  if (published === undefined || published.version === holds?.version) return reading;
  const missing = holds && missingDeltas(holds, published);
  if (holds !== undefined && missing !== undefined) {
    const ahead = await openHeld({ ...source, collection }, { copy, holds, missing }, published);
    if (ahead !== undefined) return { ...ahead, version: published.version, published };
  }
  const anew = await open(collection, source, emptyCopy);
  await copy.remove();
  return anew;
}
