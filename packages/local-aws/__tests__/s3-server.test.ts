import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { type S3Server, type S3ServerOptions, startS3Server } from '../src/s3/server';

const Bucket = 'the-bucket';
const MEBIBYTE = 1024 ** 2;

const servers: S3Server[] = [];
const clients: S3Client[] = [];
const clientOf = (endpoint: string, region = 'us-east-1'): S3Client => {
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId: 'tester', secretAccessKey: 'local' },
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
};

async function start(options: S3ServerOptions = {}) {
  const server = await startS3Server(options);
  servers.push(server);
  const s3 = clientOf(server.endpoint);
  await s3.send(new CreateBucketCommand({ Bucket }));
  return { s3, endpoint: server.endpoint };
}
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) await server.close();
});

const put = (s3: S3Client, Key: string, Body: string | Buffer = 'x') =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body }));
const text = async (s3: S3Client, Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
const AUTHORIZATION = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=tester/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0',
};

describe('what the server does not know', () => {
  test('a known sub-resource with an unknown verb is not the plain verb', async () => {
    const { s3 } = await start();
    const CORSConfiguration = { CORSRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'] }] };
    await expect(s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration }))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('"cors"'),
    });
  });

  test.each([
    ['DELETE', `/${Bucket}?analytics&id=1`, 'analytics'],
    ['PUT', `/${Bucket}/k?torrent`, 'torrent'],
    ['GET', `/${Bucket}?list-type=2&optional-object-attributes=RestoreStatus`, 'optional-object-attributes'],
    ['POST', `/${Bucket}/k?select&select-type=2`, 'select'],
    ['PUT', `/${Bucket}/k?restore`, 'restore'],
    ['DELETE', `/${Bucket}/k?versionid=1`, 'versionid'],
  ])('%s %s is 501 and names what it is', async (method, path, parameter) => {
    const { s3, endpoint } = await start();
    await put(s3, 'k', 'kept');
    const answer = await fetch(`${endpoint}${path}`, { method, headers: AUTHORIZATION });
    expect([answer.status, await answer.text()]).toEqual([
      501,
      expect.stringMatching(`<Code>NotImplemented</Code>.*&quot;${parameter}&quot;`),
    ]);
    expect(await text(s3, 'k')).toBe('kept');
  });

  test('tagging an object leaves its body, deleting a policy leaves the bucket', async () => {
    const { s3 } = await start();
    await put(s3, 'k', 'kept');
    await s3.send(
      new PutObjectTaggingCommand({ Bucket, Key: 'k', Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } }),
    );
    await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    expect(await text(s3, 'k')).toBe('kept');
  });

  test('customer-provided keys are refused, not ignored', async () => {
    const { s3 } = await start();
    const secret = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: 'k'.repeat(32) };
    await expect(
      s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ...secret })),
    ).rejects.toMatchObject({ name: 'NotImplemented' });
  });
});

test('a response header that cannot be sent is refused, and the server lives on', async () => {
  const { s3 } = await start();
  await put(s3, 'k', 'kept');
  for (const ResponseContentDisposition of ['attachment; filename="漢"', 'a\nb']) {
    await expect(
      s3.send(new GetObjectCommand({ Bucket, Key: 'k', ResponseContentDisposition })),
    ).rejects.toMatchObject({ name: 'InvalidArgument' });
  }
  expect(await text(s3, 'k')).toBe('kept');
});

