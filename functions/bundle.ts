import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { FUNCTION_NAMES, type FunctionName } from '../contracts/functions';

/** Where a bundle goes unless told otherwise: one folder per function, not committed. */
export const BUNDLES_DIRECTORY = join(__dirname, '..', 'dist', 'functions');

/**
 * CommonJS packages inside an ESM bundle still call `require` for Node's own modules, and our sources find
 * what lies beside them by `__dirname`. The names differ from those that our sources import: a bundle is one
 * scope, and a name that is declared twice in it fails at its load.
 */
const COMMONJS_NAMES =
  "import { createRequire as __requireFrom } from 'node:module';import { dirname as __directoryOf } from 'node:path';" +
  "import { fileURLToPath as __pathOf } from 'node:url';" +
  'const require = __requireFrom(import.meta.url);const __dirname = __directoryOf(__pathOf(import.meta.url));';

/** Files that a function runs as they stand; they lie beside its `index.mjs`. */
const FILES_BESIDE: Partial<Record<FunctionName, readonly string[]>> = {
  'enhanced-compaction': [join(__dirname, 'enhanced-compaction', 'chroma', 'launch-chroma.cjs')],
};

/** The files that lie beside a function's bundle, by their paths in the sources. */
export const filesBeside = (name: FunctionName): readonly string[] => FILES_BESIDE[name] ?? [];

/**
 * Bundles functions into `{directory}/{name}/index.mjs` with a source map. The same bundles are deployed,
 * run by the demo and driven by the integration tests.
 *
 * @returns the folder of each bundle.
 */
export async function bundleFunctions(
  directory = BUNDLES_DIRECTORY,
  names: readonly FunctionName[] = FUNCTION_NAMES,
): Promise<ReadonlyMap<FunctionName, string>> {
  const built = await Promise.all(
    names.map(async (name) => {
      const folder = join(directory, name);
      await mkdir(folder, { recursive: true });
      for (const file of await buildBundle(name, folder))
        await writeFile(join(folder, file.name), file.bytes);
      for (const path of filesBeside(name)) await copyFile(path, join(folder, basename(path)));
      return [name, folder] as const;
    }),
  );
  return new Map(built);
}

/**
 * Builds a function's bundle in memory: `index.mjs` and its source map.
 *
 * @param folder - where it is going to lie: the source map's paths are relative to it.
 * @throws {Error} when a source does not build.
 */
export async function buildBundle(
  name: FunctionName,
  folder: string,
): Promise<{ readonly name: string; readonly bytes: Uint8Array }[]> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, name, 'handler.ts')],
    outfile: join(folder, 'index.mjs'),
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    mainFields: ['module', 'main'],
    banner: { js: COMMONJS_NAMES },
  });
  return outputFiles.map(({ path, contents }) => ({ name: basename(path), bytes: contents }));
}
