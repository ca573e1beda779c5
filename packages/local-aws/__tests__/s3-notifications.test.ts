import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  type Event,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { S3EventRecord } from 'aws-lambda';
import { type LocalAws, type S3Server, startLocalAws, startS3Server } from '../src';
import { eventually } from './support/eventually';

const ARN = 'arn:aws:sqs:us-east-1:000000000000:';
const credentials = { accessKeyId: 'tester', secretAccessKey: 'local' };

let aws: LocalAws<'sqs'>;
let s3Server: S3Server;
let sqs: SQSClient;
let s3: S3Client;
let made = 0;

beforeAll(async () => {
  aws = await startLocalAws({ services: ['sqs'] });
  s3Server = await startS3Server({ sqsEndpoint: aws.endpoints.sqs });
  sqs = new SQSClient(aws.clientOptions('sqs'));
  s3 = new S3Client({ endpoint: s3Server.endpoint, region: 'us-east-1', credentials });
});
afterAll(async () => {
  s3.destroy();
  sqs.destroy();
  await s3Server.close();
  await aws.stop();
});

const rule = (Queue: string, Events: Event[], filter: { prefix?: string; suffix?: string } = {}) => ({
  QueueArn: `${ARN}${Queue}`,
  Events,
  Filter: {
    Key: { FilterRules: Object.entries(filter).map(([Name, Value]) => ({ Name: Name as 'prefix', Value })) },
  },
});

/** A bucket that notifies a queue, and what the queue then gets. */
async function notifying(Events: Event[], filter: { prefix?: string; suffix?: string } = {}) {
  made += 1;
  const Bucket = `notifying-${made}`;
  const QueueName = `events-${made}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName }));
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: { QueueConfigurations: [rule(QueueName, Events, filter)] },
    }),
  );
  const next = () =>
    eventually('an event', async (): Promise<S3EventRecord | undefined> => {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      const [message] = Messages;
      if (message === undefined) return undefined;
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: message.ReceiptHandle }));
      return JSON.parse(message.Body ?? '').Records[0];
    });
  return { Bucket, next };
}

const put = (Bucket: string, Key: string, Body = 'hello') =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body }));

test('a put sends the event that Lambda functions and queue consumers of S3 get', async () => {
  const { Bucket, next } = await notifying(['s3:ObjectCreated:*']);
  await put(Bucket, 'ocr/a b+ü.json');
  expect(await next()).toMatchObject({
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'us-east-1',
    eventName: 'ObjectCreated:Put',
    s3: {
      bucket: { name: Bucket, arn: `arn:aws:s3:::${Bucket}` },
      // The key is form-encoded, as S3 sends it: consumers must decode it.
      object: { key: 'ocr/a+b%2B%C3%BC.json', size: 5, eTag: '5d41402abc4b2a76b9719d911017c592' },
    },
  });
});

test('prefix and suffix both decide, and so does the event', async () => {
  const { Bucket, next } = await notifying(['s3:ObjectCreated:Put'], { prefix: 'ocr/', suffix: '.json' });
  await put(Bucket, 'other/a.json');
  await put(Bucket, 'ocr/a.txt');
  await s3.send(new CopyObjectCommand({ Bucket, Key: 'ocr/copy.json', CopySource: `${Bucket}/ocr/a.txt` }));
  await put(Bucket, 'ocr/wanted.json');
  // Events keep their order, so the first is the only one.
  expect((await next()).s3.object.key).toBe('ocr/wanted.json');
});

test('copies, uploads in parts and deletions are told apart, in their order', async () => {
  const { Bucket, next } = await notifying(['s3:ObjectCreated:*', 's3:ObjectRemoved:*']);
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  await put(Bucket, 'a');
  await s3.send(new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` }));
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'c' }));
  const { ETag } = await s3.send(
    new UploadPartCommand({ Bucket, Key: 'c', UploadId, PartNumber: 1, Body: 'x' }),
  );
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'c', UploadId, MultipartUpload }));
  const marker = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: marker.VersionId }));

  const seen = [];
  for (let event = 0; event < 5; event += 1) {
    const { eventName, s3: what } = await next();
    seen.push([eventName, what.object.key]);
    expect(what.object.versionId).toBeTruthy();
  }
  // A Standard queue does not promise an order to its readers.
  expect(seen.sort()).toEqual([
    ['ObjectCreated:CompleteMultipartUpload', 'c'],
    ['ObjectCreated:Copy', 'b'],
    ['ObjectCreated:Put', 'a'],
    ['ObjectRemoved:Delete', 'a'],
    ['ObjectRemoved:DeleteMarkerCreated', 'a'],
  ]);
});

test('the configuration comes back', async () => {
  const { Bucket } = await notifying(['s3:ObjectCreated:*'], { prefix: 'ocr/' });
  const { QueueConfigurations } = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
  expect(QueueConfigurations).toMatchObject([
    { QueueArn: expect.stringContaining(ARN), Events: ['s3:ObjectCreated:*'] },
  ]);
});

test.each([
  ['a queue that does not exist', 'never-made', 'InvalidArgument'],
  ['a FIFO queue', 'lines.fifo', 'InvalidArgument'],
])('%s is refused', async (_what, queue, name) => {
  made += 1;
  const Bucket = `notifying-${made}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  const QueueConfigurations = [rule(queue, ['s3:ObjectCreated:*'])];
  await expect(
    s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { QueueConfigurations },
      }),
    ),
  ).rejects.toMatchObject({ name });
});

test('a target that is not a queue is refused, rather than silently never told', async () => {
  const { Bucket } = await notifying(['s3:ObjectCreated:*']);
  await expect(
    s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket,
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
    ),
  ).rejects.toMatchObject({ name: 'NotImplemented' });
});
