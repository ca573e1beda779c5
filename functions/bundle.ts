import { join } from 'node:path';
import { build } from 'esbuild';
import { FUNCTION_NAMES, type FunctionName } from '../contracts/functions';

/** The handler that Lambda is told to call: `index.mjs` in the package's root exports `handler`. */
export const HANDLER = 'index.handler';

/** Where a bundle goes unless told otherwise: one folder per function, not committed. */
export const BUNDLES_DIRECTORY = join(__dirname, '..', 'dist', 'functions');

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
      await build({
        entryPoints: [join(__dirname, name, 'handler.ts')],
        outfile: join(folder, 'index.mjs'),
        bundle: true,
        platform: 'node',
        target: 'node20',
        format: 'esm',
        sourcemap: true,
        sourcesContent: false,
        logLevel: 'warning',
        mainFields: ['module', 'main'],
        // CommonJS packages inside an ESM bundle still call `require` for Node's own modules.
        banner: {
          js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
        },
      });
      return [name, folder] as const;
    }),
  );
  return new Map(built);
}
