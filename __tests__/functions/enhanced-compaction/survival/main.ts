import { parseArgs } from 'node:util';
import buildPrograms from '../../../support/built-programs';
import removePrograms from '../../../support/remove-built-programs';
import type { StormReport } from './one-storm';

/**
 * `npm run test:survival -- --storms 20 --seed 1 --mode embedded|server [--burst 12000] [--concurrency 4] [--verbose]
 * [--json]`: storms over the compaction, each with the kills, stalls, faults and damages that its seed decides. `--storms
 * 1 --seed 42` is storm 42 again. It ends with 1 when anything was lost, double, hidden or blocked.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      storms: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      mode: { type: 'string', default: 'embedded' },
      burst: { type: 'string', default: '12000' },
      concurrency: { type: 'string', default: '4' },
      json: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
    },
  });
  const { mode } = values;
  const [storms = 0, seed = 0, burst = 0, concurrency = 0] = [
    values.storms,
    values.seed,
    values.burst,
    values.concurrency,
  ].map(Number);
  const isUsable =
    [storms, concurrency].every((value) => Number.isInteger(value) && value > 0) &&
    [seed, burst].every((value) => Number.isInteger(value) && value >= 0);
  if (!isUsable || (mode !== 'embedded' && mode !== 'server')) {
    process.stderr.write(
      'Say how many storms, from which seed, and in which mode: --storms 20 --seed 1 --mode embedded (or server)\n',
    );
    return 2;
  }
  buildPrograms();
  // Not before: what storms start is decided when it is loaded.
  const { runSuite } = await import('./suite');
  const { stdout, stderr } = process;
  const summary = await runSuite({
    storms,
    seed,
    burst,
    concurrency,
    mode,
    told: (report) => {
      const wrong = complaintsOf(report);
      (values.json ? stderr : stdout).write(
        `${lineOf(report)}\n${wrong.map((each) => `  ${each}\n`).join('')}`,
      );
      if (values.verbose) stderr.write(`${report.lines.join('\n')}\n`);
    },
  }).finally(removePrograms);
  const short = Object.entries(summary).map(
    ([name, value]) =>
      `${name} ${Array.isArray(value) ? (value.length === 0 ? 'none' : value.join(' ')) : value}`,
  );
  stdout.write(`${values.json ? JSON.stringify(summary) : short.join(', ')}\n`);
  return [summary.lost, summary.double, summary.hidden, summary.blocked].some((seeds) => seeds.length > 0)
    ? 1
    : 0;
}

const lineOf = ({ seed, runs, kills, faults, seconds }: StormReport) =>
  `seed ${seed}: ${runs} runs, ${kills} kills and ${faults} faults in ${seconds} s`;

const complaintsOf = ({ lost, double, hidden, blocked }: StormReport) =>
  Object.entries({ lost, double, hidden, blocked }).flatMap(([what, all]) =>
    all.map((complaint) => `${what}: ${complaint}`),
  );

// So that what is to be done at the exit is done: a stalled sandbox goes on, and ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
// Whatever ends it before the summary is not a success.
process.exitCode = 1;
main().then((code) => {
  process.exitCode = code;
});
