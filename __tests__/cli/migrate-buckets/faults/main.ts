import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import buildPrograms from '../../../support/built-programs';
import removePrograms from '../../../support/remove-built-programs';
import type { RunReport } from './one-run';

/**
 * `npm run test:faults -- --runs 500 --seed 1 [--concurrency 2] [--verbose] [--json]`: whole migrations by the CLI,
 * each with the faults, kills and changes that its seed decides. `--runs 1 --seed 42` is run 42 again. It ends with 1
 * when a run lied, lost, hung or broke.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '500' },
      seed: { type: 'string', default: '1' },
      concurrency: { type: 'string', default: String(availableParallelism()) },
      json: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
    },
  });
  const [runs, seed, concurrency] = [values.runs, values.seed, values.concurrency].map(Number);
  if (!isCount(runs) || !Number.isInteger(seed) || seed === undefined || !isCount(concurrency)) {
    process.stderr.write(
      'Say how many runs, from which seed, how many at a time: --runs 500 --seed 1 --concurrency 2\n',
    );
    return 2;
  }
  buildPrograms();
  // Not before: what tests start is decided when it is loaded.
  const { runSuite } = await import('./suite');
  let done = 0;
  const summary = await runSuite({
    runs,
    seed,
    concurrency,
    told: (report, scenario) => {
      done++;
      if (values.verbose) process.stderr.write(`${JSON.stringify(scenario, null, 1)}\n`);
      const codes = values.verbose ? `: ${report.codes.join(' ')}` : '';
      process.stderr.write(`${done} of ${runs}: seed ${report.seed}${codes}\n`);
      const wrong = complaintsOf(report);
      (values.json ? process.stderr : process.stdout).write(wrong.map((each) => `${each}\n`).join(''));
    },
  }).finally(removePrograms);
  const { seeds: _, ...counts } = summary;
  const short = Object.entries(counts).map(([name, count]) => `${name.replaceAll('_', ' ')} ${count}`);
  process.stdout.write(`${values.json ? JSON.stringify(summary) : short.join(', ')}\n`);
  return Object.values(summary.seeds).some((seeds) => seeds.length > 0) ? 1 : 0;
}

const isCount = (value: number | undefined): value is number =>
  value !== undefined && Number.isInteger(value) && value > 0;

const complaintsOf = ({
  seed,
  exitZeroWithDifference,
  deletedUnproven,
  overwritten,
  hung,
  broken,
  codes,
}: RunReport) =>
  [
    ...exitZeroWithDifference,
    ...deletedUnproven.map((what) => `It deleted what was not at the destination at that moment: ${what}`),
    ...overwritten.map((key) => `It wrote over what somebody else had put to the destination: ${key}`),
    ...hung,
    ...broken,
  ].map((complaint) => `seed ${seed} (${codes.join(' ')}): ${complaint}`);

// Whatever ends it before the summary is not a success.
process.exitCode = 1;
main().then((code) => {
  process.exitCode = code;
});