describe('regions', () => {
  test('a bucket of another region answers 301 and names its region', async () => {
    const { endpoint } = await start();
    const ireland = clientOf(endpoint, 'eu-west-1');
    await ireland.send(new CreateBucketCommand({ Bucket: 'irish' }));
    const ohio = clientOf(endpoint, 'us-east-2');
    await expect(ohio.send(new HeadBucketCommand({ Bucket: 'irish' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 301 },
      $response: { headers: { 'x-amz-bucket-region': 'eu-west-1' } },
    });
    await expect(
      ohio.send(new PutObjectCommand({ Bucket: 'irish', Key: 'k', Body: 'x' })),
    ).rejects.toMatchObject({
      name: 'PermanentRedirect',
      Endpoint: 'irish.s3.eu-west-1.amazonaws.com',
    });
    const { LocationConstraint } = await ohio.send(new GetBucketLocationCommand({ Bucket: 'irish' }));
    expect(LocationConstraint).toBe('eu-west-1');
  });

  test('where other regions are refused, a request that was signed for one is malformed', async () => {
    const { endpoint } = await start({ quirks: ['refuses-other-regions'] });
    await clientOf(endpoint, 'eu-west-1').send(new CreateBucketCommand({ Bucket: 'irish' }));
    const ohio = clientOf(endpoint, 'us-east-2');
    await expect(
      ohio.send(new PutObjectCommand({ Bucket: 'irish', Key: 'k', Body: 'x' })),
    ).rejects.toMatchObject({
      name: 'AuthorizationHeaderMalformed',
      Region: 'eu-west-1',
      $response: { headers: { 'x-amz-bucket-region': 'eu-west-1' } },
    });
    await expect(ohio.send(new HeadBucketCommand({ Bucket: 'irish' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('an SDK that follows region redirects gets there', async () => {
    const { endpoint } = await start();
    await clientOf(endpoint, 'eu-west-1').send(new CreateBucketCommand({ Bucket: 'irish' }));
    const follower = new S3Client({
      endpoint,
      region: 'us-east-2',
      followRegionRedirects: true,
      credentials: { accessKeyId: 'tester', secretAccessKey: 'local' },
    });
    clients.push(follower);
    await follower.send(new PutObjectCommand({ Bucket: 'irish', Key: 'k', Body: 'x' }));
  });
});

describe('byte for byte', () => {
  test.each([
    [
      'lifecycle',
      '<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n  <Rule><ID>é</ID><Status>Enabled</Status><Filter/>\r\n<Expiration><Days>1</Days></Expiration></Rule>\n</LifecycleConfiguration>\n',
    ],
    [
      'tagging',
      '<?xml version="1.0"?><Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>',
    ],
  ])('a %s configuration comes back as it was put', async (subresource, document) => {
    const { endpoint } = await start();
    const url = `${endpoint}/${Bucket}?${subresource}`;
    const stored = await fetch(url, { method: 'PUT', body: document, headers: AUTHORIZATION });
    expect(stored.ok).toBe(true);
    expect(await (await fetch(url, { headers: AUTHORIZATION })).text()).toBe(document);
  });
});

describe('large objects', () => {
  test('an object of six gigabytes is made by part copies, in the memory of its first part', async () => {
    const { s3 } = await start();
    await put(s3, 'seed', Buffer.alloc(8 * MEBIBYTE, 's'));
    const CopySource = `${Bucket}/seed`;
    const grow = async (Key: string, source: string, times: number) => {
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const Parts = [];
      for (let PartNumber = 1; PartNumber <= times; PartNumber += 1) {
        const part = { Bucket, Key, UploadId, PartNumber, CopySource: source };
        const { CopyPartResult } = await s3.send(new UploadPartCopyCommand(part));
        Parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
      }
      await s3.send(
        new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
      );
    };
    await grow('huge', CopySource, 768);
    const { ContentLength } = await s3.send(new HeadObjectCommand({ Bucket, Key: 'huge' }));
    expect(ContentLength).toBe(6 * 1024 * MEBIBYTE);
    await expect(
      s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/huge` })),
    ).rejects.toMatchObject({ name: 'InvalidRequest' });
    const end = await s3.send(new GetObjectCommand({ Bucket, Key: 'huge', Range: 'bytes=-2' }));
    expect(await end.Body?.transformToString()).toBe('ss');
  });

  test('the limits can be lowered, so that small objects stand for large ones', async () => {
    const { s3 } = await start({ maximumCopyBytes: 10, minimumPartBytes: 1 });
    await put(s3, 'k', 'eleven bytes');
    await expect(
      s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource: `${Bucket}/k` })),
    ).rejects.toMatchObject({ name: 'InvalidRequest' });
  });
});

test('a locked version survives, whoever deletes it', async () => {
  const { s3 } = await start();
  const place = { Bucket: 'locked', Key: 'k' };
  await s3.send(new CreateBucketCommand({ Bucket: 'locked', ObjectLockEnabledForBucket: true }));
  const { VersionId } = await s3.send(new PutObjectCommand({ ...place, Body: 'x' }));
  await s3.send(new PutObjectLegalHoldCommand({ ...place, LegalHold: { Status: 'ON' } }));
  await expect(s3.send(new DeleteObjectCommand({ ...place, VersionId }))).rejects.toMatchObject({
    name: 'AccessDenied',
  });
  await s3.send(new PutObjectLegalHoldCommand({ ...place, LegalHold: { Status: 'OFF' } }));
  await s3.send(new DeleteObjectCommand({ ...place, VersionId }));
});

describe('as a process of its own', () => {
  const MAIN = join(__dirname, '../src/s3/main.ts');
  const TSX = pathToFileURL(require.resolve('tsx')).href;

  async function run(options: object = {}) {
    const child = spawn(process.execPath, ['--import', TSX, MAIN, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    return { child, exit: once(child, 'exit'), ...(JSON.parse(String(line)) as { endpoint: string }) };
  }

  test('it says where it listens, and ends on SIGTERM with exit code 0', async () => {
    const { child, exit, endpoint } = await run();
    const s3 = clientOf(endpoint);
    await s3.send(new CreateBucketCommand({ Bucket }));
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  });

  test('it ends when whoever started it is gone', async () => {
    const { child, exit } = await run();
    child.stdin.end();
    expect(await exit).toEqual([0, null]);
  });
});
