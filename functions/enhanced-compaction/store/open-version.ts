import { join } from 'node:path';
import type { EmbeddingSpace } from '../../../contracts/embedding';
import { type ChromaCollection, openOnlyCollection } from '../chroma/collection';
import { DeadServer, type WorkingCopy } from '../chroma/working-copy';
import type { Publication } from '../lease/publish';
import { embeddingOf, refuseOtherSpace } from './collection-store';
import { readVersion } from './version-files';
import type { WarmCopy } from './warm-copy';

/** A published version in a private copy. */
export interface OpenVersion {
  readonly copy: WorkingCopy;
  readonly chroma: ChromaCollection;
  readonly embedding: EmbeddingSpace | undefined;
}

/**
 * Opens a published version: in the warm copy, with its server if that still runs, else in one that is fetched.
 *
 * @param versions - the folder of the collection's versions.
 * @throws {BrokenVersion} when the version's files are not what was published.
 * @throws {Error} when they hold another collection than the pointer says.
 */
export async function openVersion(
  collection: string,
  published: Publication,
  versions: string,
  warm: WarmCopy,
): Promise<OpenVersion> {
  const { version, manifest } = published;
  const copy = warm.holding(version) ?? (await fetchVersion(published, versions, warm));
  const database = await copy.start().catch(async (error: unknown) => {
    await warm.remove(copy);
    if (!(error instanceof DeadServer)) throw error;
  });
  // The copy is gone with its server: this time it is fetched.
  if (database === undefined) return openVersion(collection, published, versions, warm);
  const chroma = await openOnlyCollection(database, collection);
  if (chroma === undefined) throw new Error(`The version ${version} of ${collection} holds no collection.`);
  refuseOtherSpace(collection, chroma.space, manifest.space);
  return { copy, chroma, embedding: embeddingOf(published) };
}

async function fetchVersion(
  { version, manifest }: Publication,
  versions: string,
  warm: WarmCopy,
): Promise<WorkingCopy> {
  await warm.clear();
  const copy = warm.empty();
  try {
    await readVersion(join(versions, version), copy.directory, manifest.files_sha256 ?? '');
  } catch (error) {
    await copy.remove();
    throw error;
  }
  warm.keep(version, copy);
  return copy;
}
