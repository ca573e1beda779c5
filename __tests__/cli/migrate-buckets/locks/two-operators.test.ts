import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../../../packages/local-aws/__tests__/support/eventually';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting, numbered } from '../migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

/** A migration whose `apply` waits with the source frozen. */
async function underWay() {
  const setting = await migrationSetting(harness, numbered(3));
  await setting.makePlan();
  const { source, plan } = setting;
  const running = harness.start(['apply', plan, '--confirm', source, '--settle', '600']);
  const state = () => harness.read(plan.replace('.json', '.state.json')).catch(() => '');
  await eventually('the source is frozen', async () => (await state()).includes('"frozen"'));
  const stop = async () => {
    running.child.kill('SIGINT');
    await running.done;
  };
  return { ...setting, state, stop, ...running };
}

it('C16: does not let plan delete the state and the journal of an apply that runs', async () => {
  const { plan, makePlan, state, stop } = await underWay();
  const files = ['state.json', 'journal.ndjson'].map((end) => plan.replace('json', end));
  const before = await Promise.all(files.map(harness.read));
  const { code, result } = await makePlan();
  expect(code).toBe(6);
  expect(result.message).toMatch(/works on this plan: apply of .*Wait for it, or stop it/);
  expect(await Promise.all(files.map(harness.read))).toEqual(before);
  expect(await state()).toContain('"saved"');
  await stop();
});

it('C16: keeps a second operator, with a copy of the plan elsewhere, away from the buckets', async () => {
  const { source, destination, plan, applyArguments, stop, child, done } = await underWay();
  await mkdir(join(harness.folder, 'elsewhere'));
  const copied = join('elsewhere', plan);
  for (const end of ['json', 'manifest.ndjson']) {
    const file = plan.replace('json', end);
    await cp(join(harness.folder, file), join(harness.folder, 'elsewhere', file));
  }
  const [, , ...options] = applyArguments;
  const second = () => harness.json('apply', copied, ...options);
  const { code, result } = await second();
  expect(code).toBe(6);
  expect(result.message).toMatch(
    new RegExp(
      `works on the migration of ${source} to ${destination}: apply of .*${plan} by .* \\(process ${child.pid}\\)`,
    ),
  );
  await stop();
  await done;
  // The lock is free, and the copied plan has been outrun by what the first one copied.
  expect((await second()).code).toBe(5);
});

it('says of an operator whose process was killed that it held the lock, and that nobody does', async () => {
  const { source, makePlan, applyArguments } = await migrationSetting(harness, numbered(1));
  await makePlan();
  const { child, done } = harness.start([...applyArguments, '--settle', '600']);
  const status = () => harness.json('status', '--source', source);
  const { result } = await eventually('it is frozen', async () => {
    const found = await status();
    return found.result.frozen === true && found;
  });
  expect(result.lock).toMatchObject({ command: 'apply' });
  child.kill('SIGKILL');
  await done;
  expect((await status()).result).toMatchObject({ frozen: true, lock: null });
  const { stdout } = await harness.run(['status', '--source', source]);
  expect(stdout).toContain('nobody holds the lock of its migration');
  expect(stdout).toMatch(/held it, and is gone without an end: apply, process \d+, since 20/);
});

it('C16: lets one of two operators win who begin at once, and the winner ends verified', async () => {
  const { source, plan, makePlan, applyArguments } = await migrationSetting(harness, numbered(20));
  await makePlan();
  const folder = `at-once-${plan}`;
  await mkdir(join(harness.folder, folder));
  for (const end of ['json', 'manifest.ndjson']) {
    const file = plan.replace('json', end);
    await cp(join(harness.folder, file), join(harness.folder, folder, file));
  }
  const [, , ...options] = applyArguments;
  const both = await Promise.all([
    harness.json('apply', plan, ...options),
    harness.json('apply', join(folder, plan), ...options),
  ]);
  const codes = both.map(({ code }) => code);
  expect(codes).toContain(0);
  // Locked out, or, if it came late, outrun by what the winner copied.
  expect([5, 6]).toContain(codes.find((code) => code !== 0));
  const winner = codes[0] === 0 ? plan : join(folder, plan);
  expect((await harness.json('verify', winner)).result).toMatchObject({ proven: true, objects: 20 });
  expect((await harness.json('status', '--source', source)).result).toMatchObject({
    frozen: true,
    lock: null,
  });
});
