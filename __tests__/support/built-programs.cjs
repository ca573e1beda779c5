const { execFileSync } = require('node:child_process');
const { mkdirSync, mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { buildSync } = require('esbuild');

const ROOT = join(__dirname, '..', '..');

/**
 * Builds once, before the first suite, what tests start hundreds of times, since from its sources each start takes
 * three times as long: the CLI, as whoever installs it gets it, and the servers of `local-aws`. The demo starts the
 * sources of both.
 */
module.exports = () => {
  const folder = mkdtempSync(join(tmpdir(), 'built-cli-'));
  const script = join(ROOT, 'scripts', 'build-cli.ts');
  execFileSync(process.execPath, ['--import', 'tsx', script, '--into', folder]);
  process.env.MIGRATE_BUCKETS_ENTRY = join(folder, 'migrate-buckets.cjs');
  process.env.LOCAL_AWS_SERVERS = builtServers();
};

/** Within the repository, where they find the packages that they need. */
function builtServers() {
  const cache = join(ROOT, '.cache');
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, 'local-aws-'));
  const bundled = { absWorkingDir: join(ROOT, 'packages', 'local-aws', 'src'), outbase: '.', outdir };
  const common = { ...bundled, bundle: true, packages: 'external', platform: 'node', target: 'node20.9' };
  const commonJs = ['control-plane/main.ts', 'dynamodb/main.ts', 's3/main.ts'];
  buildSync({ ...common, entryPoints: commonJs, format: 'cjs' });
  buildSync({
    ...common,
    entryPoints: ['sqs/main.mts'],
    format: 'esm',
    outExtension: { '.js': '.mjs' },
  });
  return outdir;
}
