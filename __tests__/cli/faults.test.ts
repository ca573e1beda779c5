import { readdir } from 'node:fs/promises';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketPolicyCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { eventually } from '../support/eventually';
import { type CliBench, startCliBench } from './cli-bench';
import { contents, createBucket, put } from './old-buckets';

const MEBIBYTE = 1024 ** 2;

let bench: CliBench;
let number = 0;

beforeAll(async () => {
  // Small parts, so that a copy in parts needs no gigabytes.
  bench = await startCliBench({ minimumPartBytes: 1 });
});
afterAll(() => bench?.stop());
afterEach(() => bench.admin.clearFaults());

/** Two fresh buckets and the names of a plan's files. */
async function setting(objects: Readonly<Record<string, string>> = {}) {
  number++;
  const [source, destination] = [`old-${number}`, `new-${number}`];
  await createBucket(bench.s3, source);
  await createBucket(bench.s3, destination);
  for (const [key, body] of Object.entries(objects)) await put(bench.s3, source, key, body);
  const plan = `plan-${number}.json`;
  const makePlan = (...more: string[]) =>
    bench.json('plan', '--source', source, '--dest', destination, '--bucket', source, '--out', plan, ...more);
  const applyArguments = ['apply', plan, '--confirm', source, '--settle', '0'];
  const apply = (...more: string[]) => bench.json(...applyArguments, ...more);
  return { source, destination, plan, makePlan, apply, applyArguments };
}

const numbered = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `lines/delta/run-${String(index).padStart(4, '0')}/delta.tar.gz`,
      `body ${index}`,
    ]),
  );

/** An object that was uploaded in parts of these sizes. */
async function putInParts(bucket: string, key: string, parts: readonly Buffer[]) {
  const { s3 } = bench;
  const where = { Bucket: bucket, Key: key };
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({
      ...where,
      ContentType: 'application/gzip',
      Metadata: { note: 'kept' },
      Tagging: 'kind=big&x=%C3%A4',
    }),
  );
  const Parts = [];
  for (const [index, Body] of parts.entries()) {
    const { ETag } = await s3.send(
      new UploadPartCommand({ ...where, UploadId, PartNumber: index + 1, Body }),
    );
    Parts.push({ PartNumber: index + 1, ETag });
  }
  await s3.send(new CompleteMultipartUploadCommand({ ...where, UploadId, MultipartUpload: { Parts } }));
}

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
  const { source, destination, makePlan, apply } = await setting(
    Object.fromEntries(keys.map((key) => [key, `body of ${key}`])),
  );
  expect((await makePlan()).code).toBe(0);
  const { code, result } = await apply();
  expect({ code, message: result.message }).toEqual({ code: 0, message: undefined });
  const copied = await contents(bench.s3, destination);
  expect([...copied]).toEqual([...(await contents(bench.s3, source))]);
  expect(new Set(copied.keys())).toEqual(new Set(keys));
  const retired = await bench.json(
    'retire',
    `plan-${number}.json`,
    '--soak',
    '0',
    '--accept-idle',
    '--accept-unchecked',
    'state',
    '--confirm',
    source,
  );
  expect({ code: retired.code, gates: retired.result.gates }).toMatchObject({ code: 0 });
  expect((await contents(bench.s3, source)).size).toBe(0);
});

it('ends in an error, and verifies nothing, when a listing fails', async () => {
  const { source, makePlan, apply, plan } = await setting(numbered(5));
  await makePlan();
  await bench.admin.inject({ operation: 'ListObjectsV2', bucket: source, fail: 'InternalError', times: 0 });
  const failed = await apply();
  expect(failed.code).toBe(1);
  expect(failed.result.message).toContain(`list the bucket ${source}`);
  expect((await makePlan()).code).toBe(1);
  await bench.admin.clearFaults();
  await bench.admin.inject({ operation: 'ListObjectVersions', fail: 'AccessDenied', times: 0 });
  expect((await bench.json('verify', plan)).code).toBe(1);
  const applied = await apply();
  expect(applied.code).toBe(1);
  await expect(bench.s3.send(new GetBucketPolicyCommand({ Bucket: source }))).rejects.toThrow(
    /policy does not exist/,
  );
  const refused = await bench.json('retire', plan, '--confirm', source);
  expect(refused.code).toBe(6);
});

