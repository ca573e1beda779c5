import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { type LocalAws, type S3Admin, s3Admin, startLocalAws, startS3Server } from '../src';

const Bucket = 'faulty';
let aws: LocalAws<'s3'>;
let admin: S3Admin;
let s3: S3Client;
let patient: S3Client;

const client = (maxAttempts: number): S3Client =>
  new S3Client({
    ...aws.clientOptions('s3'),
    maxAttempts,
  });

beforeAll(async () => {
  aws = await startLocalAws({ services: ['s3'] });
  admin = s3Admin(aws.endpoints.s3);
  s3 = client(1);
  patient = client(3);
  await s3.send(new CreateBucketCommand({ Bucket }));
});
afterEach(() => admin.clearFaults());
afterAll(async () => {
  s3.destroy();
  patient.destroy();
  await aws.stop();
});

const put = (Key: string, Body = 'x', by = s3) => by.send(new PutObjectCommand({ Bucket, Key, Body }));
const copy = (from: string, to: string, more: object = {}) =>
  s3.send(new CopyObjectCommand({ Bucket, Key: to, CopySource: `${Bucket}/${from}`, ...more }));

test('the named request fails once with the named error, and does nothing', async () => {
  await admin.inject({ operation: 'PutObject', keyPrefix: 'target/', nth: 2, fail: 'InternalError' });
  await put('elsewhere');
  await put('target/1');
  await expect(put('target/2')).rejects.toMatchObject({
    name: 'InternalError',
    $metadata: { httpStatusCode: 500 },
  });
  await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'target/2' }))).rejects.toMatchObject({
    name: 'NotFound',
  });
  await put('target/2');
  expect(await admin.faults()).toMatchObject([{ matched: 3, fired: 1 }]);
});

test('a fault can last: every listing of one bucket fails until it is cleared', async () => {
  await admin.inject({ operation: 'ListObjectsV2', bucket: Bucket, times: 0, fail: 'SlowDown' });
  const list = () => s3.send(new ListObjectsV2Command({ Bucket }));
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await expect(list()).rejects.toMatchObject({ name: 'SlowDown', $metadata: { httpStatusCode: 503 } });
  }
  await admin.clearFaults();
  await list();
});

test('a client that retries gets over a fault', async () => {
  await admin.inject({ operation: 'PutObject', times: 2, fail: 'ServiceUnavailable' });
  await put('retried', 'x', patient);
  expect(await admin.faults()).toMatchObject([{ matched: 3, fired: 2 }]);
});

test('a connection broken before leaves nothing, one broken after leaves the object', async () => {
  await admin.inject({ keyPrefix: 'before', reset: 'before' }, { keyPrefix: 'after', reset: 'after' });
  await expect(put('before')).rejects.toThrow();
  await expect(put('after')).rejects.toThrow();
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const keys = Contents.map(({ Key }) => Key);
  expect(keys).toContain('after');
  expect(keys).not.toContain('before');
});

test('a conditional copy whose answer was lost fails when it is repeated', async () => {
  await put('lost/source');
  await admin.inject({ operation: 'CopyObject', reset: 'after' });
  await expect(copy('lost/source', 'lost/copy', { IfNoneMatch: '*' })).rejects.toThrow();
  await expect(copy('lost/source', 'lost/copy', { IfNoneMatch: '*' })).rejects.toMatchObject({
    name: 'PreconditionFailed',
  });
});

test('a body can break off in its middle', async () => {
  await put('broken', 'y'.repeat(100_000));
  await admin.inject({ operation: 'GetObject', reset: 'middle' });
  const { Body, ContentLength } = await s3.send(new GetObjectCommand({ Bucket, Key: 'broken' }));
  expect(ContentLength).toBe(100_000);
  await expect(Body?.transformToByteArray()).rejects.toThrow();
});

test('a body can trickle and never end', async () => {
  await put('endless', 'x');
  await admin.inject({ operation: 'GetObject', trickle: true });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'endless' }));
  const body = Body as Readable;
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > 3) break;
  }
  expect(bytes).toBe(4);
});

