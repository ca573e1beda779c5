import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  FUNCTION_NAMES,
  type FunctionName,
  type FunctionPackage,
  type FunctionPackages,
} from '../contracts/functions';
import { BUNDLES_DIRECTORY, buildBundle, filesBeside } from './bundle';
import { deterministicZip, type ZipEntry } from './packaging/deterministic-zip';
import { lambdaBinding } from './packaging/lambda-binding';
import { packagedBefore } from './packaging/package-index';

export interface PackageOptions {
  /** Lambda's name of the processor that the functions run on. */
  readonly architecture: 'arm64' | 'x86_64';
  /** Where the zips go. @default - `dist/packages` */
  readonly directory?: string;
  /** @default - all */
  readonly names?: readonly FunctionName[];
}

/**
 * Makes the deployable zip of each function: its bundle, and for enhanced-compaction Chroma's launcher and
 * its binding for Amazon Linux 2023. Equal sources give equal bytes; what was
 * packaged before is not packaged again.
 *
 * @throws {Error} when a source does not bundle, or the binding for the architecture cannot be had.
 */
export async function packageFunctions({
  architecture,
  directory = join(BUNDLES_DIRECTORY, '..', 'packages'),
  names = FUNCTION_NAMES,
}: PackageOptions): Promise<FunctionPackages> {
  return packagedBefore(directory, [architecture, ...names], async () => {
    const packages = names.map(
      async (name) => [name, await packageFunction(name, architecture, directory)] as const,
    );
    return new Map(await Promise.all(packages));
  });
}

async function packageFunction(
  name: FunctionName,
  architecture: PackageOptions['architecture'],
  directory: string,
): Promise<FunctionPackage> {
  const entries: ZipEntry[] = await buildBundle(name, join(BUNDLES_DIRECTORY, name));
  for (const path of filesBeside(name)) entries.push({ name: basename(path), bytes: await readFile(path) });
  if (name === 'enhanced-compaction') {
    const { pinned, path } = await lambdaBinding(architecture === 'arm64' ? 'arm64' : 'x64');
    entries.push({ name: pinned.file, path, sha256: pinned.loweredSha256 });
  }
  return deterministicZip(directory, `${name}-${architecture}`, entries);
}
