import { GetBucketPolicyCommand } from '@aws-sdk/client-s3';
import { contents, createBucket, put } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';

const keyOf = (index: number) => `lines/delta/run-${String(index).padStart(4, '0')}`;

const PAGE = 50;
/** More than two pages of a listing. */
const OBJECTS = 2.5 * PAGE;
/** What lies at the destination before: before the source's keys, behind them, and a page and more between. */
const BYSTANDERS = [
  'a-bystander',
  ...Array.from({ length: 1.2 * PAGE }, (_, index) => `${keyOf(PAGE + index)}/bystander`),
  'zzz-bystander',
];

let harness: CliHarness;
let number = 0;

beforeAll(async () => {
  harness = await startCliHarness({ maximumKeys: PAGE });
});
afterAll(() => harness?.stop());
afterEach(() => harness.admin.clearFaults());

const putAll = (bucket: string, keys: readonly string[]) =>
  Promise.all(keys.map((key) => put(harness.s3, bucket, key, `body of ${key}`)));

async function setting() {
  number++;
  const [source, destination, plan] = [`listed-${number}`, `target-${number}`, `listing-${number}.json`];
  for (const bucket of [source, destination]) await createBucket(harness.s3, bucket);
  const keys = Array.from({ length: OBJECTS }, (_, index) => `${keyOf(index)}/delta.tar.gz`);
  await putAll(source, keys);
  await putAll(destination, BYSTANDERS);
  return {
    source,
    destination,
    makePlan: () =>
      harness.json('plan', '--source', source, '--dest', destination, '--bucket', source, '--out', plan),
    apply: () => harness.json('apply', plan, '--confirm', source, '--settle', '0'),
    verify: () => harness.json('verify', plan),
  };
}

describe.each(['source', 'destination'] as const)(
  'a listing of the %s that fails on its second page',
  (side) => {
    it('ends plan, apply and verification in an error, deletes nothing, and is made good by the next apply', async () => {
      const { makePlan, apply, verify, ...buckets } = await setting();
      const { source, destination } = buckets;
      const before = await contents(harness.s3, destination);
      // An error that is not tried again: the outcome is the same, and the test need not wait.
      const listing = (operation: 'ListObjectsV2' | 'ListObjectVersions') =>
        harness.admin.inject({ operation, bucket: buckets[side], nth: 2, times: 0, fail: 'AccessDenied' });

      await listing('ListObjectsV2');
      expect((await makePlan()).code).toBe(1);
      await harness.admin.clearFaults();
      expect((await makePlan()).code).toBe(0);

      await listing('ListObjectsV2');
      const failed = await apply();
      expect(failed.code).toBe(1);
      expect(failed.result.message).toContain(`list the bucket ${buckets[side]}`);
      expect(failed.result).not.toHaveProperty('verification');
      await harness.admin.clearFaults();
      const during = await contents(harness.s3, destination);
      for (const [key, etag] of before) expect(during.get(key)).toBe(etag);
      expect((await contents(harness.s3, source)).size).toBe(OBJECTS);
      await expect(harness.s3.send(new GetBucketPolicyCommand({ Bucket: source }))).rejects.toThrow(
        /policy does not exist/,
      );

      await listing('ListObjectVersions');
      expect((await verify()).code).toBe(1);
      await harness.admin.clearFaults();

      const { code, result } = await apply();
      expect({ code, failed: result.failed }).toEqual({ code: 0, failed: [] });
      expect(result.verification).toMatchObject({ proven: true, objects: OBJECTS });
      expect(await contents(harness.s3, destination)).toEqual(
        new Map([...(await contents(harness.s3, source)), ...before].sort(([a], [b]) => (a < b ? -1 : 1))),
      );
    });
  },
);
