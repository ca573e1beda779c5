import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { type Quirk, type S3Server, s3Admin, startS3Server } from 'local-aws';
import { sendToRegions } from '../../../../cli/shared/aws/regions';

let server: S3Server;
let made: string[];
let clients: S3Client[];
afterEach(async () => {
  for (const client of clients) client.destroy();
  await server.close();
});

const clientOf = (region: string): S3Client => {
  const client = new S3Client({
    endpoint: server.endpoint,
    region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local-secret' },
    forcePathStyle: true,
    maxAttempts: 1,
  });
  clients.push(client);
  return client;
};

/** A client whose home is us-east-1, and buckets in three regions. */
async function setting(quirks: readonly Quirk[] = []) {
  made = [];
  clients = [];
  server = await startS3Server({ quirks });
  const home = clientOf('us-east-1');
  for (const region of ['us-east-1', 'eu-west-1', 'us-west-2'] as const) {
    const CreateBucketConfiguration = region === 'us-east-1' ? undefined : { LocationConstraint: region };
    await home.send(new CreateBucketCommand({ Bucket: `in-${region}`, CreateBucketConfiguration }));
  }
  sendToRegions(home, (region) => {
    made.push(region);
    return clientOf(region);
  });
  return home;
}

const put = (s3: S3Client, Bucket: string) => s3.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));

it.each([
  ['on', []],
  ['back', ['refuses-other-regions' as const]],
])('reaches buckets of all regions where a request is sent %s', async (_, quirks) => {
  const s3 = await setting(quirks);
  for (const bucket of ['in-us-east-1', 'in-eu-west-1', 'in-us-west-2']) {
    await expect(put(s3, bucket)).resolves.toMatchObject({ ETag: expect.any(String) });
    await expect(s3.send(new HeadBucketCommand({ Bucket: bucket }))).resolves.toMatchObject({
      BucketRegion: bucket.slice('in-'.length),
    });
  }
  expect(made).toEqual(['eu-west-1', 'us-west-2']);
});

it('is turned away once for each bucket, and knows its region from then on', async () => {
  const s3 = await setting();
  await s3.send(new HeadBucketCommand({ Bucket: 'in-eu-west-1' }));
  for (let request = 0; request < 3; request++) await put(s3, 'in-eu-west-1');
  expect(await s3Admin(server.endpoint).requests()).toMatchObject({ HeadBucket: 2, PutObject: 3 });
});

it('asks many at once without sending any to a region of another', async () => {
  const s3 = await setting();
  const buckets = ['in-us-east-1', 'in-eu-west-1', 'in-us-west-2'];
  const all = Array.from({ length: 30 }, (_, index) => put(s3, buckets[index % 3] ?? ''));
  expect((await Promise.allSettled(all)).filter(({ status }) => status === 'rejected')).toEqual([]);
  expect([...new Set(made)]).toEqual(made);
});

it('throws what it is told where the region is of no help', async () => {
  const s3 = await setting();
  await expect(put(s3, 'nowhere')).rejects.toMatchObject({ name: 'NoSuchBucket' });
  expect(made).toEqual([]);
});

it('learns anew where a bucket was made again in another region', async () => {
  const s3 = await setting();
  await put(s3, 'in-eu-west-1');
  await s3.send(new DeleteObjectCommand({ Bucket: 'in-eu-west-1', Key: 'k' }));
  await s3.send(new DeleteBucketCommand({ Bucket: 'in-eu-west-1' }));
  await clientOf('us-west-2').send(
    new CreateBucketCommand({
      Bucket: 'in-eu-west-1',
      CreateBucketConfiguration: { LocationConstraint: 'us-west-2' },
    }),
  );
  await expect(put(s3, 'in-eu-west-1')).resolves.toMatchObject({ ETag: expect.any(String) });
});
