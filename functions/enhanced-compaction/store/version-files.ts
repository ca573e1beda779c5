import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { sha256Schema } from '../../../contracts/sha256';
import { sha256 } from '../../shared/sha256';
import { Hashing } from '../files/hashing';
import { listFiles } from '../files/list-files';

/** The list of a version's files; it lies beside them and its hash stands in the pointer. */
const FILES = 'files.json';
const DATA = 'data';

const filesSchema = z.object({
  format_version: z.literal(1),
  files: z.array(
    z.object({
      path: z.string().min(1),
      bytes: z.int().nonnegative(),
      sha256: sha256Schema,
    }),
  ),
});

/** A version on EFS is missing, or is not what was published. */
export class BrokenVersion extends Error {
  override readonly name = 'BrokenVersion';
}

/**
 * Writes a stopped server's files as the version `target`: aside, synced to disk, then renamed, so that a
 * reader sees all of it or nothing.
 *
 * @returns the hexadecimal SHA-256 of the list of files.
 */
export async function writeVersion(source: string, target: string): Promise<string> {
  const aside = join(dirname(target), `.writing-${randomUUID()}`);
  try {
    const files: z.infer<typeof filesSchema>['files'] = [];
    for (const path of await listFiles(source)) {
      files.push({ path, ...(await copyHashed(join(source, path), join(aside, DATA, path))) });
    }
    const list = JSON.stringify({ format_version: 1, files }, null, 1);
    await writeFile(join(aside, FILES), list);
    await sync(join(aside, FILES));
    await sync(aside);
    await rename(aside, target);
    await sync(dirname(target));
    return sha256(list);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Copies a version into the folder `target`, checking every file against the hash that was published.
 *
 * @throws {BrokenVersion} when a file is missing or differs. Chroma itself would serve it without an error.
 */
export async function readVersion(source: string, target: string, filesSha256: string): Promise<void> {
  const list = await readFile(join(source, FILES)).catch(() => {
    throw new BrokenVersion(`The version ${source} has no list of files.`);
  });
  if (sha256(list) !== filesSha256) {
    throw new BrokenVersion(`The list of files of the version ${source} is not the one that was published.`);
  }
  for (const { path, sha256: published } of filesSchema.parse(JSON.parse(list.toString())).files) {
    const from = join(source, DATA, path);
    const copied = await copyHashed(from, join(target, path)).catch((error: unknown) => {
      if (!isOfReading(error, from)) throw error;
      throw new BrokenVersion(`The file ${path} of the version ${source} cannot be read: ${error}`);
    });
    if (copied.sha256 !== published) {
      throw new BrokenVersion(`The file ${path} of the version ${source} is not the one that was published.`);
    }
  }
}

/** Whether a version's list of files is the published one and each file is there in its length. Reads no content. */
export async function isIntact(source: string, filesSha256: string): Promise<boolean> {
  try {
    const list = await readFile(join(source, FILES));
    if (sha256(list) !== filesSha256) return false;
    for (const { path, bytes } of filesSchema.parse(JSON.parse(list.toString())).files) {
      if ((await stat(join(source, DATA, path))).size !== bytes) return false;
    }
    return true;
  } catch {
    // What cannot be read is as good as gone.
    return false;
  }
}

/** A full disk or another trouble with the private copy says nothing about the version. */
function isOfReading(error: unknown, source: string): boolean {
  const { syscall, path }: NodeJS.ErrnoException = Object(error);
  return syscall === 'read' || path === source;
}

async function copyHashed(source: string, target: string): Promise<{ bytes: number; sha256: string }> {
  await mkdir(dirname(target), { recursive: true });
  const hashing = new Hashing('sha256');
  await pipeline(
    createReadStream(source, { highWaterMark: 1 << 20 }),
    hashing,
    createWriteStream(target, { highWaterMark: 1 << 20 }),
  );
  await sync(target);
  return { bytes: hashing.bytes, ...hashing.digests() };
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}
