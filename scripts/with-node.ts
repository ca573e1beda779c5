import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** The newest of each major that npm carries for Linux and Windows, as read on 2026-11-25. */
const VERSIONS: Readonly<Record<string, string>> = { '22': '22.23.3', '24': '24.21.0' };
const CACHE = join(__dirname, '..', 'node_modules', '.cache');

/**
 * `npm run with-node -- 24 test __tests__/contracts`: runs a script of package.json under another Node, which npm
 * fetches once and checks like any other package.
 */
function main([major = '', script, ...args]: readonly string[]): number {
  const version = VERSIONS[major];
  if (version === undefined || script === undefined) {
    process.stderr.write(`Say which Node (${Object.keys(VERSIONS).join(', ')}) and which script: 24 demo\n`);
    return 2;
  }
  const PATH = [dirname(nodeOf(version)), process.env.PATH].join(delimiter);
  // Windows finds npm by its shell alone.
  const options = {
    env: { ...process.env, PATH },
    stdio: 'inherit',
    shell: process.platform === 'win32',
  } as const;
  return spawnSync('npm', ['run', script, '--', ...args], options).status ?? 1;
}

/** The path of a Node of this version, fetched unless that was done before. No install script runs. */
function nodeOf(version: string): string {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(CACHE, `node-${version}`);
  const node = join(folder, 'node_modules', name, 'bin', platform === 'win' ? 'node.exe' : 'node');
  if (existsSync(node)) return node;
  mkdirSync(folder, { recursive: true });
  const install = ['install', `${name}@${version}`, '--prefix', folder, '--no-save', '--ignore-scripts'];
  try {
    execFileSync('npm', install, { stdio: 'pipe', shell: platform === 'win' });
  } catch (cause) {
    throw new Error(
      `npm has no Node ${version} for ${platform} ${process.arch}, or cannot be reached. Install that Node in another way.`,
      { cause },
    );
  }
  return node;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