it('takes throttling and broken connections, before and after the copy was done, and ends verified', async () => {
  const { makePlan, apply } = await setting(numbered(60));
  await makePlan();
  await bench.admin.inject(
    { operation: 'CopyObject', fail: 'SlowDown', nth: 5, times: 20 },
    { operation: 'CopyObject', reset: 'before', nth: 30, times: 3 },
    { operation: 'CopyObject', reset: 'after', nth: 40, times: 3 },
    { operation: 'ListObjectsV2', fail: 'InternalError', nth: 4 },
  );
  const { code, result } = await apply();
  expect({ code, failed: result.failed }).toEqual({ code: 0, failed: [] });
});

it('ends verified when the source changes while it is copied', async () => {
  const { source, destination, makePlan, apply } = await setting(numbered(30));
  await makePlan();
  await bench.admin.inject(
    {
      operation: 'CopyObject',
      nth: 6,
      mutate: {
        put: { bucket: source, key: 'lines/delta/run-0003/delta.tar.gz', body: 'changed afterwards' },
      },
    },
    {
      operation: 'CopyObject',
      nth: 7,
      mutate: { put: { bucket: source, key: 'lines/delta/run-0029/delta.tar.gz', body: 'changed before' } },
    },
    {
      operation: 'CopyObject',
      nth: 8,
      mutate: { put: { bucket: source, key: 'aaa-added', body: 'added behind the cursor' } },
    },
  );
  const { code, result } = await apply();
  expect({ code, failed: result.failed }).toEqual({ code: 0, failed: [] });
  expect([...(await contents(bench.s3, destination))]).toEqual([...(await contents(bench.s3, source))]);
});

it('finds an update of equal size: content decides', async () => {
  const { source, destination, makePlan, apply } = await setting({ 'a.txt': 'same size 1' });
  await put(bench.s3, destination, 'a.txt', 'same size 2');
  const refused = await makePlan();
  expect(refused.code).toBe(6);
  expect(refused.result.message).toContain('a.txt');
  // A refused plan leaves no file behind, nor half of one.
  expect((await readdir(bench.folder)).filter((name) => name.startsWith(`plan-${number}.`))).toEqual([]);
  expect((await makePlan('--overwrite')).code).toBe(0);
  expect((await apply()).code).toBe(0);
  expect(await contents(bench.s3, destination)).toEqual(await contents(bench.s3, source));
});

it('refuses a plan that the buckets have outrun, on either side', async () => {
  const { source, destination, makePlan, apply } = await setting(numbered(3));
  await makePlan();
  await put(bench.s3, source, 'new', 'new');
  expect((await apply()).code).toBe(5);
  await put(bench.s3, destination, 'lines/delta/run-0001/delta.tar.gz', 'somebody was here');
  expect((await apply('--allow-source-changes')).code).toBe(5);
});

it('never overwrites what somebody put at the destination meanwhile, and names it', async () => {
  const { destination, makePlan, apply } = await setting(numbered(3));
  await makePlan();
  const key = 'lines/delta/run-0002/delta.tar.gz';
  await bench.admin.inject({
    operation: 'CopyObject',
    nth: 2,
    mutate: { put: { bucket: destination, key, body: 'foreign' } },
  });
  const { code, result } = await apply();
  expect(code).toBe(7);
  expect(result.failed).toEqual([{ key, message: expect.stringContaining('holds something') }]);
  const head = await bench.s3.send(new HeadObjectCommand({ Bucket: destination, Key: key }));
  expect(head.ContentLength).toBe('foreign'.length);
});

