import { S3BucketNotification } from '@cdktf/provider-aws/lib/s3-bucket-notification';
import { Construct } from 'constructs';
import {
  ANNOTATIONS_PREFIX,
  OCR_PREFIX,
  QUARANTINE_PREFIX,
  ROWS_PREFIX,
} from '../../contracts/bucket-layout';
import { list, objects, send } from './permissions';
import { type PipelineContext, PipelineFunction } from './pipeline-function';
import { QueueConsumer } from './queue-consumer';

/** What S3 tells of, by the notification's id: the prefix below which objects are dropped or removed. */
const ANNOUNCED = { 'ocr-results': OCR_PREFIX, annotations: ANNOTATIONS_PREFIX };

/**
 * OCR results that are dropped under `ocr/`, or removed, become NDJSON rows, and a message for the embedding; so do
 * annotations, without rows.
 */
export class OcrIngest extends Construct {
  constructor(scope: Construct, id: string, context: PipelineContext) {
    super(scope, id);
    const { bucket, queues } = context;
    const dropped = Object.values(ANNOUNCED);
    const notification = new S3BucketNotification(this, 'notification', {
      bucket: bucket.name,
      queue: Object.entries(ANNOUNCED).map(([announced, filterPrefix]) => ({
        id: announced,
        queueArn: queues.work['ocr-results'].queue.arn,
        // Without S3's own expirations (s3:LifecycleExpiration): a receipt stays though its OCR result is tidied away.
        events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
        // Whatever the suffix: a file that is named wrongly is to be quarantined, not passed over in silence.
        filterPrefix,
      })),
      // S3 sends a test message at once and refuses a queue that does not take it.
      dependsOn: [queues.work['ocr-results'].policy],
    });
    notification.overrideLogicalId('chromadb');
    const lambda = new PipelineFunction(this, 'process-ocr-results', {
      ...context,
      name: 'process-ocr-results',
      permissions: [
        send(queues.work['embed-ndjson']),
        objects('ReadWhatIsDropped', bucket, ['s3:GetObject'], dropped),
        objects('WriteRowsAndQuarantine', bucket, ['s3:PutObject'], [ROWS_PREFIX, QUARANTINE_PREFIX]),
        list(bucket, [...dropped, ROWS_PREFIX]),
      ],
    });
    new QueueConsumer(this, 'ocr-results-consumer', {
      queue: queues.work['ocr-results'],
      functionName: lambda.resource.arn,
    });
  }
}
