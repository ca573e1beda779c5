import { Construct } from 'constructs';
import { deltaPrefix, QUARANTINE_PREFIX } from '../../contracts/bucket-layout';
import { COLLECTIONS } from '../../contracts/collections';
import type { ChromaBucket } from '../shared/chroma-bucket';
import type { Queues } from '../shared/queues';
import type { RunTable } from '../shared/run-table';
import { consume, list, objects, readSecrets } from './permissions';
import { type PipelineContext, PipelineFunction } from './pipeline-function';
import { QueueConsumer } from './queue-consumer';

interface EmbeddingProps extends PipelineContext {
  readonly bucket: ChromaBucket;
  readonly queues: Queues;
  readonly runTable: RunTable;
}

const CONCURRENCY = 5;
const ROWS_PREFIX = 'receipts/';

/** NDJSON rows become embeddings: a delta for each collection, then the run that says so. */
export class Embedding extends Construct {
  readonly function: PipelineFunction;

  constructor(scope: Construct, id: string, props: EmbeddingProps) {
    super(scope, id);
    const { bucket, deployment, queues, runTable } = props;
    const deltas = COLLECTIONS.map(deltaPrefix);
    this.function = new PipelineFunction(this, 'embed-from-ndjson', {
      ...props,
      name: 'embed-from-ndjson',
      concurrency: CONCURRENCY,
      permissions: [
        consume(queues.embedNdjson),
        objects('ReadRowsAndDeltas', bucket, ['s3:GetObject'], [ROWS_PREFIX, ...deltas]),
        objects('WriteDeltasAndQuarantine', bucket, ['s3:PutObject'], [...deltas, QUARANTINE_PREFIX]),
        list(bucket, [ROWS_PREFIX, ...deltas]),
        {
          Sid: 'RegisterRuns',
          Effect: 'Allow',
          Action: ['dynamodb:Query', 'dynamodb:PutItem'],
          Resource: runTable.arn,
        },
        readSecrets(deployment, [deployment.config.embedding.secretName]),
      ],
    });
    new QueueConsumer(this, 'embed-ndjson-consumer', {
      queue: queues.embedNdjson,
      functionName: this.function.resource.arn,
      maximumConcurrency: CONCURRENCY,
      enabled: true,
    });
  }
}
