import type { S3Client } from '@aws-sdk/client-s3';
import type { Collection } from '../../../contracts/collections';
import { readBody } from '../aws/read-object';
import type { ListedObject } from '../listing/listed-object';
import { readChromaDatabase } from './chroma-database';
import { evaluateSnapshot, SKIPPED, type SnapshotFindings } from './evaluate-snapshot';
import { fetchLooseFiles, inOwnFolder, unpackArchive } from './persist-directory';

/** What a fresh, empty Chroma directory takes is under 1 MiB, packed or not: what is larger is not an empty one. */
const EMPTY_AT_MOST = 8 * 1024 ** 2;

/** A snapshot's files in a bucket: a tarball, or what it would hold. */
export type SnapshotObjects =
  | { readonly archive: ListedObject }
  | { readonly database: ListedObject; readonly files: readonly ListedObject[] };

/**
 * Fetches a snapshot and opens it: whether it holds records, whether SQLite finds its database whole, and whether
 * the vector indexes agree with it; and which forms its records have.
 *
 * @param quick - leaves the checks and the forms out, and does not fetch what is too large to be empty.
 */
export async function openSnapshot(
  s3: S3Client,
  bucket: string,
  collection: Collection,
  snapshot: SnapshotObjects,
  quick: boolean,
): Promise<SnapshotFindings> {
  const main = 'archive' in snapshot ? snapshot.archive : snapshot.database;
  if (quick && main.size > EMPTY_AT_MOST) {
    const evidence = `${main.key} is too large to be an empty snapshot. It was not opened (--quick).`;
    return {
      gates: [{ gate: 'holds-a-snapshot', result: 'neutral', evidence }, ...SKIPPED],
      records: null,
      record_forms: null,
    };
  }
  return inOwnFolder(async (folder) => {
    const directory =
      'archive' in snapshot
        ? await readBody(s3, bucket, main, (body) => unpackArchive(body, folder))
        : await fetchLooseFiles(s3, bucket, snapshot.files, folder);
    return evaluateSnapshot(
      main.key,
      directory,
      (path) => readChromaDatabase(path, collection, !quick),
      quick,
    );
  });
}
