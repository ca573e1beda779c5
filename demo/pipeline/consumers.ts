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
import { RUN_STREAM } from '../../contracts/event-sources';
import type { FunctionName } from '../../contracts/functions';
import { QUEUE_NAMES, QUEUES } from '../../contracts/queues';
import type { Resources } from './resources';

export interface ConsumersProps extends Resources {
  readonly runtimes: ReadonlyMap<FunctionName, LambdaRuntime>;
  readonly sqs: SQSClient;
  readonly streams: DynamoDBStreamsClient;
  readonly reconcileEverySeconds: number;
  readonly onBatch: (name: FunctionName, report: BatchReport) => void;
}

/** Two cores are what a local run may count on; on AWS it is five. */
const STANDARD_CONCURRENCY = 2;

/** One consumer for each queue, the stream's, and the schedule: those whose function runs here. */
export function startConsumers(props: ConsumersProps): EventSourceMapping[] {
  const { runtimes, queues, sqs } = props;
  const mappings: EventSourceMapping[] = [];
  const toldBy = (name: FunctionName) => (report: BatchReport) => props.onBatch(name, report);

  for (const queue of QUEUE_NAMES) {
    const { consumer: name, kind, batchSize } = QUEUES[queue];
    const runtime = runtimes.get(name);
    if (runtime === undefined) continue;
    mappings.push(
      startSqsMapping({
        client: sqs,
        queueUrl: queues[queue].url,
        invoke: (event) => runtime.invoke(event),
        batchSize,
        // A FIFO queue with one message group has one batch in flight whatever is allowed.
        maximumConcurrency: kind === 'fifo' ? 1 : STANDARD_CONCURRENCY,
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
        filters: RUN_STREAM.filters,
        maximumRetryAttempts: RUN_STREAM.maximumRetryAttempts,
        maximumRecordAgeSeconds: RUN_STREAM.maximumRecordAgeSeconds,
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
