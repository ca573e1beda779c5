import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type Measured, passes, verdict } from './mutation/figures';
import { modules } from './mutation/modules';
import { isMeasured, writePage } from './mutation/page';
import { mutate } from './mutation/stryker';

/**
 * `npm run mutate [-- PART OF A PATH…] [--changed] [--minutes 10] [--jobs 2]`: changes each module in every way that
 * Stryker knows, and fails unless its own test notices at least 90 % of the changes and the others are explained in
 * `equivalents.json`. Writes the figures into `docs/mutation.md`.
 *
 * `--changed`: only modules that differ, or whose tests differ, from what the page's figures were measured with.
 * `--minutes`: begins no module after so many; those that are left are named, and it fails.
 */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      changed: { type: 'boolean', default: false },
      minutes: { type: 'string', default: 'Infinity' },
      jobs: { type: 'string', default: String(availableParallelism()) },
    },
  });
  const end = performance.now() + Number(values.minutes) * 60_000;
  const waiting = modules
    .filter((module) => positionals.length === 0 || positionals.some((part) => module.includes(part)))
    .filter((module) => !values.changed || !isMeasured(module));
  const jobs = Number(values.jobs);
  const unknown = positionals.filter((part) => !modules.some((module) => module.includes(part)));
  if (unknown.length > 0 || !(Number.isInteger(jobs) && jobs > 0)) {
    process.stderr.write(
      `No module is called ${unknown.join(', ') || '…'}, or --jobs is not a whole number from 1 on.\n`,
    );
    return 2;
  }
  if (waiting.length === 0) process.stdout.write('No module is to be mutated.\n');

  const measured: Measured[] = [];
  const left: string[] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (performance.now() > end) {
        left.push(next);
        continue;
      }
      const found = await mutate(next);
      measured.push(found);
      process.stdout.write(`${verdict(found)}\n`);
      // After each one: a run that is broken off has not been for nothing.
      writePage(measured.filter(passes));
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  if (left.length > 0) {
    process.stdout.write(
      `Not measured within ${values.minutes} minutes: ${left.join(', ')}. Run "npm run mutate -- --changed" without --minutes and commit docs/mutation.md.\n`,
    );
  }
  return left.length === 0 && measured.every(passes) ? 0 : 1;
}

main().then((code) => {
  process.exitCode = code;
});
