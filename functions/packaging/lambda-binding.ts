import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { extract } from 'tar';
import {
  type ChromaArchitecture,
  cachedLowered,
  defaultCacheDirectory,
  installedFile,
  LINUX_BINDINGS,
  loweredBinding,
  type PinnedBinding,
} from '../enhanced-compaction/chroma/binding';

/**
 * The Chroma binding for Lambda's Amazon Linux 2023, its glibc floor lowered: made from the installed npm
 * package, or, since npm installs only the build host's own, from one that is fetched and checked once.
 *
 * @throws {Error} when the package is not installed and cannot be fetched, or is not the pinned one.
 */
export async function lambdaBinding(
  architecture: ChromaArchitecture,
  cacheDirectory = defaultCacheDirectory(),
): Promise<{ readonly pinned: PinnedBinding; readonly path: string }> {
  const pinned = LINUX_BINDINGS[architecture];
  const cached = await cachedLowered(pinned, cacheDirectory);
  if (cached !== undefined) return { pinned, path: cached };
  const installed = installedFile(pinned.package);
  if (installed !== undefined)
    return { pinned, path: await loweredBinding(pinned, installed, cacheDirectory) };

  const folder = await mkdtemp(join(tmpdir(), 'chroma-binding-'));
  try {
    const original = await fetchPackage(pinned, folder);
    return { pinned, path: await loweredBinding(pinned, original, cacheDirectory) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lets npm fetch the package's tarball, checks it, and unpacks it. Returns the path of the binding. */
async function fetchPackage(pinned: PinnedBinding, folder: string): Promise<string> {
  const name = `${pinned.package}@${pinned.version}`;
  const options = { cwd: folder, shell: process.platform === 'win32' };
  await promisify(execFile)('npm', ['pack', name, '--ignore-scripts', '--silent'], options).catch((cause) => {
    throw new Error(
      `${name}, which holds Chroma's server for this architecture of Lambda, cannot be fetched by npm. ` +
        'Check the connection to the npm registry, or build on a machine of that architecture.',
      { cause },
    );
  });
  const tarball = join(folder, `${pinned.package}-${pinned.version}.tgz`);
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64')}`;
  if (integrity !== pinned.integrity) {
    throw new Error(`The tarball of ${name} is not the pinned one. Check which npm registry is used.`);
  }
  await extract({ file: tarball, cwd: folder, strict: true });
  return join(folder, 'package', pinned.file);
}
