import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import {
  addDigests,
  type ContentDigest,
  type DigestedRecord,
  digestRecords,
  EMPTY_DIGEST,
} from '../../../contracts/content-digest';
import { CONTENT_HASH_KEY, type HashedRecord } from '../../../contracts/delta';
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

/** What an old system's delta has, and what of that a collection lacked when it came in. */
export interface LegacyDelta {
  readonly key: string;
  readonly records: readonly DigestedRecord[];
  readonly added: readonly DigestedRecord[];
}

/**
 * Adds the records of an old system's delta (a tarred Chroma directory) that the collection lacks. It says
 * neither when it was made nor that it is the whole receipt, so it replaces and removes nothing.
 *
 * @param folder - a private folder to unpack it in.
 * @returns what it has, and what of that was added.
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
): Promise<LegacyDelta> {
  const copy = workingCopy(join(folder, `legacy-${sha256(key).slice(0, 16)}`));
  try {
    await fetchArchive(s3, bucket, key, copy.directory);
    const from = await openOnlyCollection(await copy.start(), into.name);
    if (from === undefined) throw new UnusableDelta(`${key} holds no collection.`);
    const records: DigestedRecord[] = [];
    const added: DigestedRecord[] = [];
    for await (const page of pagesOf(from)) {
      const odd = page.find(({ embedding }) => embedding.length !== dimensions);
      if (odd !== undefined) {
        throw new UnusableDelta(
          `${key} has embeddings of ${odd.embedding.length} dimensions, its collection of ${dimensions}.`,
        );
      }
      const ids = [...new Set(page.flatMap(({ id }) => idSpellings(id)))];
      const stored = new Set((await into.byIds(ids)).map(({ id }) => recordName(id)));
      const hashed = page.map(asHashedRecord);
      const missing = hashed.filter(({ id }) => !stored.has(recordName(id)));
      await into.add(missing.map(spread));
      records.push(...hashed.map(asDigested));
      added.push(...missing.map(asDigested));
    }
    return { key, records, added };
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

const asDigested = ({ id, contentHash }: HashedRecord): DigestedRecord => ({ id, contentHash });

/**
 * The digests that a collection would have if none of these deltas had come in, or only those up to some moment: what was
 * published may hold the older ones. What was merged over them since is there all the same.
 *
 * @param digest - of the collection as it is.
 * @param legacy - the newest first, as they came in.
 */
export async function digestsWithout(
  digest: ContentDigest,
  legacy: readonly LegacyDelta[],
  chroma: Pick<ChromaCollection, 'metadata'>,
): Promise<ContentDigest[]> {
  const added = legacy.flatMap((delta) => delta.added);
  const stored = await chroma.metadata(added.map(({ id }) => id));
  const left = added.filter(({ id, contentHash }) => stored.get(id)?.[CONTENT_HASH_KEY] === contentHash);
  const names = new Set(left.map(({ id }) => recordName(id)));
  const known = new Map<string, ContentDigest>();
  let without = addDigests(digest, digestRecords(left), -1);
  const digests = [without];
  for (const { records } of [...legacy].reverse()) {
    for (const record of records.filter(({ id }) => names.has(recordName(id)))) {
      const name = recordName(record.id);
      const own = digestRecords([record]);
      without = addDigests(addDigests(without, own), known.get(name) ?? EMPTY_DIGEST, -1);
      known.set(name, own);
    }
    digests.push(without);
  }
  return digests;
}
