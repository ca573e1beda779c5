import { readdir } from 'node:fs/promises';
import {
  CopyObjectCommand,
  GetBucketPolicyCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
} from '@aws-sdk/client-s3';
import { eventually } from '../../../../packages/local-aws/__tests__/support/eventually';
import { contents, put, putDelta } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting, numbered } from '../migration-setting';

let harness: CliHarness;
beforeAll(async () => {
  harness = await startCliHarness();
});
afterAll(() => harness?.stop());
afterEach(() => harness.admin.clearFaults());

const setting = (objects?: Parameters<typeof migrationSetting>[1]) => migrationSetting(harness, objects);

it('copies keys of every plane, with control characters, plus, percent, spaces and trailing slashes', async () => {
  const keys = [
    'folder/',
    'folder//double',
    'a b',
    'a+b',
    'a%2Bb',
    'a%b',
    '~tilde',
    '\u007fdelete',
    'ü',
    '漢字',
    '\ue000private',
    '\ufffdreplacement',
    '😀',
    '\u{10ffff}last',
    'tab\tline\nreturn\rend',
    '\u0001control',
    'quote\'"<>&',
    './dot',
    '../dots',
    'a?b#c',
    'x'.repeat(1024),
  ];
  const { source, destination, makePlan, apply, retire } = await setting(
    Object.fromEntries(keys.map((key) => [key, `body of ${key}`])),
  );
  expect((await makePlan()).code).toBe(0);
  const { code, result } = await apply();
  expect({ code, message: result.message }).toEqual({ code: 0, message: undefined });
  const copied = await contents(harness.s3, destination);
  expect([...copied]).toEqual([...(await contents(harness.s3, source))]);
  expect(new Set(copied.keys())).toEqual(new Set(keys));
  const retired = await retire('--accept-idle');
  expect({ code: retired.code, gates: retired.result.gates }).toMatchObject({ code: 0 });
  expect((await contents(harness.s3, source)).size).toBe(0);
});

it('ends in an error, and verifies nothing, when a listing fails', async () => {
  const { source, makePlan, apply, plan } = await setting(numbered(5));
  await makePlan();
  await harness.admin.inject({ operation: 'ListObjectsV2', bucket: source, fail: 'InternalError', times: 0 });
  const [failed, planned] = [await apply(), await makePlan()];
  expect(failed.code).toBe(1);
  expect(failed.result.message).toContain(`list the bucket ${source}`);
  expect(planned.code).toBe(1);
  await harness.admin.clearFaults();
  await harness.admin.inject({ operation: 'ListObjectVersions', fail: 'AccessDenied', times: 0 });
  const [verified, applied] = await Promise.all([harness.json('verify', plan), apply()]);
  expect([verified.code, applied.code]).toEqual([1, 1]);
  await expect(harness.s3.send(new GetBucketPolicyCommand({ Bucket: source }))).rejects.toThrow(
    /policy does not exist/,
  );
  const refused = await harness.json('retire', plan, '--confirm', source);
  expect(refused.code).toBe(6);
});

it('gives one advice for one object that failed, and copies what only went from the destination (B12)', async () => {
  const { destination, makePlan, apply, applyArguments } = await setting(numbered(3));
  await makePlan();
  const key = 'lines/delta/run-0001/delta.tar.gz';
  const theirs = { put: { bucket: destination, key, body: 'theirs' } };
  await harness.admin.inject({ operation: 'CopyObject', keyPrefix: key, mutate: theirs });
  const { code, stdout } = await harness.run(applyArguments);
  expect(code).toBe(7);
  expect(stdout).toContain('1 object failed:');
  expect(stdout).toContain('Nothing was overwritten. Plan again.');
  expect(stdout).not.toMatch(/apply again/i);

  expect((await makePlan('--overwrite')).code).toBe(0);
  const gone = { delete: { bucket: destination, key } };
  await harness.admin.inject({ operation: 'CopyObject', keyPrefix: key, mutate: gone });
  expect(await apply()).toMatchObject({ code: 0, result: { failed: [] } });
});

it('takes throttling and broken connections, before and after the copy was done, and ends verified', async () => {
  const { makePlan, apply } = await setting(numbered(60));
  await makePlan();
  await harness.admin.inject(
    { operation: 'CopyObject', keyPrefix: 'lines/', fail: 'SlowDown', nth: 5, times: 20 },
    { operation: 'CopyObject', keyPrefix: 'lines/', reset: 'before', nth: 30, times: 3 },
    { operation: 'CopyObject', keyPrefix: 'lines/', reset: 'after', nth: 40, times: 3 },
    { operation: 'ListObjectsV2', fail: 'InternalError', nth: 4 },
  );
  const { code, result } = await apply();
  expect({ code, failed: result.failed }).toEqual({ code: 0, failed: [] });
});

it('ends verified when the source changes while it is copied', async () => {
  const { source, destination, makePlan, apply } = await setting(numbered(30));
  await makePlan();
  await harness.admin.inject(
    {
      operation: 'CopyObject',
      keyPrefix: 'lines/',
      nth: 6,
      mutate: {
        put: { bucket: source, key: 'lines/delta/run-0003/delta.tar.gz', body: 'changed afterwards' },
      },
    },
    {
      operation: 'CopyObject',
      keyPrefix: 'lines/',
      nth: 7,
      mutate: { put: { bucket: source, key: 'lines/delta/run-0029/delta.tar.gz', body: 'changed before' } },
    },
    {
      operation: 'CopyObject',
      keyPrefix: 'lines/',
      nth: 8,
      mutate: { put: { bucket: source, key: 'aaa-added', body: 'added behind the cursor' } },
    },
  );
  const { code, result } = await apply();
  expect({ code, failed: result.failed }).toEqual({ code: 0, failed: [] });
  expect([...(await contents(harness.s3, destination))]).toEqual([...(await contents(harness.s3, source))]);
});

