import type { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { SQSClient } from '@aws-sdk/client-sqs';
import {
  type BatchReport,
  type EventSourceMapping,
  type LambdaRuntime,
  startSchedule,
  startSqsMapping,
  startStreamMapping,
} from 'local-aws';
import { RUN_TYPE } from '../../contracts/compaction-run';
import type { FunctionName } from '../../contracts/functions';
import { QUEUE_NAMES, type QueueName } from '../../stacks/queue-settings';
import { CONSUMER, type QueueHandle } from './resources';

export interface ConsumersProps {
  readonly runtimes: ReadonlyMap<FunctionName, LambdaRuntime>;
  readonly queues: Readonly<Record<QueueName, QueueHandle>>;
  readonly lostEventsUrl: string;
  readonly streamArn: string;
  readonly sqs: SQSClient;
  readonly streams: DynamoDBStreamsClient;
  readonly reconcileEverySeconds: number;
  readonly onBatch: (name: FunctionName, report: BatchReport) => void;
}

/* As in the stack. */
const BATCH_SIZE = 10;
const STREAM_RETRY_ATTEMPTS = 10;
const STREAM_MAXIMUM_AGE_SECONDS = 22 * 3600;
const RUN_INSERTED = { eventName: ['INSERT'], dynamodb: { NewImage: { TYPE: { S: [RUN_TYPE] } } } };

/** Two cores are what a local run may count on; on AWS it is five. */
const STANDARD_CONCURRENCY = 2;

/** One consumer for each queue, the stream's, and the schedule: those whose function runs here. */
export function startConsumers(props: ConsumersProps): EventSourceMapping[] {
  const { runtimes, queues, sqs } = props;
  const mappings: EventSourceMapping[] = [];
  const toldBy = (name: FunctionName) => (report: BatchReport) => props.onBatch(name, report);

  for (const queue of QUEUE_NAMES) {
    const name = CONSUMER[queue];
    const runtime = runtimes.get(name);
    if (runtime === undefined) continue;
    const fifo = queue === 'lines' || queue === 'words';
    mappings.push(
      startSqsMapping({
        client: sqs,
        queueUrl: queues[queue].url,
        invoke: (event) => runtime.invoke(event),
        batchSize: BATCH_SIZE,
        // A FIFO queue with one message group has one batch in flight whatever is allowed.
        maximumConcurrency: fifo ? 1 : STANDARD_CONCURRENCY,
        onBatch: toldBy(name),
      }),
    );
  }
  const processor = runtimes.get('stream-processor');
  if (processor !== undefined) {
    mappings.push(
      startStreamMapping({
        client: props.streams,
        streamArn: props.streamArn,
        functionArn: processor.functionArn,
        invoke: (event) => processor.invoke(event),
        filters: [RUN_INSERTED],
        maximumRetryAttempts: STREAM_RETRY_ATTEMPTS,
        maximumRecordAgeSeconds: STREAM_MAXIMUM_AGE_SECONDS,
        onFailure: { client: sqs, queueUrl: props.lostEventsUrl },
        onBatch: toldBy('stream-processor'),
      }),
    );
  }
  const reconciler = runtimes.get('reconcile-runs');
  if (reconciler !== undefined) {
    mappings.push(
      startSchedule({
        everySeconds: props.reconcileEverySeconds,
        invoke: (event) => reconciler.invoke(event),
        onBatch: toldBy('reconcile-runs'),
      }),
    );
  }
  return mappings;
}
