import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { z } from 'zod';
import { FUNCTION_NAMES, type FunctionName, type FunctionPackages } from '../../contracts/functions';

const REPOSITORY = join(__dirname, '..', '..');
/** All that a bundle is made of; the lockfile stands for `node_modules`, esbuild included. */
const SOURCES = ['functions', 'contracts', 'package-lock.json', 'tsconfig.json'] as const;

const indexSchema = z.array(
  z.tuple([z.enum(FUNCTION_NAMES), z.object({ path: z.string(), sha256: z.string() })]),
);

/**
 * Packages that were made from these very sources are taken as they are: bundling is what takes the time of a
 * synth. A change of any source, of the lockfile or of the request makes them anew.
 *
 * @param request - what else tells two packagings apart: architecture and names.
 */
export async function packagedBefore(
  directory: string,
  request: readonly string[],
  make: () => Promise<FunctionPackages>,
): Promise<FunctionPackages> {
  const index = join(directory, `index-${await sourcesHash(request)}.json`);
  const known = await read(index);
  if (known !== undefined) return known;
  const packages = await make();
  await mkdir(directory, { recursive: true });
  const aside = `${index}.${process.pid}`;
  await writeFile(aside, JSON.stringify([...packages]));
  await rename(aside, index);
  return packages;
}

/** The index, if it is whole and every zip that it names is still there. */
async function read(index: string): Promise<FunctionPackages | undefined> {
  try {
    const packages = new Map<FunctionName, { path: string; sha256: string }>(
      indexSchema.parse(JSON.parse(await readFile(index, 'utf8'))),
    );
    for (const { path } of packages.values()) await access(path);
    return packages;
  } catch {
    return undefined;
  }
}

async function sourcesHash(request: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(request));
  const listed = await Promise.all(SOURCES.map((source) => filesOf(join(REPOSITORY, source))));
  for (const path of listed.flat().sort()) {
    hash.update(`\0${relative(REPOSITORY, path)}\0`).update(await readFile(path));
  }
  return hash.digest('hex').slice(0, 32);
}

async function filesOf(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return [path];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
