import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type QueueAttributeName,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { ANNOTATIONS_PREFIX, OCR_PREFIX } from '../../contracts/bucket-layout';
import { COLLECTIONS } from '../../contracts/collections';
import { pendingAttribute, pendingIndex } from '../../contracts/compaction-run';
import { fromEntries } from '../../contracts/from-entries';
import {
  deadLetterName,
  LOST_EVENTS,
  QUEUE_NAMES,
  QUEUES,
  type QueueName,
  visibilityTimeout,
} from '../../contracts/queues';
import type { PipelineConfig } from '../../stacks/config';
import { queueName, runTableName } from '../../stacks/names';

const DAY_SECONDS = 86_400;

export interface QueueHandle {
  readonly url: string;
  readonly arn: string;
  /** Where its messages go that were received too often. */
  readonly deadLetters: { readonly url: string; readonly arn: string };
}

export interface ResourceOptions {
  readonly bucketName: string;
  /** How long a received message is hidden. Seconds. @default - as in the stack */
  readonly visibilityTimeoutSeconds?: number | undefined;
  /** @default - as in the stack */
  readonly maximumReceives?: number | undefined;
}

export interface Resources {
  readonly queues: Readonly<Record<QueueName, QueueHandle>>;
  readonly lostEventsUrl: string;
  readonly tableName: string;
  readonly streamArn: string;
}

/** Makes the stack's bucket, queues, notification and run table, under the stack's names. */
export async function createResources(
  {
    s3,
    sqs,
    dynamodb,
  }: { readonly s3: S3Client; readonly sqs: SQSClient; readonly dynamodb: DynamoDBClient },
  config: PipelineConfig,
  options: ResourceOptions,
): Promise<Resources> {
  await createBucket(s3, options.bucketName);
  const queues = fromEntries(
    await Promise.all(
      QUEUE_NAMES.map(async (name) => [name, await createWorkQueue(sqs, name, config, options)] as const),
    ),
  );
  const lostEvents = await createQueue(sqs, queueName(config, deadLetterName(LOST_EVENTS), 'standard'), {});
  const table = await createRunTable(dynamodb, config);
  await notifyOfDrops(s3, options.bucketName, queues['ocr-results'].arn);
  return { queues, lostEventsUrl: lostEvents.url, tableName: table.name, streamArn: table.streamArn };
}

/** The bucket, versioned as in the stack; one that exists already, say after a migration, is taken as it is. */
export async function createBucket(s3: S3Client, bucket: string): Promise<void> {
  try {
    await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  }
  const VersioningConfiguration = { Status: 'Enabled' } as const;
  await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
}

/** OCR results and annotations that are dropped, or removed, are told to the queue. */
async function notifyOfDrops(s3: S3Client, bucket: string, queueArn: string): Promise<void> {
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: bucket,
      NotificationConfiguration: {
        QueueConfigurations: [OCR_PREFIX, ANNOTATIONS_PREFIX].map((prefix) => ({
          QueueArn: queueArn,
          Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
          Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: prefix }] } },
        })),
      },
    }),
  );
}

/** A queue with its dead-letter queue of the same kind. */
async function createWorkQueue(
  sqs: SQSClient,
  name: QueueName,
  config: PipelineConfig,
  options: ResourceOptions,
): Promise<QueueHandle> {
  const { kind, maximumReceives } = QUEUES[name];
  const deadLetters = await createQueue(sqs, queueName(config, deadLetterName(name), kind), {
    MessageRetentionPeriod: String(config.retention.deadLetterDays * DAY_SECONDS),
  });
  const queue = await createQueue(sqs, queueName(config, name, kind), {
    VisibilityTimeout: String(
      options.visibilityTimeoutSeconds ?? visibilityTimeout(name, config.functions.timeout),
    ),
    MessageRetentionPeriod: String(config.retention.queueDays * DAY_SECONDS),
    ReceiveMessageWaitTimeSeconds: '20',
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: deadLetters.arn,
      maxReceiveCount: options.maximumReceives ?? maximumReceives,
    }),
  });
  return { ...queue, deadLetters };
}

async function createQueue(
  sqs: SQSClient,
  name: string,
  attributes: Partial<Record<QueueAttributeName, string>>,
): Promise<{ url: string; arn: string }> {
  const kind = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { ...kind, ...attributes } }),
  );
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
  );
  return { url: QueueUrl, arn: Attributes?.QueueArn ?? '' };
}

/** The run table with its stream and the sparse indexes of unfinished runs. */
export async function createRunTable(
  dynamodb: DynamoDBClient,
  config: PipelineConfig,
): Promise<{ name: string; streamArn: string }> {
  const name = runTableName(config);
  const text = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' }) as const;
  const key = (AttributeName: string, KeyType: 'HASH' | 'RANGE') => ({ AttributeName, KeyType });
  await dynamodb.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [key('PK', 'HASH'), key('SK', 'RANGE')],
      AttributeDefinitions: ['PK', 'SK', 'created_at', ...COLLECTIONS.map(pendingAttribute)].map(text),
      GlobalSecondaryIndexes: COLLECTIONS.map((collection) => ({
        IndexName: pendingIndex(collection),
        KeySchema: [key(pendingAttribute(collection), 'HASH'), key('created_at', 'RANGE')],
        Projection: { ProjectionType: 'ALL' },
      })),
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    }),
  );
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: name }));
  return { name, streamArn: Table?.LatestStreamArn ?? '' };
}
