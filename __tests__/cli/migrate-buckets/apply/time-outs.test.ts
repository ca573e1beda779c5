import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { snapshotArchiveKey } from '../../../../contracts/bucket-layout';
import { makeSnapshot } from '../../../support/chroma-snapshots';
import { contents, putSnapshot } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting, numbered } from '../migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());
afterEach(() => harness.admin.clearFaults());

/** Milliseconds: longer than any test. */
const NEVER = 600_000;
const SOON = ['--request-timeout', '0.5'];

it('C13: copies whose answers never come, or come lost, are sent again, and all is proven', async () => {
  const { makePlan, apply } = await migrationSetting(harness, numbered(5));
  expect((await makePlan(...SOON)).code).toBe(0);
  await harness.admin.inject(
    { operation: 'CopyObject', keyPrefix: 'lines/', nth: 2, delay: NEVER },
    { operation: 'CopyObject', keyPrefix: 'lines/', nth: 4, trickle: true },
    { operation: 'ListObjectsV2', nth: 3, trickle: true },
    { operation: 'GetBucketPolicy', nth: 2, delay: NEVER },
  );
  expect(await apply(...SOON)).toMatchObject({
    code: 0,
    result: { verification: { proven: true, objects: 5 } },
  });
});

it('C13: a server that does not answer any more is named, with what it was asked', async () => {
  const { source, makePlan } = await migrationSetting(harness, numbered(1));
  await harness.admin.inject({ operation: 'ListObjectsV2', bucket: source, delay: NEVER, times: 0 });
  expect(await makePlan('--request-timeout', '0.1')).toMatchObject({
    code: 1,
    result: {
      message: expect.stringMatching(/^AWS could not be reached when asked to list .*\(TimeoutError\)/),
    },
  });
});

it('C13: says how long it waits for the freeze to settle', async () => {
  const { makePlan, apply } = await migrationSetting(harness, numbered(1));
  await makePlan();
  const { code, events } = await apply('--settle', '1');
  expect(code).toBe(0);
  expect(events.find(({ event }) => event === 'settling')?.message).toBe(
    'Waiting 1 s (--settle) until all of S3 denies them.',
  );
});

it.each([{ reset: 'middle' as const }, { delay: NEVER }])(
  'C18: an archive whose reading breaks off is read again, and never taken for a damaged one: %j',
  async (fault) => {
    const full = await makeSnapshot(1);
    const version = '20260101_000000';
    const { source, makePlan } = await migrationSetting(harness, (name) =>
      putSnapshot(harness.s3, name, 'lines', version, full),
    );
    const keyPrefix = snapshotArchiveKey('lines', version);
    await harness.admin.inject({ operation: 'GetObject', bucket: source, keyPrefix, ...fault });
    const { code, result } = await makePlan(...SOON);
    expect(code).toBe(0);
    expect(JSON.stringify(result.authority)).toContain('pages whole.');
  },
);

it('C18: a token that expires stops the migration at once, and a new one goes on where it stopped', async () => {
  const { source, destination, makePlan, examine, apply } = await migrationSetting(harness, numbered(300));
  await makePlan();
  await examine();
  await harness.admin.resetRequests();
  await harness.admin.inject({ operation: 'CopyObject', nth: 40, times: 0, fail: 'ExpiredToken' });
  const stopped = await apply('--concurrency', '4');
  expect(stopped).toMatchObject({
    code: 1,
    result: {
      message: expect.stringMatching(
        /^AWS refused the credentials \(ExpiredToken\) when asked to copy .* Renew them, then run the same command again\.$/,
      ),
    },
  });
  expect(stopped.events.filter(({ event }) => event === 'object-failed')).toEqual([]);
  // What was in flight is refused as well, and nothing is begun after that.
  expect((await harness.admin.requests()).CopyObject).toBeLessThan(200);
  await harness.admin.clearFaults();
  await harness.admin.resetRequests();
  expect(await apply()).toMatchObject({ code: 0, result: { verification: { proven: true, objects: 300 } } });
  expect((await contents(harness.s3, destination)).size).toBe(300);
  expect((await harness.admin.requests()).CopyObject).toBeLessThan(300);
  const { Policy } = await harness.s3.send(new GetBucketPolicyCommand({ Bucket: source }));
  expect(Policy).toContain('MigrateBucketsFreeze');
});
