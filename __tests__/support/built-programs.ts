import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '..', '..');

/**
 * Builds once, before the first suite, what tests start hundreds of times, since from its sources each start takes
 * three times as long: the CLI, as whoever installs it gets it, and the servers of `local-aws`. The demo starts the
 * sources of both.
 */
export default function buildPrograms(): void {
  const folder = mkdtempSync(join(tmpdir(), 'built-cli-'));
  const script = join(ROOT, 'scripts', 'build-cli.ts');
  execFileSync(process.execPath, ['--import', 'tsx', script, '--into', folder]);
  process.env.MIGRATE_BUCKETS_ENTRY = join(folder, 'migrate-buckets.cjs');
  process.env.LOCAL_AWS_SERVERS = builtServers();
}

/** Within the repository, where they find the packages that they need. */
function builtServers(): string {
  const cache = join(ROOT, '.cache');
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, 'local-aws-'));
  const options = {
    absWorkingDir: join(ROOT, 'packages', 'local-aws', 'src'),
    outbase: '.',
    outdir,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20.9',
  } as const;
  buildSync({
    ...options,
    entryPoints: ['control-plane/main.ts', 'dynamodb/main.ts', 's3/main.ts'],
    format: 'cjs',
  });
  buildSync({ ...options, entryPoints: ['sqs/main.mts'], format: 'esm', outExtension: { '.js': '.mjs' } });
  return outdir;
}
