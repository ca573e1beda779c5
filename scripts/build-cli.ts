import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type Metafile } from 'esbuild';
import { thirdPartyNotices } from './third-party-notices';

const ROOT = join(__dirname, '..');
const SOURCE = join(ROOT, 'cli', 'migrate-buckets');
const DIST = join(ROOT, 'dist');
/** SQLite as WebAssembly, which its loader looks for beside the bundle. */
const SQLITE = 'node-sqlite3-wasm.wasm';

/**
 * `npm run build` makes `dist/migrate-buckets`, the npm package of the CLI alone; with `--into FOLDER` it is made
 * there, and with `--pack` its tarball too, whose absolute path is the last line that is printed.
 *
 * @throws {Error} when a source does not bundle, or a bundled package may not be passed on.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { into: { type: 'string' }, pack: { type: 'boolean' } } });
  const { into: folder = join(DIST, 'migrate-buckets'), pack = false } = values;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { bin, private: _, ...manifest } = JSON.parse(await readFile(join(SOURCE, 'package.json'), 'utf8'));
  const { inputs } = await bundle(join(folder, bin[manifest.name]));
  await Promise.all([
    writeFile(join(folder, 'package.json'), `${JSON.stringify({ ...manifest, bin }, undefined, 2)}\n`),
    writeFile(join(folder, 'THIRD-PARTY-NOTICES'), await thirdPartyNotices(ROOT, Object.keys(inputs))),
    copyFile(require.resolve(`node-sqlite3-wasm/dist/${SQLITE}`), join(folder, SQLITE)),
    copyFile(join(SOURCE, 'README.md'), join(folder, 'README.md')),
    copyFile(join(ROOT, 'LICENSE'), join(folder, 'LICENSE')),
  ]);
  console.log(folder);
  if (pack) console.log(join(DIST, npmPack(folder)));
}

/**
 * One file, in which what a command needs still loads only when it is called: `require` inside a function stays
 * lazy. Not minified, since whoever lets it empty a bucket may want to read it, and a reported stack names functions.
 */
async function bundle(outfile: string): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(SOURCE, 'main.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20.9',
    format: 'cjs',
    banner: { js: '#!/usr/bin/env node' },
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

/** Returns the tarball's file name. */
function npmPack(folder: string): string {
  const printed = execFileSync('npm', ['pack', folder, '--json', '--pack-destination', DIST], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  const [{ filename }] = JSON.parse(printed);
  return filename;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
