import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import type { FunctionPackage } from '../../contracts/functions';

/** One file of a zip: its bytes, or the path of a file whose hash is known already. */
export type ZipEntry =
  | { readonly name: string; readonly bytes: Uint8Array }
  | { readonly name: string; readonly path: string; readonly sha256: string };

/** The first moment that a zip can name; any fixed one would do. */
const MODIFIED = new Date(1980, 0, 1);
const READABLE = 0o100644;
/** Raised when zips of equal entries are to be made anew. */
const ZIP_FORMAT = 1;

/**
 * Writes a zip into `directory`, once for each content: equal entries give equal bytes, whatever their order
 * and the files' times. A zip of the same content that lies there already is taken as it is.
 */
export async function deterministicZip(
  directory: string,
  name: string,
  entries: readonly ZipEntry[],
): Promise<FunctionPackage> {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const content = createHash('sha256').update(`${ZIP_FORMAT}\n`);
  for (const entry of sorted) {
    const hash = 'bytes' in entry ? createHash('sha256').update(entry.bytes).digest('hex') : entry.sha256;
    content.update(`${hash} ${entry.name}\n`);
  }
  const path = join(directory, `${name}-${content.digest('hex').slice(0, 16)}.zip`);
  if (!existsSync(path)) await write(directory, path, sorted);
  return {
    path,
    sha256: createHash('sha256')
      .update(await readFile(path))
      .digest('base64'),
  };
}

/** Aside first: another process may be writing the same zip. */
async function write(directory: string, path: string, entries: readonly ZipEntry[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  const zip = new ZipFile();
  for (const entry of entries) {
    const options = { mtime: MODIFIED, mode: READABLE, forceDosTimestamp: true };
    if ('bytes' in entry) zip.addBuffer(Buffer.from(entry.bytes), entry.name, options);
    else zip.addFile(entry.path, entry.name, options);
  }
  zip.end();
  const aside = `${path}.${randomUUID()}`;
  await pipeline(zip.outputStream, createWriteStream(aside));
  await rename(aside, path);
}
