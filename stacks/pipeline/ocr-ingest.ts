import { S3BucketNotification } from '@cdktf/provider-aws/lib/s3-bucket-notification';
import { Construct } from 'constructs';
import { OCR_PREFIX, QUARANTINE_PREFIX, ROWS_PREFIX } from '../../contracts/bucket-layout';
import { list, objects, send } from './permissions';
import { type PipelineContext, PipelineFunction } from './pipeline-function';
import { QueueConsumer } from './queue-consumer';

/** OCR results that are dropped under `ocr/`, or removed, become NDJSON rows, and a message for the embedding. */
export class OcrIngest extends Construct {
  constructor(scope: Construct, id: string, context: PipelineContext) {
    super(scope, id);
    const { bucket, queues } = context;
    const notification = new S3BucketNotification(this, 'notification', {
      bucket: bucket.name,
      queue: [
        {
          id: 'ocr-results',
          queueArn: queues.work['ocr-results'].queue.arn,
          // Without S3's own expirations (s3:LifecycleExpiration): a receipt stays though its OCR result is tidied away.
          events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
          // Whatever the suffix: a file that is named wrongly is to be quarantined, not passed over in silence.
          filterPrefix: OCR_PREFIX,
        },
      ],
      // S3 sends a test message at once and refuses a queue that does not take it.
      dependsOn: [queues.work['ocr-results'].policy],
    });
    notification.overrideLogicalId('chromadb');
    const lambda = new PipelineFunction(this, 'process-ocr-results', {
      ...context,
      name: 'process-ocr-results',
      permissions: [
        send(queues.work['embed-ndjson']),
        objects('ReadOcrResults', bucket, ['s3:GetObject'], [OCR_PREFIX]),
        objects('WriteRowsAndQuarantine', bucket, ['s3:PutObject'], [ROWS_PREFIX, QUARANTINE_PREFIX]),
        list(bucket, [OCR_PREFIX, ROWS_PREFIX]),
      ],
    });
    new QueueConsumer(this, 'ocr-results-consumer', {
      queue: queues.work['ocr-results'],
      functionName: lambda.resource.arn,
    });
  }
}
