const { execFileSync } = require('node:child_process');
const { mkdtempSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

/**
 * Builds the CLI once, before the first suite, as whoever installs it gets it: tests start it a thousand times, and
 * from its sources each start takes three times as long. The demo starts those.
 */
module.exports = () => {
  const folder = mkdtempSync(join(tmpdir(), 'built-cli-'));
  const script = join(__dirname, '..', '..', 'scripts', 'build-cli.ts');
  execFileSync(process.execPath, ['--import', 'tsx', script, '--into', folder]);
  process.env.MIGRATE_BUCKETS_ENTRY = join(folder, 'migrate-buckets.cjs');
};
