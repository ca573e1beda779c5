import { S3BucketNotification } from '@cdktf/provider-aws/lib/s3-bucket-notification';
import { Construct } from 'constructs';
import { OCR_PREFIX, QUARANTINE_PREFIX } from '../../contracts/bucket-layout';
import type { ChromaBucket } from '../shared/chroma-bucket';
import type { Queues } from '../shared/queues';
import { consume, list, objects, send } from './permissions';
import { type PipelineContext, PipelineFunction } from './pipeline-function';
import { QueueConsumer } from './queue-consumer';

interface OcrIngestProps extends PipelineContext {
  readonly bucket: ChromaBucket;
  readonly queues: Queues;
}

const CONCURRENCY = 5;

/** OCR results that are dropped under `ocr/` become NDJSON rows, and a message for the embedding. */
export class OcrIngest extends Construct {
  readonly function: PipelineFunction;

  constructor(scope: Construct, id: string, props: OcrIngestProps) {
    super(scope, id);
    const { bucket, queues } = props;
    const notification = new S3BucketNotification(this, 'notification', {
      bucket: bucket.name,
      queue: [
        {
          id: 'ocr-results',
          queueArn: queues.ocrResults.queue.arn,
          events: ['s3:ObjectCreated:*'],
          filterPrefix: OCR_PREFIX,
          filterSuffix: '.json',
        },
      ],
      // S3 sends a test message at once and refuses a queue that does not take it.
      dependsOn: [queues.ocrResults.policy],
    });
    notification.overrideLogicalId('chromadb');
    this.function = new PipelineFunction(this, 'process-ocr-results', {
      ...props,
      name: 'process-ocr-results',
      concurrency: CONCURRENCY,
      permissions: [
        consume(queues.ocrResults),
        send(queues.embedNdjson.queue.arn),
        objects('ReadOcrResults', bucket, ['s3:GetObject'], [OCR_PREFIX]),
        objects('WriteRowsAndQuarantine', bucket, ['s3:PutObject'], ['receipts/', QUARANTINE_PREFIX]),
        list(bucket, [OCR_PREFIX]),
      ],
    });
    new QueueConsumer(this, 'ocr-results-consumer', {
      queue: queues.ocrResults,
      functionName: this.function.resource.arn,
      maximumConcurrency: CONCURRENCY,
      enabled: true,
    });
  }
}