it('finds an update of equal size: content decides', async () => {
  const { source, destination, plan, makePlan, apply } = await setting({ 'a.txt': 'same size 1' });
  await put(harness.s3, destination, 'a.txt', 'same size 2');
  const refused = await makePlan();
  expect(refused.code).toBe(6);
  expect(refused.result.message).toContain('a.txt');
  // A refused plan leaves no file behind, nor half of one.
  expect((await readdir(harness.folder)).filter((name) => name.startsWith(plan.replace('json', '')))).toEqual(
    [],
  );
  expect((await makePlan('--overwrite')).code).toBe(0);
  expect((await apply()).code).toBe(0);
  expect(await contents(harness.s3, destination)).toEqual(await contents(harness.s3, source));
});

it('refuses a plan that the buckets have outrun, on either side', async () => {
  const { source, destination, makePlan, apply } = await setting(numbered(3));
  await makePlan();
  await put(harness.s3, source, 'new', 'new');
  expect((await apply()).code).toBe(5);
  await put(harness.s3, destination, 'lines/delta/run-0001/delta.tar.gz', 'somebody was here');
  expect((await apply('--allow-source-changes')).code).toBe(5);
});

it('never overwrites what somebody put at the destination meanwhile, and names it', async () => {
  const { destination, makePlan, apply } = await setting(numbered(3));
  await makePlan();
  const key = 'lines/delta/run-0002/delta.tar.gz';
  await harness.admin.inject({
    operation: 'CopyObject',
    keyPrefix: 'lines/',
    nth: 2,
    mutate: { put: { bucket: destination, key, body: 'foreign' } },
  });
  const { code, result } = await apply();
  expect(code).toBe(7);
  expect(result.failed).toEqual([{ key, message: expect.stringContaining('holds something') }]);
  const head = await harness.s3.send(new HeadObjectCommand({ Bucket: destination, Key: key }));
  expect(head.ContentLength).toBe('foreign'.length);
});

it('fails before anything is copied when the permission to tag is lacking', async () => {
  const { destination, makePlan, apply } = await setting(async (source) => {
    for (let number = 0; number < 20; number++) await putDelta(harness.s3, source, 'lines', `run-${number}`);
  });
  await makePlan();
  await harness.s3.send(
    new PutBucketPolicyCommand({
      Bucket: destination,
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:PutObjectTagging',
            Resource: `arn:aws:s3:::${destination}/*`,
          },
        ],
      }),
    }),
  );
  const { code, result } = await apply();
  expect(code).toBe(1);
  expect(result.message).toContain(`copy with tags to ${destination}`);
  expect(result.message).toContain('s3:PutObjectTagging');
  expect((await contents(harness.s3, destination)).size).toBe(0);
});

it('goes on after kill -9 in mid-copy, and ends verified', async () => {
  const { source, destination, makePlan, applyArguments, apply } = await setting(numbered(150));
  await makePlan();
  await harness.admin.inject({ operation: 'CopyObject', delay: 40, times: 0 });
  const { child, done } = harness.start([...applyArguments, '--concurrency', '4']);
  await eventually(
    'some objects are copied',
    async () => (await contents(harness.s3, destination)).size > 20,
  );
  child.kill('SIGKILL');
  await done;
  const before = (await contents(harness.s3, destination)).size;
  expect(before).toBeLessThan(150);
  await harness.admin.clearFaults();
  const { code, result } = await apply();
  expect(code).toBe(0);
  expect(result.verification).toMatchObject({ proven: true, objects: 150 });
  expect(result.copied).toBeLessThanOrEqual(150 - before);
  expect(await contents(harness.s3, destination)).toEqual(await contents(harness.s3, source));
});

it('keeps the storage class', async () => {
  const { source, destination, makePlan, apply } = await setting({ standard: 'x' });
  await harness.s3.send(
    new CopyObjectCommand({
      Bucket: source,
      Key: 'cold',
      CopySource: `${source}/standard`,
      StorageClass: 'STANDARD_IA',
    }),
  );
  await makePlan();
  expect((await apply()).code).toBe(0);
  const head = await harness.s3.send(new HeadObjectCommand({ Bucket: destination, Key: 'cold' }));
  expect(head.StorageClass).toBe('STANDARD_IA');
});

it('moves the pointers last', async () => {
  const { source, destination, makePlan, apply } = await setting({
    'lines/snapshot/latest-pointer.txt': '20260101_000000',
    'lines/snapshot/timestamped/20260101_000000/chroma.sqlite3': 'x',
    'zzz/last': 'x',
  });
  await makePlan();
  await harness.admin.inject({ operation: 'CopyObject', keyPrefix: 'zzz/', fail: 'AccessDenied', times: 0 });
  expect((await apply()).code).toBe(7);
  const copied = await contents(harness.s3, destination);
  expect(copied.has('lines/snapshot/latest-pointer.txt')).toBe(false);
  await harness.admin.clearFaults();
  expect((await apply()).code).toBe(0);
  expect(await contents(harness.s3, destination)).toEqual(await contents(harness.s3, source));
});