test('a source that somebody changes between parts fails the pinned part copy', async () => {
  const { ETag } = await put('torn/source', 'before');
  const place = { Bucket, Key: 'torn/copy' };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(place));
  await admin.inject({
    operation: 'UploadPartCopy',
    nth: 2,
    mutate: { put: { bucket: Bucket, key: 'torn/source', body: 'after' } },
  });
  const part = (PartNumber: number, more: object) =>
    s3.send(
      new UploadPartCopyCommand({
        ...place,
        UploadId,
        PartNumber,
        CopySource: `${Bucket}/torn/source`,
        ...more,
      }),
    );
  const first = await part(1, { CopySourceIfMatch: ETag });
  await expect(part(2, { CopySourceIfMatch: ETag })).rejects.toMatchObject({ name: 'PreconditionFailed' });
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: first.CopyPartResult?.ETag }] };
  await s3.send(new CompleteMultipartUploadCommand({ ...place, UploadId, MultipartUpload }));
});

test('an object can vanish between a listing and its copy', async () => {
  await put('gone/source');
  await admin.inject({ operation: 'CopyObject', mutate: { delete: { bucket: Bucket, key: 'gone/source' } } });
  await expect(copy('gone/source', 'gone/copy')).rejects.toMatchObject({ name: 'NoSuchKey' });
});

test('a request can be made to wait', async () => {
  await admin.inject({ operation: 'HeadObject', delay: 150 });
  await put('slow');
  const start = performance.now();
  await s3.send(new HeadObjectCommand({ Bucket, Key: 'slow' }));
  expect(performance.now() - start).toBeGreaterThanOrEqual(140);
});

test('a rate limit answers what exceeds it with SlowDown', async () => {
  await admin.inject({ operation: 'PutObject', keyPrefix: 'rate/', perSecond: 1 });
  const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => put(`rate/${index}`)));
  expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(0);
  expect(answers.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { name: 'SlowDown' } });
});

test('requests are counted by operation', async () => {
  await admin.resetRequests();
  await put('counted');
  await copy('counted', 'counted-too');
  await copy('counted', 'counted-three');
  expect(await admin.requests()).toEqual({ PutObject: 1, CopyObject: 2 });
});

test('a fault that means nothing is refused', async () => {
  await expect(admin.inject({ fail: 'NoSuchError' as 'SlowDown' })).rejects.toThrow('NoSuchError');
  await expect(admin.inject({ operation: 'CopyObjects', fail: 'SlowDown' })).rejects.toThrow('CopyObjects');
  const misspelt = { opperation: 'PutObject', fail: 'SlowDown' } as { fail: 'SlowDown' };
  await expect(admin.inject(misspelt)).rejects.toThrow('opperation');
});

test('tells under which conditions a request was to be done', async () => {
  await put('pinned');
  await admin.resetRequests();
  const { ETag } = await s3.send(new HeadObjectCommand({ Bucket, Key: 'pinned', IfMatch: '*' }));
  await copy('pinned', 'ünder', { CopySourceIfMatch: ETag, IfNoneMatch: '*' });
  await put('free');
  expect(await admin.conditionalRequests()).toEqual([
    { operation: 'HeadObject', bucket: Bucket, key: 'pinned', conditions: { 'if-match': '*' } },
    {
      operation: 'CopyObject',
      bucket: Bucket,
      key: 'ünder',
      conditions: { 'if-none-match': '*', 'x-amz-copy-source-if-match': ETag },
    },
  ]);
  await admin.resetRequests();
  expect(await admin.conditionalRequests()).toEqual([]);
});

