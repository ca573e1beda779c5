import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { idSpellings, recordName } from '../../../contracts/record-id';
import { messageOf } from '../../shared/logging';
import { sha256 } from '../../shared/sha256';
import {
  AmbiguousCollection,
  type ChromaCollection,
  openOnlyCollection,
  pagesOf,
} from '../chroma/collection';
import { workingCopy } from '../chroma/working-copy';
import { UnusableDelta } from '../merge/load-delta';
import { spread } from '../merge/spread';
import { fetchArchive, UnusableArchive } from './fetch';
import { asHashedRecord } from './missing-receipts';

/**
 * Adds the records of an old system's delta (a tarred Chroma directory) that the collection lacks. It says
 * neither when it was made nor that it is the whole receipt, so it replaces and removes nothing.
 *
 * @param folder - a private folder to unpack it in.
 * @returns how many records were added.
 * @throws {UnusableDelta} when it is not an archive of one collection, or its embeddings have another length.
 * @throws {Error} whatever else went wrong, with its key: it may be what the collection lacks, so it is tried again.
 */
export async function addLegacyDelta(
  s3: S3Client,
  bucket: string,
  key: string,
  into: ChromaCollection,
  dimensions: number,
  folder: string,
): Promise<number> {
  const copy = workingCopy(join(folder, `legacy-${sha256(key).slice(0, 16)}`));
  try {
    await fetchArchive(s3, bucket, key, copy.directory);
    const from = await openOnlyCollection(await copy.start(), into.name);
    if (from === undefined) throw new UnusableDelta(`${key} holds no collection.`);
    let added = 0;
    for await (const page of pagesOf(from)) {
      const odd = page.find(({ embedding }) => embedding.length !== dimensions);
      if (odd !== undefined) {
        throw new UnusableDelta(
          `${key} has embeddings of ${odd.embedding.length} dimensions, its collection of ${dimensions}.`,
        );
      }
      const ids = [...new Set(page.flatMap(({ id }) => idSpellings(id)))];
      const stored = new Set((await into.byIds(ids)).map(({ id }) => recordName(id)));
      const missing = page.filter(({ id }) => !stored.has(recordName(id))).map(asHashedRecord);
      await into.add(missing.map(spread));
      added += missing.length;
    }
    return added;
  } catch (error) {
    if (error instanceof UnusableDelta) throw error;
    if (error instanceof UnusableArchive || error instanceof AmbiguousCollection) {
      throw new UnusableDelta(`${key}: ${messageOf(error)}`);
    }
    throw new Error(
      `${key} could not be read: ${messageOf(error)}. It is tried again; if it is damaged, move it out of its prefix.`,
      { cause: error },
    );
  } finally {
    await copy.remove();
  }
}
