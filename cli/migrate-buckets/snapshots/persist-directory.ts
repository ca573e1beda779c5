import { closeSync, createWriteStream, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { Parser, type ReadEntry } from 'tar';
import { failureOf, isTransient } from '../../shared/aws/failure';
import { UserError } from '../../shared/user-error';
import { readBody, readBytes } from '../aws/read-object';
import type { ListedObject } from '../listing/listed-object';

export const CHROMA_DATABASE = 'chroma.sqlite3';
/** What SQLite may keep beside a database, and would read along with it. */
const DATABASE_FILES = new Set([CHROMA_DATABASE, `${CHROMA_DATABASE}-wal`, `${CHROMA_DATABASE}-journal`]);
const INDEX_HEADER = 'header.bin';
/** An index header has a hundred bytes: what is much longer is not one. */
const HEADER_AT_MOST = 4096;

/** A Chroma persist directory: its database on this machine's disk, and what is known of the files beside it. */
export interface PersistDirectory {
  /** The file of the database; undefined where there is none. */
  readonly database: string | undefined;
  /** Bytes of each file, by the last two parts of its path, such as `<segment>/data_level0.bin`. */
  readonly sizes: ReadonlyMap<string, number>;
  /** The headers of the vector indexes, by segment. */
  readonly headers: ReadonlyMap<string, Buffer>;
}

/**
 * Lends a folder, which is removed afterwards.
 *
 * @throws {UserError} when this machine has no room for what goes there.
 */
export async function inOwnFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-buckets-'));
  try {
    return await use(folder);
  } catch (error) {
    const { code } = failureOf(error);
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
    throw new UserError(
      `${tmpdir()} has no room for the database of a snapshot (${code}). Free some, or let TMPDIR name another folder.`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Unpacks a snapshot's tarball as far as it is asked about.
 *
 * @returns why it cannot be unpacked, where it cannot.
 */
export async function unpackArchive(body: Readable, folder: string): Promise<PersistDirectory | string> {
  const [sizes, headers] = [new Map<string, number>(), new Map<string, Buffer>()];
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry: ReadEntry) => {
      const [directory, name] = lastTwo(entry.path);
      if (entry.type === 'File') sizes.set(`${directory}/${name}`, entry.size);
      if (DATABASE_FILES.has(name)) writeEntry(entry, join(folder, name));
      else if (name === INDEX_HEADER && entry.size <= HEADER_AT_MOST) {
        const chunks: Buffer[] = [];
        entry.on('data', (chunk: Buffer) => chunks.push(chunk));
        entry.on('end', () => headers.set(directory, Buffer.concat(chunks)));
      } else entry.resume();
    },
  });
  try {
    await pipeline(body, async (source) => {
      for await (const chunk of source) parser.write(chunk);
      const ended = new Promise((resolve, reject) => parser.once('end', resolve).once('error', reject));
      parser.end();
      await ended;
    });
  } catch (error) {
    const failure = failureOf(error);
    // What comes of the network or of the disk says nothing of the archive.
    if (isTransient(failure) || failure.code.startsWith('E')) throw error;
    return error instanceof Error ? error.message : String(error);
  }
  return directoryOf(folder, sizes, headers);
}

/** Writes at once, so that what is unpacked waits for the disk and never piles up in memory. */
function writeEntry(entry: ReadEntry, path: string): void {
  const file = openSync(path, 'w');
  entry.on('data', (chunk: Buffer) => writeSync(file, chunk));
  entry.on('end', () => closeSync(file));
}

/** Fetches the same from a snapshot of loose files. */
export async function fetchLooseFiles(
  s3: S3Client,
  bucket: string,
  files: readonly ListedObject[],
  folder: string,
): Promise<PersistDirectory> {
  const [sizes, headers] = [new Map<string, number>(), new Map<string, Buffer>()];
  for (const file of files) {
    const [directory, name] = lastTwo(file.key);
    sizes.set(`${directory}/${name}`, file.size);
    if (DATABASE_FILES.has(name)) {
      await readBody(s3, bucket, file, (body) => pipeline(body, createWriteStream(join(folder, name))));
    } else if (name === INDEX_HEADER && file.size <= HEADER_AT_MOST) {
      headers.set(directory, await readBytes(s3, bucket, file));
    }
  }
  return directoryOf(folder, sizes, headers);
}

function directoryOf(
  folder: string,
  sizes: ReadonlyMap<string, number>,
  headers: ReadonlyMap<string, Buffer>,
): PersistDirectory {
  const found = [...sizes.keys()].some((path) => path.endsWith(`/${CHROMA_DATABASE}`));
  return { database: found ? join(folder, CHROMA_DATABASE) : undefined, sizes, headers };
}

function lastTwo(path: string): [directory: string, name: string] {
  const [name = '', directory = ''] = path.split('/').reverse();
  return [directory, name];
}