describe('An answer that is not what S3 promises', () => {
  test('says 200 and holds an error: nothing was done', async () => {
    await put('inside/source');
    await admin.inject({ operation: 'CopyObject', failInside: 'InternalError' });
    await expect(copy('inside/source', 'inside/copy')).rejects.toMatchObject({ name: 'InternalError' });
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'inside/copy' }))).rejects.toThrow();
  });

  test('says so of each key that was to be deleted', async () => {
    await put('inside/deleted');
    await admin.inject({ operation: 'DeleteObjects', failInside: 'SlowDown' });
    const Delete = { Objects: [{ Key: 'inside/deleted' }] };
    const { Errors, Deleted } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));
    expect(Errors).toMatchObject([{ Key: 'inside/deleted', Code: 'SlowDown' }]);
    expect(Deleted).toBeUndefined();
    await s3.send(new HeadObjectCommand({ Bucket, Key: 'inside/deleted' }));
  });

  test('is a page of a listing that comes again, backwards, without its end, or does not say whether more follows', async () => {
    for (const Key of ['page/1', 'page/2', 'page/3', 'page/4']) await put(Key);
    const listed = async (ContinuationToken?: string) =>
      s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'page/', MaxKeys: 2, ContinuationToken }));
    const keys = ({ Contents = [] }: ListObjectsV2CommandOutput) => Contents.map(({ Key }) => Key);
    const first = await listed();
    await admin.inject({ operation: 'ListObjectsV2', page: 'repeated' });
    expect(keys(await listed(first.NextContinuationToken))).toEqual(['page/1', 'page/2']);
    await admin.inject({ operation: 'ListObjectsV2', page: 'reversed' });
    expect(keys(await listed())).toEqual(['page/2', 'page/1']);
    await admin.inject({ operation: 'ListObjectsV2', page: 'unsaid' });
    expect((await listed()).IsTruncated).toBeUndefined();
    await admin.inject({ operation: 'ListObjectsV2', page: 'cut' });
    await expect(listed()).rejects.toThrow();
  });
});

test('keeps what happened, in order, with what other buckets held under a key that was deleted', async () => {
  const kept = await startS3Server({ history: true, maximumKeys: 1 });
  const theirs = s3Admin(kept.endpoint);
  const client = new S3Client({ ...aws.clientOptions('s3'), endpoint: kept.endpoint });
  for (const each of ['one', 'two']) {
    await client.send(new CreateBucketCommand({ Bucket: each }));
    for (const Key of ['key', 'other'])
      await client.send(new PutObjectCommand({ Bucket: each, Key, Body: 'x' }));
  }
  await theirs.clearHistory();
  await theirs.inject({ operation: 'DeleteObject', mutate: { delete: { bucket: 'two', key: 'other' } } });
  await client.send(new DeleteObjectCommand({ Bucket: 'one', Key: 'key' }));
  const { IsTruncated } = await client.send(new ListObjectsV2Command({ Bucket: 'two' }));
  const sha256 = createHash('sha256').update('x').digest('hex');
  expect(IsTruncated).toBe(false);
  expect(await theirs.history()).toEqual([
    { kind: 'request', operation: 'DeleteObject', bucket: 'one', key: 'key', continued: false },
    { kind: 'mutation', bucket: 'two', key: 'other' },
    {
      kind: 'deletion',
      bucket: 'one',
      key: 'key',
      versionId: 'null',
      sha256,
      under: [],
      over: [],
      elsewhere: { two: sha256 },
    },
    { kind: 'request', operation: 'ListObjectsV2', bucket: 'two', key: '', continued: false },
  ]);
  client.destroy();
  await kept.close();
});

test('keeps the bytes that a put, a copy and an upload in parts wrote over', async () => {
  const kept = await startS3Server({ history: true, minimumPartBytes: 1 });
  const client = new S3Client({ ...aws.clientOptions('s3'), endpoint: kept.endpoint });
  const at = { Bucket: 'overwritten', Key: 'key' };
  await client.send(new CreateBucketCommand(at));
  await client.send(new PutObjectCommand({ ...at, Key: 'other', Body: 'copied' }));
  await client.send(new PutObjectCommand({ ...at, Body: 'first' }));
  await client.send(new PutObjectCommand({ ...at, Body: 'put' }));
  await client.send(new CopyObjectCommand({ ...at, CopySource: 'overwritten/other' }));
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(at));
  const { ETag } = await client.send(
    new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'in parts' }),
  );
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload }));
  const overwritten = (await s3Admin(kept.endpoint).history()).filter(({ kind }) => kind === 'overwrite');
  expect(overwritten).toEqual(
    ['first', 'put', 'copied'].map((body) => ({
      kind: 'overwrite',
      bucket: 'overwritten',
      key: 'key',
      sha256: createHash('sha256').update(body).digest('hex'),
    })),
  );
  client.destroy();
  await kept.close();
});
