import { LambdaEventSourceMapping } from '@cdktf/provider-aws/lib/lambda-event-source-mapping';
import { Construct } from 'constructs';
import { COLLECTIONS } from '../../contracts/collections';
import { RUN_TYPE } from '../../contracts/compaction-run';
import type { Queues } from '../shared/queues';
import type { RunTable } from '../shared/run-table';
import { send } from './permissions';
import { type PipelineContext, PipelineFunction } from './pipeline-function';

interface StreamProcessorProps extends PipelineContext {
  readonly queues: Queues;
  readonly runTable: RunTable;
}

/** One invocation a shard; an on-demand table seldom has more shards than this. */
const CONCURRENCY = 10;

/** Two hours under the stream's own 24, so that what failed is put aside before the stream forgets it. */
const MAXIMUM_AGE_SECONDS = 22 * 3600;

/** New runs in the table ring the doorbell of each collection. */
export class StreamProcessor extends Construct {
  readonly function: PipelineFunction;

  constructor(scope: Construct, id: string, props: StreamProcessorProps) {
    super(scope, id);
    const { queues, runTable } = props;
    this.function = new PipelineFunction(this, 'stream-processor', {
      ...props,
      name: 'stream-processor',
      concurrency: CONCURRENCY,
      permissions: [
        {
          Sid: 'ReadTheStream',
          Effect: 'Allow',
          Action: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
          Resource: runTable.streamArn,
        },
        {
          // Lambda demands it for a stream, and DynamoDB gives this action no resource.
          Sid: 'ListStreams',
          Effect: 'Allow',
          Action: 'dynamodb:ListStreams',
          Resource: '*',
        },
        send(
          ...COLLECTIONS.map((collection) => queues.collections[collection].queue.arn),
          queues.lostEvents.queue.arn,
        ),
      ],
    });
    const mapping = new LambdaEventSourceMapping(this, 'mapping', {
      eventSourceArn: runTable.streamArn,
      functionName: this.function.resource.arn,
      enabled: true,
      startingPosition: 'TRIM_HORIZON',
      batchSize: 100,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: 10,
      maximumRecordAgeInSeconds: MAXIMUM_AGE_SECONDS,
      functionResponseTypes: ['ReportBatchItemFailures'],
      destinationConfig: { onFailure: { destinationArn: queues.lostEvents.queue.arn } },
      filterCriteria: {
        filter: [
          {
            pattern: JSON.stringify({
              eventName: ['INSERT'],
              dynamodb: { NewImage: { TYPE: { S: [RUN_TYPE] } } },
            }),
          },
        ],
      },
    });
    mapping.overrideLogicalId('run_stream_consumer');
  }
}
