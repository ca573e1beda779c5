import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../../shared/sha256';
import { lowerGlibcFloor } from './glibc-floor';

export type ChromaArchitecture = 'arm64' | 'x64';

/** The npm package that holds Chroma's server for Linux, pinned by content. */
export interface PinnedBinding {
  readonly package: string;
  readonly version: string;
  /** npm's Subresource Integrity of the package's tarball. */
  readonly integrity: string;
  readonly file: string;
  /** Hexadecimal SHA-256 of the file as published. */
  readonly sha256: string;
  /** Hexadecimal SHA-256 of the file once its glibc floor is lowered. */
  readonly loweredSha256: string;
}

export const LINUX_BINDINGS: Readonly<Record<ChromaArchitecture, PinnedBinding>> = {
  x64: {
    package: 'chromadb-js-bindings-linux-x64-gnu',
    version: '1.3.4',
    integrity:
      'sha512-HmTUe7PEIaBngCQ70Yyle81z2wYyg9OMgJYyRUNBYCBp4ED6zTmdaOro41Vs/c/h2UyQeBXFIKNmHDeD2Nr2fw==',
    file: 'chromadb-js-bindings.linux-x64-gnu.node',
    sha256: 'b770770984cef8bbc3ee7738f290baefaed5359acda23dea5c5f6f7307860063',
    loweredSha256: 'fa46d608ea77f8df635da51468412737415501b544897c2b0b842d37a8abddbc',
  },
  arm64: {
    package: 'chromadb-js-bindings-linux-arm64-gnu',
    version: '1.3.4',
    integrity:
      'sha512-ELiqDZzU5mZd1BvZugGrhoMkVeNyQaa+PGizd06WIpIJVoHY+S+9ZBjdeM6ZkRnL3vTxD79XBrosxNWhzqy/kg==',
    file: 'chromadb-js-bindings.linux-arm64-gnu.node',
    sha256: 'a71fc2093bae6391ceb93dbc509fff026fc11099df657a367049bde1b1393311',
    loweredSha256: 'bd5e041119a6272b14aaa1eda4e227267ea12ffe03d4b4b78e86ee64c341947d',
  },
};

/** What the published binding needs, and what it needs once lowered: minor versions of glibc 2. */
const PUBLISHED_FLOOR = 39;
const LOWERED_FLOOR = 34;

/** Lowered bindings and downloads are kept here: `$XDG_CACHE_HOME/chroma-pipeline`, or below `~/.cache`. */
export const defaultCacheDirectory = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'chroma-pipeline');

export interface HostPlatform {
  readonly platform: string;
  readonly arch: string;
  /** As `2.36`; undefined where the C library is another one. */
  readonly glibc: string | undefined;
}

/**
 * The file of a Chroma binding that this host can load: the one in the Lambda package, else the untouched
 * file of the installed npm package, else (glibc 2.34 to 2.38) a lowered copy in the cache directory.
 *
 * @throws {Error} when no binding of Chroma's can run on this host, or none is installed.
 */
export async function loadableBinding({
  packageDirectory = __dirname,
  cacheDirectory,
  host = thisHost,
}: {
  readonly packageDirectory?: string;
  readonly cacheDirectory?: string;
  readonly host?: HostPlatform;
} = {}): Promise<string> {
  const { platform, arch } = host;
  if (platform !== 'linux')
    return neededFile(`chromadb-js-bindings-${platform}-${arch}${platform === 'win32' ? '-msvc' : ''}`);
  if (arch !== 'x64' && arch !== 'arm64') {
    throw new Error(`Chroma has no server for ${arch} on Linux. Use a machine with x64 or arm64.`);
  }
  const pinned = LINUX_BINDINGS[arch];
  const packaged = join(packageDirectory, pinned.file);
  if (existsSync(packaged)) return packaged;

  // Asked for here alone: a function has its own file, and starts sooner without.
  const { glibc } = host;
  const minor = Number(glibc?.split('.')[1]);
  if (minor >= PUBLISHED_FLOOR) return neededFile(pinned.package);
  if (minor >= LOWERED_FLOOR) return loweredBinding(pinned, neededFile(pinned.package), cacheDirectory);
  throw new Error(
    `Chroma's server needs glibc 2.${LOWERED_FLOOR} or newer; this host has ${glibc ?? 'another C library'}. ` +
      'Use Debian 12, Ubuntu 22.04, Amazon Linux 2023 or anything newer.',
  );
}

/**
 * A copy of `original` with its glibc floor lowered, made once and kept in `cacheDirectory`. Both are checked
 * against their pinned hash each time, since what lies in a cache is about to be run. Two processes may race:
 * each writes aside and renames.
 *
 * @throws {Error} when `original` is not the pinned file.
 */
export async function loweredBinding(
  pinned: PinnedBinding,
  original: string,
  cacheDirectory = defaultCacheDirectory(),
): Promise<string> {
  const cached = await cachedLowered(pinned, cacheDirectory);
  if (cached !== undefined) return cached;

  const published = await readFile(original);
  if (sha256(published) !== pinned.sha256) {
    throw new Error(
      `${original} is not the file that ${pinned.package} ${pinned.version} was published with. Run npm ci again.`,
    );
  }
  const lowered = lowerGlibcFloor(published);
  if (sha256(lowered) !== pinned.loweredSha256) {
    throw new Error(
      `Lowering ${pinned.file} gave another file than the pinned one. Update its pin in binding.ts.`,
    );
  }
  const target = cachedFile(pinned, cacheDirectory);
  await mkdir(cacheDirectory, { recursive: true });
  const aside = `${target}.${randomUUID()}`;
  await writeFile(aside, lowered);
  await rename(aside, target);
  return target;
}

/** The path of the lowered copy in the cache, when one is there and is the pinned one. */
export async function cachedLowered(
  pinned: PinnedBinding,
  cacheDirectory: string,
): Promise<string | undefined> {
  const path = cachedFile(pinned, cacheDirectory);
  const cached = await readFile(path).catch(() => undefined);
  return cached !== undefined && sha256(cached) === pinned.loweredSha256 ? path : undefined;
}

const cachedFile = ({ version, loweredSha256, file }: PinnedBinding, cacheDirectory: string): string =>
  join(cacheDirectory, `${version}-${loweredSha256.slice(0, 16)}-${file}`);

/** The main file of a binding package, if it is installed. */
export function installedFile(name: string): string | undefined {
  try {
    return createRequire(join(__dirname, 'binding.js')).resolve(name);
  } catch {
    return undefined;
  }
}

function neededFile(name: string): string {
  const file = installedFile(name);
  if (file !== undefined) return file;
  throw new Error(
    `The package ${name}, which holds Chroma's server for this machine, is not installed. Run npm ci without --omit=optional.`,
  );
}

const thisHost: HostPlatform = {
  platform: process.platform,
  arch: process.arch,
  get glibc() {
    // Else a report looks up the names of all open connections, which may take minutes where there is no DNS.
    Object.assign(process.report, { excludeNetwork: true });
    const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
    return report.header?.glibcVersionRuntime;
  },
};

/** The launcher script lies beside this file, in the sources and in the Lambda package alike. */
export const launcherFile = (packageDirectory = __dirname): string =>
  join(packageDirectory, 'launch-chroma.cjs');