it('fails early when the canary lacks the permission to tag', async () => {
  const { destination, makePlan, apply } = await setting(numbered(20));
  await makePlan();
  await bench.s3.send(
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
  expect(result.message).toContain('canary');
  expect(result.message).toContain('tags');
  expect((await contents(bench.s3, destination)).size).toBeLessThanOrEqual(1);
});

it('denies writers during the freeze, then restores the policy byte for byte when it fails', async () => {
  const { source, makePlan, apply } = await setting(numbered(4));
  const policy = `{"Version":"2012-10-17",\n "Statement": {"Effect":"Deny","Principal":"*","Action":"s3:PutBucketCORS","Resource":"arn:aws:s3:::${source}"} }`;
  await bench.s3.send(new PutBucketPolicyCommand({ Bucket: source, Policy: policy }));
  await makePlan();
  await bench.admin.inject({ operation: 'ListObjectVersions', fail: 'InternalError', times: 0, nth: 1 });
  expect((await apply()).code).toBe(1);
  const { Policy } = await bench.s3.send(new GetBucketPolicyCommand({ Bucket: source }));
  expect(Policy).toBe(policy);
  await bench.admin.clearFaults();
  expect((await apply()).code).toBe(0);
  const writer = bench.clientOf('other-writer');
  await expect(
    writer.send(new PutObjectCommand({ Bucket: source, Key: 'x', Body: Buffer.from('x') })),
  ).rejects.toThrow(/explicit deny/);
  await bench.s3.send(
    new PutObjectCommand({ Bucket: source, Key: 'by-the-migrator', Body: Buffer.from('x') }),
  );
});

describe('a freeze that goes wrong', () => {
  const lifecycle = {
    Rules: [{ ID: 'old', Status: 'Enabled' as const, Filter: { Prefix: 'ocr/' }, Expiration: { Days: 9 } }],
  };
  const configured = async () => {
    const made = await setting(numbered(2));
    const { source: Bucket } = made;
    const policy = `{"Statement":{"Effect":"Deny","Principal":"*","Action":"s3:PutBucketCORS","Resource":"arn:aws:s3:::${Bucket}"}}`;
    await bench.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy }));
    await bench.s3.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: lifecycle }),
    );
    const configuration = async () => ({
      policy: (await bench.s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy,
      rules: (await bench.s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }))).Rules,
    });
    await made.makePlan();
    return { ...made, configuration, before: { policy, rules: lifecycle.Rules } };
  };
  const denied = { fail: 'AccessDenied', times: 0 } as const;

  it('lets the lifecycle go on when the policy may not be written', async () => {
    const { source, plan, apply, configuration, before } = await configured();
    await bench.admin.inject({ operation: 'PutBucketPolicy', ...denied });
    const { code, result } = await apply();
    expect({ code, message: result.message }).toEqual({
      code: 1,
      message: expect.stringContaining(`freeze ${source} by its policy`),
    });
    expect(await configuration()).toEqual(before);
    expect(await bench.read(plan.replace('.json', '.state.json'))).toContain('"phase": "copying"');
  });

  it('tells what went wrong first, and all that could not be put back; unfreeze then mends it', async () => {
    const { source, plan, apply, configuration, before } = await configured();
    await bench.admin.inject(
      { operation: 'ListObjectVersions', ...denied },
      { operation: 'PutBucketPolicy', nth: 2, ...denied },
      { operation: 'PutBucketLifecycleConfiguration', nth: 2, ...denied },
    );
    const { code, result, events } = await apply();
    expect(code).toBe(1);
    expect(result.message).toContain('list the versions in');
    const told = String(events.find(({ event }) => event === 'thaw-failed')?.message);
    expect(told).toContain(`write the lifecycle of ${source}`);
    expect(told).toContain(`restore the policy of ${source}`);
    expect(told).toContain('migrate-buckets unfreeze');
    // The lifecycle alone can be put back: it is.
    await bench.admin.clearFaults();
    await bench.admin.inject({ operation: 'PutBucketPolicy', ...denied });
    expect((await bench.run(['unfreeze', plan])).code).toBe(1);
    const half = await configuration();
    expect(half.rules).toEqual(before.rules);
    expect(half.policy).toContain('MigrateBucketsFreeze');
    await bench.admin.clearFaults();
    expect((await bench.run(['unfreeze', plan])).code).toBe(0);
    expect(await configuration()).toEqual(before);
  });
});

