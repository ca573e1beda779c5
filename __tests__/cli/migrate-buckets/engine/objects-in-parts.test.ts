import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { eventually } from '../../../../packages/local-aws/__tests__/support/eventually';
import { contents } from '../../../support/old-buckets';
import { type CliHarness, startCliHarness } from '../cli-harness';
import { migrationSetting } from '../migration-setting';

const MEBIBYTE = 1024 ** 2;

let harness: CliHarness;
beforeAll(async () => {
  // Small parts, so that a copy in parts needs no gigabytes.
  harness = await startCliHarness({ minimumPartBytes: 1 });
});
afterAll(() => harness?.stop());
afterEach(() => harness.admin.clearFaults());

const setting = (objects?: Readonly<Record<string, string>>) => migrationSetting(harness, objects);

/** An object that was uploaded in parts of these sizes. */
async function putInParts(bucket: string, key: string, parts: readonly Buffer[]) {
  const { s3 } = harness;
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

const block = (fill: string, size: number) => Buffer.alloc(size, fill);

it('copies them with the same ETag, metadata and tags, even or uneven parts', async () => {
  const { source, destination, makePlan, apply } = await setting({ small: 'x' });
  await putInParts(source, 'even', [block('a', MEBIBYTE), block('b', MEBIBYTE), block('c', 100)]);
  await putInParts(source, 'uneven', [block('a', 300), block('b', 200), block('c', 400)]);
  await putInParts(source, 'single', [block('a', 300)]);
  await makePlan();
  expect((await apply()).code).toBe(0);
  expect(await contents(harness.s3, destination)).toEqual(await contents(harness.s3, source));
  const where = { Bucket: destination, Key: 'uneven' };
  expect(await harness.s3.send(new HeadObjectCommand(where))).toMatchObject({
    ContentType: 'application/gzip',
    Metadata: { note: 'kept' },
  });
  const { TagSet } = await harness.s3.send(new GetObjectTaggingCommand(where));
  expect(TagSet).toEqual([
    { Key: 'kind', Value: 'big' },
    { Key: 'x', Value: 'ä' },
  ]);
});

it('fails the whole copy when the source is swapped between parts, and retries it whole', async () => {
  const { source, destination, makePlan, apply } = await setting({ small: 'x' });
  await putInParts(source, 'big', [block('a', 500), block('b', 500), block('c', 500)]);
  await makePlan();
  await harness.admin.inject({
    operation: 'UploadPartCopy',
    keyPrefix: 'big',
    nth: 2,
    mutate: { put: { bucket: source, key: 'big', body: 'another thing' } },
  });
  const { code } = await apply();
  expect(code).toBe(0);
  expect(await contents(harness.s3, destination)).toEqual(await contents(harness.s3, source));
  const uploads = await harness.s3.send(new ListMultipartUploadsCommand({ Bucket: destination }));
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
  await harness.admin.inject({
    operation: 'UploadPartCopy',
    keyPrefix: 'big',
    delay: 600_000,
    nth: 8,
    times: 0,
  });
  await harness.admin.resetRequests();
  const { child, done } = harness.start(applyArguments);
  await eventually(
    'some parts are copied',
    async () => ((await harness.admin.faults())[0]?.matched ?? 0) >= 8,
  );
  child.kill('SIGKILL');
  await done;
  await harness.admin.clearFaults();
  await harness.admin.resetRequests();
  expect((await apply()).code).toBe(0);
  expect((await harness.admin.requests()).UploadPartCopy).toBe(5);
  expect(await contents(harness.s3, destination)).toEqual(await contents(harness.s3, source));
});

it('proves a copy whose ETag differs, since it was cut anew', async () => {
  const { source, destination, makePlan, apply, plan } = await setting({
    large: 'x'.repeat(5000),
    small: 'y',
  });
  await makePlan();
  expect((await apply('--multipart-above', '1000')).code).toBe(0);
  const { code, result } = await harness.json('verify', plan);
  expect(code).toBe(0);
  expect(result.levels).toMatchObject({ P2: { objects: 1 }, P3: { objects: 1 } });
  // The journal is part of the proof: without it, only the bytes can tell.
  const bare = ['verify', '--source', source, '--dest', destination];
  expect((await harness.json(...bare)).code).toBe(3);
  expect((await harness.json(...bare, '--deep')).code).toBe(0);
  // A second apply copies nothing.
  expect((await apply()).result.copied).toBe(0);
});
