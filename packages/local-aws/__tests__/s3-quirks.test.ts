import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { type S3Server, s3Admin, startS3Server } from '../src';
import { QUIRKS, type Quirk } from '../src/s3/quirks';

const Bucket = 'quirky';
const OTHER_OWNER = '999999999999';
let server: S3Server | undefined;
const clients: S3Client[] = [];

const clientOf = (accessKeyId: string) => {
  const client = new S3Client({
    endpoint: server?.endpoint ?? '',
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'secret' },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
};

async function start(...quirks: readonly Quirk[]): Promise<S3Client> {
  server = await startS3Server({ quirks });
  const s3 = clientOf('owner');
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'content' }));
  await s3.send(new PutObjectCommand({ Bucket, Key: 'b', Body: 'content' }));
  return s3;
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await server?.close();
});

const CopySource = `${Bucket}/a`;
const WRONG = '"00000000000000000000000000000000"';
const policy = (Action: string | string[]) =>
  new PutBucketPolicyCommand({
    Bucket,
    Policy: JSON.stringify({
      Statement: { Effect: 'Deny', Principal: '*', Action, Resource: `arn:aws:s3:::${Bucket}/*` },
    }),
  });

async function complete(s3: S3Client, how: object) {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'b' }));
  const part = await s3.send(
    new UploadPartCopyCommand({ Bucket, Key: 'b', UploadId, PartNumber: 1, CopySource }),
  );
  const Parts = [{ PartNumber: 1, ETag: part.CopyPartResult?.ETag }];
  return s3.send(
    new CompleteMultipartUploadCommand({ Bucket, Key: 'b', UploadId, MultipartUpload: { Parts }, ...how }),
  );
}

async function copyPart(s3: S3Client, how: object) {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'b' }));
  return s3.send(
    new UploadPartCopyCommand({ Bucket, Key: 'b', UploadId, PartNumber: 1, CopySource, ...how }),
  );
}

/** Each is refused by S3, and taken by a server with the quirk that it stands beside. */
const REFUSED: readonly (readonly [Quirk, string, (s3: S3Client) => Promise<unknown>])[] = [
  [
    'ignores-put-conditions',
    'a put where something is',
    (s3) => s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'new', IfNoneMatch: '*' })),
  ],
  ['ignores-put-conditions', 'a completion where something is', (s3) => complete(s3, { IfNoneMatch: '*' })],
  [
    'ignores-copy-conditions',
    'a copy where something is',
    (s3) => s3.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource, IfNoneMatch: '*' })),
  ],
  [
    'ignores-copy-conditions',
    'a copy over something else',
    (s3) => s3.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource, IfMatch: WRONG })),
  ],
  [
    'ignores-copy-source-conditions',
    'a copy of something else',
    (s3) => s3.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource, CopySourceIfMatch: WRONG })),
  ],
  [
    'ignores-copy-source-conditions',
    'a part of something else',
    (s3) => copyPart(s3, { CopySourceIfMatch: WRONG }),
  ],
  [
    'ignores-delete-conditions',
    'a deletion of something else',
    (s3) => s3.send(new DeleteObjectCommand({ Bucket, Key: 'a', IfMatch: WRONG })),
  ],
  [
    'ignores-expected-owner',
    "somebody else's bucket",
    (s3) => s3.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner: OTHER_OWNER })),
  ],
];

describe.each(REFUSED)('%s', (quirk, what, send) => {
  it(`takes ${what}, which S3 refuses`, async () => {
    await expect(send(await start(...QUIRKS.filter((each) => each !== quirk)))).rejects.toThrow();
    await server?.close();
    await expect(send(await start(quirk))).resolves.toBeDefined();
  });
});

describe('ignores-delete-conditions', () => {
  const Delete = { Objects: [{ Key: 'a', ETag: WRONG }] };

  it('deletes many under a wrong ETag', async () => {
    const s3 = await start('ignores-delete-conditions');
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));
    expect({ Deleted, Errors }).toEqual({ Deleted: [{ Key: 'a' }], Errors: undefined });
  });

  it('is not there by default', async () => {
    const s3 = await start();
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));
    expect({ Deleted, Errors }).toMatchObject({
      Deleted: undefined,
      Errors: [{ Code: 'PreconditionFailed' }],
    });
  });
});

it('ignores-policies keeps a policy, and denies nothing', async () => {
  const s3 = await start('ignores-policies');
  await s3.send(policy('s3:PutObject'));
  await clientOf('other').send(new PutObjectCommand({ Bucket, Key: 'c', Body: 'c' }));
  expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toContain('s3:PutObject');
});

it('refuses-replicate-actions refuses a policy with them, and no other', async () => {
  const s3 = await start('refuses-replicate-actions');
  await expect(s3.send(policy(['s3:PutObjectTagging', 's3:ReplicateTags']))).rejects.toMatchObject({
    name: 'MalformedPolicy',
  });
  await s3.send(policy('s3:PutObjectTagging'));
});

it('omits-is-truncated leaves it out of every listing', async () => {
  const s3 = await start('omits-is-truncated');
  for (const command of [
    new ListObjectsV2Command({ Bucket, MaxKeys: 1 }),
    new ListObjectVersionsCommand({ Bucket, MaxKeys: 1 }),
  ]) {
    const page = await s3.send(command as ListObjectsV2Command);
    expect(page.MaxKeys).toBe(1);
    expect(page).not.toHaveProperty('IsTruncated');
  }
});

it('knows no other quirk', async () => {
  await expect(startS3Server({ quirks: ['is-slow' as Quirk] })).rejects.toThrow(
    'There is no quirk "is-slow". There are ignores-put-conditions, ',
  );
});

it('tells which actions callers had to be allowed, each once', async () => {
  const s3 = await start();
  const admin = s3Admin(server?.endpoint ?? '');
  await admin.resetRequests();
  for (const Key of ['x', 'y']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  await clientOf('other').send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'x' }] } }));
  expect(await admin.actions()).toEqual([
    { accessKeyId: 'owner', action: 's3:PutObject', bucket: Bucket, onObject: true },
    { accessKeyId: 'other', action: 's3:DeleteObject', bucket: Bucket, onObject: true },
  ]);
  await admin.resetRequests();
  expect(await admin.actions()).toEqual([]);
});
