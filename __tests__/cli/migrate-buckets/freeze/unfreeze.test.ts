import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteBucketPolicyCommand } from '@aws-sdk/client-s3';
import { ONCE_UNFROZEN } from '../../../../cli/migrate-buckets/plan-files/once-begun';
import { eventually } from '../../../../packages/local-aws/__tests__/support/eventually';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { configuredSetting } from './configured-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());
afterEach(() => harness.admin.clearFaults());

async function frozen() {
  const setting = await configuredSetting(harness);
  expect((await setting.makePlan()).code).toBe(0);
  expect((await setting.apply()).code).toBe(0);
  return setting;
}

it('puts policy and lifecycle back as they were, byte for byte, and says so', async () => {
  const { source, unfreeze, configuration, before } = await frozen();
  expect((await configuration()).rules?.map(({ ID, Status }) => [ID, Status])).toEqual([
    ['migrate-buckets-suspended:old', 'Disabled'],
    ['off', 'Disabled'],
  ]);
  const { code, result } = await unfreeze();
  expect({ code, result }).toMatchObject({
    code: 0,
    result: {
      source,
      unfrozen: true,
      steps: [
        "Take the freeze's statement out of the policy, which is then what it was, byte for byte.",
        'Enable the lifecycle rule old again.',
      ],
    },
  });
  expect(await configuration()).toEqual(before);
  expect((await unfreeze()).result).toMatchObject({ exit_code: 0, unfrozen: false, steps: [] });
});

it.each([
  ['verified', 'Before retiring it, apply again.'],
  ['retiring', ONCE_UNFROZEN],
  ['retired', 'any more.'],
])('B12: says what is next once the plan is %s', async (phase, advice) => {
  const { source, plan } = await frozen();
  const path = join(harness.folder, plan.replace('.json', '.state.json'));
  await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), phase }));
  const { stdout } = await harness.run(['unfreeze', plan]);
  const [first = ''] = stdout.split('\n');
  expect(first.startsWith(`${source} is not frozen any more.`)).toBe(true);
  expect(first.endsWith(advice)).toBe(true);
});

it('keeps a statement and a rule that somebody added while it was frozen', async () => {
  const { unfreeze, statements, statement, putPolicy, putRules, rules, rule } = await frozen();
  await putPolicy(JSON.stringify({ Statement: [...(await statements()), statement('AddedMeanwhile')] }));
  await putRules([...((await rules()) ?? []), rule('added-meanwhile')]);
  const { code, result } = await unfreeze();
  expect(code).toBe(0);
  expect(result.steps).toEqual([
    "Take the freeze's statement out of the policy, and keep 2 other statements: somebody changed the policy since the freeze.",
    'Enable the lifecycle rule old again.',
  ]);
  expect((await statements()).map(({ Sid }) => Sid)).toEqual(['Mine', 'AddedMeanwhile']);
  expect((await rules())?.map(({ ID, Status }) => [ID, Status])).toEqual([
    ['old', 'Enabled'],
    ['off', 'Disabled'],
    ['added-meanwhile', 'Enabled'],
  ]);
});

it('keeps what somebody added, also where apply itself undoes its freeze', async () => {
  const { source, plan, makePlan, statements, statement, putPolicy } = await configuredSetting(harness);
  await makePlan();
  const { child, done } = harness.start(['apply', plan, '--confirm', source, '--settle', '600']);
  const state = () => harness.read(plan.replace('.json', '.state.json')).catch(() => '');
  await eventually('the source is frozen', async () => (await state()).includes('"frozen"'));
  await putPolicy(JSON.stringify({ Statement: [...(await statements()), statement('AddedMeanwhile')] }));
  child.kill('SIGTERM');
  expect((await done).code).toBe(75);
  expect((await statements()).map(({ Sid }) => Sid)).toEqual(['Mine', 'AddedMeanwhile']);
});

it('refuses, and shows what differs, where its statement was altered', async () => {
  const { unfreeze, statements, putPolicy, configuration } = await frozen();
  const altered = (await statements()).map((each) =>
    each.Sid.startsWith('MigrateBucketsFreeze') ? { ...each, Action: 's3:PutObject' } : each,
  );
  await putPolicy(JSON.stringify({ Statement: altered }));
  const left = await configuration();
  const { code, result } = await unfreeze();
  expect(code).toBe(6);
  expect(result.message).toMatch(
    /was altered since, so nothing was changed\. Action is "s3:PutObject", and the freeze put \[.*Make it what it was, or take it away yourself, then run "migrate-buckets unfreeze" again\./,
  );
  expect(await configuration()).toEqual(left);
  await putPolicy(JSON.stringify({ Statement: altered.filter(({ Sid }) => Sid === 'Mine') }));
  expect((await unfreeze()).code).toBe(0);
  expect((await statements()).map(({ Sid }) => Sid)).toEqual(['Mine']);
});

it('refuses, and shows what differs, where a rule that it suspended was altered', async () => {
  const { unfreeze, rules, putRules, before, configuration } = await frozen();
  const [first = {}, ...others] = (await rules()) ?? [];
  await putRules([{ ...first, Status: 'Disabled', Expiration: { Days: 1 } }, ...others]);
  const { code, result } = await unfreeze();
  expect(code).toBe(6);
  expect(result.message).toMatch(/The lifecycle rule old is .*"Days":1.* suspended .*"Days":9/);
  await putRules([{ ...first, Status: 'Disabled' }, ...others]);
  expect((await unfreeze()).code).toBe(0);
  expect(await configuration()).toEqual(before);
});

it('does not bring a policy back that somebody deleted, and says what it did', async () => {
  const { source, unfreeze, policyText } = await frozen();
  await harness.s3.send(new DeleteBucketPolicyCommand({ Bucket: source }));
  const { result } = await unfreeze();
  expect(result.steps).toEqual([
    'Leave the policy as it is: there is no statement of the freeze in it.',
    'Enable the lifecycle rule old again.',
  ]);
  expect(await policyText()).toBeUndefined();
});