it('goes on after kill -9 in mid-copy, and ends verified', async () => {
  const { source, destination, makePlan, applyArguments, apply } = await setting(numbered(150));
  await makePlan();
  await bench.admin.inject({ operation: 'CopyObject', delay: 40, times: 0 });
  const { child, done } = bench.start([...applyArguments, '--concurrency', '4']);
  await eventually('some objects are copied', async () => (await contents(bench.s3, destination)).size > 20);
  child.kill('SIGKILL');
  await done;
  const before = (await contents(bench.s3, destination)).size;
  expect(before).toBeLessThan(150);
  await bench.admin.clearFaults();
  const { code, result } = await apply();
  expect(code).toBe(0);
  expect(result.verification).toMatchObject({ proven: true, objects: 150 });
  expect(result.copied).toBeLessThanOrEqual(150 - before);
  expect(await contents(bench.s3, destination)).toEqual(await contents(bench.s3, source));
});

it('goes on after kill -9 while frozen, and can still restore the policy', async () => {
  const { source, makePlan, applyArguments, plan } = await setting(numbered(3));
  await makePlan();
  const { child, done } = bench.start(['apply', plan, ...applyArguments.slice(2, 4), '--settle', '600']);
  await eventually('the source is frozen', async () =>
    (await bench.read(plan.replace('.json', '.state.json')).catch(() => '')).includes('"frozen"'),
  );
  child.kill('SIGKILL');
  await done;
  expect((await bench.s3.send(new GetBucketPolicyCommand({ Bucket: source }))).Policy).toContain(
    'MigrateBucketsFreeze',
  );
  expect(
    (await bench.json('plan', '--source', source, '--dest', 'new-1', '--bucket', source, '--out', plan)).code,
  ).toBe(6);
  expect((await bench.run(['unfreeze', plan])).code).toBe(0);
  await expect(bench.s3.send(new GetBucketPolicyCommand({ Bucket: source }))).rejects.toThrow(
    /policy does not exist/,
  );
});

it('lets one process work on a plan at a time, and leaves a thawed source when it is stopped', async () => {
  const { source, makePlan, applyArguments, plan, apply } = await setting(numbered(3));
  await makePlan();
  const waiting = () => bench.start(['apply', plan, ...applyArguments.slice(2, 4), '--settle', '600']);
  const frozen = () =>
    eventually('the source is frozen', async () =>
      (await bench.read(plan.replace('.json', '.state.json')).catch(() => '')).includes('"frozen"'),
    );
  const policy = () => bench.s3.send(new GetBucketPolicyCommand({ Bucket: source }));
  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 75],
  ] as const) {
    const { child, done } = waiting();
    await frozen();
    const second = await apply();
    expect(second.code).toBe(6);
    expect(second.result.message).toContain('works on this plan');
    child.kill(signal);
    const { code, stderr } = await done;
    expect(code).toBe(expected);
    expect(stderr).toContain('Run the same command again');
    await expect(policy()).rejects.toThrow(/policy does not exist/);
  }
  expect((await apply()).code).toBe(0);
});

