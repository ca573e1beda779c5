import { randomUUID } from 'node:crypto';
import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
} from '@aws-sdk/client-dynamodb-streams';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { DynamoDBRecord } from 'aws-lambda';
import { type FilterPattern, matchesPattern } from './filter-pattern';
import {
  type BatchReport,
  type EventSourceMapping,
  type Invoke,
  pause,
  TROUBLE_PAUSE_MS,
  trouble,
} from './mapping';
import { type DiscardCondition, deliver, type StreamDeliveryOptions } from './stream-delivery';
import { streamEventRecord } from './stream-event';

export interface StreamMappingOptions {
  readonly client: DynamoDBStreamsClient;
  readonly streamArn: string;
  readonly invoke: Invoke;
  /** What the on-failure message says failed. */
  readonly functionArn: string;
  /** @default TRIM_HORIZON */
  readonly startingPosition?: 'TRIM_HORIZON' | 'LATEST';
  /** A record is delivered when it matches one of them. @default - every record is delivered */
  readonly filters?: readonly FilterPattern[];
  /** Records an invocation, at most. @default 100 */
  readonly batchSize?: number;
  /** Attempts after the first; then the batch is given up. @default 3 */
  readonly maximumRetryAttempts?: number;
  /** A record that is older than this is given up. @default - age does not matter */
  readonly maximumRecordAgeSeconds?: number;
  /** @default true */
  readonly bisectBatchOnFunctionError?: boolean;
  /** @default true */
  readonly reportBatchItemFailures?: boolean;
  /** Where it is told what was given up. @default - it is dropped */
  readonly onFailure?: { readonly client: SQSClient; readonly queueUrl: string };
  readonly onBatch?: (report: BatchReport) => void;
}

const DEFAULT_BATCH_SIZE = 100;
const DEFAULT_RETRY_ATTEMPTS = 3;
const IDLE_PAUSE_MS = 100;
const FIRST_RETRY_PAUSE_MS = 100;
const LONGEST_RETRY_PAUSE_MS = 2_000;

/**
 * Maps a table's stream to a function as Lambda does: filtered, in order within a shard, partial responses,
 * bisecting, bounded attempts and age, and a message to the on-failure queue for what was given up.
 */
export function startStreamMapping(options: StreamMappingOptions): EventSourceMapping {
  const stopping = new AbortController();
  const working = followShards(options, stopping.signal);
  return {
    async stop() {
      stopping.abort();
      await working;
    },
  };
}

async function followShards(options: StreamMappingOptions, signal: AbortSignal): Promise<void> {
  const followed = new Map<string, Promise<void>>();
  while (!signal.aborted) {
    try {
      const { StreamDescription } = await options.client.send(
        new DescribeStreamCommand({ StreamArn: options.streamArn }),
      );
      for (const { ShardId = '' } of StreamDescription?.Shards ?? []) {
        if (!followed.has(ShardId)) followed.set(ShardId, followShard(ShardId, options, signal));
      }
    } catch (error) {
      options.onBatch?.(trouble(error));
    }
    await pause(TROUBLE_PAUSE_MS, signal);
  }
  await Promise.all(followed.values());
}

async function followShard(
  shardId: string,
  options: StreamMappingOptions,
  signal: AbortSignal,
): Promise<void> {
  const { client, streamArn: StreamArn, startingPosition = 'TRIM_HORIZON' } = options;
  const { batchSize: Limit = DEFAULT_BATCH_SIZE, filters } = options;
  const delivery = deliveryOptions(shardId, options, signal);
  let iterator: string | undefined;
  let lastSettled: string | undefined;
  while (!signal.aborted) {
    try {
      if (iterator === undefined) {
        const where = lastSettled
          ? ({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: lastSettled } as const)
          : { ShardIteratorType: startingPosition };
        const request = new GetShardIteratorCommand({ StreamArn, ShardId: shardId, ...where });
        iterator = (await client.send(request)).ShardIterator;
      }
      const page = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit }));
      const records = (page.Records ?? []).map((record) => streamEventRecord(record, StreamArn));
      const wanted = records.filter(
        (record) => filters === undefined || filters.some((pattern) => matchesPattern(pattern, record)),
      );
      if (wanted.length > 0 && !(await deliver(wanted, delivery))) return;
      lastSettled = records.at(-1)?.dynamodb?.SequenceNumber ?? lastSettled;
      iterator = page.NextShardIterator;
      // A shard without a next iterator is closed and read to its end.
      if (iterator === undefined) return;
      if (records.length === 0) await pause(IDLE_PAUSE_MS, signal);
    } catch (error) {
      options.onBatch?.(trouble(error));
      iterator = undefined;
      await pause(TROUBLE_PAUSE_MS, signal);
    }
  }
}

const deliveryOptions = (
  shardId: string,
  options: StreamMappingOptions,
  signal: AbortSignal,
): StreamDeliveryOptions => ({
  invoke: options.invoke,
  maximumRetryAttempts: options.maximumRetryAttempts ?? DEFAULT_RETRY_ATTEMPTS,
  maximumRecordAgeSeconds: options.maximumRecordAgeSeconds,
  bisectBatchOnFunctionError: options.bisectBatchOnFunctionError ?? true,
  reportBatchItemFailures: options.reportBatchItemFailures ?? true,
  discard: (records, condition) => tellOnFailure(records, condition, shardId, options),
  pauseBeforeRetry: (attempt) =>
    pause(Math.min(FIRST_RETRY_PAUSE_MS * 2 ** (attempt - 1), LONGEST_RETRY_PAUSE_MS), signal),
  stopping: () => signal.aborted,
  ...(options.onBatch && { onBatch: options.onBatch }),
});

/** The message has Lambda's shape: it says where the records stand in the stream, it does not hold them. */
async function tellOnFailure(
  records: readonly DynamoDBRecord[],
  condition: DiscardCondition,
  shardId: string,
  { onFailure, functionArn, streamArn, maximumRetryAttempts = DEFAULT_RETRY_ATTEMPTS }: StreamMappingOptions,
): Promise<void> {
  if (onFailure === undefined) return;
  const [first, last] = [records.at(0)?.dynamodb, records.at(-1)?.dynamodb];
  const time = (seconds = 0) => new Date(seconds * 1000).toISOString();
  const body = {
    requestContext: {
      requestId: randomUUID(),
      functionArn,
      condition,
      approximateInvokeCount: condition === 'RetryAttemptsExhausted' ? maximumRetryAttempts + 1 : 1,
    },
    responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
    version: '1.0',
    timestamp: new Date().toISOString(),
    DDBStreamBatchInfo: {
      shardId,
      startSequenceNumber: first?.SequenceNumber,
      endSequenceNumber: last?.SequenceNumber,
      approximateArrivalOfFirstRecord: time(first?.ApproximateCreationDateTime),
      approximateArrivalOfLastRecord: time(last?.ApproximateCreationDateTime),
      batchSize: records.length,
      streamArn,
    },
  };
  await onFailure.client.send(
    new SendMessageCommand({ QueueUrl: onFailure.queueUrl, MessageBody: JSON.stringify(body) }),
  );
}
