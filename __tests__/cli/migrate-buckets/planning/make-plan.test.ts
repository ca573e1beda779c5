import { readdir } from 'node:fs/promises';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting, numbered } from '../migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

it('a plan that fails at its very end, when all is listed, leaves nothing behind', async () => {
  const { source, destination, plan } = await migrationSetting(harness, numbered(3));
  await harness.admin.inject({ operation: 'HeadObject', fail: 'ExpiredToken', times: 0 });
  const names = ['--source', source, '--bucket', source, '--dest', destination, '--out', plan];
  const failed = await harness.run(['plan', ...names, '--json']);
  await harness.admin.clearFaults();
  expect(failed).toMatchObject({ code: 1, stderr: '' });
  expect(failed.events.at(-1)?.message).toContain('read the properties of');
  const left = (await readdir(harness.folder)).filter((name) => name.startsWith(plan.replace('json', '')));
  expect(left).toEqual([]);
});
