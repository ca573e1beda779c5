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
import { OCR_PREFIX } from '../../contracts/bucket-layout';
import { COLLECTIONS } from '../../contracts/collections';
import { pendingAttribute, pendingIndex } from '../../contracts/compaction-run';
import type { FunctionName } from '../../contracts/functions';
import type { PipelineConfig } from '../../stacks/config';

/** The queues that have a consumer, by their names without prefix and suffix. */
export const QUEUES = ['ocr-results', 'embed-ndjson', 'lines', 'words'] as const;
export type QueueName = (typeof QUEUES)[number];

/** Who takes the messages of each queue. */
export const CONSUMER: Readonly<Record<QueueName, FunctionName>> = {
  'ocr-results': 'process-ocr-results',
  'embed-ndjson': 'embed-from-ndjson',
  lines: 'enhanced-compaction',
  words: 'enhanced-compaction',
};

/** Deliveries before a message is a dead letter, as in the stack. */
const MAXIMUM_RECEIVES: Readonly<Record<QueueName, number>> = {
  'ocr-results': 5,
  'embed-ndjson': 5,
  lines: 20,
  words: 20,
};

const DAY_SECONDS = 86_400;

export interface QueueHandle {
  readonly url: string;
  readonly arn: string;
  /** Where its messages go that were received too often. */
  readonly deadLetters: { readonly url: string; readonly arn: string };
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

/** OCR results that are dropped under `ocr/` are told to the queue. */
export async function notifyOcrResults(s3: S3Client, bucket: string, queueArn: string): Promise<void> {
  const FilterRules = [
    { Name: 'prefix', Value: OCR_PREFIX },
    { Name: 'suffix', Value: '.json' },
  ] as const;
  await s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: bucket,
      NotificationConfiguration: {
        QueueConfigurations: [
          {
            Id: 'ocr-results',
            QueueArn: queueArn,
            Events: ['s3:ObjectCreated:*'],
            Filter: { Key: { FilterRules: [...FilterRules] } },
          },
        ],
      },
    }),
  );
}

/**
 * A queue with its dead-letter queue of the same kind, named as in the stack.
 *
 * @param visibilityTimeoutSeconds - how long a received message is hidden; what failed comes back after it.
 */
export async function createWorkQueue(
  sqs: SQSClient,
  name: QueueName,
  config: PipelineConfig,
  overrides: { readonly visibilityTimeoutSeconds: number; readonly maximumReceives: number | undefined },
): Promise<QueueHandle> {
  const fifo = name === 'lines' || name === 'words';
  const deadLetters = await createQueue(sqs, physicalName(config, `${name}-dlq`, fifo), {
    MessageRetentionPeriod: String(config.retention.deadLetterDays * DAY_SECONDS),
  });
  const queue = await createQueue(sqs, physicalName(config, name, fifo), {
    VisibilityTimeout: String(overrides.visibilityTimeoutSeconds),
    MessageRetentionPeriod: String(config.retention.queueDays * DAY_SECONDS),
    ReceiveMessageWaitTimeSeconds: '20',
    RedrivePolicy: JSON.stringify({
      deadLetterTargetArn: deadLetters.arn,
      maxReceiveCount: overrides.maximumReceives ?? MAXIMUM_RECEIVES[name],
    }),
  });
  return { ...queue, deadLetters };
}

/** Where stream batches go that no try could handle. */
export const createLostEventsQueue = (sqs: SQSClient, config: PipelineConfig) =>
  createQueue(sqs, physicalName(config, 'lost-events-dlq', false), {});

const physicalName = (config: PipelineConfig, name: string, fifo: boolean): string =>
  `${config.prefix}-${name}${fifo ? '.fifo' : ''}`;

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

/** The run table with its stream and the two sparse indexes of unfinished runs. */
export async function createRunTable(
  dynamodb: DynamoDBClient,
  config: PipelineConfig,
): Promise<{ name: string; streamArn: string }> {
  const name = `${config.prefix}-compaction-runs`;
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
