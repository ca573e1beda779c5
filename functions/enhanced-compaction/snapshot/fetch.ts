import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { extract } from 'tar';
import { messageOf } from '../../shared/logging';
import { Hashing } from '../files/hashing';
import { listFiles } from '../files/list-files';
import type { LocatedSnapshot } from './locate';

const DATABASE = 'chroma.sqlite3';

/** What was fetched, whole, is not an archive of one Chroma directory: fetching it again would not help. */
export class UnusableArchive extends Error {
  override readonly name = 'UnusableArchive';
}

/**
 * Fetches a snapshot into the folder `directory`, which must not exist, as a Chroma directory.
 *
 * @throws {UnusableArchive} when its content is not what its manifest or hash says, or holds no Chroma database.
 */
export async function fetchSnapshot(
  s3: S3Client,
  bucket: string,
  { content, manifest, md5, version }: LocatedSnapshot,
  directory: string,
): Promise<void> {
  if ('files' in content) {
    const aside = `${directory}.loose`;
    for (const [path, key] of content.files) {
      const target = join(aside, path);
      if (!target.startsWith(`${aside}/`))
        throw new UnusableArchive(`The snapshot ${version} holds a file outside itself: ${key}.`);
      await download(s3, bucket, key, target);
    }
    await keepChromaDirectory(aside, directory, `The snapshot ${version}`);
    return;
  }
  const hashes = await fetchArchive(s3, bucket, content.archive, directory);
  const wrong =
    (manifest !== undefined && manifest.archive_sha256 !== hashes.sha256) ||
    (md5 !== undefined && md5 !== hashes.md5);
  if (wrong) {
    throw new UnusableArchive(
      `${content.archive} is not the file that its manifest or hash describes. ` +
        'Point the collection to an older snapshot; the deltas since are merged again.',
    );
  }
}

/**
 * Fetches a tarred Chroma directory and unpacks it as the folder `directory`, which must not exist.
 *
 * @throws {UnusableArchive} when it is not one. Trouble with S3 or the disk is thrown as it is, to be tried again.
 */
export async function fetchArchive(
  s3: S3Client,
  bucket: string,
  key: string,
  directory: string,
): Promise<{ sha256: string; md5: string }> {
  const archive = `${directory}.tar.gz`;
  const aside = `${directory}.unpacked`;
  try {
    const hashes = await download(s3, bucket, key, archive);
    await mkdir(aside, { recursive: true });
    await extract({ file: archive, cwd: aside, strict: true }).catch((error: unknown) => {
      if (!isBadArchive(error)) throw error;
      throw new UnusableArchive(`${key} cannot be unpacked: ${messageOf(error)}.`);
    });
    await keepChromaDirectory(aside, directory, key);
    return hashes;
  } finally {
    await rm(archive, { force: true });
    // Unpacking that failed may still write a file that it had begun.
    await rm(aside, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The errors by which tar and zlib say that the bytes are wrong; those of the disk have the system's codes. */
function isBadArchive(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return 'tarCode' in error || /^(?:TAR_|Z_)/.test(code);
}

/** Archives hold the directory's files at their root or in folders above it. */
async function keepChromaDirectory(aside: string, directory: string, what: string): Promise<void> {
  const databases = (await listFiles(aside)).filter(
    (path) => path === DATABASE || path.endsWith(`/${DATABASE}`),
  );
  const [database] = databases;
  if (database === undefined || databases.length > 1) {
    throw new UnusableArchive(`${what} holds ${databases.length} Chroma databases, not one.`);
  }
  await rename(dirname(join(aside, database)), directory);
  await rm(aside, { recursive: true, force: true });
}

async function download(
  s3: S3Client,
  bucket: string,
  key: string,
  target: string,
): Promise<{ sha256: string; md5: string }> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  const hashing = new Hashing('sha256', 'md5');
  await mkdir(dirname(target), { recursive: true });
  await pipeline(Body instanceof Readable ? Body : Readable.from([]), hashing, createWriteStream(target));
  return hashing.digests();
}
