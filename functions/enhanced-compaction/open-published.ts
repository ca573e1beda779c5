import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { collectionPointerSchema } from '../../contracts/collection-pointer';
import type { Collection } from '../../contracts/collections';
import { collectionKey } from '../../contracts/compaction-run';
import { type RunTable, readItem } from '../shared/run-table';
import { type ChromaCollection, openOnlyCollection } from './chroma/collection';
import { privateFolder, type WorkingCopy, workingCopy } from './chroma/working-copy';
import { fetchSnapshot } from './snapshot/fetch';
import { locateSnapshot } from './snapshot/locate';
import { readVersion } from './store/version-files';

export interface PublishedSource {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly table: RunTable;
  /** Where EFS is mounted, or the local folder that stands for it. */
  readonly mountPath: string;
}

/** A published collection, open for reading. */
export interface PublishedCollection
  extends Pick<ChromaCollection, 'count' | 'byIds' | 'nearest' | 'page' | 'space'> {
  readonly version: string;
  /** Ends the server and removes the private copy. */
  close(): Promise<void>;
}

/**
 * Opens what a collection's pointer names, in a private copy, so that a reader never writes to what others
 * read. Before the first publish, as in a bucket that was just migrated, that is the S3 snapshot.
 *
 * @throws {Error} when nothing was published and there is no snapshot, or the files are not what was published.
 */
export async function openPublishedCollection(
  collection: Collection,
  { s3, bucket, table, mountPath }: PublishedSource,
): Promise<PublishedCollection> {
  const folder = privateFolder();
  const copy = workingCopy(join(folder, 'read'));
  const close = async () => {
    await copy.remove();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const version = await fetchPublished(collection, { s3, bucket, table, mountPath }, copy);
    const chroma = await openOnlyCollection(await copy.start(), collection);
    if (chroma === undefined) throw new Error(`The version ${version} of ${collection} holds no collection.`);
    const { space, count, byIds, nearest, page } = chroma;
    return { version, space, count, byIds, nearest, page, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function fetchPublished(
  collection: Collection,
  { s3, bucket, table, mountPath }: PublishedSource,
  { directory }: WorkingCopy,
): Promise<string> {
  const item = await readItem(table, collectionKey(collection));
  const { version, manifest } = collectionPointerSchema.optional().parse(item) ?? {};
  if (version !== undefined && manifest !== undefined) {
    await readVersion(join(mountPath, collection, version), directory, manifest.files_sha256 ?? '');
    return version;
  }
  const snapshot = await locateSnapshot({ s3, bucket, collection });
  if (snapshot === undefined) {
    throw new Error(`Nothing of ${collection} is published yet. Wait until a receipt has been compacted.`);
  }
  await fetchSnapshot(s3, bucket, snapshot, directory);
  return snapshot.version;
}
