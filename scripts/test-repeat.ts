import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * `npm run test:repeat -- 5 --loaded 2 [-- JEST ARGUMENTS]`: the whole suite five times, the last two with every
 * core kept busy by something else. What fails once is a defect: a test that rests on timing, ports or order.
 */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { loaded: { type: 'string', default: '0' } },
  });
  const [rounds = '1', ...jestArguments] = positionals;
  const [total, loaded] = [Number(rounds), Number(values.loaded)];
  if (!(Number.isInteger(total) && total > 0 && Number.isInteger(loaded) && loaded >= 0 && loaded <= total)) {
    process.stderr.write(
      'Say how often as a whole number, and how many of these rounds are loaded: 5 --loaded 2\n',
    );
    return 2;
  }
  const failures = new Map<string, number[]>();
  for (let round = 1; round <= total; round++) {
    const isLoaded = round > total - loaded;
    const seconds = await runRound(round, isLoaded, jestArguments, failures);
    process.stdout.write(`round ${round} of ${total}${isLoaded ? ' under load' : ''}: ${seconds} s\n`);
  }
  for (const [name, where] of failures)
    process.stdout.write(`failed in round ${where.join(', ')}: ${name}\n`);
  process.stdout.write(
    failures.size === 0 ? `${total} rounds, nothing failed\n` : `${failures.size} tests failed\n`,
  );
  return failures.size === 0 ? 0 : 1;
}

/** Notes under each failing test's name in which round it failed; a round that could not run fails by that name. */
async function runRound(
  round: number,
  isLoaded: boolean,
  jestArguments: readonly string[],
  failures: Map<string, number[]>,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'test-repeat-'));
  const load = isLoaded ? Array.from({ length: availableParallelism() }, keepOneCoreBusy) : [];
  const fail = (name: string) => failures.set(name, [...(failures.get(name) ?? []), round]);
  const started = performance.now();
  try {
    const report = join(folder, 'report.json');
    const jest = spawn('npx', ['jest', '--json', `--outputFile=${report}`, ...jestArguments], {
      stdio: 'ignore',
    });
    const [code] = await once(jest, 'exit');
    const { testResults } = JSON.parse(await readFile(report, 'utf8')) as {
      testResults: {
        name: string;
        message: string;
        assertionResults: { status: string; fullName: string }[];
      }[];
    };
    const failed = testResults.flatMap(({ name, assertionResults, message }) => {
      const tests = assertionResults
        .filter(({ status }) => status === 'failed')
        .map(({ fullName }) => fullName);
      return tests.length > 0 || message === '' ? tests : [`${name}: ${message}`];
    });
    for (const name of failed) fail(name);
    for (const { message } of testResults) process.stdout.write(message);
    if (code !== 0 && failed.length === 0) fail(`jest ended with ${code}`);
  } finally {
    for (const child of load) child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  }
  return Math.round((performance.now() - started) / 1000);
}

const keepOneCoreBusy = (): ChildProcess => spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });

main().then((code) => {
  process.exitCode = code;
});
