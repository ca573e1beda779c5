import { type CliHarness, startCliHarness } from '../cli-harness';
import { configuredSetting } from './configured-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness({ eventualConfiguration: { staleReads: 5, conflicts: true } });
});
afterAll(() => harness?.stop());
afterEach(() => harness.admin.clearFaults());

/** What is really there: once enough reads have used up the stale ones. */
async function settled<T>(read: () => Promise<T>): Promise<T> {
  for (let number = 0; number < 20; number++) await read();
  return read();
}

it('12b: freezes and unfreezes a bucket whose reads are stale and whose changes are refused back to back', async () => {
  const { makePlan, apply, unfreeze, configuration, before, statements } = await configuredSetting(harness);
  await makePlan();
  expect(await apply()).toMatchObject({ code: 0, result: { verification: { proven: true } } });
  expect((await settled(statements)).map(({ Sid }) => Sid.slice(0, 20))).toEqual([
    'Mine',
    'MigrateBucketsFreeze',
  ]);
  expect((await unfreeze()).code).toBe(0);
  expect(await settled(configuration)).toEqual(before);
  // One stale read of our own freeze is not taken for another plan's.
  expect((await apply()).code).toBe(0);
  expect((await unfreeze()).code).toBe(0);
  expect(await settled(configuration)).toEqual(before);
});

it('12b: writes what undoes a freeze that failed, though a stale read says that nothing is to be undone', async () => {
  const { makePlan, apply, configuration, before } = await configuredSetting(harness);
  await makePlan();
  await harness.admin.inject({ operation: 'ListObjectVersions', fail: 'AccessDenied', times: 0 });
  expect((await apply()).code).toBe(1);
  expect(await settled(configuration)).toEqual(before);
});

it('12b: keeps what was saved until it is undone', async () => {
  const { plan, makePlan, apply, unfreeze, configuration, before } = await configuredSetting(harness);
  await makePlan();
  expect((await apply()).code).toBe(0);
  await settled(configuration);
  await harness.admin.inject({ operation: 'PutBucketPolicy', fail: 'AccessDenied', times: 0 });
  expect((await unfreeze()).code).toBe(1);
  expect(JSON.parse(await harness.read(plan.replace('.json', '.state.json')))).toMatchObject({
    phase: 'verified',
    saved: { policy: before.policy },
  });
  await harness.admin.clearFaults();
  expect((await unfreeze()).code).toBe(0);
  expect(await settled(configuration)).toEqual(before);
});

it.each([
  ['0', 1],
  ['0.001', 10],
] as const)('with a pause of %s seconds between reads, believes %i of them', async (pause, reads) => {
  const { source, configuration } = await configuredSetting(harness);
  expect(await settled(() => configuration().catch(() => undefined))).toBeDefined();
  await harness.admin.resetRequests();
  expect((await harness.json('status', '--source', source, '--read-pause', pause)).code).toBe(0);
  expect(await harness.admin.requests()).toMatchObject({
    GetBucketPolicy: reads,
    GetBucketLifecycleConfiguration: reads,
  });
});
