import { type CliHarness, startCliHarness } from '../../migrate-buckets/cli-harness';
import { migratedSetting, numbered } from '../../migrate-buckets/migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

it('many requests that are sent again side by side are nothing that Node warns of', async () => {
  const { plan } = await migratedSetting(harness, numbered(40));
  // More than the SDK itself repeats, of all that are asked for together.
  await harness.admin.inject({ operation: 'HeadObject', fail: 'InternalError', times: 150 });
  expect(await harness.run(['verify', plan])).toMatchObject({ code: 0, stderr: '' });
});
