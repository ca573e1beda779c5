import { PutObjectCommand } from '@aws-sdk/client-s3';
import { isInProgress, isRestored } from '../../../../cli/migrate-buckets/planning/archived-objects';
import { contents } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting } from '../migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());

const archived = (count: number, StorageClass: 'GLACIER' | 'DEEP_ARCHIVE' = 'GLACIER') =>
  migrationSetting(harness, async (Bucket) => {
    for (let number = 1; number <= count; number++) {
      const Key = `lines/delta/run-${number}/delta.tar.gz`;
      await harness.s3.send(new PutObjectCommand({ Bucket, Key, Body: `body ${number}`, StorageClass }));
    }
    await harness.s3.send(new PutObjectCommand({ Bucket, Key: 'read', Body: 'at once' }));
  });

it('C15: refuses archived objects, has them restored where that is wished, and plans once that is done', async () => {
  const { source, destination, makePlan, apply, verify } = await archived(2);
  const keys = '2 keys (lines/delta/run-1/delta.tar.gz, lines/delta/run-2/delta.tar.gz)';
  expect(await makePlan()).toMatchObject({
    code: 6,
    result: {
      message: `${keys} of ${source} lie in an archive class, and cannot be read before they are restored. Run plan with --restore, which asks for that.`,
    },
  });
  expect(await harness.admin.requests()).not.toHaveProperty('RestoreObject');
  const wait = 'That takes up to 12 hours, and up to 48 by the tier Bulk. Plan again then.';
  expect(await makePlan('--restore', '--restore-days', '3')).toMatchObject({
    code: 6,
    result: { message: `The restore of ${keys} was asked for. They can be read for 3 days then. ${wait}` },
  });
  // Whoever asks again is told that it goes on, and nothing is asked for twice.
  for (const more of [[], ['--restore']]) {
    expect(await makePlan(...more)).toMatchObject({
      code: 6,
      result: { message: `S3 is restoring ${keys}. ${wait}` },
    });
  }
  expect(await harness.admin.requests()).toMatchObject({ RestoreObject: 2 });
  expect(await harness.admin.completeRestores()).toBe(2);
  expect((await makePlan()).code).toBe(0);
  expect((await apply()).code).toBe(0);
  expect((await contents(harness.s3, destination)).size).toBe(3);
  expect((await verify()).code).toBe(0);
});

it('C15: asks for the tier that was named, and says what S3 says where it refuses', async () => {
  const { makePlan } = await archived(1, 'DEEP_ARCHIVE');
  await harness.admin.inject({ operation: 'RestoreObject', fail: 'AccessDenied', times: 0 });
  expect(await makePlan('--restore', '--restore-tier', 'Expedited')).toMatchObject({
    code: 1,
    result: {
      message: expect.stringMatching(/^Access was denied when asked to restore lines\/delta\/run-1/),
    },
  });
  await harness.admin.clearFaults();
  expect(await makePlan('--restore-tier', 'Tomorrow')).toMatchObject({ code: 2 });
});

it('C15: an object that is archived after the plan is named by what it is, not as a lack of permission', async () => {
  const { source, makePlan, apply } = await archived(0);
  expect((await makePlan()).code).toBe(0);
  const Body = 'at once';
  await harness.s3.send(new PutObjectCommand({ Bucket: source, Key: 'read', Body, StorageClass: 'GLACIER' }));
  const { code, result } = await apply('--allow-source-changes');
  expect(code).not.toBe(0);
  expect(JSON.stringify(result)).toContain('it lies in an archive class, and is not restored');
});

describe('What S3 tells of a restore', () => {
  const now = Date.parse('2012-12-20T00:00:00Z');
  const expiring = (date: string) => `ongoing-request="false", expiry-date="${date}"`;
  it.each<[string | undefined, boolean, boolean]>([
    [undefined, false, false],
    ['ongoing-request="true"', false, true],
    [expiring('Fri, 21 Dec 2012 00:00:00 GMT'), true, false],
    [expiring('Thu, 20 Dec 2012 00:00:00 GMT'), false, false],
    [expiring('Wed, 19 Dec 2012 00:00:00 GMT'), false, false],
    ['ongoing-request="false"', true, false],
    ['something else', false, false],
  ])('%s: readable %p, in progress %p', (told, readable, progress) => {
    expect([isRestored(told, now), isInProgress(told)]).toEqual([readable, progress]);
  });
});
