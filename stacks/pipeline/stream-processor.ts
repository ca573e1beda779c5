import { LambdaEventSourceMapping } from '@cdktf/provider-aws/lib/lambda-event-source-mapping';
import { Construct } from 'constructs';
import { COLLECTIONS } from '../../contracts/collections';
import { RUN_STREAM } from '../../contracts/event-sources';
import { decryptTable, send } from './permissions';
import { type PipelineContext, PipelineFunction } from './pipeline-function';

/** One invocation a shard; an on-demand table seldom has more shards than this. A throttled one waits, and loses no try. */
const CONCURRENCY = 10;

/** Each run that is ready to be merged sends a message to each collection's queue. */
export class StreamProcessor extends Construct {
  constructor(scope: Construct, id: string, context: PipelineContext) {
    super(scope, id);
    const { deployment, queues, runTable } = context;
    const lambda = new PipelineFunction(this, 'stream-processor', {
      ...context,
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
        ...decryptTable(deployment),
        send(...COLLECTIONS.map((collection) => queues.work[collection]), queues.lostEvents),
      ],
    });
    const mapping = new LambdaEventSourceMapping(this, 'mapping', {
      eventSourceArn: runTable.streamArn,
      functionName: lambda.resource.arn,
      enabled: true,
      startingPosition: 'TRIM_HORIZON',
      batchSize: RUN_STREAM.batchSize,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: RUN_STREAM.maximumRetryAttempts,
      maximumRecordAgeInSeconds: RUN_STREAM.maximumRecordAgeSeconds,
      functionResponseTypes: ['ReportBatchItemFailures'],
      destinationConfig: { onFailure: { destinationArn: queues.lostEvents.queue.arn } },
      filterCriteria: { filter: RUN_STREAM.filters.map((filter) => ({ pattern: JSON.stringify(filter) })) },
    });
    mapping.overrideLogicalId('run_stream_consumer');
  }
}