describe('objects in parts', () => {
  const block = (fill: string, size: number) => Buffer.alloc(size, fill);

  it('copies them with the same ETag, metadata and tags, even or uneven parts', async () => {
    const { source, destination, makePlan, apply } = await setting({ small: 'x' });
    await putInParts(source, 'even', [block('a', MEBIBYTE), block('b', MEBIBYTE), block('c', 100)]);
    await putInParts(source, 'uneven', [block('a', 300), block('b', 200), block('c', 400)]);
    await putInParts(source, 'single', [block('a', 300)]);
    await makePlan();
    expect((await apply()).code).toBe(0);
    expect(await contents(bench.s3, destination)).toEqual(await contents(bench.s3, source));
    const where = { Bucket: destination, Key: 'uneven' };
    expect(await bench.s3.send(new HeadObjectCommand(where))).toMatchObject({
      ContentType: 'application/gzip',
      Metadata: { note: 'kept' },
    });
    const { TagSet } = await bench.s3.send(new GetObjectTaggingCommand(where));
    expect(TagSet).toEqual([
      { Key: 'kind', Value: 'big' },
      { Key: 'x', Value: 'ä' },
    ]);
  });

  it('fails the whole copy when the source is swapped between parts, and retries it whole', async () => {
    const { source, destination, makePlan, apply } = await setting({ small: 'x' });
    await putInParts(source, 'big', [block('a', 500), block('b', 500), block('c', 500)]);
    await makePlan();
    await bench.admin.inject({
      operation: 'UploadPartCopy',
      nth: 2,
      mutate: { put: { bucket: source, key: 'big', body: 'another thing' } },
    });
    const { code } = await apply();
    expect(code).toBe(0);
    expect(await contents(bench.s3, destination)).toEqual(await contents(bench.s3, source));
    const uploads = await bench.s3.send(new ListMultipartUploadsCommand({ Bucket: destination }));
    expect(uploads.Uploads ?? []).toEqual([]);
  });

  it('resumes a copy part by part after kill -9', async () => {
    const { source, destination, makePlan, applyArguments, apply } = await setting({ small: 'x' });
    await putInParts(
      source,
      'big',
      Array.from({ length: 12 }, (_, index) => block(String(index % 10), 1000)),
    );
    await makePlan();
    await bench.admin.inject({ operation: 'UploadPartCopy', delay: 600_000, nth: 8, times: 0 });
    await bench.admin.resetRequests();
    const { child, done } = bench.start(applyArguments);
    await eventually(
      'some parts are copied',
      async () => ((await bench.admin.requests()).UploadPartCopy ?? 0) >= 8,
    );
    child.kill('SIGKILL');
    await done;
    await bench.admin.clearFaults();
    await bench.admin.resetRequests();
    expect((await apply()).code).toBe(0);
    expect((await bench.admin.requests()).UploadPartCopy).toBe(5);
    expect(await contents(bench.s3, destination)).toEqual(await contents(bench.s3, source));
  });

  it('proves a copy whose ETag differs, since it was cut anew', async () => {
    const { destination, makePlan, apply, plan } = await setting({ large: 'x'.repeat(5000), small: 'y' });
    await makePlan();
    expect((await apply('--multipart-above', '1000')).code).toBe(0);
    const { code, result } = await bench.json('verify', plan);
    expect(code).toBe(0);
    expect(result.levels).toMatchObject({ P2: { objects: 1 }, P3: { objects: 1 } });
    // The journal is part of the proof: without it, only the bytes can tell.
    const bare = ['verify', '--source', `old-${number}`, '--dest', destination];
    expect((await bench.json(...bare)).code).toBe(3);
    expect((await bench.json(...bare, '--deep')).code).toBe(0);
    // A second apply copies nothing.
    expect((await apply()).result.copied).toBe(0);
  });
});

it('keeps the storage class', async () => {
  const { source, destination, makePlan, apply } = await setting({ standard: 'x' });
  await bench.s3.send(
    new CopyObjectCommand({
      Bucket: source,
      Key: 'cold',
      CopySource: `${source}/standard`,
      StorageClass: 'STANDARD_IA',
    }),
  );
  await makePlan();
  expect((await apply()).code).toBe(0);
  const head = await bench.s3.send(new HeadObjectCommand({ Bucket: destination, Key: 'cold' }));
  expect(head.StorageClass).toBe('STANDARD_IA');
});

it('moves the pointers last', async () => {
  const { source, destination, makePlan, apply } = await setting({
    'lines/snapshot/latest-pointer.txt': '20260101_000000',
    'lines/snapshot/timestamped/20260101_000000/chroma.sqlite3': 'x',
    'zzz/last': 'x',
  });
  await makePlan();
  await bench.admin.inject({ operation: 'CopyObject', keyPrefix: 'zzz/', fail: 'AccessDenied', times: 0 });
  expect((await apply()).code).toBe(7);
  const copied = await contents(bench.s3, destination);
  expect(copied.has('lines/snapshot/latest-pointer.txt')).toBe(false);
  await bench.admin.clearFaults();
  expect((await apply()).code).toBe(0);
  expect(await contents(bench.s3, destination)).toEqual(await contents(bench.s3, source));
});
