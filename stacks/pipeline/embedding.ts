import { Construct } from 'constructs';
import {
  ANNOTATIONS_PREFIX,
  deltaPrefix,
  OCR_PREFIX,
  QUARANTINE_PREFIX,
  ROWS_PREFIX,
} from '../../contracts/bucket-layout';
import { COLLECTIONS } from '../../contracts/collections';
import { decryptTable, list, objects, readSecret } from './permissions';
import { type PipelineContext, PipelineFunction } from './pipeline-function';
import { QueueConsumer } from './queue-consumer';

/** NDJSON rows become embeddings: a delta for each collection, then the run that says so. */
export class Embedding extends Construct {
  constructor(scope: Construct, id: string, context: PipelineContext) {
    super(scope, id);
    const { bucket, deployment, queues, runTable } = context;
    const deltas = COLLECTIONS.map(deltaPrefix);
    const lambda = new PipelineFunction(this, 'embed-from-ndjson', {
      ...context,
      name: 'embed-from-ndjson',
      permissions: [
        objects('ReadRowsAndDeltas', bucket, ['s3:GetObject'], [ROWS_PREFIX, ...deltas]),
        objects('WriteDeltasAndQuarantine', bucket, ['s3:PutObject'], [...deltas, QUARANTINE_PREFIX]),
        // Whether the rows are still those of the receipt is asked of the OCR object itself.
        objects('LookAtOcrResults', bucket, ['s3:GetObject'], [OCR_PREFIX]),
        objects('ReadAnnotations', bucket, ['s3:GetObject'], [ANNOTATIONS_PREFIX]),
        list(bucket, [OCR_PREFIX, ANNOTATIONS_PREFIX, ROWS_PREFIX, ...deltas]),
        {
          Sid: 'RegisterRuns',
          Effect: 'Allow',
          Action: ['dynamodb:Query', 'dynamodb:PutItem'],
          Resource: runTable.arn,
        },
        ...decryptTable(deployment),
        ...readSecret(deployment, deployment.config.embedding),
      ],
    });
    new QueueConsumer(this, 'embed-ndjson-consumer', {
      queue: queues.work['embed-ndjson'],
      functionName: lambda.resource.arn,
    });
  }
}
