import { DeleteBucketPolicyCommand, HeadBucketCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { markNow } from '../../../../cli/migrate-buckets/freeze/freeze-mark';
import { freezePolicy, freezeStatement } from '../../../../cli/migrate-buckets/freeze/freeze-policy';
import { contents } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migratedSetting, migrationSetting, numbered } from '../migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

it('of migrations gives up its middle: what the first left in it goes with it, and not while the first is open', async () => {
  const first = await migratedSetting(harness, numbered(2));
  const second = await migrationSetting(harness, {});
  const middle = first.destination;
  const args = ['--source', middle, '--dest', second.destination, '--bucket', middle, '--out', second.plan];
  expect((await harness.json('plan', ...args)).code).toBe(0);
  expect(await harness.json('apply', second.plan, '--confirm', middle, '--settle', '0')).toMatchObject({
    code: 0,
  });
  const gates = ['--soak', '0', '--accept-unchecked', 'state', '--accept-idle'];
  const retire = () => harness.json('retire', second.plan, ...gates, '--mode', 'delete', '--confirm', middle);
  const refused = await retire();
  expect(refused.code).toBe(6);
  const failing = (refused.result.gates as { name: string; passed: boolean }[]).filter((g) => !g.passed);
  expect(failing.map(({ name }) => name)).toEqual(['other-migrations']);
  expect((await contents(harness.s3, middle)).size).toBe(2);
  // The first comes to its end; of a source that is kept, everything is told.
  expect((await first.retire('--accept-idle')).code).toBe(0);
  expect(await retire()).toMatchObject({ code: 0, result: { retired: { bucket_deleted: true } } });
  await expect(harness.s3.send(new HeadBucketCommand({ Bucket: middle }))).rejects.toThrow();
});

it('goes back to a bucket that was retired and kept once that is unfrozen: else both deny what the pipeline writes', async () => {
  const there = await migratedSetting(harness, numbered(2));
  expect((await there.retire('--accept-idle')).code).toBe(0);
  const [from, to] = [there.destination, there.source];
  const args = ['plan', '--source', from, '--dest', to, '--bucket', from, '--out', 'back.json'];
  expect((await harness.run(args)).stderr).toContain(
    `Run "migrate-buckets unfreeze --source ${to}" first, or name another destination.`,
  );
  expect((await harness.json('unfreeze', '--source', to, '--confirm', to)).code).toBe(0);
  expect((await harness.run(args)).code).toBe(0);
  const apply = () => harness.json('apply', 'back.json', '--confirm', from, '--settle', '0');
  // What is frozen after the plan was made is seen, too, and before its source is.
  await harness.s3.send(
    new PutBucketPolicyCommand({
      Bucket: to,
      Policy: freezePolicy(null, to, freezeStatement(to, ['*'], markNow('d1', 'elsewhere'))),
    }),
  );
  expect(await apply()).toMatchObject({ code: 6 });
  expect((await harness.json('status', '--source', from)).result).toMatchObject({ frozen: false });
  await harness.s3.send(new DeleteBucketPolicyCommand({ Bucket: to }));
  expect((await apply()).code).toBe(0);
  expect([...(await contents(harness.s3, to)).keys()]).toEqual(Object.keys(numbered(2)));
});

it('of two in one folder keeps what shows why the first was safe: its plan is not replaced', async () => {
  const { source, plan, retire, makePlan } = await migratedSetting(harness, numbered(1));
  expect((await retire('--accept-idle')).code).toBe(0);
  const before = await harness.json('report', plan);
  expect(before.result).toMatchObject({ report: { phase: 'retired' } });
  const refused = await makePlan();
  expect(refused.code).toBe(6);
  expect(refused.result.message).toContain(`${plan} is the plan by which its source was retired`);
  expect((await harness.json('report', plan)).result).toMatchObject({
    report: { phase: 'retired', plan: { source } },
  });
});

it('leads to one destination at a time: what one plan froze, another can neither apply nor retire', async () => {
  const one = await migratedSetting(harness, numbered(2));
  const other = await migrationSetting(harness, {});
  const { source } = one;
  const args = ['--source', source, '--dest', other.destination, '--bucket', source, '--out', other.plan];
  expect((await harness.json('plan', ...args)).code).toBe(0);
  const apply = () => harness.json('apply', other.plan, '--confirm', source, '--settle', '0');
  expect(await apply()).toMatchObject({ code: 6 });
  expect((await harness.json('unfreeze', one.plan)).code).toBe(0);
  expect(await apply()).toMatchObject({ code: 0 });
  // The first plan was verified too: but by now its source is another's.
  expect(await one.retire('--accept-idle')).toMatchObject({ code: 6 });
  expect((await contents(harness.s3, source)).size).toBe(2);
});
