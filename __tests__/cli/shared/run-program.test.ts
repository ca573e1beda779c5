import { readFile } from 'node:fs/promises';
import { eventually } from '../../../packages/local-aws/__tests__/support/eventually';
import { describeWith } from '../../../packages/local-aws/__tests__/support/requirements';
import {
  type CliHarness,
  PSEUDO_TERMINAL,
  type RunningCli,
  startCliHarness,
} from '../migrate-buckets/cli-harness';
import { migrationSetting, numbered } from '../migrate-buckets/migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

async function planned() {
  const setting = await migrationSetting(harness, numbered(1));
  expect((await setting.makePlan()).code).toBe(0);
  const { source, plan } = setting;
  const isFrozen = async () => (await harness.json('status', '--source', source)).result.frozen;
  return { ...setting, isFrozen, waiting: ['apply', plan, '--confirm', source, '--settle', '600'] };
}

/** A running command, and what waits until it has said something. */
function listeningTo(running: RunningCli) {
  let seen = '';
  running.child.stdout?.on('data', (text) => {
    seen += text;
  });
  const said = (what: string) => eventually(`it says "${what}"`, async () => seen.includes(what));
  return { ...running, said };
}

it('says what takes its time when it is stopped, and that all stays as it is when it is stopped once more', async () => {
  const { source, isFrozen, waiting } = await planned();
  const running = listeningTo(harness.start(waiting));
  await running.said('Waiting');
  await harness.admin.inject({ operation: 'GetBucketPolicy', times: 0, delay: 600_000 });
  running.child.kill('SIGINT');
  await running.said(`${source} is not verified: taking the freeze out of it again`);
  running.child.kill('SIGINT');
  const { code, stderr } = await running.done;
  expect(code).toBe(130);
  expect(stderr.split('\n').slice(1)).toEqual(['Stopped at once: what was begun stays as it is.', '']);
  await harness.admin.clearFaults();
  expect(await isFrozen()).toBe(true);
});

describeWith([PSEUDO_TERMINAL], 'On a terminal', () => {
  it('brings what was begun to an end when the terminal is closed, and nothing can be said any more', async () => {
    const { isFrozen, waiting, apply } = await planned();
    const running = listeningTo(harness.startOnTerminal(waiting));
    await running.said('Waiting');
    running.child.kill('SIGKILL');
    await running.done;
    await eventually('the source is unfrozen', async () => !(await isFrozen()));
    await eventually('the plan can be applied', async () => (await apply()).code === 0);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('ends at %s while it asks', async (signal) => {
    const { plan, isFrozen } = await planned();
    const running = listeningTo(harness.startOnTerminal(['apply', plan]));
    await running.said('Type its name to go on:');
    const { pid } = running.child;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
    process.kill(Number(children), signal);
    const { code, stdout } = await running.done;
    expect(code).toBe(75);
    expect(stdout).toContain('Interrupted. Run the same command again to go on.');
    expect(await isFrozen()).toBe(false);
  });
});
